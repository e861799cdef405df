/* The control thread: a poll() loop over the socket and a handful of clients, one answer at a time to each. */
#include "common/link/control.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "common/link/control_socket.h"

#define NO_ACCEPT_MS 1000 /* after a failed accept(), such as for want of descriptors */

struct client {
    int fd;
    char in[CONTROL_MAX_LINE];
    size_t in_len;
    struct buf out;
    size_t sent;       /* bytes of out that are gone */
    bool ended;        /* it sends no more: answer what is here, then hang up */
    uint64_t since_ms; /* when it last did something */
};

struct control {
    pthread_t thread;
    char *path;
    char *program;
    const struct control_command *commands;
    void *context;
    int listen_fd;
    int wake_fd; /* readable: end */
    struct client *clients[CONTROL_MAX_CLIENTS];
    size_t client_count;
    uint64_t accept_after_ms;
};

/* ---- commands ---- */

static void put_help(const struct control *c, struct buf *out)
{
    buf_put_str(out, "help: list the commands\n");
    for (const struct control_command *k = c->commands; k->name; k++)
        buf_printf(out, "%s: %s\n", k->name, k->help);
}

/* An empty line would end the answer, so a command cannot write one. */
static void put_lines(struct buf *out, struct buf *answer)
{
    const char *p = buf_cstr(answer);
    while (*p) {
        size_t n = strcspn(p, "\n");
        if (n)
            buf_printf(out, "%.*s\n", (int)n, p);
        p += n + (p[n] == '\n');
    }
}

static void run_command(const struct control *c, char *line, struct buf *out)
{
    struct buf answer = {0}, quoted = {0};
    char *name = line + strspn(line, " \t\r");
    char *args = name + strcspn(name, " \t\r");
    if (*args)
        *args++ = '\0';
    args += strspn(args, " \t\r");
    for (size_t n = strlen(args); n && strchr(" \t\r", args[n - 1]); n--)
        args[n - 1] = '\0';
    const struct control_command *k = c->commands;
    while (k->name && strcmp(k->name, name) != 0)
        k++;
    if (k->name) {
        k->run(c->context, args, &answer);
    } else if (strcmp(name, "help") == 0) {
        put_help(c, &answer);
    } else {
        utf8_put_printable(&quoted, span_str(name), 60);
        buf_printf(&answer, "error: " CONTROL_UNKNOWN " \"%s\"; help lists what there is\n", buf_cstr(&quoted));
    }
    put_lines(out, &answer);
    buf_put_str(out, "\n");
    buf_free(&answer);
    buf_free(&quoted);
}

/* ---- clients ---- */

static void drop_client(struct control *c, size_t i)
{
    struct client *k = c->clients[i];
    (void)close(k->fd);
    buf_free(&k->out);
    free(k);
    c->clients[i] = c->clients[--c->client_count];
}

/* Write what the client takes now. False: it is gone. */
static bool flush_client(struct client *k)
{
    while (k->sent < k->out.len) {
        ssize_t n = send(k->fd, k->out.data + k->sent, k->out.len - k->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK;
        k->sent += (size_t)n;
        k->since_ms = clock_mono_ms();
    }
    buf_clear(&k->out);
    k->sent = 0;
    return true;
}

/* Take one command out of what was read. False: there is none yet. */
static bool next_command(const struct control *c, struct client *k)
{
    char line[CONTROL_MAX_LINE + 1];
    const char *newline = memchr(k->in, '\n', k->in_len);
    if (!newline && k->in_len == sizeof k->in) {
        buf_printf(&k->out, "error: a command may have %d bytes\n\n", CONTROL_MAX_LINE);
        k->in_len = 0;
        k->ended = true;
        return true;
    }
    if (!newline && !(k->ended && k->in_len))
        return false;
    size_t n = newline ? (size_t)(newline - k->in) : k->in_len;
    size_t taken = newline ? n + 1 : n;
    memcpy(line, k->in, n);
    line[n] = '\0';
    memmove(k->in, k->in + taken, k->in_len - taken);
    k->in_len -= taken;
    if (line[strspn(line, " \t\r")])
        run_command(c, line, &k->out);
    return true;
}

/* Answer until the client takes no more or has said nothing more. False: it is done with. */
static bool serve_client(const struct control *c, struct client *k)
{
    for (;;) {
        if (!flush_client(k))
            return false;
        if (k->out.len)
            return true; /* the rest when it reads */
        if (!next_command(c, k))
            return !k->ended;
    }
}

static bool read_client(struct client *k)
{
    ssize_t n = read(k->fd, k->in + k->in_len, sizeof k->in - k->in_len);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    k->in_len += (size_t)n;
    k->ended = n == 0;
    k->since_ms = clock_mono_ms();
    return true;
}

/* ---- the socket ---- */

/* Send one last line, if it can be sent at once, and hang up. */
static void turn_away(int fd, const char *line)
{
    ssize_t n = send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)n;
    (void)close(fd);
}

