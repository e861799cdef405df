/* The record builder's hot path: rows of a transaction into fragments. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/model/way_out.h"
#include "common/stream/builder_private.h"
#include "common/target/ledger_canary.h"
#include "common/target/repair.h"

#define HEADER_BYTES 1024u /* at most, of a record beside its body, cut and XID */

/* ---- whose rows are these? ---- */

/* Are these the columns of the rows? What a TABLE_MAP says without names must be the same; it never says which
 * character set the members of ENUM and SET are in. */
static bool has_columns(const struct table_def *accepted, const struct table_def *t)
{
    if (accepted->column_count != t->column_count)
        return false;
    for (size_t i = 0; i < t->column_count; i++) {
        const struct column *a = &accepted->columns[i], *c = &t->columns[i];
        bool members = c->type == COLUMN_ENUM || c->type == COLUMN_SET;
        if (a->type != c->type || a->meta != c->meta || a->is_unsigned != c->is_unsigned ||
            a->nullable != c->nullable || (!members && a->collation != c->collation))
            return false;
    }
    return true;
}

/* The newest accepted definition that fits; NULL: none. */
static const struct table_def *find_accepted(const struct builder *b, const struct table_def *t)
{
    for (size_t i = b->permits.count; i > 0; i--) {
        const struct table_def *one = b->permits.list[i - 1].table;
        if (one && span_eq(one->db, t->db) && span_eq(one->name, t->name) && has_columns(one, t))
            return one;
    }
    return NULL;
}

void builder_pass_permits(struct builder *b)
{
    size_t before = b->permits.count;
    permits_drop_passed(&b->permits, &b->position);
    if (b->permits.count != before)
        builder_forget_tables(b); /* decisions may rest on what is gone */
}

/* Rows that would be published, and nobody knows their columns' names. */
static int lacks_names(const struct builder *b, const struct table_def *t, struct err *err)
{
    bool tried = false;
    for (size_t i = 0; i < b->permits.count; i++) {
        const struct table_def *one = b->permits.list[i].table;
        tried = tried || (one && span_eq(one->db, t->db) && span_eq(one->name, t->name));
    }
    return err_stop(err, MSG_STOP_NO_COLUMN_NAMES,
                    "table %.*s.%.*s: the binlog lacks its column names%s; run: SET GLOBAL binlog_row_metadata='FULL'; "
                    "then, for the events that are there: " WAY_OUT_DEFINITION,
                    SPAN_ARG(t->db), SPAN_ARG(t->name),
                    tried ? " (a definition was accepted, but count or types of its columns are others)" : "",
                    b->settings.region, SPAN_ARG(t->db), SPAN_ARG(t->name));
}

/* MariaDB's TABLE_MAP has no fraction for the formats before 5.6's; whether rows could be read at all proves nothing.
 */
static int check_old_temporals(struct builder *b, const struct table_def *t, struct err *err)
{
    int found = table_has_old_temporals(t) ? b->settings.sink.old_fractions(b->settings.sink.context, t, err) : 0;
    if (found <= 0)
        return found;
    return err_stop(
        err, MSG_STOP_OLD_FRACTION,
        "table %.*s.%.*s: a column has a fraction of a second in the format of before MariaDB 10.1, whose "
        "length the binlog does not tell; run: SET GLOBAL mysql56_temporal_format = ON; ALTER TABLE "
        "%.*s.%.*s FORCE; then, for each event that is there: " WAY_OUT_SKIP ", and compare the table (drc-reconcile)",
        SPAN_ARG(t->db), SPAN_ARG(t->name), SPAN_ARG(t->db), SPAN_ARG(t->name), b->settings.region, "FILE:OFFSET");
}

static int decide(struct builder *b, struct decision *out, const struct table_def *t, struct err *err)
{
    out->fate = filter_match(b->settings.tables, t->db, t->name) ? FATE_PUBLISH : FATE_DROP;
    if (repair_is_table(t)) { /* without names no reader could tell its columns */
        out->fate = t->nameless ? FATE_DROP : FATE_REPAIR;
        return 0;
    }
    if (!ledger_is_table(t)) {
        out->accepted = t->nameless ? find_accepted(b, t) : NULL;
        if (t->nameless && out->fate == FATE_PUBLISH && !out->accepted)
            out->fate = FATE_NAMELESS;
        return out->fate == FATE_PUBLISH ? check_old_temporals(b, t, err) : 0;
    }
    out->fate = FATE_LEDGER;
    if (ledger_columns_find(&out->ledger, t))
        return 0;
    return err_stop(
        err, MSG_STOP_LEDGER_ROWS,
        "table %.*s.%.*s has not the columns of drc's ledger: it was changed by hand, or by a newer version",
        SPAN_ARG(t->db), SPAN_ARG(t->name));
}

