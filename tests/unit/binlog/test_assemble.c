/* What the assembler makes of sequences that no server is made to write: refusals, groups cut short, positions. */
#include "tests/unit/cmocka_all.h"

#include "common/binlog/uncompress.h"
#include "tests/unit/binlog/assemble_kit.h"

static void unknown_types_stop_unless_ignorable(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(feed_event(f, 99, EVENT_FLAG_IGNORABLE, 300, span_of("?", 1)), 0);
    assert_text(f, "");
    assert_int_equal(assembler_counts(f->a)->ignored, 1);
    assert_int_equal(feed_event(f, 99, 0, 320, span_of("?", 1)), -1);
    assert_text(f, "ERROR 69: bin.1:300: event of type 99 (UNKNOWN, 20 bytes), which this program does not know\n");
    assert_int_equal(feed_event(f, EVENT_PARTIAL_UPDATE_ROWS, 0, 400, span_of("?", 1)), -1);
    assert_has(f, "PARTIAL_UPDATE_ROWS event outside a transaction");
    assert_int_equal(feed_event(f, EVENT_INCIDENT, 0, 400, span_of("\1\0\0", 3)), -1);
    assert_has(f, "INCIDENT event");
}

static void statements_in_groups(void **state)
{
    struct fixture *f = *state;
    static const char *const refused[] = {
        "INSERT INTO t VALUES (1)", "  /* c */ update t set a=1", "ALTER TABLE t ADD x int", "(SELECT 1)",
        "REPLACE t SELECT 1",       "-- c\nDELETE FROM t",        "/*!50000 LOAD */ DATA"};
    begin(f, 1, 4);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(feed_query(f, refused[i]), -1);
        assert_has(f, "SET GLOBAL binlog_format=ROW");
    }
    assert_int_equal(feed_query(f, "INSERT INTO u VALUES ('secret')"), -1);
    assert_null(strstr(buf_cstr(&f->text.out), "secret"));
    buf_clear(&f->text.out);
    assert_int_equal(feed_query(f, "ROLLBACK TO `nowhere`"), -1);
    assert_has(f, "a savepoint that was not set");
    assert_int_equal(feed_query(f, "CREATE TEMPORARY TABLE x (a int)"), 0);
    assert_int_equal(feed_query(f, "DROP /*!40005 TEMPORARY */ TABLE IF EXISTS `x`"), 0);
    assert_int_equal(feed_query(f, "RELEASE SAVEPOINT a"), 0);
    assert_text(f, "");
    assert_int_equal(feed_query(f, "savepoint A"), 0);
    assert_int_equal(feed_query(f, "SAVEPOINT `b``c`"), 0);
    assert_int_equal(feed_query(f, "ROLLBACK WORK TO SAVEPOINT a"), 0);
    assert_int_equal(feed_query(f, "ROLLBACK TO `B``c`"), 0);
    assert_int_equal(feed_query(f, "rollback"), 0);
    assert_text(f, "SAVEPOINT 0\nSAVEPOINT 1\nROLLBACK_TO 0\nROLLBACK_TO 1\nROLLBACK\n");
    begin(f, 2, 1);
    assert_int_equal(feed_query(f, "INSERT INTO t VALUES (1)"), -1);
    assert_has(f, "SET GLOBAL binlog_format=ROW");
    assert_int_equal(feed_query(f, "DROP TEMPORARY TABLE x"), 0);
    assert_text(f, "COMMIT\n");
    assert_int_equal(feed_query(f, "COMMIT"), -1);
    assert_has(f, "without a GTID event");
    assert_int_equal(feed_event(f, EVENT_BEGIN_LOAD_QUERY, 0, 0, span_of("", 0)), -1);
    assert_has(f, "LOAD DATA");
}

static void a_group_that_a_restart_cut_is_rolled_back(void **state)
{
    struct fixture *f = *state;
    begin(f, 1, 4);
    map_and_rows(f, 1, 1);
    buf_clear(&f->text.out);
    assert_true(assembler_in_group(f->a));
    kit_format(&f->event, FLAVOR_MARIADB, false);
    assert_int_equal(feed(f), 0);
    assert_text(f, "ROLLBACK\nFORMAT mariadb 10.11.6-MariaDB\n");
    assert_false(assembler_in_group(f->a));
    begin(f, 2, 4);
    kit_gtid(&f->event, 3, 4, 600);
    assert_int_equal(feed(f), -1);
    assert_has(f, "the group before it did not end");
}

