/* The dump over libmariadb: connect, register, ask as the flavour does (dump_mariadb_net.c, dump_mysql_net.c), then
 * packets.
 *
 * Of the library only the connection (with TLS and authentication), the sending of commands and the reading of packets
 * are used; a packet of 16 MiB and more, which travels in pieces, is joined by mysql_net_read_packet. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/stream/dump_private_net.h"

#define CONNECT_TIMEOUT_S 5u
#define LEAST_TIMEOUT_S 10u
#define HOST_MAX 60
#define PACKET_EVENT 0x00
#define PACKET_END 0xfe

/* ---- asking ---- */

int dump_settings(struct dump *d, const char *const *statements, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (db_exec(d->db, statements[i], err) != 0)
            return -1;
    return 0;
}

int dump_command(struct dump *d, unsigned command, const struct buf *arguments, bool answers, const char *what,
                 struct err *err)
{
    const char *bytes = (const char *)arguments->data;
    if (d->handle->methods->db_command(d->handle, (enum enum_server_command)command, bytes, arguments->len, !answers,
                                       NULL) != 0)
        return db_error(d->db, err, what);
    return 0;
}

uint32_t dump_replica_id(const struct region_config *region, const struct dump_options *options)
{
    return options->replica_id ? options->replica_id : region->replica_id;
}

int dump_register(struct dump *d, const struct region_config *region, const struct dump_options *options,
                  struct err *err)
{
    struct buf b = {0};
    struct span host = span_str(options->host);
    if (host.n > HOST_MAX)
        host.n = HOST_MAX;
    buf_put_le(&b, dump_replica_id(region, options), 4);
    buf_put_u8(&b, (uint8_t)host.n);
    buf_put_span(&b, host);
    buf_put_u8(&b, 0);    /* user */
    buf_put_u8(&b, 0);    /* password */
    buf_put_le(&b, 0, 2); /* port */
    buf_put_le(&b, 0, 4); /* rank, unused */
    buf_put_le(&b, 0, 4); /* id of the source, unused */
    int rc = dump_command(d, COM_REGISTER_SLAVE, &b, true, "registering as a replica", err);
    buf_free(&b);
    return rc;
}

static int ask(struct dump *d, const struct region_config *region, const struct position *from,
               const struct dump_options *options, struct err *err)
{
    enum flavor flavor = db_flavor(d->db);
    if (from->flavor != FLAVOR_NONE && from->flavor != flavor)
        return err_stop(err, MSG_STOP_FLAVOR,
                        "region %s: the stream's position is one of a %s server, but the server there is %s",
                        region->name, flavor_name(from->flavor), db_version_text(d->db));
    return flavor == FLAVOR_MYSQL ? dump_ask_mysql(d, region, from, options, err)
                                  : dump_ask_mariadb(d, region, from, options, err);
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
    d->timeout_s = timeout_of(options);
    struct db_options db = {
        .program = options->program,
        .connect_timeout_s = CONNECT_TIMEOUT_S,
        .read_timeout_s = d->timeout_s,
        .write_timeout_s = LEAST_TIMEOUT_S,
        .server = options->server,
    };
    if (db_connect(&d->db, region, &db, err) != 0)
        goto fail;
    d->handle = db_handle(d->db);
    if (options->semi_sync && semi_sync_start(&d->semi_sync, d->db, d->timeout_s, err) != 0)
        goto fail;
    if (ask(d, region, from, options, err) != 0)
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
    if (d->db)
        dump_interrupt(d);
    semi_sync_free(&d->semi_sync);
    db_close(&d->db);
    free(d);
    *dump = NULL;
}

void dump_interrupt(struct dump *d)
{
    db_interrupt(d->db);
}

/* ---- reading ---- */

/* A MySQL server cannot send what has no GTID to somebody who asks by GTID. */
static int anonymous(const char *text, struct err *err)
{
    return err_stop(err, MSG_STOP_NO_GTID,
                    "the source has transactions without GTID in its binlog, which are not in the stream: %s. Run: SET "
                    "PERSIST gtid_mode = ON_PERMISSIVE; SET PERSIST gtid_mode = ON; then compare both sides "
                    "(drc-reconcile), and start again",
                    text);
}

static int read_error(struct dump *d, struct err *err)
{
    unsigned code = mysql_errno(d->handle);
    if (code == DUMP_REFUSED && strstr(mysql_error(d->handle), "anonymous"))
        return anonymous(mysql_error(d->handle), err);
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

bool dump_has_more(const struct dump *d, int timeout_ms)
{
    struct pollfd fd = {.fd = (int)mysql_get_socket(d->handle), .events = POLLIN};
    return poll(&fd, 1, timeout_ms) != 0;
}

bool dump_wants_ack(const struct dump *d)
{
    return d->semi_sync && semi_sync_wants_ack(d->semi_sync);
}

void dump_acknowledge(struct dump *d, const char *file, uint64_t offset)
{
    if (d->semi_sync)
        semi_sync_acknowledge(d->semi_sync, file, offset);
}

int dump_next(struct dump *d, struct span *raw, struct err *err)
{
    if (d->semi_sync && semi_sync_wait(d->semi_sync, err) != 0)
        return -1;
    unsigned long n = mysql_net_read_packet(d->handle);
    if (n == packet_error)
        return read_error(d, err);
    const uint8_t *p = d->handle->net.read_pos;
    if (p[0] == PACKET_END && n < 9)
        return err_retry(err, "the source ended the dump (it is being shut down, or another replica took our id)");
    if (p[0] != PACKET_EVENT)
        return err_fatal(err, EXIT_UNSAFE, "a packet of the dump begins with byte 0x%02x: no event", p[0]);
    *raw = span_of(p + 1, n - 1);
    return d->semi_sync ? semi_sync_unwrap(d->semi_sync, raw, err) : 0;
}
