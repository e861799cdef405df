/* What is wrong with how the regions of a pair come by their ids. Pure. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "ctl/ids.h"
#include "ctl/ids_generator.h"

#define HEADROOM_ERROR 4 /* a fourth of what is warned of is an error */

const struct ids_table *ids_find_table(const struct ids_region *r, const char *db, const char *name)
{
    for (size_t i = 0; i < r->table_count; i++)
        if (strcmp(r->tables[i].name, name) == 0 && strcmp(r->tables[i].db, db) == 0)
            return &r->tables[i];
    return NULL;
}

const struct ids_sequence *ids_find_sequence(const struct ids_region *r, const char *db, const char *name)
{
    for (size_t i = 0; i < r->sequence_count; i++)
        if (strcmp(r->sequences[i].name, name) == 0 && strcmp(r->sequences[i].db, db) == 0)
            return &r->sequences[i];
    return NULL;
}

uint64_t ids_used(const struct ids_table *t)
{
    uint64_t given = t->next > 0 ? t->next - 1 : 0;
    return given > t->largest ? given : t->largest;
}

double ids_left(uint64_t used, uint64_t limit)
{
    return limit == 0 || used >= limit ? 0 : 100.0 * ((double)(limit - used) / (double)limit);
}

static bool same(const struct ids_settings *a, const struct ids_settings *b)
{
    return a->increment == b->increment && a->offset == b->offset;
}

/* ---- the servers' settings ---- */

static void put_settings(struct buf *out, const struct ids_settings *s)
{
    buf_printf(out, "auto_increment_increment = %" PRIu64 ", auto_increment_offset = %" PRIu64, s->increment,
               s->offset);
}

/* MariaDB has no SET PERSIST: the comment says what its configuration needs. */
static char *settings_fix(const struct ids_region *r)
{
    char *sql = ids_settings_sql(r->flavor, &r->planned);
    if (r->flavor == FLAVOR_MYSQL)
        return sql;
    char *fix = xasprintf("%s -- and for its next start, in my.cnf below [mariadb]: auto_increment_increment = %" PRIu64
                          " and auto_increment_offset = %" PRIu64,
                          sql, r->planned.increment, r->planned.offset);
    free(sql);
    return fix;
}

/* Whom a region collides with, as " as us gives". */
static void put_colliders(struct buf *out, const struct ids_facts *f, const struct ids_region *r)
{
    const char *sep = "may be the ids that ";
    for (size_t i = 0; i < f->count; i++) {
        const struct ids_region *other = &f->regions[i];
        if (other == r || !other->writes || !ids_collide(&r->settings, &other->settings))
            continue;
        buf_printf(out, "%s%s", sep, other->name);
        sep = ", ";
    }
    buf_put_str(out, *sep == ',' ? " gives too" : "has to change with the regions that collide");
    if (r->settings.offset > r->settings.increment)
        buf_put_str(out, " (an offset above the increment is ignored)");
}

static void judge_settings(struct findings *out, const struct ids_facts *f, const struct ids_region *r)
{
    struct buf what = {0};
    if (!r->writes || same(&r->settings, &r->planned))
        return;
    put_settings(&what, &r->settings);
    buf_put_str(&what, ": what it gives ");
    put_colliders(&what, f, r);
    findings_add(out,
                 (struct finding){
                     .severity = r->table_count > 0 ? FINDING_ERROR : FINDING_WARNING,
                     .check = "auto_increment",
                     .where = xstrdup(r->name),
                     .what = xstrdup(buf_cstr(&what)),
                     .why = xstrdup(r->table_count > 0
                                        ? "rows that have nothing to do with each other get the same key, which is a "
                                          "conflict insert/exists that one of them loses"
                                        : "no table of the pair has AUTO_INCREMENT yet; the first one will collide"),
                     .fix = settings_fix(r),
                 });
    buf_free(&what);
}

static void judge_hosts(struct findings *out, const struct ids_region *r)
{
    for (size_t i = 0; i < r->host_count; i++) {
        const struct ids_host *h = &r->hosts[i];
        struct buf what = {0};
        if (h->error || same(&h->settings, &r->planned))
            continue;
        put_settings(&what, &h->settings);
        buf_printf(&what, ", while %s has or should have ", r->server);
        put_settings(&what, &r->planned);
        findings_add(out, (struct finding){
                              .severity = FINDING_WARNING,
                              .check = "auto_increment_host",
                              .where = xasprintf("%s %s", r->name, h->name),
                              .what = xstrdup(buf_cstr(&what)),
                              .why = xstrdup("after a failover to this host the region's ids change their class"),
                              .fix = settings_fix(r),
                          });
        buf_free(&what);
    }
}

