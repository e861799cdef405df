/* Any bytes as the definition in a TABLE_MAP event: what is taken keeps its meaning through the wire form and back. */
#include <stdlib.h>

#include "common/binlog/column_meta.h"
#include "common/binlog/table_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* A column's metadata, written and read again. */
static void check_column(const struct column *c, enum flavor flavor)
{
    struct buf meta = {0};
    struct column back = {0};
    uint8_t type = column_meta_put(c, &meta);
    struct bytes r = bytes_of(buf_span(&meta));
    must(column_valid(c) && column_meta_read(&back, type, &r) && bytes_left(&r) == 0);
    must(back.type == c->type && back.meta == c->meta);
    must(column_meta_members(c, flavor) || c->member_count == 0);
    must(!c->is_unsigned || column_meta_numeric(c, flavor));
    buf_free(&meta);
}

static void check_definition(const struct table_def *t, enum flavor flavor, struct arena *arena)
{
    struct buf wire = {0}, text = {0};
    for (uint16_t i = 0; i < t->column_count; i++) {
        check_column(&t->columns[i], flavor);
        must(column_type_text(&t->columns[i], &text)[0]);
        must(column_same_cells(&t->columns[i], &t->columns[i], NULL));
        int found = table_def_find(t, t->columns[i].name);
        must(found >= 0 && found <= i);
    }
    for (uint16_t i = 0; i < t->key_count; i++)
        must(t->columns[t->key[i]].key_order == i);
    const struct table_def *copy = table_def_copy(t, arena);
    must(copy->fingerprint == t->fingerprint);
    table_def_put(copy, &wire);
    struct bytes r = bytes_of(buf_span(&wire));
    const struct table_def *back = table_def_read(&r, arena);
    /* Servers may send an empty name of a database, which no record may have. */
    must(back ? back->fingerprint == t->fingerprint && bytes_left(&r) == 0 : t->db.n == 0 || t->name.n == 0);
    buf_free(&wire);
    buf_free(&text);
}

/* The first byte chooses the flavour, and whether only what every TABLE_MAP has is read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct table_def *t;
    struct err err = {0};
    if (size < 1)
        return 0;
    enum flavor flavor = data[0] & 1 ? FLAVOR_MYSQL : FLAVOR_MARIADB;
    struct span definition = span_of(data + 1, size - 1);
    int rc = table_map_parse(&t, definition, flavor, &arena, &err);
    must(rc == 0 || (err.class == ERR_FATAL && err.exit_code == EXIT_UNSAFE && err.text[0]));
    if (rc == 0)
        check_definition(t, flavor, &arena);
    arena_free(&arena);
    return 0;
}
