/* What a running capture shows of itself: one structure under a mutex. */
#include "capture/status.h"

#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/age.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/link/metrics.h"
#include "common/target/reload.h"

/* Rates are over the time since the last but one sample, a few seconds. */
#define SAMPLE_MS 2000u
#define PATIENCE_US 2000000u

struct sample {
    uint64_t at_ms;
    uint64_t rows;
    uint64_t transactions;
};

struct status {
    pthread_mutex_t lock;
    char *pair;
    char *region;
    char *topic;
    char state[16];
    char phase[64];
    char error[900];
    uint64_t error_us;
    uint64_t started_us;
    /* the stream */
    char stream[2 * STREAM_UUID_LEN + 1];
    uint64_t epoch;
    uint64_t instance;
    uint64_t seq;
    char gtid[GTID_TEXT_LEN];
    struct buf position;
    uint64_t commit_us;
    /* the reader */
    char file[256];
    uint64_t offset;
    uint64_t ignored; /* events of a kind that is not known and may be passed over, in this session */
    uint64_t ignored_before;
    size_t queue_items;
    size_t queue_bytes;
    struct builder_counts counts; /* of this session */
    struct builder_counts before; /* of earlier sessions */
    struct sample samples[2];
    /* the sender */
    uint64_t acked_seq;
    uint64_t acked_records;
    int64_t acked_offset;
    size_t in_flight;
    uint64_t canary_us;
    struct reload *reload; /* NULL until the daemon has one */
    /* how far behind */
    uint64_t patience_us;
    struct age lag;
    struct histogram captured;
    struct histogram acknowledged;
    bool has_skew;
    bool held_back;       /* the reader, by a full queue */
    bool canary_expected; /* by the sender */
    int64_t skew_us;
    uint64_t topic_retention_ms;  /* 0: not known; UINT64_MAX: for ever */
    uint64_t binlog_retention_ms; /* 0: not known, or for ever */
};

void status_heartbeat_every(struct status *s, uint32_t heartbeat_ms)
{
    pthread_mutex_lock(&s->lock);
    s->patience_us = PATIENCE_US + 3000u * (uint64_t)heartbeat_ms;
    pthread_mutex_unlock(&s->lock);
}

struct status *status_new(const char *pair, const char *region, const char *topic, uint32_t heartbeat_ms)
{
    struct status *s = xcalloc(1, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    s->pair = xstrdup(pair);
    s->region = xstrdup(region);
    s->topic = xstrdup(topic);
    s->started_us = clock_wall_us();
    status_heartbeat_every(s, heartbeat_ms);
    s->acked_offset = -1;
    snprintf(s->state, sizeof s->state, "starting");
    snprintf(s->phase, sizeof s->phase, "starting");
    return s;
}

void status_free(struct status **status)
{
    struct status *s = *status;
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    free(s->pair);
    free(s->region);
    free(s->topic);
    buf_free(&s->position);
    free(s);
    *status = NULL;
}

void status_state(struct status *s, const char *word, const char *phrase)
{
    pthread_mutex_lock(&s->lock);
    bool changed = strcmp(s->phase, phrase) != 0;
    snprintf(s->state, sizeof s->state, "%s", word);
    snprintf(s->phase, sizeof s->phase, "%s", phrase);
    pthread_mutex_unlock(&s->lock);
    if (changed)
        log_event(MSG_CAPTURE_STATE, log_detail(phrase));
}

enum notify_phase status_phase(struct status *s)
{
    pthread_mutex_lock(&s->lock);
    enum notify_phase phase = strcmp(s->state, "retrying") == 0   ? NOTIFY_AWAY
                              : strcmp(s->state, "starting") == 0 ? NOTIFY_STARTING
                                                                  : NOTIFY_STANDS;
    pthread_mutex_unlock(&s->lock);
    return phase;
}

void status_error(struct status *s, const struct err *err)
{
    pthread_mutex_lock(&s->lock);
    snprintf(s->error, sizeof s->error, "%s", err->text);
    s->error_us = clock_wall_us();
    pthread_mutex_unlock(&s->lock);
}

static void add_counts(struct builder_counts *to, const struct builder_counts *from)
{
    to->transactions += from->transactions;
    to->rows += from->rows;
    to->ddl += from->ddl;
    to->bytes += from->bytes;
    to->skipped += from->skipped;
    to->replayed += from->replayed;
    to->repeated += from->repeated;
}

void status_epoch(struct status *s, const uint8_t stream[STREAM_UUID_LEN], uint64_t epoch, uint64_t instance,
                  uint64_t seq)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < STREAM_UUID_LEN; i++)
        snprintf(s->stream + 2 * i, 3, "%02x", stream[i]);
    s->epoch = epoch;
    s->instance = instance;
    s->seq = s->acked_seq = seq;
    add_counts(&s->before, &s->counts);
    s->counts = (struct builder_counts){0};
    s->ignored_before += s->ignored;
    s->ignored = 0;
    pthread_mutex_unlock(&s->lock);
}

