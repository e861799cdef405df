/* The reader: the source's binlog into parcels. */
#include "capture/reader.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/model/permit.h"
#include "common/model/way_out.h"

/* A new start reads the topic back to the epoch in force, and retention must never delete that: so an epoch does not
 * get old or large. */
#define EPOCH_MS (10u * 60u * 1000u)
#define EPOCH_BYTES (1ull << 30)
#define EPOCHS_KEPT 4 /* of retention's span */
#define LEAST_EPOCH_MS 1000u
#define LEAST_EPOCH_BYTES (1ull << 20)
#define STATUS_EVERY_MS 250u
#define BEHIND_US 2000000u
/* An applier that waits for word of the source's position has row locks in hand: it comes as soon as the source has
 * nothing more to send, and now and then while it has. */
#define WORD_EVERY_MS 10u
#define WORD_IDLE_MS 1
/* Dumping from one transaction before the topic's end, to compare it, costs reading again all that was passed over
 * since it was published; beyond this many transactions its value is less than the wait. */
#define COMPARE_DISTANCE 200000u

struct reader {
    struct reader_options options;
    const struct stream *state;
    struct gate gate;
    struct builder *builder;
    struct assembler *assembler;
    pthread_mutex_t lock; /* of dump, against reader_interrupt */
    struct dump *dump;
    struct beat *beat;
    bool interrupted;
    uint64_t generation;
    int64_t skew_us;
    uint64_t heartbeat_ms; /* when the last one was put out */
    uint64_t status_ms;
    bool moved;         /* since keep_time looked last */
    uint64_t moved_us;  /* when the position moved last */
    uint64_t probe_ms;  /* when the probe was looked at last */
    uint64_t behind_us; /* the source, as the latest probe found */
    uint64_t epoch_ms;  /* when the epoch began */
    uint64_t epoch_bytes;
    _Atomic uint64_t epoch_limit_ms;
    _Atomic uint64_t epoch_limit_bytes;
    char file[256];
    uint64_t offset;
};

static int put_parcel(void *context, struct parcel *parcel, struct err *err)
{
    struct reader *r = context;
    beat_rest(r->beat, BEAT_ANY_TIME); /* the sender makes room */
    int rc = queue_push(r->options.queue, parcel, parcel->bytes.len + sizeof *parcel);
    beat_on(r->beat);
    if (rc == 0)
        return 0;
    parcel_free(parcel);
    return err_retry(err, "stopped");
}

static int knows_stream(void *context, const uint8_t stream[STREAM_UUID_LEN], struct err *err)
{
    struct reader *r = context;
    return source_knows_stream(r->options.source, stream, err);
}

static int replays(void *context, const char *mark, struct err *err)
{
    struct reader *r = context;
    return source_knows_mark(r->options.source, mark, err);
}

static int old_fractions(void *context, const struct table_def *t, struct err *err)
{
    struct reader *r = context;
    return source_old_fractions(r->options.source, t, err);
}

static int computed(void *context, const struct table_def *t, const uint8_t *present, struct err *err)
{
    struct reader *r = context;
    return source_computes(r->options.source, t, present, err);
}

static void take_canary(void *context, const uint8_t stream[STREAM_UUID_LEN], uint64_t nonce)
{
    struct reader *r = context;
    canary_seen(r->options.canary, stream, nonce);
}

/* What operators have permitted the assembler. Names are missed only where they are needed: in the builder. */
static void permit(struct reader *r)
{
    const struct permits *permits = builder_permits(r->builder);
    assembler_take_nameless(r->assembler);
    for (size_t i = 0; i < permits->count; i++)
        if (permits->list[i].kind == PERMIT_SKIP)
            assembler_skip(r->assembler, permits->list[i].file, permits->list[i].offset);
}

