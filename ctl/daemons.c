/* Which daemons are meant, and one line to and from each. */
#include "ctl/daemons.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/link/control.h"
#include "ctl/daemon_state.h"

#define LOOK_MS 200
#define IN_FORCE_MS 60000 /* a transaction in hand is brought to its end first */

static const char refused_begins[] = "error: ";

/* ---- which ---- */

enum { KEY_FROM = 'f', KEY_TO = 't', KEY_REGION = 'r' };

static const struct argp_option options[] = {
    {"region", KEY_REGION, "REGION", 0, "The capture of that region",                           1},
    {"from",   KEY_FROM,   "REGION", 0, "With --to: the applier of the link that begins there", 1},
    {"to",     KEY_TO,     "REGION", 0, "With --from: the applier of the link that ends there", 1},
    {NULL,     0,          NULL,     0, NULL,                                                   0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct daemons_choice *c = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &c->config_path;
        return 0;
    case KEY_REGION:
        c->region = arg;
        return 0;
    case KEY_FROM:
        c->from = arg;
        return 0;
    case KEY_TO:
        c->to = arg;
        return 0;
    case ARGP_KEY_END:
        if (!c->from != !c->to)
            argp_error(state, "--from and --to go together");
        if (c->region && c->from)
            argp_error(state, "either --region, or --from and --to");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {options, parse, NULL, NULL, command_config_child, NULL, NULL};

const struct argp_child daemons_options_child[] = {
    {&argp, 0, NULL, 0},
    {0}
};

static void add(struct daemons *d, char *name)
{
    d->names = xreallocarray(d->names, d->count + 1, sizeof *d->names);
    d->names[d->count++] = name;
}

/* Appliers first: they have to know a new table before its rows come. */
static void add_all(struct daemons *d)
{
    for (size_t i = 0; i < d->config->link_count; i++)
        add(d, daemon_applier_name(d->config->links[i].from, d->config->links[i].to));
    for (size_t i = 0; i < d->config->region_count; i++)
        add(d, daemon_capture_name(d->config->regions[i].name));
}

int daemons_find(struct daemons *out, const struct daemons_choice *choice, struct err *err)
{
    const struct region_config *region;
    const struct link_config *link;
    *out = (struct daemons){0};
    if (config_load(&out->config, choice->config_path, err))
        return -1;
    if (choice->region) {
        if (config_region(out->config, choice->region, &region, err))
            return -1;
        add(out, daemon_capture_name(region->name));
    } else if (choice->from) {
        if (config_link(out->config, choice->from, choice->to, &link, err))
            return -1;
        add(out, daemon_applier_name(link->from, link->to));
    } else {
        add_all(out);
    }
    return 0;
}

void daemons_free(struct daemons *d)
{
    for (size_t i = 0; i < d->count; i++)
        free(d->names[i]);
    free(d->names);
    config_free(&d->config);
    *d = (struct daemons){0};
}

/* ---- asking ---- */

static int judge(struct buf *answer, const char *name, enum exit_code refused, struct err *err)
{
    const char *text = buf_cstr(answer);
    size_t n = strlen(refused_begins);
    if (strncmp(text, refused_begins, n) != 0)
        return 0;
    text += n;
    if (strncmp(text, CONTROL_UNKNOWN, strlen(CONTROL_UNKNOWN)) == 0)
        return err_fatal(err, EXIT_UNSAFE,
                         "%s is of an older release, which cannot do that: start it anew with the installed one", name);
    if (refused == EXIT_TRY_AGAIN)
        return err_retry(err, "%s: %.*s", name, (int)strcspn(text, "\n"), text);
    return err_fatal(err, refused, "%s: %.*s", name, (int)strcspn(text, "\n"), text);
}

int daemons_ask(const struct config *config, const char *name, const char *command, enum exit_code refused,
                struct buf *answer, struct err *err)
{
    char *path = config_socket_path(config, name);
    int rc = control_ask(path, command, answer, err);
    if (rc == 0)
        rc = judge(answer, name, refused, err);
    else if (err->code == CONTROL_NOBODY)
        (void)err_prefix(err, "%s does not run here", name);
    free(path);
    return rc;
}

int daemons_tell(const struct config *config, const char *name, const char *command, enum exit_code refused,
                 struct err *err)
{
    struct buf answer = {0};
    int rc = daemons_ask(config, name, command, refused, &answer, err);
    if (rc == 0)
        printf("%s: %.*s\n", name, (int)strcspn(buf_cstr(&answer), "\n"), buf_cstr(&answer));
    buf_free(&answer);
    return rc;
}

static json_int_t number_of(const struct daemon_state *s, const char *key)
{
    return json_integer_value(json_object_get(s->all, key));
}

int daemons_await_reload(const struct config *config, const char *name, struct err *err)
{
    for (uint64_t end_ms = clock_mono_ms() + IN_FORCE_MS; clock_mono_ms() < end_ms; clock_sleep_ms(LOOK_MS)) {
        struct daemon_state s;
        daemon_state_ask(&s, config, name);
        bool done = s.all && number_of(&s, "reloads_in_force") >= number_of(&s, "reloads_accepted");
        daemon_state_free(&s);
        if (done)
            return 0;
    }
    return err_retry(err, "%s has accepted it, and has not come to the end of what it has in hand yet", name);
}
