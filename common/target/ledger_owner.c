/* Who may write through a slot: taking over from a former instance, and what became of a COMMIT without an answer. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/mem.h"
#include "common/target/ledger.h"
#include "common/target/ledger_rows.h"
#include "common/target/schema.h"

#define LEDGER "`" DRC_DB "`.`" LEDGER_TABLE "`"
#define META "`" DRC_DB "`.`" META_TABLE "`"
#define ER_NO_SUCH_THREAD 1094
#define ATTACH_WAIT_S 5 /* for a killed connection to go */

/* "'drc.<owner>.<slot>'": the named lock that the writer of a slot holds as long as its connection lives. */
static void lock_name(char out[64], const struct ledger_slot *held)
{
    int n = snprintf(out, 64, "'" DRC_DB ".");
    for (size_t i = 0; i < sizeof held->owner; i++)
        n += snprintf(out + n, 64 - (size_t)n, "%02x", held->owner[i]);
    (void)snprintf(out + n, 64 - (size_t)n, ".%u'", held->slot);
}

/* The connection that holds the slot's lock; 0: none. */
static int holder(struct db *db, uint64_t *id, const struct ledger_slot *held, struct err *err)
{
    char name[64];
    char sql[128];
    lock_name(name, held);
    (void)snprintf(sql, sizeof sql, "SELECT IS_USED_LOCK(%s)", name);
    return db_query_u64(db, id, sql, err);
}

int ledger_is_attended(struct db *db, const char *topic, struct err *err)
{
    struct ledger_rows rows;
    uint64_t id = 0;
    if (ledger_rows_read(db, topic, false, &rows, err))
        return -1;
    int rc = 0;
    for (size_t i = 0; rc == 0 && id == 0 && i < rows.count; i++)
        rc = holder(db, &id, &rows.rows[i].held, err);
    ledger_rows_free(&rows);
    return rc ? -1 : id != 0;
}

/* Kill the connection that holds the slot's lock, if one lives and it is not this one. */
static int kill_holder(struct db *db, const struct ledger_slot *held, struct err *err)
{
    char sql[128];
    uint64_t id;
    struct err why = {0};
    if (holder(db, &id, held, err))
        return -1;
    if (id == 0 || id == db_connection_id(db))
        return 0;
    (void)snprintf(sql, sizeof sql, "KILL %" PRIu64, id);
    if (db_exec(db, sql, &why) == 0 || why.code == ER_NO_SUCH_THREAD)
        return 0;
    if (err)
        *err = why;
    return -1;
}

int ledger_attach(struct db *db, const struct ledger_slot *held, struct err *err)
{
    char name[64];
    char sql[128];
    uint64_t got;
    if (kill_holder(db, held, err))
        return -1;
    lock_name(name, held);
    (void)snprintf(sql, sizeof sql, "SELECT GET_LOCK(%s, %d)", name, ATTACH_WAIT_S);
    if (db_query_u64(db, &got, sql, err))
        return -1;
    return got == 1 ? 0 : err_retry(err, "a former connection to slot %u of the ledger is still there", held->slot);
}

static int new_owner(uint8_t out[16], struct err *err)
{
    return getrandom(out, 16, 0) == 16 ? 0 : err_retry(err, "no random bytes for an instance id");
}

/* ---- how many slots there are ----
 *
 * A slot's row that is gone leaves a hole, or, when it was the last one, nothing: what only it said to be in effect
 * would be applied again. So drc.meta says how many rows the stream has. Who deletes all of them has the link start
 * anew. */

static void meta_name(struct buf *out, const struct ledger_state *s)
{
    buf_put_str(out, "'slots ");
    buf_put_hex(out, span_of(s->stream, STREAM_UUID_LEN));
    buf_printf(out, " %u'", s->part);
}

/* 0: it does not say. */
static int read_slot_count(struct db *db, uint64_t *out, const struct ledger_state *s, struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, "SELECT value FROM " META " WHERE name = ");
    meta_name(&sql, s);
    int rc = db_query_u64(db, out, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc;
}

int ledger_note_slots(struct db *db, const struct ledger_state *s, uint64_t count, struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, "INSERT INTO " META " (name, value) VALUES (");
    meta_name(&sql, s);
    buf_printf(&sql, ", '%" PRIu64 "') ON DUPLICATE KEY UPDATE value = VALUES(value)", count);
    int rc = db_exec(db, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc;
}

/* No row is missing: neither between others, nor behind the last of them. */
static int check_slots(struct db *db, const struct ledger_rows *rows, uint64_t *noted, struct err *err)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        const struct ledger_slot missing = {.slot = i};
        if (rows->rows[i].held.slot != i)
            return ledger_slot_lost(&missing, false, err);
    }
    const struct ledger_slot next = {.slot = (uint32_t)rows->count};
    if (read_slot_count(db, noted, &rows->rows[0].state, err))
        return -1;
    return rows->count < *noted ? ledger_slot_lost(&next, false, err) : 0;
}