struct reader *reader_new(const struct reader_options *options, const struct stream *state)
{
    struct reader *r = xcalloc(1, sizeof *r);
    r->options = *options;
    r->epoch_limit_ms = EPOCH_MS;
    r->epoch_limit_bytes = EPOCH_BYTES;
    r->state = state;
    pthread_mutex_init(&r->lock, NULL);
    r->assembler = assembler_new();
    assembler_limit(r->assembler, &options->config->tables);
    assembler_ask(r->assembler, computed, r);
    struct builder_settings settings = {
        .tables = &options->config->tables,
        .region = options->region->name,
        .topic = options->topic,
        .expects = {options->region->gtid_domains, options->region->gtid_domain_count, options->region->gtid_tags,
                    options->region->gtid_tag_count},
        .fragment_bytes = options->config->fragment_bytes,
        .max_bytes = options->max_bytes,
        .sink = { .put = put_parcel,
                    .known = knows_stream,
                    .replays = replays,
                    .old_fractions = old_fractions,
                    .canary = take_canary,
                    .context = r},
    };
    r->builder = builder_new(&settings, state, &r->gate);
    permit(r);
    r->epoch_ms = clock_mono_ms();
    return r;
}

void reader_free(struct reader **reader)
{
    struct reader *r = *reader;
    if (!r)
        return;
    dump_close(&r->dump);
    assembler_free(&r->assembler);
    builder_free(&r->builder);
    gate_free(&r->gate);
    pthread_mutex_destroy(&r->lock);
    free(r);
    *reader = NULL;
}

void reader_interrupt(struct reader *r)
{
    pthread_mutex_lock(&r->lock);
    r->interrupted = true;
    if (r->dump)
        dump_interrupt(r->dump);
    pthread_mutex_unlock(&r->lock);
}

void reader_acknowledge(struct reader *r, const char *file, uint64_t offset)
{
    pthread_mutex_lock(&r->lock);
    if (r->dump)
        dump_acknowledge(r->dump, file, offset);
    pthread_mutex_unlock(&r->lock);
}

/* Some epochs fit into what is kept, so that the one in force is always among them. */
void reader_limit_epoch(struct reader *r, uint64_t kept_ms, uint64_t kept_bytes)
{
    uint64_t ms = kept_ms / EPOCHS_KEPT, bytes = kept_bytes / EPOCHS_KEPT;
    r->epoch_limit_ms = ms > EPOCH_MS ? EPOCH_MS : ms < LEAST_EPOCH_MS ? LEAST_EPOCH_MS : ms;
    r->epoch_limit_bytes = bytes > EPOCH_BYTES ? EPOCH_BYTES : bytes < LEAST_EPOCH_BYTES ? LEAST_EPOCH_BYTES : bytes;
}

/* ---- the dump ---- */

static int open_dump(struct reader *r, bool compare, struct err *err)
{
    struct dump_options options = {
        .program = r->options.program,
        .server = source_server(r->options.source),
        .host = r->options.own_host,
        .heartbeat_ms = r->options.config->heartbeat_ms,
        .semi_sync = r->options.region->semi_sync,
    };
    struct dump *d;
    gate_free(&r->gate);
    gate_open(&r->gate, r->state, compare, r->options.region->name);
    if (dump_open(&d, r->options.region, compare ? &r->state->before : &r->state->position, &options, err) != 0)
        return -1;
    assembler_restart(r->assembler, "");
    pthread_mutex_lock(&r->lock);
    struct dump *old = r->dump;
    r->dump = d;
    if (r->interrupted)
        dump_interrupt(d);
    pthread_mutex_unlock(&r->lock);
    dump_close(&old);
    return 0;
}

/* Can the topic's last transaction be asked for again? */
static bool can_compare(const struct stream *state)
{
    if (state->seq == 0 || state->gtid.flavor == FLAVOR_NONE || position_has(&state->before, &state->gtid))
        return false;
#ifdef DRC_FAULT_NO_FENCE
    return false;
#endif
    return position_distance(&state->position, &state->before) <= COMPARE_DISTANCE;
}

