/* Readers of event bodies, one by one: headers, formats, GTIDs of all shapes, GTID sets, statements, XIDs. */
#include "tests/unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/binlog/event_control.h"
#include "common/binlog/event_gtid.h"
#include "common/binlog/event_query.h"
#include "common/binlog/xid.h"
#include "tests/unit/binlog/event_kit.h"

static const struct event_format no_checksums = {.flavor = FLAVOR_MYSQL};

/* An event around a body; both live as long as `bytes`. */
static struct event event_of(struct buf *bytes, uint8_t type, const void *body, size_t n)
{
    struct event e;
    buf_clear(bytes);
    kit_event(bytes, type, 0, 1000, span_of(body, n), false);
    assert_int_equal(event_parse(&e, &no_checksums, buf_span(bytes), NULL), 0);
    assert_int_equal(e.body.n, n);
    return e;
}

static void headers_must_be_whole_and_true(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct event e;
    struct err err;
    kit_event(&bytes, EVENT_XID, 0x80, 777, span_of("12345678", 8), false);
    assert_int_equal(event_parse(&e, &no_checksums, buf_span(&bytes), &err), 0);
    assert_int_equal(e.type, EVENT_XID);
    assert_int_equal(e.timestamp, KIT_TIME);
    assert_int_equal(e.server_id, KIT_SERVER);
    assert_int_equal(e.next_pos, 777);
    assert_int_equal(e.flags, 0x80);
    assert_true(span_is(e.body, "12345678"));
    for (size_t n = 0; n < bytes.len; n++) {
        uint8_t *exact = malloc(n ? n : 1); /* so that a sanitizer sees every byte too many */
        memcpy(exact, bytes.data, n);
        assert_int_equal(event_parse(&e, &no_checksums, span_of(exact, n), &err), -1);
        assert_int_equal(err.exit_code, EXIT_UNSAFE);
        free(exact);
    }
    buf_free(&bytes);
}

static void formats_are_checked(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct event e;
    struct event_format none = {0}, f;
    struct err err;
    kit_format(&bytes, FLAVOR_MARIADB, true);
    bytes.data[17] |= 1; /* in use: not in the checksum */
    assert_int_equal(event_parse(&e, &none, buf_span(&bytes), &err), 0);
    assert_int_equal(event_read_format(&f, &e, &err), 0);
    assert_true(f.checksum);
    assert_int_equal(f.flavor, FLAVOR_MARIADB);
    assert_int_equal(f.version, 101106);
    assert_int_equal(f.fixed_len[EVENT_TABLE_MAP], 8);
    bytes.data[19 + 2] = '9'; /* the version's first digit */
    assert_int_equal(event_parse(&e, &none, buf_span(&bytes), &err), -1);
    assert_non_null(strstr(err.text, "wrong checksum"));
    buf_clear(&bytes);
    kit_format(&bytes, FLAVOR_MYSQL, false);
    assert_int_equal(event_parse(&e, &none, buf_span(&bytes), &err), 0);
    assert_int_equal(event_read_format(&f, &e, &err), 0);
    assert_int_equal(f.flavor, FLAVOR_MYSQL);
    assert_int_equal(f.version, 90704);
    assert_string_equal(f.server, "9.7.4");
    bytes.data[19] = 3; /* binlog version */
    assert_int_equal(event_read_format(&f, &e, &err), -1);
    assert_non_null(strstr(err.text, "binlog version 3"));
    bytes.data[19] = 4;
    bytes.data[bytes.len - EVENT_CHECKSUM_LEN - 1] = 9;
    assert_int_equal(event_read_format(&f, &e, &err), -1);
    assert_non_null(strstr(err.text, "checksum algorithm 9"));
    buf_free(&bytes);
}

