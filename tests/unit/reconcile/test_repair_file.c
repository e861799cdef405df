/* The file of a repair when the disk is full: it ends with a whole block, and takes nothing more. */
#include "reconcile/repair_file.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/cmocka_all.h"

static off_t size_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void put_long_text(struct repair_file *f, size_t n)
{
    struct buf text = {0};
    memset(buf_grow(&text, n), 'x', n);
    repair_file_put_text(f, buf_span(&text), false, NULL);
    buf_free(&text);
}

static void a_full_disk_leaves_what_is_whole(void **state)
{
    (void)state;
    char path[] = "/tmp/drc-repair-XXXXXX";
    struct repair_file *f;
    struct err err = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    const struct repair_file_setup setup = {.path = path, .pair = "shop", .region = "us", .what = "repairs rows"};
    assert_int_equal(repair_file_open(&f, &setup, &err), 0);
    repair_file_put_text(f, span_str("SELECT 1"), false, NULL);
    assert_int_equal(repair_file_flush(f, &err), 0);
    off_t whole = size_of(path);

    (void)signal(SIGXFSZ, SIG_IGN);
    limit_files((rlim_t)whole + 50000);
    put_long_text(f, 200000);
    assert_int_equal(repair_file_flush(f, &err), -1);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(size_of(path), whole);
    limit_files(RLIM_INFINITY);
    put_long_text(f, 10);
    assert_int_equal(repair_file_flush(f, &err), -1);
    repair_file_close(&f);
    assert_int_equal(size_of(path), whole);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_leaves_what_is_whole),
    };
    return cmocka_run_group_tests_name("repair_file", tests, NULL, NULL);
}
