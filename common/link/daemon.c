/* Signals by a thread of their own, systemd's notify protocol, and the line with which a daemon ends. */
#include "common/link/daemon.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/base/log.h"
#include "common/base/mem.h"

/* ---- signals ---- */

struct daemon_hup {
    pthread_mutex_t lock;
    bool came; /* before there was anything to call */
    void (*call)(void *context);
    void *context;
};

/* What the thread is given. */
struct signals {
    struct stop *stop;
    struct daemon_hup *hup; /* NULL: SIGHUP is not waited for */
};

static void pick_signals(sigset_t *set, bool hup)
{
    (void)sigemptyset(set);
    if (hup)
        (void)sigaddset(set, SIGHUP);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGINT);
}

static void heard_hup(struct daemon_hup *h)
{
    pthread_mutex_lock(&h->lock);
    h->came = !h->call;
    if (h->call)
        h->call(h->context);
    pthread_mutex_unlock(&h->lock);
}

void daemon_on_hup(struct daemon_hup *h, void (*call)(void *context), void *context)
{
    pthread_mutex_lock(&h->lock);
    h->call = call;
    h->context = context;
    if (call && h->came)
        call(context);
    h->came = false;
    pthread_mutex_unlock(&h->lock);
}

static void *signal_thread(void *arg)
{
    struct signals s = *(struct signals *)arg;
    sigset_t set;
    int number;
    free(arg);
    pick_signals(&set, s.hup);
    for (;;) {
        if (sigwait(&set, &number) != 0)
            continue;
        if (number != SIGHUP)
            break;
        heard_hup(s.hup);
    }
    stop_request(s.stop, number == SIGTERM ? "SIGTERM" : "SIGINT");
    return NULL;
}

struct stop *daemon_signals(struct daemon_hup **hup)
{
    struct signals *s = xcalloc(1, sizeof *s);
    struct stop *stop = s->stop = stop_new();
    sigset_t set;
    pthread_t thread;
    if (hup) {
        s->hup = *hup = xcalloc(1, sizeof **hup);
        pthread_mutex_init(&s->hup->lock, NULL);
    }
    pick_signals(&set, hup);
    (void)signal(SIGPIPE, SIG_IGN);
    int failed = pthread_sigmask(SIG_BLOCK, &set, NULL);
    assert(!failed);
    failed = pthread_create(&thread, NULL, signal_thread, s);
    if (failed) { /* like memory: nothing above could go on without it */
        log_event(MSG_NO_SIGNAL_THREAD, log_detail(strerror(failed)));
        _exit(EXIT_TRY_AGAIN);
    }
    (void)pthread_detach(thread);
    return stop;
}

/* ---- systemd ---- */

void daemon_notify(const char *state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t len = path ? strlen(path) : 0;
    if (len < 2 || len > sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* a name without a file */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    ssize_t n = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
    if (n < 0)
        log_debug("cannot notify systemd: %s", strerror(errno));
    (void)close(fd);
}

/* ---- the end ---- */

int daemon_last_line(const char *program, const struct stop *stop, const struct err *err)
{
    struct buf state = {0};
    const char *reason = stop ? stop_reason(stop) : NULL;
    int code = EXIT_DONE;
    if (err->class == ERR_FATAL || (err->class != ERR_NONE && !reason)) {
        code = err->exit_code ? err->exit_code : EXIT_BUG;
        log_stop(err->id ? err->id : message_of_exit(code), program, code, err->text);
        buf_printf(&state, "STOPPING=1\nSTATUS=Stopped, exit code %d: %s", code, err->text);
    } else {
        log_stop(MSG_STOPPED, program, 0, reason ? reason : "done");
        buf_printf(&state, "STOPPING=1\nSTATUS=Stopped: %s", reason ? reason : "done");
    }
    daemon_notify(buf_cstr(&state));
    buf_free(&state);
    return code;
}
