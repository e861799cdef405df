/* What is gathered for one BINLOG statement fits into a packet, whatever table it is of. */
#include "common/target/packet.h"

#include "common/binlog/base64.h"
#include "common/binlog/rows_encode.h"
#include "tests/unit/cmocka_all.h"

#define COLUMNS 4096 /* more than either server allows */

/* The widest definition: names of full length, two bytes of meta a column. */
static void make_table(struct table_def *t, struct arena *a)
{
    uint8_t *name = arena_alloc(a, 192);
    memset(name, 'n', 192);
    t->db = t->name = span_of(name, 192);
    t->column_count = COLUMNS;
    t->columns = arena_zalloc(a, COLUMNS * sizeof *t->columns);
    for (size_t i = 0; i < COLUMNS; i++)
        t->columns[i] =
            (struct column){.name = span_str("c"), .type = COLUMN_VARCHAR, .meta = 5, .key_order = COLUMN_NO_KEY};
}

static void rows_up_to_the_bound_fit_beside_the_widest_table(void **state)
{
    (void)state;
    static const size_t packets[] = {64u << 10, 1u << 20, (1u << 20) + 1, 16u << 20};
    struct arena a = {0};
    struct table_def t = {0};
    make_table(&t, &a);
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        const struct rows_encoder enc = {.flavor = FLAVOR_MYSQL, .version = 90700, .server_id = 1};
        const struct rows shape = {.table = &t, .op = ROWS_UPDATE, .count = 1};
        struct buf maps = {0}, events = {0}, text = {0};
        rows_encode_table_map(&maps, &enc, &t, 1);
        (void)rows_encode_start(&events, &enc, &shape, 1);
        memset(buf_grow(&events, packet_rows(packets[i])), 'x', packet_rows(packets[i]));
        base64_put_joined(&text, buf_span(&maps), buf_span(&events));
        assert_true(text.len + PACKET_STATEMENT_ROOM <= packets[i]);
        buf_free(&maps);
        buf_free(&events);
        buf_free(&text);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_up_to_the_bound_fit_beside_the_widest_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
