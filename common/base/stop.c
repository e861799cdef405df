/* Stopping in order: the first reason wins in an atomic pointer, an eventfd that is never read wakes every poll(). */
#include "common/base/stop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/mem.h"

struct stop {
    const char *_Atomic reason;
    int fd;
};

struct stop *stop_new(void)
{
    struct stop *s = xcalloc(1, sizeof *s);
    s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->fd < 0) { /* like memory: nothing above could go on without it */
        log_event(MSG_NO_DESCRIPTOR, log_detail(strerror(errno)));
        _exit(EXIT_TRY_AGAIN);
    }
    return s;
}

void stop_free(struct stop **s)
{
    if (!*s)
        return;
    (void)close((*s)->fd);
    free(*s);
    *s = NULL;
}

void stop_request(struct stop *s, const char *reason)
{
    assert(reason);
    const char *none = NULL;
    if (!atomic_compare_exchange_strong(&s->reason, &none, reason))
        return;
    int saved = errno; /* a signal handler must not change it */
    uint64_t one = 1;
    ssize_t n = write(s->fd, &one, sizeof one);
    (void)n; /* an eventfd at 0 takes one more always */
    errno = saved;
}

bool stop_requested(const struct stop *s)
{
    return stop_reason(s) != NULL;
}

const char *stop_reason(const struct stop *s)
{
    return atomic_load(&s->reason);
}

int stop_fd(const struct stop *s)
{
    return s->fd;
}

bool stop_wait(const struct stop *s, unsigned ms)
{
    uint64_t end = clock_mono_ms() + ms;
    while (!stop_requested(s)) {
        uint64_t now = clock_mono_ms();
        if (now >= end)
            return false;
        struct pollfd p = {.fd = s->fd, .events = POLLIN};
        (void)poll(&p, 1, end - now > INT_MAX ? INT_MAX : (int)(end - now));
    }
    return true;
}
