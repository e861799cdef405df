/* What the commands of drcctl stream share: their options, the stream's state, and how an operator's act is written.
 *
 * They work while capture is stopped, and enter the topic by the same door: an epoch of their own, then a resume record
 * with the act, from which capture goes on and which every target puts into its journal. */
#ifndef DRC_CTL_STREAM_H
#define DRC_CTL_STREAM_H

#include <jansson.h>

#include "common/link/db.h"
#include "common/stream/announcer.h"
#include "ctl/command.h"

struct stream_arguments {
    const char *config_path;
    const char *region;
    const char *why;
    bool dry_run;
    bool json;
};

/* --region, --why, --dry-run, --json, --config: a child of each command's argp; its input is a struct stream_arguments.
 */
extern const struct argp_child stream_options_child[];

struct stream_job {
    const struct stream_arguments *arguments;
    const char *act; /* "rebuild", … */
    struct config *config;
    const struct region_config *region;
    char *topic;
    struct db *source; /* NULL until stream_source */
    struct buf text;   /* what is to be done, line by line */
    json_t *details;   /* the same for the journal and --json */
    bool done;
};

/* Parses nothing: the arguments are complete. -1 with err. Always followed by stream_end. */
MUST_CHECK int stream_begin(struct stream_job *job, const struct stream_arguments *arguments, const char *act,
                            struct err *err);
/* Says what was done or would be; returns the exit code: that of err when rc is -1. */
int stream_end(struct stream_job *job, int rc, const struct err *err);

/* One more line of text. */
void stream_say(struct stream_job *job, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A detail for the journal and --json. */
void stream_detail(struct stream_job *job, const char *key, json_t *value);
void stream_detail_position(struct stream_job *job, const char *key, const struct position *p);

/* The connection to the source, made when it is first needed. */
MUST_CHECK int stream_source(struct stream_job *job, struct err *err);
/* How far the source has come. */
MUST_CHECK int stream_source_position(struct stream_job *job, struct position *out, struct err *err);

/* After what its oldest binlog file begins: nothing up to there can be had from it any more. */
MUST_CHECK int stream_oldest_position(struct stream_job *job, struct position *out, struct err *err);

/* Refuse (75) while a capture holds the stream: by its socket on this host, or by what it writes into the topic. */
MUST_CHECK int stream_check_idle(struct stream_job *job, struct err *err);

/* The stream as its topic tells it. Released by stream_free. A topic that is missing or empty: fatal 69. */
MUST_CHECK int stream_look(struct stream_job *job, struct stream *out, struct err *err);

/* The permits that stand in it, into a zeroed set. */
MUST_CHECK int stream_permits(const struct stream *s, struct permits *out, struct err *err);

/* Claim the stream and write the resume record from `state` on, unless it is a dry run. `seen`: what stream_look gave;
 * the claim must find the same. NULL: a topic that nobody has written to, whose stream is state->uuid and whose
 * epochs go on above state->epoch. */
MUST_CHECK int stream_write(struct stream_job *job, const struct stream *seen, const struct stream *state,
                            const struct permits *permits, struct err *err);

#endif
