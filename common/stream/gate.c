/* The gate at a resume: skip what the topic has, compare its last transaction. */
#include "common/stream/gate.h"

#include <inttypes.h>

#include "common/model/way_out.h"

void gate_open(struct gate *g, const struct stream *state, bool compare, const char *region)
{
    *g = (struct gate){.region = region, .last = state->gtid, .seq = state->seq, .fingerprint = state->fingerprint};
    g->waits = compare && state->seq > 0;
    position_copy(&g->resumed, &state->position);
}

void gate_free(struct gate *g)
{
    position_free(&g->resumed);
}

static uint64_t domain_seq(const struct position *p, uint32_t domain)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->domains[i].domain == domain)
            return p->domains[i].seq;
    return 0;
}

static int out_of_order(const struct position *read, const struct gtid *gtid, struct err *err)
{
    char text[GTID_TEXT_LEN];
    struct buf position = {0};
    position_put_text(read, &position);
    int rc = err_stop(
        err, MSG_STOP_GTID_TWICE,
        "the source sent GTID %s although it had come to %s: a GTID was used twice or out of order, so a "
        "position says nothing: compare both sides with drc-reconcile, then begin a new stream (docs/stops.md); "
        "SET GLOBAL gtid_strict_mode=1 keeps a server from doing so",
        gtid_text(text, gtid), buf_cstr(&position));
    buf_free(&position);
    return rc;
}

/* Has the dump gone past the topic's position in this GTID's domain? */
static bool is_past(const struct gate *g, const struct position *read, const struct gtid *gtid)
{
    return gtid->flavor == FLAVOR_MARIADB &&
           domain_seq(read, gtid->maria.domain) > domain_seq(&g->resumed, gtid->maria.domain);
}

/* MariaDB keeps order within a domain only. MySQL's position in the topic lacks what was passed over (replayed,
 * filtered) between its last control record and the last transaction: that comes again in front, and is passed over
 * again. That the source has the last transaction at all has been asked before (takeover.c). */
static bool must_follow_last(const struct gate *g, const struct gtid *gtid)
{
    return gtid->flavor == FLAVOR_MARIADB && gtid->maria.domain == g->last.maria.domain;
}

int gate_begin(struct gate *g, enum gate_verdict *out, const struct position *read, const struct gtid *gtid,
               struct err *err)
{
    *out = GATE_PUBLISH;
    if (position_has(&g->resumed, gtid)) {
        if (is_past(g, read, gtid))
            return out_of_order(read, gtid, err);
        *out = g->waits && gtid_eq(gtid, &g->last) ? GATE_COMPARE : GATE_SKIP;
        return 0;
    }
    if (position_has(read, gtid))
        return out_of_order(read, gtid, err);
    char text[GTID_TEXT_LEN];
    if (g->waits && must_follow_last(g, gtid))
        return gate_end(g, gtid_text(text, gtid), err);
    return 0;
}

bool gate_matches(struct gate *g, uint64_t fingerprint)
{
    if (fingerprint != g->fingerprint)
        return false;
    g->waits = false;
    return true;
}

bool gate_has_rows(struct gate *g, const struct txn_hash *rows, bool surely)
{
    return txn_hash_is(rows, g->fingerprint, surely) && gate_matches(g, g->fingerprint);
}

int gate_end(const struct gate *g, const char *what, struct err *err)
{
    char text[GTID_TEXT_LEN];
    if (!g->waits)
        return 0;
    return err_stop(
        err, MSG_STOP_SOURCE_BRANCHED,
        "the source lost transactions: %s (seq %" PRIu64 ", the last one in the topic) is not what the source "
        "has in its place (seen up to %s); it may have crashed without sync_binlog=1, been restored, or be "
        "a replica that lagged. Point regions.%s at a server that has it, or go on from the last position that both "
        "share: " WAY_OUT_BRANCH_AT,
        gtid_text(text, &g->last), g->seq, what, g->region, g->region);
}
