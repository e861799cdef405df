/* Questions to the source server beside its binlog. */
#include "capture/source.h"

#include <stdlib.h>

#include "capture/source_private.h"
#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/target/ledger_canary.h"
#include "common/target/link_row.h"
#include "common/target/schema.h"

#define TIMEOUT_S 5u
#define SETTLE_MS 2000u
#define BAD_FIELD 1054

struct source *source_new(const struct config *config, const struct region_config *region, const char *program)
{
    struct source *s = xcalloc(1, sizeof *s);
    s->config = config;
    s->region = region;
    s->program = program;
    return s;
}

void source_free(struct source **s)
{
    if (!*s)
        return;
    db_close(&(*s)->db);
    free((*s)->streams);
    findings_told_free(&(*s)->told);
    arena_free(&(*s)->arena);
    free(*s);
    *s = NULL;
}

int source_connect(struct source *s, struct err *err)
{
    struct db_options options = {
        .program = s->program,
        .connect_timeout_s = TIMEOUT_S,
        .read_timeout_s = TIMEOUT_S,
        .write_timeout_s = TIMEOUT_S,
        .server = s->server,
        .read_only_too = !s->want_writable,
    };
    return s->db ? 0 : db_connect(&s->db, s->region, &options, err);
}

/* A connection after an error of it is not used again. */
static int lost(struct source *s, const struct err *err)
{
    if (err && err->class == ERR_RETRY)
        db_close(&s->db);
    return -1;
}

int source_query(struct source *s, struct db_rows *out, const char *sql, struct err *err)
{
    arena_reset(&s->arena);
    if (source_connect(s, err) != 0)
        return -1;
    return db_query(s->db, out, &s->arena, sql, err) == 0 ? 0 : lost(s, err);
}

int source_position(struct source *s, struct position *out, struct err *err)
{
    if (source_connect(s, err) != 0)
        return -1;
    return db_source_position(s->db, out, err) == 0 ? 0 : lost(s, err);
}

/* What is on its way through a commit. */
static int owned(struct source *s, struct position *out, struct err *err)
{
    if (source_connect(s, err) != 0)
        return -1;
    return db_owned_position(s->db, out, err) == 0 ? 0 : lost(s, err);
}

int source_settled(struct source *s, struct position *out, struct err *err)
{
    struct position open = {0};
    uint64_t deadline = clock_mono_ms() + SETTLE_MS;
    if (owned(s, &open, err) != 0)
        return -1;
    int rc = source_position(s, out, err);
    while (rc == 0 && !position_covers(out, &open) && clock_mono_ms() < deadline) {
        clock_sleep_ms(20);
        rc = source_position(s, out, err);
    }
    position_free(&open);
    return rc;
}

/* A transaction goes from "owned" to "executed", so they are read in this order. */
int source_logged(struct source *s, struct position *out, struct err *err)
{
    struct position open = {0};
    if (owned(s, &open, err) != 0)
        return -1;
    int rc = source_position(s, out, err);
    if (rc == 0)
        position_union(out, &open);
    position_free(&open);
    return rc;
}

int source_skew(struct source *s, int64_t *out, struct err *err)
{
    uint64_t theirs = 0;
    if (source_connect(s, err) != 0)
        return -1;
    uint64_t asked = clock_wall_us();
    if (db_query_u64(s->db, &theirs, "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED)", err) != 0)
        return lost(s, err);
    uint64_t answered = clock_wall_us();
    *out = (int64_t)(theirs - (asked + (answered - asked) / 2));
    return 0;
}

/* ---- the ledger ---- */

static bool is_there(const struct source *s, const uint8_t stream[16])
{
    for (size_t i = 0; i < s->stream_count; i++)
        if (memcmp(s->streams[i].uuid, stream, 16) == 0)
            return true;
    return false;
}

static void remember(struct source *s, const uint8_t stream[16])
{
    s->streams = xreallocarray(s->streams, s->stream_count + 1, sizeof *s->streams);
    memcpy(s->streams[s->stream_count++].uuid, stream, 16);
}

/* Rows of the ledger, or none where there is no ledger. */
static int query_ledger(struct source *s, struct db_rows *out, const char *sql, struct err *err)
{
    struct err found = {0};
    if (source_query(s, out, sql, &found) == 0)
        return 0;
    *out = (struct db_rows){0};
    if (db_says_absent(&found))
        return 0;
    if (err)
        *err = found;
    return -1;
}