static void a_dump_begins_with_an_artificial_rotate(void **state)
{
    struct fixture *f = *state;
    static const uint8_t place[] = {0x39, 5, 0, 0, 0, 0, 0, 0, 'b', 'i', 'n', '.', '7'};
    struct span body = span_of(place, sizeof place);
    assembler_restart(f->a, "");
    assert_int_equal(feed_event(f, EVENT_QUERY, 0, 100, span_of("", 0)), -1);
    assert_text(f, "ERROR 69: binlog:81: QUERY event before any FORMAT_DESCRIPTION\n");
    /* With and without a checksum: nothing has said yet whether there are any. */
    for (int checksum = 0; checksum < 2; checksum++) {
        assembler_restart(f->a, "");
        kit_event(&f->event, EVENT_ROTATE, EVENT_FLAG_ARTIFICIAL, 0, body, checksum);
        assert_int_equal(feed(f), 0);
        assert_text(f, "ROTATE bin.7:1337, artificial\n");
        kit_format(&f->event, FLAVOR_MARIADB, checksum);
        assert_int_equal(feed(f), 0);
        buf_clear(&f->text.out);
        kit_event(&f->event, EVENT_HEARTBEAT, EVENT_FLAG_ARTIFICIAL, 2000, span_of("bin.7", 5), checksum);
        assert_int_equal(feed(f), 0);
        assert_text(f, "HEARTBEAT bin.7:2000, artificial\n");
    }
    assert_int_equal(feed_event(f, EVENT_STOP, 0, 23, span_of("", 0)), -1);
    assert_text(f, "ERROR 69: bin.7:1337: STOP event (type 3, 19 bytes): malformed: no room for its checksum\n");
    static const uint8_t damaged[] = {1, 2, 3, 4};
    assert_int_equal(feed_event(f, EVENT_STOP, 0, 23, span_of(damaged, 4)), -1);
    assert_has(f, "wrong checksum");
}

static void heartbeats_beyond_four_gigabytes(void **state)
{
    struct fixture *f = *state;
    static const uint8_t maria[] = {0, 0, 0, 0, 2, 0, 0, 0, 'b', '.', '1'};
    assert_int_equal(feed_event(f, EVENT_HEARTBEAT, EVENT_FLAG_ARTIFICIAL, 0, span_of(maria, sizeof maria)), 0);
    assert_text(f, "HEARTBEAT b.1:8589934592, artificial\n");
    static const uint8_t second[] = {1, 3, 'b', '.', '2', 2, 9, 0xfe, 0, 0, 0, 0, 3, 0, 0, 0, 9, 1, 0xff, 0};
    assert_int_equal(feed_event(f, EVENT_HEARTBEAT_V2, EVENT_FLAG_ARTIFICIAL, 0, span_of(second, sizeof second)), 0);
    assert_text(f, "HEARTBEAT b.2:12884901888, artificial\n");
    assert_int_equal(feed_event(f, EVENT_HEARTBEAT_V2, EVENT_FLAG_ARTIFICIAL, 0, span_of(second, 12)), -1);
    assert_has(f, "malformed");
}

/* Headers have 32 bits of a position. */
static void positions_pass_four_gigabytes(void **state)
{
    struct fixture *f = *state;
    static const uint32_t ends[] = {0x7fffffff, 0xfffffff0, 0x10, 0x80000000};
    static const uint64_t offsets[] = {0x7fffffe8, 0xffffffd9, 0xfffffff9, 0x17fffffe9};
    struct err err;
    struct item item;
    static const uint8_t body[] = {0, 0, 0, 0};
    for (size_t i = 0; i < 4; i++) {
        kit_event(&f->event, EVENT_GTID_LIST, 0, ends[i], span_of(body, 4), false);
        assert_int_equal(assembler_feed(f->a, buf_span(&f->event), &err), 0);
        assert_int_equal(assembler_next(f->a, &item, &err), 1);
        assert_int_equal(item.where.offset, offsets[i]);
        assert_int_equal(assembler_next(f->a, &item, &err), 0);
        buf_clear(&f->event);
    }
}

/* MariaDB 11.8 says where a transaction begins and ends, and not where its events do. */
static void positions_are_counted_inside_a_transaction(void **state)
{
    struct fixture *f = *state;
    begin(f, 1, 4); /* ends at 500 */
    kit_table_map(&f->event, 9, 0);
    size_t map = f->event.len;
    assert_int_equal(feed(f), 0);
    assert_int_equal(assembler_where(f->a).offset, 500);
    kit_rows(&f->event, 9, 1, 1, 0);
    size_t rows = f->event.len;
    assert_int_equal(feed(f), 0);
    assert_int_equal(assembler_where(f->a).offset, 500 + map);
    assert_int_equal(feed_event(f, 99, 0, 0, span_of("?", 1)), -1);
    struct buf place = {0};
    buf_printf(&place, "bin.1:%zu: event of type 99", 500 + map + rows);
    assert_has(f, buf_cstr(&place));
    buf_free(&place);
}