static bool may_ask(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        return false;
    if (peer.uid == 0 || peer.uid == geteuid())
        return true;
    log_event(MSG_CONTROL_TURNED_AWAY, log_u64("uid", (unsigned long)peer.uid),
              log_u64("pid", (unsigned long)peer.pid));
    return false;
}

static void accept_client(struct control *c)
{
    int fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            log_event(MSG_CONTROL_NO_CLIENT, log_detail(strerror(errno)));
            c->accept_after_ms = clock_mono_ms() + NO_ACCEPT_MS;
        }
        return;
    }
    if (!may_ask(fd)) {
        turn_away(fd, CONTROL_DENIED "only the daemon's own user and root may ask\n");
        return;
    }
    if (c->client_count == CONTROL_MAX_CLIENTS) {
        turn_away(fd, CONTROL_BUSY "too many clients\n");
        return;
    }
    struct client *k = xcalloc(1, sizeof *k);
    k->fd = fd;
    k->since_ms = clock_mono_ms();
    buf_printf(&k->out, "%s protocol %d\n", c->program, CONTROL_PROTOCOL);
    c->clients[c->client_count++] = k;
    if (!flush_client(k))
        drop_client(c, c->client_count - 1);
}

/* ---- the thread ---- */

static bool client_turn(const struct control *c, struct client *k, short events)
{
    if (events & (POLLIN | POLLHUP | POLLERR) && !k->ended && k->in_len < sizeof k->in && !read_client(k))
        return false;
    if (events && !serve_client(c, k))
        return false;
    return clock_mono_ms() - k->since_ms < CONTROL_IDLE_MS;
}

/* Wait for something to do, or to look at clocks; fds[0] is the wake, fds[1] the socket, then the clients. */
static void wait_for_work(struct control *c, struct pollfd *fds)
{
    bool accepting = clock_mono_ms() >= c->accept_after_ms;
    fds[0] = (struct pollfd){.fd = c->wake_fd, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = accepting ? c->listen_fd : -1, .events = POLLIN};
    for (size_t i = 0; i < c->client_count; i++) {
        const struct client *k = c->clients[i];
        fds[2 + i] = (struct pollfd){.fd = k->fd, .events = k->out.len ? POLLOUT : POLLIN};
    }
    int n = poll(fds, 2 + c->client_count, accepting && c->client_count == 0 ? LOG_TICK_MS : NO_ACCEPT_MS);
    log_tick();
    for (size_t i = 0; n < 0 && i < 2 + c->client_count; i++)
        fds[i].revents = 0;
}

static void *control_thread(void *arg)
{
    struct control *c = arg;
    struct pollfd fds[2 + CONTROL_MAX_CLIENTS];
    for (;;) {
        wait_for_work(c, fds);
        if (fds[0].revents)
            return NULL;
        /* Backwards, since the last client takes the place of one that is dropped. */
        for (size_t i = c->client_count; i-- > 0;)
            if (!client_turn(c, c->clients[i], fds[2 + i].revents))
                drop_client(c, i);
        if (fds[1].revents)
            accept_client(c);
    }
}

int control_start(struct control **out, const char *path, const char *program, const struct control_command *commands,
                  void *context, struct err *err)
{
    struct control *c = xcalloc(1, sizeof *c);
    *out = NULL;
    *c = (struct control){.path = xstrdup(path),
                          .program = xstrdup(program),
                          .commands = commands,
                          .context = context,
                          .listen_fd = -1,
                          .wake_fd = -1};
    if (control_listen(&c->listen_fd, path, err) < 0)
        goto fail;
    c->wake_fd = eventfd(0, EFD_CLOEXEC);
    if (c->wake_fd < 0) {
        (void)err_retry(err, "control: %s", strerror(errno));
        goto fail;
    }
    int failed = pthread_create(&c->thread, NULL, control_thread, c);
    if (failed) {
        (void)err_retry(err, "control: cannot start its thread: %s", strerror(failed));
        goto fail;
    }
    control_note_remove(path);
    *out = c;
    return 0;
fail:
    if (c->listen_fd >= 0) {
        (void)unlink(path);
        (void)close(c->listen_fd);
    }
    if (c->wake_fd >= 0)
        (void)close(c->wake_fd);
    free(c->path);
    free(c->program);
    free(c);
    return -1;
}

void control_mark(struct control *c, uint64_t instance)
{
    control_mark_write(c->path, instance);
}

void control_stop(struct control **control, const struct err *last)
{
    struct control *c = *control;
    if (!c)
        return;
    uint64_t one = 1;
    ssize_t n = write(c->wake_fd, &one, sizeof one);
    assert(n == sizeof one);
    int failed = pthread_join(c->thread, NULL);
    assert(!failed);
    while (c->client_count)
        drop_client(c, c->client_count - 1);
    if (last && last->class == ERR_FATAL)
        control_note_write(c->path, last);
    control_mark_remove(c->path);
    (void)unlink(c->path); /* while it still listens, so that nobody takes it for a stale one */
    (void)close(c->listen_fd);
    (void)close(c->wake_fd);
    free(c->path);
    free(c->program);
    free(c);
    *control = NULL;
}