static struct builder_counts total(const struct status *s)
{
    struct builder_counts sum = s->before;
    add_counts(&sum, &s->counts);
    return sum;
}

static void take_sample(struct status *s)
{
    uint64_t now = clock_mono_ms();
    if (now - s->samples[1].at_ms < SAMPLE_MS)
        return;
    struct builder_counts sum = total(s);
    s->samples[0] = s->samples[1];
    s->samples[1] = (struct sample){now, sum.rows, sum.transactions};
}

void status_reader(struct status *s, const struct builder *b, const char *file, uint64_t offset, uint64_t ignored)
{
    pthread_mutex_lock(&s->lock);
    s->counts = *builder_counts(b);
    s->epoch = builder_epoch(b);
    s->seq = builder_seq(b);
    s->commit_us = builder_commit_us(b);
    gtid_text(s->gtid, builder_gtid(b));
    buf_clear(&s->position);
    position_put_text(builder_position(b), &s->position);
    snprintf(s->file, sizeof s->file, "%s", file);
    s->offset = offset;
    s->ignored = ignored;
    take_sample(s);
    pthread_mutex_unlock(&s->lock);
}

void status_queue(struct status *s, size_t items, size_t bytes, bool held_back)
{
    pthread_mutex_lock(&s->lock);
    s->queue_items = items;
    s->queue_bytes = bytes;
    s->held_back = held_back;
    pthread_mutex_unlock(&s->lock);
}

void status_sender(struct status *s, uint64_t acked_seq, uint64_t acked_records, int64_t offset, size_t in_flight)
{
    pthread_mutex_lock(&s->lock);
    if (acked_seq > 0)
        s->acked_seq = acked_seq;
    s->acked_records = acked_records;
    if (offset >= 0)
        s->acked_offset = offset;
    s->in_flight = in_flight;
    pthread_mutex_unlock(&s->lock);
}

void status_canary(struct status *s, uint64_t seen_us)
{
    pthread_mutex_lock(&s->lock);
    if (seen_us > 0)
        s->canary_us = seen_us;
    pthread_mutex_unlock(&s->lock);
}

void status_watch_reload(struct status *s, struct reload *reload)
{
    pthread_mutex_lock(&s->lock);
    s->reload = reload;
    pthread_mutex_unlock(&s->lock);
}

void status_expect_canary(struct status *s, bool expected)
{
    pthread_mutex_lock(&s->lock);
    s->canary_expected = expected;
    pthread_mutex_unlock(&s->lock);
}

/* ---- how far behind ---- */

void status_captured(struct status *s, uint64_t us)
{
    pthread_mutex_lock(&s->lock);
    histogram_add(&s->captured, us);
    age_note(&s->lag, clock_mono_us(), us);
    pthread_mutex_unlock(&s->lock);
}

void status_acknowledged(struct status *s, uint64_t us)
{
    pthread_mutex_lock(&s->lock);
    histogram_add(&s->acknowledged, us);
    pthread_mutex_unlock(&s->lock);
}

void status_behind(struct status *s, uint64_t us)
{
    pthread_mutex_lock(&s->lock);
    age_note(&s->lag, clock_mono_us(), us);
    pthread_mutex_unlock(&s->lock);
}

void status_skew(struct status *s, int64_t us)
{
    pthread_mutex_lock(&s->lock);
    s->has_skew = true;
    s->skew_us = us;
    pthread_mutex_unlock(&s->lock);
}

void status_topic(struct status *s, uint64_t retention_ms)
{
    pthread_mutex_lock(&s->lock);
    s->topic_retention_ms = retention_ms;
    pthread_mutex_unlock(&s->lock);
}

