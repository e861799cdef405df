/* Lines of the log: text, JSON, priorities, what is cut; bursts; what was logged last; the last line. */
#include "common/base/log.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/base/err.h"
#include "common/base/log_line.h"
#include "tests/unit/cmocka_all.h"

#define GOT_MAX 60000

static char got[GOT_MAX];

/* What `act` writes to stderr. */
static const char *logged(enum log_level level, enum log_format format, const char *journal, void (*act)(void))
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    int old = dup(STDERR_FILENO);
    dup2(fds[1], STDERR_FILENO);
    if (journal)
        setenv("JOURNAL_STREAM", journal, 1);
    else
        unsetenv("JOURNAL_STREAM");
    log_setup(level, format);
    act();
    dup2(old, STDERR_FILENO);
    close(old);
    close(fds[1]);
    ssize_t n = read(fds[0], got, sizeof got - 1);
    assert_true(n >= 0);
    got[n] = '\0';
    close(fds[0]);
    return got;
}

static void nasty(void)
{
    log_event(MSG_KAFKA_NO_ACK, log_str("topic", "drc.shop eu"), log_detail("slow\nvery"), log_u64("seconds", 12),
              log_i64("offset", -1), log_str("none", ""), log_str("odd", "a=\"b\\\xff\""));
}

static void plain(void)
{
    log_plain(MSG_PROGRESS_AGAIN);
}

static void table(void)
{
    log_event(MSG_SERIAL_TABLE, log_table(span_str("shop"), span_str("item")));
}

static void odd_table(void)
{
    log_event(MSG_SERIAL_TABLE, log_table(span_str("shop"), span_str("an item")));
}

static void debugs(void)
{
    log_debug("seen %d", 5);
}

static void text_is_for_people_and_splits_again(void **state)
{
    (void)state;
    assert_string_equal(
        logged(LOG_INFO, LOG_TEXT, "8:1234", nasty),
        "<4>DRC-2002 Kafka does not acknowledge: slow\\x0avery topic=\"drc.shop eu\" seconds=12 offset=-1 "
        "none=\"\" odd=\"a=\\\"b\\\\\\xff\\\"\"\n");
    const char *line = logged(LOG_INFO, LOG_TEXT, NULL, plain);
    assert_true(line[4] == '-' && line[10] == 'T' && line[19] == '.' && line[23] == 'Z');
    assert_string_equal(line + 24, " notice: DRC-1012 all threads get on again\n");
    assert_string_equal(logged(LOG_WARN, LOG_TEXT, NULL, plain), "");
    assert_string_equal(logged(LOG_INFO, LOG_TEXT, NULL, debugs), "");
    assert_string_equal(logged(LOG_DEBUG, LOG_TEXT, "8:1", debugs), "<7>seen 5\n");
    assert_non_null(strstr(logged(LOG_INFO, LOG_TEXT, NULL, table), "one after another table=shop.item\n"));
    assert_non_null(strstr(logged(LOG_INFO, LOG_TEXT, NULL, odd_table), " table=\"shop.an item\"\n"));
}

static void json_is_one_object_a_line(void **state)
{
    (void)state;
    const char *line = logged(LOG_INFO, LOG_JSON, NULL, nasty);
    assert_memory_equal(line, "{\"time\":\"20", 11);
    assert_string_equal(
        line + strlen("{\"time\":\"2026-01-31T23:59:59.123456Z\""),
        ",\"level\":\"warning\",\"id\":\"DRC-2002\",\"message\":\"Kafka does not acknowledge: slow\\nvery\","
        "\"fields\":{\"topic\":\"drc.shop eu\",\"seconds\":12,\"offset\":-1,\"none\":\"\","
        "\"odd\":\"a=\\\"b\\\\\xef\xbf\xbd\\\"\"}}\n");
    line = logged(LOG_INFO, LOG_JSON, NULL, odd_table);
    assert_non_null(strstr(line, "\"fields\":{\"table\":\"shop.an item\"}}\n"));
    line = logged(LOG_DEBUG, LOG_JSON, "8:1", debugs);
    assert_memory_equal(line, "<7>{\"time\":", 11);
    assert_non_null(strstr(line, ",\"level\":\"debug\",\"message\":\"seen 5\",\"fields\":{}}\n"));
}

static char longest[3 * LOG_LINE_TEXTS];

static void logs_longest(void)
{
    log_event(MSG_FINDING_NOTE, log_detail(longest), log_str("more", longest), log_str("rest", "x"));
}

/* The line is on the stack, in a buffer that must not grow: whatever is put in, it fits. */
static void whatever_is_logged_fits(void **state)
{
    static const char fills[] = {'a', '\x01', '"', '\\', '\xc3', '\xff'};
    (void)state;
    for (size_t i = 0; i < sizeof fills; i++) {
        memset(longest, fills[i], sizeof longest - 1);
        const char *line = logged(LOG_INFO, LOG_TEXT, "8:1", logs_longest);
        assert_int_equal(line[strlen(line) - 1], '\n');
        assert_true(strlen(line) < LOG_LINE_MAX);
        line = logged(LOG_INFO, LOG_JSON, NULL, logs_longest);
        assert_true(strlen(line) < LOG_LINE_MAX);
        assert_non_null(strstr(line, "...\",\"fields\":{\"more\":\""));
        assert_string_equal(line + strlen(line) - 3, "}}\n");
    }
    memset(longest, 'a', sizeof longest - 1);
    memcpy(longest + LOG_LINE_TEXTS - 6, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 9); /* no half character */
    assert_null(strstr(logged(LOG_INFO, LOG_JSON, NULL, logs_longest), "\xef\xbf\xbd"));
}

