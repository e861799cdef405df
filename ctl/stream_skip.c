/* drcctl stream skip: pass one event over that capture does not know, at one place of the binlog. */
#include <inttypes.h>
#include <stdlib.h>

#include "ctl/stream.h"

struct skip_arguments {
    struct stream_arguments common;
    char *file; /* argv's, cut at its colon */
    uint64_t offset;
};

static const struct argp_option options[] = {
    {"at", 'a', "FILE:OFFSET", 0, "Where the event stands in the source's binlog, as capture said; needed", 0},
    {NULL, 0,   NULL,          0, NULL,                                                                     0},
};

static const char doc[] =
    "Pass one event over: of a type that capture does not know, an incident, a change that is in the binlog as a "
    "statement, or rows that are not whole or cannot be read. What it says does not reach the targets, so compare with "
    "drc-reconcile afterwards. Any other event at "
    "that place is read as ever. Capture must be stopped.\v"
    "Exit codes: 0 done; 69; 75 not now.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct skip_arguments *a = state->input;
    char *colon, *end;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->common;
        return 0;
    case 'a':
        colon = strrchr(arg, ':');
        a->offset = colon ? strtoull(colon + 1, &end, 10) : 0;
        if (!colon || colon == arg || a->offset == 0 || *end)
            argp_error(state, "--at wants FILE:OFFSET, not '%s'", arg);
        *colon = '\0';
        a->file = arg;
        return 0;
    case ARGP_KEY_END:
        if (!a->file)
            argp_error(state, "--at is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct skip {
    struct stream_job job;
    const struct skip_arguments *arguments;
    struct stream seen;
    struct permits permits;
    struct position until; /* what the source has now: the event is before it */
};

static int skip(struct skip *s, struct err *err)
{
    const struct skip_arguments *a = s->arguments;
    if (stream_begin(&s->job, &a->common, "skip", err) || stream_check_idle(&s->job, err) ||
        stream_look(&s->job, &s->seen, err) || stream_permits(&s->seen, &s->permits, err) ||
        stream_source_position(&s->job, &s->until, err))
        return -1;
    if (position_covers(&s->seen.position, &s->until))
        return err_fatal(err, EXIT_BAD_USAGE, "the stream has all that %s has committed: there is nothing to pass over",
                         s->job.region->name);
    stream_say(&s->job, "the event at %s:%" PRIu64 " is passed over; compare both sides with drc-reconcile", a->file,
               a->offset);
    stream_detail(&s->job, "file", json_string(a->file));
    stream_detail(&s->job, "offset", json_integer((json_int_t)a->offset));
    stream_detail_position(&s->job, "after", &s->seen.position);
    stream_detail_position(&s->job, "until", &s->until);
    permits_add_skip(&s->permits, a->file, a->offset, &s->until);
    return stream_write(&s->job, &s->seen, &s->seen, &s->permits, err);
}

int command_stream_skip(int argc, char **argv, const char *config_path)
{
    const struct argp argp = {options, parse, NULL, doc, stream_options_child, NULL, NULL};
    struct skip_arguments a = {.common = {.config_path = config_path}};
    struct skip s = {.arguments = &a};
    struct err err = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int rc = skip(&s, &err);
    int code = stream_end(&s.job, rc, &err);
    stream_free(&s.seen);
    permits_free(&s.permits);
    position_free(&s.until);
    return code;
}
