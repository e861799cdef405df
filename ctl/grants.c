/* drcctl grants: the least privileges of an account of the pair, as SQL. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/check/grants.h"
#include "common/link/db_grant.h"
#include "ctl/command.h"

#define DAEMONS (GRANTS_CAPTURE | GRANTS_APPLIER | GRANTS_RECONCILE)

struct arguments {
    const char *config_path;
    const char *region;
    const char *user;
    unsigned roles;
    enum flavor flavor;
};

static const struct argp_option options[] = {
    {"role",   'r', "ROLE",      0,
     "capture, applier, reconcile, operator (what drcctl stream, ids and check ask for besides) or "
     "forecast (drc-applier --shadow alone); several may be given (default: what the region is in the pair)", 0},
    {"flavor", 'F', "FLAVOR",    0, "mariadb or mysql (default: the region's in the pair file)",              0},
    {"region", 'R', "REGION",    0, "At whose server (default: at any of the pair)",                          0},
    {"user",   'u', "USER@HOST", 0, "For whom (default: the region's user of the pair file, at any host)",    0},
    {NULL,     0,   NULL,        0, NULL,                                                                     0},
};

static void take_role(struct arguments *a, const char *arg, struct argp_state *state)
{
    int role = grants_role_parse(arg);
    if (role < 0)
        argp_error(state, "--role: no role '%s'; capture, applier, reconcile, operator or forecast", arg);
    else
        a->roles |= (unsigned)role;
}

static enum flavor take_flavor(const char *arg, struct argp_state *state)
{
    static const enum flavor known[] = {FLAVOR_MARIADB, FLAVOR_MYSQL};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(arg, flavor_name(known[i])) == 0)
            return known[i];
    argp_error(state, "--flavor: no flavor '%s'; mariadb or mysql", arg);
    return FLAVOR_NONE;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        return 0;
    case 'r':
        take_role(a, arg, state);
        return 0;
    case 'F':
        a->flavor = take_flavor(arg, state);
        return 0;
    case 'R':
        a->region = arg;
        return 0;
    case 'u':
        a->user = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static unsigned all_roles(const struct config *c)
{
    unsigned roles = 0;
    for (size_t i = 0; i < c->region_count; i++)
        roles |= grants_roles_of(c, &c->regions[i]);
    return roles;
}

static int print(const struct config *c, const struct arguments *a, struct err *err)
{
    const struct region_config *region = NULL;
    enum flavor flavor = a->flavor;
    struct grants least = {0};
    struct buf account = {0}, sql = {0};
    if (a->region && config_region(c, a->region, &region, err))
        return -1;
    if (flavor == FLAVOR_NONE && region)
        flavor = region->flavor;
    if (flavor == FLAVOR_NONE)
        return err_fatal(err, EXIT_BAD_USAGE,
                         "--flavor mariadb or --flavor mysql is needed: the pair file does not say");
    db_put_account(&account, span_str(a->user ? a->user : (region ? region : &c->regions[0])->user));
    grants_least(&least, c, region, a->roles ? a->roles : region ? grants_roles_of(c, region) : all_roles(c), flavor);
    grants_put(&sql, &least, buf_cstr(&account));
    (void)fputs(buf_cstr(&sql), stdout);
    grants_free(&least);
    buf_free(&account);
    buf_free(&sql);
    return 0;
}

int command_grants(int argc, char **argv, const char *config_path)
{
    static const char doc[] =
        "Print the least privileges that the pair needs at a server, as SQL to be run there.\v"
        "They follow the pair file: its databases, how links write (apply.writer), ddl and standby. "
        "Nothing is connected to.";
    const struct argp argp = {options, parse, NULL, doc, command_config_child, NULL, NULL};
    struct arguments a = {.config_path = config_path};
    struct config *config;
    struct err err = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = command_load(&config, a.config_path);
    if (code)
        return code;
    if (print(config, &a, &err))
        code = command_fail(&err);
    config_free(&config);
    return code;
}
