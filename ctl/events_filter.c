/* GTIDs, times and tables by which drcctl events selects. */
#include "ctl/events_filter.h"

#include <stdlib.h>

#include "common/base/mem.h"
#include "common/model/gtid_text.h"

/* GTIDs of one domain of MariaDB. */
struct events_range {
    uint32_t domain;
    uint32_t server;
    bool any_server;
    uint64_t first;
    uint64_t last;
};

void events_filter_free(struct events_filter *f)
{
    free(f->ranges);
    position_free(&f->set);
    filter_free(&f->tables);
    *f = (struct events_filter){0};
}

/* ---- GTIDs ---- */

/* "domain-server-seq", "domain-*-first..last", "domain-server-first..". */
static bool take_range(struct events_range *out, struct bytes *r)
{
    uint64_t domain, server = 0;
    if (!gtid_take_number(r, &domain, UINT32_MAX) || !gtid_take_char(r, '-'))
        return false;
    out->domain = (uint32_t)domain;
    out->any_server = gtid_take_char(r, '*');
    if (!out->any_server && !gtid_take_number(r, &server, UINT32_MAX))
        return false;
    out->server = (uint32_t)server;
    if (!gtid_take_char(r, '-') || !gtid_take_number(r, &out->first, UINT64_MAX))
        return false;
    out->last = out->first;
    if (!gtid_take_char(r, '.'))
        return true;
    if (!gtid_take_char(r, '.'))
        return false;
    out->last = UINT64_MAX;
    if (bytes_left(r) == 0 || *r->p == ',')
        return true;
    return gtid_take_number(r, &out->last, UINT64_MAX) && out->last >= out->first;
}

static bool add_ranges(struct events_filter *f, struct span text)
{
    struct bytes r = bytes_of(text);
    do {
        struct events_range range;
        while (gtid_take_char(&r, ' '))
            continue;
        if (!take_range(&range, &r))
            return false;
        f->ranges = xreallocarray(f->ranges, f->range_count + 1, sizeof *f->ranges);
        f->ranges[f->range_count++] = range;
        while (gtid_take_char(&r, ' '))
            continue;
    } while (gtid_take_char(&r, ','));
    return bytes_left(&r) == 0;
}

int events_filter_add_gtids(struct events_filter *f, const char *text, struct err *err)
{
    bool good;
    if (strchr(text, ':')) {
        struct position more = {0};
        good = f->range_count == 0 && position_parse(&more, FLAVOR_MYSQL, span_str(text), NULL) == 0 && more.count > 0;
        if (good)
            position_union(&f->set, &more);
        position_free(&more);
    } else {
        good = f->set.count == 0 && add_ranges(f, span_str(text));
    }
    f->gtids = true;
    if (good)
        return 0;
    return err_fatal(err, EXIT_BAD_USAGE,
                     "'%.200s' names no GTIDs: wanted are MariaDB's, 0-1-100 or 0-1-100..200 or 0-*-100.., or MySQL's, "
                     "uuid:1-5:9, several separated by commas",
                     text);
}

static bool has_gtid(const struct events_filter *f, const struct gtid *gtid)
{
    if (gtid->flavor != FLAVOR_MARIADB)
        return position_has(&f->set, gtid);
    for (size_t i = 0; i < f->range_count; i++) {
        const struct events_range *r = &f->ranges[i];
        if (gtid->maria.domain == r->domain && (r->any_server || gtid->maria.server == r->server) &&
            gtid->maria.seq >= r->first && gtid->maria.seq <= r->last)
            return true;
    }
    return false;
}

bool events_filter_takes_time(const struct events_filter *f, uint64_t at_us)
{
    return at_us >= f->since_us && (f->until_us == 0 || at_us < f->until_us);
}

bool events_filter_takes(const struct events_filter *f, const struct gtid *gtid, uint64_t commit_us)
{
    return events_filter_takes_time(f, commit_us) && (!f->gtids || has_gtid(f, gtid));
}

/* ---- tables ---- */

int events_filter_add_table(struct events_filter *f, const char *pattern, struct err *err)
{
    f->tables.reserved = true;
    if (filter_add(&f->tables, true, pattern, err) == 0)
        return 0;
    if (err)
        err->exit_code = EXIT_BAD_USAGE;
    return -1;
}

bool events_filter_by_table(const struct events_filter *f)
{
    return f->tables.include_count > 0;
}

bool events_filter_takes_table(const struct events_filter *f, struct span db, struct span table)
{
    return !events_filter_by_table(f) || filter_match(&f->tables, db, table);
}

bool events_filter_takes_ddl(const struct events_filter *f, const struct ddl *d)
{
    if (!events_filter_by_table(f))
        return true;
    for (size_t i = 0; i < d->table_count; i++) {
        struct span db = d->tables[i].db.n > 0 ? d->tables[i].db : d->db;
        if (d->tables[i].name.n > 0 ? filter_match(&f->tables, db, d->tables[i].name) : filter_match_db(&f->tables, db))
            return true;
    }
    return false;
}
