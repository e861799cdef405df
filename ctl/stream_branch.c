/* drcctl stream accept-branch: go on with a source that lacks published transactions.
 *
 * What both have in common becomes the stream's position; what the source wrote since is published, and what only the
 * stream has stays in effect at the targets. Capture compares the newest common transaction with the source's before it
 * publishes anything: GTIDs that were given again to other transactions do not pass. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/stream/lost.h"
#include "ctl/stream.h"

#define SHOWN 20u /* transactions in the text; --json and the journal have LOST_MOST */

struct branch_arguments {
    struct stream_arguments common;
    const char *at;
    bool purged;
};

enum { KEY_PURGED = 0x100 };

static const struct argp_option options[] = {
    {"at",     'a',        "POSITION", 0, "The last position that source and stream share, or `none` (default: found by GTIDs)",
     0                                                                                                                            },
    {"purged", KEY_PURGED, NULL,       0, "Pass over what the source has purged before it was published",                        0},
    {NULL,     0,          NULL,       0, NULL,                                                                                  0},
};

static const char doc[] =
    "Go on with a source that lacks transactions which the stream has: one that was promoted before it had everything, "
    "restored from a backup, or lost its newest commits. Lists them; targets keep what they have of them, so compare "
    "with "
    "drc-reconcile afterwards. Capture must be stopped.\v"
    "Where GTIDs were given again to other transactions (after RESET MASTER, or on a server that went on by itself) "
    "capture stops again and says so: then --at names the last position that both share, or `none` when the source's "
    "whole binlog is new to the stream. With --purged the "
    "stream goes on where the source's oldest binlog begins: what it committed before and was not published is lost to "
    "the targets until drc-reconcile brings it. Exit codes: 0 done; 64 nothing is missing; 69; 75 not now.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct branch_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->common;
        return 0;
    case 'a':
        a->at = arg;
        return 0;
    case KEY_PURGED:
        a->purged = true;
        return 0;
    case ARGP_KEY_END:
        if (a->at && a->purged)
            argp_error(state, "either --at or --purged");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct branch {
    struct stream_job job;
    const struct branch_arguments *arguments;
    struct stream seen; /* as the topic tells it */
    struct stream goes_on;
    struct position have; /* the source's */
    struct position common;
    struct lost lost;
    struct permits permits; /* that stand: they go on standing */
};

/* ---- the common position ---- */

static int find_common(struct branch *b, struct err *err)
{
    struct position given = {0};
    enum flavor flavor = b->seen.position.flavor;
    if (stream_source_position(&b->job, &b->have, err))
        return -1;
    if (!b->arguments->at) {
        position_meet(&b->common, &b->seen.position, &b->have);
        return 0;
    }
    bool none = strcmp(b->arguments->at, "none") == 0;
    int rc = position_parse(&given, flavor, span_str(none ? "" : b->arguments->at), err);
    if (rc)
        err_prefix(err, "--at");
    else if (!position_covers(&b->seen.position, &given) || !position_covers(&b->have, &given))
        rc = err_fatal(err, EXIT_BAD_USAGE, "--at %s: stream and source do not both have it", b->arguments->at);
    else
        position_copy(&b->common, &given);
    b->common.flavor = flavor;
    position_free(&given);
    return rc;
}

static int read_lost(struct branch *b, struct err *err)
{
    struct claim c;
    bool empty;
    int rc = claim_open(&c, &b->job.region->kafka, b->job.topic, b->job.region->name, NULL, 0, err);
    if (rc == 0)
        rc = claim_look(&c, &empty, err);
    if (rc == 0)
        rc = lost_read(&b->lost, &c.rb, &b->common, c.low, c.high, err);
    claim_close(&c);
    return rc;
}

/* ---- what was purged ---- */

static void raise_to(struct position *p, const struct position *other)
{
    for (size_t i = 0; other->flavor == FLAVOR_MARIADB && i < other->count; i++) {
        const struct gtid g = {.flavor = FLAVOR_MARIADB, .maria = other->domains[i]};
        if (!position_has(p, &g))
            position_add(p, &g);
    }
    if (other->flavor == FLAVOR_MYSQL)
        position_union(p, other);
}

static int pass_purged(struct branch *b, struct err *err)
{
    struct position oldest = {0};
    struct buf from = {0}, to = {0};
    if (stream_source_position(&b->job, &b->have, err) || stream_oldest_position(&b->job, &oldest, err))
        return -1;
    uint64_t gap = position_distance(&oldest, &b->seen.position);
    int rc = 0;
    position_copy(&b->common, &b->seen.position);
    raise_to(&b->common, &oldest);
    position_put_text(&b->seen.position, &from);
    position_put_text(&b->common, &to);
    if (gap == 0)
        rc = err_fatal(err, EXIT_BAD_USAGE, "%s has purged nothing that the stream lacks", b->job.region->name);
    stream_detail_position(&b->job, "was", &b->seen.position);
    stream_detail_position(&b->job, "position", &b->common);
    stream_detail(&b->job, "never_published", json_integer((json_int_t)gap));
    stream_say(&b->job, "%" PRIu64 " transactions after \"%s\" up to \"%s\" are purged and are never published;", gap,
               buf_cstr(&from), buf_cstr(&to));
    stream_say(&b->job, "the stream goes on behind them; compare both sides with drc-reconcile");
    buf_free(&from);
    buf_free(&to);
    position_free(&oldest);
    return rc;
}

