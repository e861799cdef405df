/* Marks: two connections, one transaction at a time, and waiting for the answers. */
#include "reconcile/marker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/target/local_row.h"
#include "common/target/schema.h"
#include "common/target/session.h"

#define TRIES 6
#define PURGES_MOST 100 /* of a thousand rows each: the janitors do the rest */
#define POLL_MOST_MS 100u

struct marker {
    const struct config *config;
    const char *regions[2];
    const struct stop *stop; /* may be NULL */
    struct db *db[2];
    bool ready[2]; /* to ask from there */
    bool wrote[2];
    uint8_t run[8];
    uint64_t number; /* of the last mark */
    int side;        /* of the transaction in hand */
    bool open;       /* there is one: what is read on its side is locked */
    struct arena arena;
    struct buf sql;
};

struct marker *marker_new(const struct config *config, const char *const regions[2], const struct stop *stop)
{
    struct marker *m = xcalloc(1, sizeof *m);
    m->config = config;
    m->stop = stop;
    m->regions[0] = regions[0];
    m->regions[1] = regions[1];
    if (getentropy(m->run, sizeof m->run)) {
        uint64_t now = clock_wall_us();
        memcpy(m->run, &now, sizeof m->run);
    }
    return m;
}

static void purge(struct marker *m, int side, const uint8_t *run)
{
    uint64_t gone = REPAIR_PURGE_STEP;
    struct err err = {0};
    for (int i = 0; i < PURGES_MOST && gone == REPAIR_PURGE_STEP; i++)
        if (repair_purge_step(m->db[side], run, &gone, &err))
            return;
}

void marker_free(struct marker **marker)
{
    struct marker *m = *marker;
    if (!m)
        return;
    for (int side = 0; side < 2; side++) {
        if (m->db[side] && (m->wrote[0] || m->wrote[1]))
            purge(m, side, m->run);
        db_close(&m->db[side]);
    }
    arena_free(&m->arena);
    buf_free(&m->sql);
    free(m);
    *marker = NULL;
}

bool marker_has_link(const struct marker *m, int side)
{
    const struct link_config *link;
    struct err none = {0};
    return config_link(m->config, m->regions[side], m->regions[!side], &link, &none) == 0;
}

/* ---- connections ---- */

static int open_side(struct marker *m, int side, struct err *err)
{
    const struct region_config *region;
    if (m->db[side])
        return 0;
    if (config_region(m->config, m->regions[side], &region, err) ||
        target_session_open(&m->db[side], region, "drc-reconcile", err))
        return err_prefix(err, "%s", m->regions[side]);
    return 0;
}

static int check_tables(struct marker *m, int side, struct err *err)
{
    struct err why = {0};
    if (schema_ensure_repair(m->db[side], err))
        return err_prefix(err, "%s", m->regions[side]);
    if (db_exec(m->db[!side], "SELECT 1 FROM " DRC_DB "." REPAIR_TABLE " LIMIT 1", &why) == 0)
        return 0;
    *err = why;
    if (why.class == ERR_RETRY || why.exit_code == EXIT_DENIED)
        return -1;
    return err_fatal(err, EXIT_BAD_CONFIG,
                     "%s has no table " DRC_DB "." REPAIR_TABLE
                     ": its applier has not run yet, or is of a release that cannot answer (%s)",
                     m->regions[!side], why.text);
}

int marker_connect_both(struct marker *m, struct err *err)
{
    return open_side(m, 0, err) || open_side(m, 1, err) ? -1 : 0;
}

int marker_connect(struct marker *m, int side, struct err *err)
{
    if (marker_connect_both(m, err))
        return -1;
    if (m->ready[side])
        return 0;
    if (check_tables(m, side, err))
        return -1;
    purge(m, side, NULL); /* of runs that were killed, at a region whose only visitor is this program */
    m->ready[side] = true;
    return 0;
}

static void disconnect(struct marker *m)
{
    db_close(&m->db[0]);
    db_close(&m->db[1]);
}

/* ---- one transaction ---- */

static int read_row(struct marker *m, const struct cell **out, const struct marker_ask *a, int side,
                    enum local_lock lock, struct arena *arena, struct err *err)
{
    struct local_rows found;
    buf_clear(&m->sql);
    plan_put_key_is(a->plan, side, a->key, &m->sql);
    if (local_rows_where(&found, m->db[side], a->plan->tables[side], buf_cstr(&m->sql), 1, lock, arena, err))
        return -1;
    *out = found.count > 0 ? found.rows[0] : NULL;
    return 0;
}

