/* The assembler's loop: one table from event type to handler, positions, and the events that belong to no group. */
#include "common/binlog/assemble.h"

#include "common/base/mem.h"
#include "common/binlog/assemble_state.h"
#include "common/binlog/event_control.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const kind_names[ITEM_KIND_COUNT] = {
    [ITEM_FORMAT] = "FORMAT",
    [ITEM_ROTATE] = "ROTATE",
    [ITEM_HEARTBEAT] = "HEARTBEAT",
    [ITEM_GTIDS] = "GTIDS",
    [ITEM_BEGIN] = "BEGIN",
    [ITEM_ROWS] = "ROWS",
    [ITEM_XA_START] = "XA_START",
    [ITEM_DDL] = "DDL",
    [ITEM_STATEMENT] = "STATEMENT",
    [ITEM_SAVEPOINT] = "SAVEPOINT",
    [ITEM_ROLLBACK_TO] = "ROLLBACK_TO",
    [ITEM_COMMIT] = "COMMIT",
    [ITEM_ROLLBACK] = "ROLLBACK",
    [ITEM_XA_PREPARE] = "XA_PREPARE",
    [ITEM_XA_COMMIT] = "XA_COMMIT",
    [ITEM_XA_ROLLBACK] = "XA_ROLLBACK",
};

const char *item_kind_name(enum item_kind k)
{
    return kind_names[k];
}

struct assembler *assembler_new(void)
{
    struct assembler *a = xcalloc(1, sizeof *a);
    a->payload = payload_new();
    return a;
}

void assembler_free(struct assembler **a)
{
    if (!*a)
        return;
    payload_free(&(*a)->payload);
    buf_free(&(*a)->xid);
    buf_free(&(*a)->scratch);
    arena_free(&(*a)->names);
    arena_free(&(*a)->ddl);
    arena_free(&(*a)->partial);
    arena_free(&(*a)->definition_arena);
    map_free(&(*a)->definitions);
    position_free(&(*a)->gtids);
    for (size_t i = 0; i < (*a)->skip_count; i++)
        free((*a)->skips[i].file);
    free((*a)->skips);
    free((*a)->savepoints);
    free((*a)->mapped);
    free(*a);
    *a = NULL;
}

static void set_file(struct assembler *a, struct span name)
{
    size_t n = name.n < sizeof a->file - 1 ? name.n : sizeof a->file - 1;
    memcpy(a->file, name.p, n);
    a->file[n] = '\0';
    for (char *c = a->file; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = '?'; /* it goes into messages */
}

void assembler_take_nameless(struct assembler *a)
{
    a->take_nameless = true;
}

void assembler_limit(struct assembler *a, const struct filter *tables)
{
    a->limit = tables;
}

void assembler_take_lacking(struct assembler *a)
{
    a->take_lacking = true;
}

void assembler_ask(struct assembler *a, assembler_computed *computed, void *context)
{
    a->computed = computed;
    a->computed_context = context;
}

void assembler_skip(struct assembler *a, const char *file, uint64_t offset)
{
    a->skips = xreallocarray(a->skips, a->skip_count + 1, sizeof *a->skips);
    a->skips[a->skip_count++] = (struct assembler_place){xstrdup(file), offset};
}

bool assemble_passes(struct assembler *a)
{
    for (size_t i = 0; i < a->skip_count; i++) {
        if (a->skips[i].offset == a->offset && a->offset > 0 && strcmp(a->skips[i].file, a->file) == 0) {
            a->counts.skipped++;
            return true;
        }
    }
    return false;
}

int assemble_stop_at(struct assembler *a, struct err *err, const char *fmt, ...)
{
    char text[600];
    va_list args;
    if (assemble_passes(a))
        return 0;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)err_fatal(err, EXIT_UNSAFE, "%s", text);
    if (err)
        err->code = ASSEMBLER_SKIPPABLE;
    return -1;
}

void assembler_restart(struct assembler *a, const char *file)
{
    memset(&a->format, 0, sizeof a->format);
    a->pending = a->again = a->in_payload = false;
    a->offset = a->end = 0;
    set_file(a, span_str(file));
    assemble_group_end(a);
}

int assemble_format(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    if (a->group != GROUP_NONE) { /* the server died in it: it was rolled back */
        assemble_group_end(a);
        a->again = true;
        out->kind = ITEM_ROLLBACK;
        return 1;
    }
    if (event_read_format(&a->format, e, err) < 0)
        return -1;
    a->inner = a->format;
    a->inner.checksum = false;
    out->kind = ITEM_FORMAT;
    out->format = &a->format;
    return 1;
}

int assemble_rotate(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    struct event_place place;
    if (event_read_rotate(&place, e, &a->format, err) < 0)
        return -1;
    set_file(a, place.file);
    a->end = place.position;
    out->kind = ITEM_ROTATE;
    out->place = (struct item_place){place.file, place.position, e->flags & EVENT_FLAG_ARTIFICIAL || e->next_pos == 0};
    return 1;
}