static int refused(const struct reader *r, const struct err *why, struct err *err)
{
    struct buf text = {0};
    position_put_text(&r->state->position, &text);
    int rc = err_stop(
        err, MSG_STOP_DUMP_REFUSED,
        "%s; the stream is at %s: what came after it cannot be had from this server, so going on would lose it. Point "
        "regions.%s at a server that still has it; or, if it was purged: " WAY_OUT_PURGED
        "; or, if the histories have parted: " WAY_OUT_BRANCH_AT,
        why->text, buf_cstr(&text), r->options.region->name, r->options.region->name, r->options.region->name);
    buf_free(&text);
    return rc;
}

/* The first event tells whether the server sends at all. */
static int begin_dump(struct reader *r, struct span *raw, struct err *err)
{
    struct err found = {0};
    bool compare = can_compare(r->state);
    if (open_dump(r, compare, err) != 0)
        return -1;
    int rc = dump_next(r->dump, raw, &found);
    if (rc != 0 && compare && found.code == DUMP_REFUSED) {
        log_event(MSG_NO_OVERLAP, log_detail(found.text));
        if (open_dump(r, false, err) != 0)
            return -1;
        found = (struct err){0};
        rc = dump_next(r->dump, raw, &found);
    }
    if (rc != 0 && found.code == DUMP_REFUSED)
        return refused(r, &found, err);
    if (rc != 0)
        *err = found;
    return rc;
}

/* ---- time ---- */

static uint64_t source_clock(const struct reader *r)
{
    return clock_wall_us() + (uint64_t)r->skew_us;
}

static void measure_skew(struct reader *r)
{
    struct err err = {0};
    if (source_skew(r->options.source, &r->skew_us, &err) != 0)
        log_event(MSG_SOURCE_CLOCK, log_detail(err.text));
    else
        status_skew(r->options.status, r->skew_us);
}

static int renew_epoch(struct reader *r, struct err *err)
{
    measure_skew(r);
    if (builder_renew(r->builder, source_clock(r), err) != 0)
        return -1;
    r->epoch_ms = clock_mono_ms();
    r->epoch_bytes = builder_counts(r->builder)->bytes;
    log_debug("epoch %" PRIu64 " begins at seq %" PRIu64, builder_epoch(r->builder), builder_seq(r->builder));
    return 0;
}

/* Of the probe's question, if there is one. Beyond BEHIND_US it is in transit no longer: then what is read tells more
 * than how long the question has waited. */
static void look_how_far(struct reader *r)
{
    uint64_t us, now_us = clock_mono_us();
    if (probe_answer(r->options.probe, &us, builder_position(r->builder), r->moved_us)) {
        r->behind_us = us;
        status_captured(r->options.status, us);
    }
    uint64_t waited = probe_waited_us(r->options.probe, now_us);
    if (waited >= BEHIND_US) {
        uint64_t clock = source_clock(r), commit = builder_commit_us(r->builder);
        uint64_t by_commit = commit > 0 && clock > commit ? clock - commit : 0;
        r->behind_us = by_commit > waited ? by_commit : waited;
        status_behind(r->options.status, r->behind_us);
    }
    builder_note_behind(r->builder, r->behind_us);
}

static void show(struct reader *r, uint64_t now)
{
    r->status_ms = now;
    status_reader(r->options.status, r->builder, r->file, r->offset, assembler_counts(r->assembler)->ignored);
}

/* Between groups: what is due by the clock. An idle source's heartbeats come at the same pace and must not miss theirs
 * by a millisecond. */
static int keep_time(struct reader *r, struct err *err)
{
    uint64_t now = clock_mono_ms();
    uint64_t pace = r->options.config->heartbeat_ms;
    if (r->moved)
        r->moved_us = clock_mono_us();
    r->moved = false;
    if (now != r->probe_ms)
        look_how_far(r);
    r->probe_ms = now;
    if (now - r->status_ms >= STATUS_EVERY_MS) {
        show(r, now);
        if (canary_check(r->options.canary, builder_position(r->builder), builder_at_end(r->builder), err) != 0)
            return -1;
    }
    if (now - r->epoch_ms >= r->epoch_limit_ms ||
        builder_counts(r->builder)->bytes - r->epoch_bytes >= r->epoch_limit_bytes) {
        r->heartbeat_ms = now;
        return renew_epoch(r, err);
    }
    if (builder_owes_word(r->builder))
        pace = WORD_EVERY_MS;
    if (now - r->heartbeat_ms < pace - pace / 8)
        return 0;
    r->heartbeat_ms = now;
    return builder_heartbeat(r->builder, source_clock(r), err);
}