/* Take note of the streams that a query of the ledger finds. */
static int learn_streams(struct source *s, const char *sql, struct err *err)
{
    struct db_rows rows;
    if (query_ledger(s, &rows, sql, err) != 0)
        return -1;
    for (size_t i = 0; i < rows.row_count; i++) {
        struct span uuid = db_cell(&rows, i, 0);
        if (uuid.n == 16 && !is_there(s, uuid.p))
            remember(s, uuid.p);
    }
    return 0;
}

/* The server sends a transaction as soon as its binlog is synced, before the engine shows it to others: the row may be
 * there and not be seen yet. A locking read waits for it. */
int source_knows_stream(struct source *s, const uint8_t stream[16], struct err *err)
{
    struct buf sql = {0};
    if (is_there(s, stream))
        return 1;
    int rc = learn_streams(s, "SELECT DISTINCT " LEDGER_STREAM " FROM " DRC_DB "." LEDGER_TABLE, err);
    if (rc == 0 && !is_there(s, stream)) {
        buf_put_str(&sql, "SELECT " LEDGER_STREAM " FROM " DRC_DB "." LEDGER_TABLE " WHERE " LEDGER_STREAM " = X'");
        buf_put_hex(&sql, span_of(stream, 16));
        buf_put_str(&sql, "' LOCK IN SHARE MODE");
        rc = learn_streams(s, buf_cstr(&sql), err);
    }
    buf_free(&sql);
    return rc != 0 ? -1 : is_there(s, stream);
}

/* The mark was committed before the statement began, so it is seen. */
int source_knows_mark(struct source *s, const char *mark, struct err *err)
{
    struct db_rows rows;
    struct buf sql = {0};
    link_row_put_mark_query(&sql, mark);
    int rc = query_ledger(s, &rows, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc != 0 ? -1 : rows.row_count > 0;
}

static bool read_number(uint64_t *out, struct span text)
{
    *out = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        *out = *out * 10 + (uint64_t)(text.p[i] - '0');
    }
    return text.n > 0 && text.n < 21;
}

static bool read_ledger_row(struct cut *out, uint64_t *stamp, const struct db_rows *rows, size_t i)
{
    uint64_t part, low, greatest;
    struct span stream = db_cell(rows, i, 0);
    struct span ranges = db_cell(rows, i, 3);
    if (stream.n == 16 && ledger_is_canary(stream.p))
        return true;
    if (stream.n != 16 || !read_number(&part, db_cell(rows, i, 1)) || !read_number(&low, db_cell(rows, i, 2)))
        return false;
    if (read_number(&greatest, db_cell(rows, i, 4)) && greatest > *stamp)
        *stamp = greatest;
    struct watermark done = {.low = low};
    struct bytes r = bytes_of(ranges);
    if (ranges.n > 0)
        watermark_read_ranges(&done, &r);
    if (!r.bad)
        watermark_union(&cut_entry_of(out, stream.p, (uint32_t)part)->done, &done);
    watermark_free(&done);
    return !r.bad;
}

#define LEDGER_CUT_QUERY(stamp)                                                                                        \
    "SELECT " LEDGER_STREAM ", " LEDGER_PART ", " LEDGER_WATERMARK ", " LEDGER_DONE ", " stamp " FROM " DRC_DB         \
    "." LEDGER_TABLE

int source_ledger_cut(struct source *s, struct cut *out, uint64_t *stamp, struct err *err)
{
    struct db_rows rows;
    struct err found = {0};
    *out = (struct cut){0};
    *stamp = 0;
    int rc = query_ledger(s, &rows, LEDGER_CUT_QUERY(LEDGER_STAMP), &found);
    if (rc != 0 && found.code == BAD_FIELD) /* no applier of this release has been there yet */
        rc = query_ledger(s, &rows, LEDGER_CUT_QUERY("0"), &found);
    if (rc != 0) {
        if (err)
            *err = found;
        return -1;
    }
    for (size_t i = 0; i < rows.row_count; i++)
        if (!read_ledger_row(out, stamp, &rows, i))
            return err_fatal(err, EXIT_UNSAFE, "a row of " DRC_DB "." LEDGER_TABLE " of region %s cannot be read",
                             s->region->name);
    return 0;
}
