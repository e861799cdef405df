/* Asking a daemon: one connection, one command, one answer. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/link/control.h"
#include "common/link/control_socket.h"

#define ANSWER_MS 2500

struct conversation {
    int fd;
    const char *path;
    struct buf in; /* read, not yet used */
};

static int fail_connect(const char *path, struct err *err)
{
    if (errno == EACCES || errno == EPERM)
        return err_fatal(err, EXIT_DENIED, "%s: we may not; ask as the daemon's own user or as root", path);
    int code = errno;
    int rc = err_retry(err, "nobody answers at %s: %s", path, strerror(code));
    if (err)
        err->code = code == ENOENT || code == ECONNREFUSED ? CONTROL_NOBODY : 0;
    return rc;
}

/* Read more; -1 when the daemon hangs up or is silent for too long. */
static int read_more(struct conversation *c, struct err *err)
{
    if (c->in.len > CONTROL_MAX_ANSWER)
        return err_retry(err, "the answer at %s is longer than %zu MiB", c->path, CONTROL_MAX_ANSWER >> 20);
    for (uint64_t deadline = clock_mono_ms() + ANSWER_MS;;) {
        uint64_t now = clock_mono_ms();
        struct pollfd p = {.fd = c->fd, .events = POLLIN};
        int ready = now < deadline ? poll(&p, 1, (int)(deadline - now)) : 0;
        if (ready == 0)
            return err_retry(err, "no answer at %s for %d ms", c->path, ANSWER_MS);
        ssize_t n = recv(c->fd, buf_reserve(&c->in, 4096), 4096, MSG_DONTWAIT);
        if (n > 0) {
            c->in.len += (size_t)n;
            return 0;
        }
        if (n == 0)
            return err_retry(err, "the daemon at %s hung up before its answer was whole", c->path);
        if (errno != EINTR && errno != EAGAIN)
            return err_retry(err, "%s: %s", c->path, strerror(errno));
    }
}

/* Wait until the input holds `mark`; the number of bytes before it, or -1. */
static ssize_t read_until(struct conversation *c, const char *mark, struct err *err)
{
    size_t len = strlen(mark);
    size_t from = 0; /* no mark begins before */
    for (;;) {
        const uint8_t *found = c->in.len > from ? memmem(c->in.data + from, c->in.len - from, mark, len) : NULL;
        if (found)
            return found - c->in.data;
        from = c->in.len >= len ? c->in.len - len + 1 : 0;
        if (read_more(c, err) < 0)
            return -1;
    }
}

/* What moves a terminal's cursor is said by no daemon of ours. */
static bool is_plain(const char *line)
{
    for (; *line; line++)
        if ((unsigned char)*line < ' ' || *line == 0x7f)
            return false;
    return true;
}

static int fail_stranger(const struct conversation *c, const char *line, struct err *err)
{
    struct buf shown = {0};
    utf8_put_printable(&shown, span_str(line), 60);
    int rc = err_fatal(err, EXIT_UNSAFE, "what answers at %s is no daemon of drc: \"%s\"", c->path, buf_cstr(&shown));
    buf_free(&shown);
    return rc;
}

/* "PROGRAM protocol N": N must be ours. What came after the line stays in c->in. */
static int read_greeting(struct conversation *c, struct err *err)
{
    static const char protocol[] = " protocol ";
    ssize_t len = read_until(c, "\n", err);
    if (len < 0)
        return -1;
    c->in.data[len] = '\0';
    const char *line = (const char *)c->in.data;
    if (strncmp(line, CONTROL_DENIED, strlen(CONTROL_DENIED)) == 0)
        return err_fatal(err, EXIT_DENIED, "the daemon at %s refuses us: %s", c->path, line + strlen(CONTROL_DENIED));
    if (strncmp(line, CONTROL_BUSY, strlen(CONTROL_BUSY)) == 0)
        return err_retry(err, "the daemon at %s is busy: %s", c->path, line + strlen(CONTROL_BUSY));
    const char *found = strstr(line, protocol);
    const char *number = found ? found + strlen(protocol) : "";
    long version = strtol(number, NULL, 10);
    if (!*number || number[strspn(number, "0123456789")] || !is_plain(line))
        return fail_stranger(c, line, err);
    if (version != CONTROL_PROTOCOL)
        return err_fatal(
            err, EXIT_UNSAFE, "%.*s at %s is of %s release: it speaks control protocol %ld, this program %d; %s",
            (int)(found - line), line, c->path, version < CONTROL_PROTOCOL ? "an older" : "a newer", version,
            CONTROL_PROTOCOL,
            version < CONTROL_PROTOCOL ? "start it anew with the installed release, or ask it by the tools of "
                                         "its own"
                                       : "use the tools of that release");
    c->in.len -= (size_t)len + 1;
    memmove(c->in.data, c->in.data + len + 1, c->in.len);
    return 0;
}

static int send_command(const struct conversation *c, const char *command, struct err *err)
{
    struct buf line = {0};
    int rc = 0;
    buf_printf(&line, "%s\n", command);
    for (size_t sent = 0; rc == 0 && sent < line.len;) {
        ssize_t n = send(c->fd, line.data + sent, line.len - sent, MSG_NOSIGNAL);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno != EINTR)
            rc = err_retry(err, "%s: %s", c->path, strerror(errno));
    }
    buf_free(&line);
    return rc;
}

/* An answer is lines up to an empty one; no line at all is just the empty one. */
static int read_answer(struct conversation *c, struct buf *out, struct err *err)
{
    while (c->in.len == 0)
        if (read_more(c, err) < 0)
            return -1;
    if (c->in.data[0] == '\n')
        return 0;
    ssize_t len = read_until(c, "\n\n", err);
    if (len < 0)
        return -1;
    buf_put(out, c->in.data, (size_t)len + 1);
    return 0;
}

int control_ask(const char *path, const char *command, struct buf *out, struct err *err)
{
    struct sockaddr_un address;
    struct conversation c = {.fd = -1, .path = path};
    int rc = -1;
    if (control_address(&address, path, err) < 0)
        return -1;
    c.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c.fd < 0)
        return err_retry(err, "%s: %s", path, strerror(errno));
    if (connect(c.fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        (void)fail_connect(path, err);
        goto out;
    }
    if (read_greeting(&c, err) < 0 || send_command(&c, command, err) < 0)
        goto out;
    rc = read_answer(&c, out, err);
out:
    (void)close(c.fd);
    buf_free(&c.in);
    return rc;
}
