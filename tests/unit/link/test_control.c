/* The control socket: the protocol, its limits, who may ask, and whose place it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/link/control.h"

#define BIG_ANSWER ((size_t)4 << 20)

struct fixture {
    char directory[64];
    char *path; /* in a subdirectory that is not there yet */
    char *parent;
    struct control *control;
};

static void run_status(void *context, const char *args, struct buf *out)
{
    const char *what = context;
    buf_printf(out, "state %s\n\nargs <%s>\n", what, args);
}

static void run_big(void *context, const char *args, struct buf *out)
{
    (void)context;
    (void)args;
    for (size_t i = 0; i < BIG_ANSWER / 16; i++)
        buf_printf(out, "line %09zu\n", i);
}

static void run_nothing(void *context, const char *args, struct buf *out)
{
    (void)context;
    (void)args;
    (void)out;
}

static const struct control_command commands[] = {
    {"status",  "how it goes",   run_status },
    {"big",     "a long answer", run_big    },
    {"nothing", "no answer",     run_nothing},
    {NULL,      NULL,            NULL       },
};

static int begin(void **state)
{
    static char running[] = "running";
    struct fixture *f = xcalloc(1, sizeof *f);
    struct err err = {0};
    (void)snprintf(f->directory, sizeof f->directory, "/tmp/drc-control-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    f->parent = xasprintf("%s/run", f->directory);
    f->path = xasprintf("%s/daemon.sock", f->parent);
    if (control_start(&f->control, f->path, "drc-test eu", commands, running, &err) < 0)
        fail_msg("%s", err.text);
    *state = f;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;
    control_stop(&f->control, NULL);
    assert_null(f->control);
    assert_int_equal(access(f->path, F_OK), -1);
    (void)rmdir(f->parent);
    (void)rmdir(f->directory);
    free(f->parent);
    free(f->path);
    free(f);
    return 0;
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    return a;
}

/* A client as `nc -U` would be; reads time out, so that a test fails instead of hanging. */
static int connected(const char *path)
{
    struct sockaddr_un a = address_of(path);
    struct timeval patience = {.tv_sec = 60};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Exactly this comes next. */
static void expect(int fd, const char *text)
{
    char got[1000] = {0};
    size_t want = strlen(text), len = 0;
    assert_true(want < sizeof got);
    while (len < want) {
        ssize_t n = read(fd, got + len, want - len);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    assert_string_equal(got, text);
}

static void expect_end(int fd)
{
    char byte;
    assert_int_equal(read(fd, &byte, 1), 0);
    (void)close(fd);
}

#define GREETING "drc-test eu protocol 1\n"

static void lines_are_answered_up_to_an_empty_line(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f->path);
    expect(fd, GREETING);
    say(fd, "status\n");
    expect(fd, "state running\nargs <>\n\n");
    say(fd, "  status   json and more \r\n\n   \nnothing\n");
    expect(fd, "state running\nargs <json and more>\n\n\n");
    say(fd, "sta");
    say(fd, "tus x\nhelp\n");
    expect(fd, "state running\nargs <x>\n\n");
    expect(fd, "help: list the commands\nstatus: how it goes\nbig: a long answer\nnothing: no answer\n\n");
    say(fd, "st\x01op now\n");
    expect(fd, "error: unknown command \"st\\x01op\"; help lists what there is\n\n");
    (void)close(fd);
}

static void a_client_that_says_no_more_still_gets_its_answers(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f->path);
    say(fd, "nothing\nstatus last"); /* as printf without a newline */
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    expect(fd, GREETING "\nstate running\nargs <last>\n\n");
    expect_end(fd);
}

static void an_overlong_command_ends_the_conversation(void **state)
{
    struct fixture *f = *state;
    char *line = xcalloc(1, CONTROL_MAX_LINE + 1);
    memset(line, 'x', CONTROL_MAX_LINE);
    int fd = connected(f->path);
    expect(fd, GREETING);
    say(fd, line);
    expect(fd, "error: a command may have 4096 bytes\n\n");
    expect_end(fd);
    /* One byte less, its newline included, is a command. */
    memcpy(line, "status ", 7);
    line[CONTROL_MAX_LINE - 1] = '\n';
    fd = connected(f->path);
    expect(fd, GREETING);
    say(fd, line);
    expect(fd, "state running\nargs <xxx");
    (void)close(fd);
    free(line);
}

static void one_client_too_many_is_turned_away(void **state)
{
    struct fixture *f = *state;
    int fds[CONTROL_MAX_CLIENTS];
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        fds[i] = connected(f->path);
        expect(fds[i], GREETING);
    }
    int fd = connected(f->path);
    expect(fd, "busy: too many clients\n");
    expect_end(fd);
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++) {
        say(fds[i], "nothing\n");
        expect(fds[i], "\n");
    }
    (void)close(fds[3]);
    /* Its place is free as soon as the daemon has seen that it left. */
    char got[sizeof GREETING] = {0};
    for (int tries = 0; tries < 1000 && strcmp(got, GREETING) != 0; tries++) {
        fd = connected(f->path);
        assert_true(read(fd, got, sizeof GREETING - 1) > 0);
        (void)close(fd);
    }
    assert_string_equal(got, GREETING);
    for (size_t i = 0; i < CONTROL_MAX_CLIENTS; i++)
        if (i != 3)
            (void)close(fds[i]);
}