int marker_read_there(struct marker *m, int side, struct marker_ask *a, struct arena *arena, struct err *err)
{
    return read_row(m, &a->there, a, !side, LOCAL_NO_LOCK, arena, err);
}

void marker_side(struct marker *m, int side)
{
    m->side = side;
    m->open = false;
    arena_reset(&m->arena);
}

int marker_begin(struct marker *m, int side, struct err *err)
{
    m->side = side;
    arena_reset(&m->arena);
    if (marker_connect(m, side, err))
        return -1;
    /* An absent row is locked by its gap, which READ COMMITTED does not do. */
    if (db_exec(m->db[side], "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", err) ||
        target_session_begin(m->db[side], err))
        return -1;
    m->open = true;
    return 0;
}

int marker_lock(struct marker *m, struct marker_ask *a, struct err *err)
{
    if (read_row(m, &a->here, a, m->side, m->open ? LOCAL_FOR_UPDATE : LOCAL_NO_LOCK, &m->arena, err))
        return -1;
    repair_hash_row(&a->here_hash, a->plan->tables[m->side]->def, a->here);
    return 0;
}

int marker_row_hash(struct marker *m, struct span *out, int side, const struct marker_ask *a, struct arena *arena,
                    struct err *err)
{
    struct db_rows rows;
    buf_clear(&m->sql);
    buf_put_str(&m->sql, "SELECT ");
    plan_put_row_hash(a->plan, side, &m->sql);
    buf_put_str(&m->sql, " FROM ");
    target_table_put_name(a->plan->tables[side], &m->sql);
    buf_put_str(&m->sql, " WHERE ");
    plan_put_key_is(a->plan, side, a->key, &m->sql);
    if (m->open && side == m->side) /* locked already; a reading without a lock would look at an older state */
        buf_put_str(&m->sql, " FOR UPDATE");
    if (db_query(m->db[side], &rows, arena, buf_cstr(&m->sql), err))
        return -1;
    *out = rows.row_count > 0 ? db_cell(&rows, 0, 0) : (struct span){0};
    return 0;
}

int marker_read_copy(struct marker *m, const struct cell **out, int side, const struct plan *plan, struct span hash,
                     struct arena *arena, struct err *err)
{
    struct local_rows found;
    *out = NULL;
    buf_clear(&m->sql);
    plan_put_row_hash(plan, side, &m->sql);
    buf_put_str(&m->sql, " = '");
    buf_put_span(&m->sql, hash);
    buf_put_str(&m->sql, "'");
    if (local_rows_where(&found, m->db[side], plan->tables[side], buf_cstr(&m->sql), 1, LOCAL_NO_LOCK, arena, err))
        return -1;
    *out = found.count > 0 ? found.rows[0] : NULL;
    return 0;
}

struct db *marker_db(struct marker *m, int side)
{
    return m->db[side];
}

int marker_load_table(struct marker *m, struct target_table **out, int side, struct span db, struct span name,
                      struct err *err)
{
    *out = NULL;
    return target_table_load(out, m->db[side], db, name, err) < 0 ? -1 : 0;
}

static int write_mark(struct marker *m, struct marker_ask *a, const struct table_def *def, enum rows_op op,
                      const struct cell *row, struct err *err)
{
    struct repair_mark mark = {.kind = a->kind, .asked = span_str(m->regions[!m->side]), .seen = a->seen};
    struct buf body = {0};
    struct err found = {0};
    a->number = ++m->number;
    repair_make_id(mark.id, m->run, a->number);
    repair_put_body(&body, def, op, row);
    m->wrote[m->side] = true;
    int rc = repair_write_mark(m->db[m->side], &mark, buf_span(&body), &found);
    buf_free(&body);
    if (rc && found.class == ERR_DATA) {
        a->number = 0;
        a->reply.answer = REPAIR_REFUSED;
        (void)snprintf(a->reply.why, sizeof a->reply.why, "%.*s", (int)sizeof a->reply.why - 1, found.text);
        return 0;
    }
    if (rc)
        *err = found;
    return rc;
}

