/* Rows without a key: partitions, groups of equal rows, counts. */
#include "reconcile/unkeyed.h"

#include <stdlib.h>

#include "common/base/mem.h"
#include "reconcile/cause.h"
#include "reconcile/images.h"
#include "reconcile/ready.h"
#include "reconcile/repair.h"
#include "reconcile/throttle.h"

#define PARTITIONS (1u << 4 * PLAN_PARTITION_DIGITS)
#define GROUP_ROWS 100000u /* looked at in one statement */
#define BATCH 500u         /* checksums in one statement */
#define EXAMPLES 100u
#define SUSPECTS_MAX 20000u /* then they are settled before going on */

/* Both sides' answers to the same question. */
struct answers {
    struct run *run;
    const struct plan *plan;
    struct side_query query[2];
    uint64_t rows; /* of the table, for the meter */
};

struct partition {
    char digits[PLAN_PARTITION_DIGITS + 1];
    uint64_t rows[2];
    struct span sum[2];
};

static uint64_t number(struct span text)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        n = n * 10 + (uint64_t)(text.p[i] - '0');
    return n;
}

/* A statement that reads the whole table cannot be held up; but it can wait before it begins, and after the one before.
 */
static int ask_both(struct answers *a, struct err *err)
{
    uint64_t took_ms[2] = {a->query[0].job.took_ms, a->query[1].job.took_ms};
    if (throttle_holds(a->run->throttle))
        throttle_wait(a->run->throttle, a->run->meter, a->rows, took_ms[took_ms[1] > took_ms[0]]);
    if (run_stopped(a->run))
        return err_data(err, "%s", run_end_text(a->run));
    return side_both(a->run->sides, &a->query[0].job, &a->query[1].job, err);
}

static int ask_groups(struct answers *a, const struct span *starts, size_t count, struct err *err)
{
    for (int side = 0; side < 2; side++) {
        side_query_start(&a->query[side]);
        plan_put_groups(a->plan, side, starts, count, &a->query[side].sql);
    }
    return ask_both(a, err);
}

static void answers_free(struct answers *a)
{
    side_query_free(&a->query[0]);
    side_query_free(&a->query[1]);
}

/* Put the counts of both answers into `now`; `make`: also for checksums that are not there yet. */
static void take_counts(struct answers *a, struct suspects *s, bool make)
{
    for (int side = 0; side < 2; side++) {
        const struct db_rows *rows = &a->query[side].rows;
        for (size_t i = 0; i < rows->row_count; i++) {
            struct span hash = db_cell(rows, i, 0);
            struct suspect *x = make ? suspects_ref(s, hash, NULL, 0) : suspects_find(s, hash);
            if (x)
                x->now[side] = number(db_cell(rows, i, 1));
        }
    }
}

/* ---- partitions ---- */

/* The whole table as one: 1 it is equal, 0 it is not, -1 error. Much cheaper than the same by partitions. */
static int compare_whole(struct answers *a, struct table_counts *counts, struct err *err)
{
    const struct db_rows *rows[2] = {&a->query[0].rows, &a->query[1].rows};
    for (int side = 0; side < 2; side++) {
        side_query_start(&a->query[side]);
        plan_put_sum(a->plan, side, &a->query[side].sql);
    }
    if (ask_both(a, err))
        return -1;
    uint64_t count[2] = {number(db_cell(rows[0], 0, 0)), number(db_cell(rows[1], 0, 0))};
    a->rows = counts->rows = count[0] > count[1] ? count[0] : count[1];
    counts->chunks = 1;
    return count[0] == count[1] && span_eq(db_cell(rows[0], 0, 1), db_cell(rows[1], 0, 1));
}

static int read_partitions(struct answers *a, struct partition *parts, struct table_counts *counts, struct err *err)
{
    for (int side = 0; side < 2; side++) {
        side_query_start(&a->query[side]);
        plan_put_partitions(a->plan, side, &a->query[side].sql);
    }
    if (ask_both(a, err))
        return -1;
    for (int side = 0; side < 2; side++) {
        const struct db_rows *r = &a->query[side].rows;
        for (size_t i = 0; i < r->row_count; i++) {
            struct span digits = db_cell(r, i, 0);
            char text[PLAN_PARTITION_DIGITS + 1] = {0};
            memcpy(text, digits.p, digits.n < PLAN_PARTITION_DIGITS ? digits.n : PLAN_PARTITION_DIGITS);
            struct partition *p = &parts[strtoul(text, NULL, 16) % PARTITIONS];
            memcpy(p->digits, text, sizeof text);
            p->rows[side] = number(db_cell(r, i, 1));
            p->sum[side] = db_cell(r, i, 2);
        }
    }
    counts->chunks += PARTITIONS;
    return 0;
}

static bool partition_differs(const struct partition *p)
{
    return p->rows[0] != p->rows[1] || !span_eq(p->sum[0], p->sum[1]);
}

/* ---- later looks ---- */

static int look_at_counts(struct run *run, const struct plan *plan, struct suspects *s, struct arena *arena,
                          struct err *err)
{
    struct answers a = {.run = run, .plan = plan};
    struct span hashes[BATCH];
    int rc = 0;
    (void)arena;
    for (size_t first = 0; rc == 0 && first < s->count; first += BATCH) {
        size_t n = s->count - first < BATCH ? s->count - first : BATCH;
        for (size_t i = 0; i < n; i++) {
            hashes[i] = s->list[first + i].id;
            s->list[first + i].now[0] = s->list[first + i].now[1] = 0;
        }
        rc = ask_groups(&a, hashes, n, err);
        if (rc == 0)
            take_counts(&a, s, false);
    }
    answers_free(&a);
    return rc;
}

