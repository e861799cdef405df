/* Driving assembler and builder over files or a dump, step by step. */
#include "common/stream/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/binlog/event.h"
#include "common/binlog/file_reader.h"
#include "common/model/permit.h"
#include "common/stream/dump.h"
#include "common/target/ddl_session.h"

#define TEXT_MAX 600
#define RELAY_LOG 0x40 /* flag of a format event */

struct history {
    struct history_options options;
    struct assembler *assembler;
    struct gate gate;
    struct builder *builder;
    uint64_t generation;
    /* where events come from */
    char *const *paths;
    size_t path_count;
    size_t path; /* that is read, or read next */
    struct file_reader *reader;
    struct dump *dump;
    const struct position *until;
    /* what is to be given */
    struct parcel *first;
    struct parcel *last;
    struct parcel *given; /* whose bytes the last step has */
    /* the group that is open */
    struct gtid gtid;
    uint64_t commit_us;
    uint64_t offset;
    struct builder_counts before; /* as of its beginning */
    struct position in_files;     /* all that the files before, and the one at hand, hold or say to be before them */
    char file[300];
    char torn[TEXT_MAX];
    char gap[TEXT_MAX];
    bool rolled_back; /* the group that is open */
    bool group_ended; /* and it is to be told */
    bool empty;       /* the file at hand has given no event */
    bool ended;
};

const char *history_fate_name(enum history_fate f)
{
    static const char *const names[] = {"published", "filtered", "replayed", "repeated", "rolled_back"};
    return names[f];
}

/* ---- the builder's sink ---- */

static int put_parcel(void *context, struct parcel *p, struct err *err)
{
    struct history *h = context;
    (void)err;
    p->next = NULL;
    *(h->last ? &h->last->next : &h->first) = p;
    h->last = p;
    return 0;
}

/* Whose ledger the rows are of is between this source and its own appliers; here every such row is a mark. */
static int knows_stream(void *context, const uint8_t stream[STREAM_UUID_LEN], struct err *err)
{
    (void)context;
    (void)stream;
    (void)err;
    return 1;
}

/* MySQL says it by a tag. MariaDB's marks are known to the server's drc.links only; appliers run no DDL in two-way
 * pairs, and a region that is a target only has no stream. */
static int replays(void *context, const char *mark, struct err *err)
{
    (void)context;
    (void)err;
    return strcmp(mark, DDL_MARK_TAG) == 0;
}

static int old_fractions(void *context, const struct table_def *t, struct err *err)
{
    (void)context;
    return err_fatal(err, EXIT_UNSAFE,
                     "table %.*s.%.*s has columns in the format of before MariaDB 10.1, whose length the binlog does "
                     "not tell: only its server knows",
                     SPAN_ARG(t->db), SPAN_ARG(t->name));
}

static void no_canary(void *context, const uint8_t stream[STREAM_UUID_LEN], uint64_t nonce)
{
    (void)context;
    (void)stream;
    (void)nonce;
}

/* ---- beginning and end ---- */

/* Can the stream's last transaction be told from what the source has in its place? */
static bool can_compare(const struct stream *s)
{
    return s->seq > 0 && s->gtid.flavor != FLAVOR_NONE && s->fingerprint != 0;
}

static void permit(struct history *h)
{
    const struct permits *permits = builder_permits(h->builder);
    assembler_take_nameless(h->assembler);
    for (size_t i = 0; i < permits->count; i++)
        if (permits->list[i].kind == PERMIT_SKIP)
            assembler_skip(h->assembler, permits->list[i].file, permits->list[i].offset);
}