/* Inside the transaction: the rows change hands, then missing ones are made. */
static int take_rows(struct db *db, const char *topic, uint32_t slots, const uint8_t owner[16],
                     struct ledger_rows *rows, struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, "UPDATE " LEDGER " SET `n`=`n`+1, `connection`=CONNECTION_ID(), `owner`=X'");
    buf_put_hex(&sql, span_of(owner, 16));
    buf_put_str(&sql, "' WHERE `topic`=");
    db_put_string(&sql, span_str(topic));
    int rc = db_exec(db, buf_cstr(&sql), err);
    buf_free(&sql);
    if (rc || ledger_rows_read(db, topic, true, rows, err))
        return -1;
    if (rows->count == 0)
        return err_fatal(err, EXIT_BUG, LEDGER " has no row for topic %s to take over", topic);
    const uint64_t count = rows->count > slots ? rows->count : slots;
    uint64_t noted;
    if (check_slots(db, rows, &noted, err))
        return -1;
    struct ledger_state whole;
    ledger_rows_union(rows, &whole);
    for (uint32_t slot = (uint32_t)rows->count; rc == 0 && slot < slots; slot++) {
        struct ledger_slot made = {.slot = slot};
        memcpy(made.owner, owner, sizeof made.owner);
        rc = ledger_row_insert(db, topic, &whole, &made, err);
    }
    if (rc == 0 && noted != count)
        rc = ledger_note_slots(db, &whole, count, err);
    ledger_state_free(&whole);
    return rc;
}

static void fill_holds(struct ledger_slot *held, uint32_t slots, const uint8_t owner[16],
                       const struct ledger_rows *rows)
{
    for (uint32_t i = 0; i < slots; i++) {
        held[i] = (struct ledger_slot){.slot = i, .n = i < rows->count ? rows->rows[i].held.n : 0};
        memcpy(held[i].owner, owner, sizeof held[i].owner);
    }
}

int ledger_take_over(struct db *db, const char *topic, uint32_t slots, struct ledger_slot *held,
                     struct ledger_state *out, struct err *err)
{
    struct ledger_rows rows;
    uint8_t owner[16];
    *out = (struct ledger_state){0};
    if (ledger_rows_read(db, topic, false, &rows, err))
        return -1;
    int rc = new_owner(owner, err);
    for (size_t i = 0; rc == 0 && i < rows.count; i++)
        rc = kill_holder(db, &rows.rows[i].held, err);
    ledger_rows_free(&rows);
    if (rc || db_exec(db, "BEGIN", err))
        return -1;
    rc = take_rows(db, topic, slots, owner, &rows, err);
    if (rc == 0) {
        ledger_rows_union(&rows, out);
        fill_holds(held, slots, owner, &rows);
        rc = db_exec(db, "COMMIT", err);
    } else {
        db_rollback(db);
    }
    ledger_rows_free(&rows);
    return rc;
}

static int settle_row(const struct ledger_rows *rows, struct ledger_slot *held, struct err *err)
{
    const struct ledger_row *row = NULL;
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->rows[i].held.slot == held->slot)
            row = &rows->rows[i];
    }
    bool ours = row && memcmp(row->held.owner, held->owner, sizeof held->owner) == 0;
#ifdef DRC_FAULT_NO_FENCE
    if (row && !ours) {
        held->n = row->held.n;
        return 0;
    }
#endif
    if (!ours)
        return ledger_slot_lost(held, row != NULL, err);
    if (row->held.n != held->n && row->held.n != held->n + 1)
        return err_stop(err, MSG_STOP_LEDGER_CHANGED,
                        "%s: slot %u has counted to %" PRIu64 ", this instance to %" PRIu64 ": somebody changed it",
                        LEDGER, held->slot, row->held.n, held->n);
    held->n = row->held.n;
    return 0;
}

static int read_slot(struct db *db, struct buf *sql, struct ledger_row *row, size_t *count, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    int rc = db_query(db, &rows, &a, buf_cstr(sql), err);
    *count = rc == 0 ? rows.row_count : 0;
    if (*count > 0) {
        struct span owner = db_cell(&rows, 0, 0);
        memcpy(row->held.owner, owner.p, owner.n < sizeof row->held.owner ? owner.n : sizeof row->held.owner);
        row->held.n = strtoull((const char *)db_cell(&rows, 0, 1).p, NULL, 10);
    }
    arena_free(&a);
    return rc;
}

int ledger_settle_slot(struct db *db, const uint8_t stream[STREAM_UUID_LEN], uint32_t part, struct ledger_slot *held,
                       struct err *err)
{
    struct ledger_row row = {.held = {.slot = held->slot}};
    struct ledger_rows one = {.rows = &row};
    struct buf sql = {0};
    if (db_exec(db, "BEGIN", err))
        return -1;
    buf_put_str(&sql, "SELECT `owner`, `n` FROM " LEDGER " WHERE `stream`=X'");
    buf_put_hex(&sql, span_of(stream, STREAM_UUID_LEN));
    buf_printf(&sql, "' AND `part`=%u AND `slot`=%u FOR UPDATE", part, held->slot);
    int rc = read_slot(db, &sql, &row, &one.count, err);
    if (rc == 0)
        rc = settle_row(&one, held, err);
    buf_free(&sql);
    db_rollback(db);
    return rc;
}

int ledger_settle(struct db *db, const char *topic, struct ledger_slot *held, uint32_t slots, struct err *err)
{
    struct ledger_rows rows = {0};
    if (db_exec(db, "BEGIN", err))
        return -1;
    int rc = ledger_rows_read(db, topic, true, &rows, err);
    for (uint32_t i = 0; rc == 0 && i < slots; i++)
        rc = settle_row(&rows, &held[i], err);
    ledger_rows_free(&rows);
    db_rollback(db);
    return rc;
}