int assemble_heartbeat(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    struct event_place place;
    (void)a;
    if (event_read_heartbeat(&place, e, err) < 0)
        return -1;
    out->kind = ITEM_HEARTBEAT;
    out->place = (struct item_place){place.file, place.position, true};
    return 1;
}

int assemble_gtid_list(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    if (event_read_gtid_list(&a->gtids, e, err) < 0)
        return -1;
    out->kind = ITEM_GTIDS;
    out->gtids = &a->gtids;
    return 1;
}

int assemble_previous_gtids(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    if (event_read_previous_gtids(&a->gtids, e, err) < 0)
        return -1;
    out->kind = ITEM_GTIDS;
    out->gtids = &a->gtids;
    return 1;
}

static int pass_over(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    (void)a, (void)e, (void)out, (void)err;
    return 0;
}

static int give_statement(struct assembler *a, struct span text, struct item *out)
{
    if (!a->tell_statements || a->group == GROUP_NONE)
        return 0;
    out->kind = ITEM_STATEMENT;
    out->statement = text;
    return 1;
}

static int on_annotate(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    (void)err;
    return give_statement(a, e->body, out);
}

/* MySQL's form has a length of one byte before the text, which is wrong for longer ones. */
static int on_rows_query(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    struct bytes r = bytes_of(e->body);
    (void)err;
    bytes_skip(&r, 1);
    return give_statement(a, bytes_take(&r, bytes_left(&r)), out);
}

static int on_payload(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    (void)out;
    if (a->in_payload)
        return event_malformed(e, "inside another one", err);
    if (payload_open(a->payload, e, err) < 0)
        return -1;
    a->in_payload = true;
    return 0;
}

static int on_load(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    (void)out;
    return assemble_stop_at(
        a, err,
        "%s event: LOAD DATA is in the binlog as a statement; run: SET GLOBAL binlog_format=ROW (and let "
        "sessions connect anew)",
        event_type_name(e->type));
}

static int on_incident(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    (void)e, (void)out;
    return assemble_stop_at(
        a, err,
        "INCIDENT event: the source says that changes are missing from its binlog; compare and start anew behind it");
}

static assembler_handler *const handlers[256] = {
    [EVENT_FORMAT_DESCRIPTION] = assemble_format,
    [EVENT_ROTATE] = assemble_rotate,
    [EVENT_HEARTBEAT] = assemble_heartbeat,
    [EVENT_HEARTBEAT_V2] = assemble_heartbeat,
    [EVENT_GTID_LIST] = assemble_gtid_list,
    [EVENT_PREVIOUS_GTIDS] = assemble_previous_gtids,
    [EVENT_GTID_MARIADB] = assemble_gtid_mariadb,
    [EVENT_GTID] = assemble_gtid_mysql,
    [EVENT_ANONYMOUS_GTID] = assemble_gtid_mysql,
    [EVENT_GTID_TAGGED] = assemble_gtid_tagged,
    [EVENT_QUERY] = assemble_query,
    [EVENT_QUERY_COMPRESSED] = assemble_query,
    [EVENT_XID] = assemble_xid,
    [EVENT_XA_PREPARE] = assemble_xa_prepare,
    [EVENT_TABLE_MAP] = assemble_table_map,
    [EVENT_WRITE_ROWS_V1] = assemble_rows,
    [EVENT_UPDATE_ROWS_V1] = assemble_rows,
    [EVENT_DELETE_ROWS_V1] = assemble_rows,
    [EVENT_WRITE_ROWS] = assemble_rows,
    [EVENT_UPDATE_ROWS] = assemble_rows,
    [EVENT_DELETE_ROWS] = assemble_rows,
    [EVENT_WRITE_ROWS_COMPRESSED_V1] = assemble_rows,
    [EVENT_UPDATE_ROWS_COMPRESSED_V1] = assemble_rows,
    [EVENT_DELETE_ROWS_COMPRESSED_V1] = assemble_rows,
    [EVENT_WRITE_ROWS_COMPRESSED] = assemble_rows,
    [EVENT_UPDATE_ROWS_COMPRESSED] = assemble_rows,
    [EVENT_DELETE_ROWS_COMPRESSED] = assemble_rows,
    [EVENT_PARTIAL_UPDATE_ROWS] = assemble_rows,
    [EVENT_TRANSACTION_PAYLOAD] = on_payload,
    /* These say nothing about rows. */
    [EVENT_STOP] = pass_over,
    [EVENT_IGNORABLE] = pass_over,
    [EVENT_ROWS_QUERY] = on_rows_query,
    [EVENT_ANNOTATE_ROWS] = on_annotate,
    [EVENT_BINLOG_CHECKPOINT] = pass_over,
    [EVENT_TRANSACTION_CONTEXT] = pass_over,
    [EVENT_VIEW_CHANGE] = pass_over,
    [EVENT_START_ENCRYPTION] = pass_over, /* of the file; the dump thread sends its events decrypted */
    /* These belong to the statement after them, which decides: rows as a statement stop us, DDL is on its own. */
    [EVENT_INTVAR] = pass_over,
    [EVENT_RAND] = pass_over,
    [EVENT_USER_VAR] = pass_over,
    [EVENT_LOAD] = on_load,
    [EVENT_NEW_LOAD] = on_load,
    [EVENT_CREATE_FILE] = on_load,
    [EVENT_APPEND_BLOCK] = on_load,
    [EVENT_EXEC_LOAD] = on_load,
    [EVENT_DELETE_FILE] = on_load,
    [EVENT_BEGIN_LOAD_QUERY] = on_load,
    [EVENT_EXECUTE_LOAD_QUERY] = on_load,
    [EVENT_INCIDENT] = on_incident,
};

