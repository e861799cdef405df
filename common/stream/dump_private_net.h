/* What the dump's files share: the connection, and what asks for a binlog in each flavour. Nobody else includes it. */
#ifndef DRC_STREAM_DUMP_PRIVATE_NET_H
#define DRC_STREAM_DUMP_PRIVATE_NET_H

#include <mysql.h>

#include "common/link/db.h"
#include "common/stream/dump.h"
#include "common/stream/semi_sync_net.h"

struct dump {
    struct db *db;
    MYSQL *handle; /* of db */
    unsigned timeout_s;
    struct semi_sync *semi_sync; /* NULL: the server waits for nobody */
};

/* A dump thread that still writes into a line that died silently holds up the next dump of the same replica, on MariaDB
 * even once it was killed: the server is to give up soon. A dump that it ends because Kafka takes nothing for so long,
 * when we do not read either, is asked for again. */
#define DUMP_GIVE_UP "SET SESSION net_write_timeout = 20"

/* ---- each flavour's own file ---- */

/* On a connection that is up: settings of the session, registering, the dump command. */
MUST_CHECK int dump_ask_mariadb(struct dump *d, const struct region_config *region, const struct position *from,
                                const struct dump_options *options, struct err *err);
MUST_CHECK int dump_ask_mysql(struct dump *d, const struct region_config *region, const struct position *from,
                              const struct dump_options *options, struct err *err);

/* ---- dump_net.c: steps of both ---- */

MUST_CHECK int dump_settings(struct dump *d, const char *const *statements, size_t count, struct err *err);
/* `what` is for messages. `answers`: the server says OK before anything else. */
MUST_CHECK int dump_command(struct dump *d, unsigned command, const struct buf *arguments, bool answers,
                            const char *what, struct err *err);
/* The id under which the server knows us. */
uint32_t dump_replica_id(const struct region_config *region, const struct dump_options *options);
/* Appear in the server's list of replicas. */
MUST_CHECK int dump_register(struct dump *d, const struct region_config *region, const struct dump_options *options,
                             struct err *err);

#endif
