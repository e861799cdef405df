/* The ledger's rows: reading them, the first one of a link, and the update that leads every target transaction. */
#include "common/target/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/target/ledger_rows.h"
#include "common/target/schema.h"

#define LEDGER "`" DRC_DB "`.`" LEDGER_TABLE "`"
#define ER_DUP_ENTRY 1062
#define ER_BAD_FIELD 1054

void ledger_state_free(struct ledger_state *s)
{
    watermark_free(&s->done);
    buf_free(&s->held);
    buf_free(&s->anchors);
    *s = (struct ledger_state){0};
}

/* ---- reading ---- */

enum {
    ROW_STREAM,
    ROW_PART,
    ROW_SLOT,
    ROW_OWNER,
    ROW_N,
    ROW_WATERMARK,
    ROW_DONE,
    ROW_CHAIN,
    ROW_OFFSET,
    ROW_EPOCH,
    ROW_INSTANCE,
    ROW_GTID,
    ROW_COMMIT_US,
    ROW_CONNECTION,
    ROW_HELD,
    ROW_ANCHORS,
    ROW_STAMP
};

static const char row_columns[] =
    "`stream`, `part`, `slot`, `owner`, `n`, `watermark`, `done`, `chain`, `offset`, `epoch`, `instance`, `gtid`, "
    "`commit_us`, `connection`, `held`";

/* Cells of db_query end with a NUL. */
static uint64_t number(struct span cell)
{
    return strtoull((const char *)cell.p, NULL, 10);
}

static int copy_id(uint8_t to[16], struct span cell, struct err *err)
{
    if (cell.n != 16)
        return err_fatal(err, EXIT_UNSAFE, "%s: an id has %zu bytes, not 16", LEDGER, cell.n);
    memcpy(to, cell.p, 16);
    return 0;
}

static int row_fill(struct ledger_row *row, const struct span *cells, struct err *err)
{
    struct ledger_state *s = &row->state;
    struct bytes ranges = bytes_of(cells[ROW_DONE]);
    if (copy_id(s->stream, cells[ROW_STREAM], err) || copy_id(row->held.owner, cells[ROW_OWNER], err))
        return -1;
    s->part = (uint32_t)number(cells[ROW_PART]);
    row->held.slot = (uint32_t)number(cells[ROW_SLOT]);
    row->held.n = number(cells[ROW_N]);
    s->seq = s->done.low = number(cells[ROW_WATERMARK]);
    watermark_read_ranges(&s->done, &ranges);
    s->chain = number(cells[ROW_CHAIN]);
    s->offset = strtoll((const char *)cells[ROW_OFFSET].p, NULL, 10);
    s->epoch = number(cells[ROW_EPOCH]);
    s->instance = number(cells[ROW_INSTANCE]);
    (void)snprintf(s->gtid, sizeof s->gtid, "%.*s", SPAN_ARG(cells[ROW_GTID]));
    s->commit_us = number(cells[ROW_COMMIT_US]);
    row->connection = number(cells[ROW_CONNECTION]);
    buf_put_span(&s->held, cells[ROW_HELD]);
    buf_put_span(&s->anchors, cells[ROW_ANCHORS]);
    s->stamp = number(cells[ROW_STAMP]);
    if (ranges.bad || bytes_left(&ranges) > 0)
        return err_fatal(err, EXIT_UNSAFE, "%s: column done of slot %u is malformed", LEDGER, row->held.slot);
    return 0;
}

