/* Reading the journal: which ids a page has, then its entries.
 *
 * With a filter, a page's ids are the newest of each combination of table, kind and state that it admits. There are few
 * combinations however long the journal is, and the index `sort` has each one's ids in order. */
#include "common/target/journal_read.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/target/schema.h"

#define ER_BAD_FIELD 1054

#define PAGE_ROWS 50u
#define UNION_MOST 32u /* combinations in one statement */
/* Ids and times rise together but for writers at the same moment and clocks that are set: how far they may be apart. */
#define SLACK_IDS 1000u
#define SLACK_US (600u * 1000000u)
#define SQL_TIME_LEN 32

#define JOURNAL "`" DRC_DB "`.`" JOURNAL_TABLE "`"

struct reading {
    struct db *db;
    const struct journal_query *query;
    uint64_t lowest; /* ids that can be within the time asked for */
    uint64_t highest;
    char since[SQL_TIME_LEN]; /* as the column's text; "": any */
    char until[SQL_TIME_LEN];
    bool by_sort;
    struct buf *sorts; /* a condition each */
    size_t sort_count;
    uint64_t *ids;
    size_t id_count;
};

/* "2026-01-31 10:00:00.123456" */
static void sql_time(char out[SQL_TIME_LEN], uint64_t us)
{
    char text[CLOCK_TEXT_LEN];
    (void)clock_text(text, us);
    text[10] = ' '; /* T, and Z at the end */
    text[26] = '\0';
    memcpy(out, text, sizeof text);
}

static uint64_t number(struct span cell)
{
    return strtoull((const char *)cell.p, NULL, 10); /* cells end with a NUL */
}

/* ---- times ---- */

/* The id of the first entry by time on one side of a moment; 0: there is none. */
static int id_at(struct reading *r, uint64_t *out, uint64_t us, bool after, struct err *err)
{
    char at[SQL_TIME_LEN];
    struct buf sql = {0};
    sql_time(at, us);
    buf_printf(&sql, "SELECT `id` FROM " JOURNAL " WHERE `at` %s '%s' ORDER BY `at`%s LIMIT 1", after ? ">=" : "<=", at,
               after ? "" : " DESC");
    int rc = db_query_u64(r->db, out, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc;
}

static int find_bounds(struct reading *r, struct err *err)
{
    const struct journal_query *q = r->query;
    uint64_t id;
    r->highest = UINT64_MAX;
    if (q->since_us) {
        sql_time(r->since, q->since_us);
        if (id_at(r, &id, q->since_us > SLACK_US ? q->since_us - SLACK_US : 1, true, err))
            return -1;
        r->lowest = id > SLACK_IDS ? id - SLACK_IDS : id > 0 ? 1 : UINT64_MAX;
    }
    if (q->until_us) {
        sql_time(r->until, q->until_us);
        if (id_at(r, &id, q->until_us + SLACK_US, false, err))
            return -1;
        r->highest = id > 0 ? id + SLACK_IDS : 0;
    }
    return 0;
}

static bool in_time(const struct reading *r, struct span at)
{
    const char *text = (const char *)at.p;
    return (!r->since[0] || strcmp(text, r->since) >= 0) && (!r->until[0] || strcmp(text, r->until) <= 0);
}

/* ---- sorts ---- */

static bool admits(const struct journal_query *q, const struct journal_sort *s)
{
    return (!q->tables || filter_match(q->tables, s->db, s->tbl)) && (!q->kind || span_is(s->kind, q->kind)) &&
           (!q->cause || span_is(s->cause, q->cause)) && (!q->state || span_is(s->state, q->state));
}

static struct journal_sort sort_of(const struct span *cells)
{
    return (struct journal_sort){
        .db = cells[0], .tbl = cells[1], .kind = cells[2], .cause = cells[3], .state = cells[4]};
}

static void add_sort(struct reading *r, const struct journal_sort *s)
{
    r->sorts = xreallocarray(r->sorts, r->sort_count + 1, sizeof *r->sorts);
    struct buf *b = &r->sorts[r->sort_count++];
    *b = (struct buf){0};
    buf_put_str(b, "`db` = ");
    db_put_string(b, s->db);
    buf_put_str(b, " AND `tbl` = ");
    db_put_string(b, s->tbl);
    buf_put_str(b, " AND `kind` = ");
    db_put_string(b, s->kind);
    buf_put_str(b, " AND `cause` = ");
    db_put_string(b, s->cause);
    buf_put_str(b, " AND `state` = ");
    db_put_string(b, s->state);
}

static int find_sorts(struct reading *r, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    int rc = db_query(r->db, &rows, &a, "SELECT DISTINCT `db`, `tbl`, `kind`, `cause`, `state` FROM " JOURNAL, err);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++) {
        struct journal_sort s = sort_of(&rows.cells[i * rows.column_count]);
        if (admits(r->query, &s))
            add_sort(r, &s);
    }
    arena_free(&a);
    return rc;
}