/* ---- tables ---- */

/* Does another region hold ids that this one is still going to give? */
static void judge_class(struct findings *out, const struct ids_facts *f, size_t at, const struct ids_table *t)
{
    const struct ids_region *r = &f->regions[at];
    uint64_t top = 0;
    const char *holder = NULL;
    for (size_t i = 0; i < f->count; i++) {
        const struct ids_table *theirs = f->regions[i].writes ? ids_find_table(&f->regions[i], t->db, t->name) : NULL;
        if (i != at && theirs && theirs->top[at] > top) {
            top = theirs->top[at];
            holder = f->regions[i].name;
        }
    }
    if (!holder || top < t->next || top >= t->limit)
        return;
    findings_add(out, (struct finding){
                          .severity = FINDING_ERROR,
                          .check = "class",
                          .where = xstrdup(r->name),
                          .what = xasprintf("%s.%s: %s holds %s %" PRIu64 ", of those that %s gives, which goes on at "
                                            "%" PRIu64,
                                            t->db, t->name, holder, t->column, top, r->name, t->next),
                          .why = xstrdup("the ids up to there will be given again, each a conflict insert/exists"),
                          .fix = ids_counter_sql(t, top + 1),
                      });
}

static void judge_headroom(struct findings *out, const struct ids_region *r, const struct ids_table *t,
                           unsigned headroom)
{
    double left = ids_left(ids_used(t), t->limit);
    if (left >= headroom)
        return;
    findings_add(out, (struct finding){
                          .severity = left * HEADROOM_ERROR < headroom ? FINDING_ERROR : FINDING_WARNING,
                          .check = "headroom",
                          .where = xstrdup(r->name),
                          .what = xasprintf("%s.%s.%s: %" PRIu64 " of the %" PRIu64 " ids of %s are used, %.1f %% left",
                                            t->db, t->name, t->column, ids_used(t), t->limit, t->type, left),
                          .why = xstrdup("once they are used up every insert fails; the change takes long on a big "
                                         "table, and is due at every region"),
                          .fix = t->limit == UINT64_MAX ? xstrdup("none: there is no greater type; ids that were left "
                                                                  "out have to be used, or the table be split")
                                                        : ids_widen_sql(t),
                      });
}

/* ---- sequences ---- */

/* Values that it may still give. */
static void range(int64_t *low, int64_t *high, const struct ids_sequence *s)
{
    *low = s->cycle || s->increment < 0 ? s->min : s->next;
    *high = s->cycle || s->increment >= 0 ? s->max : s->next;
}

static bool overlap(const struct ids_region *a, const struct ids_sequence *x, const struct ids_region *b,
                    const struct ids_sequence *y)
{
    int64_t low_x, high_x, low_y, high_y;
    range(&low_x, &high_x, x);
    range(&low_y, &high_y, y);
    if (low_x > high_y || low_y > high_x)
        return false;
    if (x->increment == 0 && y->increment == 0)
        return ids_collide(&a->settings, &b->settings);
    struct ids_settings steps[2] = {a->settings, b->settings};
    const struct ids_sequence *both[2] = {x, y};
    for (size_t i = 0; i < 2; i++) {
        if (both[i]->increment == 0)
            continue;
        uint64_t step = (uint64_t)(both[i]->increment < 0 ? -both[i]->increment : both[i]->increment);
        uint64_t rest = (uint64_t)both[i]->next % step;
        if (both[i]->next < 0)
            rest = (step - (0 - (uint64_t)both[i]->next) % step) % step;
        steps[i] = (struct ids_settings){step, rest == 0 ? step : rest};
    }
    return ids_collide(&steps[0], &steps[1]);
}

static const char *overlaps_with(const struct ids_facts *f, size_t at, const struct ids_sequence *s)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct ids_region *other = &f->regions[i];
        const struct ids_sequence *theirs = i != at && other->writes ? ids_find_sequence(other, s->db, s->name) : NULL;
        if (theirs && overlap(&f->regions[at], s, other, theirs))
            return other->name;
    }
    return NULL;
}

