/* The dump over libmariadb: connect, COM_REGISTER_SLAVE, COM_BINLOG_DUMP by GTID, then packets.
 *
 * Of the library only the connection (with TLS and authentication), the sending of commands and the reading of packets
 * are used; a packet of 16 MiB and more, which travels in pieces, is joined by mysql_net_read_packet. */
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/dump.h"
#include "common/base/mem.h"
#include "common/link/db.h"

#define CONNECT_TIMEOUT_S 5u
#define LEAST_TIMEOUT_S 10u
#define PACKET_EVENT 0x00
#define PACKET_END 0xfe

struct dump {
    struct db *db;
    MYSQL *handle; /* of db */
    int socket;    /* a second descriptor: shutting it down is safe while the library closes its own */
    unsigned timeout_s;
};

/* ---- asking ---- */

static const char *const mariadb_settings[] = {
    "SET @mariadb_slave_capability = 4", /* GTIDs and everything that came with them */
    "SET @master_binlog_checksum = @@global.binlog_checksum",
    "SET @slave_gtid_strict_mode = 1",
    "SET @slave_gtid_ignore_duplicates = 0",
    /* While Kafka does not take more we do not read; the server must not give the connection up meanwhile. */
    "SET SESSION net_write_timeout = 86400",
};

static int set_up(struct dump *d, const struct position *from, const struct dump_options *options, struct err *err)
{
    for (size_t i = 0; i < sizeof mariadb_settings / sizeof *mariadb_settings; i++)
        if (db_exec(d->db, mariadb_settings[i], err) != 0)
            return -1;
    if (db_execf(d->db, err, "SET @master_heartbeat_period = %llu", options->heartbeat_ms * 1000000ull) != 0)
        return -1;
    struct buf text = {0};
    position_put_text(from, &text);
    int rc = db_execf(d->db, err, "SET @slave_connect_state = '%s'", buf_cstr(&text));
    buf_free(&text);
    return rc;
}

static int command(struct dump *d, enum enum_server_command what, const struct buf *arguments, bool answers,
                   struct err *err)
{
    const char *bytes = (const char *)arguments->data;
    if (d->handle->methods->db_command(d->handle, what, bytes, arguments->len, !answers, NULL) != 0)
        return db_error(d->db, err, what == COM_REGISTER_SLAVE ? "registering as a replica" : "asking for the binlog");
    return 0;
}

static int ask(struct dump *d, const struct region_config *region, const struct dump_options *options, struct err *err)
{
    struct buf b = {0};
    struct span host = span_str(options->host);
    buf_put_le(&b, region->replica_id, 4);
    buf_put_u8(&b, (uint8_t)(host.n < 60 ? host.n : 60));
    buf_put(&b, host.p, host.n < 60 ? host.n : 60);
    buf_put_u8(&b, 0);    /* user */
    buf_put_u8(&b, 0);    /* password */
    buf_put_le(&b, 0, 2); /* port */
    buf_put_le(&b, 0, 4); /* rank, unused */
    buf_put_le(&b, 0, 4); /* id of the source, unused */
    int rc = command(d, COM_REGISTER_SLAVE, &b, true, err);
    if (rc == 0) {
        buf_clear(&b);
        buf_put_le(&b, 4, 4); /* offset: the GTID position decides */
        buf_put_le(&b, 0, 2); /* flags: wait at the end for more */
        buf_put_le(&b, region->replica_id, 4);
        rc = command(d, COM_BINLOG_DUMP, &b, false, err);
    }
    buf_free(&b);
    return rc;
}

static unsigned timeout_of(const struct dump_options *options)
{
    unsigned three = (3 * options->heartbeat_ms + 999) / 1000;
    return three > LEAST_TIMEOUT_S ? three : LEAST_TIMEOUT_S;
}

int dump_open(struct dump **out, const struct region_config *region, const struct position *from,
              const struct dump_options *options, struct err *err)
{
    struct dump *d = xcalloc(1, sizeof *d);
    *out = NULL;
    d->socket = -1;
    d->timeout_s = timeout_of(options);
    struct db_options db = {
        .program = options->program,
        .connect_timeout_s = CONNECT_TIMEOUT_S,
        .read_timeout_s = d->timeout_s,
        .write_timeout_s = LEAST_TIMEOUT_S,
    };
    if (db_connect(&d->db, region, &db, err) != 0)
        goto fail;
    d->handle = db_handle(d->db);
    d->socket = dup((int)mysql_get_socket(d->handle));
    if (set_up(d, from, options, err) != 0 || ask(d, region, options, err) != 0)
        goto fail;
    *out = d;
    return 0;
fail:
    dump_close(&d);
    return -1;
}

void dump_close(struct dump **dump)
{
    struct dump *d = *dump;
    if (!d)
        return;
    /* Or closing would first tell a server that is busy sending. */
    dump_interrupt(d);
    db_close(&d->db);
    if (d->socket >= 0)
        close(d->socket);
    free(d);
    *dump = NULL;
}

void dump_interrupt(struct dump *d)
{
    if (d->socket >= 0)
        (void)shutdown(d->socket, SHUT_RDWR);
}

/* ---- reading ---- */

static int read_error(struct dump *d, struct err *err)
{
    unsigned code = mysql_errno(d->handle);
    if (code == DUMP_REFUSED) {
        int rc = err_retry(err, "the source refuses the dump: %s", mysql_error(d->handle));
        if (err)
            err->code = DUMP_REFUSED;
        return rc;
    }
    struct err found = {0};
    (void)db_error(d->db, &found, "reading the binlog");
    if (found.class == ERR_FATAL && found.exit_code != EXIT_DENIED)
        return err_retry(err, "%s", found.text); /* no statement of ours was wrong: the dump has none */
    if (err)
        *err = found;
    return -1;
}

int dump_next(struct dump *d, struct span *raw, struct err *err)
{
    unsigned long n = mysql_net_read_packet(d->handle);
    if (n == packet_error)
        return read_error(d, err);
    const uint8_t *p = d->handle->net.read_pos;
    if (p[0] == PACKET_END && n < 9)
        return err_retry(err, "the source ended the dump (it is being shut down, or another replica took our id)");
    if (p[0] != PACKET_EVENT)
        return err_fatal(err, EXIT_UNSAFE, "a packet of the dump begins with byte 0x%02x: no event", p[0]);
    *raw = span_of(p + 1, n - 1);
    return 0;
}
