/* Asking the server for its present max_allowed_packet, and telling what is needed. */
#include "common/target/packet.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/target/rows_writer.h"

#define UNIT 1024u /* the servers round it down to these */

int packet_too_small_for(struct db *db, const char *what, size_t need, struct err *err)
{
    uint64_t server;
    uint64_t wanted = ((uint64_t)need + UNIT - 1) / UNIT * UNIT;
    if (db_query_u64(db, &server, "SELECT @@GLOBAL.max_allowed_packet", err))
        return -1;
    if (server >= wanted) {
        db_interrupt(db);
        (void)err_retry(err, "the target's max_allowed_packet was raised to %" PRIu64 ": connecting anew", server);
    } else {
        (void)err_retry(err,
                        "%s is too large for the target's max_allowed_packet (%" PRIu64
                        "): SET GLOBAL max_allowed_packet = %" PRIu64 " there",
                        what, server, wanted);
    }
    if (err)
        err->code = SERVER_PACKET_TOO_LARGE;
    return -1;
}

int packet_too_small(struct db *db, const struct target_table *t, size_t need, struct err *err)
{
    char *what = xasprintf("a row of `%.*s`.`%.*s`", SPAN_ARG(t->def->db), SPAN_ARG(t->def->name));
    int rc = packet_too_small_for(db, what, need, err);
    free(what);
    return rc;
}
