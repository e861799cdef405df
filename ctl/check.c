/* drcctl check: servers, tables, topics and this host against the rules; nothing is changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/check/grants.h"
#include "common/check/host.h"
#include "common/check/regions.h"
#include "common/check/tables.h"
#include "common/check/topics.h"
#include "common/check/triggers.h"
#include "common/target/pair_file.h"
#include "ctl/command.h"
#include "ctl/ids.h"

#define TIMEOUT_S 5
#define READ_TIMEOUT_S 60

enum { OPTION_RULES = 256 };

struct arguments {
    const char *config_path;
    const char *region;
    bool json;
    bool rules;
};

static const struct argp_option options[] = {
    {"json",   'j',          NULL,     0, "Print one JSON object",                                         0},
    {"region", 'R',          "REGION", 0, "Tell only what concerns that region, or this host",             0},
    {"rules",  OPTION_RULES, NULL,     0, "Print docs/check.md, the list of all that is checked, and end", 0},
    {NULL,     0,            NULL,     0, NULL,                                                            0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    case 'R':
        a->region = arg;
        return 0;
    case OPTION_RULES:
        a->rules = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A region's server: not to be had (db is NULL), or asked. */
struct side {
    struct check_place place;
    struct check_traits traits;
    char *host; /* that its capture registers under */
};

struct checking {
    struct config *config;
    struct findings found;
    struct side *sides; /* as the regions */
    bool whole;         /* every server was asked */
};

/* ---- servers ---- */

static void tell_unreachable(struct checking *c, const struct region_config *region, const struct err *why)
{
    bool denied = why->class == ERR_FATAL && why->exit_code == EXIT_DENIED;
    c->whole = false;
    check_found(&c->found, denied ? "server_denied" : "server_unreachable", region->name, xstrdup(why->text),
                denied ? xasprintf("ALTER USER '%s'@… IDENTIFIED BY …; with the password of the pair file, or mend "
                                   "regions.%s there",
                                   region->user, region->name)
                       : xasprintf("start the server, or mend regions.%s in the pair file", region->name));
}

static int connect_side(struct checking *c, struct side *s, const struct region_config *region)
{
    const struct db_options how = {.program = "drcctl check",
                                   .connect_timeout_s = TIMEOUT_S,
                                   .read_timeout_s = READ_TIMEOUT_S,
                                   .read_only_too = true};
    struct err err = {0};
    if (config_password(c->config, region->name, &err)) {
        c->whole = false;
        check_found(&c->found, "password", region->name, xstrdup(err.text), xstrdup(check_rule_find("password")->cure));
        return -1;
    }
    if (db_connect(&s->place.db, region, &how, &err)) {
        tell_unreachable(c, region, &err);
        return -1;
    }
    return 0;
}

static int ask(struct checking *c, struct side *s, struct err *err)
{
    const struct check_place *p = &s->place;
    unsigned roles = grants_roles_of(c->config, p->region);
    check_server_release(&c->found, p);
    if (check_server_settings(&c->found, p, err) || check_server_replicas(&c->found, p, err) ||
        check_server_account(&c->found, p, roles, true, err) || check_server_disk(&c->found, p, err) ||
        check_tables(&c->found, p, err))
        return -1;
    return check_traits_read(&s->traits, p, err);
}

static void check_side(struct checking *c, struct side *s, const struct region_config *region)
{
    struct err err = {0};
    s->host = xasprintf("drc:%s:%s", c->config->pair, region->name);
    s->place = (struct check_place){
        .config = c->config, .region = region, .roles = check_roles_of(c->config, region), .own_host = s->host};
    check_transport(&c->found, &s->place);
    if (connect_side(c, s, region) == 0 && ask(c, s, &err)) {
        tell_unreachable(c, region, &err);
        db_close(&s->place.db);
    }
}

/* ---- pairs of servers ---- */

static struct side *side_of(struct checking *c, const char *region)
{
    for (size_t i = 0; i < c->config->region_count; i++)
        if (strcmp(c->config->regions[i].name, region) == 0)
            return c->sides[i].place.db ? &c->sides[i] : NULL;
    return NULL;
}

static void check_links(struct checking *c)
{
    for (size_t i = 0; i < c->config->link_count; i++) {
        const struct link_config *l = &c->config->links[i];
        struct side *from = side_of(c, l->from), *to = side_of(c, l->to);
        struct err err = {0};
        if (from && to &&
            (check_link_tables(&c->found, &from->place, &to->place, &err) ||
             check_link_triggers(&c->found, &from->place, &to->place, &err)))
            tell_unreachable(c, to->place.region, &err);
    }
}