static void mysql_gtids_grew_with_the_versions(void **state)
{
    (void)state;
    struct buf bytes = {0}, body = {0};
    struct event_gtid g;
    struct err err;
    char text[GTID_TEXT_LEN];
    buf_put_u8(&body, 1);
    for (int i = 0; i < 16; i++)
        buf_put_u8(&body, (uint8_t)(i * 17));
    buf_put_le(&body, 42, 8);
    struct event e = event_of(&bytes, EVENT_GTID, body.data, body.len);
    assert_int_equal(event_read_gtid_mysql(&g, &e, &err), 0);
    assert_string_equal(gtid_text(text, &g.gtid), "00112233-4455-6677-8899-aabbccddeeff:42");
    assert_int_equal(g.commit_us, (uint64_t)KIT_TIME * 1000000);
    assert_int_equal(g.flags, GROUP_STATEMENTS);
    buf_put_u8(&body, 2);
    buf_put_le(&body, 7, 8);
    buf_put_le(&body, 9, 8);
    buf_put_le(&body, 1700000000123456u | (uint64_t)1 << 55, 7);
    buf_put_le(&body, 1600000000000001u, 7);
    buf_put_lenenc(&body, 70000);
    buf_put_le(&body, 80400, 4);
    e = event_of(&bytes, EVENT_GTID, body.data, body.len);
    assert_int_equal(event_read_gtid_mysql(&g, &e, &err), 0);
    assert_int_equal(g.last_committed, 7);
    assert_int_equal(g.sequence_number, 9);
    assert_int_equal(g.commit_us, 1700000000123456u);
    assert_int_equal(g.original_us, 1600000000000001u);
    assert_int_equal(g.length, 70000);
    e = event_of(&bytes, EVENT_GTID, body.data, 58);
    assert_int_equal(event_read_gtid_mysql(&g, &e, &err), -1);
    memset(body.data + 17, 0, 8);
    e = event_of(&bytes, EVENT_GTID, body.data, body.len);
    assert_int_equal(event_read_gtid_mysql(&g, &e, &err), -1);
    e = event_of(&bytes, EVENT_ANONYMOUS_GTID, body.data, body.len);
    assert_int_equal(event_read_gtid_mysql(&g, &e, &err), 0);
    assert_int_equal(g.gtid.flavor, FLAVOR_NONE);
    buf_free(&bytes);
    buf_free(&body);
}

/* MySQL's integers of 1–9 bytes. */
static void put_varlen(struct buf *out, uint64_t v)
{
    unsigned n = 1;
    while (n < 9 && v >> (n < 8 ? 7 * n : 56))
        n++;
    if (n == 9) {
        buf_put_u8(out, 0xff);
        buf_put_le(out, v, 8);
    } else {
        uint64_t low = v << n | ((1u << (n - 1)) - 1);
        buf_put_le(out, low, n);
    }
}

static void put_varlen_signed(struct buf *out, int64_t v)
{
    put_varlen(out, v < 0 ? (uint64_t)(-(v + 1)) << 1 | 1 : (uint64_t)v << 1);
}

static void put_tagged(struct buf *body, uint64_t must_know, int64_t gno)
{
    struct buf fields = {0};
    put_varlen(&fields, must_know);
    put_varlen(&fields, 0);
    put_varlen(&fields, 0); /* flags */
    put_varlen(&fields, 1);
    for (unsigned i = 0; i < 16; i++)
        put_varlen(&fields, i * 17);
    put_varlen(&fields, 2);
    put_varlen_signed(&fields, gno);
    put_varlen(&fields, 3);
    put_varlen(&fields, 3);
    buf_put_str(&fields, "tag");
    put_varlen(&fields, 4);
    put_varlen_signed(&fields, -5);
    put_varlen(&fields, 5);
    put_varlen_signed(&fields, 6);
    put_varlen(&fields, 6);
    put_varlen(&fields, 1700000000123456u);
    put_varlen(&fields, 8);
    put_varlen(&fields, UINT64_MAX);
    put_varlen(&fields, 9);
    put_varlen(&fields, 90704);
    buf_clear(body);
    put_varlen(body, 1);
    put_varlen(body, fields.len);
    buf_put_span(body, buf_span(&fields));
    buf_free(&fields);
}

