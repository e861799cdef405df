/* Publishing a lost tail, with what is not safe put aside at the survivor before.
 *
 * The survivor's host acts as the dead region's capture that was late: by the ordinary door (an epoch of its own, a
 * resume record with the act, then the records that capture would have written) it brings the topic to where the
 * rescued binlog ends. So each transaction has its seq and chain, appliers apply it once, and a region that comes back
 * finds its topic where its own binlog is and goes on behind it, having compared the last transaction.
 *
 * What is not safe must not take effect by itself: before anything is published it is put into the survivor's
 * drc.parked with its seq marked as done in the ledger, by one target transaction each, as the applier does with what
 * it parks. From then on it is the operator's: drcctl parked retry hands it to the rules, discard gives it up. A crash
 * between the two steps is mended by running the command again: seqs come out the same, and what is parked is left
 * alone. */
#include <inttypes.h>
#include <stdlib.h>

#include <pwd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/model/act.h"
#include "common/model/permit.h"
#include "common/stream/announcer.h"
#include "common/stream/headers.h"
#include "common/target/journal.h"
#include "common/target/ledger.h"
#include "common/target/parked.h"
#include "common/target/schema.h"
#include "common/target/session.h"
#include "reconcile/lost_tail.h"

#define ACT_KIND "replay-tail"
#define BATCH 256u /* records in flight */
#define SLOTS_MOST 1024u
#define PATIENCE_MS 60000u
#define POLL_MS 50

/* ---- is anybody there? ---- */

static int check_dead(struct lost_tail *tail, struct err *err)
{
    struct kafka_reader *reader = NULL;
    struct kafka_record raw = {0};
    int64_t low, high;
    uint64_t quiet_ms = 3ull * tail->config->heartbeat_ms, now_ms = clock_wall_us() / 1000;
    int rc = kafka_reader_open(&reader, &tail->dead->kafka, tail->topic, KAFKA_OFFSET_END, err);
    if (rc == 0)
        rc = kafka_reader_bounds(reader, &low, &high, err);
    if (rc == 0 && high > low)
        rc = kafka_reader_seek(reader, high - 1, err) || kafka_reader_next(reader, &raw, (int)PATIENCE_MS, err) < 0 ? -1
                                                                                                                    : 0;
    kafka_reader_close(&reader);
    if (rc == 0 && (uint64_t)raw.timestamp_ms + quiet_ms > now_ms)
        return err_retry(err,
                         "topic %s was written to %" PRIu64
                         " ms ago: is the capture of %s alive? Stop it, wait %" PRIu64 " s, run this again",
                         tail->topic, now_ms - (uint64_t)raw.timestamp_ms, tail->dead->name, quiet_ms / 1000 + 1);
    return rc;
}

static int check_unsafe(const struct lost_tail *tail, struct err *err)
{
    for (size_t i = 0; i < tail->count; i++)
        if (tail->txns[i].class != LOST_SAFE && !tail->txns[i].movable)
            return err_fatal(err, EXIT_UNSAFE,
                             "seq %" PRIu64 " is not safe, and is no plain transaction that could be put aside: mend "
                             "the survivor by hand, or publish everything and leave it to the rules (--replay all)",
                             tail->txns[i].seq);
    return 0;
}

/* ---- putting aside ---- */

struct aside {
    struct db *db;
    struct ledger_slot slots[SLOTS_MOST];
    struct ledger_state state;
    bool open; /* a target transaction is */
    uint64_t moved;
    struct table_cache cache;
    struct arena arena;
};

static const struct lost_txn_state *txn_of(const struct lost_tail *tail, uint64_t seq)
{
    size_t at = seq - tail->stream.seq - 1;
    return at < tail->count ? &tail->txns[at] : NULL;
}

static int count_rows(struct aside *a, const struct record *rec, uint64_t *out, struct buf *tables, struct err *err)
{
    struct body_reader body;
    struct rows rows;
    const struct table_def *last = NULL;
    int got;
    arena_reset(&a->arena);
    *out = 0;
    body_open(&body, rec->body, &a->cache, &a->arena);
    while ((got = body_next(&body, &rows, err)) > 0) {
        *out += rows.count;
        if (rows.table != last)
            buf_printf(tables, "%s%.*s.%.*s", tables->len ? ", " : "", SPAN_ARG(rows.table->db),
                       SPAN_ARG(rows.table->name));
        last = rows.table;
    }
    return got;
}

