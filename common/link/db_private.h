/* What the db*.c files share: the connection's own memory. Nobody else includes it. */
#ifndef DRC_LINK_DB_PRIVATE_H
#define DRC_LINK_DB_PRIVATE_H

#include <mysql.h>

#include "common/link/db.h"

struct db {
    MYSQL *handle;
    int socket; /* a second descriptor: the library may close its own, in its own thread, while another one interrupts
                 */
    enum flavor flavor;
    uint32_t version;
    uint64_t affected; /* by the last db_exec */
    uint64_t asked_ms; /* when the last statement was sent */
    unsigned read_timeout_s;
    bool gave_up;      /* no answer came within that */
    struct beat *beat; /* of the thread that it belongs to; NULL: nobody watches */
    char region[64];   /* for messages */
    size_t server;     /* of the region's hosts, from 1 on */
    char where[300];   /* its name and port, or its socket */
    char account[600]; /* as GRANT takes it; "" until it is known */
};

/* Connect to the n-th host of the region (from 1 on; a socket is the first). */
MUST_CHECK int db_connect_to(struct db **out, const struct region_config *region, const struct db_options *options,
                             size_t n, struct err *err);

#endif
