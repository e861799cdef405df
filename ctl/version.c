/* drcctl version: of drcctl, and of the daemons that run here. */
#include <stdio.h>
#include <string.h>

#include "common/link/control.h"
#include "common/target/release.h"
#include "ctl/daemons.h"

struct version_arguments {
    const char *config_path;
    bool daemons;
};

static const struct argp_option options[] = {
    {"daemons", 'd', NULL, 0, "Also those of the pair's daemons that run on this host", 0},
    {NULL,      0,   NULL, 0, NULL,                                                     0},
};

static const char doc[] =
    "Print the version: of the program, of the protocol by which it talks to daemons, of the tables that it makes in a "
    "target, and of the records in a topic.\v"
    "Exit codes: 0; with --daemons 69 when one speaks another protocol.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct version_arguments *a = state->input;
    (void)arg;
    if (key == ARGP_KEY_INIT)
        state->child_inputs[0] = &a->config_path;
    else if (key == 'd')
        a->daemons = true;
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

/* "drcctl 0.2.0 (control protocol 1, schema 8, record format 1)" out of lines. */
static void print_line(const char *prefix, struct buf *lines)
{
    const char *p = buf_cstr(lines);
    size_t n = strcspn(p, "\n");
    printf("%s%.*s", prefix, (int)n, p);
    for (const char *between = " ("; p[n] == '\n' && p[n + 1]; between = ", ") {
        p += n + 1;
        n = strcspn(p, "\n");
        printf("%s%.*s%s", between, (int)n, p, p[n] == '\n' && p[n + 1] ? "" : ")");
    }
    puts("");
}

/* One that runs and does not know the question is of a release that had none. */
static int print_daemon(const struct config *config, const char *name, struct err *err)
{
    char prefix[200];
    struct buf lines = {0};
    int rc = daemons_ask(config, name, "version", EXIT_BUG, &lines, err);
    (void)snprintf(prefix, sizeof prefix, "%s: ", name);
    if (rc == 0)
        print_line(prefix, &lines);
    else if (err->code == CONTROL_NOBODY)
        printf("%sdoes not run here\n", prefix);
    else if (err->exit_code == EXIT_BUG)
        printf("%sof a release that does not tell its version, control protocol %d\n", prefix, CONTROL_PROTOCOL);
    if (err->code == CONTROL_NOBODY || err->exit_code == EXIT_BUG)
        rc = 0;
    buf_free(&lines);
    return rc;
}

int command_version(int argc, char **argv, const char *config_path)
{
    const struct argp argp = {options, parse, NULL, doc, command_config_child, NULL, NULL};
    struct version_arguments a = {.config_path = config_path};
    struct daemons d = {0};
    struct buf own = {0};
    int code = EXIT_DONE;
    struct err err = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    release_put("drcctl", &own);
    print_line("", &own);
    buf_free(&own);
    if (!a.daemons)
        return code;
    const struct daemons_choice choice = {.config_path = a.config_path};
    if (daemons_find(&d, &choice, &err))
        code = command_fail(&err);
    for (size_t i = 0; i < d.count; i++) {
        err = (struct err){0};
        if (print_daemon(d.config, d.names[i], &err))
            code = command_fail(&err);
    }
    daemons_free(&d);
    return code;
}
