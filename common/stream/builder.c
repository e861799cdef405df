/* The record builder: one function a kind of item, dispatched by a table. */
#include "common/stream/builder.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/stream/builder_private.h"
#include "common/target/ddl_session.h"

#define IDLE_IS_END 5 /* heartbeats in a row */

struct builder *builder_new(const struct builder_settings *settings, const struct stream *state, struct gate *gate)
{
    struct builder *b = xcalloc(1, sizeof *b);
    b->settings = *settings;
    b->gate = gate;
    memcpy(b->stream, state->uuid, STREAM_UUID_LEN);
    b->epoch = state->epoch;
    b->instance = state->instance;
    b->seq = state->seq;
    b->chain = state->chain;
    b->gtid = state->gtid;
    b->fingerprint = state->fingerprint;
    b->stamp = state->stamp;
    position_copy(&b->position, &state->position);
    position_copy(&b->before, &state->before);
    struct buf bytes = {0};
    cut_put(&state->cut, &bytes);
    struct bytes r = bytes_of(buf_span(&bytes));
    cut_read(&b->cut, &r);
    assert(!r.bad);
    b->cut_moved = true;
    r = bytes_of(buf_span(&state->permits));
    permits_read(&b->permits, &r);
    assert(!r.bad); /* takeover has looked at them */
    buf_free(&bytes);
    return b;
}

void builder_free(struct builder **builder)
{
    struct builder *b = *builder;
    if (!b)
        return;
    position_free(&b->position);
    position_free(&b->before);
    cut_free(&b->cut);
    body_free(&b->txn.writer);
    buf_free(&b->txn.body);
    buf_free(&b->txn.xid);
    cut_free(&b->txn.pending);
    free(b->txn.marks);
    arena_free(&b->arena);
    map_free(&b->decisions);
    arena_free(&b->decision_arena);
    buf_free(&b->cut_bytes);
    buf_free(&b->position_bytes);
    buf_free(&b->before_bytes);
    buf_free(&b->permit_bytes);
    buf_free(&b->behind_bytes);
    permits_free(&b->permits);
    free(b);
    *builder = NULL;
}

int builder_place(struct err *err, const struct item *item)
{
    return err_prefix(err, "%s:%" PRIu64, *item->where.file ? item->where.file : "binlog", item->where.offset);
}

/* ---- a group begins ---- */

/* The position moves over a rolled back group only when the source goes on without using its GTID again: a server that
 * crashed in the middle of writing a group may. */
static void settle_rolled_back(struct builder *b, const struct gtid *next)
{
    if (b->rolled_back.flavor != FLAVOR_NONE && !(next && gtid_eq(next, &b->rolled_back)))
        position_add(&b->position, &b->rolled_back);
    b->rolled_back = (struct gtid){0};
}

static bool is_listed(char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return count == 0;
}

/* A transaction of a domain or tag that the pair does not know of comes from a writer that nobody reckoned with. */
static int check_expected(const struct builder *b, const struct gtid *gtid, struct err *err)
{
    const struct builder_expects *e = &b->settings.expects;
    if (gtid->flavor == FLAVOR_MYSQL && strcmp(gtid->mysql.tag, DDL_MARK_TAG) == 0) /* an applier's, of any pair */
        return 0;
    bool maria = gtid->flavor == FLAVOR_MARIADB;
    char text[GTID_TEXT_LEN], part[GTID_TAG_MAX + 1];
    if (maria)
        snprintf(part, sizeof part, "%" PRIu32, gtid->maria.domain);
    else
        snprintf(part, sizeof part, "%s", *gtid->mysql.tag ? gtid->mysql.tag : "-");
    if (maria ? is_listed(e->domains, e->domain_count, part) : is_listed(e->tags, e->tag_count, part))
        return 0;
    const char *what = maria ? "domain" : "tag";
    return err_stop(err, MSG_STOP_GTID_FOREIGN,
                    "GTID %s is of %s %s, which regions.%s.gtid_%ss does not list: who writes there? If it belongs to "
                    "the pair, add it to the list and start again",
                    gtid_text(text, gtid), what, part, b->settings.region, what);
}