static void compressed_events(void **state)
{
    struct fixture *f = *state;
    struct buf body = {0};
    begin(f, 1, 4);
    kit_table_map(&f->event, 9, 600);
    assert_int_equal(feed(f), 0);
    buf_put(&body, "\x09\0\0\0\0\0\1\0\1\xff", 10);
    compress_part(&body, span_of("\xfe\1\0\0\0\xfe\2\0\0\0", 10));
    assert_int_equal(feed_event(f, EVENT_WRITE_ROWS_COMPRESSED_V1, 0, 700, buf_span(&body)), 0);
    assert_has(f, "insert d.t, statement ends, 2\n    1\n    2\n");
    body.data[11]++; /* announces a byte more than there is */
    assert_int_equal(feed_event(f, EVENT_WRITE_ROWS_COMPRESSED_V1, 0, 700, buf_span(&body)), -1);
    assert_has(f, "malformed: its compressed rows");
    body.data[11]--;
    for (size_t cut = 1; cut <= body.len - 10; cut++) {
        kit_table_map(&f->event, 9, 600);
        assert_int_equal(feed(f), 0);
        struct span part = span_of(body.data, body.len - cut);
        assert_int_equal(feed_event(f, EVENT_WRITE_ROWS_COMPRESSED_V1, 0, 700, part), -1);
        assert_has(f, "malformed");
    }
    buf_free(&body);
}

static void xa_names_come_from_statements_too(void **state)
{
    struct fixture *f = *state;
    struct buf body = {0};
    assembler_restart(f->a, "bin.1");
    kit_format(&f->event, FLAVOR_MYSQL, false);
    assert_int_equal(feed(f), 0);
    buf_put_u8(&body, 1);
    buf_put(&body, "0123456789abcdef", 16);
    buf_put_le(&body, 5, 8);
    assert_int_equal(feed_event(f, EVENT_GTID, 0, 300, buf_span(&body)), 0);
    buf_clear(&f->text.out);
    assert_int_equal(feed_query(f, "XA COMMIT 'plain',X'62',1"), -1);
    assert_has(f, "an XA statement whose XID");
    assert_int_equal(feed_query(f, "XA ROLLBACK X'6162',X'',4294967295"), 0);
    assert_text(f, "XA_ROLLBACK X'6162',X'',-1\n");
    assert_int_equal(feed_event(f, EVENT_GTID, 0, 300, buf_span(&body)), 0);
    assert_int_equal(feed_query(f, "XA START 'plain'"), -1);
    assert_has(f, "an XA statement whose XID");
    assert_int_equal(feed_query(f, "XA START X'6162',X'',1"), 0);
    assert_text(f, "XA_START X'6162',X'',1\n");
    assert_int_equal(feed_query(f, "XA END X'6162',X'',1"), 0);
    buf_clear(&f->text.out);
    static const uint8_t prepare[] = {0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 'a', 'b'};
    assert_int_equal(feed_event(f, EVENT_XA_PREPARE, 0, 400, span_of(prepare, sizeof prepare - 1)), -1);
    assert_has(f, "its XID");
    assert_int_equal(feed_event(f, EVENT_XA_PREPARE, 0, 400, span_of(prepare, sizeof prepare)), 0);
    assert_text(f, "XA_PREPARE X'6162',X'',1\n");
    buf_free(&body);
}

static void definitions_are_forgotten_only_between_groups(void **state)
{
    struct fixture *f = *state;
    struct buf body = {0};
    uint64_t made = 0;
    begin(f, 1, 4);
    while (assembler_generation(f->a) == 0) { /* tables of ever other names */
        assert_true(made++ < 2000000);
        buf_clear(&body);
        buf_put_le(&body, made, 6);
        buf_put(&body, "\x01\0\1d\0\x78", 6);
        for (int i = 0; i < 15; i++)
            buf_printf(&body, "%08llx", (unsigned long long)made);
        buf_put(&body, "\0\1\3\0\1\4\3\2id", 10);
        assert_int_equal(feed_event(f, EVENT_TABLE_MAP, 0, 0, buf_span(&body)), 0);
        if (made % 1000)
            continue;
        assert_int_equal(assembler_generation(f->a), 0);
        kit_xid(&f->event, 1, 0);
        assert_int_equal(feed(f), 0);
        begin(f, made, 4);
    }
    assert_true(assembler_counts(f->a)->maps_parsed == made);
    map_and_rows(f, 1, 3);
    assert_has(f, "insert d.t, statement ends, 1");
    buf_free(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(unknown_types_stop_unless_ignorable),        CASE(statements_in_groups),
        CASE(a_group_that_a_restart_cut_is_rolled_back),  CASE(a_dump_begins_with_an_artificial_rotate),
        CASE(heartbeats_beyond_four_gigabytes),           CASE(positions_pass_four_gigabytes),
        CASE(positions_are_counted_inside_a_transaction), CASE(compressed_events),
        CASE(xa_names_come_from_statements_too),          CASE(definitions_are_forgotten_only_between_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
