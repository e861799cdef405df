/* One prepared statement of our own tables, with values of any size. Private to common/target. */
#ifndef DRC_TARGET_INSERT_DB_H
#define DRC_TARGET_INSERT_DB_H

#include "common/link/db.h"

struct insert_value {
    struct buf value; /* text, unless binary */
    bool binary;
    bool null;
};

/* Run `sql`, whose parameters the values are; big ones are sent in pieces. Frees the values, whatever comes of it.
 * `what` says in errors what was being done ("writing the conflict journal"). A value that is above the server's
 * max_allowed_packet: as packet_too_small_for. */
MUST_CHECK int insert_run(struct db *db, const char *sql, struct insert_value *values, unsigned count, const char *what,
                          struct err *err);

#endif
