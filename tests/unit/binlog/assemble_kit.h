/* An assembler that is fed events one by one, and what it makes of them as text: for the tests of its parts. */
#ifndef DRC_TESTS_UNIT_BINLOG_ASSEMBLE_KIT_H
#define DRC_TESTS_UNIT_BINLOG_ASSEMBLE_KIT_H

#include "tests/unit/binlog/event_kit.h"
#include "tests/unit/binlog/items_text.h"

/* An assembler that was fed a format description, and its text so far. */
struct fixture {
    struct assembler *a;
    struct items_text text;
    struct buf event;
};

static inline int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    f->a = assembler_new();
    assembler_restart(f->a, "bin.1");
    kit_format(&f->event, FLAVOR_MARIADB, false);
    assert_int_equal(items_text_feed(&f->text, f->a, buf_span(&f->event)), 0);
    buf_clear(&f->event);
    buf_clear(&f->text.out);
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    assembler_free(&f->a);
    items_text_free(&f->text);
    buf_free(&f->event);
    free(f);
    return 0;
}

/* Feed what stands in f->event. */
static inline int feed(struct fixture *f)
{
    int rc = items_text_feed(&f->text, f->a, buf_span(&f->event));
    buf_clear(&f->event);
    return rc;
}

static inline int feed_event(struct fixture *f, uint8_t type, uint16_t flags, uint32_t next_pos, struct span body)
{
    kit_event(&f->event, type, flags, next_pos, body, false);
    return feed(f);
}

static inline int feed_query(struct fixture *f, const char *sql)
{
    kit_query(&f->event, sql, 1000);
    return feed(f);
}

static inline void begin(struct fixture *f, uint64_t seq, uint8_t flags)
{
    kit_gtid(&f->event, seq, flags, 500);
    assert_int_equal(feed(f), 0);
    buf_clear(&f->text.out);
}

static inline void map_and_rows(struct fixture *f, uint16_t flags, int32_t id)
{
    kit_table_map(&f->event, 9, 600);
    assert_int_equal(feed(f), 0);
    kit_rows(&f->event, 9, flags, id, 700);
    assert_int_equal(feed(f), 0);
}

/* The text so far is this; it is forgotten. */
static inline void assert_text(struct fixture *f, const char *expected)
{
    assert_string_equal(buf_cstr(&f->text.out), expected);
    buf_clear(&f->text.out);
}

static inline void assert_has(struct fixture *f, const char *part)
{
    if (!strstr(buf_cstr(&f->text.out), part))
        fail_msg("\"%s\" is not in: %s", part, buf_cstr(&f->text.out));
    buf_clear(&f->text.out);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
