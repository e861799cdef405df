/* drc-applier: replays one region's stream at another region's database. */
#include <stdlib.h>

#include "applier/run.h"
#include "applier/shadow.h"
#include "applier/versions.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/since.h"
#include "common/link/daemon.h"
#include "common/link/options.h"
#include "common/target/pair_file.h"

struct arguments {
    const char *config;
    struct options_link link;
    bool shadow;
    struct shadow_setup forecast;
};

enum { KEY_SHADOW = 256, KEY_FROM_BEGINNING, KEY_SINCE, KEY_FOR, KEY_JSON };

static const struct argp_option options[] = {
    {"shadow",         KEY_SHADOW,         NULL,      0,
     "Write nothing: say what conflicts there would be. An applier of the link may run meanwhile",            1},
    {NULL,             0,                  NULL,      0, "With --shadow:",                                    2},
    {"from-beginning", KEY_FROM_BEGINNING, NULL,      0, "From the first transaction that the topic holds",   2},
    {"since",          KEY_SINCE,          "WHEN",    0,
     "From then on: a GTID (after it), 2026-01-31T10:00:00 (UTC), or 15m, 2h, 3d ago. Without: from where the link "
     "stands",                                                                                                2},
    {"for",            KEY_FOR,            "SECONDS", 0, "Follow the topic for so long; without: to its end", 2},
    {"json",           KEY_JSON,           NULL,      0, "One JSON object",                                   2},
    {NULL,             0,                  NULL,      0, NULL,                                                0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    struct shadow_setup *f = &a->forecast;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config;
        state->child_inputs[1] = &a->link;
        return 0;
    case KEY_SHADOW:
        a->shadow = true;
        return 0;
    case KEY_FROM_BEGINNING:
        f->from_beginning = true;
        return 0;
    case KEY_SINCE:
        if (!since_parse(&f->since_us, arg, clock_wall_us()))
            f->since = arg;
        return 0;
    case KEY_FOR:
        f->for_ms = options_seconds(arg, "--for", state);
        return 0;
    case KEY_JSON:
        f->json = true;
        return 0;
    case ARGP_KEY_END:
        if (!a->shadow && (f->from_beginning || f->since || f->since_us || f->for_ms || f->json))
            argp_error(state, "--from-beginning, --since, --for and --json go with --shadow");
        if (f->from_beginning && (f->since || f->since_us))
            argp_error(state, "--from-beginning and --since exclude each other");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void warn(void *context, const char *text)
{
    (void)context;
    log_event(MSG_RULE_MISSES_DELETES, log_detail(text));
}

static int secrets(struct config *config, const char *from, const char *to, struct err *err)
{
    struct err absent = {0};
    if (config_password(config, from, &absent)) /* only to compare definitions: it need not be here */
        log_debug("%s", absent.text);
    const struct link_config *link;
    if (config_password(config, to, err) || config_kafka_password(config, from, err) ||
        config_link(config, from, to, &link, err))
        return -1;
    if (!versions_wanted(config, link))
        return 0;
    const struct region_config *peer = versions_peer(config, link);
    return config_kafka_password(config, to, err) || (peer && config_kafka_password(config, peer->name, err)) ? -1 : 0;
}

static int load(struct config **config, const struct arguments *a, struct err *err)
{
    if (pair_load(config, a->config, err))
        return -1;
    log_setup((enum log_level)(*config)->log_level, (enum log_format)(*config)->log_format);
    pair_rules_warn(*config, warn, NULL);
    return secrets(*config, a->link.from, a->link.to, err);
}

/* The exit code. */
static int forecast(struct arguments *a, const struct config *config, struct stop *stop, struct err *err)
{
    bool conflicts = false;
    a->forecast.config = config;
    a->forecast.from = a->link.from;
    a->forecast.to = a->link.to;
    a->forecast.stop = stop;
    if (shadow_run(&a->forecast, &conflicts, err))
        return daemon_last_line("drc-applier --shadow", NULL, err);
    return conflicts ? 1 : 0;
}

int main(int argc, char **argv)
{
    const struct argp_child children[] = {
        {&options_config, 0, NULL, 0},
        {&options_link,           0, NULL, 0},
        {0              }
    };
    const struct argp argp = {
        .options = options,
        .children = children,
        .parser = parse,
        .doc = "Replays the stream of one region at the database of another: whole transactions, in source order, each "
               "exactly once.\vExit codes: 0 stopped as asked, with --shadow no conflict; 1 --shadow: there would be "
               "conflicts; 64 usage; 69 going on would lose, repeat or reorder data; "
               "75 try again; 77 grants, or fenced by a newer instance; 78 configuration or server settings.",
    };
    struct arguments arguments = {.config = CONFIG_DEFAULT_PATH};
    struct config *config = NULL;
    struct err err = {0};
    options_begin("drc-applier " DRC_VERSION);
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    struct daemon_hup *hup;
    struct stop *stop = daemon_signals(&hup);
    int rc = load(&config, &arguments, &err), code;
    if (rc == 0 && arguments.shadow) {
        code = forecast(&arguments, config, stop, &err);
    } else {
        const struct applier_setup setup = {
            .from = arguments.link.from, .to = arguments.link.to, .secrets = secrets, .stop = stop, .hup = hup};
        if (rc == 0 && applier_run(config, &setup, &err) == 0)
            err = (struct err){0};
        config = NULL; /* the applier's */
        code = daemon_last_line("drc-applier", stop, &err);
    }
    config_free(&config);
    _Exit(code); /* the thread that waits for signals may still hold `stop` */
}
