/* Comparing versions: columns first, where the rule names some, else stamps; then the order of regions. */
#include "conflict/version.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "common/model/temporal.h"

#define US_PER_SECOND 1000000

static void say(struct conflict_outcome *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct conflict_outcome *out, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(out->why, sizeof out->why, fmt, ap);
    va_end(ap);
}

/* ---- columns ---- */

/* Version column `name`, usable: it is there, has an order, and both images have a value. */
static int version_column(uint16_t *out, const struct table_def *t, const char *name, const struct cell *a,
                          const struct cell *b, struct err *err)
{
    int i = table_def_find(t, span_str(name));
    if (i < 0)
        return err_data(err, "table %.*s.%.*s has no version column '%s'", SPAN_ARG(t->db), SPAN_ARG(t->name), name);
    if (!cell_is_ordered(&t->columns[i]))
        return err_data(err, "version column '%s' of %.*s.%.*s is no number, date or time", name, SPAN_ARG(t->db),
                        SPAN_ARG(t->name));
    if (a[i].absent || b[i].absent || a[i].null || b[i].null)
        return err_data(err, "version column '%s' of %.*s.%.*s has no value in this row", name, SPAN_ARG(t->db),
                        SPAN_ARG(t->name));
    *out = (uint16_t)i;
    return 0;
}

int version_compare(int *order, uint16_t *decided, const struct version_order *by, const struct table_def *t,
                    const struct cell *a, const struct cell *b, struct err *err)
{
    *order = 0;
    for (size_t i = 0; i < by->count && *order == 0; i++) {
        if (version_column(decided, t, by->by[i], a, b, err))
            return -1;
        *order = cell_compare(&t->columns[*decided], &a[*decided], &b[*decided]);
    }
    return 0;
}

static void say_columns(struct conflict_outcome *out, const struct conflict_case *c, uint16_t i, int order,
                        const struct cell *a, const struct cell *b)
{
    struct buf text = {0};
    buf_put_span(&text, c->table->columns[i].name);
    buf_put_str(&text, " ");
    mask_put_text(c->mask, c->table, a, i, &text);
    buf_put_str(&text, order > 0 ? " > " : " < ");
    mask_put_text(c->mask, c->table, b, i, &text);
    say(out, "%s", buf_cstr(&text));
    buf_free(&text);
}

/* ---- clocks ---- */

/* Days since 0000-03-01 of the Gregorian calendar. */
static int64_t day_number(const struct temporal *t)
{
    int64_t y = (int64_t)t->year - (t->month <= 2), m = (int64_t)(t->month + 9) % 12;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + (int64_t)t->day;
}

static bool read_us(int64_t *out, const struct column *c, const struct cell *v)
{
    struct temporal t;
    bool dated = c->type == COLUMN_TIMESTAMP2 || c->type == COLUMN_DATETIME2 || c->type == COLUMN_TIMESTAMP ||
                 c->type == COLUMN_DATETIME;
    if (!dated || !temporal_read(&t, c->type, c->meta, v->data))
        return false;
    *out = (((day_number(&t) * 24 + t.hour) * 60 + t.minute) * 60 + t.second) * US_PER_SECOND + t.micro;
    return true;
}

/* The columns' clock and that of the commits tell two intervals for the same two changes: what they differ by is what
 * the regions' clocks, or those of their clients, differ by at least. Time zones cancel out. */
static void look_at_clocks(struct conflict_outcome *out, const struct conflict_case *c, const struct column *column,
                           const struct cell *a, const struct cell *b)
{
    int64_t mine, other;
    if (c->rule->max_skew_ms == 0 || !c->incoming_version || !c->local_version || !read_us(&mine, column, a) ||
        !read_us(&other, column, b))
        return;
    int64_t stamps =
        (int64_t)clock_stamp_us(c->incoming_version->stamp) - (int64_t)clock_stamp_us(c->local_version->stamp);
    int64_t off = mine - other - stamps;
    uint64_t skew_ms = (uint64_t)(off < 0 ? -off : off) / 1000;
    if (skew_ms > c->rule->max_skew_ms)
        out->skew_ms = skew_ms;
}

/* ---- regions ---- */

static const char *local_region(const struct conflict_case *c)
{
    return c->local_version ? c->local_version->region : c->to;
}

/* Place of a region in a list; those that are not in it come last. */
static size_t place_in(char *const *list, size_t count, const char *region)
{
    size_t i = 0;
    while (i < count && strcmp(list[i], region) != 0)
        i++;
    return i;
}

static int break_tie(bool *incoming, const struct conflict_case *c, struct conflict_outcome *out, struct err *err)
{
    const char *here = local_region(c);
    size_t from = place_in(c->rule->tie, c->rule->tie_count, c->from);
    size_t to = place_in(c->rule->tie, c->rule->tie_count, here);
    if (from == to)
        return err_data(err, "equal versions in %.*s.%.*s, and neither %s nor %s is in the policy's tie list",
                        SPAN_ARG(c->table->db), SPAN_ARG(c->table->name), c->from, here);
    *incoming = from < to;
    say(out, "versions equal, tie broken by region %s", from < to ? c->from : here);
    return 0;
}

