/* One session of a capture: start, two threads, end. */
#include "capture/session.h"

#include <pthread.h>
#include <stdlib.h>

#include "capture/reader.h"
#include "capture/sender.h"
#include "capture/watch.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/model/way_out.h"

#define QUEUE_ITEMS 65536u

struct session {
    struct session_options options;
    struct stop *stop;
    struct source *source;
    struct queue *queue;
    struct sender *sender;
    struct canary *canary;
    struct probe *probe;
    struct kafka_topic_facts facts; /* of the topic at the start */
    pthread_mutex_t lock;           /* of the three below */
    struct reader *reader;
    struct watch *watch;
    struct err first; /* the error that ended the session */
    bool streamed;
};

struct session *session_new(const struct session_options *options)
{
    struct session *s = xcalloc(1, sizeof *s);
    s->options = *options;
    s->stop = stop_new();
    s->queue = queue_new(QUEUE_ITEMS, options->config->queue_bytes);
    s->source = source_new(options->config, options->region, options->program);
    s->canary = canary_new(options->region->name, options->topic);
    s->probe = probe_new();
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void session_free(struct session **session)
{
    struct session *s = *session;
    if (!s)
        return;
    reader_free(&s->reader);
    watch_free(&s->watch);
    canary_free(&s->canary);
    probe_free(&s->probe);
    sender_close(&s->sender);
    source_free(&s->source);
    queue_free(&s->queue, parcel_free);
    pthread_mutex_destroy(&s->lock);
    stop_free(&s->stop);
    free(s);
    *session = NULL;
}

bool session_streamed(const struct session *s)
{
    return s->streamed;
}

static void interrupt(struct session *s, const char *reason)
{
    stop_request(s->stop, reason);
    queue_close(s->queue);
    pthread_mutex_lock(&s->lock);
    if (s->reader)
        reader_interrupt(s->reader);
    if (s->watch)
        watch_interrupt(s->watch);
    pthread_mutex_unlock(&s->lock);
}

void session_interrupt(struct session *s)
{
    interrupt(s, "stop");
}

/* What ends a session is its first error; what it brings about in the other thread is not worth telling. */
static void keep_first(struct session *s, const struct err *err)
{
    pthread_mutex_lock(&s->lock);
    if (s->first.class == ERR_NONE)
        s->first = *err;
    pthread_mutex_unlock(&s->lock);
}

static void *sender_thread(void *context)
{
    struct session *s = context;
    struct err err = {0};
    bool asked = false;
    if (sender_run(s->sender, s->queue, &err) != 0) {
        asked = stop_requested(s->stop);
        if (!asked)
            keep_first(s, &err);
        else
            log_event(MSG_SENDER_ENDED, log_detail(err.text));
    }
    interrupt(s, "the sender has ended");
    return NULL;
}

static void *watch_thread(void *context)
{
    struct session *s = context;
    struct err err = {0};
    if (watch_run(s->watch, &err) != 0) {
        keep_first(s, &err);
        interrupt(s, "the watch has found something");
    }
    return NULL;
}

/* ---- the start ---- */

static void warn_of_topic(const struct kafka_topic_facts *facts, const struct session_options *o)
{
    struct buf advice = {0};
    kafka_topic_put_advice(facts, &o->region->kafka, o->topic, &advice);
    if (advice.len > 0)
        log_event(MSG_TOPIC_ADVICE, log_str("topic", o->topic), log_detail(buf_cstr(&advice)));
    buf_free(&advice);
}

static int prepare_topic(struct session *s, struct err *err)
{
    const struct kafka_config *kafka = &s->options.region->kafka;
    if (kafka_topic_check(&s->facts, kafka, s->options.topic, err) != 0)
        return -1;
    if (s->facts.exists) {
        warn_of_topic(&s->facts, &s->options);
        return 0;
    }
    if (s->options.memory->had_stream)
        return err_stop(
            err, MSG_STOP_TOPIC_GONE,
            "topic %s is gone, but this process has written to it: what it held may not have reached everyone. To go "
            "on from the targets' ledgers: " WAY_OUT_REBUILD,
            s->options.topic, s->options.region->name);
    log_event(MSG_TOPIC_MADE, log_str("topic", s->options.topic));
    if (kafka_topic_create(kafka, s->options.topic, err) != 0)
        return -1;
    return kafka_topic_check(&s->facts, kafka, s->options.topic, err);
}

static void safe(void *context, const char *file, uint64_t offset)
{
    struct session *s = context;
    reader_acknowledge(s->reader, file, offset);
}

static int start(struct session *s, struct stream *state, struct err *err)
{
    const struct session_options *o = &s->options;
    struct sender_options sender = {
        .kafka = &o->region->kafka,
        .topic = o->topic,
        .region = o->region->name,
        .stop = s->stop,
        .status = o->status,
        .pulse = o->pulse,
        .safe = safe,
        .context = s,
    };
    struct takeover_options takeover_options = {
        .config = o->config,
        .region = o->region,
        .topic = o->topic,
        .stop = s->stop,
        .status = o->status,
        .source = s->source,
        .own_host = o->own_host,
        .memory = o->memory,
    };
    status_state(o->status, "starting", "connecting to the source");
    if (source_connect(s->source, err) != 0)
        return -1;
    /* Which of several hosts it is shows when the topic has been read. */
    if (o->region->host_count < 2 && source_check(s->source, o->own_host, err) != 0)
        return -1;
    status_state(o->status, "starting", "connecting to Kafka");
    if (prepare_topic(s, err) != 0 || sender_open(&s->sender, &sender, err) != 0)
        return -1;
    status_state(o->status, "starting", "reading the topic back");
    takeover_options.sender = s->sender;
    return takeover(state, &takeover_options, err);
}

/* ---- the run ---- */

static void make_reader(struct session *s, const struct stream *state)
{
    const struct session_options *o = &s->options;
    struct reader_options options = {
        .config = o->config,
        .region = o->region,
        .program = o->program,
        .topic = o->topic,
        .own_host = o->own_host,
        .max_bytes = sender_max_bytes(s->sender),
        .source = s->source,
        .canary = s->canary,
        .probe = s->probe,
        .queue = s->queue,
        .status = o->status,
        .stop = s->stop,
        .pulse = o->pulse,
    };
    struct reader *r = reader_new(&options, state);
    pthread_mutex_lock(&s->lock);
    s->reader = r;
    if (stop_requested(s->stop))
        reader_interrupt(r);
    pthread_mutex_unlock(&s->lock);
}

static void looked(void *context, const struct kafka_topic_facts *facts)
{
    struct session *s = context;
    reader_limit_epoch(s->reader, facts->retention_ms, facts->retention_bytes);
    status_topic(s->options.status, facts->retention_ms);
}

static void make_watch(struct session *s)
{
    const struct session_options *o = &s->options;
    struct watch_options options = {
        .config = o->config,
        .region = o->region,
        .program = o->program,
        .topic = o->topic,
        .server = source_server(s->source),
        .stop = s->stop,
        .status = o->status,
        .canary = s->canary,
        .probe = s->probe,
        .facts = s->facts,
        .looked = looked,
        .context = s,
    };
    struct watch *w = watch_new(&options);
    pthread_mutex_lock(&s->lock);
    s->watch = w;
    pthread_mutex_unlock(&s->lock);
}

static int run(struct session *s, const struct stream *state, struct err *err)
{
    pthread_t sender, watch;
    struct err own = {0};
    make_reader(s, state);
    make_watch(s);
    s->streamed = true;
    int failed = pthread_create(&sender, NULL, sender_thread, s);
    if (failed != 0)
        return err_retry(err, "no thread to be had: %s", strerror(failed));
    failed = pthread_create(&watch, NULL, watch_thread, s);
    int rc = failed == 0 ? reader_run(s->reader, &own) : err_retry(&own, "no thread to be had: %s", strerror(failed));
    if (rc != 0)
        keep_first(s, &own);
    queue_close(s->queue);      /* what is in it is still sent */
    pthread_join(sender, NULL); /* which has then interrupted the watch */
    if (failed == 0)
        pthread_join(watch, NULL);
    if (s->first.class == ERR_NONE)
        return 0;
    if (err)
        *err = s->first;
    return -1;
}

int session_run(struct session *s, struct err *err)
{
    struct stream state = {0};
    if (start(s, &state, err) != 0)
        return stop_requested(s->stop) ? 0 : -1;
    int rc = run(s, &state, err);
    pthread_mutex_lock(&s->lock);
    reader_free(&s->reader); /* before what it points to; session_interrupt may come at any time */
    watch_free(&s->watch);
    pthread_mutex_unlock(&s->lock);
    stream_free(&state);
    return rc;
}
