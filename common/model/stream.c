/* The state machine by which every reader follows a stream: one function a kind of record, dispatched by a table. */
#include "common/model/stream.h"

#include <inttypes.h>

#include "common/model/act.h"

void stream_init(struct stream *s, bool from_beginning)
{
    *s = (struct stream){.based = from_beginning, .beginning = from_beginning};
}

void stream_init_at(struct stream *s, const uint8_t uuid[STREAM_UUID_LEN], uint64_t epoch, uint64_t instance,
                    uint64_t seq, uint64_t chain)
{
    *s = (struct stream){
        .has_uuid = true,
        .has_epoch = epoch > 0,
        .resumed = epoch > 0,
        .based = true,
        .epoch = epoch,
        .instance = instance,
        .seq = seq,
        .chain = chain,
        .highest_epoch = epoch,
    };
    memcpy(s->uuid, uuid, STREAM_UUID_LEN);
}

void stream_free(struct stream *s)
{
    position_free(&s->position);
    position_free(&s->before);
    cut_free(&s->cut);
    buf_free(&s->permits);
    *s = (struct stream){0};
}

static bool is_ours(const struct stream *s, const struct record *rec)
{
    return memcmp(s->uuid, rec->stream, STREAM_UUID_LEN) == 0;
}

static bool is_in_force(const struct stream *s, const struct record *rec)
{
    return s->has_epoch && rec->epoch == s->epoch && rec->instance == s->instance && is_ours(s, rec);
}

static int drop_void(struct stream *s, enum stream_verdict *out)
{
    s->voids++;
    *out = STREAM_VOID;
    return 0;
}

static int drop_duplicate(struct stream *s, enum stream_verdict *out)
{
    s->duplicates++;
    *out = STREAM_DUPLICATE;
    return 0;
}

static int other_history(const struct stream *s, const struct record *rec, uint64_t chain, struct err *err)
{
    char ours[GTID_TEXT_LEN];
    char theirs[GTID_TEXT_LEN];
    return err_stop(err, MSG_STOP_OTHER_HISTORY,
                    "%s record of epoch %" PRIu64 " tells another history: after seq %" PRIu64
                    " it has chain %016" PRIx64 ", we have %016" PRIx64 " (last GTID here %s, there %s)",
                    record_kind_name(rec->kind), rec->epoch, s->seq, chain, s->chain, gtid_text(ours, &s->gtid),
                    gtid_text(theirs, rec->seq > s->seq ? &rec->prev_gtid : &rec->gtid));
}

static int records_missing(const struct stream *s, const struct record *rec, uint64_t held, struct err *err)
{
    return err_stop(err, MSG_STOP_RECORDS_MISSING,
                    "records are missing: %s record of epoch %" PRIu64 " says that seq %" PRIu64
                    " is complete, we hold %" PRIu64,
                    record_kind_name(rec->kind), rec->epoch, held, s->seq);
}

/* Retention may have left of an epoch no more than its last heartbeats: while they tell what we hold, nothing was lost
 * with its announcement. The epoch does not come into force by them, so whatever it brings beyond that is told. */
static bool tells_what_we_hold(const struct stream *s, const struct record *rec)
{
    bool control = rec->kind == RECORD_HEARTBEAT || rec->kind == RECORD_RESUME;
    return control && is_ours(s, rec) && rec->seq == s->seq && rec->chain == s->chain;
}

/* A record whose epoch is not in force: void, unless it betrays that an epoch record has passed unseen. */
static int not_in_force(struct stream *s, const struct record *rec, enum stream_verdict *out, struct err *err)
{
    if (s->based && (!s->has_epoch || rec->epoch > s->epoch) && !tells_what_we_hold(s, rec))
        return err_stop(err, MSG_STOP_RECORDS_MISSING,
                        "records are missing: %s record of epoch %" PRIu64
                        ", which was never announced (in force: %" PRIu64 ", last complete seq %" PRIu64 ")",
                        record_kind_name(rec->kind), rec->epoch, s->epoch, s->seq);
    return drop_void(s, out);
}

/* ---- control records ---- */

/* Replace *to by what the field holds; an empty field says nothing new. */
static int take_position(struct position *to, struct span field, struct err *err)
{
    if (field.n == 0)
        return 0;
    struct bytes r = bytes_of(field);
    struct position read = {0};
    position_read(&read, &r);
    if (r.bad || bytes_left(&r) > 0) {
        position_free(&read);
        return err_fatal(err, EXIT_UNSAFE, "malformed position of %zu bytes in a record", field.n);
    }
    position_free(to);
    *to = read;
    return 0;
}

static int take_cut(struct stream *s, const struct record *rec, struct err *err)
{
    if (rec->cut.n == 0)
        return 0;
    struct bytes r = bytes_of(rec->cut);
    cut_read(&s->cut, &r);
    if (r.bad || bytes_left(&r) > 0)
        return err_fatal(err, EXIT_UNSAFE, "malformed cut of %zu bytes in a record", rec->cut.n);
    return 0;
}

