/* Settings of a server, and under which id one may be its replica. */
#include "common/check/server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/mem.h"

#define LISTED_MS 3000u /* how long a replica that has gone may still be listed */
#define MYSQL_NEW_NAMES 80026u
#define LEAST_MARIADB 101100u
#define LEAST_MYSQL 80400u

unsigned check_roles_of(const struct config *c, const struct region_config *region)
{
    unsigned roles = 0;
    for (size_t i = 0; i < c->link_count; i++) {
        if (strcmp(c->links[i].from, region->name) == 0)
            roles |= CHECK_SOURCE;
        if (strcmp(c->links[i].to, region->name) == 0)
            roles |= CHECK_TARGET;
    }
    if (roles == (CHECK_SOURCE | CHECK_TARGET))
        roles |= CHECK_FED;
    if ((roles & CHECK_SOURCE) && region->semi_sync)
        roles |= CHECK_SEMI_SYNC;
    return roles;
}

static unsigned flavor_of(const struct db *db)
{
    if (db_flavor(db) != FLAVOR_MYSQL)
        return CHECK_MARIADB;
    return db_version(db) >= MYSQL_NEW_NAMES ? CHECK_MYSQL : CHECK_OLD_MYSQL;
}

/* ---- variables ---- */

/* Servers say ON and OFF or 1 and 0. */
static bool same_value(const char *is, const char *wanted)
{
    if (*wanted == '!')
        return strcasecmp(is, wanted + 1) != 0;
    if (*wanted == '>')
        return strtoull(is, NULL, 10) >= strtoull(wanted + 2, NULL, 10);
    return strcasecmp(is, wanted) == 0 || (strcmp(wanted, "1") == 0 && strcasecmp(is, "ON") == 0);
}

static bool counts(const struct check_rule *rule, const struct check_place *p)
{
    return rule->wanted && (rule->roles & p->roles) && (rule->flavors & flavor_of(p->db));
}

/* NULL: the server does not know the name. Cells end with a NUL. */
static const char *value_of(const struct db_rows *values, const char *name)
{
    for (size_t i = 0; i < values->row_count; i++)
        if (span_is(db_cell(values, i, 0), name))
            return db_cell(values, i, 1).p ? (const char *)db_cell(values, i, 1).p : "";
    return NULL;
}

static char *what_of(const struct check_rule *rule, const char *is)
{
    const char *wanted = rule->wanted;
    const char *verb = rule->severity == FINDING_ERROR ? "must" : "should";
    if (!is)
        return xasprintf("the server does not know %s", rule->id);
    return *wanted == '!' ? xasprintf("%s is %s, %s be something else", rule->id, is, verb)
                          : xasprintf("%s is %s, %s be %s", rule->id, is, verb, wanted);
}

static void judge_setting(struct findings *out, const struct check_place *p, const struct check_rule *rule,
                          const char *is)
{
    bool mysql = flavor_of(p->db) != CHECK_MARIADB && rule->cure_mysql;
    if (is ? same_value(is, rule->wanted) : rule->may_lack)
        return;
    char *what = what_of(rule, is), *fix = xstrdup(mysql ? rule->cure_mysql : rule->cure);
    if (rule->durable && p->region->relaxed)
        check_found_as(out, FINDING_WARNING, rule->id, p->region->name, what, fix);
    else
        check_found(out, rule->id, p->region->name, what, fix);
}

/* ---- retention, and who may write ---- */

/* The server's verb by which a setting lasts as long as it can. */
static const char *verb_of(const struct db *db)
{
    return db_flavor(db) == FLAVOR_MYSQL ? "SET PERSIST" : "SET GLOBAL";
}

static void judge_retention(struct findings *out, const struct check_place *p, const struct db_rows *values)
{
    const char *is = value_of(values, "binlog_expire_logs_seconds"), *days = value_of(values, "expire_logs_days");
    uint64_t seconds = is ? strtoull(is, NULL, 10) : 0;
    uint64_t budget = p->config ? p->config->outage_ms / 1000 : 0;
    if (seconds == 0 && days)
        seconds = (uint64_t)(strtod(days, NULL) * 86400);
    if (!(p->roles & CHECK_SOURCE) || budget == 0 || (!is && !days))
        return;
    char *fix = xasprintf("%s binlog_expire_logs_seconds = %" PRIu64 ";", verb_of(p->db), 2 * budget);
    if (seconds == 0)
        check_found(out, "binlog_unbounded", p->region->name, xstrdup("binlogs are never deleted"), fix);
    else if (seconds < budget)
        check_found(
            out, "binlog_retention", p->region->name,
            xasprintf("binlogs are deleted after %" PRIu64 " s, capture.outage is %" PRIu64 " s", seconds, budget),
            fix);
    else
        free(fix);
}

static void judge_writable(struct findings *out, const struct check_place *p, const struct db_rows *values)
{
    const char *is = value_of(values, "read_only");
    bool read_only = is && same_value(is, "1");
    if (!(p->roles & CHECK_TARGET) || read_only == p->region->standby)
        return;
    if (read_only)
        check_found(out, "read_only", p->region->name, xasprintf("%s is read-only", db_server_name(p->db)),
                    xasprintf("%s read_only = OFF;", verb_of(p->db)));
    else
        check_found(out, "standby_writable", p->region->name,
                    xasprintf("%s is a standby and not read-only", db_server_name(p->db)),
                    xasprintf("%s read_only = ON;", verb_of(p->db)));
}

/* ---- the throttle ---- */

