/* One prepared statement of our own tables, with values of any size. Private to common/target. */
#ifndef DRC_TARGET_INSERT_DB_H
#define DRC_TARGET_INSERT_DB_H

#include "common/link/db.h"

struct insert_value {
    struct buf value; /* text, unless binary */
    bool binary;
    bool null;
};

/* Run `sql`, whose parameters the values are; big ones are sent in pieces. Frees the values, whatever comes of it. One
 * that no packet of the server can carry: fatal 78 with the setting to raise; `what` is then its subject, and says in
 * other errors what was being done ("writing the conflict journal"). */
MUST_CHECK int insert_run(struct db *db, const char *sql, struct insert_value *values, unsigned count, const char *what,
                          struct err *err);

#endif