void status_binlogs(struct status *s, uint64_t retention_ms)
{
    pthread_mutex_lock(&s->lock);
    s->binlog_retention_ms = retention_ms;
    pthread_mutex_unlock(&s->lock);
}

/* ---- answers ---- */

static double rate(const struct status *s, uint64_t now, uint64_t before, uint64_t sum)
{
    return now > s->samples[0].at_ms && s->samples[0].at_ms > 0
               ? (double)(sum - before) * 1000.0 / (double)(now - s->samples[0].at_ms)
               : 0.0;
}

void status_put_text(struct status *s, struct buf *out)
{
    char at[CLOCK_TEXT_LEN];
    pthread_mutex_lock(&s->lock);
    struct builder_counts sum = total(s);
    uint64_t now = clock_mono_ms();
    buf_printf(out, "pair %s, region %s, version %s\n", s->pair, s->region, DRC_VERSION);
    buf_printf(out, "state: %s (%s), since start at %s\n", s->state, s->phase, clock_text(at, s->started_us));
    buf_printf(out, "stream %s, topic %s\n", s->stream, s->topic);
    buf_printf(out, "epoch %" PRIu64 ", seq %" PRIu64 ", gtid %s\n", s->epoch, s->seq, s->gtid);
    buf_printf(out, "acknowledged: seq %" PRIu64 ", offset %" PRId64 "; in flight %zu, queued %zu (%zu bytes)%s\n",
               s->acked_seq, s->acked_offset, s->in_flight, s->queue_items, s->queue_bytes,
               s->held_back ? ", the source is held back" : "");
    buf_printf(out, "read: position %s, %s:%" PRIu64 "\n", buf_cstr(&s->position), s->file, s->offset);
    buf_printf(out,
               "published: %" PRIu64 " transactions, %" PRIu64 " rows, %" PRIu64 " bytes; now %.0f tx/s, %.0f rows/s\n",
               sum.transactions, sum.rows, sum.bytes, rate(s, now, s->samples[0].transactions, sum.transactions),
               rate(s, now, s->samples[0].rows, sum.rows));
    buf_printf(out, "not published: %" PRIu64 " without rows of the pair, %" PRIu64 " replayed, %" PRIu64 " repeated\n",
               sum.skipped, sum.replayed, sum.repeated);
    if (s->ignored_before + s->ignored > 0)
        buf_printf(out, "passed over: %" PRIu64 " events of a kind that is not known, marked as of no consequence\n",
                   s->ignored_before + s->ignored);
    uint64_t lag;
    if (age_now(&s->lag, &lag, clock_mono_us(), s->patience_us))
        buf_printf(out, "behind the source: %.3f s\n", (double)lag / 1e6);
    if (s->canary_us > 0)
        buf_printf(out, "loop mark proved at %s\n", clock_text(at, s->canary_us));
    struct reload_view changes = {0};
    if (s->reload)
        reload_look(s->reload, &changes);
    if (changes.settings[0])
        buf_printf(out, "set until the next start: %s\n", changes.settings);
    if (changes.in_force < changes.accepted)
        buf_put_str(out, "a reload waits for the session's end\n");
    if (s->error[0])
        buf_printf(out, "last error at %s: %s\n", clock_text(at, s->error_us), s->error);
    pthread_mutex_unlock(&s->lock);
}

void status_put_line(struct status *s, struct buf *out)
{
    uint64_t lag;
    pthread_mutex_lock(&s->lock);
    buf_printf(out, "%s: %s; seq %" PRIu64 ", gtid %s", s->state, s->phase, s->acked_seq, s->gtid);
    if (age_now(&s->lag, &lag, clock_mono_us(), s->patience_us))
        buf_printf(out, ", lag %" PRIu64 " s", lag / 1000000);
    if (s->queue_items > 0)
        buf_printf(out, "; %zu queued", s->queue_items);
    if (s->error[0] && strcmp(s->state, "running") != 0)
        buf_printf(out, "; %s", s->error);
    pthread_mutex_unlock(&s->lock);
}

static json_t *number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *number_or_null(bool known, uint64_t n)
{
    return known ? number(n) : json_null();
}