static int item_begin(struct builder *b, const struct item *item, struct err *err)
{
    struct txn *t = &b->txn;
    const struct event_gtid *group = &item->begin.group;
    if (group->gtid.flavor == FLAVOR_NONE)
        return err_stop(err, MSG_STOP_NO_GTID, "a transaction without GTID: positions cannot tell it from others");
    settle_rolled_back(b, &group->gtid);
    if (b->permits.count > 0)
        builder_pass_permits(b);
    b->idle = 0;
    t->open = true;
    t->origin = ORIGIN_UNKNOWN;
    t->held = (group->flags & GROUP_XA_PREPARED) != 0;
    t->ddl_void = (group->flags & (GROUP_ALTER_STARTED | GROUP_ALTER_ROLLED_BACK)) != 0;
    t->gtid = group->gtid;
    t->server_id = item->begin.server_id;
    t->commit_us = group->commit_us;
    t->stamp = 0;
    buf_clear(&t->xid);
    if (t->held)
        buf_put_span(&t->xid, group->xid);
    buf_clear(&t->body);
    body_start(&t->writer, &t->body);
    t->body_rows = 0;
    t->fragments = 0;
    txn_hash_start(&t->hash);
    t->mark_count = 0;
    b->commit_us = group->commit_us;
    if (gate_begin(b->gate, &t->gate, &b->position, &t->gtid, err) != 0)
        return -1;
    return t->gate == GATE_PUBLISH ? check_expected(b, &t->gtid, err) : 0;
}

/* ---- statements ---- */

/* Does a statement concern the pair? Where it names no table, its default database decides. */
static bool ddl_concerns(const struct builder *b, const struct ddl *d)
{
    for (size_t i = 0; i < d->table_count; i++) {
        struct span db = d->tables[i].db.n > 0 ? d->tables[i].db : d->db;
        if (d->tables[i].name.n > 0 ? filter_match(b->settings.tables, db, d->tables[i].name)
                                    : filter_match_db(b->settings.tables, db))
            return true;
    }
    return d->table_count == 0 && filter_match_db(b->settings.tables, d->db);
}

static uint64_t ddl_fingerprint(const struct ddl *d)
{
    return hash64(d->text, hash64(d->db, RECORD_DDL));
}

static int put_ddl(struct builder *b, const struct ddl *d, struct err *err)
{
    struct txn *t = &b->txn;
    struct record rec;
    struct buf session = {0};
    buf_clear(&t->body);
    ddl_put(d, &t->body);
    ddl_session_put(d, &session);
    builder_numbered_record(b, &rec, RECORD_DDL);
    rec.session = buf_span(&session);
    rec.flags = RECORD_FIRST | RECORD_LAST;
    rec.fingerprint = ddl_fingerprint(d);
    rec.body = buf_span(&t->body);
    int rc = builder_put(b, &rec, err);
    buf_free(&session);
    if (rc != 0)
        return -1;
    builder_complete(b, rec.chain, rec.fingerprint);
    b->counts.ddl++;
    buf_clear(&t->body);
    return 0;
}

/* A statement that an applier has run here: its GTID event is marked, since nothing else of it is ours. */
static int ddl_is_replayed(struct builder *b, struct err *err)
{
    const struct gtid *gtid = &b->txn.gtid;
    char mark[GTID_TAG_MAX + 16];
    if (gtid->flavor == FLAVOR_MARIADB)
        snprintf(mark, sizeof mark, "%" PRIu32, b->txn.server_id);
    else
        snprintf(mark, sizeof mark, "%s", gtid->mysql.tag);
    return *mark ? b->settings.sink.replays(b->settings.sink.context, mark, err) : 0;
}

/* Publish it, if it is the pair's and not replayed. */
static int take_ddl(struct builder *b, const struct ddl *d, struct err *err)
{
    if (!ddl_concerns(b, d))
        return 0;
    int replayed = ddl_is_replayed(b, err);
    if (replayed == 0)
        return put_ddl(b, d, err);
    b->txn.origin = replayed > 0 ? ORIGIN_REPLAYED : b->txn.origin;
    return replayed < 0 ? -1 : 0;
}

