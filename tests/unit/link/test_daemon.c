/* A daemon's start and end: signals request the stop, systemd is told, the last line names the cause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/link/daemon.h"

/* What a child sent to NOTIFY_SOCKET and wrote to stderr, and how it ended. */
struct outcome {
    int code;
    char log[2000];
    char notified[2000]; /* messages joined by "|" */
};

static int bound_socket(const char *name, size_t len)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    memcpy(address.sun_path, name, len);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    return fd;
}

static void read_all(char *out, size_t size, int fd, const char *between)
{
    size_t len = 0;
    ssize_t n;
    while (len + 1 < size && (n = read(fd, out + len, size - len - 1)) > 0) {
        len += (size_t)n;
        out[len] = '\0';
        len += (size_t)snprintf(out + len, size - len, "%s", between);
    }
    out[len] = '\0';
}

/* Run `body` in a process of its own, as systemd would start it. */
static void run(struct outcome *out, int (*body)(void))
{
    char name[40] = {0};
    int pipe_fds[2];
    size_t len = 1 + (size_t)snprintf(name + 1, sizeof name - 1, "drc-test-%d", (int)getpid());
    int notify_fd = bound_socket(name, len);
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char variable[41];
        (void)snprintf(variable, sizeof variable, "@%s", name + 1);
        (void)setenv("NOTIFY_SOCKET", variable, 1);
        (void)alarm(20);
        (void)dup2(pipe_fds[1], STDERR_FILENO);
        log_setup(LOG_INFO, LOG_TEXT);
        _exit(body());
    }
    (void)close(pipe_fds[1]);
    int status;
    read_all(out->log, sizeof out->log, pipe_fds[0], "");
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    out->code = WEXITSTATUS(status);
    read_all(out->notified, sizeof out->notified, notify_fd, "|");
    (void)close(pipe_fds[0]);
    (void)close(notify_fd);
}

static int stopped_by(int number)
{
    struct stop *stop = daemon_signals(NULL);
    struct err err = {0};
    daemon_notify("READY=1");
    (void)kill(getpid(), SIGPIPE);
    (void)kill(getpid(), number);
    while (!stop_wait(stop, 1000))
        ;
    err_retry(&err, "connection lost"); /* what the stop itself brought about */
    return daemon_last_line("drc-test eu", stop, &err);
}

static int stopped_by_term(void)
{
    return stopped_by(SIGTERM);
}

static int stopped_by_int(void)
{
    return stopped_by(SIGINT);
}

static void signals_request_the_stop(void **state)
{
    (void)state;
    struct outcome o;
    run(&o, stopped_by_term);
    assert_int_equal(o.code, 0);
    assert_non_null(strstr(o.log, "notice: DRC-1001 drc-test eu: stopped: SIGTERM\n"));
    assert_string_equal(o.notified, "READY=1|STOPPING=1\nSTATUS=Stopped: SIGTERM|");
    run(&o, stopped_by_int);
    assert_int_equal(o.code, 0);
    assert_non_null(strstr(o.log, "notice: DRC-1001 drc-test eu: stopped: SIGINT\n"));
}

static int fails_while_stopping(void)
{
    struct stop *stop = stop_new();
    struct err err = {0};
    stop_request(stop, "SIGTERM");
    err_fatal(&err, EXIT_UNSAFE, "gap in seq");
    int code = daemon_last_line("drc-test", stop, &err);
    stop_free(&stop);
    return code;
}

static int gives_up(void)
{
    struct stop *stop = stop_new();
    struct err err = {0};
    err_retry(&err, "broker away");
    int code = daemon_last_line("drc-test", stop, &err);
    stop_free(&stop);
    return code;
}

static int ends_by_itself(void)
{
    struct err err = {0};
    return daemon_last_line("drc-test", NULL, &err);
}

static void the_last_line_names_the_cause(void **state)
{
    (void)state;
    struct outcome o;
    run(&o, fails_while_stopping);
    assert_int_equal(o.code, EXIT_UNSAFE);
    assert_non_null(strstr(o.log, "error: DRC-1069 drc-test: stopped, exit code 69: gap in seq\n"));
    assert_string_equal(o.notified, "STOPPING=1\nSTATUS=Stopped, exit code 69: gap in seq|");
    run(&o, gives_up);
    assert_int_equal(o.code, EXIT_TRY_AGAIN);
    assert_non_null(strstr(o.log, "error: DRC-1075 drc-test: stopped, exit code 75: broker away\n"));
    run(&o, ends_by_itself);
    assert_int_equal(o.code, 0);
    assert_non_null(strstr(o.log, "notice: DRC-1001 drc-test: stopped: done\n"));
}

static int notifies_nobody(void)
{
    static const char *const bad[] = {
        "", "relative", "@", "/nonexistent/socket",
        "/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
        "8901234567890123456789"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)setenv("NOTIFY_SOCKET", bad[i], 1);
        daemon_notify("READY=1");
    }
    (void)unsetenv("NOTIFY_SOCKET");
    daemon_notify("READY=1");
    return 0;
}

static void without_systemd_nothing_happens(void **state)
{
    (void)state;
    struct outcome o;
    run(&o, notifies_nobody);
    assert_int_equal(o.code, 0);
    assert_string_equal(o.notified, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_request_the_stop),
        cmocka_unit_test(the_last_line_names_the_cause),
        cmocka_unit_test(without_systemd_nothing_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