static void tagged_gtids(void **state)
{
    (void)state;
    struct buf bytes = {0}, body = {0};
    struct event_gtid g;
    struct err err;
    char text[GTID_TEXT_LEN];
    static const int64_t numbers[] = {
        1, 63, 64, 8191, 8192, 1 << 20, (int64_t)1 << 40, ((int64_t)1 << 55) - 1, INT64_MAX - 1};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char expected[GTID_TEXT_LEN];
        put_tagged(&body, 9, numbers[i]);
        struct event e = event_of(&bytes, EVENT_GTID_TAGGED, body.data, body.len);
        assert_int_equal(event_read_gtid_tagged(&g, &e, &err), 0);
        (void)snprintf(expected, sizeof expected, "00112233-4455-6677-8899-aabbccddeeff:tag:%lld",
                       (long long)numbers[i]);
        assert_string_equal(gtid_text(text, &g.gtid), expected);
        assert_int_equal(g.last_committed, -5);
        assert_int_equal(g.sequence_number, 6);
        assert_int_equal(g.commit_us, 1700000000123456u);
        assert_int_equal(g.original_us, 1700000000123456u);
        assert_true(g.length == UINT64_MAX);
        for (size_t n = 0; n + 12 < body.len; n++) {
            e = event_of(&bytes, EVENT_GTID_TAGGED, body.data, n);
            if (event_read_gtid_tagged(&g, &e, &err) == 0) /* where a field ends; a sanitizer sees a byte too many */
                assert_true(g.gtid.mysql.gno == (uint64_t)numbers[i]);
        }
    }
    put_tagged(&body, 40, 1);
    struct event e = event_of(&bytes, EVENT_GTID_TAGGED, body.data, body.len);
    assert_int_equal(event_read_gtid_tagged(&g, &e, &err), -1);
    assert_non_null(strstr(err.text, "must not be passed over"));
    put_tagged(&body, 9, 0);
    e = event_of(&bytes, EVENT_GTID_TAGGED, body.data, body.len);
    assert_int_equal(event_read_gtid_tagged(&g, &e, &err), -1);
    buf_free(&bytes);
    buf_free(&body);
}

static void put_source(struct buf *body, const char *tag, bool tagged, uint64_t first, uint64_t end)
{
    buf_put(body, "\x11\x11\x11\x11\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55\x55", 16);
    if (tagged) {
        buf_put_u8(body, (uint8_t)(strlen(tag) << 1));
        buf_put_str(body, tag);
    }
    buf_put_le(body, 1, 8);
    buf_put_le(body, first, 8);
    buf_put_le(body, end, 8);
}

static void sets_of_executed_gtids(void **state)
{
    (void)state;
    struct buf bytes = {0}, body = {0}, text = {0};
    struct position p = {0};
    struct err err;
    buf_put_le(&body, 2, 8);
    put_source(&body, "", false, 1, 6);
    put_source(&body, "", false, 9, 10);
    struct event e = event_of(&bytes, EVENT_PREVIOUS_GTIDS, body.data, body.len);
    assert_int_equal(event_read_previous_gtids(&p, &e, &err), 0);
    position_put_text(&p, &text);
    assert_string_equal(buf_cstr(&text), "11111111-2222-3333-4444-555555555555:1-5:9");
    buf_clear(&text);
    buf_clear(&body);
    buf_put_le(&body, (uint64_t)1 << 56 | 2 << 8 | 1, 8);
    put_source(&body, "", true, 1, 3);
    put_source(&body, "blue", true, 4, 8);
    e = event_of(&bytes, EVENT_PREVIOUS_GTIDS, body.data, body.len);
    assert_int_equal(event_read_previous_gtids(&p, &e, &err), 0);
    position_put_text(&p, &text);
    assert_string_equal(buf_cstr(&text), "11111111-2222-3333-4444-555555555555:1-2:blue:4-7");
    for (size_t n = 0; n < body.len; n++) {
        e = event_of(&bytes, EVENT_PREVIOUS_GTIDS, body.data, n);
        assert_int_equal(event_read_previous_gtids(&p, &e, &err), -1);
    }
    buf_clear(&body);
    buf_put_le(&body, 0xf0000002, 4); /* flags in the upper bits of the count */
    for (unsigned i = 0; i < 2; i++) {
        buf_put_le(&body, 3, 4);
        buf_put_le(&body, 100 + i, 4);
        buf_put_le(&body, 50 - i, 8);
    }
    buf_clear(&text);
    e = event_of(&bytes, EVENT_GTID_LIST, body.data, body.len);
    assert_int_equal(event_read_gtid_list(&p, &e, &err), 0);
    position_put_text(&p, &text);
    assert_string_equal(buf_cstr(&text), "3-101-49");
    e = event_of(&bytes, EVENT_GTID_LIST, body.data, body.len - 1);
    assert_int_equal(event_read_gtid_list(&p, &e, &err), -1);
    position_free(&p);
    buf_free(&bytes);
    buf_free(&body);
    buf_free(&text);
}