static int begin_aside(struct aside *a, uint64_t seq, struct err *err)
{
    if (target_session_begin(a->db, err))
        return -1;
    a->open = true;
    (void)watermark_add(&a->state.done, seq, seq);
    return ledger_write(a->db, &a->slots[0], &a->state, err);
}

static int write_aside(struct lost_tail *tail, struct aside *a, const struct record *rec, struct span bytes,
                       struct err *err)
{
    char gtid[GTID_TEXT_LEN];
    struct buf tables = {0};
    uint64_t rows;
    const char *why = "lost tail: its rows were written at the survivor since, or rest on such";
    int rc = count_rows(a, rec, &rows, &tables, err);
    const struct parked_row row = {.topic = tail->topic,
                                   .link = tail->link,
                                   .seq = rec->seq,
                                   .fragment = rec->fragment,
                                   .gtid = gtid_text(gtid, &rec->gtid),
                                   .commit_us = rec->commit_us,
                                   .why = why,
                                   .tables = buf_cstr(&tables),
                                   .rows = rows,
                                   .bytes = bytes.n,
                                   .state = PARKED_PARKED};
    const struct journal_parked entry = {
        .link = tail->link, .gtid = &rec->gtid, .seq = rec->seq, .why = why, .tables = row.tables, .rows = rows};
    if (rc == 0)
        rc = parked_write(a->db, &row, bytes, err) || journal_write_parked(a->db, &entry, err) ? -1 : 0;
    buf_free(&tables);
    return rc;
}

static int put_aside(void *context, struct lost_tail *tail, const struct history_step *step, struct err *err)
{
    struct aside *a = context;
    const struct record *rec = &step->rec;
    if (step->kind != HISTORY_RECORD)
        return 0;
    const struct lost_txn_state *t = txn_of(tail, rec->seq);
    if (!t || t->class == LOST_SAFE || (!a->open && watermark_has(&a->state.done, rec->seq)))
        return 0;
    if ((!a->open && begin_aside(a, rec->seq, err)) || write_aside(tail, a, rec, step->bytes, err))
        return -1;
    if (!(rec->flags & RECORD_LAST))
        return 0;
    if (db_exec(a->db, "COMMIT", err))
        return -1;
    a->open = false;
    a->moved++;
    ledger_committed(&a->slots[0]);
    return 0;
}

/* The applier must not judge them first: it is to be stopped meanwhile. */
static int take_ledger(struct lost_tail *tail, struct aside *a, struct err *err)
{
    if (target_session_open(&a->db, tail->survivor, "drc-reconcile", err) || schema_ensure(a->db, err))
        return -1;
    int found = ledger_find(a->db, tail->topic, &a->state, err);
    if (found == 0)
        return err_fatal(err, EXIT_UNSAFE, "the ledger at %s has no row for the link %s, which never ran",
                         tail->survivor->name, tail->link);
    if (found < 0)
        return -1;
    ledger_state_free(&a->state);
    int attended = ledger_is_attended(a->db, tail->topic, err);
    if (attended > 0)
        return err_retry(err,
                         "the applier of %s runs: stop it, so that it does not take up what is to be put aside, and "
                         "start it again afterwards",
                         tail->link);
    return attended < 0 ? -1 : ledger_take_over(a->db, tail->topic, 1, a->slots, &a->state, err);
}

static int put_all_aside(struct lost_tail *tail, uint64_t *moved, struct err *err)
{
    struct aside *a = xcalloc(1, sizeof *a);
    int rc = take_ledger(tail, a, err);
    if (rc == 0)
        rc = ledger_attach(a->db, &a->slots[0], err);
    if (rc == 0)
        rc = lost_tail_walk(tail, &tail->stream, put_aside, a, 0, err);
    *moved = a->moved;
    db_close(&a->db);
    ledger_state_free(&a->state);
    table_cache_free(&a->cache);
    arena_free(&a->arena);
    free(a);
    return rc;
}