static int item_ddl(struct builder *b, const struct item *item, struct err *err)
{
    struct txn *t = &b->txn;
    struct ddl d = item->ddl;
    if (t->gate == GATE_SKIP || t->ddl_void || t->origin == ORIGIN_REPLAYED)
        return 0;
    if (t->body.len > 0 || t->fragments > 0)
        return err_fatal(err, EXIT_UNSAFE, "a statement (%.*s) after rows of the same transaction",
                         (int)(d.text.n < 100 ? d.text.n : 100), (const char *)d.text.p);
    if (t->gate == GATE_COMPARE) {
        /* If the topic ends with this statement, rows that follow it in its group are new. */
        if (gate_matches(b->gate, ddl_fingerprint(&d)))
            t->gate = GATE_PUBLISH;
        return 0;
    }
    return take_ddl(b, &d, err);
}

/* ---- savepoints ---- */

static int item_savepoint(struct builder *b, const struct item *item, struct err *err)
{
    (void)err;
    struct txn *t = &b->txn;
    size_t i = 0;
    while (i < t->mark_count && t->marks[i].number != item->savepoint)
        i++;
    if (i == t->mark_count && t->mark_count++ == t->mark_cap) {
        t->mark_cap = t->mark_cap ? t->mark_cap * 2 : 4;
        t->marks = xreallocarray(t->marks, t->mark_cap, sizeof *t->marks);
    }
    t->marks[i] = (struct mark){
        .number = item->savepoint,
        .fragments = t->fragments,
        .body_len = t->body.len,
        .table_count = t->writer.count,
        .rows = t->body_rows,
        .hash = t->hash,
    };
    return 0;
}

static int item_rollback_to(struct builder *b, const struct item *item, struct err *err)
{
    struct txn *t = &b->txn;
    const struct mark *m = NULL;
    for (size_t i = 0; i < t->mark_count; i++)
        if (t->marks[i].number == item->savepoint)
            m = &t->marks[i];
    if (!m)
        return err_fatal(err, EXIT_UNSAFE, "ROLLBACK TO a savepoint that the transaction has not set");
    if (m->fragments != t->fragments)
        return err_fatal(
            err, EXIT_BAD_CONFIG,
            "a transaction was rolled back to a savepoint after %u fragments of it had been published: raise "
            "capture.fragment_bytes (now %zu) above the size of its rows",
            t->fragments, b->settings.fragment_bytes);
    t->body.len = m->body_len;
    t->writer.count = m->table_count;
    t->body_rows = m->rows;
    t->hash = m->hash;
    return 0;
}

/* ---- a group ends ---- */

static void take_pending_cut(struct builder *b)
{
    struct cut *pending = &b->txn.pending;
    for (size_t i = 0; i < pending->count; i++) {
        const struct cut_entry *e = &pending->entries[i];
        watermark_union(&cut_entry_of(&b->cut, e->stream, e->partition)->done, &e->done);
    }
    b->cut_moved = b->cut_moved || pending->count > 0;
    if (b->txn.pending_stamp > b->stamp) /* what comes later than these is a later version */
        b->stamp = b->txn.pending_stamp;
}

void builder_close_group(struct builder *b)
{
    b->txn.open = false;
    cut_free(&b->txn.pending);
    b->txn.pending_stamp = 0;
}

static int end_compared(struct builder *b, struct err *err)
{
    char text[GTID_TEXT_LEN];
    b->counts.repeated++;
    if (gate_has_rows(b->gate, &b->txn.hash, false))
        return 0;
    return gate_end(b->gate, gtid_text(text, &b->txn.gtid), err);
}