/* ---- pages ---- */

static void put_range(const struct reading *r, uint64_t below, struct buf *sql)
{
    if (r->lowest)
        buf_printf(sql, " AND `id` >= %" PRIu64, r->lowest);
    if (below)
        buf_printf(sql, " AND `id` < %" PRIu64, below);
    else if (r->highest != UINT64_MAX)
        buf_printf(sql, " AND `id` <= %" PRIu64, r->highest);
}

/* The newest ids of some sorts. */
static int read_ids(struct reading *r, size_t first, size_t end, uint64_t below, struct err *err)
{
    struct arena a = {0};
    struct buf sql = {0};
    struct db_rows rows;
    for (size_t i = first; i < end; i++) {
        buf_printf(&sql, "%s(SELECT `id` FROM " JOURNAL " WHERE %s", i > first ? " UNION ALL " : "",
                   buf_cstr(&r->sorts[i]));
        put_range(r, below, &sql);
        buf_printf(&sql, " ORDER BY `id` DESC LIMIT %u)", PAGE_ROWS);
    }
    buf_printf(&sql, " ORDER BY `id` DESC LIMIT %u", PAGE_ROWS);
    int rc = db_query(r->db, &rows, &a, buf_cstr(&sql), err);
    if (rc == 0) {
        r->ids = xreallocarray(r->ids, r->id_count + rows.row_count + 1, sizeof *r->ids);
        for (size_t i = 0; i < rows.row_count; i++)
            r->ids[r->id_count++] = number(rows.cells[i]);
    }
    buf_free(&sql);
    arena_free(&a);
    return rc;
}

static int newest_first(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x < y) - (x > y);
}

/* Of a page below `below` (0: the newest) into r->ids. */
static int find_ids(struct reading *r, uint64_t below, struct err *err)
{
    r->id_count = 0;
    for (size_t first = 0; first < r->sort_count; first += UNION_MOST) {
        size_t end = first + UNION_MOST < r->sort_count ? first + UNION_MOST : r->sort_count;
        if (read_ids(r, first, end, below, err))
            return -1;
    }
    if (r->id_count > 1)
        qsort(r->ids, r->id_count, sizeof *r->ids, newest_first);
    if (r->id_count > PAGE_ROWS)
        r->id_count = PAGE_ROWS;
    return 0;
}

static void put_page_sql(const struct reading *r, uint64_t below, struct buf *sql)
{
    buf_put_str(sql, "SELECT ");
    for (const struct journal_column *c = journal_columns; c->name; c++)
        buf_printf(sql, "%s`%s`", c == journal_columns ? "" : ", ", c->name);
    buf_put_str(sql, " FROM " JOURNAL " WHERE TRUE");
    if (r->query->id)
        buf_printf(sql, " AND `id` = %" PRIu64, r->query->id);
    for (size_t i = 0; r->by_sort && i < r->id_count; i++)
        buf_printf(sql, "%s%" PRIu64 "%s", i ? "," : " AND `id` IN (", r->ids[i], i + 1 == r->id_count ? ")" : "");
    if (!r->by_sort)
        put_range(r, below, sql);
    buf_printf(sql, " ORDER BY `id` DESC LIMIT %u", PAGE_ROWS);
}

