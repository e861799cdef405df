/* drcctl config check: reads the pair file and says in a few lines what it asks for; never a password. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/target/pair_file.h"
#include "ctl/command.h"

static const char *tls_name(enum tls_mode mode)
{
    static const char *const names[] = {[TLS_OFF] = "off",
                                        [TLS_REQUIRED] = "required",
                                        [TLS_VERIFY_CA] = "verify-ca",
                                        [TLS_VERIFY_FULL] = "verify-full"};
    return names[mode];
}

static void print_start(const struct start_config *s)
{
    static const char *const names[] = {[START_BEGINNING] = "beginning", [START_NOW] = "now", [START_GTID] = "gtid "};
    printf("%s%s", names[s->kind], s->kind == START_GTID ? s->gtid : "");
}

static void print_region(const struct config *c, const struct region_config *r)
{
    char *topic = config_topic(c, r->name);
    printf("region %s: ", r->name);
    if (r->socket)
        printf("%s", r->socket);
    else
        for (size_t i = 0; i < r->host_count; i++)
            printf("%s%s:%u", i > 0 ? "," : "", r->hosts[i].name, r->hosts[i].port);
    printf(", user %s, tls %s, flavor %s, replica_id %" PRIu32 ", start ", r->user, tls_name(r->tls.mode),
           r->flavor == FLAVOR_NONE ? "auto" : flavor_name(r->flavor), r->replica_id);
    print_start(&r->start);
    printf(", topic %s at %s\n", topic, r->kafka.bootstrap);
    free(topic);
}

static void print_list(const char *before, char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%s%s", i == 0 ? before : ",", names[i]);
}

static void print_rule(const struct policy_rule *r)
{
    if (r->table)
        printf("conflicts of %s.%s: %s", r->db, r->table, policy_name(r->policy));
    else
        printf("conflicts by default: %s", policy_name(r->policy));
    print_list(" of ", r->columns, r->column_count);
    print_list(" by ", r->by, r->by_count);
    print_list(" tie ", r->tie, r->tie_count);
    print_list(" order ", r->order, r->order_count);
    print_list(" ignore ", r->ignore, r->ignore_count);
    for (size_t i = 0; i < r->group_count; i++) {
        print_list("; ", r->groups[i].columns, r->groups[i].column_count);
        printf(": %s", policy_name(r->groups[i].policy));
        print_list(" by ", r->groups[i].by, r->groups[i].by_count);
    }
    for (size_t k = 0; k < CONFLICT_KIND_COUNT; k++)
        if (r->by_kind[k])
            printf("; %s: %s", conflict_kind_name((enum conflict_kind)k),
                   policy_name(policy_of_kind(r, (enum conflict_kind)k)));
    if (r->scope != SCOPE_ROW)
        printf("; scope %s", policy_scope_name(r->scope));
    if (policy_deletes(r) != DELETE_LATEST)
        printf("; %s", policy_delete_name(policy_deletes(r)));
    if (r->deletes == DELETE_NEVER)
        printf("; deletes never");
    if (r->versions == VERSIONS_CAUSAL)
        printf("; versions causal");
    printf("\n");
}

/* Where a password is not to be had on this host, which is no error of the file: it is the same on all hosts. */
static void print_secret(struct config *c, const char *region)
{
    struct err err = {0};
    if (config_password(c, region, &err) || config_kafka_password(c, region, &err))
        printf("password of %s: not on this host (%s)\n", region, err.text);
    else
        printf("password of %s: there\n", region);
}

static void print_summary(struct config *c)
{
    printf("pair %s (%s)\n", c->pair, c->path);
    for (size_t i = 0; i < c->region_count; i++)
        print_region(c, &c->regions[i]);
    for (size_t i = 0; i < c->link_count; i++) {
        const struct link_config *l = &c->links[i];
        printf("link %s to %s%s, start ", l->from, l->to, config_two_way(c, l->from, l->to) ? " (two-way)" : "");
        print_start(&l->start);
        printf("\n");
    }
    print_rule(&c->conflicts.fallback);
    for (size_t i = 0; i < c->conflicts.count; i++)
        print_rule(&c->conflicts.rules[i]);
    for (size_t i = 0; i < c->region_count; i++)
        print_secret(c, c->regions[i].name);
}

static void print_warning(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "drcctl: warning: %s\n", text);
}

int command_config_check(int argc, char **argv, const char *config_path)
{
    const struct argp argp = {
        .children = command_config_child,
        .doc = "Read the pair file and say what it asks for. Exit 78 when something is wrong in it."};
    struct config *config;
    argp_parse(&argp, argc, argv, 0, NULL, &config_path);
    struct err err = {0};
    if (pair_load(&config, config_path, &err))
        return command_fail(&err);
    print_summary(config);
    (void)fflush(stdout);
    pair_rules_warn(config, print_warning, NULL);
    config_free(&config);
    return EXIT_DONE;
}