/* An event's header has the low 32 bits of where it ends; files may be larger. MariaDB 11.8 leaves it at 0 for all but
 * the first and the last event of a transaction: they stand one behind the other. */
static void advance(struct assembler *a, const struct event *e)
{
    if (e->next_pos == 0 && !(e->flags & EVENT_FLAG_ARTIFICIAL) && a->group != GROUP_NONE && a->end > 0) {
        a->offset = a->end;
        a->end += e->size;
        return;
    }
    if (e->next_pos == 0 || (e->flags & EVENT_FLAG_ARTIFICIAL) || e->type == EVENT_HEARTBEAT ||
        e->type == EVENT_HEARTBEAT_V2) {
        a->offset = 0;
        return;
    }
    uint64_t end = (a->end & ~(uint64_t)UINT32_MAX) | e->next_pos;
    if (end < a->end && a->end - end > UINT32_MAX / 2)
        end += (uint64_t)1 << 32;
    a->end = end;
    a->offset = end >= e->size ? end - e->size : 0;
}

/* Put the place before an error's text. */
static int at_place(const struct assembler *a, uint64_t offset, struct err *err)
{
    return err_prefix(err, "%s:%llu", a->file[0] ? a->file : "binlog", (unsigned long long)offset);
}

struct binlog_where assembler_where(const struct assembler *a)
{
    return (struct binlog_where){a->file, a->offset, a->end};
}

void assembler_tell_statements(struct assembler *a)
{
    a->tell_statements = true;
}

int assembler_feed(struct assembler *a, struct span raw, struct err *err)
{
    assert(!a->pending && !a->in_payload && !a->again && !a->finish);
    a->counts.events++;
    a->counts.bytes += raw.n;
    if (event_parse(&a->event, &a->format, raw, err) <
        0) /* its header is not to be trusted: say where it should stand */
        return at_place(a, a->end, err);
    advance(a, &a->event);
    a->pending = true;
    return 0;
}

static int dispatch(struct assembler *a, struct item *out, struct err *err)
{
    const struct event *e = &a->event;
    assembler_handler *handler = handlers[e->type];
    if (handler) {
        if (a->format.flavor == FLAVOR_NONE && e->type != EVENT_ROTATE && e->type != EVENT_FORMAT_DESCRIPTION)
            return err_fatal(err, EXIT_UNSAFE, "%s event before any FORMAT_DESCRIPTION", event_type_name(e->type));
        return handler(a, e, out, err);
    }
    if (e->flags & EVENT_FLAG_IGNORABLE) {
        a->counts.ignored++;
        return 0;
    }
    return assemble_stop_at(a, err, "event of type %u (%s, %u bytes), which this program does not know", e->type,
                            event_type_name(e->type), e->size);
}

/* Take up the next event: from the payload at hand, or the one that was fed. 1, 0 when there is none, -1. */
static int take_up(struct assembler *a, struct err *err)
{
    if (a->in_payload) {
        struct span raw;
        int rc = payload_next(a->payload, &raw, err);
        a->in_payload = rc > 0;
        if (rc < 0 || (rc > 0 && event_parse(&a->event, &a->inner, raw, err) < 0))
            return -1;
        if (rc > 0) {
            a->counts.events++;
            return 1;
        }
    }
    bool pending = a->pending;
    a->pending = false;
    return pending;
}

/* The item by which a group of one statement ends. */
static int give_finish(struct assembler *a, struct item *out)
{
    out->kind = a->finish;
    out->commit = (struct item_commit){0, false};
    assemble_group_end(a);
    return 1;
}

int assembler_next(struct assembler *a, struct item *out, struct err *err)
{
    int rc = 0;
    while (rc == 0) {
        if (a->finish) {
            rc = give_finish(a, out);
        } else if (a->again) {
            a->again = false;
            rc = dispatch(a, out, err);
        } else {
            rc = take_up(a, err);
            if (rc == 0)
                return 0;
            if (rc > 0)
                rc = dispatch(a, out, err);
        }
    }
    if (rc < 0)
        return at_place(a, a->offset, err);
    out->where = (struct binlog_where){a->file, a->offset, a->end};
    out->timestamp = a->event.timestamp;
    return 1;
}

bool assembler_in_group(const struct assembler *a)
{
    return a->group != GROUP_NONE;
}

const struct assembler_counts *assembler_counts(const struct assembler *a)
{
    return &a->counts;
}

uint64_t assembler_generation(const struct assembler *a)
{
    return a->generation;
}
