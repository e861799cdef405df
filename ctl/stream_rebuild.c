/* drcctl stream rebuild: a lost topic again, from what the targets' ledgers know.
 *
 * Each ledger keeps places of the stream from which its source can be read again (common/target/anchors.h). The lowest
 * of all targets' is where the new topic begins: same stream UUID, same seq, same chain; so capture gives the same
 * transactions the same seqs again, and appliers that are further along find theirs by seq and chain. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/target/anchors.h"
#include "common/target/ledger.h"
#include "ctl/stream.h"

/* Above the epochs that ledgers know of: a former writer may have announced more before the topic was lost. */
#define EPOCHS_AHEAD 1000000u

enum { KEY_FROM_LEDGERS = 0x100, KEY_DELETE };

struct rebuild_arguments {
    struct stream_arguments common;
    bool from_ledgers;
    bool delete_topic;
};

static const struct argp_option options[] = {
    {"from-ledgers", KEY_FROM_LEDGERS, NULL, 0, "Begin where the ledgers of all targets allow; needed",       0},
    {"delete-topic", KEY_DELETE,       NULL, 0, "Delete the topic that is there now, with all that it holds", 0},
    {NULL,           0,                NULL, 0, NULL,                                                         0},
};

static const char doc[] =
    "Make the topic of a stream anew after it was lost, truncated or recreated. It begins at the lowest place that the "
    "ledgers of all targets allow, so that nothing is lost and nothing takes effect twice. Capture must be stopped; "
    "appliers may run.\v"
    "Refused (69) where the source's binlog no longer reaches that far: the gap is named. Exit codes: 0 done; 69; 75 "
    "not now.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct rebuild_arguments *a = state->input;
    (void)arg;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->common;
        return 0;
    case KEY_FROM_LEDGERS:
        a->from_ledgers = true;
        return 0;
    case KEY_DELETE:
        a->delete_topic = true;
        return 0;
    case ARGP_KEY_END:
        if (!a->from_ledgers)
            argp_error(state, "--from-ledgers is needed: there is no other way yet to know where to begin");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct rebuild {
    struct stream_job job;
    const struct rebuild_arguments *arguments;
    struct stream start; /* where the new topic begins: `epoch` is the highest that a ledger knows */
    bool found;
    char gtid[GTID_TEXT_LEN]; /* of the ledger that is furthest */
    uint64_t furthest;
};

/* ---- ledgers ---- */

static int read_ledger(struct rebuild *b, const char *to, struct ledger_state *out, struct err *err)
{
    struct db *db = NULL;
    if (command_connect(&db, b->job.config, to, false, err))
        return -1;
    int found = ledger_find(db, b->job.topic, out, err);
    db_close(&db);
    if (found == 0)
        return err_fatal(
            err, EXIT_UNSAFE,
            "the ledger at %s has no row for the link %s:%s, which never ran: what it would need cannot be "
            "known; take the link out of the pair file while the stream is rebuilt",
            to, b->job.region->name, to);
    return found < 0 ? -1 : 0;
}

/* The first anchor of a ledger, as a stream. */
static int read_anchor(const struct rebuild *b, const char *to, const struct ledger_state *ledger, struct stream *out,
                       struct err *err)
{
    struct bytes r = bytes_of(buf_span(&ledger->anchors));
    struct anchors anchors = {0};
    anchors_read(&anchors, &r);
    bool good = !r.bad && anchors.count > 0 && anchor_stream(&anchors.list[0], out);
    anchors_free(&anchors);
    if (good) {
        memcpy(out->uuid, ledger->stream, STREAM_UUID_LEN);
        return 0;
    }
    return err_fatal(err, EXIT_UNSAFE,
                     "the ledger at %s does not say from where %s can be read again: the link has not passed a control "
                     "record yet, or an XA transaction was prepared before it began",
                     to, b->job.region->name);
}

static void say_ledger(struct rebuild *b, const char *to, const struct ledger_state *ledger,
                       const struct stream *anchor)
{
    stream_say(&b->job, "ledger at %s: seq %" PRIu64 " (%s) is in effect; it can be read again after seq %" PRIu64, to,
               ledger->seq, *ledger->gtid ? ledger->gtid : "none", anchor->seq);
    json_t *list = json_object_get(b->job.details, "ledgers");
    if (!list)
        stream_detail(&b->job, "ledgers", list = json_array());
    json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:I}", "to", to, "seq", (json_int_t)ledger->seq, "gtid",
                                          ledger->gtid, "anchor_seq", (json_int_t)anchor->seq));
}

static int take_ledger(struct rebuild *b, const char *to, const struct ledger_state *ledger, struct err *err)
{
    struct stream anchor = {0};
    uint64_t epoch = b->start.epoch > ledger->epoch ? b->start.epoch : ledger->epoch;
    if (b->found && memcmp(b->start.uuid, ledger->stream, STREAM_UUID_LEN) != 0)
        return err_fatal(err, EXIT_UNSAFE, "the ledgers hold different streams of %s: that at %s is another one",
                         b->job.region->name, to);
    if (read_anchor(b, to, ledger, &anchor, err))
        return -1;
    say_ledger(b, to, ledger, &anchor);
    if (!b->found || ledger->seq > b->furthest) {
        b->furthest = ledger->seq;
        memcpy(b->gtid, ledger->gtid, sizeof b->gtid);
    }
    if (!b->found || anchor.seq < b->start.seq) {
        stream_free(&b->start);
        b->start = anchor;
    } else {
        stream_free(&anchor);
    }
    b->start.epoch = epoch;
    b->found = true;
    return 0;
}