struct history *history_new(const struct history_options *options)
{
    struct history *h = xcalloc(1, sizeof *h);
    const struct region_config *region = options->region;
    h->options = *options;
    h->assembler = assembler_new();
    assembler_limit(h->assembler, &options->config->tables);
    if (options->computed)
        assembler_ask(h->assembler, options->computed, options->context);
    else
        assembler_take_lacking(h->assembler);
    const struct builder_settings settings = {
        .tables = &options->config->tables,
        .region = region->name,
        .topic = options->topic,
        .expects = {region->gtid_domains, region->gtid_domain_count, region->gtid_tags, region->gtid_tag_count},
        .fragment_bytes = options->config->fragment_bytes,
        .max_bytes = options->max_bytes,
        .sink = { put_parcel, knows_stream,                         replays,         old_fractions,                      no_canary, h},
    };
    gate_open(&h->gate, options->state, can_compare(options->state), region->name);
    h->builder = builder_new(&settings, options->state, &h->gate);
    permit(h);
    return h;
}

void history_free(struct history **history)
{
    struct history *h = *history;
    if (!h)
        return;
    file_reader_close(&h->reader);
    dump_close(&h->dump);
    assembler_free(&h->assembler);
    builder_free(&h->builder);
    gate_free(&h->gate);
    position_free(&h->in_files);
    while (h->first) {
        struct parcel *p = h->first;
        h->first = p->next;
        parcel_free(p);
    }
    if (h->given)
        parcel_free(h->given);
    free(h);
    *history = NULL;
}

void history_read_files(struct history *h, char *const *paths, size_t count)
{
    h->paths = paths;
    h->path_count = count;
}

int history_read_server(struct history *h, uint32_t replica_id, const struct position *from,
                        const struct position *until, struct err *err)
{
    const struct dump_options options = {
        .program = "drc-reconcile",
        .host = "drc-reconcile",
        .heartbeat_ms = h->options.config->heartbeat_ms,
        .replica_id = replica_id,
    };
    h->until = until;
    if (position_covers(from, until)) {
        h->ended = true;
        return 0;
    }
    if (dump_open(&h->dump, h->options.region, from, &options, err))
        return -1;
    assembler_restart(h->assembler, "");
    return 0;
}

/* ---- files ---- */

static int open_next(struct history *h, struct err *err)
{
    file_reader_close(&h->reader);
    if (assembler_in_group(h->assembler))
        (void)snprintf(h->gap, sizeof h->gap, "a transaction begins in %s and does not go on in the next file",
                       h->file);
    if (h->path == h->path_count)
        return 0;
    if (file_reader_open(&h->reader, h->paths[h->path], err))
        return -1;
    h->path++;
    h->empty = true;
    assembler_restart(h->assembler, file_reader_name(h->reader));
    return 1;
}

/* A relay log has another server's events, with that one's GTIDs, and says so in its first one. */
static int check_kind(struct history *h, struct span raw, struct err *err)
{
    bool first = h->empty;
    h->empty = false;
    if (!first || raw.n < EVENT_HEADER_LEN || raw.p[4] != EVENT_FORMAT_DESCRIPTION || !(raw.p[17] & RELAY_LOG))
        return 1;
    return err_fatal(err, EXIT_UNSAFE,
                     "%s is a relay log: it holds what its server got from another one; the binlog files of region %s "
                     "are asked for",
                     file_reader_name(h->reader), h->options.region->name);
}

static bool is_last(const struct history *h)
{
    return h->path == h->path_count;
}

/* 1: an event; 0: the end of all files; -1. */
static int next_of_files(struct history *h, struct span *raw, struct err *err)
{
    for (;;) {
        bool truncated = false;
        int got = h->reader ? file_reader_next(h->reader, raw, &truncated, err) : 0;
        if (got > 0)
            return check_kind(h, *raw, err);
        if (got < 0 && !(truncated && is_last(h)))
            return -1;
        if (is_last(h) && h->reader) {
            if (truncated)
                (void)snprintf(h->torn, sizeof h->torn, "%s ends inside an event, after byte %" PRIu64,
                               file_reader_name(h->reader), file_reader_offset(h->reader));
            else if (h->empty)
                (void)snprintf(h->torn, sizeof h->torn, "%s holds nothing", file_reader_name(h->reader));
            else if (assembler_in_group(h->assembler))
                (void)snprintf(h->torn, sizeof h->torn, "%s ends inside a transaction", file_reader_name(h->reader));
            return 0;
        }
        if ((got = open_next(h, err)) <= 0)
            return got;
    }
}

