/* The dump of a MariaDB server: by the newest GTID of each domain, in a session variable. */
#include "common/stream/dump_private_net.h"

static const char *const settings[] = {
    "SET @mariadb_slave_capability = 4", /* GTIDs and everything that came with them */
    "SET @master_binlog_checksum = @@global.binlog_checksum",
    "SET @slave_gtid_strict_mode = 1",
    "SET @slave_gtid_ignore_duplicates = 0",
    DUMP_GIVE_UP,
};

static int set_position(struct dump *d, const struct position *from, struct err *err)
{
    struct buf text = {0};
    position_put_text(from, &text);
    int rc = db_execf(d->db, err, "SET @slave_connect_state = '%s'", buf_cstr(&text));
    buf_free(&text);
    return rc;
}

int dump_ask_mariadb(struct dump *d, const struct region_config *region, const struct position *from,
                     const struct dump_options *options, struct err *err)
{
    if (dump_settings(d, settings, sizeof settings / sizeof *settings, err) != 0 ||
        db_execf(d->db, err, "SET @master_heartbeat_period = %llu", options->heartbeat_ms * 1000000ull) != 0 ||
        set_position(d, from, err) != 0 || dump_register(d, region, options, err) != 0)
        return -1;
    struct buf b = {0};
    buf_put_le(&b, 4, 4); /* offset: the GTID position decides */
    buf_put_le(&b, 0, 2); /* flags: wait at the end for more */
    buf_put_le(&b, dump_replica_id(region, options), 4);
    int rc = dump_command(d, COM_BINLOG_DUMP, &b, false, "asking for the binlog", err);
    buf_free(&b);
    return rc;
}
