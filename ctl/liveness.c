/* Signs of life of a link's two daemons. */
#include "ctl/liveness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "ctl/daemon_state.h"

#define QUIET_MS                                                                                                       \
    15000u /* without any sign of life, while waiting goes on: a restart by hand or by systemd is shorter */
#define QUIET_AT_END_MS 2000u /* the same, when the time is over anyway */

void liveness_start(struct liveness *l, const struct config *config)
{
    *l = (struct liveness){.config = config, .quiet_since_ms = clock_mono_ms(), .stage = PROGRESS_DONE};
}

static void set_stage(struct liveness *l, const struct progress_report *now)
{
    char *name =
        now->stage == PROGRESS_APPLY ? daemon_applier_name(now->from, now->to) : daemon_capture_name(now->from);
    snprintf(l->name, sizeof l->name, "%s", name);
    free(name);
    l->stage = now->stage;
    l->heard = 0;
    l->quiet_since_ms = clock_mono_ms();
}

/* Is the daemon there? Notes what it says when it is not simply running. */
static bool ask(struct liveness *l)
{
    struct daemon_state s;
    daemon_state_ask(&s, l->config, l->name);
    bool there = s.there;
    l->ended = s.ended;
    l->said[0] = '\0';
    if (there ? strcmp(s.state, "running") != 0 : s.ended)
        snprintf(l->said, sizeof l->said, "%s is %s%s%s", l->name, there ? s.state : "stopped",
                 s.last_error ? ": " : "", s.last_error ? s.last_error : "");
    daemon_state_free(&s);
    return there;
}

/* Update what is known. True: a sign of life, or nothing can be said because something is not reachable. */
static bool look(struct liveness *l, const struct progress_report *now)
{
    if (now->stage != l->stage)
        set_stage(l, now);
    uint64_t heard = now->stage == PROGRESS_APPLY ? now->applied_seq : (uint64_t)now->topic_next;
    bool moved = heard != l->heard;
    l->heard = heard;
    bool alive = ask(l) || moved || now->trouble[0] || now->writer_connected;
    if (alive)
        l->quiet_since_ms = clock_mono_ms();
    return alive;
}

static uint64_t quiet_limit(const struct liveness *l, uint64_t limit)
{
    uint64_t heartbeats = l->stage == PROGRESS_APPLY ? 0 : 3 * (uint64_t)l->config->heartbeat_ms;
    return heartbeats > limit ? heartbeats : limit;
}

static int check(struct liveness *l, const struct progress_report *now, uint64_t limit, struct err *err)
{
    if (look(l, now))
        return 0;
    uint64_t quiet = clock_mono_ms() - l->quiet_since_ms;
    if (quiet < quiet_limit(l, l->ended ? QUIET_AT_END_MS : limit))
        return 0;
    struct buf text = {0};
    progress_put_report(now, &text);
    if (l->ended)
        err_fatal(err, EXIT_UNSAFE, "%s; %s", l->said, buf_cstr(&text));
    else
        err_fatal(err, EXIT_UNSAFE,
                  "%s is stopped: it does not answer here, and nothing of its work was seen for %" PRIu64 " s; %s",
                  l->name, quiet / 1000, buf_cstr(&text));
    buf_free(&text);
    return -1;
}

int liveness_check(void *context, const struct progress_report *now, struct err *err)
{
    return check(context, now, QUIET_MS, err);
}

void liveness_at_timeout(struct liveness *l, const struct progress_report *now, struct err *err)
{
    if (check(l, now, QUIET_AT_END_MS, err) == 0 && l->said[0])
        err_prefix(err, "%s", l->said);
}