static const struct decision *decision_of(struct builder *b, const struct table_def *t, struct err *err)
{
    if (b->last_table == t)
        return b->last_decision;
    void **known = map_ref(&b->decisions, span_of(&t, sizeof t));
    if (!*known) {
        struct decision *fresh = arena_zalloc(&b->decision_arena, sizeof *fresh);
        if (decide(b, fresh, t, err) != 0)
            return NULL;
        *known = fresh;
    }
    b->last_table = t;
    b->last_decision = *known;
    return b->last_decision;
}

void builder_forget_tables(struct builder *b)
{
    map_clear(&b->decisions);
    arena_reset(&b->decision_arena);
    b->last_table = NULL;
}

/* ---- the loop mark ---- */

static int check_stream(struct builder *b, const struct ledger_mark *m, bool made, struct err *err)
{
    if (memcmp(m->stream, b->stream, STREAM_UUID_LEN) == 0)
        return err_stop(err, MSG_STOP_LOOP,
                        "loop: the source's ledger has this stream itself: transactions of region %s come back to it",
                        b->settings.region);
    /* The row is there by this very transaction, which a semi-synchronous source shows to nobody before we have it. */
    if (made)
        return 0;
    int known = b->settings.sink.known(b->settings.sink.context, m->stream, err);
    if (known != 0)
        return known < 0 ? -1 : 0;
    struct buf text = {0};
    buf_put_hex(&text, span_of(m->stream, STREAM_UUID_LEN));
    int rc =
        err_stop(err, MSG_STOP_LEDGER_ROWS,
                 "a transaction begins with a change of drc.ledger for stream %s, which the ledger does not know: was "
                 "a row deleted from it by hand? Whether the transaction was replayed cannot be told",
                 buf_cstr(&text));
    buf_free(&text);
    return rc;
}

/* The ledger says that the stream is in effect up to there. */
static int take_mark(struct builder *b, const struct ledger_mark *m, bool made, struct err *err)
{
    if (ledger_is_canary(m->stream)) {
        b->settings.sink.canary(b->settings.sink.context, m->stream, m->done.low);
        return 0;
    }
    if (check_stream(b, m, made, err) != 0)
        return -1;
    watermark_union(&cut_entry_of(&b->txn.pending, m->stream, m->part)->done, &m->done);
    if (m->stamp > b->txn.pending_stamp)
        b->txn.pending_stamp = m->stamp;
    return 0;
}

static int take_marks(struct builder *b, const struct rows *rows, const struct decision *d, struct err *err)
{
    struct cell *cells = arena_alloc(&b->arena, (size_t)rows->table->column_count * sizeof *cells);
    struct bytes r = bytes_of(rows->images);
    for (uint32_t i = 0; i < rows->count; i++) {
        struct ledger_mark m;
        if (ledger_mark_read(&m, &r, rows, &d->ledger, cells, err) != 0)
            return -1;
        int rc = m.gone ? 0 : take_mark(b, &m, rows->op == ROWS_INSERT, err);
        ledger_mark_free(&m);
        if (rc != 0)
            return -1;
    }
    return 0;
}

/* Whatever is in front of the mark hides it: what an applier wrote would be taken for local and sent back. */
static int late_mark(const struct txn *t, const struct rows *rows, struct err *err)
{
    char gtid[GTID_TEXT_LEN];
    const struct table_def *first = t->first_table;
    return err_stop(err, MSG_STOP_LOOP_FUSE,
                    "loop fuse: transaction %s changes %.*s.%.*s after rows of %.*s.%.*s, so that it cannot be told "
                    "from a local one; an applier changes it first. Take away the trigger on that table (or whatever "
                    "did it), then leave %.*s.%.*s out by tables.exclude until capture has passed",
                    gtid_text(gtid, &t->gtid), SPAN_ARG(rows->table->db), SPAN_ARG(rows->table->name),
                    SPAN_ARG(first->db), SPAN_ARG(first->name), SPAN_ARG(first->db), SPAN_ARG(first->name));
}

/* ---- fragments ---- */

/* Bytes of rows that a record may hold. */
static size_t body_limit(const struct builder *b)
{
    size_t beside = HEADER_BYTES + b->cut_bytes.len + b->txn.xid.len;
    size_t most = b->settings.max_bytes > 2 * beside ? b->settings.max_bytes - beside : b->settings.max_bytes / 2;
    return b->settings.fragment_bytes < most ? b->settings.fragment_bytes : most;
}

