/* Asking a daemon by its control socket. */
#include "ctl/daemon_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/mem.h"
#include "common/link/control.h"

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void take_answer(struct daemon_state *out, const struct buf *answer)
{
    out->all = json_loadb((const char *)answer->data, answer->len, JSON_DISABLE_EOF_CHECK, NULL);
    const char *state = text_of(out->all, "state");
    out->state = state ? state : "silent";
    out->last_error = text_of(out->all, "last_error");
}

/* Exit codes after which nobody starts it again (DESIGN section 2). */
static bool is_final(int exit_code)
{
    return exit_code == EXIT_BAD_USAGE || exit_code == EXIT_UNSAFE || exit_code == EXIT_DENIED ||
           exit_code == EXIT_BAD_CONFIG;
}

static void take_note(struct daemon_state *out, const char *socket_path)
{
    struct control_note note;
    out->killed = control_mark_read(&out->instance, socket_path);
    if (access(socket_path, F_OK) == 0) {
        snprintf(out->error, sizeof out->error, "it ended without a word: nobody listens at %s any more", socket_path);
        out->last_error = out->error;
    }
    if (!control_note_read(&note, socket_path))
        return;
    out->ended = is_final(note.exit_code);
    out->ended_us = note.at_us;
    snprintf(out->error, sizeof out->error, "%s", note.text);
    out->last_error = out->error;
}

void daemon_state_ask(struct daemon_state *out, const struct config *config, const char *name)
{
    struct buf answer = {0};
    struct err err = {0};
    char *path = config_socket_path(config, name);
    *out = (struct daemon_state){.there = true, .state = "silent"};
    if (control_ask(path, "status json", &answer, &err) == 0) {
        take_answer(out, &answer);
    } else if (err.code == CONTROL_NOBODY) {
        *out = (struct daemon_state){.state = ""};
        take_note(out, path);
    } else {
        snprintf(out->error, sizeof out->error, "%.*s", (int)sizeof out->error - 1, err.text);
        out->last_error = out->error;
    }
    free(path);
    buf_free(&answer);
}

void daemon_state_free(struct daemon_state *s)
{
    json_decref(s->all);
    *s = (struct daemon_state){.state = ""};
}

bool daemon_state_number(uint64_t *out, const struct daemon_state *s, const char *key)
{
    const json_t *n = json_object_get(s->all, key);
    *out = json_is_integer(n) ? (uint64_t)json_integer_value(n) : 0;
    return json_is_integer(n);
}

char *daemon_capture_name(const char *region)
{
    return xasprintf("capture-%s", region);
}

char *daemon_applier_name(const char *from, const char *to)
{
    return xasprintf("applier-%s-%s", from, to);
}
