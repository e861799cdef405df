/* What two servers of a pair must have alike, or apart. */
#include "common/check/regions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/check/server.h"

#define SKEW_US 1000000
#define ASKED 3 /* times for its clock: the quickest answer is the sharpest */

/* ---- asking ---- */

static int64_t number(struct span cell)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.*s", SPAN_ARG(cell));
    return strtoll(text, NULL, 10);
}

static void copy(char *out, size_t size, struct span cell)
{
    (void)snprintf(out, size, "%.*s", SPAN_ARG(cell));
}

static int read_clock(struct check_traits *out, struct db *db, struct err *err)
{
    out->doubt_us = INT64_MAX;
    for (size_t i = 0; i < ASKED; i++) {
        uint64_t before = clock_wall_us(), there;
        if (db_query_u64(db, &there, "SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS UNSIGNED)", err))
            return -1;
        uint64_t after = clock_wall_us();
        int64_t doubt = (int64_t)(after - before) / 2;
        if (doubt < out->doubt_us) {
            out->doubt_us = doubt;
            out->clock_us = (int64_t)(there - before) - doubt;
        }
    }
    return 0;
}

int check_traits_read(struct check_traits *out, const struct check_place *p, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    *out = (struct check_traits){.region = p->region->name, .flavor = db_flavor(p->db)};
    int rc = db_identity(p->db, out->identity, err);
    if (rc == 0)
        rc = db_query(p->db, &rows, &a,
                      "SELECT @@server_id, @@GLOBAL.time_zone, @@GLOBAL.character_set_server, "
                      "@@GLOBAL.collation_server, @@GLOBAL.lower_case_table_names, "
                      "ROUND(TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', "
                      "@@GLOBAL.time_zone)) / 60) * 60",
                      err);
    if (rc == 0) {
        out->server_id = (uint64_t)number(db_cell(&rows, 0, 0));
        copy(out->time_zone, sizeof out->time_zone, db_cell(&rows, 0, 1));
        copy(out->charset, sizeof out->charset, db_cell(&rows, 0, 2));
        copy(out->collation, sizeof out->collation, db_cell(&rows, 0, 3));
        out->lower_case = (uint64_t)number(db_cell(&rows, 0, 4));
        out->offset_s = number(db_cell(&rows, 0, 5));
        rc = read_clock(out, p->db, err);
    }
    arena_free(&a);
    return rc;
}

/* ---- judging ---- */

static const char *verb_of(const struct check_traits *t)
{
    return t->flavor == FLAVOR_MYSQL ? "SET PERSIST" : "SET GLOBAL";
}

/* One that no server of the pair has, and no capture of it. */
static char *free_server_id(const struct config *c, const struct check_traits *traits, size_t count)
{
    uint64_t id = 0;
    for (size_t i = 0; i < count; i++)
        id = traits[i].server_id > id ? traits[i].server_id : id;
    for (size_t i = 0; i < c->region_count; i++)
        if (c->regions[i].replica_id == id + 1) {
            id++;
            i = (size_t)-1;
        }
    return xasprintf("set server_id=%" PRIu64 " under [mariadbd] in the server's option file and restart it", id + 1);
}

static void judge_server_id(struct findings *out, const struct config *c, const struct check_traits *traits,
                            size_t count, size_t which_a, size_t which_b)
{
    const struct check_traits *a = &traits[which_a], *b = &traits[which_b];
    if (a->flavor != b->flavor || strcmp(a->identity, b->identity) != 0)
        return;
    check_found(
        out, "server_id", b->region, xasprintf("its server is %s, as that of region %s", b->identity, a->region),
        b->flavor == FLAVOR_MYSQL ? xstrdup("stop the server, remove auto.cnf from its data directory, start it")
                                  : free_server_id(c, traits, count));
}

static void judge_clock(struct findings *out, const struct check_traits *a, const struct check_traits *b)
{
    int64_t apart = b->clock_us - a->clock_us, doubt = a->doubt_us + b->doubt_us;
    if (llabs(apart) <= SKEW_US + doubt)
        return;
    check_found(out, "clock_skew", b->region,
                xasprintf("its clock is %.1f s %s that of region %s", (double)llabs(apart) / 1e6,
                          apart > 0 ? "ahead of" : "behind", a->region),
                xasprintf("set the clocks of both hosts by one source of time (chronyc makestep)"));
}

static void judge_time_zone(struct findings *out, const struct check_traits *a, const struct check_traits *b)
{
    char zone[16];
    int64_t minutes = llabs(a->offset_s) / 60;
    if (a->offset_s == b->offset_s)
        return;
    (void)snprintf(zone, sizeof zone, "%c%02" PRId64 ":%02" PRId64, a->offset_s < 0 ? '-' : '+', minutes / 60 % 100,
                   minutes % 60);
    check_found(out, "time_zone", b->region,
                xasprintf("its time zone is %s (%+" PRId64 " min), that of region %s is %s (%+" PRId64 " min)",
                          b->time_zone, b->offset_s / 60, a->region, a->time_zone, a->offset_s / 60),
                xasprintf("%s time_zone = '%s';", verb_of(b), zone));
}

static void judge_names(struct findings *out, const struct check_traits *a, const struct check_traits *b)
{
    if (a->lower_case == b->lower_case)
        return;
    check_found(out, "lower_case_table_names", b->region,
                xasprintf("lower_case_table_names is %" PRIu64 ", at region %s it is %" PRIu64, b->lower_case,
                          a->region, a->lower_case),
                xasprintf("set lower_case_table_names=%" PRIu64
                          " under [mysqld] in the server's option file and restart it%s",
                          a->lower_case, b->flavor == FLAVOR_MYSQL ? ", with a new data directory" : ""));
}

/* The flavours' own defaults are different: nothing to be told. */
static void judge_charset(struct findings *out, const struct check_traits *a, const struct check_traits *b)
{
    bool same = a->flavor == b->flavor ? strcmp(a->collation, b->collation) == 0 : strcmp(a->charset, b->charset) == 0;
    if (same)
        return;
    check_found(out, "character_set", b->region,
                xasprintf("collation_server is %s, at region %s it is %s", b->collation, a->region, a->collation),
                a->flavor == b->flavor ? xasprintf("%s character_set_server = '%s', collation_server = '%s';",
                                                   verb_of(b), a->charset, a->collation)
                                       : xasprintf("%s character_set_server = '%s';", verb_of(b), a->charset));
}

/* The mark of what is replayed is a server id, too: that of none of the pair's servers. */
static void judge_replica_id(struct findings *out, const struct config *c, const struct check_traits *t)
{
    for (size_t i = 0; i < c->region_count; i++)
        if (strcmp(c->regions[i].name, t->region) != 0 && c->regions[i].replica_id == t->server_id)
            check_found_as(
                out, FINDING_ERROR, "replica_id_own", c->regions[i].name,
                xasprintf("replica_id %" PRIu32 " is the server_id of region %s", c->regions[i].replica_id, t->region),
                check_free_replica_id(c, &c->regions[i], t->server_id));
}

void check_regions(struct findings *out, const struct config *c, const struct check_traits *traits, size_t count)
{
    for (size_t b = 0; b < count; b++) {
        judge_replica_id(out, c, &traits[b]);
        for (size_t a = 0; a < b; a++) {
            judge_server_id(out, c, traits, count, a, b);
            judge_clock(out, &traits[a], &traits[b]);
            judge_time_zone(out, &traits[a], &traits[b]);
            judge_names(out, &traits[a], &traits[b]);
            judge_charset(out, &traits[a], &traits[b]);
        }
    }
}