static int read_ledgers(struct rebuild *b, struct err *err)
{
    for (size_t i = 0; i < b->job.config->link_count; i++) {
        const struct link_config *link = &b->job.config->links[i];
        struct ledger_state ledger = {0};
        if (strcmp(link->from, b->job.region->name) != 0)
            continue;
        int rc = read_ledger(b, link->to, &ledger, err);
        if (rc == 0)
            rc = take_ledger(b, link->to, &ledger, err);
        ledger_state_free(&ledger);
        if (rc)
            return -1;
    }
    if (!b->found)
        return err_fatal(err, EXIT_BAD_USAGE, "no link of the pair begins at %s", b->job.region->name);
    return 0;
}

/* ---- the source ---- */

static int name_gap(const struct rebuild *b, const struct position *oldest, struct err *err)
{
    struct buf have = {0}, from = {0};
    position_put_text(&b->start.position, &from);
    position_put_text(oldest, &have);
    int rc =
        err_fatal(err, EXIT_UNSAFE,
                  "the binlog of %s no longer reaches that far: it begins after %s, needed is what comes after %s: "
                  "%" PRIu64 " transactions between them are gone. Bring purged files back, point regions.%s at a "
                  "server that still has them, or compare with drc-reconcile and begin a new stream",
                  b->job.region->name, buf_cstr(&have), buf_cstr(&from), position_distance(oldest, &b->start.position),
                  b->job.region->name);
    buf_free(&have);
    buf_free(&from);
    return rc;
}

/* The source must have what targets have, and its binlog all that comes after the start. */
static int check_source(struct rebuild *b, struct err *err)
{
    struct position have = {0}, oldest = {0};
    struct gtid last = {0};
    int rc = stream_source_position(&b->job, &have, err);
    if (rc == 0 && *b->gtid)
        rc = gtid_parse(&last, have.flavor, span_str(b->gtid), err);
    if (rc == 0 && (!position_covers(&have, &b->start.position) || (*b->gtid && !position_has(&have, &last))))
        rc = err_fatal(err, EXIT_UNSAFE,
                       "the source lost transactions: a target has %s, which %s does not have; to rebuild the stream, "
                       "a server is needed that has it",
                       b->gtid, b->job.region->name);
    if (rc == 0)
        rc = stream_oldest_position(&b->job, &oldest, err);
    if (rc == 0 && !position_covers(&b->start.position, &oldest))
        rc = name_gap(b, &oldest, err);
    position_free(&have);
    position_free(&oldest);
    return rc;
}

/* ---- the topic ---- */

static int make_topic(struct rebuild *b, struct err *err)
{
    const struct kafka_config *kafka = &b->job.region->kafka;
    struct kafka_topic_facts facts;
    if (kafka_topic_check(&facts, kafka, b->job.topic, err))
        return -1;
    bool used = facts.exists && facts.high > 0;
    if (used && !b->arguments->delete_topic)
        return err_fatal(err, EXIT_UNSAFE,
                         "topic %s is there and has been written to (%" PRId64 " records): with --delete-topic it is "
                         "deleted and made anew",
                         b->job.topic, facts.high);
    if (used)
        stream_say(&b->job, "topic %s: deleted, with its %" PRId64 " records", b->job.topic, facts.high - facts.low);
    stream_say(&b->job, "topic %s: begins after seq %" PRIu64 " of the stream", b->job.topic, b->start.seq);
    if (b->job.arguments->dry_run)
        return 0;
    if (used && kafka_topic_delete(kafka, b->job.topic, err))
        return -1;
    return kafka_topic_create(kafka, b->job.topic, err);
}

static int rebuild(struct rebuild *b, struct err *err)
{
    if (stream_begin(&b->job, &b->arguments->common, ACT_REBUILD, err) || stream_check_idle(&b->job, err) ||
        read_ledgers(b, err) || check_source(b, err))
        return -1;
    stream_detail(&b->job, "seq", json_integer((json_int_t)b->start.seq));
    stream_detail_position(&b->job, "position", &b->start.position);
    b->start.epoch += EPOCHS_AHEAD;
    struct permits none = {0};
    return make_topic(b, err) || stream_write(&b->job, NULL, &b->start, &none, err) ? -1 : 0;
}

int command_stream_rebuild(int argc, char **argv, const char *config_path)
{
    const struct argp argp = {options, parse, NULL, doc, stream_options_child, NULL, NULL};
    struct rebuild_arguments a = {.common = {.config_path = config_path}};
    struct rebuild b = {.arguments = &a};
    struct err err = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int rc = rebuild(&b, &err);
    int code = stream_end(&b.job, rc, &err);
    stream_free(&b.start);
    return code;
}
