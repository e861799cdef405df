/* Reading both counters, and once more when they lie apart. */
#include "reconcile/counter.h"

#include <inttypes.h>

#include "reconcile/ready.h"

#define APART 1000u

struct counters {
    uint64_t next[2];    /* 0: the table has none */
    uint64_t highest[2]; /* number in it; read before */
};

static uint64_t number(struct span text)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        n = n * 10 + (uint64_t)(text.p[i] - '0');
    return n;
}

/* The column that the server numbers, NULL: none. */
static void put_column_query(struct buf *sql, const struct table_def *def)
{
    buf_put_str(sql, "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ");
    db_put_string(sql, def->db);
    buf_put_str(sql, " AND TABLE_NAME = ");
    db_put_string(sql, def->name);
    buf_put_str(sql, " AND EXTRA LIKE '%auto_increment%'");
}

static void put_highest(struct buf *sql, const struct target_table *t, struct span column)
{
    buf_put_str(sql, "SELECT MAX(");
    db_put_name(sql, column);
    buf_put_str(sql, ") FROM ");
    target_table_put_name(t, sql);
}

static void put_next(struct buf *sql, const struct table_def *def)
{
    buf_put_str(sql, "SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = ");
    db_put_string(sql, def->db);
    buf_put_str(sql, " AND TABLE_NAME = ");
    db_put_string(sql, def->name);
}

static uint64_t first_number(const struct side_query *q)
{
    return q->rows.row_count == 1 ? number(db_cell(&q->rows, 0, 0)) : 0;
}

static int ask(struct run *run, struct side_query q[2], struct err *err)
{
    return side_both(run->sides, &q[0].job, &q[1].job, err);
}

/* 1: both sides number a column; 0: not. The highest number first, so that it cannot be above a counter that works. */
static int read_counters(struct run *run, const struct plan *plan, struct counters *out, struct side_query q[2],
                         struct err *err)
{
    struct buf columns[2] = {0};
    int rc = -1;
    for (int side = 0; side < 2; side++) {
        side_query_start(&q[side]);
        put_column_query(&q[side].sql, plan->tables[side]->def);
    }
    if (ask(run, q, err))
        goto out;
    rc = 0;
    if (q[0].rows.row_count != 1 || q[1].rows.row_count != 1)
        goto out;
    rc = -1;
    for (int side = 0; side < 2; side++)
        buf_put_span(&columns[side], db_cell(&q[side].rows, 0, 0));
    for (int side = 0; side < 2; side++) {
        side_query_start(&q[side]);
        put_highest(&q[side].sql, plan->tables[side], buf_span(&columns[side]));
    }
    if (ask(run, q, err))
        goto out;
    for (int side = 0; side < 2; side++) {
        out->highest[side] = first_number(&q[side]);
        side_query_start(&q[side]);
        put_next(&q[side].sql, plan->tables[side]->def);
    }
    if (ask(run, q, err))
        goto out;
    for (int side = 0; side < 2; side++)
        out->next[side] = first_number(&q[side]);
    rc = 1;
out:
    buf_free(&columns[0]);
    buf_free(&columns[1]);
    return rc;
}

static bool is_behind(uint64_t a, uint64_t b)
{
    return a > 0 && b > a && b - a > APART;
}

/* What was behind before the links passed and still is behind what the other side had then. -1: only the links were not
 * to be had, which whoever needs them tells. */
static int read_later(struct run *run, const struct plan *plan, struct counters *later, struct side_query q[2])
{
    struct err err = {0};
    bool moved;
    ready_wait(run);
    if (links_mark(run->links, &moved, &err) || links_wait(run->links, run->timeout_ms, &err))
        return -1;
    return read_counters(run, plan, later, q, &err) == 1 ? 0 : -1;
}

int counter_compare(struct run *run, const struct plan *plan, void (*tell)(void *context, const char *phrase),
                    void *context, struct err *err)
{
    static const char *const names[] = {"source", "target"};
    struct side_query q[2] = {0};
    struct counters now = {0}, later = {0};
    struct buf phrase = {0};
    int rc = read_counters(run, plan, &now, q, err);
    for (int side = 0; side < 2 && rc > 0; side++) {
        buf_clear(&phrase);
        if (now.next[side] > 0 && now.next[side] <= now.highest[side])
            buf_printf(&phrase, "AUTO_INCREMENT is %" PRIu64 " at the %s, not above %" PRIu64 ", the highest there is",
                       now.next[side], names[side], now.highest[side]);
        else if (is_behind(now.next[side], now.next[!side]) && read_later(run, plan, &later, q) == 0 &&
                 is_behind(later.next[side], now.next[!side]))
            buf_printf(&phrase, "AUTO_INCREMENT is %" PRIu64 " at the %s and %" PRIu64 " at the %s", later.next[side],
                       names[side], now.next[!side], names[!side]);
        if (phrase.len > 0)
            tell(context, buf_cstr(&phrase));
    }
    side_query_free(&q[0]);
    side_query_free(&q[1]);
    buf_free(&phrase);
    return rc < 0 ? -1 : 0;
}