static void status_variables(void **state)
{
    (void)state;
    struct buf bytes = {0}, body = {0}, scratch = {0};
    struct event_query q;
    struct err err;
    static const uint8_t vars[] = {0, 1,  0,  0, 0,  1, 0x20, 0, 0xa0, 0x45, 0,  0,   0, 0,   6,   3,   's', 't',  'd',
                                   3, 1,  0,  1, 0,  4, 45,   0, 46,   0,    8,  0,   5, 3,   'U', 'T', 'C', 7,    1,
                                   0, 8,  33, 0, 11, 1, 'u',  1, 'h',  12,   2,  'a', 0, 'b', 'c', 0,   13,  0x40, 0xe2,
                                   1, 17, 9,  0, 0,  0, 0,    0, 0,    0,    18, 1,   0, 128, 1,   2,   3,   130,  4,
                                   1, 2,  3,  4, 5,  6, 7,    8, 131,  1,    1,  2,   3, 4,   250, 9,   9};
    buf_put_le(&body, 55, 4);
    buf_put_le(&body, 3, 4);
    buf_put_u8(&body, 2);
    buf_put_le(&body, 1062, 2);
    buf_put_le(&body, sizeof vars, 2);
    buf_put(&body, vars, sizeof vars);
    buf_put_str(&body, "db");
    buf_put_u8(&body, 0);
    buf_put_str(&body, "DROP TABLE t");
    struct event e = event_of(&bytes, EVENT_QUERY, body.data, body.len);
    assert_int_equal(event_read_query(&q, &e, &no_checksums, &scratch, &err), 0);
    assert_true(span_is(q.db, "db") && span_is(q.sql, "DROP TABLE t") && span_is(q.time_zone, "UTC"));
    assert_int_equal(q.thread_id, 55);
    assert_int_equal(q.exec_seconds, 3);
    assert_int_equal(q.error_code, 1062);
    assert_int_equal(q.flags2, 1);
    assert_int_equal(q.sql_mode, 0x45a00020);
    assert_int_equal(q.charset_client, 45);
    assert_int_equal(q.collation_connection, 46);
    assert_int_equal(q.collation_server, 8);
    assert_int_equal(q.microseconds, 0x030201);
    assert_int_equal(q.xid, 9);
    body.data[11] = 2; /* the variables end inside one */
    e = event_of(&bytes, EVENT_QUERY, body.data, body.len);
    assert_int_equal(event_read_query(&q, &e, &no_checksums, &scratch, &err), -1);
    e = event_of(&bytes, EVENT_QUERY, body.data, 12);
    assert_int_equal(event_read_query(&q, &e, &no_checksums, &scratch, &err), -1);
    buf_free(&bytes);
    buf_free(&body);
    buf_free(&scratch);
}

