/* Counting and deleting the oldest entries of the journal. */
#include "common/target/journal_purge.h"

#include <inttypes.h>

#include "common/target/schema.h"

#define JOURNAL "`" DRC_DB "`.`" JOURNAL_TABLE "`"
#define COUNT_MOST 1000000u /* of entries that are over: enough to know */

/* The moment that lies so long back, in the server's own time. */
static void put_cutoff(struct buf *sql, uint64_t age_ms)
{
    buf_printf(sql, "UTC_TIMESTAMP(6) - INTERVAL %" PRIu64 " MICROSECOND", age_ms * 1000);
}

/* Entries older than that, by the index of times. */
static int count_older(struct db *db, uint64_t age_ms, bool open, uint64_t *out, struct err *err)
{
    struct buf sql = {0};
    *out = 0;
    if (age_ms == 0)
        return 0;
    buf_printf(&sql, "SELECT COUNT(*) FROM (SELECT %s FROM " JOURNAL " WHERE `at` < ", open ? "`state`" : "1");
    put_cutoff(&sql, age_ms);
    buf_printf(&sql, " LIMIT %u) x%s", COUNT_MOST, open ? " WHERE `state` = '" JOURNAL_OPEN "'" : "");
    int rc = db_query_u64(db, out, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc;
}

/* Open ones among the `n` oldest. */
static int count_open(struct db *db, uint64_t n, uint64_t *out, struct err *err)
{
    struct buf sql = {0};
    *out = 0;
    if (n == 0)
        return 0;
    buf_printf(&sql,
               "SELECT COUNT(*) FROM (SELECT `state` FROM " JOURNAL " ORDER BY `id` LIMIT %" PRIu64
               ") x WHERE `state` = '" JOURNAL_OPEN "'",
               n < COUNT_MOST ? n : COUNT_MOST);
    int rc = db_query_u64(db, out, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc;
}

/* Ids have gaps, so that their span is only a bound, and so is what came since the last count; the count itself reads
 * the whole of an index. */
static int count_all(struct db *db, const struct journal_retention *r, struct journal_counted *counted, uint64_t *out,
                     struct err *err)
{
    uint64_t top;
    if (db_query_u64(db, out, "SELECT COALESCE(MAX(`id`) - MIN(`id`) + 1, 0) FROM " JOURNAL, err) ||
        db_query_u64(db, &top, "SELECT COALESCE(MAX(`id`), 0) FROM " JOURNAL, err))
        return -1;
    if (*out <= r->rows - r->rows / 10)
        return 0;
    uint64_t most = counted->rows + (top - counted->top);
    if (counted->top > 0 && top >= counted->top && most <= r->rows + r->rows / 100) {
        *out = most < r->rows ? most : r->rows;
        return 0;
    }
    if (db_query_u64(db, out, "SELECT COUNT(*) FROM " JOURNAL, err))
        return -1;
    counted->rows = *out;
    counted->top = top;
    return 0;
}

static uint64_t more(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* ---- size ---- */

static int read_length(struct db *db, uint64_t *out, struct err *err)
{
    if (db_flavor(db) == FLAVOR_MYSQL && db_exec(db, "SET SESSION information_schema_stats_expiry = 0", err))
        return -1;
    return db_query_u64(db, out,
                        "SELECT COALESCE(MAX(DATA_LENGTH + INDEX_LENGTH), 0) FROM information_schema.TABLES "
                        "WHERE TABLE_SCHEMA = '" DRC_DB "' AND TABLE_NAME = '" JOURNAL_TABLE "'",
                        err);
}

/* How many there are, to within a hundredth. */
static int count_about(struct db *db, struct journal_counted *counted, uint64_t *out, struct err *err)
{
    uint64_t top;
    if (db_query_u64(db, &top, "SELECT COALESCE(MAX(`id`), 0) FROM " JOURNAL, err))
        return -1;
    if (counted->top == 0 || top < counted->top || top - counted->top > counted->rows / 100) {
        if (db_query_u64(db, &counted->rows, "SELECT COUNT(*) FROM " JOURNAL, err))
            return -1;
        counted->top = top;
    }
    *out = counted->rows;
    return 0;
}

/* Of `all` entries that take `length` bytes: those by which it is more than `bound`. */
static uint64_t beyond(uint64_t all, uint64_t length, uint64_t bound)
{
    return length > bound ? (uint64_t)((double)all * ((double)(length - bound) / (double)length)) : 0;
}

/* Entries beyond the size, and beyond nine tenths of it. */
static int count_big(struct db *db, const struct journal_retention *r, struct journal_counted *counted,
                     struct journal_age *out, uint64_t *soon, struct err *err)
{
    const uint64_t warn = r->bytes - r->bytes / 10;
    uint64_t length, all;
    if (r->bytes == 0)
        return 0;
    if (read_length(db, &length, err))
        return -1;
    if (length <= warn || length == counted->length)
        return 0;
    if (count_about(db, counted, &all, err))
        return -1;
    out->over_rows = more(out->over_rows, beyond(all, length, r->bytes));
    out->length = length > r->bytes ? length : 0;
    *soon = more(*soon, beyond(all, length, warn));
    return 0;
}

/* ---- looking ---- */

int journal_purge_look(struct db *db, const struct journal_retention *r, struct journal_counted *counted,
                       struct journal_age *out, struct err *err)
{
    uint64_t all = 0, soon = 0, soon_rows = 0;
    uint64_t warn_rows = r->rows - r->rows / 10;
    *out = (struct journal_age){0};
    if (db_query_u64(db, &out->oldest_us,
                     "SELECT COALESCE((SELECT CAST(UNIX_TIMESTAMP(`at`) * 1000000 AS UNSIGNED) FROM " JOURNAL
                     " ORDER BY `id` LIMIT 1), 0)",
                     err) ||
        count_older(db, r->age_ms, false, &out->over_age, err) ||
        count_older(db, r->age_ms - r->age_ms / 10, false, &soon, err) ||
        (r->rows && count_all(db, r, counted, &all, err)))
        return -1;
    if (r->rows && all > warn_rows) {
        out->over_rows = all > r->rows ? all - r->rows : 0;
        soon_rows = all - warn_rows;
    }
    if (count_big(db, r, counted, out, &soon_rows, err))
        return -1;
    soon = more(soon, soon_rows);
    out->soon = soon - more(out->over_age, out->over_rows);
    return 0;
}

int journal_purge_open(struct db *db, const struct journal_retention *r, const struct journal_age *age, uint64_t *open,
                       struct err *err)
{
    uint64_t by_age, by_rows;
    if (count_older(db, r->age_ms - r->age_ms / 10, true, &by_age, err) ||
        count_open(db, r->rows || r->bytes ? age->soon + age->over_rows : 0, &by_rows, err))
        return -1;
    *open = more(by_age, by_rows);
    return 0;
}

static int delete_some(struct db *db, const char *what, uint64_t most, uint64_t *gone, struct err *err)
{
    struct buf sql = {0};
    buf_printf(&sql, "DELETE FROM " JOURNAL " %s LIMIT %" PRIu64, what,
               most < JOURNAL_PURGE_STEP ? most : JOURNAL_PURGE_STEP);
    int rc = db_exec(db, buf_cstr(&sql), err);
    *gone = rc ? 0 : db_affected(db);
    buf_free(&sql);
    return rc;
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

int journal_purge_step(struct db *db, const struct journal_retention *r, struct journal_age *age, uint64_t *gone,
                       struct err *err)
{
    struct buf what = {0};
    int rc = 0;
    *gone = 0;
    if (age->over_rows >= age->over_age && age->over_rows > 0) {
        rc = delete_some(db, "ORDER BY `id`", age->over_rows, gone, err);
    } else if (age->over_age > 0) {
        buf_put_str(&what, "WHERE `at` < ");
        put_cutoff(&what, r->age_ms);
        buf_put_str(&what, " ORDER BY `at`");
        rc = delete_some(db, buf_cstr(&what), age->over_age, gone, err);
    }
    age->over_rows = less(age->over_rows, *gone);
    age->over_age = *gone > 0 ? less(age->over_age, *gone) : 0;
    if (*gone == 0)
        age->over_rows = 0;
    buf_free(&what);
    return rc;
}