static void take_stamp(struct stream *s, const struct record *rec)
{
    if (rec->stamp > s->stamp)
        s->stamp = rec->stamp;
}

/* Only a resume record says what operators did; readers rely on an act that they can read. */
static int take_word(struct stream *s, const struct record *rec, struct err *err)
{
    struct bytes r = bytes_of(rec->act);
    struct act act;
    if (rec->kind != RECORD_RESUME)
        return 0;
    buf_clear(&s->permits);
    buf_put_span(&s->permits, rec->permits);
    if (rec->act.n == 0)
        return 0;
    act_read(&act, &r);
    if (r.bad)
        return err_fatal(err, EXIT_UNSAFE, "malformed act of %zu bytes in a resume record", rec->act.n);
    return 0;
}

/* What a resume or heartbeat record that agrees with us says besides. */
static int take_control(struct stream *s, const struct record *rec, enum stream_verdict *out, struct err *err)
{
    if (take_position(&s->position, rec->position, err) || take_position(&s->before, rec->before, err) ||
        take_cut(s, rec, err) || take_word(s, rec, err))
        return -1;
    s->position_moved = true;
    s->gtid = rec->gtid;
    s->fingerprint = rec->fingerprint;
    s->source_clock_us = rec->commit_us;
    take_stamp(s, rec);
    *out = STREAM_CONTROL;
    return 0;
}

static int accept_epoch(struct stream *s, const struct record *rec, enum stream_verdict *out, struct err *err)
{
    (void)err;
    if (rec->epoch > s->highest_epoch)
        s->highest_epoch = rec->epoch;
    if (is_in_force(s, rec))
        return drop_duplicate(s, out);
    if ((s->has_uuid && !is_ours(s, rec)) || (s->has_epoch && rec->epoch <= s->epoch))
        return drop_void(s, out);
    /* One that joins in the middle may see an epoch here that never was in force: its stream is known by the resume
     * record. */
    memcpy(s->uuid, rec->stream, STREAM_UUID_LEN);
    s->has_uuid = s->based;
    s->has_epoch = true;
    s->resumed = false;
    s->epoch = rec->epoch;
    s->instance = rec->instance;
    s->open_dropped = s->open_seq > 0;
    s->open_seq = 0;
    s->open_next = 0;
    *out = STREAM_CONTROL;
    return 0;
}

/* Does a control record say the same about seq as we hold? */
static int check_agrees(const struct stream *s, const struct record *rec, struct err *err)
{
    if (rec->seq > s->seq)
        return records_missing(s, rec, rec->seq, err);
    if (rec->seq < s->seq)
        return err_stop(err, MSG_STOP_OTHER_HISTORY,
                        "%s record of epoch %" PRIu64 " goes on after seq %" PRIu64 ", but seq %" PRIu64
                        " is complete here: it would repeat",
                        record_kind_name(rec->kind), rec->epoch, rec->seq, s->seq);
    if (rec->chain != s->chain)
        return other_history(s, rec, rec->chain, err);
    return 0;
}

/* Does a topic that was made anew begin with it? Such a stream goes on, and does not begin with seq 1. */
static bool is_rebuilt(const struct stream *s, const struct record *rec)
{
    struct bytes r = bytes_of(rec->act);
    struct act act;
    if (!s->beginning || s->seq > 0 || s->position.flavor != FLAVOR_NONE || s->open_seq > 0 || rec->act.n == 0)
        return false;
    act_read(&act, &r);
    return !r.bad && span_is(act.kind, ACT_REBUILD);
}

static int accept_resume(struct stream *s, const struct record *rec, enum stream_verdict *out, struct err *err)
{
    if (!is_in_force(s, rec))
        return not_in_force(s, rec, out, err);
    if (s->resumed && rec->seq < s->seq)
        return drop_duplicate(s, out);
    if (!s->based || is_rebuilt(s, rec)) {
        s->based = true;
        s->has_uuid = true;
        s->seq = rec->seq;
        s->chain = rec->chain;
    }
    if (check_agrees(s, rec, err))
        return -1;
    if (s->resumed && s->position.flavor != FLAVOR_NONE)
        return drop_duplicate(s, out);
    s->resumed = true;
    return take_control(s, rec, out, err);
}

static int accept_heartbeat(struct stream *s, const struct record *rec, enum stream_verdict *out, struct err *err)
{
    if (!is_in_force(s, rec))
        return not_in_force(s, rec, out, err);
    if (!s->resumed)
        return drop_void(s, out);
    if (rec->seq < s->seq)
        return drop_duplicate(s, out);
    if (check_agrees(s, rec, err))
        return -1;
    return take_control(s, rec, out, err);
}

/* ---- records with a seq of their own ---- */