static void judge_overlap(struct findings *out, const struct ids_facts *f, size_t at, const struct ids_sequence *s)
{
    const struct ids_region *r = &f->regions[at];
    const char *with = r->writes ? overlaps_with(f, at, s) : NULL;
    char *fix = with ? ids_sequence_sql(f, at, s->db, s->name) : NULL;
    if (!fix)
        return;
    findings_add(out, (struct finding){
                          .severity = FINDING_ERROR,
                          .check = "sequence",
                          .where = xstrdup(r->name),
                          .what = xasprintf("%s.%s goes on at %" PRId64 " by %" PRId64 ": values that the sequence of "
                                            "%s gives too",
                                            s->db, s->name, s->next, s->increment, with),
                          .why = xstrdup("a sequence is not replicated: each region counts by itself, and rows that "
                                         "have nothing to do with each other get the same number"),
                          .fix = fix,
                      });
}

static void judge_sequence_end(struct findings *out, const struct ids_region *r, const struct ids_sequence *s,
                               unsigned headroom)
{
    uint64_t all = (uint64_t)s->max - (uint64_t)s->min;
    uint64_t used = s->increment < 0 ? (uint64_t)s->max - (uint64_t)s->next : (uint64_t)s->next - (uint64_t)s->min;
    double left = ids_left(used, all);
    if (s->cycle)
        findings_add(
            out, (struct finding){
                     .severity = FINDING_WARNING,
                     .check = "cycle",
                     .where = xstrdup(r->name),
                     .what = xasprintf("%s.%s is a sequence with CYCLE", s->db, s->name),
                     .why = xstrdup("at its end it begins again, with values that rows may have"),
                     .fix = xasprintf("SET SESSION sql_log_bin = 0; ALTER SEQUENCE `%s`.`%s` NOCYCLE;", s->db, s->name),
                 });
    else if (left < headroom)
        findings_add(out, (struct finding){
                              .severity = left * HEADROOM_ERROR < headroom ? FINDING_ERROR : FINDING_WARNING,
                              .check = "sequence_headroom",
                              .where = xstrdup(r->name),
                              .what = xasprintf("%s.%s: %.1f %% of its values are left", s->db, s->name, left),
                              .why = xstrdup("once they are used up NEXTVAL fails"),
                              .fix = xasprintf("SET SESSION sql_log_bin = 0; ALTER SEQUENCE `%s`.`%s` %s;", s->db,
                                               s->name, s->increment < 0 ? "NOMINVALUE" : "NOMAXVALUE"),
                          });
}

/* ---- the generator ---- */

static void judge_generator(struct findings *out, const struct ids_region *r)
{
    if (r->generator && r->generator_tag != r->tag)
        findings_add(out, (struct finding){
                              .severity = FINDING_ERROR,
                              .check = "generator",
                              .where = xstrdup(r->name),
                              .what = r->generator_tag == 0
                                          ? xstrdup("drc." IDS_FUNCTION "() is not the function of this release")
                                          : xasprintf("drc." IDS_FUNCTION "() gives ids with the tag %u, while the "
                                                      "pair file says %u",
                                                      r->generator_tag, r->tag),
                              .why = xstrdup("another region may give the same ids"),
                              .fix = xasprintf("drcctl ids install --region %s", r->name),
                          });
}

static void judge_counter(struct findings *out, const struct ids_region *r)
{
    if (r->generator_broken)
        findings_add(out, (struct finding){
                              .severity = FINDING_ERROR,
                              .check = "generator",
                              .where = xstrdup(r->name),
                              .what = xstrdup("drc." IDS_TABLE ", the counter of drc." IDS_FUNCTION "(), is gone"),
                              .why = xstrdup("every call of the function fails"),
                              .fix = xasprintf("drcctl ids install --region %s", r->name),
                          });
}

void ids_judge(struct findings *out, const struct ids_facts *f, unsigned headroom)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct ids_region *r = &f->regions[i];
        judge_settings(out, f, r);
        judge_hosts(out, r);
        for (size_t t = 0; t < r->table_count; t++) {
            if (r->writes)
                judge_class(out, f, i, &r->tables[t]);
            judge_headroom(out, r, &r->tables[t], headroom);
        }
        for (size_t s = 0; s < r->sequence_count; s++) {
            judge_overlap(out, f, i, &r->sequences[s]);
            judge_sequence_end(out, r, &r->sequences[s], headroom);
        }
        judge_generator(out, r);
        judge_counter(out, r);
    }
}