/* ---- publishing ---- */

struct publisher {
    struct kafka_writer *writer;
    struct buf bytes[BATCH];
    size_t count;
    uint64_t records;
};

static void on_ack(void *context, int64_t offset, void *tag)
{
    (void)context;
    (void)offset;
    (void)tag;
}

static int drain(struct publisher *p, struct err *err)
{
    uint64_t deadline = clock_mono_ms() + PATIENCE_MS;
    while (kafka_writer_in_flight(p->writer) > 0) {
        if (kafka_writer_send(p->writer, POLL_MS, err))
            return -1;
        if (clock_mono_ms() > deadline)
            return err_retry(err, "no ack from Kafka within %u s: %s; run this again, it goes on where the topic ends",
                             PATIENCE_MS / 1000, kafka_writer_trouble(p->writer));
    }
    p->count = 0;
    return 0;
}

static int publish(void *context, struct lost_tail *tail, const struct history_step *step, struct err *err)
{
    struct publisher *p = context;
    const struct record *rec = &step->rec;
    struct stream_headers headers;
    (void)tail;
    if (step->kind != HISTORY_RECORD)
        return 0;
    if (p->count == BATCH && drain(p, err))
        return -1;
    struct buf *bytes = &p->bytes[p->count++];
    buf_clear(bytes);
    buf_put_span(bytes, step->bytes);
    size_t n = stream_headers_fill(&headers, rec->kind, rec->epoch, rec->seq, &rec->gtid);
    int rc = kafka_writer_put(p->writer, buf_span(bytes), headers.list, n, NULL, err);
    p->records++;
    return rc > 0 ? err_retry(err, "no room for %zu records", p->count) : rc;
}

static int publish_tail(struct lost_tail *tail, const struct stream *state, struct err *err)
{
    struct publisher *p = xcalloc(1, sizeof *p);
    int rc = kafka_writer_open(&p->writer, &tail->dead->kafka, tail->topic, on_ack, p, err);
    if (rc == 0)
        rc = lost_tail_walk(tail, state, publish, p, LOST_LAST_WORD, err);
    if (rc == 0)
        rc = drain(p, err);
    kafka_writer_close(&p->writer);
    for (size_t i = 0; i < BATCH; i++)
        buf_free(&p->bytes[i]);
    free(p);
    return rc;
}

/* ---- the door ---- */

static void put_details(const struct lost_tail *tail, uint64_t moved, struct buf *out)
{
    buf_printf(out,
               "{\"transactions\": %zu, \"first_seq\": %" PRIu64 ", \"last_seq\": %" PRIu64 ", \"safe\": %" PRIu64
               ", \"superseded\": %" PRIu64 ", \"conflicting\": %" PRIu64 ", \"put_aside\": %" PRIu64 "}",
               tail->count, tail->stream.seq + 1, tail->stream.seq + tail->count, tail->counts[LOST_SAFE],
               tail->counts[LOST_SUPERSEDED], tail->counts[LOST_CONFLICTING], moved);
}

static void put_who(struct buf *out)
{
    char host[256] = "";
    const struct passwd *user = getpwuid(geteuid());
    (void)gethostname(host, sizeof host - 1);
    buf_printf(out, "%.60s@%.130s", user ? user->pw_name : "?", host);
}

/* What was judged must be what is continued. */
static int check_unchanged(const struct lost_tail *tail, const struct stream *now, struct err *err)
{
    if (now->seq == tail->stream.seq && now->chain == tail->stream.chain &&
        position_eq(&now->position, &tail->stream.position))
        return 0;
    return err_retry(err, "topic %s has moved from seq %" PRIu64 " to %" PRIu64 " meanwhile: run this again",
                     tail->topic, tail->stream.seq, now->seq);
}