/* ---- events ---- */

static int act(struct reader *r, const struct item *item, struct err *err)
{
    if (item->kind == ITEM_BEGIN && assembler_generation(r->assembler) != r->generation) {
        r->generation = assembler_generation(r->assembler);
        builder_forget_tables(r->builder);
    }
    if (item->kind == ITEM_ROTATE) {
        size_t n = item->place.file.n < sizeof r->file ? item->place.file.n : sizeof r->file - 1;
        memcpy(r->file, item->place.file.p, n);
        r->file[n] = '\0';
    }
    r->moved = r->moved || item->kind != ITEM_HEARTBEAT;
    if (item->where.end > 0)
        r->offset = item->where.end;
    return builder_item(r->builder, item, err);
}

/* The source waits for the event that was taken: whatever had to be sent of it is in the queue by now. */
static int ask_for_ack(struct reader *r, struct err *err)
{
    struct binlog_where where = assembler_where(r->assembler);
    return put_parcel(r, parcel_new_safe(where.file, where.end), err);
}

/* After an error of the assembler: one about a single event could be passed over. */
static int may_be_skipped(const struct reader *r, struct err *err)
{
    const struct err why = *err;
    struct binlog_where where = assembler_where(r->assembler);
    if (why.code != ASSEMBLER_SKIPPABLE)
        return -1;
    char *place = xasprintf("%s:%" PRIu64, where.file, where.offset);
    (void)err_stop(err, why.id ? why.id : MSG_STOP_EVENT, "%.600s. To pass this one event over: " WAY_OUT_SKIP,
                   why.text, r->options.region->name, place);
    free(place);
    return -1;
}

static int take_event(struct reader *r, struct span raw, struct err *err)
{
    struct item item;
    int rc;
    if (assembler_feed(r->assembler, raw, err) != 0)
        return -1;
    while ((rc = assembler_next(r->assembler, &item, err)) == 1)
        if (act(r, &item, err) != 0)
            return -1;
    if (rc != 0)
        return may_be_skipped(r, err);
    if (dump_wants_ack(r->dump) && ask_for_ack(r, err) != 0)
        return -1;
    return builder_at_boundary(r->builder) ? keep_time(r, err) : 0;
}

/* Word that is owed, when the source has nothing more to say for the moment. */
static int give_word(struct reader *r, struct err *err)
{
    if (!builder_at_boundary(r->builder) || !builder_owes_word(r->builder) || dump_has_more(r->dump, WORD_IDLE_MS))
        return 0;
    r->heartbeat_ms = clock_mono_ms();
    return builder_heartbeat(r->builder, source_clock(r), err);
}

static int read_all(struct reader *r, struct err *err)
{
    struct span raw;
    if (begin_dump(r, &raw, err) != 0)
        return -1;
    status_state(r->options.status, "running", "streaming");
    do {
        beat_on(r->beat);
        if (take_event(r, raw, err) != 0 || give_word(r, err) != 0)
            return -1;
    } while (!stop_requested(r->options.stop) && dump_next(r->dump, &raw, err) == 0);
    return stop_requested(r->options.stop) ? 0 : -1;
}

int reader_run(struct reader *r, struct err *err)
{
    r->beat = pulse_join(r->options.pulse, "reader");
    measure_skew(r);
    r->heartbeat_ms = clock_mono_ms();
    int rc = builder_resume(r->builder, source_clock(r), err);
    if (rc == 0)
        rc = read_all(r, err);
    show(r, clock_mono_ms());
    pulse_leave(r->options.pulse, &r->beat);
    return stop_requested(r->options.stop) ? 0 : rc;
}