static void judge_load(struct findings *out, const struct check_place *p, const char *limit,
                       const struct db_rows *values)
{
    const int n = (int)strcspn(limit, "=");
    for (size_t i = 0; i < values->row_count; i++) {
        struct span name = db_cell(values, i, 0);
        if (name.n == (size_t)n && strncasecmp((const char *)name.p, limit, name.n) == 0)
            return;
    }
    check_found(out, "max_load", p->region->name,
                xasprintf("the server has no status variable %.*s, which throttle.max_load limits", n, limit),
                xasprintf("name one of SHOW GLOBAL STATUS in regions.%s.throttle.max_load", p->region->name));
}

static int check_loads(struct findings *out, const struct check_place *p, struct err *err)
{
    const struct throttle_config *c = &p->region->throttle;
    struct arena a = {0};
    struct db_rows values;
    struct buf sql = {0};
    if (c->max_load_count == 0)
        return 0;
    buf_put_str(&sql, "SHOW GLOBAL STATUS WHERE Variable_name IN (''");
    for (size_t i = 0; i < c->max_load_count; i++)
        buf_printf(&sql, ", '%.*s'", (int)strcspn(c->max_load[i], "="), c->max_load[i]);
    buf_put_str(&sql, ")");
    int rc = db_query(p->db, &values, &a, buf_cstr(&sql), err);
    for (size_t i = 0; rc == 0 && i < c->max_load_count; i++)
        judge_load(out, p, c->max_load[i], &values);
    buf_free(&sql);
    arena_free(&a);
    return rc;
}

int check_server_settings(struct findings *out, const struct check_place *p, struct err *err)
{
    const struct check_rule *rule;
    struct arena a = {0};
    struct db_rows values;
    struct buf sql = {0};
    buf_put_str(&sql, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('binlog_expire_logs_seconds', "
                      "'expire_logs_days', 'read_only'");
    for (size_t i = 0; (rule = check_rule_at(i)); i++)
        if (counts(rule, p))
            buf_printf(&sql, ", '%s'", rule->id);
    buf_put_str(&sql, ")");
    int rc = db_query(p->db, &values, &a, buf_cstr(&sql), err);
    for (size_t i = 0; rc == 0 && (rule = check_rule_at(i)); i++)
        if (counts(rule, p))
            judge_setting(out, p, rule, value_of(&values, rule->id));
    if (rc == 0) {
        judge_retention(out, p, &values);
        judge_writable(out, p, &values);
        rc = check_loads(out, p, err);
    }
    buf_free(&sql);
    arena_free(&a);
    return rc;
}

void check_server_release(struct findings *out, const struct check_place *p)
{
    bool mysql = db_flavor(p->db) == FLAVOR_MYSQL;
    if (db_version(p->db) >= (mysql ? LEAST_MYSQL : LEAST_MARIADB))
        return;
    check_found(out, "server_release", p->region->name, xasprintf("the server is %s", db_version_text(p->db)),
                xasprintf("upgrade it to %s or later", mysql ? "MySQL 8.4" : "MariaDB 10.11"));
}

/* ---- replica_id ---- */

char *check_free_replica_id(const struct config *c, const struct region_config *region, uint64_t taken)
{
    uint64_t most = taken;
    for (size_t i = 0; i < c->region_count; i++)
        most = c->regions[i].replica_id > most ? c->regions[i].replica_id : most;
    return xasprintf(IN_PAIR_FILE "regions.%s.replica_id: %" PRIu64, region->name, most < UINT32_MAX ? most + 1 : 1);
}

static int check_own_id(struct findings *out, const struct check_place *p, struct err *err)
{
    uint64_t id;
    if (db_query_u64(p->db, &id, "SELECT @@server_id", err))
        return -1;
    if (id == p->region->replica_id)
        check_found(
            out, "replica_id_own", p->region->name,
            xasprintf("replica_id %" PRIu64 " is the source's own server_id, so that it would send us nothing", id),
            check_free_replica_id(p->config, p->region, id));
    return 0;
}

/* Another replica that is listed under our id: 1; 0: none; -1. */
static int find_double(char **what, const struct check_place *p, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    char id[16];
    int rc = 0;
    (void)snprintf(id, sizeof id, "%" PRIu32, p->region->replica_id);
    if (db_query(p->db, &rows, &a, flavor_of(p->db) == CHECK_MYSQL ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS", err))
        rc = -1;
    for (size_t i = 0; rc == 0 && i < rows.row_count && rows.column_count >= 2; i++) {
        struct span host = db_cell(&rows, i, 1);
        if (!span_is(db_cell(&rows, i, 0), id) || (p->own_host && span_is(host, p->own_host)))
            continue;
        *what = xasprintf("replica_id %s is in use by the replica \"%.*s\"", id, host.n < 100 ? (int)host.n : 100,
                          (const char *)host.p);
        rc = 1;
    }
    arena_free(&a);
    return rc;
}

int check_server_replicas(struct findings *out, const struct check_place *p, struct err *err)
{
    char *what = NULL;
    struct err denied = {0};
    uint64_t deadline = clock_mono_ms() + LISTED_MS;
    int rc;
    if (!(p->roles & CHECK_SOURCE))
        return 0;
    if (check_own_id(out, p, err))
        return -1;
    while ((rc = find_double(&what, p, &denied)) == 1 && clock_mono_ms() < deadline) {
        free(what);
        what = NULL;
        clock_sleep_ms(200);
    }
    if (rc == 1)
        check_found(out, "replica_id_taken", p->region->name, what, check_free_replica_id(p->config, p->region, 0));
    if (rc >= 0 || denied.exit_code == EXIT_DENIED) /* the missing privilege is a finding of its own */
        return 0;
    *err = denied;
    return -1;
}