static int resume(struct lost_tail *tail, struct claim *c, struct announcer *a, struct stream *state, uint64_t moved,
                  const char *why, struct err *err)
{
    struct buf details = {0}, who = {0};
    struct permits permits = {0};
    struct bytes r = bytes_of(buf_span(&state->permits));
    permits_read(&permits, &r);
    put_details(tail, moved, &details);
    put_who(&who);
    const struct act act = {.kind = span_str(ACT_KIND),
                            .who = buf_span(&who),
                            .at_us = clock_wall_us(),
                            .why = span_str(why),
                            .details = buf_span(&details)};
    memcpy(state->uuid, c->stream, STREAM_UUID_LEN);
    state->epoch = c->number;
    state->instance = c->instance;
    int rc = r.bad ? err_fatal(err, EXIT_UNSAFE, "the permits that stand in the stream are malformed")
                   : announcer_resume(a, c, state, &act, &permits, err);
    permits_free(&permits);
    buf_free(&details);
    buf_free(&who);
    return rc;
}

/* Nobody else came in between, and the topic says what we meant it to. */
static int check_written(struct lost_tail *tail, struct claim *c, struct err *err)
{
    struct stream now;
    int64_t low, high;
    if (kafka_reader_bounds(c->rb.reader, &low, &high, err) || readback_state(&c->rb, &now, low, high, err))
        return -1;
    bool ours = now.epoch == c->number && now.instance == c->instance;
    uint64_t seq = now.seq;
    stream_free(&now);
    if (ours && seq == tail->stream.seq + tail->count)
        return 0;
    return err_fatal(err, EXIT_DENIED,
                     "another writer took topic %s over meanwhile: it stands at seq %" PRIu64
                     ", the tail ends at %" PRIu64 "; stop that writer and run this again",
                     tail->topic, seq, tail->stream.seq + tail->count);
}

static int write_topic(struct lost_tail *tail, uint64_t moved, const char *why, struct err *err)
{
    struct claim c = {0};
    struct announcer *a = NULL;
    struct stream state = {0};
    bool empty, taken = false;
    int rc = claim_open(&c, &tail->dead->kafka, tail->topic, tail->dead->name, NULL, 0, err);
    if (rc == 0)
        rc = claim_look(&c, &empty, err) || announcer_open(&a, &tail->dead->kafka, tail->topic, err) ? -1 : 0;
    if (rc == 0) {
        rc = claim_take(&c, &state, announcer_put, a, err);
        taken = rc == 0;
    }
    if (rc == 0)
        rc = check_unchanged(tail, &state, err) || resume(tail, &c, a, &state, moved, why, err) ? -1 : 0;
    if (rc == 0)
        rc = publish_tail(tail, &state, err) || check_written(tail, &c, err) ? -1 : 0;
    if (taken)
        stream_free(&state);
    announcer_close(&a);
    claim_close(&c);
    return rc;
}

static void tell_others(const struct lost_tail *tail)
{
    for (size_t i = 0; i < tail->config->link_count; i++) {
        const struct link_config *l = &tail->config->links[i];
        if (strcmp(l->from, tail->dead->name) != 0 || strcmp(l->to, tail->survivor->name) == 0)
            continue;
        char *text =
            xasprintf("%s reads the same stream: there the rules of `conflicts` decide about all of the tail", l->to);
        report_fact(tail->report, "beside the survivor", text);
        free(text);
    }
}

int lost_replay(struct lost_tail *tail, bool all, const char *why, struct err *err)
{
    uint64_t moved = 0;
    bool unsafe = tail->counts[LOST_SAFE] < tail->count;
    if (!tail->exact)
        return err_fatal(err, EXIT_UNSAFE, "nothing was replayed: the files do not go on where the topic ends");
    if (check_dead(tail, err) || (!all && check_unsafe(tail, err)) ||
        (!all && unsafe && put_all_aside(tail, &moved, err)) || write_topic(tail, moved, why, err))
        return -1;
    char *text = xasprintf("%zu transactions are published as seq %" PRIu64 " to %" PRIu64 ", %" PRIu64
                           " of them put aside at %s before; the applier of %s brings the others into effect",
                           tail->count, tail->stream.seq + 1, tail->stream.seq + tail->count, moved,
                           tail->survivor->name, tail->link);
    report_fact(tail->report, "replayed", text);
    free(text);
    tell_others(tail);
    return 0;
}