/* `row`: of an equal row, or NULL when none is there any more. */
static void tell_one(struct run *run, const struct plan *plan, const struct suspect *x, const struct span *row,
                     bool unsettled, struct table_counts *counts)
{
    const struct span *const rows[2] = {x->now[0] > 0 ? row : NULL, x->now[1] > 0 ? row : NULL};
    struct arena arena = {0};
    const struct difference d = {
        .class = x->now[0] > x->now[1] ? DIFFERENCE_MISSING : DIFFERENCE_EXTRA,
        .cause = cause_is_filtered(run, plan->tables[0]->def->db, plan->tables[0]->def->name) ? CAUSE_FILTERED_NOW
                                                                                              : CAUSE_UNKNOWN,
        .db = plan->tables[0]->def->db,
        .table = plan->tables[0]->def->name,
        .columns = row ? images_columns(plan, rows, &arena) : NULL,
        .column_count = row ? plan->column_count : 0,
        .copies = {x->now[0], x->now[1]}
    };
    (unsettled ? report_unsettled : report_difference)(run->report, counts, &d);
    if (run->repair && !unsettled)
        repair_note_copies(run->repair, plan, x->id, &d);
    arena_free(&arena);
}

/* Fetch the rows of these suspects from the side that has more of them, for their values. */
static int tell_batch(struct run *run, const struct plan *plan, struct suspect *const *xs, size_t n, int side,
                      bool unsettled, struct table_counts *counts, struct err *err)
{
    struct side_query q = {0};
    struct side_job *taken;
    struct span hashes[EXAMPLES];
    for (size_t i = 0; i < n; i++)
        hashes[i] = xs[i]->id;
    side_query_start(&q);
    plan_put_examples(plan, side, hashes, n, &q.sql);
    side_give(run->sides[side], &q.job);
    int rc = side_take(run->sides[side], &taken, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct span *row = NULL;
        for (size_t j = 0; j < q.rows.row_count; j++)
            if (span_eq(db_cell(&q.rows, j, 0), xs[i]->id))
                row = &q.rows.cells[j * q.rows.column_count + 1];
        tell_one(run, plan, xs[i], row, unsettled, counts);
    }
    side_query_free(&q);
    return rc;
}

static int tell_counts(struct run *run, const struct plan *plan, struct suspects *s,
                       bool (*which)(const struct suspect *x), bool unsettled, struct table_counts *counts,
                       struct err *err)
{
    struct suspect *batch[EXAMPLES];
    for (int side = 0; side < 2; side++) {
        size_t n = 0;
        for (size_t i = 0; i < s->count; i++) {
            struct suspect *x = &s->list[i];
            if (which(x) && (x->now[1] > x->now[0]) == side)
                batch[n++] = x;
            if (n == EXAMPLES || (n > 0 && i + 1 == s->count)) {
                if (tell_batch(run, plan, batch, n, side, unsettled, counts, err))
                    return -1;
                n = 0;
            }
        }
    }
    return 0;
}

static const struct settle_kind unkeyed_kind = {look_at_counts, tell_counts, false};

/* The groups of rows in some partitions; those with unequal counts become suspects. */
static int search_partitions(struct answers *a, const struct span *starts, size_t count, struct suspects *s,
                             struct err *err)
{
    struct suspects seen = {0};
    int rc = ask_groups(a, starts, count, err);
    if (rc == 0)
        take_counts(a, &seen, true);
    for (size_t i = 0; i < seen.count; i++) {
        const struct suspect *x = &seen.list[i];
        if (x->now[0] != x->now[1])
            memcpy(suspects_ref(s, x->id, NULL, 0)->now, x->now, sizeof x->now);
    }
    suspects_free(&seen);
    return rc;
}

/* Look into the partitions that differ, as many at once as one statement should bear. */
static int search(struct answers *a, const struct partition *parts, struct suspects *s, struct table_counts *counts,
                  struct err *err)
{
    struct answers groups = {.run = a->run, .plan = a->plan, .rows = a->rows};
    struct span starts[BATCH];
    uint64_t rows = 0;
    size_t count = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i <= PARTITIONS; i++) {
        if (i < PARTITIONS && !partition_differs(&parts[i]))
            continue;
        if (count == BATCH || rows > GROUP_ROWS || (i == PARTITIONS && count > 0)) {
            rc = search_partitions(&groups, starts, count, s, err);
            if (rc == 0 && (s->count > SUSPECTS_MAX || i == PARTITIONS))
                rc = settle(a->run, a->plan, s, &unkeyed_kind, counts, err);
            count = 0;
            rows = 0;
        }
        if (i < PARTITIONS) {
            starts[count++] = span_str(parts[i].digits);
            rows += parts[i].rows[0] + parts[i].rows[1];
        }
    }
    answers_free(&groups);
    return rc;
}

int unkeyed_compare(struct run *run, const struct plan *plan, struct table_counts *counts, struct err *err)
{
    struct answers a = {.run = run, .plan = plan};
    struct partition *parts = xcalloc(PARTITIONS, sizeof *parts);
    struct suspects suspects = {0};
    int rc = -1;
    int equal = compare_whole(&a, counts, err);
    if (equal > 0)
        rc = 0;
    if (equal == 0)
        ready_begin(run);
    if (equal == 0 && read_partitions(&a, parts, counts, err) == 0)
        rc = search(&a, parts, &suspects, counts, err);
    suspects_free(&suspects);
    answers_free(&a);
    free(parts);
    return rc;
}