/* The client is as impatient as people are; on a loaded machine the daemon's thread may not have run for so long. */
static void ask(const char *path, const char *command, struct buf *out)
{
    struct err err = {0};
    int rc = -1;
    for (int tries = 0; rc && tries < 20; tries++) {
        buf_clear(out);
        rc = control_ask(path, command, out, &err);
        if (rc && !strstr(err.text, "no answer at"))
            break;
    }
    if (rc)
        fail_msg("%s", err.text);
}

static void a_client_that_does_not_read_holds_up_nobody(void **state)
{
    struct fixture *f = *state;
    struct buf out = {0};
    int lazy = connected(f->path);
    say(lazy, "big\nbig\nstatus\n");
    ask(f->path, "status", &out);
    assert_string_equal(buf_cstr(&out), "state running\nargs <>\n");
    expect(lazy, GREETING "line 000000000\nline 000000001\n");
    int gone = connected(f->path); /* and one that leaves in the middle */
    say(gone, "big\n");
    expect(gone, GREETING "line 000000000\n");
    (void)close(gone);
    (void)close(lazy);
    ask(f->path, "status", &out);
    buf_free(&out);
}

static void long_and_empty_answers_arrive_whole(void **state)
{
    struct fixture *f = *state;
    struct buf out = {0};
    ask(f->path, "big", &out);
    assert_int_equal(out.len, BIG_ANSWER / 16 * 15);
    ask(f->path, "nothing", &out);
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

static void the_socket_is_its_owners(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    if (geteuid() != 0)
        return; /* only root can become somebody else */
    assert_int_equal(chmod(f->directory, 0755) | chmod(f->parent, 0755), 0);
    for (int open = 0; open < 2; open++) {
        if (open)
            assert_int_equal(chmod(f->path, 0666), 0); /* the mode is not the only guard */
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            struct buf out = {0};
            struct err err = {0};
            bool denied = false;
            if (setuid(4321) == 0)
                for (int tries = 0; !denied && tries < 20; tries++)
                    denied = control_ask(f->path, "status", &out, &err) < 0 && err.exit_code == EXIT_DENIED;
            buf_free(&out);
            _exit(denied ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

static void a_live_socket_is_refused_and_a_stale_one_replaced(void **state)
{
    struct fixture *f = *state;
    struct control *second;
    struct buf out = {0};
    struct err err = {0};
    assert_int_equal(control_start(&second, f->path, "drc-test eu", commands, NULL, &err), -1);
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    char *text = xasprintf("another instance runs here: somebody listens at %s; stop it first", f->path);
    assert_string_equal(err.text, text);
    free(text);
    ask(f->path, "status", &out); /* the first is unharmed */
    buf_free(&out);

    char *stale = xasprintf("%s/stale.sock", f->parent);
    struct sockaddr_un a = address_of(stale);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 1), 0);
    (void)close(fd); /* as a kill leaves it */
    assert_int_equal(access(stale, F_OK), 0);
    if (control_start(&second, stale, "drc-test us", commands, NULL, &err) < 0)
        fail_msg("%s", err.text);
    fd = connected(stale);
    expect(fd, "drc-test us protocol 1\n");
    control_stop(&second, NULL);
    expect_end(fd);
    assert_int_equal(access(stale, F_OK), -1);
    free(stale);
}

static void what_cannot_be_a_socket_is_left_alone(void **state)
{
    struct fixture *f = *state;
    struct control *c;
    struct err err = {0};
    char *file = xasprintf("%s/file", f->parent);
    FILE *made = fopen(file, "w");
    assert_non_null(made);
    (void)fclose(made);
    assert_int_equal(control_start(&c, file, "p", commands, NULL, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_int_equal(access(file, F_OK), 0);
    (void)unlink(file);
    free(file);
    char *deep = xasprintf("%s/no/such/x.sock", f->parent);
    assert_int_equal(control_start(&c, deep, "p", commands, NULL, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    free(deep);
    char long_path[200];
    memset(long_path, 'x', sizeof long_path);
    long_path[0] = '/';
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(control_start(&c, long_path, "p", commands, NULL, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
}

#define RIVALS 4
#define ROUNDS 100

struct rival {
    pthread_t thread;
    pthread_barrier_t *begin;
    const char *path;
    struct control *control;
    struct err err;
};

static void *rival_thread(void *arg)
{
    struct rival *r = arg;
    (void)pthread_barrier_wait(r->begin);
    (void)!control_start(&r->control, r->path, "p", commands, NULL, &r->err);
    return NULL;
}

/* A stale socket, and several that want its place. */
static void compete(const char *path)
{
    struct sockaddr_un a = address_of(path);
    struct rival rivals[RIVALS] = {0};
    pthread_barrier_t begin_now;
    int winners = 0;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    (void)close(fd);
    assert_int_equal(pthread_barrier_init(&begin_now, NULL, RIVALS), 0);
    for (size_t i = 0; i < RIVALS; i++) {
        rivals[i].path = path;
        rivals[i].begin = &begin_now;
        assert_int_equal(pthread_create(&rivals[i].thread, NULL, rival_thread, &rivals[i]), 0);
    }
    for (size_t i = 0; i < RIVALS; i++)
        assert_int_equal(pthread_join(rivals[i].thread, NULL), 0);
    for (size_t i = 0; i < RIVALS; i++) {
        winners += rivals[i].control != NULL;
        if (!rivals[i].control)
            assert_int_equal(rivals[i].err.exit_code, EXIT_UNSAFE);
    }
    assert_int_equal(winners, 1);
    assert_int_equal(access(path, F_OK), 0);
    for (size_t i = 0; i < RIVALS; i++)
        control_stop(&rivals[i].control, NULL);
    (void)pthread_barrier_destroy(&begin_now);
}

static void one_of_many_that_start_at_once_gets_the_place(void **state)
{
    struct fixture *f = *state;
    char *path = xasprintf("%s/contested.sock", f->parent);
    for (int i = 0; i < ROUNDS; i++)
        compete(path);
    free(path);
}

/* A daemon of another release: sends `greeting`, then whatever is left of it. */
struct other {
    int fd;
    const char *says;
};

static void *other_thread(void *arg)
{
    const struct other *o = arg;
    int fd = accept(o->fd, NULL, NULL);
    (void)send(fd, o->says, strlen(o->says), MSG_NOSIGNAL); /* the client may have given up */
    (void)close(fd);
    return NULL;
}

/* False: the other's thread has not run for as long as a client waits. */
static bool ask_fails(const char *path, const char *says, enum err_class class, int exit_code)
{
    struct sockaddr_un a = address_of(path);
    struct other o = {.fd = socket(AF_UNIX, SOCK_STREAM, 0), .says = says};
    struct buf out = {0};
    struct err err = {0};
    pthread_t thread;
    assert_int_equal(bind(o.fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(o.fd, 1), 0);
    assert_int_equal(pthread_create(&thread, NULL, other_thread, &o), 0);
    assert_int_equal(control_ask(path, "status", &out, &err), -1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)close(o.fd);
    (void)unlink(path);
    buf_free(&out);
    if (strstr(err.text, "no answer at"))
        return false;
    assert_int_equal(err.class, class);
    assert_int_equal(err.exit_code, exit_code);
    assert_null(strchr(err.text, '\x1b')); /* it goes to a terminal */
    return true;
}

static void assert_ask_fails(const char *path, const char *says, enum err_class class, int exit_code)
{
    for (int tries = 0; tries < 20; tries++)
        if (ask_fails(path, says, class, exit_code))
            return;
    fail_msg("no answer, in twenty tries");
}

static void a_daemon_that_speaks_otherwise_is_refused(void **state)
{
    struct fixture *f = *state;
    struct buf out = {0};
    struct err err = {0};
    char *path = xasprintf("%s/other.sock", f->parent);
    assert_ask_fails(path, "drc-test eu protocol 2\n", ERR_FATAL, EXIT_UNSAFE);
    assert_ask_fails(path, "drc-test eu protocol 1x\n", ERR_FATAL, EXIT_UNSAFE);
    assert_ask_fails(path, "SSH-2.0\n", ERR_FATAL, EXIT_UNSAFE);
    assert_ask_fails(path, "drc-test eu protocol \n", ERR_FATAL, EXIT_UNSAFE);
    assert_ask_fails(path, "\x1b[2J protocol 2\n", ERR_FATAL, EXIT_UNSAFE);
    assert_ask_fails(path, "denied: whoever you are\n", ERR_FATAL, EXIT_DENIED);
    assert_ask_fails(path, "busy: too many clients\n", ERR_RETRY, EXIT_TRY_AGAIN);
    assert_ask_fails(path, "drc-test", ERR_RETRY, EXIT_TRY_AGAIN);
    assert_ask_fails(path, "drc-test eu protocol 1\nhalf an answer\n", ERR_RETRY, EXIT_TRY_AGAIN);
    assert_int_equal(control_ask(path, "status", &out, &err), -1);
    assert_int_equal(err.class, ERR_RETRY);
    free(path);
}

#define WITH_CONTROL(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CONTROL(lines_are_answered_up_to_an_empty_line),
        WITH_CONTROL(a_client_that_says_no_more_still_gets_its_answers),
        WITH_CONTROL(an_overlong_command_ends_the_conversation),
        WITH_CONTROL(one_client_too_many_is_turned_away),
        WITH_CONTROL(a_client_that_does_not_read_holds_up_nobody),
        WITH_CONTROL(long_and_empty_answers_arrive_whole),
        WITH_CONTROL(the_socket_is_its_owners),
        WITH_CONTROL(a_live_socket_is_refused_and_a_stale_one_replaced),
        WITH_CONTROL(what_cannot_be_a_socket_is_left_alone),
        WITH_CONTROL(one_of_many_that_start_at_once_gets_the_place),
        WITH_CONTROL(a_daemon_that_speaks_otherwise_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
