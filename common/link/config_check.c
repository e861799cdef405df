/* What no single key of the pair file can tell: regions, clusters and links against each other. */
#include "common/link/config_check.h"

#include <stdlib.h>
#include <string.h>

#include "common/link/config_transport.h"
#include "common/model/position.h"
#include "common/model/table.h"

#define PAIR_NAME_MAX 64
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
#define REPLICATION_SAFE 3
#define INSYNC_SAFE 2

struct yaml_mark config_mark(const struct yaml_entry *e, const char *key)
{
    const struct yaml_entry *inner = yaml_find(&e->value, key);
    return inner ? inner->value.mark : e->mark;
}

/* ---- regions ---- */

static int check_address(const struct config_reader *r, struct region_config *region, const struct yaml_entry *e,
                         struct err *err)
{
    for (size_t i = 0; i < region->host_count; i++)
        if (region->hosts[i].port == 0)
            region->hosts[i].port = region->port;
    for (size_t i = 0; i < region->throttle.replica_count; i++)
        if (region->throttle.replicas[i].port == 0)
            region->throttle.replicas[i].port = region->port;
    if (!region->hosts && !region->socket)
        return config_fail(r, e->mark, err, "regions.%s: the server's address is missing; give host or socket",
                           region->name);
    if (region->hosts && region->socket)
        return config_fail(r, config_mark(e, "socket"), err, "regions.%s: both host and socket are given; keep one",
                           region->name);
    if (region->socket && yaml_find(&e->value, "port"))
        return config_fail(r, config_mark(e, "port"), err, "regions.%s: a socket has no port; leave port out",
                           region->name);
    return 0;
}

static int check_one_secret(const struct config_reader *r, const char *path, const struct yaml_entry *e,
                            struct err *err)
{
    if (e && yaml_find(&e->value, "password_file") && yaml_find(&e->value, "credential"))
        return config_fail(r, config_mark(e, "credential"), err,
                           "%s: both password_file and credential are given; keep one", path);
    return 0;
}

/* Whatever the flavour turns out to be, the text must be a position of it. */
static int check_start(const struct config_reader *r, const char *path, const struct start_config *start,
                       enum flavor flavor, struct yaml_mark at, struct err *err)
{
    static const enum flavor all[] = {FLAVOR_MARIADB, FLAVOR_MYSQL};
    if (start->kind != START_GTID)
        return 0;
    for (size_t i = 0; i < 2; i++) {
        struct position p = {0};
        bool fits =
            (flavor == FLAVOR_NONE || flavor == all[i]) && position_parse(&p, all[i], span_str(start->gtid), NULL) == 0;
        position_free(&p);
        if (fits)
            return 0;
    }
    struct buf quoted = {0};
    (void)config_fail(
        r, at, err, "%s: %s is no position; give what the server says%s%s%s", path, config_quote(&quoted, start->gtid),
        flavor != FLAVOR_MYSQL ? ", such as 0-1-100 (MariaDB's @@gtid_binlog_pos)" : "",
        flavor == FLAVOR_NONE    ? " or"
        : flavor == FLAVOR_MYSQL ? ", such as"
                                 : "",
        flavor != FLAVOR_MARIADB ? " 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5 (MySQL's @@gtid_executed)" : "");
    buf_free(&quoted);
    return -1;
}

/* Against the regions before it: what must be unique. */
static int check_unique(const struct config_reader *r, size_t i, const struct yaml_entry *e, struct err *err)
{
    const struct region_config *regions = r->config->regions;
    for (size_t k = 0; k < i; k++) {
        if (regions[k].replica_id == regions[i].replica_id)
            return config_fail(r, config_mark(e, "replica_id"), err,
                               "regions.%s.replica_id: %u is region %s's already; give each region a number of its own",
                               regions[i].name, regions[i].replica_id, regions[k].name);
        if (regions[k].id_tag == regions[i].id_tag)
            return config_fail(r, config_mark(e, "id_tag"), err,
                               "regions.%s.id_tag: %u is region %s's already; give each region a number of its own",
                               regions[i].name, regions[i].id_tag, regions[k].name);
        char *a = config_password_variable(regions[k].name), *b = config_password_variable(regions[i].name);
        bool same = strcmp(a, b) == 0;
        free(a);
        free(b);
        if (same)
            return config_fail(
                r, e->mark, err,
                "regions.%s: its name differs from %s only in what the name of the environment variable for "
                "passwords cannot show; give another name",
                regions[i].name, regions[k].name);
    }
    return 0;
}

/* ---- clusters ---- */

