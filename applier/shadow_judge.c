/* What would become of a transaction: judged by the exact way, put aside, or not to be told. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "applier/apply_private.h"
#include "applier/park_record.h"
#include "applier/shadow_forecast.h"
#include "common/base/mem.h"
#include "common/model/mask.h"
#include "common/target/journal_images.h"

enum fate {
    FATE_JUDGED,
    FATE_PARKED,
    FATE_HELD, /* nobody can say, and so for what shares a key with it */
    FATE_ERROR,
};

void shadow_count(struct shadow_count *c, uint64_t seq, const char *why)
{
    if (c->count++ > 0)
        return;
    c->seq = seq;
    (void)snprintf(c->why, sizeof c->why, "%s", why);
}

/* ---- keys of what is not in effect ---- */

static int item_of(struct forecast *f, struct park_item *item, const struct txn *t, struct err *err)
{
    *item =
        (struct park_item){.seq = t->head.seq, .rows = t->row_total, .bytes = t->bytes, .more = t->head.fragment > 0};
    if (key_tables_add(f->keys, &item->keys, t, err)) {
        writeset_free(&item->keys);
        return -1;
    }
    writeset_seal(&item->keys);
    return 0;
}

/* The bound on what is put aside: there the link stops, and nothing more can be told. */
static int at_bound(struct forecast *f, uint64_t seq, struct err *err)
{
    if (err->class != ERR_FATAL || err->exit_code != EXIT_UNSAFE)
        return -1;
    shadow_count(&f->stops, seq, err->text);
    f->over = true;
    *err = (struct err){0};
    return 0;
}

static int enter(struct forecast *f, struct park *park, struct park_item *item, struct err *err)
{
    int rc = park_enter(park, item, err);
    if (rc)
        rc = at_bound(f, item->seq, err);
    writeset_free(&item->keys);
    return rc;
}

/* ---- notes ---- */

static void note_parked(struct forecast *f, const struct txn *t, const char *why)
{
    const struct tally_note n = {
        .kind = JOURNAL_PARKED, .verdict = conflict_verdict_name(VERDICT_PARK), .why = why, .seq = t->head.seq};
    tally_put(f->shadow.tally, &n);
}

static void note_refusal(struct forecast *f, const struct txn *t, const struct apply_outcome *out)
{
    const struct conflict_case *c = out->refusal;
    const char *why = buf_cstr((struct buf *)&out->why);
    struct buf key = {0};
    if (!c || !txn_is_whole(t)) {
        note_parked(f, t, why);
        return;
    }
    journal_put_key_json(c->table, c->before ? c->before : c->incoming, &f->sink.config->conflict_mask, &key);
    const struct tally_note n = {.db = c->table->db,
                                 .table = c->table->name,
                                 .kind = conflict_kind_name(c->kind),
                                 .cause = conflict_cause_name(conflict_cause(c)),
                                 .verdict = conflict_verdict_name(VERDICT_PARK),
                                 .why = why,
                                 .key = buf_span(&key),
                                 .seq = t->head.seq};
    tally_put(f->shadow.tally, &n);
    buf_free(&key);
}

/* ---- judging ---- */

static void undo_all(struct forecast *f)
{
    overlay_undo(f->shadow.overlay, 0);
    if (!f->shadow.stopped)
        tally_undo(f->shadow.tally, 0);
    causal_forget(f->sink.causal);
}

static enum fate fate_of(struct forecast *f, struct txn *t, struct err *err)
{
    struct shadow *sh = &f->shadow;
    struct apply_outcome out = {0};
    enum fate fate = FATE_HELD;
    int rc = exact_rows(&f->sink, t, false, &out, err);
    if (rc == 1) {
        fate = FATE_JUDGED;
    } else if (rc == 0 && out.result == APPLY_REFUSED) {
        fate = FATE_PARKED;
        undo_all(f);
        note_refusal(f, t, &out);
    } else if (rc == 0) {
        shadow_count(&f->unjudged, t->head.seq, buf_cstr(&out.why));
    } else if (sh->blind) {
        shadow_count(&f->unjudged, t->head.seq, sh->blind);
    } else if (err->class == ERR_FATAL && err->exit_code == EXIT_UNSAFE) {
        shadow_count(&f->stops, t->head.seq, err->text);
    } else {
        fate = FATE_ERROR;
    }
    if (fate == FATE_HELD) {
        undo_all(f);
        *err = (struct err){0};
    }
    apply_outcome_free(&out);
    return fate;
}

