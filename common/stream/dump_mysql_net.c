/* The dump of a MySQL server: everything that is not in a set of GTIDs, which the command carries. */
#include "common/binlog/gtid_set.h"
#include "common/stream/dump_private_net.h"

#define COM_BINLOG_DUMP_GTID 30u
#define FIRST_OFFSET 4
#define FLAG_HEARTBEAT_V2 2 /* heartbeats that can name offsets of 4 GiB and more; servers before 8.0.26 ignore it */

/* The variables' names until 8.0.25 and since: who does not know one does not look at it. */
static const char *const settings[] = {
    "SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum",
    DUMP_GIVE_UP,
};

int dump_ask_mysql(struct dump *d, const struct region_config *region, const struct position *from,
                   const struct dump_options *options, struct err *err)
{
    unsigned long long heartbeat_ns = options->heartbeat_ms * 1000000ull;
    if (dump_settings(d, settings, sizeof settings / sizeof *settings, err) != 0 ||
        db_execf(d->db, err, "SET @master_heartbeat_period = %llu, @source_heartbeat_period = %llu", heartbeat_ns,
                 heartbeat_ns) != 0 ||
        dump_register(d, region, options, err) != 0)
        return -1;
    struct buf b = {0}, set = {0};
    gtid_set_put(&set, from);
    buf_put_le(&b, FLAG_HEARTBEAT_V2, 2); /* and wait at the end for more */
    buf_put_le(&b, dump_replica_id(region, options), 4);
    buf_put_le(&b, 0, 4); /* length of a file's name: the set decides */
    buf_put_le(&b, FIRST_OFFSET, 8);
    buf_put_le(&b, set.len, 4);
    buf_put_span(&b, buf_span(&set));
    int rc = dump_command(d, COM_BINLOG_DUMP_GTID, &b, false, "asking for the binlog", err);
    buf_free(&set);
    buf_free(&b);
    return rc;
}