static void check_beside(struct checking *c)
{
    struct check_traits *traits = xcalloc(c->config->region_count, sizeof *traits);
    size_t count = 0;
    for (size_t i = 0; i < c->config->region_count; i++)
        if (c->sides[i].place.db)
            traits[count++] = c->sides[i].traits;
    check_regions(&c->found, c->config, traits, count);
    free(traits);
}

/* Ids need every server; what kept one from being asked is told already. */
static void check_ids(struct checking *c)
{
    struct ids_facts facts = {0};
    struct err err = {0};
    if (!c->whole)
        return;
    if (ids_read(&facts, c->config, 0, &err) == 0)
        ids_judge(&c->found, &facts, IDS_HEADROOM);
    else
        tell_unreachable(c, &c->config->regions[0], &err);
    ids_free(&facts);
}

static void check_convergence(struct checking *c)
{
    struct err err = {0};
    if (pair_rules_converge(c->config, &err))
        check_found(&c->found, "convergence", "the pair file", xstrdup(err.text),
                    xstrdup("choose another policy, or say allow_divergence: true in conflicts"));
}

/* ---- Kafka ---- */

static void check_topics(struct checking *c)
{
    for (size_t i = 0; i < c->config->region_count; i++) {
        const struct region_config *region = &c->config->regions[i];
        struct err why = {0};
        if (!(check_roles_of(c->config, region) & CHECK_SOURCE))
            continue;
        if (config_kafka_password(c->config, region->name, &why))
            check_found(&c->found, "password", region->name, xstrdup(why.text),
                        xstrdup(check_rule_find("password")->cure));
        else
            check_topic(&c->found, c->config, region);
    }
}

/* ---- all of it ---- */

static void look(struct checking *c)
{
    c->sides = xcalloc(c->config->region_count, sizeof *c->sides);
    c->whole = true;
    for (size_t i = 0; i < c->config->region_count; i++)
        check_side(c, &c->sides[i], &c->config->regions[i]);
    check_links(c);
    check_beside(c);
    check_ids(c);
    check_convergence(c);
    check_host(&c->found, c->config);
    check_topics(c);
}

static bool concerns(const struct finding *f, const char *region, const struct config *config)
{
    size_t n = strlen(region);
    if (strncmp(f->where, region, n) == 0 && (f->where[n] == '\0' || f->where[n] == ' '))
        return true;
    for (size_t i = 0; i < config->region_count; i++)
        if (strncmp(f->where, config->regions[i].name, strcspn(f->where, " ")) == 0)
            return false;
    return true;
}

/* Those of other regions go. */
static void narrow(struct findings *all, const char *region, const struct config *config)
{
    struct findings kept = {0}, gone = {0};
    for (size_t i = 0; i < all->count; i++)
        findings_add(concerns(&all->items[i], region, config) ? &kept : &gone, all->items[i]);
    free(all->items);
    *all = kept;
    findings_free(&gone);
}

static void print(const struct checking *c, bool json)
{
    if (!json) {
        findings_print(&c->found, stdout);
        return;
    }
    json_t *all = json_pack("{s:s}", "pair", c->config->pair);
    findings_put_json(&c->found, all);
    json_dumpf(all, stdout, JSON_INDENT(2));
    puts("");
    json_decref(all);
}

static void release(struct checking *c)
{
    for (size_t i = 0; c->sides && i < c->config->region_count; i++) {
        db_close(&c->sides[i].place.db);
        free(c->sides[i].host);
    }
    free(c->sides);
    findings_free(&c->found);
    config_free(&c->config);
}

static int check(struct checking *c, const struct arguments *a)
{
    const struct region_config *region;
    struct err err = {0};
    if (a->region && config_region(c->config, a->region, &region, &err))
        return command_fail(&err);
    look(c);
    if (a->region)
        narrow(&c->found, a->region, c->config);
    print(c, a->json);
    return findings_exit_code(&c->found);
}

int command_check(int argc, char **argv, const char *config_path)
{
    static const char doc[] = "Look at every server, table and topic of the pair, and at this host, and say what is "
                              "not right, why it matters and "
                              "what mends it. Nothing is changed.\v"
                              "Exit codes: 0 nothing found, or notes only; 1 warnings; 2 errors; others as for all "
                              "commands, when the pair file "
                              "cannot be used.";
    const struct argp argp = {options, parse, NULL, doc, command_config_child, NULL, NULL};
    struct arguments a = {.config_path = config_path};
    struct checking c = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    if (a.rules) {
        check_print_markdown(stdout);
        return EXIT_DONE;
    }
    int code = command_load(&c.config, a.config_path);
    if (code)
        return code;
    code = check(&c, &a);
    release(&c);
    return code;
}