static int check_kafka(const struct config_reader *r, struct region_config *region, const struct yaml_entry *kafka,
                       const struct yaml_entry *e, struct err *err)
{
    struct kafka_config *k = &region->kafka;
    const struct yaml_entry *own = yaml_find(&e->value, "kafka");
    struct yaml_mark at = own ? own->mark : kafka ? kafka->mark : e->mark;
    if (!k->bootstrap)
        return config_fail(r, at, err,
                           "regions.%s has no Kafka cluster; give kafka.bootstrap or regions.%s.kafka.bootstrap",
                           region->name, region->name);
    if (!k->replication_factor)
        k->replication_factor = k->single ? 1 : REPLICATION_SAFE;
    if (!k->min_insync_replicas)
        k->min_insync_replicas = k->single ? 1 : INSYNC_SAFE;
    if (!k->single && k->replication_factor < REPLICATION_SAFE)
        return config_fail(r, at, err,
                           "regions.%s: its stream's replication_factor %u can lose records; give %u or more, or say "
                           "durability: single in kafka if that is accepted",
                           region->name, k->replication_factor, REPLICATION_SAFE);
    if (!k->single && k->min_insync_replicas < INSYNC_SAFE)
        return config_fail(r, at, err,
                           "regions.%s: its stream's min_insync_replicas %u can lose records; give %u or more, or say "
                           "durability: single in kafka if that is accepted",
                           region->name, k->min_insync_replicas, INSYNC_SAFE);
    if (k->min_insync_replicas > k->replication_factor)
        return config_fail(r, at, err,
                           "regions.%s: its stream's min_insync_replicas %u is above replication_factor %u, "
                           "so that no record could be written; give at most %u",
                           region->name, k->min_insync_replicas, k->replication_factor, k->replication_factor);
    return config_check_cluster(r, region, at, err);
}

static int check_regions(const struct config_reader *r, const struct yaml_node *root, struct err *err)
{
    struct config *c = r->config;
    const struct yaml_entry *kafka = yaml_find(root, "kafka");
    const struct yaml_entry *regions = yaml_find(root, "regions");
    if (c->region_count == 0)
        return config_fail(r, regions->mark, err, "regions: there is none; give at least one");
    for (size_t i = 0; i < c->region_count; i++) {
        struct region_config *region = &c->regions[i];
        const struct yaml_entry *e = &regions->value.entries[i];
        char path[100];
        if (region->id_tag == 0)
            region->id_tag = (uint32_t)i + 1;
        (void)snprintf(path, sizeof path, "regions.%s", region->name);
        if (check_address(r, region, e, err) < 0 || check_one_secret(r, path, e, err) < 0 ||
            config_check_tls(r, region, e, err) < 0 || check_unique(r, i, e, err) < 0 ||
            check_kafka(r, region, kafka, e, err) < 0)
            return -1;
        (void)snprintf(path, sizeof path, "regions.%s.start", region->name);
        if (check_start(r, path, &region->start, region->flavor, config_mark(e, "start"), err) < 0)
            return -1;
        (void)snprintf(path, sizeof path, "regions.%s.kafka", region->name);
        if (check_one_secret(r, path, yaml_find(&e->value, "kafka"), err) < 0)
            return -1;
    }
    return check_one_secret(r, "kafka", kafka, err);
}

/* ---- links ---- */

static const struct region_config *known_region(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->region_count; i++)
        if (strcmp(c->regions[i].name, name) == 0)
            return &c->regions[i];
    return NULL;
}

int config_want_region(const struct config_reader *r, const char *path, const char *name, struct yaml_mark at,
                       struct err *err)
{
    const struct config *c = r->config;
    struct buf quoted = {0}, known = {0};
    if (known_region(c, name))
        return 0;
    for (size_t i = 0; i < c->region_count; i++)
        buf_printf(&known, "%s%s", i ? ", " : "", c->regions[i].name);
    (void)config_fail(r, at, err, "%s: unknown region %s; known are %s", path, config_quote(&quoted, name),
                      buf_cstr(&known));
    buf_free(&quoted);
    buf_free(&known);
    return -1;
}

static int check_link(const struct config_reader *r, size_t i, const struct yaml_entry *e, struct err *err)
{
    const struct link_config *links = r->config->links;
    const struct link_config *link = &links[i];
    char path[40];
    (void)snprintf(path, sizeof path, "links[%zu].from", i + 1);
    if (config_want_region(r, path, link->from, config_mark(e, "from"), err) < 0)
        return -1;
    (void)snprintf(path, sizeof path, "links[%zu].to", i + 1);
    if (config_want_region(r, path, link->to, config_mark(e, "to"), err) < 0)
        return -1;
    if (strcmp(link->from, link->to) == 0)
        return config_fail(r, config_mark(e, "to"), err, "%s: a region cannot be linked to itself; name another region",
                           path);
    for (size_t k = 0; k < i; k++)
        if (strcmp(links[k].from, link->from) == 0 && strcmp(links[k].to, link->to) == 0)
            return config_fail(r, e->mark, err,
                               "links[%zu]: the link from %s to %s stands in line %d already; keep one", i + 1,
                               link->from, link->to, links[k].line);
    (void)snprintf(path, sizeof path, "links[%zu].start", i + 1);
    return check_start(r, path, &link->start, known_region(r->config, link->from)->flavor, config_mark(e, "start"),
                       err);
}

