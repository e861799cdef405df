/* drcctl reload, set and throttle: words to running daemons about how they are to work. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/link/config_live.h"
#include "common/link/control.h"
#include "ctl/daemons.h"

/* ---- reload ---- */

struct reload_arguments {
    struct daemons_choice choice;
    bool check;
};

static const struct argp_option reload_options[] = {
    {"check", 'n', NULL, 0, "Say what would change, and change nothing", 0},
    {NULL,    0,   NULL, 0, NULL,                                        0},
};

static const char reload_doc[] =
    "Have the daemons that run on this host read the pair file again, and take up what differs: filters' additions, "
    "conflict rules, throttles, the log level and what else docs/configuration.md says. All of them are asked first; "
    "if "
    "the file is wrong, or a key needs a restart, nothing changes anywhere. Appliers go before captures. Returns when "
    "it is in force, at a boundary between transactions. SIGHUP does the same to one daemon. Where tables are added, "
    "reload the hosts of the appliers before those of the captures.\v"
    "Exit codes: 0 it is in force, or nothing differs; 75 no daemon runs here, or one has not come so far; 78 the file "
    "is wrong, or a key needs a restart, which is named.";

static error_t parse_reload(int key, char *arg, struct argp_state *state)
{
    struct reload_arguments *a = state->input;
    (void)arg;
    if (key == ARGP_KEY_INIT)
        state->child_inputs[0] = &a->choice;
    else if (key == 'n')
        a->check = true;
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

/* Leaves those that run here. -1: one refuses. */
static int check_all(struct daemons *d, bool print, struct err *err)
{
    size_t n = 0;
    int rc = 0;
    for (size_t i = 0; i < d->count; i++) {
        struct err own = {0};
        struct buf answer = {0};
        if (daemons_ask(d->config, d->names[i], "reload check", EXIT_BAD_CONFIG, &answer, &own) == 0) {
            if (print)
                printf("%s: %.*s\n", d->names[i], (int)strcspn(buf_cstr(&answer), "\n"), buf_cstr(&answer));
        } else if (own.code != CONTROL_NOBODY) {
            if (rc)
                (void)command_fail(err);
            *err = own;
            rc = -1;
        }
        buf_free(&answer);
        if (own.code == CONTROL_NOBODY)
            free(d->names[i]);
        else
            d->names[n++] = d->names[i];
    }
    d->count = n;
    if (rc == 0 && n == 0)
        return err_retry(err, "none of the daemons that are meant runs here");
    return rc;
}

static int reload_all(struct daemons *d, struct err *err)
{
    for (size_t i = 0; i < d->count; i++)
        if (daemons_tell(d->config, d->names[i], "reload", EXIT_BAD_CONFIG, err) ||
            daemons_await_reload(d->config, d->names[i], err))
            return -1;
    return 0;
}

int command_reload(int argc, char **argv, const char *config_path)
{
    const struct argp argp = {reload_options, parse_reload, NULL, reload_doc, daemons_options_child, NULL, NULL};
    struct reload_arguments a = {.choice.config_path = config_path};
    struct daemons d;
    struct err err = {0};
    int code = 0;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    if (daemons_find(&d, &a.choice, &err) || check_all(&d, a.check, &err) || (!a.check && reload_all(&d, &err)))
        code = command_fail(&err);
    daemons_free(&d);
    return code;
}

/* ---- set ---- */

struct set_arguments {
    struct daemons_choice choice;
    const char *key;
    const char *value;
    bool reset;
    bool list;
};

static const struct argp_option set_options[] = {
    {"list",  'l', NULL, 0, "Print the keys that can be set, their values and meaning", 0},
    {"reset", 'x', NULL, 0, "Let KEY be as the pair file says again",                   0},
    {NULL,    0,   NULL, 0, NULL,                                                       0},
};

static const char set_doc[] =
    "Change one key of a running daemon of this host, until its next start: the value is laid over the pair file and "
    "checked as if it stood there. KEY is written as in messages about the file: log.level, links[1].group_rows, "
    "regions.eu.throttle.max_lag. Status shows what is set so.\v"
    "Exit codes: 0 it is in force; 75 the daemon does not run here; 78 the key cannot be set, or not to that value.";

static error_t parse_set(int key, char *arg, struct argp_state *state)
{
    struct set_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->choice;
        return 0;
    case 'l':
        a->list = true;
        return 0;
    case 'x':
        a->reset = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->value || (a->key && a->reset))
            argp_error(state, "one key at a time");
        *(a->key ? &a->value : &a->key) = arg;
        return 0;
    case ARGP_KEY_END:
        if (a->list)
            return 0;
        if (!a->key || (!a->value && !a->reset))
            argp_error(state, "KEY and VALUE are needed");
        if (!a->choice.region && !a->choice.from)
            argp_error(state, "which daemon? --region, or --from and --to");
        if (strpbrk(a->key, " \r\n") || (a->value && strpbrk(a->value, "\r\n")))
            argp_error(state, "KEY is one word, VALUE one line");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int list_settable(void)
{
    struct buf text = {0};
    config_put_settable(&text);
    fputs(buf_cstr(&text), stdout);
    buf_free(&text);
    return EXIT_DONE;
}

int command_set(int argc, char **argv, const char *config_path)
{
    const struct argp argp = {set_options, parse_set, "KEY [VALUE]", set_doc, daemons_options_child, NULL, NULL};
    struct set_arguments a = {.choice.config_path = config_path};
    struct daemons d;
    struct err err = {0};
    int code = 0;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    if (a.list)
        return list_settable();
    char *command = a.reset ? xasprintf("reset %s", a.key) : xasprintf("set %s %s", a.key, a.value);
    if (daemons_find(&d, &a.choice, &err) || daemons_tell(d.config, d.names[0], command, EXIT_BAD_CONFIG, &err) ||
        daemons_await_reload(d.config, d.names[0], &err))
        code = command_fail(&err);
    free(command);
    daemons_free(&d);
    return code;
}

/* ---- throttle ---- */

struct throttle_arguments {
    const char *config_path;
    struct options_link link;
    const char *why;
    const char *kind; /* "rate", "ratio" or "off" */
    const char *value;
};

enum { KEY_RATE = 256, KEY_RATIO, KEY_RELEASE };

static const struct argp_option throttle_options[] = {
    {"rate",    KEY_RATE,    "ROWS",  0, "Apply at most so many row changes a second",                  0},
    {"ratio",   KEY_RATIO,   "SHARE", 0, "Let each worker be at work for that share of its time: 0.25", 0},
    {"release", KEY_RELEASE, NULL,    0, "Lift it",                                                     0},
    {"why",     'w',         "TEXT",  0, "The reason, shown in status",                                 0},
    {NULL,      0,           NULL,    0, NULL,                                                          0},
};

static const char throttle_doc[] =
    "Let a link apply no faster than said, until it is released or its applier starts anew; status shows it. It holds "
    "between target transactions, with no lock in hand. What regions.<region>.throttle of the pair file says holds "
    "beside it: that one looks at the target's replicas, load and flag file, and stops a link altogether for as long "
    "as it must. Run where the applier runs.\v"
    "Exit codes: 0 done; 64 usage; 75 there is nothing to release, or no applier of the link runs here.";

static error_t parse_throttle(int key, char *arg, struct argp_state *state)
{
    struct throttle_arguments *a = state->input;
    static const char *const kinds[] = {"rate", "ratio", "off"};
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        state->child_inputs[1] = &a->link;
        return 0;
    case KEY_RATE:
    case KEY_RATIO:
    case KEY_RELEASE:
        if (a->kind)
            argp_error(state, "one of --rate, --ratio and --release");
        if (arg && (!*arg || strpbrk(arg, " \r\n")))
            argp_error(state, "a number is wanted, not '%s'", arg);
        a->kind = kinds[key - KEY_RATE];
        a->value = arg;
        return 0;
    case 'w':
        a->why = command_why(arg, state);
        return 0;
    case ARGP_KEY_END:
        if (!a->kind)
            argp_error(state, "one of --rate, --ratio and --release is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_throttle(int argc, char **argv, const char *config_path)
{
    const struct argp argp = {throttle_options, parse_throttle, NULL, throttle_doc, command_link_children, NULL, NULL};
    struct throttle_arguments a = {.config_path = config_path, .why = ""};
    struct daemons d;
    struct err err = {0};
    int code = 0;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    const struct daemons_choice choice = {.config_path = a.config_path, .from = a.link.from, .to = a.link.to};
    char *who = command_who();
    char *command = a.value ? xasprintf("throttle %s %s %s %s", who, a.kind, a.value, a.why)
                            : xasprintf("throttle %s %s %s", who, a.kind, a.why);
    if (daemons_find(&d, &choice, &err) ||
        daemons_tell(d.config, d.names[0], command, a.value ? EXIT_BAD_USAGE : EXIT_TRY_AGAIN, &err))
        code = command_fail(&err);
    free(command);
    free(who);
    daemons_free(&d);
    return code;
}