/* A record that was taken before; as far as we still know what it held, it must be the same. */
static int accept_again(struct stream *s, const struct record *rec, enum stream_verdict *out, struct err *err)
{
    if (rec->seq == s->seq && rec->chain != s->chain)
        return other_history(s, rec, rec->chain, err);
    if (rec->seq == s->last_seq && rec->fragment == s->last_fragment && rec->crc != s->last_crc)
        return err_fatal(err, EXIT_UNSAFE,
                         "seq %" PRIu64 " fragment %u of epoch %" PRIu64 " came twice with different content", rec->seq,
                         rec->fragment, rec->epoch);
    return drop_duplicate(s, out);
}

/* Is it the next seq, and does its chain continue ours? */
static int check_continues(const struct stream *s, const struct record *rec, struct err *err)
{
    if (rec->seq != s->seq + 1 || rec->prev_seq != s->seq)
        return records_missing(s, rec, rec->prev_seq, err);
    if (rec->prev_chain != s->chain)
        return other_history(s, rec, rec->prev_chain, err);
    char gtid[GTID_TEXT_LEN];
    if (rec->chain != chain_next(rec->prev_chain, &rec->gtid) || (s->open_seq > 0 && rec->chain != s->open_chain))
        return err_fatal(err, EXIT_UNSAFE, "seq %" PRIu64 " of epoch %" PRIu64 ": chain and GTID %s do not fit",
                         rec->seq, rec->epoch, gtid_text(gtid, &rec->gtid));
    if (s->position.flavor != FLAVOR_NONE && rec->gtid.flavor != s->position.flavor)
        return err_fatal(err, EXIT_UNSAFE,
                         "seq %" PRIu64 " of epoch %" PRIu64 ": GTID %s of a %s source, the position is of a %s one",
                         rec->seq, rec->epoch, gtid_text(gtid, &rec->gtid), flavor_name(rec->gtid.flavor),
                         flavor_name(s->position.flavor));
    return 0;
}

/* The transaction is whole. `before` is kept as what `position` was just before it, without copying it each time. */
static void complete(struct stream *s, const struct record *rec)
{
    if (s->position.flavor != FLAVOR_NONE) {
        if (s->position_moved)
            position_copy(&s->before, &s->position);
        else
            position_add(&s->before, &s->gtid);
        position_add(&s->position, &rec->gtid);
        s->position_moved = false;
    }
    s->seq = rec->seq;
    s->chain = rec->chain;
    s->gtid = rec->gtid;
    s->commit_us = rec->commit_us;
    s->fingerprint = rec->fingerprint;
    s->open_seq = 0;
    s->open_next = 0;
}

static int accept_numbered(struct stream *s, const struct record *rec, enum stream_verdict *out, struct err *err)
{
    if (!is_in_force(s, rec))
        return not_in_force(s, rec, out, err);
    if (!s->resumed)
        return err_stop(err, MSG_STOP_RECORDS_MISSING,
                        "records are missing: seq %" PRIu64 " of epoch %" PRIu64 " before the epoch's resume record",
                        rec->seq, rec->epoch);
    if (rec->seq <= s->seq)
        return accept_again(s, rec, out, err);
    if (check_continues(s, rec, err))
        return -1;
    if (rec->kind == RECORD_DATA && rec->fragment < s->open_next)
        return accept_again(s, rec, out, err);
    if (rec->fragment != s->open_next)
        return err_stop(err, MSG_STOP_RECORDS_MISSING,
                        "%s record, seq %" PRIu64 " of epoch %" PRIu64 ": fragment %u came, %u is due",
                        record_kind_name(rec->kind), rec->seq, rec->epoch, rec->fragment, s->open_next);
    if (take_cut(s, rec, err))
        return -1;
    take_stamp(s, rec);
    s->last_seq = rec->seq;
    s->last_fragment = rec->fragment;
    s->last_crc = rec->crc;
    if (rec->flags & RECORD_LAST) {
        complete(s, rec);
    } else {
        s->open_seq = rec->seq;
        s->open_next = rec->fragment + 1;
        s->open_chain = rec->chain;
    }
    *out = STREAM_TAKE;
    return 0;
}

/* ---- the machine ---- */

typedef int accept_fn(struct stream *s, const struct record *rec, enum stream_verdict *out, struct err *err);

static accept_fn *const accept_by_kind[] = {
    [RECORD_DATA] = accept_numbered, [RECORD_DDL] = accept_numbered,        [RECORD_EPOCH] = accept_epoch,
    [RECORD_RESUME] = accept_resume, [RECORD_HEARTBEAT] = accept_heartbeat, [RECORD_XA_END] = accept_numbered,
};

int stream_accept(struct stream *s, const struct record *rec, enum stream_verdict *out, struct err *err)
{
    s->open_dropped = false;
    if (rec->kind != RECORD_EPOCH && s->has_uuid && !is_ours(s, rec))
        return err_stop(
            err, MSG_STOP_OTHER_STREAM,
            "another stream: a %s record with another stream UUID than ours; the topic has been made anew, or "
            "holds two sources",
            record_kind_name(rec->kind));
    return accept_by_kind[rec->kind](s, rec, out, err);
}
