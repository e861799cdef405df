/* The semi-synchronous side of a dump, over libmariadb. */
#include "common/stream/semi_sync_net.h"

#include <mysql.h>
/* each needs the one before; a connection's `ctls` is what ma_tls.h calls so */
#include <ma_pvio.h>
#undef MARIADB_TLS
#include <ma_tls.h>

#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/mem.h"

#define MAGIC 0xef /* first byte in front of an event, and of an acknowledgement */
#define FLAG_WANTED 0x01
#define FRONT 2

struct semi_sync {
    struct db *db;
    MYSQL *handle;
    int socket;
    int wake; /* eventfd */
    int timeout_ms;
    bool framed; /* the first packet had the two bytes */
    bool wanted;
    pthread_mutex_t lock; /* of the rest */
    char *file;           /* to be acknowledged; NULL: nothing new */
    uint64_t offset;
};

/* The names until MySQL 8.0.25 and of MariaDB, and those since: who does not know one does not look at it. */
static const char setting[] = "SET @rpl_semi_sync_slave = 1, @rpl_semi_sync_replica = 1";

/* What of the server's bytes lies in the library can be told of its own encryption only. */
static int check_library(MYSQL *handle, struct err *err)
{
    const char *library = NULL;
    (void)mariadb_get_infov(handle, MARIADB_TLS_LIBRARY, &library);
    if (!mysql_get_ssl_cipher(handle) || (library && strncmp(library, "OpenSSL", 7) == 0))
        return 0;
    return err_fatal(err, EXIT_BAD_CONFIG,
                     "semi_sync over TLS needs a libmariadb that is built with OpenSSL, this one has %s",
                     library ? library : "another library");
}

int semi_sync_start(struct semi_sync **out, struct db *db, unsigned timeout_s, struct err *err)
{
    *out = NULL;
    if (check_library(db_handle(db), err) != 0 || db_exec(db, setting, err) != 0)
        return -1;
    int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake < 0)
        return err_retry(err, "no descriptor to be had: %s", strerror(errno));
    struct semi_sync *s = xcalloc(1, sizeof *s);
    s->db = db;
    s->handle = db_handle(db);
    s->socket = (int)mysql_get_socket(s->handle);
    s->wake = wake;
    s->timeout_ms = (int)timeout_s * 1000;
    pthread_mutex_init(&s->lock, NULL);
    *out = s;
    return 0;
}

void semi_sync_free(struct semi_sync **semi_sync)
{
    struct semi_sync *s = *semi_sync;
    if (!s)
        return;
    close(s->wake);
    pthread_mutex_destroy(&s->lock);
    free(s->file);
    free(s);
    *semi_sync = NULL;
}

bool semi_sync_wants_ack(const struct semi_sync *s)
{
    return s->wanted;
}

void semi_sync_acknowledge(struct semi_sync *s, const char *file, uint64_t offset)
{
    const uint64_t one = 1;
    char *copy = xstrdup(file);
    pthread_mutex_lock(&s->lock);
    free(s->file);
    s->file = copy;
    s->offset = offset;
    pthread_mutex_unlock(&s->lock);
    if (write(s->wake, &one, sizeof one) < 0)
        return; /* it is full, that is, the reader is called already */
}

/* ---- the reading thread ---- */

static int send_ack(struct semi_sync *s, struct err *err)
{
    struct buf b = {0};
    int rc = 0;
    pthread_mutex_lock(&s->lock);
    char *file = s->file;
    uint64_t offset = s->offset;
    s->file = NULL;
    pthread_mutex_unlock(&s->lock);
    if (!file)
        return 0;
    buf_put_le(&b, offset, 8);
    buf_put_str(&b, file);
    /* A command's packet has the form that an acknowledgement has, and gets no answer here. */
    if (s->handle->methods->db_command(s->handle, (enum enum_server_command)MAGIC, (const char *)b.data, b.len, 1,
                                       NULL) != 0)
        rc = db_error(s->db, err, "acknowledging to the source");
    buf_free(&b);
    free(file);
    return rc;
}

/* Bytes that have been taken from the socket and not been asked for yet. */
static bool has_bytes(const struct semi_sync *s)
{
    const MARIADB_PVIO *pvio = s->handle->net.pvio;
    if (!pvio)
        return true; /* closed: reading says so */
    if (pvio->cache && pvio->cache_pos < pvio->cache + pvio->cache_size)
        return true;
    const MARIADB_TLS *tls = (const MARIADB_TLS *)pvio->ctls;
    return tls && SSL_pending(tls->ssl) > 0;
}

int semi_sync_wait(struct semi_sync *s, struct err *err)
{
    struct pollfd fds[2] = {
        {.fd = s->socket, .events = POLLIN},
        {.fd = s->wake,   .events = POLLIN}
    };
    uint64_t count;
    for (;;) {
        if (send_ack(s, err) != 0)
            return -1;
        if (has_bytes(s))
            return 0;
        int ready = poll(fds, 2, s->timeout_ms);
        if (ready == 0)
            return err_retry(err, "the source has been silent for %d s", s->timeout_ms / 1000);
        if (ready > 0 && fds[1].revents && read(s->wake, &count, sizeof count) > 0)
            continue;
        if (ready > 0 && fds[0].revents)
            return 0;
    }
}

int semi_sync_unwrap(struct semi_sync *s, struct span *raw, struct err *err)
{
    /* The first packet is a made-up ROTATE without a time, so that it cannot begin with this byte by itself. */
    if (!s->framed && (raw->n < FRONT || raw->p[0] != MAGIC))
        return err_fatal(err, EXIT_BAD_CONFIG,
                         "the source does not treat us as a semi-synchronous replica: is semi-synchronous replication "
                         "switched on there?");
    if (raw->n < FRONT || raw->p[0] != MAGIC)
        return err_fatal(err, EXIT_UNSAFE, "a packet of the semi-synchronous dump does not begin with 0x%02x", MAGIC);
    s->framed = true;
    s->wanted = (raw->p[1] & FLAG_WANTED) != 0;
    *raw = span_of(raw->p + FRONT, raw->n - FRONT);
    return 0;
}