int builder_flush(struct builder *b, bool last, struct err *err)
{
    struct txn *t = &b->txn;
    struct record rec;
    builder_numbered_record(b, &rec, RECORD_DATA);
    rec.flags =
        (uint8_t)((t->fragments == 0 ? RECORD_FIRST : 0) | (last ? RECORD_LAST : 0) | (t->held ? RECORD_HELD : 0));
    rec.fragment = t->fragments;
    if (last)
        rec.fingerprint = txn_hash_end(&t->hash);
    rec.xid = buf_span(&t->xid);
    rec.body = buf_span(&t->body);
    if (builder_put(b, &rec, err) != 0)
        return -1;
    b->counts.rows += t->body_rows;
    t->fragments++;
    t->body_rows = 0;
    buf_clear(&t->body);
    body_start(&t->writer, &t->body);
    if (last)
        builder_complete(b, rec.chain, rec.fingerprint);
    return 0;
}

static void put_rows(struct txn *t, const struct rows *rows)
{
    body_put_rows(&t->writer, rows);
    t->body_rows += rows->count;
}

static void skip_row(const struct rows *rows, struct bytes *r)
{
    if (rows->op != ROWS_INSERT)
        image_skip(rows->table, rows->present_before, r);
    if (rows->op != ROWS_DELETE)
        image_skip(rows->table, rows->present_after, r);
}

/* Rows of one event that do not fit one record: cut between rows. A row that is larger goes out alone. */
static int split_rows(struct builder *b, const struct rows *rows, size_t limit, struct err *err)
{
    struct bytes r = bytes_of(rows->images);
    struct rows part = *rows;
    part.flags &= (uint16_t)~ROWS_STMT_END;
    uint32_t done = 0;
    while (done < rows->count) {
        const uint8_t *start = r.p;
        part.count = 0;
        while (done + part.count < rows->count) {
            struct bytes at = r;
            skip_row(rows, &r);
            if (part.count > 0 && (size_t)(r.p - start) > limit) {
                r = at;
                break;
            }
            part.count++;
        }
        part.images = span_of(start, (size_t)(r.p - start));
        done += part.count;
        if (done == rows->count)
            part.flags = rows->flags;
        put_rows(&b->txn, &part);
        if (done < rows->count && builder_flush(b, false, err) != 0)
            return -1;
    }
    return 0;
}

static int publish(struct builder *b, const struct rows *rows, struct err *err)
{
    struct txn *t = &b->txn;
    size_t limit = body_limit(b);
    if (t->body.len > 0 && t->body.len + rows->images.n > limit && builder_flush(b, false, err) != 0)
        return -1;
    if (rows->images.n > limit && rows->count > 1)
        return split_rows(b, rows, limit, err);
    put_rows(t, rows);
    return 0;
}

/* ---- rows come ---- */

/* Of drc.repair only what is asked is anybody's business, not that it is cleared away. */
static bool is_dropped(const struct decision *d, const struct rows *rows)
{
    return d->fate == FATE_DROP || (d->fate == FATE_REPAIR && rows->op != ROWS_INSERT);
}

int builder_rows(struct builder *b, const struct item *item, struct err *err)
{
    struct txn *t = &b->txn;
    const struct rows *rows = &item->rows;
    if (t->gate == GATE_SKIP)
        return 0;
    const struct decision *d = decision_of(b, rows->table, err);
    if (!d)
        return -1;
    /* What is not published cannot come back, so that it decides nothing. */
    if (t->origin == ORIGIN_UNKNOWN && !is_dropped(d, rows)) {
        t->first_table = rows->table;
        t->origin = d->fate == FATE_LEDGER ? ORIGIN_REPLAYED : ORIGIN_LOCAL;
    }
    if (t->origin == ORIGIN_REPLAYED)
        return d->fate == FATE_LEDGER ? take_marks(b, rows, d, err) : 0;
    if (d->fate == FATE_LEDGER)
        return late_mark(t, rows, err);
    txn_hash_rows(&t->hash, rows);
    if (t->gate == GATE_COMPARE || is_dropped(d, rows))
        return 0;
    if (d->fate == FATE_NAMELESS)
        return lacks_names(b, rows->table, err);
    struct rows named = *rows;
    named.table = d->accepted ? d->accepted : rows->table;
    return publish(b, &named, err);
}