/* ---- saying it ---- */

static json_t *lost_json(const struct lost *l)
{
    char gtid[GTID_TEXT_LEN], at[CLOCK_TEXT_LEN];
    json_t *list = json_array();
    for (size_t i = 0; i < l->count; i++)
        json_array_append_new(list, json_pack("{s:I, s:s, s:s}", "seq", (json_int_t)l->list[i].seq, "gtid",
                                              gtid_text(gtid, &l->list[i].gtid), "committed",
                                              clock_text(at, l->list[i].commit_us)));
    return list;
}

static void say(struct branch *b)
{
    const struct lost *l = &b->lost;
    char gtid[GTID_TEXT_LEN], at[CLOCK_TEXT_LEN];
    struct buf text = {0};
    position_put_text(&b->common, &text);
    stream_detail_position(&b->job, "was", &b->seen.position);
    stream_detail_position(&b->job, "position", &b->common);
    stream_detail_position(&b->job, "source", &b->have);
    stream_detail(&b->job, "lost", json_integer((json_int_t)l->total));
    stream_detail(&b->job, "transactions", lost_json(l));
    stream_say(&b->job,
               "%" PRIu64 " published transactions are not in the source any more; targets keep them:", l->total);
    for (size_t i = l->count > SHOWN ? l->count - SHOWN : 0; i < l->count; i++)
        stream_say(&b->job, "  seq %" PRIu64 "  %s  committed %s", l->list[i].seq, gtid_text(gtid, &l->list[i].gtid),
                   clock_text(at, l->list[i].commit_us));
    stream_say(&b->job, "the stream goes on after position \"%s\"; compare both sides with drc-reconcile",
               buf_cstr(&text));
    buf_free(&text);
}

/* ---- going on ---- */

/* Seq and chain go on; the transaction that capture compares is the newest that both have. Where the topic tells none,
 * nothing is compared. */
static void make_state(struct branch *b)
{
    struct stream *s = &b->goes_on;
    const struct stream *seen = &b->seen;
    *s = (struct stream){.seq = seen->seq, .chain = seen->chain, .stamp = seen->stamp};
    struct buf cut = {0};
    cut_put(&seen->cut, &cut);
    struct bytes r = bytes_of(buf_span(&cut));
    cut_read(&s->cut, &r);
    buf_free(&cut);
    position_copy(&s->position, &b->common);
    position_copy(&s->before, b->lost.has_kept ? &b->lost.kept_before : &b->common);
    if (b->lost.has_kept) {
        s->gtid = b->lost.kept.gtid;
        s->fingerprint = b->lost.kept_fingerprint;
    }
}

/* Where GTIDs may go back, a transaction that is behind the source's position may be in its binlog all the same, and
 * would be published twice. */
static int check_order(struct branch *b, struct err *err)
{
    uint64_t strict = 1;
    if (stream_source(&b->job, err))
        return -1;
    if (db_flavor(b->job.source) == FLAVOR_MARIADB &&
        db_query_u64(b->job.source, &strict, "SELECT @@GLOBAL.gtid_strict_mode", err))
        return -1;
    return strict
               ? 0
               : err_fatal(err, EXIT_BAD_CONFIG,
                           "region %s lets GTIDs go back, so that its position cannot be trusted; run: SET GLOBAL "
                           "gtid_strict_mode=1. If one was used twice since the stream's position, begin a new stream",
                           b->job.region->name);
}

static int accept_branch(struct branch *b, struct err *err)
{
    if (stream_begin(&b->job, &b->arguments->common, "accept-branch", err) || stream_check_idle(&b->job, err) ||
        stream_look(&b->job, &b->seen, err) || stream_permits(&b->seen, &b->permits, err) || check_order(b, err))
        return -1;
    if (b->arguments->purged) {
        if (pass_purged(b, err))
            return -1;
        make_state(b);
        return stream_write(&b->job, &b->seen, &b->goes_on, &b->permits, err);
    }
    if (find_common(b, err))
        return -1;
    if (position_covers(&b->common, &b->seen.position))
        return err_fatal(err, EXIT_BAD_USAGE,
                         "by its GTIDs %s has all that the stream has. If capture stops all the same, their histories "
                         "have parted: give --at the last position that both share",
                         b->job.region->name);
    if (read_lost(b, err))
        return -1;
    say(b);
    make_state(b);
    return stream_write(&b->job, &b->seen, &b->goes_on, &b->permits, err);
}

int command_stream_accept_branch(int argc, char **argv, const char *config_path)
{
    const struct argp argp = {options, parse, NULL, doc, stream_options_child, NULL, NULL};
    struct branch_arguments a = {.common = {.config_path = config_path}};
    struct branch b = {.arguments = &a};
    struct err err = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int rc = accept_branch(&b, &err);
    int code = stream_end(&b.job, rc, &err);
    stream_free(&b.seen);
    stream_free(&b.goes_on);
    position_free(&b.have);
    position_free(&b.common);
    lost_free(&b.lost);
    permits_free(&b.permits);
    return code;
}
