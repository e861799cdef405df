/* The statements about drc.repair. */
#include <inttypes.h>
#include <string.h>

#include "common/target/insert_db.h"
#include "common/target/repair.h"
#include "common/target/schema.h"

#define TABLE "`" DRC_DB "`.`" REPAIR_TABLE "`"
#define ASK_FROM (512u << 10) /* bytes of a body; where a packet has less, nothing is compared */
#define PACKET_ROOM 4096u     /* for what is not the body */

static const char *const kind_names[REPAIR_KINDS] = {[REPAIR_PROBE] = "probe", [REPAIR_ROW] = "repair"};

static struct insert_value bytes_value(struct span v)
{
    struct insert_value out = {.binary = true};
    buf_put_span(&out.value, v);
    return out;
}

static struct insert_value text_value(struct span v)
{
    struct insert_value out = {0};
    buf_put_span(&out.value, v);
    return out;
}

/* Above max_allowed_packet servers end the connection, or say "unknown error": so they are asked before. */
static int check_fits(struct db *db, size_t n, struct err *err)
{
    uint64_t packet;
    if (n <= ASK_FROM)
        return 0;
    if (db_query_u64(db, &packet, "SELECT @@max_allowed_packet", err))
        return -1;
    if (n + PACKET_ROOM <= packet)
        return 0;
    return err_data(
        err, "it needs %zu bytes in one packet of the server that has it: raise its max_allowed_packet above that",
        n + PACKET_ROOM);
}

int repair_write_mark(struct db *db, const struct repair_mark *m, struct span body, struct err *err)
{
    if (check_fits(db, body.n, err))
        return -1;
    struct insert_value values[] = {
        bytes_value(span_of(m->id, sizeof m->id)),
        text_value(span_str(kind_names[m->kind])),
        text_value(m->asked),
        bytes_value(span_of(m->seen.bytes, m->seen.len)),
        bytes_value(body),
    };
    struct err found = {0};
    int rc = insert_run(db,
                        "INSERT INTO " TABLE " (`id`, `at`, `kind`, `asked`, `seen`, `body`)"
                        " VALUES (?, UTC_TIMESTAMP(6), ?, ?, ?, ?)",
                        values, 5, "a mark of reconcile", &found);
    if (rc == 0)
        return 0;
    if (found.class == ERR_FATAL && found.exit_code == EXIT_BAD_CONFIG)
        return err_data(err, "%s", found.text);
    *err = found;
    return -1;
}

int repair_write_reply(struct db *db, const struct repair_mark *m, const struct repair_reply *reply, struct err *err)
{
    struct insert_value values[] = {
        bytes_value(span_of(m->id, sizeof m->id)),
        text_value(span_str(m->kind < REPAIR_KINDS ? kind_names[m->kind] : "")),
        text_value(m->asked),
        bytes_value(span_of(reply->there.bytes, reply->there.len)),
        text_value(span_str(repair_answer_name(reply->answer))),
        text_value(span_str(reply->why)),
    };
    return insert_run(db,
                      "REPLACE INTO " TABLE " (`id`, `at`, `kind`, `asked`, `seen`, `body`, `answer`, `why`)"
                      " VALUES (?, UTC_TIMESTAMP(6), ?, ?, ?, '', ?, ?)",
                      values, 6, "the answer to a mark of reconcile", err);
}

static void put_id(struct buf *sql, const uint8_t run[8], uint64_t number)
{
    uint8_t id[REPAIR_ID_LEN];
    repair_make_id(id, run, number);
    buf_put_str(sql, "X'");
    buf_put_hex(sql, span_of(id, sizeof id));
    buf_put_str(sql, "'");
}

static enum repair_answer answer_of(struct span word)
{
    for (int a = REPAIR_NONE + 1; a < REPAIR_ANSWERS; a++)
        if (span_is(word, repair_answer_name((enum repair_answer)a)))
            return (enum repair_answer)a;
    return REPAIR_REFUSED; /* of a later release */
}

static void take_reply(struct repair_reply *out, const struct db_rows *rows, size_t i)
{
    struct span seen = db_cell(rows, i, 1), why = db_cell(rows, i, 3);
    *out = (struct repair_reply){.answer = answer_of(db_cell(rows, i, 2))};
    out->there.len = seen.n == REPAIR_HASH_LEN ? REPAIR_HASH_LEN : 0;
    if (out->there.len > 0)
        memcpy(out->there.bytes, seen.p, REPAIR_HASH_LEN);
    size_t n = why.n < sizeof out->why ? why.n : sizeof out->why - 1;
    if (n > 0)
        memcpy(out->why, why.p, n);
}

int repair_read_replies(struct db *db, const uint8_t run[8], uint64_t base, size_t n, struct repair_reply *replies,
                        size_t *count, struct err *err)
{
    struct buf sql = {0};
    struct arena arena = {0};
    struct db_rows rows;
    *count = 0;
    buf_put_str(&sql, "SELECT `id`, `seen`, `answer`, `why` FROM " TABLE " WHERE `id` BETWEEN ");
    put_id(&sql, run, base);
    buf_put_str(&sql, " AND ");
    put_id(&sql, run, base + n - 1);
    buf_put_str(&sql, " AND `answer` IS NOT NULL");
    int rc = db_query(db, &rows, &arena, buf_cstr(&sql), err);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++) {
        struct span id = db_cell(&rows, i, 0);
        struct bytes r = bytes_of(id);
        (void)bytes_take(&r, 8);
        uint64_t number = bytes_be(&r, 8) - base;
        if (r.bad || number >= n)
            continue;
        take_reply(&replies[number], &rows, i);
        ++*count;
    }
    arena_free(&arena);
    buf_free(&sql);
    return rc;
}

int repair_purge_step(struct db *db, const uint8_t run[8], uint64_t *gone, struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, "DELETE FROM " TABLE " WHERE ");
    if (run) {
        buf_put_str(&sql, "`id` BETWEEN ");
        put_id(&sql, run, 0);
        buf_put_str(&sql, " AND ");
        put_id(&sql, run, UINT64_MAX);
    } else {
        buf_put_str(&sql, "`at` < UTC_TIMESTAMP(6) - INTERVAL 1 DAY");
    }
    buf_printf(&sql, " LIMIT %u", REPAIR_PURGE_STEP);
    int rc = db_exec(db, buf_cstr(&sql), err);
    *gone = rc ? 0 : db_affected(db);
    buf_free(&sql);
    return rc;
}