static void storm(void)
{
    for (int i = 0; i < 1000; i++)
        log_event(MSG_WORKER_RECONNECTS, log_str("link", "a:b"), log_u64("worker", (uint64_t)i), log_detail("gone"));
    log_event(MSG_WORKER_RECONNECTS, log_str("link", "b:a"), log_u64("worker", 1), log_detail("gone"));
    for (int i = 0; i < 30; i++)
        log_event(MSG_PUBLISHED_LOST, log_str("gtid", "0-1-5"));
    log_stop(MSG_STOP_SOURCE_LOST, "drc-test", EXIT_UNSAFE, "the source lost transactions");
}

static size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
        n++;
    return n;
}

static void a_burst_is_counted_and_told_once(void **state)
{
    (void)state;
    const char *text = logged(LOG_INFO, LOG_TEXT, NULL, storm);
    assert_int_equal(count_of(text, "DRC-3030 a worker has lost its connection, the others go on: gone link=a:b"), 10);
    assert_int_equal(count_of(text, "the others go on: repeated 990 times in 10 s link=a:b\n"), 1);
    assert_int_equal(count_of(text, "link=b:a"), 1);  /* another key */
    assert_int_equal(count_of(text, "DRC-2011"), 30); /* each is told */
    const char *last = strstr(text, "DRC-2506 drc-test: stopped, exit code 69: the source lost transactions\n");
    assert_non_null(last);
    assert_string_equal(strchr(last, '\n'), "\n");
}

static void say_sixty(void)
{
    for (uint64_t i = 0; i < 60; i++)
        log_event(MSG_DDL_IGNORED, log_str("ddl", "ALTER\tTABLE"), log_u64("n", i));
}

static void the_last_lines_are_kept(void **state)
{
    static struct log_recent lines[LOG_RECENT_MAX + 5];
    (void)state;
    (void)logged(LOG_INFO, LOG_TEXT, NULL, say_sixty);
    assert_int_equal(log_recent(lines, LOG_RECENT_MAX + 5), LOG_RECENT_MAX);
    assert_string_equal(lines[0].text, "DRC-4207 ddl of the source is ignored ddl=\"ALTER\\x09TABLE\" n=10");
    assert_string_equal(lines[49].text, "DRC-4207 ddl of the source is ignored ddl=\"ALTER\\x09TABLE\" n=59");
    assert_int_equal(lines[49].id, MSG_DDL_IGNORED);
    assert_int_equal(lines[49].level, LOG_NOTICE);
    assert_true(lines[49].wall_us >= lines[0].wall_us && lines[0].wall_us > 0);
    assert_int_equal(log_recent(lines, 2), 2);
    assert_non_null(strstr(lines[1].text, "n=59"));
    memset(longest, 'b', sizeof longest - 1);
    (void)logged(LOG_INFO, LOG_TEXT, NULL, logs_longest);
    assert_int_equal(log_recent(lines, 1), 1);
    assert_true(strlen(lines[0].text) < LOG_RECENT_LEN);
    assert_string_equal(lines[0].text + strlen(lines[0].text) - 3, "...");
}

static void levels_have_names(void **state)
{
    (void)state;
    assert_int_equal(log_level_parse("error"), LOG_ERROR);
    assert_int_equal(log_level_parse("debug"), LOG_DEBUG);
    assert_int_equal(log_level_parse("loud"), -1);
    assert_int_equal(log_level_parse(""), -1);
    assert_string_equal(log_level_name(LOG_WARN), "warning");
}

static void a_stop_has_an_id_and_an_exit_code(void **state)
{
    (void)state;
    struct err err = {0}, kept;
    assert_int_equal(err_stop(&err, MSG_STOP_CAPTURE_FENCED, "fenced by %s", "epoch 5"), -1);
    assert_int_equal(err.class, ERR_FATAL);
    assert_int_equal(err.exit_code, EXIT_DENIED);
    assert_int_equal(err.id, MSG_STOP_CAPTURE_FENCED);
    kept = err;
    (void)err_prefix(&kept, "topic %s", "t");
    (void)err_hint(&kept, "look there");
    assert_int_equal(kept.id, MSG_STOP_CAPTURE_FENCED);
    assert_string_equal(kept.text, "topic t: fenced by epoch 5; look there");
    (void)err_fatal(&err, EXIT_UNSAFE, "another one");
    assert_int_equal(err.id, MESSAGE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_for_people_and_splits_again),
        cmocka_unit_test(json_is_one_object_a_line),
        cmocka_unit_test(whatever_is_logged_fits),
        cmocka_unit_test(a_burst_is_counted_and_told_once),
        cmocka_unit_test(the_last_lines_are_kept),
        cmocka_unit_test(levels_have_names),
        cmocka_unit_test(a_stop_has_an_id_and_an_exit_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
