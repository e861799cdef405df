/* drc-applier: replays one region's stream at another region's database. */
#include <stdlib.h>

#include "applier/run.h"
#include "applier/versions.h"
#include "common/base/log.h"
#include "common/link/daemon.h"
#include "common/link/options.h"
#include "common/target/pair_file.h"

struct arguments {
    const char *config;
    struct options_link link;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    (void)arg;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = &a->config;
    state->child_inputs[1] = &a->link;
    return 0;
}

static int load(struct config **config, const struct arguments *a, struct err *err)
{
    if (pair_load(config, a->config, err))
        return -1;
    log_setup((enum log_level)(*config)->log_level);
    struct err absent = {0};
    if (config_password(*config, a->link.from, &absent)) /* only to compare definitions: it need not be here */
        log_debug("%s", absent.text);
    const struct link_config *link;
    if (config_password(*config, a->link.to, err) || config_kafka_password(*config, a->link.from, err) ||
        config_link(*config, a->link.from, a->link.to, &link, err))
        return -1;
    return versions_wanted(*config, link) ? config_kafka_password(*config, a->link.to, err) : 0;
}

int main(int argc, char **argv)
{
    const struct argp_child children[] = {
        {&options_config, 0, NULL, 0},
        {&options_link,           0, NULL, 0},
        {0              }
    };
    const struct argp argp = {
        .children = children,
        .parser = parse,
        .doc =
            "Replays the stream of one region at the database of another: whole transactions, in source order, each "
            "exactly once.\vExit codes: 0 stopped as asked; 64 usage; 69 going on would lose, repeat or reorder data; "
            "75 try again; 77 grants, or fenced by a newer instance; 78 configuration or server settings.",
    };
    struct arguments arguments = {.config = CONFIG_DEFAULT_PATH};
    struct config *config = NULL;
    struct err err = {0};
    options_begin("drc-applier " DRC_VERSION);
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    struct stop *stop = daemon_signals();
    if (load(&config, &arguments, &err) == 0 &&
        applier_run(config, arguments.link.from, arguments.link.to, stop, &err) == 0)
        err = (struct err){0};
    int code = daemon_last_line("drc-applier", stop, &err);
    config_free(&config);
    _Exit(code); /* the thread that waits for signals may still hold `stop` */
}