static void put_lag(json_t *o, const struct status *s)
{
    uint64_t lag = 0;
    bool known = age_now(&s->lag, &lag, clock_mono_us(), s->patience_us);
    json_t *stages = json_object();
    json_object_set_new(stages, "captured", metrics_histogram(&s->captured));
    json_object_set_new(stages, "acknowledged", metrics_histogram(&s->acknowledged));
    json_object_set_new(o, "lag_us", number_or_null(known, lag));
    json_object_set_new(o, "stages", stages);
    json_object_set_new(o, "skew_us", s->has_skew ? json_integer(s->skew_us) : json_null());
    json_object_set_new(
        o, "retention_ms",
        number_or_null(s->topic_retention_ms > 0 && s->topic_retention_ms < UINT64_MAX, s->topic_retention_ms));
    json_object_set_new(o, "binlog_retention_ms", number_or_null(s->binlog_retention_ms > 0, s->binlog_retention_ms));
}

static json_t *to_json(const struct status *s)
{
    struct builder_counts sum = total(s);
    uint64_t now = clock_mono_ms();
    struct buf position = {0};
    buf_put_span(&position, buf_span(&s->position));
    json_t *o = json_object();
    json_object_set_new(o, "program", json_string("drc-capture"));
    json_object_set_new(o, "version", json_string(DRC_VERSION));
    json_object_set_new(o, "pair", json_string(s->pair));
    json_object_set_new(o, "region", json_string(s->region));
    json_object_set_new(o, "topic", json_string(s->topic));
    json_object_set_new(o, "state", json_string(s->state));
    json_object_set_new(o, "phase", json_string(s->phase));
    json_object_set_new(o, "started_us", number(s->started_us));
    json_object_set_new(o, "stream", json_string(s->stream));
    json_object_set_new(o, "epoch", number(s->epoch));
    json_object_set_new(o, "seq", number(s->seq));
    json_object_set_new(o, "acked_seq", number(s->acked_seq));
    json_object_set_new(o, "acked_offset", json_integer(s->acked_offset));
    json_object_set_new(o, "gtid", json_string(s->gtid));
    json_object_set_new(o, "position", json_string(buf_cstr(&position)));
    json_object_set_new(o, "binlog_file", json_string(s->file));
    json_object_set_new(o, "binlog_offset", number(s->offset));
    json_object_set_new(o, "commit_us", number(s->commit_us));
    json_object_set_new(o, "in_flight", number(s->in_flight));
    json_object_set_new(o, "queue_items", number(s->queue_items));
    json_object_set_new(o, "queue_bytes", number(s->queue_bytes));
    json_object_set_new(o, "held_back", json_boolean(s->held_back));
    json_object_set_new(o, "transactions", number(sum.transactions));
    json_object_set_new(o, "rows", number(sum.rows));
    json_object_set_new(o, "ddl", number(sum.ddl));
    json_object_set_new(o, "bytes", number(sum.bytes));
    json_object_set_new(o, "skipped", number(sum.skipped));
    json_object_set_new(o, "replayed", number(sum.replayed));
    json_object_set_new(o, "repeated", number(sum.repeated));
    json_object_set_new(o, "ignored_events", number(s->ignored_before + s->ignored));
    json_object_set_new(o, "transactions_per_second",
                        json_real(rate(s, now, s->samples[0].transactions, sum.transactions)));
    json_object_set_new(o, "rows_per_second", json_real(rate(s, now, s->samples[0].rows, sum.rows)));
    json_object_set_new(o, "canary_us", number(s->canary_us));
    json_object_set_new(o, "canary_expected", json_boolean(s->canary_expected));
    put_lag(o, s);
    struct reload_view changes = {0};
    if (s->reload)
        reload_look(s->reload, &changes);
    json_object_set_new(o, "settings", changes.settings[0] ? json_string(changes.settings) : json_null());
    json_object_set_new(o, "reloads_accepted", number(changes.accepted));
    json_object_set_new(o, "reloads_in_force", number(changes.in_force));
    bool overcome = strcmp(s->state, "running") == 0; /* then it is in the log */
    json_object_set_new(o, "last_error", s->error[0] && !overcome ? json_string(s->error) : json_null());
    buf_free(&position);
    return o;
}

void status_put_json(struct status *s, struct buf *out)
{
    pthread_mutex_lock(&s->lock);
    json_t *o = to_json(s);
    pthread_mutex_unlock(&s->lock);
    char *text = json_dumps(o, JSON_COMPACT);
    buf_put_str(out, text);
    buf_put_u8(out, '\n');
    free(text);
    json_decref(o);
}