/* Each file says what was before it: all of the files before, if they are one server's, and in their order. */
static int check_order(struct history *h, const struct position *before, struct err *err)
{
    struct buf held = {0};
    if (h->dump)
        return 0;
    if (h->path > 1 && !position_covers(before, &h->in_files)) {
        position_put_text(&h->in_files, &held);
        (void)err_fatal(
            err, EXIT_UNSAFE,
            "%s does not follow %s, which ends with %.200s: the files are not in their order, one was given "
            "twice, or they are of different servers",
            h->paths[h->path - 1], h->paths[h->path - 2], buf_cstr(&held));
        buf_free(&held);
        return -1;
    }
    position_copy(&h->in_files, before);
    return 0;
}

static int end_of_files(const struct history *h, struct err *err)
{
    char text[GTID_TEXT_LEN];
    if (!h->gate.waits)
        return 0;
    return err_fatal(err, EXIT_UNSAFE,
                     "the files do not hold %s (seq %" PRIu64
                     "), the last transaction of region %s in its topic, as it was published: they are of another "
                     "server, or not all of "
                     "them; or the region had lost it, or been restored",
                     gtid_text(text, &h->gate.last), h->gate.seq, h->options.region->name);
}

/* A file begins: everything before it is what was read, or the stream's. */
static void check_gap(struct history *h, const struct position *before)
{
    const struct position *read = builder_position(h->builder);
    struct buf from = {0}, to = {0};
    if (read->flavor == FLAVOR_NONE || h->dump || position_covers(read, before))
        return;
    position_put_text(before, &to);
    position_put_text(read, &from);
    (void)snprintf(h->gap, sizeof h->gap, "%s begins after %.200s, while all before it was read up to %.200s only",
                   file_reader_name(h->reader), buf_cstr(&to), buf_cstr(&from));
    buf_free(&from);
    buf_free(&to);
}

/* What the stream ends with lies before the first file: it cannot come again. */
static void check_compare(struct history *h, const struct position *before)
{
    if (h->gate.waits && h->path == 1 && !h->dump && position_has(before, &h->gate.last))
        h->gate.waits = false;
}

/* ---- items ---- */

static void begin_group(struct history *h, const struct item *item)
{
    h->gtid = item->begin.group.gtid;
    h->commit_us = item->begin.group.commit_us;
    h->offset = item->where.offset;
    h->rolled_back = false;
    h->before = *builder_counts(h->builder);
    (void)snprintf(h->file, sizeof h->file, "%s", item->where.file);
    if (assembler_generation(h->assembler) != h->generation) {
        h->generation = assembler_generation(h->assembler);
        builder_forget_tables(h->builder);
    }
}

static bool ends_group(enum item_kind k)
{
    return k == ITEM_COMMIT || k == ITEM_ROLLBACK || k == ITEM_XA_PREPARE || k == ITEM_XA_COMMIT ||
           k == ITEM_XA_ROLLBACK;
}

static int act(struct history *h, const struct item *item, struct err *err)
{
    if (item->kind == ITEM_BEGIN) {
        begin_group(h, item);
        if (!h->dump)
            position_add(&h->in_files, &h->gtid);
    } else if (item->kind == ITEM_GTIDS) {
        if (check_order(h, item->gtids, err))
            return -1;
        check_compare(h, item->gtids);
        check_gap(h, item->gtids);
    }
    if (builder_item(h->builder, item, err)) {
        if (!h->dump && err->id == MSG_STOP_SOURCE_BRANCHED)
            (void)end_of_files(h, err);
        return -1;
    }
    h->group_ended = ends_group(item->kind);
    h->rolled_back = item->kind == ITEM_ROLLBACK;
    return 0;
}

