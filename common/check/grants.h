/* The privileges that an account of the pair needs, and those that it has: what to grant and what to take away. Pure.
 *
 * The one place that knows them: `drcctl grants` prints them, `drcctl check` holds them against SHOW GRANTS, and the
 * documents repeat what is printed. */
#ifndef DRC_CHECK_GRANTS_H
#define DRC_CHECK_GRANTS_H

#include "common/link/config.h"

/* Whose account it is; may be added. */
enum grants_role {
    GRANTS_CAPTURE = 1,
    GRANTS_APPLIER = 2,
    GRANTS_RECONCILE = 4,
    GRANTS_OPERATOR = 8,  /* what commands of drcctl ask for that no daemon does */
    GRANTS_FORECAST = 16, /* drc-applier --shadow by an account that may not write */
    GRANTS_RARELY =
        32, /* what messages ask for where it is wanted, on no account before: no surplus. No name of --role. */
};

/* One privilege at one place. */
struct grant {
    char *privilege; /* "REPLICATION SLAVE", "ALL PRIVILEGES" */
    char *place;     /* as GRANT has it behind ON: "*.*", "`shop`.*", "`shop`.`item`"; names in back quotes */
};

/* Zeroed is none. */
struct grants {
    struct grant *items;
    size_t count;
};
void grants_free(struct grants *g);

/* "capture", "applier", "reconcile", "operator", "forecast": -1 for anything else. */
int grants_role_parse(const char *name);
/* The roles of a region in the pair: capture where a link begins, applier where one ends, reconcile everywhere. */
unsigned grants_roles_of(const struct config *c, const struct region_config *region);
/* The least that those roles need at the server of a region (NULL: of any that the pair has), by what the pair file
 * asks for; in the order in which they are printed. A role that the region does not have adds what it would need there.
 */
void grants_least(struct grants *out, const struct config *c, const struct region_config *region, unsigned roles,
                  enum flavor flavor);
/* A privilege at every database of the pair. */
void grants_of_pair(struct grants *out, const struct config *c, const char *privilege);

/* One GRANT a place, each ending in ";\n". `account` as GRANT takes it: 'drc'@'%'. */
void grants_put(struct buf *out, const struct grants *g, const char *account);
/* The same on one line, "GRANT … TO …; GRANT …;", and as REVOKE … FROM. */
void grants_put_line(struct buf *out, const struct grants *g, const char *account);
void grants_put_revoke(struct buf *out, const struct grants *g, const char *account);
/* "SELECT, INSERT on `shop`.*; …", for people. */
void grants_put_words(struct buf *out, const struct grants *g);

/* Add what one line of SHOW GRANTS says. False for a line that is not about privileges at a place: a role, a proxy. */
bool grants_read(struct grants *out, struct span line);
/* Which of `needed` are in none of `held`. */
void grants_missing(struct grants *out, const struct grants *needed, const struct grants *held);
/* Which of `held` go beyond `allowed`; what of `needed` is then lacking, because it was covered by those only, to
 * `instead`. */
void grants_surplus(struct grants *out, struct grants *instead, const struct grants *needed,
                    const struct grants *allowed, const struct grants *held);

#endif
