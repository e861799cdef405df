/* A topic's records as text and as JSON: one a record. What readers pass over is shown only where it is asked for. */
#include "ctl/events_topic.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/model/act.h"
#include "common/model/cut.h"
#include "common/model/stream.h"

#define END_TIMEOUT_MS 10000 /* the broker says that records are there, and they do not come */
#define FOLLOW_MS 500
/* A record is in the topic after its transaction was committed; by how much the clocks of both may differ. */
#define CLOCKS_DIFFER_US ((uint64_t)600 * 1000000)

struct topic_run {
    struct events_printer *printer;
    struct stream stream;  /* what counts */
    uint64_t passed_over;  /* records that do not count, and were not printed */
    const char *not_taken; /* why readers pass over the record in hand; NULL: they do not */
};

static bool is_control(const struct record *rec)
{
    return rec->kind == RECORD_EPOCH || rec->kind == RECORD_RESUME || rec->kind == RECORD_HEARTBEAT;
}

/* ---- the head of a record ---- */

static void put_position(struct buf *out, struct span field)
{
    struct position position = {0};
    struct bytes r = bytes_of(field);
    position_read(&position, &r);
    if (r.bad)
        buf_put_str(out, "?");
    else
        position_put_text(&position, out);
    position_free(&position);
}

/* What an operator decided about the stream, on a resume record. */
static void put_act(struct topic_run *t, struct span field)
{
    struct buf *out = &t->printer->out;
    bool json = t->printer->options->json;
    char when[CLOCK_TEXT_LEN];
    struct act act;
    struct bytes r = bytes_of(field);
    act_read(&act, &r);
    if (r.bad)
        return;
    clock_text(when, act.at_us);
    if (!json) {
        buf_printf(out, " after %.*s by ", SPAN_ARG(act.kind));
        utf8_put_printable(out, act.who, SIZE_MAX);
        buf_printf(out, " at %s: ", when);
        utf8_put_printable(out, act.why, SIZE_MAX);
        return;
    }
    buf_put_str(out, ", \"act\": {");
    events_put_text(out, "kind", act.kind);
    buf_put_str(out, ", ");
    events_put_text(out, "who", act.who);
    buf_printf(out, ", \"at\": \"%s\", ", when);
    events_put_text(out, "why", act.why);
    buf_put_str(out, ", ");
    events_put_text(out, "details", act.details);
    buf_put_str(out, "}");
}

static void put_head_text(struct topic_run *t, const struct record *rec, int64_t offset)
{
    char gtid[GTID_TEXT_LEN], when[CLOCK_TEXT_LEN];
    struct buf *out = &t->printer->out;
    buf_printf(out, "%" PRId64 " %s epoch %" PRIu64 " seq %" PRIu64, offset, record_kind_name(rec->kind), rec->epoch,
               rec->seq);
    if (!is_control(rec) && (rec->flags & (RECORD_FIRST | RECORD_LAST)) != (RECORD_FIRST | RECORD_LAST))
        buf_printf(out, " fragment %" PRIu32 "%s", rec->fragment, rec->flags & RECORD_LAST ? " (last)" : "");
    if (rec->gtid.flavor != FLAVOR_NONE)
        buf_printf(out, " gtid %s", gtid_text(gtid, &rec->gtid));
    if (rec->commit_us)
        buf_printf(out, " at %s", clock_text(when, rec->commit_us));
    if (rec->kind == RECORD_EPOCH) {
        buf_put_str(out, " region ");
        utf8_put_printable(out, rec->region, 200);
    }
    if (is_control(rec) && rec->position.n > 0) {
        buf_put_str(out, " position ");
        put_position(out, rec->position);
    }
    if (rec->act.n > 0)
        put_act(t, rec->act);
    if (rec->flags & RECORD_HELD)
        buf_put_str(out, " held for XA COMMIT");
    if (rec->kind == RECORD_XA_END)
        buf_put_str(out, rec->flags & RECORD_COMMIT ? " XA COMMIT" : " XA ROLLBACK");
    if (rec->xid.n > 0)
        events_put_xid(t->printer, rec->xid);
    if (t->not_taken)
        buf_printf(out, " (%s: readers pass it over)", t->not_taken);
    buf_put_str(out, "\n");
}

static void put_flag(struct buf *out, const char *name, bool value)
{
    buf_printf(out, ", \"%s\": %s", name, value ? "true" : "false");
}