/* A group that took effect, or is prepared to. */
static int item_commit(struct builder *b, const struct item *item, struct err *err)
{
    struct txn *t = &b->txn;
    int rc = 0;
    if (t->held && item->kind == ITEM_COMMIT && t->gate != GATE_SKIP) {
        rc = builder_xa_one_phase(b, err);
    } else if (t->gate == GATE_SKIP) {
        b->counts.repeated++;
    } else if (t->gate == GATE_COMPARE) {
        rc = end_compared(b, err);
    } else if (t->origin == ORIGIN_REPLAYED) {
        take_pending_cut(b);
        b->counts.replayed++;
    } else if (t->body.len > 0 || t->fragments > 0 || t->held) {
        /* A held body goes out even without rows, so that every XA end has one that it names. */
        rc = builder_flush(b, true, err);
    } else if (!gtid_eq(&t->gtid, &b->gtid)) {
        b->counts.skipped++;
    }
    if (rc == 0 && t->gate != GATE_SKIP && t->gate != GATE_COMPARE) {
        b->unsaid = b->unsaid || !gtid_eq(&t->gtid, &b->gtid);
        position_add(&b->position, &t->gtid);
    }
    builder_close_group(b);
    return rc;
}

static int item_rollback(struct builder *b, const struct item *item, struct err *err)
{
    (void)item;
    struct txn *t = &b->txn;
    bool published = t->fragments > 0;
    if (t->gate == GATE_PUBLISH)
        b->rolled_back = t->gtid;
    builder_close_group(b);
    t->fragments = 0;
    /* What is out cannot be taken back, but a new epoch makes it void. */
    return published ? builder_renew(b, t->commit_us, err) : 0;
}

/* ---- between groups ---- */

/* The source has nothing new; said a few times it cannot be about to send something it passed over slowly. */
static int item_heartbeat(struct builder *b, const struct item *item, struct err *err)
{
    (void)item;
    settle_rolled_back(b, NULL);
    return ++b->idle >= IDLE_IS_END ? gate_end(b->gate, "its end", err) : 0;
}

static int item_nothing(struct builder *b, const struct item *item, struct err *err)
{
    (void)b;
    (void)item;
    (void)err;
    return 0;
}

typedef int item_fn(struct builder *b, const struct item *item, struct err *err);

static item_fn *const act_by_kind[ITEM_KIND_COUNT] = {
    [ITEM_FORMAT] = item_nothing,
    [ITEM_ROTATE] = item_nothing,
    [ITEM_HEARTBEAT] = item_heartbeat,
    [ITEM_GTIDS] = item_nothing,
    [ITEM_BEGIN] = item_begin,
    [ITEM_ROWS] = builder_rows,
    [ITEM_DDL] = item_ddl,
    [ITEM_SAVEPOINT] = item_savepoint,
    [ITEM_ROLLBACK_TO] = item_rollback_to,
    [ITEM_COMMIT] = item_commit,
    [ITEM_ROLLBACK] = item_rollback,
    [ITEM_XA_PREPARE] = item_commit,
    [ITEM_XA_START] = builder_xa_start,
    [ITEM_XA_COMMIT] = builder_xa_end,
    [ITEM_XA_ROLLBACK] = builder_xa_end,
};

int builder_item(struct builder *b, const struct item *item, struct err *err)
{
    assert((size_t)item->kind < ITEM_KIND_COUNT && act_by_kind[item->kind]);
    int rc = act_by_kind[item->kind](b, item, err);
    arena_reset(&b->arena);
    if (rc != 0 && err->class == ERR_FATAL)
        return builder_place(err, item);
    return rc;
}

bool builder_owes_word(const struct builder *b)
{
    return b->unsaid && b->cut.count > 0;
}

bool builder_at_boundary(const struct builder *b)
{
    return !b->txn.open;
}

const struct permits *builder_permits(const struct builder *b)
{
    return &b->permits;
}

const struct builder_counts *builder_counts(const struct builder *b)
{
    return &b->counts;
}

const struct position *builder_position(const struct builder *b)
{
    return &b->position;
}

uint64_t builder_seq(const struct builder *b)
{
    return b->seq;
}

uint64_t builder_epoch(const struct builder *b)
{
    return b->epoch;
}

const struct gtid *builder_gtid(const struct builder *b)
{
    return &b->gtid;
}

bool builder_at_end(const struct builder *b)
{
    return b->idle >= IDLE_IS_END;
}

uint64_t builder_commit_us(const struct builder *b)
{
    return b->commit_us;
}
