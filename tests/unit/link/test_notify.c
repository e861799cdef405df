/* What systemd is told of a start: READY when the daemon stands, more time until then, and not for ever what is away.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/link/notify.h"

struct daemon_of_test {
    struct pulse *pulse;
    struct notify *notify;
    int fd; /* what systemd would read */
    atomic_int phase;
    atomic_int readies;
    char line[40];
};

static enum notify_phase phase(void *context)
{
    return (enum notify_phase)atomic_load(&((struct daemon_of_test *)context)->phase);
}

static void describe(void *context, struct buf *out)
{
    static const char *const words[] = {"starting", "retrying: no broker", "running"};
    buf_put_str(out, words[phase(context)]);
}

static void ready(void *context)
{
    atomic_fetch_add(&((struct daemon_of_test *)context)->readies, 1);
}

static void begin(struct daemon_of_test *d, enum notify_phase first, unsigned patience_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct err err = {0};
    int len = snprintf(d->line, sizeof d->line, "@drc-notify-%d", (int)getpid());
    memcpy(address.sun_path + 1, d->line + 1, (size_t)len - 1);
    d->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(d->fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", d->line, 1), 0);
    d->pulse = pulse_new();
    atomic_store(&d->phase, (int)first);
    atomic_store(&d->readies, 0);
    const struct notify_setup setup = {.pulse = d->pulse,
                                       .phase = phase,
                                       .describe = describe,
                                       .ready = ready,
                                       .context = d,
                                       .patience_ms = patience_ms};
    assert_int_equal(notify_start(&d->notify, &setup, &err), 0);
}

static void end(struct daemon_of_test *d)
{
    notify_stop(&d->notify);
    pulse_free(&d->pulse);
    (void)close(d->fd);
    (void)unsetenv("NOTIFY_SOCKET");
}

/* Wait for that message; fails when another one that matters comes before. */
static void expect(const struct daemon_of_test *d, const char *wanted)
{
    char said[200];
    for (;;) {
        struct pollfd p = {.fd = d->fd, .events = POLLIN};
        if (poll(&p, 1, 60000) != 1)
            fail_msg("no %s in time", wanted);
        ssize_t n = recv(d->fd, said, sizeof said - 1, 0);
        assert_true(n > 0);
        said[n] = '\0';
        if (strcmp(said, wanted) == 0)
            return;
        if (strncmp(said, "EXTEND", 6) != 0 && strncmp(said, "STATUS", 6) != 0)
            fail_msg("%s before %s", said, wanted);
    }
}

static bool says_ready(const struct daemon_of_test *d, int within_ms)
{
    char said[200];
    struct pollfd p = {.fd = d->fd, .events = POLLIN};
    uint64_t until = clock_mono_ms() + (uint64_t)within_ms;
    for (uint64_t now; (now = clock_mono_ms()) < until;) {
        if (poll(&p, 1, (int)(until - now)) != 1)
            return false;
        ssize_t n = recv(d->fd, said, sizeof said - 1, 0);
        if (n == 7 && memcmp(said, "READY=1", 7) == 0)
            return true;
    }
    return false;
}

static void it_is_ready_when_it_stands(void **state)
{
    (void)state;
    struct daemon_of_test d;
    begin(&d, NOTIFY_STARTING, 1);
    expect(&d, "EXTEND_TIMEOUT_USEC=60000000");
    expect(&d, "STATUS=starting");
    assert_false(says_ready(&d, 700)); /* its own work has no bound */
    assert_int_equal(atomic_load(&d.readies), 0);
    atomic_store(&d.phase, NOTIFY_STANDS);
    expect(&d, "STATUS=running"); /* with it, not five seconds later */
    expect(&d, "READY=1");
    assert_false(says_ready(&d, 500)); /* once */
    end(&d);
    assert_int_equal(atomic_load(&d.readies), 1);
}

static void what_is_away_is_not_waited_for_without_end(void **state)
{
    (void)state;
    struct daemon_of_test d;
    begin(&d, NOTIFY_AWAY, 3000);
    expect(&d, "EXTEND_TIMEOUT_USEC=60000000");
    expect(&d, "STATUS=retrying: no broker");
    assert_false(says_ready(&d, 500));
    atomic_store(&d.phase, NOTIFY_STARTING); /* the next try: the time goes on, but work is not broken off */
    assert_false(says_ready(&d, 3000));
    atomic_store(&d.phase, NOTIFY_AWAY);
    expect(&d, "READY=1");
    end(&d);
}

static void without_systemd_it_is_ready_at_once(void **state)
{
    (void)state;
    struct daemon_of_test d = {0};
    struct err err = {0};
    const struct notify_setup setup = {.phase = phase, .describe = describe, .ready = ready, .context = &d};
    (void)unsetenv("NOTIFY_SOCKET");
    assert_int_equal(notify_start(&d.notify, &setup, &err), 0);
    assert_null(d.notify);
    assert_int_equal(atomic_load(&d.readies), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_ready_when_it_stands),
        cmocka_unit_test(what_is_away_is_not_waited_for_without_end),
        cmocka_unit_test(without_systemd_it_is_ready_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
