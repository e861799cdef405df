/* One server of the pair against the rules: its settings, its ids, its account. */
#ifndef DRC_CHECK_SERVER_H
#define DRC_CHECK_SERVER_H

#include "common/check/grants.h"
#include "common/check/rules.h"
#include "common/link/db.h"

/* Who is asked about what. */
struct check_place {
    struct db *db;
    const struct config *config;
    const struct region_config *region;
    unsigned roles;       /* check_roles_of, or some of them */
    const char *own_host; /* as capture registers: a replica of that name under our id is ourselves */
};

/* What a region is in the pair. */
unsigned check_roles_of(const struct config *c, const struct region_config *region);

/* The settings of the table, those of the binlog's retention, whether it can be written to, and whether it has what the
 * throttle looks at. -1: it could not be asked. */
MUST_CHECK int check_server_settings(struct findings *out, const struct check_place *p, struct err *err);
/* replica_id, where it is a source: is it the server's own, or another replica's? Waits for some seconds while one that
 * has just gone may still be listed. */
MUST_CHECK int check_server_replicas(struct findings *out, const struct check_place *p, struct err *err);
/* What the account lacks and has too much for its roles in the pair, or those of them that `roles` (enum grants_role)
 * names; `surplus`: also what it has too much. */
MUST_CHECK int check_server_account(struct findings *out, const struct check_place *p, unsigned roles, bool surplus,
                                    struct err *err);
/* The release. */
void check_server_release(struct findings *out, const struct check_place *p);
/* How its connection is protected, and that to the brokers of its stream. Pure. */
void check_transport(struct findings *out, const struct check_place *p);
/* The room that it has, where it is on this host. -1: it could not be asked. */
MUST_CHECK int check_server_disk(struct findings *out, const struct check_place *p, struct err *err);

/* ---- private to common/check ---- */

/* A fix that is a line of the pair file: "regions.us.replica_id: 7003", a path and its value. */
#define IN_PAIR_FILE "in the pair file: "
/* Such a line with a number that no region has, and that is not `taken`. */
char *check_free_replica_id(const struct config *c, const struct region_config *region, uint64_t taken);
/* Does the link between the two write by plain SQL? */
bool check_writes_sql(const struct check_place *from, const struct check_place *to);
/* Of the account's privileges: whether it has that one in all databases of the pair; what it lacks to `missing`. -1: it
 * could not be asked. */
MUST_CHECK int check_account_has(struct grants *missing, const struct check_place *p, const char *privilege,
                                 struct err *err);

#endif
