/* What a daemon leaves beside its socket, and when it is gone again. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/link/control.h"
#include "tests/unit/cmocka_all.h"

static const struct control_command commands[] = {
    {NULL, NULL, NULL},
};

static int make_place(void **state)
{
    char directory[] = "/tmp/drc-note-XXXXXX";
    if (!mkdtemp(directory))
        return -1;
    *state = xasprintf("%s/daemon.sock", directory);
    return 0;
}

static int remove_place(void **state)
{
    char *path = *state;
    *strrchr(path, '/') = '\0';
    int rc = rmdir(path); /* nothing may be left in it */
    free(path);
    return rc;
}

static void a_fatal_end_leaves_a_note_until_the_next_start(void **state)
{
    struct control *second;
    struct control_note note;
    struct err err = {0};
    struct err retry = {.class = ERR_RETRY, .exit_code = EXIT_TRY_AGAIN};
    const char *path = *state;
    for (int round = 0; round < 2; round++) {
        if (control_start(&second, path, "drc-test us", commands, NULL, &err) < 0)
            fail_msg("%s", err.text);
        assert_false(control_note_read(&note, path));
        (void)err_fatal(&err, EXIT_UNSAFE, "the topic %d%% was truncated", round);
        control_stop(&second, &err);
        assert_true(control_note_read(&note, path));
        assert_int_equal(note.exit_code, EXIT_UNSAFE);
        assert_string_equal(note.text, err.text);
        assert_true(note.at_us <= clock_wall_us() && note.at_us + 60000000 > clock_wall_us());
    }
    assert_int_equal(control_start(&second, path, "drc-test us", commands, NULL, &err), 0);
    control_stop(&second, &retry); /* it will be started again: nothing to tell */
    assert_false(control_note_read(&note, path));
}

static void a_mark_stays_where_a_daemon_is_killed(void **state)
{
    struct control *c;
    struct err err = {0};
    uint64_t instance = 0;
    const char *path = *state;
    pid_t child = fork();
    if (child == 0) {
        if (control_start(&c, path, "drc-test us", commands, NULL, &err) == 0)
            control_mark(c, UINT64_MAX - 1);
        (void)raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(control_mark_read(&instance, path));
    assert_true(instance == UINT64_MAX - 1);
    assert_int_equal(control_start(&c, path, "drc-test us", commands, NULL, &err), 0);
    control_mark(c, 7);
    assert_true(control_mark_read(&instance, path) && instance == 7);
    control_stop(&c, NULL);
    assert_false(control_mark_read(&instance, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_fatal_end_leaves_a_note_until_the_next_start, make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_mark_stays_where_a_daemon_is_killed, make_place, remove_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