/* Of each remote stream which of its transactions were in effect where this one was made: "1-17, 19". */
static void put_cut(struct buf *out, struct span bytes)
{
    struct bytes r = bytes_of(bytes);
    struct cut cut = {0};
    cut_read(&cut, &r);
    buf_put_str(out, ", \"cut\": {");
    for (size_t i = 0; !r.bad && i < cut.count; i++) {
        const struct cut_entry *e = &cut.entries[i];
        buf_put_str(out, i ? ", \"" : "\"");
        buf_put_hex(out, span_of(e->stream, STREAM_UUID_LEN));
        if (e->partition > 0)
            buf_printf(out, "/%" PRIu32, e->partition);
        buf_put_str(out, "\": \"");
        if (e->done.low > 0)
            buf_printf(out, "1-%" PRIu64, e->done.low);
        for (size_t k = 0; k < e->done.count; k++)
            buf_printf(out, "%s%" PRIu64 "-%" PRIu64, k || e->done.low ? ", " : "", e->done.ranges[k].first,
                       e->done.ranges[k].last);
        buf_put_str(out, "\"");
    }
    buf_put_str(out, "}");
    cut_free(&cut);
}

static void put_head_json(struct topic_run *t, const struct record *rec, int64_t offset)
{
    char gtid[GTID_TEXT_LEN], when[CLOCK_TEXT_LEN];
    struct buf *out = &t->printer->out;
    buf_printf(out, "{\"offset\": %" PRId64 ", \"kind\": \"%s\", \"stream\": \"", offset, record_kind_name(rec->kind));
    buf_put_hex(out, span_of(rec->stream, STREAM_UUID_LEN));
    buf_printf(out, "\", \"epoch\": %" PRIu64 ", \"instance\": \"%016" PRIx64 "\", \"seq\": %" PRIu64, rec->epoch,
               rec->instance, rec->seq);
    buf_printf(out, ", \"gtid\": \"%s\", \"chain\": \"%016" PRIx64 "\"", gtid_text(gtid, &rec->gtid), rec->chain);
    if (rec->stamp)
        buf_printf(out, ", \"stamp\": \"%016" PRIx64 "\"", rec->stamp);
    if (rec->cut.n > 0)
        put_cut(out, rec->cut);
    if (rec->commit_us)
        buf_printf(out, ", \"at\": \"%s\"", clock_text(when, rec->commit_us));
    if (rec->kind == RECORD_EPOCH) {
        buf_put_str(out, ", ");
        events_put_text(out, "region", rec->region);
    }
    if (is_control(rec)) {
        buf_put_str(out, ", \"position\": \"");
        if (rec->position.n > 0)
            put_position(out, rec->position);
        buf_put_str(out, "\"");
    } else {
        buf_printf(out, ", \"fragment\": %" PRIu32, rec->fragment);
        put_flag(out, "last", rec->flags & RECORD_LAST);
    }
    if (rec->act.n > 0)
        put_act(t, rec->act);
    if (rec->xid.n > 0)
        events_put_xid(t->printer, rec->xid);
    if (rec->flags & RECORD_HELD)
        put_flag(out, "held", true);
    if (rec->kind == RECORD_XA_END)
        put_flag(out, "commit", rec->flags & RECORD_COMMIT);
    if (t->not_taken)
        put_flag(out, t->not_taken, true);
}

/* ---- one record: 1 when something of it is to be shown, 0, -1 ---- */

static int put_data(struct events_printer *p, const struct record *rec, struct err *err)
{
    const struct events_filter *filter = &p->options->filter;
    struct body_reader body;
    struct rows rows;
    bool first = true;
    int got;
    if (p->options->json)
        buf_put_str(&p->out, ", \"rows\": [");
    body_open(&body, rec->body, &p->tables, &p->arena);
    while ((got = body_next(&body, &rows, err)) > 0)
        if (events_filter_takes_table(filter, rows.table->db, rows.table->name))
            events_put_rows(p, &rows, &first);
    if (p->options->json)
        buf_put_str(&p->out, "]");
    if (got < 0)
        return -1;
    return !first || !events_filter_by_table(filter);
}

static int put_ddl(struct events_printer *p, const struct record *rec, struct err *err)
{
    struct ddl ddl;
    if (ddl_read(&ddl, rec->body, &p->arena, err))
        return -1;
    if (p->options->json)
        buf_put_str(&p->out, ", ");
    events_put_ddl(p, &ddl);
    return events_filter_takes_ddl(&p->options->filter, &ddl);
}

