/* The configuration of a running daemon: reading the pair file again, laying single values over it, and handing what
 * came of it to the daemon's sessions, whole or not at all.
 *
 * A file that cannot be read, or a key that needs a restart, changes nothing. What is accepted is taken up by the
 * daemon between two of its sessions, hence at a transaction's boundary, when no other thread looks at the former one;
 * keys that interrupt nothing (log.level) at once. Any thread, but where it says which. */
#ifndef DRC_TARGET_RELOAD_H
#define DRC_TARGET_RELOAD_H

#include "common/link/control.h"
#include "common/target/pair_file.h"

struct reload;

struct reload_setup {
    const char *program;   /* "drc-applier eu:us"; outlives it */
    struct config *config; /* in force at the start, with its passwords; the reload's from now on */
    /* Fetch the passwords that this daemon needs, and refuse what it cannot take up; `now` is what it would replace. */
    int (*prepare)(void *context, struct config *next, const struct config *now, struct err *err);
    void (*wake)(void *context); /* end the session at its boundary; with the reload's lock held */
    void *context;
};

struct reload *reload_new(const struct reload_setup *setup);
/* No thread uses it any more. */
void reload_free(struct reload **r);

/* From now on systemd is told of reloads; before its daemon is ready, their end would pass for that. Any thread. */
void reload_tell_systemd(struct reload *r);

/* ---- what people say; answers as control_command's: lines, "error: …" ---- */

/* SIGHUP: the answer goes to the log. `context`: struct reload. */
void reload_signal(void *context);
/* The commands reload, set and reset of the control socket: `reload check` changes nothing. `set KEY VALUE`, `set`
 * alone lists the keys, `reset KEY`. */
void reload_ask(struct reload *r, const char *args, struct buf *out);
void reload_ask_set(struct reload *r, const char *args, struct buf *out);
void reload_ask_reset(struct reload *r, const char *args, struct buf *out);

/* ---- the sessions' thread ---- */

/* Is there one that waits to be taken up? */
bool reload_waits(struct reload *r);
/* Take it: the configuration from now on; NULL: there is none. The former one lives until reload_settled. */
const struct config *reload_take(struct reload *r);
/* Nothing points to the former one any more. */
void reload_settled(struct reload *r);

/* ---- status ---- */

struct reload_view {
    uint64_t accepted;  /* how often something else was accepted */
    uint64_t in_force;  /* and how much of that has been taken up: less while a transaction in hand is waited for */
    char settings[800]; /* what is laid over the file, until the next start: "log.level=debug"; "": nothing */
};
void reload_look(struct reload *r, struct reload_view *out);

#endif