/* One page through `each`; *below becomes the last id, *left what the limit still allows. *rows 0: that was all. */
static int read_page(struct reading *r, uint64_t *below, uint64_t *left, size_t *rows, journal_each_fn *each,
                     void *context, struct err *err)
{
    struct arena arena = {0};
    struct buf sql = {0};
    struct db_rows page;
    int rc = -1;
    *rows = 0;
    if (r->by_sort && find_ids(r, *below, err))
        return -1;
    if (r->by_sort && r->id_count == 0)
        return 0;
    put_page_sql(r, *below, &sql);
    if (db_query(r->db, &page, &arena, buf_cstr(&sql), err))
        goto out;
    *rows = r->by_sort ? r->id_count : page.row_count;
    for (size_t i = 0; i<page.row_count && * left> 0; i++) {
        const struct span *cells = &page.cells[i * page.column_count];
        *below = number(cells[JOURNAL_ID]);
        if (!in_time(r, cells[JOURNAL_AT]))
            continue;
        (*left)--;
        if (each(context, cells, err))
            goto out;
    }
    if (r->by_sort) /* entries may have changed their sort, or gone, since their ids were read */
        *below = r->ids[r->id_count - 1];
    rc = 0;
out:
    buf_free(&sql);
    arena_free(&arena);
    return rc;
}

static void release(struct reading *r)
{
    for (size_t i = 0; i < r->sort_count; i++)
        buf_free(&r->sorts[i]);
    free(r->sorts);
    free(r->ids);
}

/* No journal is an empty one: 0. */
static int not_there(const struct err *found, struct err *err)
{
    if (db_says_absent(found))
        return 0;
    if (found->code == ER_BAD_FIELD)
        return err_retry(err,
                         "the journal is one of an older release: the applier of a link to there completes it when "
                         "it starts");
    if (err)
        *err = *found;
    return -1;
}

int journal_read(struct db *db, const struct journal_query *query, journal_each_fn *each, void *context,
                 struct err *err)
{
    struct reading r = {.db = db, .query = query};
    struct err found = {0};
    uint64_t below = 0;
    uint64_t left = query->limit ? query->limit : UINT64_MAX;
    size_t rows = 1;
    r.by_sort = query->tables || query->kind || query->cause || query->state;
    int rc = find_bounds(&r, &found) || (r.by_sort && find_sorts(&r, &found)) ? -1 : 0;
    while (rc == 0 && rows > 0 && left > 0)
        rc = read_page(&r, &below, &left, &rows, each, context, &found);
    release(&r);
    return rc ? not_there(&found, err) : 0;
}

/* ---- counting ---- */

int journal_count(struct db *db, const struct journal_query *query, journal_sort_fn *each, void *context,
                  struct err *err)
{
    struct arena a = {0};
    struct buf sql = {0};
    struct err found = {0};
    struct db_rows rows;
    char at[SQL_TIME_LEN];
    buf_put_str(&sql, "SELECT `db`, `tbl`, `kind`, `cause`, `state`, COUNT(*) FROM " JOURNAL " WHERE TRUE");
    if (query->since_us) {
        sql_time(at, query->since_us);
        buf_printf(&sql, " AND `at` >= '%s'", at);
    }
    if (query->until_us) {
        sql_time(at, query->until_us);
        buf_printf(&sql, " AND `at` <= '%s'", at);
    }
    buf_put_str(&sql, " GROUP BY `db`, `tbl`, `kind`, `cause`, `state` ORDER BY `db`, `tbl`, `kind`, `cause`, `state`");
    int rc = db_query(db, &rows, &a, buf_cstr(&sql), &found);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++) {
        struct journal_sort s = sort_of(&rows.cells[i * rows.column_count]);
        s.count = number(db_cell(&rows, i, 5));
        if (admits(query, &s))
            each(context, &s);
    }
    buf_free(&sql);
    arena_free(&a);
    return rc ? not_there(&found, err) : 0;
}