int version_priority(bool *incoming, const struct conflict_case *c, struct conflict_outcome *out, struct err *err)
{
    const char *here = local_region(c);
    size_t from = place_in(c->rule->order, c->rule->order_count, c->from);
    size_t to = place_in(c->rule->order, c->rule->order_count, here);
    if (from == to)
        return err_data(err, "the policy's order of regions says nothing about %s and %s", c->from, here);
    *incoming = from < to;
    say(out, "region %s comes before %s", from < to ? c->from : here, from < to ? here : c->from);
    return 0;
}

/* ---- stamps ---- */

static void say_stamps(struct conflict_outcome *out, int order, uint64_t a, uint64_t b)
{
    char mine[CLOCK_TEXT_LEN], other[CLOCK_TEXT_LEN];
    say(out, "version %s %s %s", clock_text(mine, clock_stamp_us(a)), order > 0 ? ">" : "<",
        clock_text(other, clock_stamp_us(b)));
}

int conflict_version_compare(const struct conflict_version *a, const struct conflict_version *b)
{
    return a->stamp != b->stamp ? (a->stamp > b->stamp) - (a->stamp < b->stamp) : strcmp(a->region, b->region);
}

static int decide_by_stamp(bool *incoming, const struct conflict_case *c, const struct conflict_version *local,
                           bool earliest, struct conflict_outcome *out)
{
    const struct conflict_version *in = c->incoming_version;
    int order = conflict_version_compare(in, local);
    *incoming = (order > 0) != earliest;
    if (in->stamp != local->stamp)
        say_stamps(out, order, in->stamp, local->stamp);
    else
        say(out, "versions equal but for the regions %s and %s", in->region, local->region);
    return 0;
}

const struct conflict_version *version_later(const struct conflict_case *c)
{
    const struct conflict_version *in = c->incoming_version, *there = c->local_version;
    return in && (!there || conflict_version_compare(in, there) > 0) ? in : there;
}

bool version_is_known(const struct conflict_case *c, const struct version_order *by)
{
    return by->count > 0 || (c->incoming_version && c->local_version);
}

int version_decides(bool *incoming, const struct conflict_case *c, const struct version_order *by,
                    struct conflict_outcome *out, struct err *err)
{
    int order;
    uint16_t decided = 0;
    if (!version_is_known(c, by))
        return err_data(err, "policy %s has no version column for %.*s.%.*s", policy_name(out->policy),
                        SPAN_ARG(c->table->db), SPAN_ARG(c->table->name));
    if (by->count == 0)
        return decide_by_stamp(incoming, c, c->local_version, by->earliest, out);
    if (version_compare(&order, &decided, by, c->table, c->incoming, c->local, err))
        return -1;
    const struct cell *in = &c->incoming[decided], *local = &c->local[decided];
    look_at_clocks(out, c, &c->table->columns[decided], in, local);
    if (order == 0)
        return break_tie(incoming, c, out, err);
    say_columns(out, c, decided, order, c->incoming, c->local);
    *incoming = (order > 0) != by->earliest;
    return 0;
}

/* By columns: the delete's row against the other one. */
static int decide_delete_by_columns(bool *incoming, const struct conflict_case *c, const struct version_order *by,
                                    const struct cell *deleted, struct conflict_outcome *out, struct err *err)
{
    const struct cell *in = c->incoming ? c->incoming : deleted, *there = c->incoming ? deleted : c->local;
    int order;
    uint16_t decided = 0;
    if (version_compare(&order, &decided, by, c->table, in, there, err))
        return -1;
    if (order == 0) {
        say(out, "versions equal: the delete wins");
        *incoming = !c->incoming;
        return 0;
    }
    say_columns(out, c, decided, order, in, there);
    *incoming = (order > 0) != by->earliest;
    return 0;
}

/* Has the image a value in each of the columns? */
static bool has_versions(const struct conflict_case *c, const struct version_order *by, const struct cell *image)
{
    for (size_t i = 0; image && i < by->count; i++) {
        int k = table_def_find(c->table, span_str(by->by[i]));
        if (k < 0 || image[k].absent || image[k].null)
            return false;
    }
    return image != NULL;
}

int version_decides_delete(bool *incoming, const struct conflict_case *c, const struct version_order *by, bool of_row,
                           struct conflict_outcome *out, struct err *err)
{
    const struct conflict_tombstone *t = c->tombstone;
    const struct cell *deleted = c->incoming ? t ? t->columns : NULL : c->before;
    const struct conflict_version *there = c->incoming ? t ? t->version : NULL : c->local_version;
    if (by->count > 0 && (!c->incoming || has_versions(c, by, deleted)))
        return decide_delete_by_columns(incoming, c, by, deleted, out, err);
    if (of_row && by->count == 0) {
        /* A row at the target that the delete did not know of is newer than the one that it deleted. */
        *incoming = c->incoming != NULL;
        say(out, "the row was written without knowledge of the delete");
        return 0;
    }
    if (c->incoming_version && there)
        return decide_by_stamp(incoming, c, there, by->earliest, out);
    *incoming = c->incoming != NULL;
    say(out, "nothing is known of the %s's age", c->incoming ? "delete" : "row");
    return 0;
}