/* What one side runs, the other has run already, or is about to: two statements that cross cannot both win. */
static int check_ddl(const struct config_reader *r, size_t i, const struct yaml_entry *e, struct err *err)
{
    const struct link_config *link = &r->config->links[i];
    if (link->ddl != DDL_APPLY || !config_two_way(r->config, link->from, link->to))
        return 0;
    return config_fail(r, config_mark(e, "ddl"), err,
                       "links[%zu].ddl: apply is for one-way links, and there is one from %s to %s too; say pause",
                       i + 1, link->to, link->from);
}

static bool linked(const struct config *c, const char *from, const char *to)
{
    for (size_t i = 0; i < c->link_count; i++)
        if (strcmp(c->links[i].from, from) == 0 && strcmp(c->links[i].to, to) == 0)
            return true;
    return false;
}

static bool takes_part(const struct config *c, const char *region)
{
    for (size_t i = 0; i < c->link_count; i++)
        if (strcmp(c->links[i].from, region) == 0 || strcmp(c->links[i].to, region) == 0)
            return true;
    return false;
}

/* Whether a target is written to while it is read-only is a thing of the target, whichever link it is. */
static int check_standby(const struct config_reader *r, const struct yaml_entry *links, struct err *err)
{
    struct config *c = r->config;
    for (size_t i = 0; i < c->link_count; i++) {
        for (size_t k = 0; k < i; k++)
            if (strcmp(c->links[k].to, c->links[i].to) == 0 && c->links[k].standby != c->links[i].standby)
                return config_fail(r, links->value.entries[i].mark, err,
                                   "links[%zu].standby: the link to %s in line %d says otherwise; say the same in both",
                                   i + 1, c->links[i].to, c->links[k].line);
        for (size_t k = 0; c->links[i].standby && k < c->region_count; k++)
            if (strcmp(c->regions[k].name, c->links[i].to) == 0)
                c->regions[k].standby = true;
    }
    return 0;
}

/* What a region replayed is never forwarded, so three regions and more must be linked each with each. */
static int check_mesh(const struct config_reader *r, const struct yaml_entry *links, struct err *err)
{
    const struct config *c = r->config;
    size_t members = 0;
    for (size_t i = 0; i < c->region_count; i++)
        members += takes_part(c, c->regions[i].name);
    for (size_t i = 0; members > 2 && i < c->region_count; i++) {
        for (size_t k = 0; k < c->region_count; k++) {
            const char *from = c->regions[i].name, *to = c->regions[k].name;
            if (i != k && takes_part(c, from) && takes_part(c, to) && !linked(c, from, to))
                return config_fail(r, links->mark, err,
                                   "links: more than two regions need the complete mesh, since nothing is forwarded; "
                                   "a link from %s to %s is missing, add it",
                                   from, to);
        }
    }
    return 0;
}

static int check_links(const struct config_reader *r, const struct yaml_node *root, struct err *err)
{
    const struct yaml_entry *links = yaml_find(root, "links");
    for (size_t i = 0; i < r->config->link_count; i++)
        if (check_link(r, i, &links->value.entries[i], err) < 0 || check_ddl(r, i, &links->value.entries[i], err) < 0)
            return -1;
    return check_mesh(r, links, err) < 0 ? -1 : check_standby(r, links, err);
}

/* ---- the rest ---- */

static int check_pair(const struct config_reader *r, const struct yaml_node *root, struct err *err)
{
    const char *name = r->config->pair;
    size_t len = strlen(name);
    if (len > PAIR_NAME_MAX || strspn(name, NAME_CHARACTERS) != len)
        return config_fail(r, yaml_find(root, "pair")->value.mark, err,
                           "pair: no pair can be named so; give letters, digits, - and _, at most %d", PAIR_NAME_MAX);
    return 0;
}

int config_check(struct config_reader *r, const struct yaml_node *root, struct err *err)
{
    r->path.len = 0;
    if (check_pair(r, root, err) < 0 || check_regions(r, root, err) < 0 || check_links(r, root, err) < 0)
        return -1;
    return config_check_conflicts(r, root, err);
}
