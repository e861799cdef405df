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

/* ---- signals ---- */

static void stop_signals(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGINT);
}

static void *signal_thread(void *arg)
{
    struct stop *stop = arg;
    sigset_t set;
    int number;
    stop_signals(&set);
    while (sigwait(&set, &number) != 0)
        ;
    stop_request(stop, number == SIGTERM ? "SIGTERM" : "SIGINT");
    return NULL;
}

struct stop *daemon_signals(void)
{
    struct stop *stop = stop_new();
    sigset_t set;
    pthread_t thread;
    stop_signals(&set);
    (void)signal(SIGPIPE, SIG_IGN);
    int failed = pthread_sigmask(SIG_BLOCK, &set, NULL);
    assert(!failed);
    failed = pthread_create(&thread, NULL, signal_thread, stop);
    if (failed) { /* like memory: nothing above could go on without it */
        log_error("cannot start the thread for signals: %s", strerror(failed));
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
        log_error("%s: stopped, exit code %d: %s", program, code, err->text);
        buf_printf(&state, "STOPPING=1\nSTATUS=Stopped, exit code %d: %s", code, err->text);
    } else {
        log_notice("%s: stopped: %s", program, reason ? reason : "done");
        buf_printf(&state, "STOPPING=1\nSTATUS=Stopped: %s", reason ? reason : "done");
    }
    daemon_notify(buf_cstr(&state));
    buf_free(&state);
    return code;
}
