/* Any text as a DDL statement: the tokenizer stays inside it, and what it says goes through the codec unchanged. */
#include <stdlib.h>

#include "common/model/ddl_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_round_trip(const struct ddl *d)
{
    struct buf wire = {0};
    struct arena arena = {0};
    struct ddl back;
    struct err err = {0};
    ddl_put(d, &wire);
    must(ddl_read(&back, buf_span(&wire), &arena, &err) == 0);
    must(back.class == d->class && span_eq(back.text, d->text) && back.sql_mode == d->sql_mode);
    must(back.table_count == d->table_count);
    for (size_t i = 0; i < d->table_count; i++)
        must(span_eq(back.tables[i].db, d->tables[i].db) && span_eq(back.tables[i].name, d->tables[i].name));
    buf_free(&wire);
    arena_free(&arena);
}

/* The first two bytes choose sql_mode and character set. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct arena arena = {0};
    struct ddl d = {
        .text = span_of(data + 2, size - 2),
        .sql_mode = (data[0] & 4u) | (data[0] & 1u ? UINT64_C(1) << 20 : 0),
        .charset_client = data[1],
    };
    ddl_text_classify(&d, data[0] & 2u ? FLAVOR_MYSQL : FLAVOR_MARIADB, &arena);
    must(d.class == DDL_OTHER || d.table_count > 0);
    for (size_t i = 0; i < d.table_count; i++)
        must(d.class == DDL_OTHER || d.tables[i].name.n > 0);
    check_round_trip(&d);
    arena_free(&arena);
    return 0;
}
