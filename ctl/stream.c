/* The commands of drcctl stream: options, beginning and end, and the one way to write an act. */
#include "ctl/stream.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "ctl/daemon_state.h"

#define PROGRAM "drcctl stream"
#define READ_TIMEOUT_S 60
#define LEAST_WATCH_MS 2500u /* for another host's capture to show itself in the topic */

/* ---- options ---- */

static const struct argp_option options[] = {
    {"region",  'r', "REGION", 0, "The region whose stream it is",                           0},
    {"why",     'w', "TEXT",   0, "The reason, kept in the journal of every target; needed", 0},
    {"dry-run", 'n', NULL,     0, "Say what would be done, and do nothing",                  0},
    {"json",    'j', NULL,     0, "Print one JSON object",                                   0},
    {NULL,      0,   NULL,     0, NULL,                                                      0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct stream_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        return 0;
    case 'r':
        a->region = arg;
        return 0;
    case 'w':
        a->why = command_why(arg, state);
        return 0;
    case 'n':
        a->dry_run = true;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    case ARGP_KEY_END:
        if (!a->region || (!a->why && !a->dry_run))
            argp_error(state, "--region and --why are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp stream_argp = {.options = options, .parser = parse, .children = command_config_child};
const struct argp_child stream_options_child[] = {
    {&stream_argp, 0, NULL, 0},
    {0       }
};

/* ---- beginning and end ---- */

int stream_begin(struct stream_job *job, const struct stream_arguments *arguments, const char *act, struct err *err)
{
    *job = (struct stream_job){.arguments = arguments, .act = act, .details = json_object()};
    if (config_load(&job->config, arguments->config_path, err) ||
        config_region(job->config, arguments->region, &job->region, err) ||
        command_secrets(job->config, arguments->region, true, err))
        return -1;
    job->topic = config_topic(job->config, arguments->region);
    return 0;
}

static void print_json(const struct stream_job *job)
{
    json_t *all = json_object();
    json_object_set_new(all, "act", json_string(job->act));
    json_object_set_new(all, "region", json_string(job->arguments->region));
    json_object_set_new(all, "why", job->arguments->why ? json_string(job->arguments->why) : json_null());
    json_object_set_new(all, "done", json_boolean(job->done));
    json_object_set(all, "details", job->details);
    char *text = json_dumps(all, JSON_COMPACT);
    puts(text);
    free(text);
    json_decref(all);
}

int stream_end(struct stream_job *job, int rc, const struct err *err)
{
    if (job->arguments->json && (rc == 0 || json_object_size(job->details) > 0))
        print_json(job);
    else if (!job->arguments->json && job->text.len > 0)
        fputs(buf_cstr(&job->text), stdout);
    if (rc == 0 && !job->arguments->json)
        puts(job->done ? "done: start capture again" : "nothing was changed (--dry-run)");
    int code = rc ? command_fail(err) : EXIT_DONE;
    db_close(&job->source);
    buf_free(&job->text);
    json_decref(job->details);
    free(job->topic);
    config_free(&job->config);
    return code;
}

void stream_say(struct stream_job *job, const char *fmt, ...)
{
    va_list args;
    va_list again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    (void)vsnprintf((char *)buf_reserve(&job->text, (size_t)n + 1), (size_t)n + 1, fmt, again);
    job->text.len += (size_t)n;
    buf_put_str(&job->text, "\n");
    va_end(again);
    va_end(args);
}

void stream_detail(struct stream_job *job, const char *key, json_t *value)
{
    json_object_set_new(job->details, key, value);
}

void stream_detail_position(struct stream_job *job, const char *key, const struct position *p)
{
    struct buf text = {0};
    position_put_text(p, &text);
    stream_detail(job, key, json_string(buf_cstr(&text)));
    buf_free(&text);
}

int stream_source(struct stream_job *job, struct err *err)
{
    const struct db_options db = {.program = PROGRAM, .read_timeout_s = READ_TIMEOUT_S};
    return job->source ? 0 : db_connect(&job->source, job->region, &db, err);
}

int stream_source_position(struct stream_job *job, struct position *out, struct err *err)
{
    return stream_source(job, err) ? -1 : db_source_position(job->source, out, err);
}

int stream_oldest_position(struct stream_job *job, struct position *out, struct err *err)
{
    return stream_source(job, err) ? -1 : db_oldest_position(job->source, out, err);
}

/* ---- is somebody there? ---- */

/* A capture on another host writes heartbeats. */
static int watch_topic(const struct stream_job *job, struct err *err)
{
    struct kafka_reader *reader = NULL;
    int64_t low, before, after;
    uint32_t pace = 3 * job->config->heartbeat_ms;
    if (kafka_reader_open(&reader, &job->region->kafka, job->topic, KAFKA_OFFSET_END, err))
        return -1;
    int rc = kafka_reader_bounds(reader, &low, &before, err);
    if (rc == 0)
        clock_sleep_ms(pace > LEAST_WATCH_MS ? pace : LEAST_WATCH_MS);
    if (rc == 0)
        rc = kafka_reader_bounds(reader, &low, &after, err);
    kafka_reader_close(&reader);
    if (rc == 0 && after != before)
        rc = err_retry(err, "a capture of %s runs on another host: topic %s grows; stop it first", job->region->name,
                       job->topic);
    return rc;
}

int stream_check_idle(struct stream_job *job, struct err *err)
{
    struct daemon_state daemon;
    struct kafka_topic_facts facts;
    char *name = daemon_capture_name(job->region->name);
    daemon_state_ask(&daemon, job->config, name);
    bool there = daemon.there;
    daemon_state_free(&daemon);
    free(name);
    if (there)
        return err_retry(err, "the capture of %s runs on this host: stop it first (systemctl stop drc-capture@%s)",
                         job->region->name, job->region->name);
    if (kafka_topic_check(&facts, &job->region->kafka, job->topic, err))
        return -1;
    return facts.exists && facts.high > 0 ? watch_topic(job, err) : 0;
}

/* ---- the stream ---- */

int stream_look(struct stream_job *job, struct stream *out, struct err *err)
{
    struct kafka_topic_facts facts;
    struct claim c;
    bool empty = true;
    if (kafka_topic_check(&facts, &job->region->kafka, job->topic, err))
        return -1;
    int rc = claim_open(&c, &job->region->kafka, job->topic, job->region->name, NULL, 0, err);
    if (rc == 0 && facts.exists)
        rc = claim_look(&c, &empty, err);
    if (rc == 0 && empty)
        rc = err_fatal(err, EXIT_UNSAFE, "topic %s is %s: there is no stream to go on with", job->topic,
                       facts.exists ? "empty" : "not there");
    if (rc == 0)
        rc = readback_state(&c.rb, out, c.low, c.high, err);
    if (rc == 0 && !out->based) {
        stream_free(out);
        rc = err_fatal(err, EXIT_UNSAFE, "topic %s has no record left that says where the stream stands", job->topic);
    }
    claim_close(&c);
    return rc;
}

int stream_permits(const struct stream *s, struct permits *out, struct err *err)
{
    struct bytes r = bytes_of(buf_span(&s->permits));
    permits_read(out, &r);
    return r.bad ? err_fatal(err, EXIT_UNSAFE, "the permits that stand in the stream are malformed") : 0;
}

static int check_unchanged(const struct stream *seen, const struct stream *now, struct err *err)
{
    if (seen->seq == now->seq && seen->chain == now->chain && position_eq(&seen->position, &now->position))
        return 0;
    return err_retry(err, "the stream has moved from seq %" PRIu64 " to %" PRIu64 " meanwhile: look at it again",
                     seen->seq, now->seq);
}

static int claim_stream(struct claim *c, struct announcer *a, const struct stream *seen, const struct stream *state,
                        struct err *err)
{
    struct stream now;
    bool empty;
    if (claim_look(c, &empty, err))
        return -1;
    if (empty == (seen != NULL))
        return err_retry(err, "topic %s is not as it was a moment ago: look at it again", c->rb.topic);
    if (!seen) {
        memcpy(c->stream, state->uuid, STREAM_UUID_LEN);
        c->highest = state->epoch;
    }
    if (claim_take(c, &now, announcer_put, a, err))
        return -1;
    int rc = seen ? check_unchanged(seen, &now, err) : 0;
    stream_free(&now);
    return rc;
}

static int write_act(struct stream_job *job, struct claim *c, struct announcer *a, const struct stream *state,
                     const struct permits *permits, struct err *err)
{
    char *who = command_who();
    char *details = json_dumps(job->details, JSON_COMPACT);
    const struct act act = {
        .kind = span_str(job->act),
        .who = span_str(who),
        .at_us = clock_wall_us(),
        .why = span_str(job->arguments->why),
        .details = span_str(details),
    };
    int rc = announcer_resume(a, c, state, &act, permits, err);
    free(details);
    free(who);
    return rc;
}

int stream_write(struct stream_job *job, const struct stream *seen, const struct stream *state,
                 const struct permits *permits, struct err *err)
{
    struct announcer *a = NULL;
    struct claim c;
    if (job->arguments->dry_run)
        return 0;
    int rc = claim_open(&c, &job->region->kafka, job->topic, job->region->name, NULL, 0, err);
    if (rc == 0)
        rc = announcer_open(&a, &job->region->kafka, job->topic, err);
    if (rc == 0)
        rc = claim_stream(&c, a, seen, state, err);
    if (rc == 0)
        rc = write_act(job, &c, a, state, permits, err);
    announcer_close(&a);
    claim_close(&c);
    job->done = rc == 0;
    return rc;
}