/* ---- steps ---- */

static int give_record(struct history *h, struct history_step *out, struct err *err)
{
    struct parcel *p = h->first;
    if (h->given)
        parcel_free(h->given);
    h->given = p;
    h->first = p->next;
    h->last = h->first ? h->last : NULL;
    *out = (struct history_step){.kind = HISTORY_RECORD, .bytes = buf_span(&p->bytes)};
    return record_read(&out->rec, out->bytes, err) ? -1 : 1;
}

static enum history_fate fate_of(const struct history *h)
{
    const struct builder_counts *now = builder_counts(h->builder);
    if (h->rolled_back)
        return HISTORY_ROLLED_BACK;
    if (now->transactions > h->before.transactions)
        return HISTORY_PUBLISHED;
    if (now->replayed > h->before.replayed)
        return HISTORY_REPLAYED;
    return now->repeated > h->before.repeated ? HISTORY_REPEATED : HISTORY_FILTERED;
}

static int give_group(struct history *h, struct history_step *out)
{
    h->group_ended = false;
    *out = (struct history_step){.kind = HISTORY_GROUP,
                                 .gtid = h->gtid,
                                 .commit_us = h->commit_us,
                                 .fate = fate_of(h),
                                 .file = h->file,
                                 .offset = h->offset};
    if (h->until && position_covers(builder_position(h->builder), h->until))
        h->ended = true;
    return 1;
}

/* The last event of the last file may be there in part only, with what the disk held before. */
static bool is_torn(struct history *h, const struct err *why)
{
    struct span raw;
    bool truncated = false;
    if (!h->reader || !is_last(h))
        return false;
    uint64_t offset = file_reader_offset(h->reader);
    int got = file_reader_next(h->reader, &raw, &truncated, NULL);
    if (got > 0 || (got < 0 && !truncated))
        return false;
    (void)snprintf(h->torn, sizeof h->torn, "%s: its last event, at byte %" PRIu64 ", is damaged: %.300s",
                   file_reader_name(h->reader), offset, why->text);
    return true;
}

/* 1: fed; 0: the end; -1. */
static int feed(struct history *h, struct err *err)
{
    struct span raw;
    int got = 1;
    if (h->ended)
        return 0;
    if (h->dump ? dump_next(h->dump, &raw, err) : (got = next_of_files(h, &raw, err)) < 0)
        return -1;
    if (got == 0) {
        h->ended = true;
        return end_of_files(h, err);
    }
    if (assembler_feed(h->assembler, raw, err) == 0)
        return 1;
    h->ended = is_torn(h, err);
    return h->ended ? end_of_files(h, err) : -1;
}

int history_next(struct history *h, struct history_step *out, struct err *err)
{
    for (;;) {
        struct item item;
        if (h->first)
            return give_record(h, out, err);
        if (h->group_ended)
            return give_group(h, out);
        int got = h->ended ? 0 : assembler_next(h->assembler, &item, err);
        if (got < 0 || (got > 0 && act(h, &item, err)))
            return -1;
        if (got == 0 && (got = feed(h, err)) <= 0)
            return got;
    }
}

int history_say_resume(struct history *h, uint64_t now_us, struct err *err)
{
    return builder_resume(h->builder, now_us, err);
}

int history_say_heartbeat(struct history *h, uint64_t now_us, struct err *err)
{
    return builder_heartbeat(h->builder, now_us, err);
}

const char *history_torn(const struct history *h)
{
    return *h->torn ? h->torn : NULL;
}

const char *history_gap(const struct history *h)
{
    return *h->gap ? h->gap : NULL;
}

const struct position *history_position(const struct history *h)
{
    return builder_position(h->builder);
}

uint64_t history_seq(const struct history *h)
{
    return builder_seq(h->builder);
}