static void kinds_of_statements(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        enum query_kind kind;
        const char *name;
    } cases[] = {
        {"BEGIN",                                       QUERY_BEGIN,        ""         },
        {"begin",                                       QUERY_BEGIN,        ""         },
        {"BEGIN NOT ATOMIC SELECT 1; END",              QUERY_OTHER,        ""         },
        {"START TRANSACTION",                           QUERY_BEGIN,        ""         },
        {"START SLAVE",                                 QUERY_OTHER,        ""         },
        {"COMMIT",                                      QUERY_COMMIT,       ""         },
        {"COMMITTED",                                   QUERY_OTHER,        ""         },
        {"ROLLBACK",                                    QUERY_ROLLBACK,     ""         },
        {"ROLLBACK TO `a b`",                           QUERY_ROLLBACK_TO,  "a b"      },
        {"ROLLBACK TO SAVEPOINT x",                     QUERY_ROLLBACK_TO,  "x"        },
        {"ROLLBACK TO `SAVEPOINT`",                     QUERY_ROLLBACK_TO,  "SAVEPOINT"},
        {"ROLLBACK WORK TO savepoint \"q\"\"q\"",       QUERY_ROLLBACK_TO,  "q\"\"q"   },
        {"SAVEPOINT `a``b`",                            QUERY_SAVEPOINT,    "a``b"     },
        {"RELEASE SAVEPOINT a",                         QUERY_RELEASE,      ""         },
        {"XA START X'00'",                              QUERY_XA_START,     ""         },
        {"XA END X'00'",                                QUERY_XA_END,       ""         },
        {"XA COMMIT X'00'",                             QUERY_XA_COMMIT,    ""         },
        {"xa rollback X'00'",                           QUERY_XA_ROLLBACK,  ""         },
        {"XA RECOVER",                                  QUERY_OTHER,        ""         },
        {"CREATE TABLE t (a int)",                      QUERY_CREATE_TABLE, ""         },
        {"CREATE OR REPLACE TABLE t (a int)",           QUERY_CREATE_TABLE, ""         },
        {"CREATE OR REPLACE TEMPORARY TABLE t (a int)", QUERY_TEMPORARY,    ""         },
        {"CREATE /* x */ TEMPORARY TABLE t (a int)",    QUERY_TEMPORARY,    ""         },
        {"DROP /*!40005 TEMPORARY */ TABLE t",          QUERY_TEMPORARY,    ""         },
        {"DROP /*M!100100 TEMPORARY */ TABLE t",        QUERY_TEMPORARY,    ""         },
        {"DROP TABLE t",                                QUERY_OTHER,        ""         },
        {"CREATE DATABASE d",                           QUERY_OTHER,        ""         },
        {"/*!50003 INSERT */ INTO t",                   QUERY_DML,          ""         },
        {"# c\n-- d\n /* e */ DELETE FROM t",           QUERY_DML,          ""         },
        {"( SELECT 1 )",                                QUERY_DML,          ""         },
        {"WITH x AS (SELECT 1) DELETE FROM t",          QUERY_DML,          ""         },
        {"INSERTED",                                    QUERY_OTHER,        ""         },
        {"`INSERT` x",                                  QUERY_DML,          ""         },
        {"",                                            QUERY_OTHER,        ""         },
        {"/*",                                          QUERY_OTHER,        ""         },
        {"SAVEPOINT `open",                             QUERY_SAVEPOINT,    "open"     },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span name;
        if (query_classify(span_str(cases[i].sql), &name) != cases[i].kind || !span_is(name, cases[i].name))
            fail_msg("\"%s\" was taken for kind %d, name \"%.*s\"", cases[i].sql,
                     query_classify(span_str(cases[i].sql), NULL), SPAN_ARG(name));
    }
}

static void xids_have_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        const char *text; /* NULL: refused */
    } cases[] = {
        {"XA COMMIT X'6162',X'63',7",           "X'6162',X'63',7"},
        {"XA ROLLBACK X'6162'",                 "X'6162',X'',1"  },
        {"xa prepare 0x6162 , 0x , 4294967295", "X'6162',X'',-1" },
        {"XA END X'',X'',-1",                   "X'',X'',-1"     },
        {"XA COMMIT 'ab'",                      NULL             },
        {"XA COMMIT X'6",                       NULL             },
        {"XA COMMIT X'61',1",                   NULL             },
        {"XA COMMIT X'61',X'62',99999999999",   NULL             },
        {"XA RECOVER",                          NULL             },
        {"COMMIT",                              NULL             },
    };
    struct buf xid = {0}, text = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_clear(&xid);
        buf_clear(&text);
        bool known = xid_from_statement(&xid, span_str(cases[i].sql));
        assert_int_equal(known, cases[i].text != NULL);
        if (!known)
            continue;
        struct bytes r = bytes_of(buf_span(&xid));
        assert_true(span_eq(xid_read(&r), buf_span(&xid)) && !r.bad && bytes_left(&r) == 0);
        xid_put_text(&text, buf_span(&xid));
        assert_string_equal(buf_cstr(&text), cases[i].text);
    }
    char longest[200] = "XA COMMIT X'";
    for (int n = 0; n < 65; n++)
        strcat(longest, "ff");
    assert_false(xid_from_statement(&xid, span_str(longest)));
    struct bytes bad = bytes_of(span_of("\1\0\0\0\x41\0", 6));
    assert_int_equal(xid_read(&bad).n, 0);
    assert_true(bad.bad);
    buf_free(&xid);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_must_be_whole_and_true),
        cmocka_unit_test(formats_are_checked),
        cmocka_unit_test(mysql_gtids_grew_with_the_versions),
        cmocka_unit_test(tagged_gtids),
        cmocka_unit_test(sets_of_executed_gtids),
        cmocka_unit_test(status_variables),
        cmocka_unit_test(kinds_of_statements),
        cmocka_unit_test(xids_have_one_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
