/* What the db*.c files share: the connection's own memory. Nobody else includes it. */
#ifndef DRC_LINK_DB_PRIVATE_H
#define DRC_LINK_DB_PRIVATE_H

#include <mysql.h>

#include "common/link/db.h"

struct db {
    MYSQL *handle;
    enum flavor flavor;
    uint32_t version;
    uint64_t affected; /* by the last db_exec */
    char region[64];   /* for messages */
    char account[600]; /* as GRANT takes it; "" until it is known */
};

#endif