/* Does it share a key with what is not in effect? *fate says with which. 1, 0, -1. */
static int is_behind(struct forecast *f, struct txn *t, enum fate *fate, struct err *err)
{
    const struct {
        struct park *park;
        enum fate fate;
    } kinds[] = {
        {f->held, FATE_HELD  },
        {f->park, FATE_PARKED}
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct park_item item;
        if (park_is_empty(kinds[i].park))
            continue;
        if (item_of(f, &item, t, err))
            return -1;
        uint64_t behind = park_behind(kinds[i].park, &item);
        writeset_free(&item.keys);
        if (behind == 0)
            continue;
        char why[100];
        *fate = kinds[i].fate;
        (void)snprintf(why, sizeof why, "it shares a key with seq %" PRIu64 ", which %s", behind,
                       *fate == FATE_HELD ? "could not be judged, or would stop the link" : "would be parked");
        undo_all(f);
        if (*fate == FATE_PARKED)
            note_parked(f, t, why);
        else
            shadow_count(&f->unjudged, t->head.seq, why);
        return 1;
    }
    return 0;
}

static void kept(struct forecast *f)
{
    overlay_keep(f->shadow.overlay);
    tally_keep(f->shadow.tally);
    causal_committed(f->sink.causal);
}

/* ---- big ones ---- */

static void close_big(struct forecast *f)
{
    for (size_t i = 0; i < f->big.count; i++)
        writeset_free(&f->big.items[i].keys);
    free(f->big.items);
    f->big = (struct shadow_open){0};
}

void shadow_void(struct forecast *f)
{
    f->shadow.stopped = false;
    undo_all(f);
    close_big(f);
}

static int add_item(struct forecast *f, const struct txn *t, struct err *err)
{
    struct shadow_open *b = &f->big;
    if (b->count == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 16;
        b->items = xreallocarray(b->items, b->cap, sizeof *b->items);
    }
    if (item_of(f, &b->items[b->count], t, err))
        return -1;
    b->count++;
    return 0;
}

/* It is not in effect: neither are its fragments so far. */
static int big_aside(struct forecast *f, const struct txn *t, enum fate fate, struct err *err)
{
    struct park *park = fate == FATE_PARKED ? f->park : f->held;
    f->big.fate = fate == FATE_PARKED ? OPEN_PARKED : OPEN_HELD;
    for (size_t i = 0; i < f->big.count; i++) {
        if (fate == FATE_PARKED && i + 1 < f->big.count) /* the last one has its note */
            note_parked(f, t, "it is refused as a whole");
        if (!f->over && enter(f, park, &f->big.items[i], err))
            return -1;
    }
    tally_keep(f->shadow.tally);
    return 0;
}

/* One more fragment of what is not in effect. */
static int more_aside(struct forecast *f, const struct txn *t, struct err *err)
{
    struct park_item item;
    bool parked = f->big.fate == OPEN_PARKED;
    if (item_of(f, &item, t, err))
        return -1;
    if (parked)
        note_parked(f, t, "it is refused as a whole");
    tally_keep(f->shadow.tally);
    return enter(f, parked ? f->park : f->held, &item, err);
}

static int judge_fragment(struct forecast *f, struct txn *t, struct err *err)
{
    enum fate fate;
    if (t->head.flags & RECORD_FIRST) {
        close_big(f);
        f->big.seq = t->head.seq;
    }
    if (f->big.fate != OPEN_JUDGED)
        return more_aside(f, t, err);
    if (add_item(f, t, err))
        return -1;
    int behind = is_behind(f, t, &fate, err);
    if (behind == 0)
        fate = fate_of(f, t, err);
    if (behind < 0 || fate == FATE_ERROR) {
        writeset_free(&f->big.items[--f->big.count].keys);
        return -1;
    }
    return fate == FATE_JUDGED ? 0 : big_aside(f, t, fate, err);
}

/* ---- whole ones ---- */

static int judge_whole(struct forecast *f, struct txn *t, struct err *err)
{
    enum fate fate;
    struct park_item item;
    causal_forget(f->sink.causal);
    int behind = is_behind(f, t, &fate, err);
    if (behind == 0)
        fate = fate_of(f, t, err);
    if (behind < 0 || fate == FATE_ERROR)
        return -1;
    if (fate != FATE_JUDGED &&
        (item_of(f, &item, t, err) || enter(f, fate == FATE_PARKED ? f->park : f->held, &item, err)))
        return -1;
    kept(f);
    return 0;
}

int shadow_judge(struct forecast *f, struct txn *t, struct err *err)
{
    struct shadow *sh = &f->shadow;
    const bool whole = txn_is_whole(t);
    const size_t rows = overlay_mark(sh->overlay), notes = tally_mark(sh->tally);
    int rc = 0;
    sh->seq = t->head.seq;
    sh->stopped = false;
    sh->blind = NULL;
    if (t->rows_count > 0)
        rc = whole ? judge_whole(f, t, err) : judge_fragment(f, t, err);
    map_clear(&sh->seen);
    if (rc) {
        overlay_undo(sh->overlay, rows);
        tally_undo(sh->tally, notes);
        causal_undo(f->sink.causal);
        return -1;
    }
    f->rows += t->row_total;
    if (!(t->head.flags & RECORD_LAST) || txn_is_act(t))
        return 0;
    f->judged += !t->ddl;
    f->statements += t->ddl != NULL;
    if (!whole && f->big.fate == OPEN_JUDGED)
        kept(f);
    close_big(f);
    arena_reset(&sh->arena);
    return 0;
}