static int query_rows(struct db *db, struct db_rows *out, struct arena *a, const char *topic, bool locking,
                      const char *newer, struct err *err)
{
    struct buf sql = {0};
    buf_printf(&sql, "SELECT %s, %s FROM %s WHERE `topic` = ", row_columns, newer, LEDGER);
    db_put_string(&sql, span_str(topic));
    buf_put_str(&sql, " ORDER BY `slot`");
    buf_put_str(&sql, locking ? " FOR UPDATE" : "");
    int rc = db_query(db, out, a, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc;
}

int ledger_rows_read(struct db *db, const char *topic, bool locking, struct ledger_rows *out, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    struct err why = {0};
    *out = (struct ledger_rows){0};
    /* Of earlier versions while no applier of this release has been there. */
    static const char *const newer[] = {"`anchors`, `" LEDGER_STAMP "`", "`anchors`, 0", "'', 0"};
    int rc = query_rows(db, &rows, &a, topic, locking, newer[0], &why);
    for (size_t i = 1; rc && why.code == ER_BAD_FIELD && i < sizeof newer / sizeof newer[0]; i++)
        rc = query_rows(db, &rows, &a, topic, locking, newer[i], &why);
    if (rc) {
        if (err)
            *err = why;
        goto out;
    }
    out->rows = xcalloc(rows.row_count, sizeof *out->rows);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++) {
        rc = row_fill(&out->rows[out->count++], &rows.cells[i * rows.column_count], err);
        if (rc == 0 && memcmp(out->rows[i].state.stream, out->rows[0].state.stream, STREAM_UUID_LEN) != 0)
            rc = err_fatal(err, EXIT_UNSAFE, "%s has rows of two streams for topic %s", LEDGER, topic);
    }
    if (rc)
        ledger_rows_free(out);
out:
    arena_free(&a);
    return rc;
}

void ledger_rows_free(struct ledger_rows *r)
{
    for (size_t i = 0; i < r->count; i++)
        ledger_state_free(&r->rows[i].state);
    free(r->rows);
    *r = (struct ledger_rows){0};
}

/* At one seq an operator's act may have moved the epoch on. */
static bool is_further(const struct ledger_state *a, const struct ledger_state *b)
{
    if (a->seq != b->seq)
        return a->seq > b->seq;
    return a->epoch != b->epoch ? a->epoch > b->epoch : a->offset > b->offset;
}

void ledger_rows_union(const struct ledger_rows *r, struct ledger_state *out)
{
    const struct ledger_state *highest = &r->rows[0].state;
    struct watermark done = {0};
    uint64_t stamp = 0;
    for (size_t i = 0; i < r->count; i++) {
        watermark_union(&done, &r->rows[i].state.done);
        stamp = r->rows[i].state.stamp > stamp ? r->rows[i].state.stamp : stamp;
        if (is_further(&r->rows[i].state, highest))
            highest = &r->rows[i].state;
    }
    *out = *highest;
    out->done = done;
    out->stamp = stamp;
    out->held = (struct buf){0};
    buf_put_span(&out->held, buf_span(&highest->held));
    out->anchors = (struct buf){0};
    buf_put_span(&out->anchors, buf_span(&highest->anchors));
}

int ledger_find(struct db *db, const char *topic, struct ledger_state *out, struct err *err)
{
    struct ledger_rows r;
    struct err why = {0};
    *out = (struct ledger_state){0};
    if (ledger_rows_read(db, topic, false, &r, &why)) {
        if (db_says_absent(&why))
            return 0;
        if (err)
            *err = why;
        return -1;
    }
    int found = r.count > 0;
    if (found)
        ledger_rows_union(&r, out);
    ledger_rows_free(&r);
    return found;
}

/* ---- writing ---- */

static void put_bytes(struct buf *sql, const uint8_t id[16])
{
    buf_put_str(sql, "X'");
    buf_put_hex(sql, span_of(id, 16));
    buf_put_str(sql, "'");
}

/* "`watermark`=…, …, `stamp`=…" */
static void put_state(struct buf *sql, const struct ledger_state *s)
{
    struct buf ranges = {0};
    watermark_put_ranges_above(&s->done, s->seq, &ranges);
    buf_printf(sql, "`watermark`=%" PRIu64 ", `done`=X'", s->seq);
    buf_put_hex(sql, buf_span(&ranges));
    buf_printf(sql, "', `chain`=%" PRIu64 ", `offset`=%" PRId64 ", `epoch`=%" PRIu64 ", `instance`=%" PRIu64, s->chain,
               s->offset, s->epoch, s->instance);
    buf_put_str(sql, ", `gtid`=");
    db_put_string(sql, span_str(s->gtid));
    buf_printf(sql, ", `commit_us`=%" PRIu64 ", `connection`=CONNECTION_ID(), `held`=X'", s->commit_us);
    buf_put_hex(sql, buf_span(&s->held));
    buf_put_str(sql, "', `anchors`=X'");
    buf_put_hex(sql, buf_span(&s->anchors));
    buf_printf(sql, "', `" LEDGER_STAMP "`=%" PRIu64, s->stamp);
    buf_free(&ranges);
}

