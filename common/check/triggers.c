/* Comparing the triggers of two servers. */
#include "common/check/triggers.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"

#define UNLOGGED "SET SESSION sql_log_bin = 0; "

enum trigger_cell { SCHEMA, TABLE, NAME, TIMING, EVENT, BODY };

struct comparing {
    struct findings *out;
    const struct check_place *from;
    const struct check_place *to;
    enum finding_severity severity;
};

static int read_triggers(struct db_rows *out, struct arena *a, const struct check_place *p, struct err *err)
{
    return db_query(p->db, out, a,
                    "SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION, "
                    "ACTION_STATEMENT FROM information_schema.TRIGGERS ORDER BY 1, 2, EVENT_MANIPULATION, "
                    "ACTION_TIMING, ACTION_ORDER",
                    err);
}

static const struct span *row_of(const struct db_rows *rows, size_t i)
{
    return &rows->cells[i * rows->column_count];
}

static const struct span *find(const struct db_rows *rows, const struct span *trigger)
{
    for (size_t i = 0; i < rows->row_count; i++)
        if (span_eq(row_of(rows, i)[SCHEMA], trigger[SCHEMA]) && span_eq(row_of(rows, i)[NAME], trigger[NAME]))
            return row_of(rows, i);
    return NULL;
}

static bool same(const struct span *a, const struct span *b)
{
    for (enum trigger_cell i = TABLE; i <= BODY; i++)
        if (!span_eq(a[i], b[i]))
            return false;
    return true;
}

/* ---- what mends it ---- */

static void put_name(struct buf *out, const struct span *trigger, enum trigger_cell which)
{
    db_put_name(out, trigger[SCHEMA]);
    buf_put_str(out, ".");
    db_put_name(out, trigger[which]);
}

static void put_drop(struct buf *out, const struct span *trigger)
{
    buf_put_str(out, "DROP TRIGGER ");
    put_name(out, trigger, NAME);
    buf_put_str(out, ";");
}

/* A body of several statements wants another delimiter in the clients that people use. */
static void put_create(struct buf *out, const struct span *trigger)
{
    bool several = memchr(trigger[BODY].p, ';', trigger[BODY].n);
    buf_put_str(out, several ? "\nDELIMITER $$\nCREATE TRIGGER " : "CREATE TRIGGER ");
    put_name(out, trigger, NAME);
    buf_printf(out, " %.*s %.*s ON ", SPAN_ARG(trigger[TIMING]), SPAN_ARG(trigger[EVENT]));
    put_name(out, trigger, TABLE);
    buf_printf(out, " FOR EACH ROW %.*s%s", SPAN_ARG(trigger[BODY]), several ? "\n$$\nDELIMITER ;" : ";");
}

static void tell(struct comparing *c, const char *what, const struct span *gone, const struct span *made,
                 const struct span *trigger)
{
    struct buf fix = {0};
    buf_put_str(&fix, UNLOGGED);
    if (gone)
        put_drop(&fix, gone);
    buf_put_str(&fix, gone && made ? " " : "");
    if (made)
        put_create(&fix, made);
    check_found_as(c->out, c->severity, "trigger_differs", c->to->region->name,
                   xasprintf("table `%.*s`.`%.*s`: %s `%.*s`", SPAN_ARG(trigger[SCHEMA]), SPAN_ARG(trigger[TABLE]),
                             what, SPAN_ARG(trigger[NAME])),
                   xstrdup(buf_cstr(&fix)));
    buf_free(&fix);
}

/* ---- comparing ---- */

static bool is_ours(const struct comparing *c, const struct span *trigger)
{
    return filter_match(&c->from->config->tables, trigger[SCHEMA], trigger[TABLE]);
}

/* Of two opposite links each tells what its target lacks, and the one what both have otherwise. */
static void compare(struct comparing *c, const struct db_rows *from, const struct db_rows *to)
{
    const bool two_way = config_two_way(c->from->config, c->from->region->name, c->to->region->name);
    for (size_t i = 0; i < from->row_count; i++) {
        const struct span *here = row_of(from, i), *there = find(to, here);
        if (!is_ours(c, here))
            continue;
        if (!there)
            tell(c, "the target lacks the trigger", NULL, here, here);
        else if (!same(here, there) && (!two_way || c->from->region < c->to->region))
            tell(c, "the two sides define otherwise the trigger", there, here, here);
    }
    for (size_t i = 0; i < to->row_count && !two_way; i++)
        if (is_ours(c, row_of(to, i)) && !find(from, row_of(to, i)))
            tell(c, "the source lacks the trigger", row_of(to, i), NULL, row_of(to, i));
}

bool check_writes_sql(const struct check_place *from, const struct check_place *to)
{
    const struct config *c = from->config;
    for (size_t i = 0; i < c->link_count; i++)
        if (strcmp(c->links[i].from, from->region->name) == 0 && strcmp(c->links[i].to, to->region->name) == 0)
            return c->links[i].writer == APPLY_WRITER_SQL;
    return false;
}

/* Regions are at the ends of several links. */
static bool was_told(const struct findings *all, const char *region)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->items[i].check, "trigger_unseen") == 0 && strcmp(all->items[i].where, region) == 0)
            return true;
    return false;
}

/* 1: all of them are seen; 0: not, which is told; -1. */
static int look_at(struct db_rows *out, struct arena *a, struct comparing *c, const struct check_place *p,
                   struct err *err)
{
    struct grants missing = {0};
    struct buf what = {0}, fix = {0};
    if (read_triggers(out, a, p, err) || check_account_has(&missing, p, "TRIGGER", err))
        return -1;
    bool seen = missing.count == 0; /* without, servers show none, or no bodies */
    if (!seen && !was_told(c->out, p->region->name)) {
        buf_printf(&what, "account %s has not ", db_account(p->db));
        grants_put_words(&what, &missing);
        grants_put_line(&fix, &missing, db_account(p->db));
        check_found(c->out, "trigger_unseen", p->region->name, xstrdup(buf_cstr(&what)), xstrdup(buf_cstr(&fix)));
    }
    buf_free(&what);
    buf_free(&fix);
    grants_free(&missing);
    return seen;
}

int check_link_triggers(struct findings *out, const struct check_place *from, const struct check_place *to,
                        struct err *err)
{
    const bool two_way = config_two_way(from->config, from->region->name, to->region->name);
    struct comparing c = {.out = out, .from = from, .to = to, .severity = two_way ? FINDING_WARNING : FINDING_NOTE};
    struct arena a = {0};
    struct db_rows here, there;
    if (check_writes_sql(from, to))
        return 0;
    int source = look_at(&here, &a, &c, from, err);
    int target = source < 0 ? -1 : look_at(&there, &a, &c, to, err);
    if (source == 1 && target == 1)
        compare(&c, &here, &there);
    arena_free(&a);
    return source < 0 || target < 0 ? -1 : 0;
}