static int put_body(struct events_printer *p, const struct record *rec, struct err *err)
{
    int shown = 1;
    if (rec->kind == RECORD_DATA)
        shown = put_data(p, rec, err);
    else if (rec->kind == RECORD_DDL)
        shown = put_ddl(p, rec, err);
    else if (rec->kind == RECORD_XA_END && events_filter_by_table(&p->options->filter))
        shown = events_was_held(p, rec->xid);
    if (shown > 0 && (rec->flags & RECORD_HELD) && events_filter_by_table(&p->options->filter))
        events_note_held(p, rec->xid);
    return shown;
}

static int print_record(struct topic_run *t, const struct record *rec, int64_t offset, struct err *err)
{
    struct events_printer *p = t->printer;
    const struct events_options *o = p->options;
    bool wanted = is_control(rec) ? o->control && events_filter_takes_time(&o->filter, rec->commit_us)
                                  : events_filter_takes(&o->filter, &rec->gtid, rec->commit_us);
    if (!wanted)
        return 0;
    if (t->not_taken && !o->control) {
        t->passed_over++;
        return 0;
    }
    (o->json ? put_head_json : put_head_text)(t, rec, offset);
    int shown = put_body(p, rec, err);
    if (o->json)
        buf_put_str(&p->out, "}\n");
    if (shown > 0)
        p->shown++;
    else
        buf_clear(&p->out);
    events_flush(p);
    return shown < 0 ? -1 : 0;
}

/* What a reader that came here would make of the record. It may have joined where it cannot know; and where it would
 * stop we say so and look on. */
static void judge(struct topic_run *t, const struct record *rec, int64_t offset)
{
    enum stream_verdict verdict;
    struct err err = {0};
    bool knows = t->stream.has_epoch;
    t->not_taken = NULL;
    if (stream_accept(&t->stream, rec, &verdict, &err)) {
        fflush(stdout);
        fprintf(stderr, "drcctl: offset %" PRId64 ": a reader stops here: %s\n", offset, err.text);
        stream_free(&t->stream);
        stream_init(&t->stream, false);
    } else if (verdict == STREAM_DUPLICATE) {
        t->not_taken = "duplicate";
    } else if (verdict == STREAM_VOID && knows) {
        t->not_taken = "void";
    }
}

static int print_one(struct topic_run *t, const struct kafka_record *raw, struct err *err)
{
    struct record rec;
    if (record_read(&rec, raw->value, err))
        return err_prefix(err, "offset %" PRId64, raw->offset);
    judge(t, &rec, raw->offset);
    return print_record(t, &rec, raw->offset, err) ? err_prefix(err, "offset %" PRId64, raw->offset) : 0;
}

/* ---- the topic ---- */

/* Where to begin: as told, or some time before `since`, or at the first record. */
static int first_offset(int64_t *out, struct kafka_reader *reader, const struct events_options *o, int64_t low,
                        struct err *err)
{
    uint64_t since = o->filter.since_us;
    *out = o->from >= 0 ? o->from : low;
    if (o->from >= 0 || since <= CLOCKS_DIFFER_US || since > clock_wall_us())
        return 0;
    return kafka_reader_offset_at(reader, out, (int64_t)((since - CLOCKS_DIFFER_US) / 1000), err);
}

static int print_records(struct topic_run *t, struct kafka_reader *reader, int64_t next, int64_t high, struct err *err)
{
    const struct events_options *o = t->printer->options;
    struct kafka_record raw;
    while (t->printer->shown < o->limit && (o->follow || next < high)) {
        int got = kafka_reader_next(reader, &raw, o->follow ? FOLLOW_MS : END_TIMEOUT_MS, err);
        if (got < 0 || (got > 0 && print_one(t, &raw, err)))
            return -1;
        if (got == 0 && !o->follow)
            return err_retry(err, "no record from offset %" PRId64 " on within %d s", next, END_TIMEOUT_MS / 1000);
        if (got > 0)
            next = raw.offset + 1;
        if (o->follow && fflush(stdout))
            break; /* nobody reads on */
    }
    return 0;
}

int events_print_topic(struct events_printer *p, struct kafka_reader *reader, struct err *err)
{
    struct topic_run t = {.printer = p};
    int64_t low, high, next;
    int rc = -1;
    stream_init(&t.stream, false);
    if (kafka_reader_bounds(reader, &low, &high, err) || first_offset(&next, reader, p->options, low, err) ||
        kafka_reader_seek(reader, next, err))
        goto out;
    rc = print_records(&t, reader, next, high, err);
    if (t.passed_over > 0) {
        fflush(stdout);
        fprintf(stderr, "drcctl: left out %" PRIu64 " records that readers pass over; --control shows them\n",
                t.passed_over);
    }
out:
    stream_free(&t.stream);
    return rc;
}