int ledger_row_insert(struct db *db, const char *topic, const struct ledger_state *state,
                      const struct ledger_slot *held, struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, "INSERT INTO " LEDGER " SET `stream`=");
    put_bytes(&sql, state->stream);
    buf_printf(&sql, ", `part`=%u, `slot`=%u, `topic`=", state->part, held->slot);
    db_put_string(&sql, span_str(topic));
    buf_put_str(&sql, ", `owner`=");
    put_bytes(&sql, held->owner);
    buf_printf(&sql, ", `n`=%" PRIu64 ", ", held->n);
    put_state(&sql, state);
    int rc = db_exec(db, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc;
}

int ledger_create(struct db *db, const char *topic, const struct ledger_state *start, struct err *err)
{
    const struct ledger_slot nobody = {0};
    struct ledger_state there = {0};
    struct err why = {0};
    if (db_exec(db, "BEGIN", err))
        return -1;
    if (ledger_row_insert(db, topic, start, &nobody, &why) == 0 && ledger_note_slots(db, start, 1, &why) == 0)
        return db_exec(db, "COMMIT", err);
    db_rollback(db);
    if (why.code != ER_DUP_ENTRY) {
        if (err)
            *err = why;
        return -1;
    }
    int found = ledger_find(db, topic, &there, err);
    ledger_state_free(&there);
    if (found == 0)
        return err_fatal(err, EXIT_UNSAFE, "%s has that stream's row for another topic than %s", LEDGER, topic);
    return found < 0 ? -1 : 0;
}

int ledger_slot_lost(const struct ledger_slot *held, bool is_there, struct err *err)
{
    if (is_there)
        return err_stop(err, MSG_STOP_APPLIER_FENCED, "fenced by a newer instance: slot %u of %s has another owner",
                        held->slot, LEDGER);
    return err_stop(err, MSG_STOP_LEDGER_CHANGED,
                    "slot %u of this link is gone from %s, deleted by somebody: without it what is in effect cannot be "
                    "told, and a new start would repeat it; bring the row back from a backup, or empty the tables",
                    held->slot, LEDGER);
}

static int not_ours(struct db *db, const struct ledger_slot *held, const struct ledger_state *state, struct err *err)
{
    struct buf sql = {0};
    uint64_t rows;
    buf_put_str(&sql, "SELECT COUNT(*) FROM " LEDGER " WHERE `stream`=");
    put_bytes(&sql, state->stream);
    buf_printf(&sql, " AND `part`=%u AND `slot`=%u", state->part, held->slot);
    int rc = db_query_u64(db, &rows, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc ? -1 : ledger_slot_lost(held, rows > 0, err);
}

int ledger_write(struct db *db, const struct ledger_slot *held, const struct ledger_state *state, struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, "UPDATE " LEDGER " SET `n`=`n`+1, ");
    put_state(&sql, state);
    buf_put_str(&sql, " WHERE `stream`=");
    put_bytes(&sql, state->stream);
    buf_printf(&sql, " AND `part`=%u AND `slot`=%u", state->part, held->slot);
#ifndef DRC_FAULT_NO_FENCE
    buf_put_str(&sql, " AND `owner`=");
    put_bytes(&sql, held->owner);
    buf_printf(&sql, " AND `n`=%" PRIu64, held->n);
#endif
    int rc = db_exec(db, buf_cstr(&sql), err);
    if (rc == 0 && db_affected(db) != 1)
        rc = not_ours(db, held, state, err);
    buf_free(&sql);
    return rc;
}

void ledger_committed(struct ledger_slot *held)
{
    held->n++;
}