int marker_put(struct marker *m, struct marker_ask *a, struct err *err)
{
    a->number = 0;
    a->reply = (struct repair_reply){0};
    if (a->here)
        return write_mark(m, a, a->plan->tables[m->side]->def, ROWS_INSERT, a->here, err);
    /* The key of what is not here is told by the row there. */
    if (!a->there && read_row(m, &a->there, a, !m->side, LOCAL_NO_LOCK, &m->arena, err))
        return -1;
    if (a->there)
        return write_mark(m, a, a->plan->tables[!m->side]->def, ROWS_DELETE, a->there, err);
    a->reply.answer = REPAIR_EQUAL;
    return 0;
}

int marker_commit(struct marker *m, struct err *err)
{
    m->open = false;
    return db_exec(m->db[m->side], "COMMIT", err);
}

void marker_rollback(struct marker *m)
{
    m->open = false;
    if (m->db[m->side])
        db_rollback(m->db[m->side]);
}

/* ---- the answers ---- */

static int take_replies(struct marker *m, struct marker_ask *asks, size_t n, size_t *open, struct err *err)
{
    uint64_t first = 0, last = 0;
    size_t count;
    *open = 0;
    for (size_t i = 0; i < n; i++) {
        if (asks[i].number == 0 || asks[i].reply.answer != REPAIR_NONE)
            continue;
        first = first == 0 || asks[i].number < first ? asks[i].number : first;
        last = asks[i].number > last ? asks[i].number : last;
        ++*open;
    }
    if (*open == 0)
        return 0;
    size_t span = (size_t)(last - first + 1);
    struct repair_reply *replies = xcalloc(span, sizeof *replies);
    int rc = repair_read_replies(m->db[!m->side], m->run, first, span, replies, &count, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct marker_ask *a = &asks[i];
        if (a->number == 0 || a->reply.answer != REPAIR_NONE || a->number < first)
            continue;
        a->reply = replies[a->number - first];
        *open -= a->reply.answer != REPAIR_NONE;
    }
    free(replies);
    return rc;
}

int marker_collect(struct marker *m, struct marker_ask *asks, size_t n, uint64_t timeout_ms, struct err *err)
{
    uint64_t began_ms = clock_mono_ms();
    uint32_t pause_ms = 1;
    for (;;) {
        bool over = clock_mono_ms() - began_ms >= timeout_ms || (m->stop && stop_requested(m->stop));
        size_t open;
        struct err found = {0};
        if (open_side(m, !m->side, &found) || take_replies(m, asks, n, &open, &found)) {
            if (found.class != ERR_RETRY || over) {
                *err = found;
                return -1;
            }
            db_close(&m->db[!m->side]);
        } else if (open == 0 || over) {
            return 0;
        }
        clock_sleep_ms(pause_ms);
        pause_ms = pause_ms < POLL_MOST_MS / 2 ? pause_ms * 2 : POLL_MOST_MS;
    }
}

/* ---- probes ---- */

static int put_probes(struct marker *m, int side, struct marker_ask *asks, size_t n, struct err *err)
{
    if (marker_begin(m, side, err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        asks[i].kind = REPAIR_PROBE;
        asks[i].there = NULL;
        if (marker_lock(m, &asks[i], err) || marker_put(m, &asks[i], err))
            return -1;
    }
    return marker_commit(m, err);
}

bool marker_try_again(struct marker *m, struct backoff *backoff, const struct err *err)
{
    marker_rollback(m);
    if (err->class != ERR_RETRY || backoff->tries >= TRIES)
        return false;
    if (backoff->tries > 1) /* a deadlock now and then is ordinary, a connection that is gone is not */
        disconnect(m);
    clock_sleep_ms(backoff_next(backoff));
    return true;
}

int marker_probe(struct marker *m, int side, struct marker_ask *asks, size_t n, uint64_t timeout_ms, struct err *err)
{
    for (size_t first = 0; first < n; first += MARKER_ROWS) {
        struct backoff backoff = backoff_make(20, 2000);
        size_t count = n - first < MARKER_ROWS ? n - first : MARKER_ROWS;
        struct err found = {0};
        while (put_probes(m, side, asks + first, count, &found)) {
            if (!marker_try_again(m, &backoff, &found)) {
                *err = found;
                return -1;
            }
            found = (struct err){0};
        }
    }
    return marker_collect(m, asks, n, timeout_ms, err);
}
