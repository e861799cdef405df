/* Marks as rows: their table, their body, and reading them out of rows of a record. Pure. */
#include "common/target/repair.h"

#include <string.h>

#include "common/base/hash.h"
#include "common/target/schema.h"

#define SEED_A 0x72657061u
#define SEED_B 0x69722e2eu

const char *repair_create_sql(void)
{
    return "CREATE TABLE IF NOT EXISTS `" DRC_DB "`.`" REPAIR_TABLE "` ("
           "`id` BINARY(16) NOT NULL COMMENT 'the run, and a number', "
           "`at` DATETIME(6) NOT NULL COMMENT 'UTC', "
           "`kind` VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'probe, repair', "
           "`asked` VARCHAR(64) NOT NULL COMMENT 'region whose applier is to answer', "
           "`seen` VARBINARY(16) NOT NULL COMMENT 'hash of the row there; empty: absent', "
           "`body` LONGBLOB NOT NULL COMMENT 'the row here', "
           "`answer` VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL, "
           "`why` VARCHAR(400) NULL, "
           "PRIMARY KEY (`id`), KEY `at` (`at`)"
           ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";
}

bool repair_is_table(const struct table_def *t)
{
    return span_is(t->db, DRC_DB) && span_is(t->name, REPAIR_TABLE);
}

const char *repair_answer_name(enum repair_answer a)
{
    static const char *const names[REPAIR_ANSWERS] = {
        [REPAIR_NONE] = "",         [REPAIR_EQUAL] = "equal",           [REPAIR_DIFFERS] = "differs",
        [REPAIR_UNLIKE] = "unlike", [REPAIR_CONCURRENT] = "concurrent", [REPAIR_DONE] = "done",
        [REPAIR_MOVED] = "moved",   [REPAIR_REFUSED] = "refused",       [REPAIR_PARKED] = "parked",
    };
    return names[a];
}

void repair_make_id(uint8_t out[REPAIR_ID_LEN], const uint8_t run[8], uint64_t number)
{
    memcpy(out, run, 8);
    for (int i = 0; i < 8; i++)
        out[8 + i] = (uint8_t)(number >> (56 - 8 * i));
}

/* ---- hashes ---- */

static void put_le(uint8_t *out, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> (8 * i));
}

void repair_hash_row(struct repair_hash *out, const struct table_def *t, const struct cell *row)
{
    struct buf image = {0};
    *out = (struct repair_hash){0};
    if (!row)
        return;
    image_put(row, t, NULL, &image);
    put_le(out->bytes, hash64(buf_span(&image), SEED_A));
    put_le(out->bytes + 8, hash64(buf_span(&image), SEED_B));
    out->len = REPAIR_HASH_LEN;
    buf_free(&image);
}

bool repair_hash_eq(const struct repair_hash *a, const struct repair_hash *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* ---- marks ---- */

void repair_put_body(struct buf *out, const struct table_def *t, enum rows_op op, const struct cell *row)
{
    struct body_writer w = {0};
    struct buf image = {0};
    image_put(row, t, NULL, &image);
    const struct rows rows = {.table = t, .op = op, .flags = ROWS_STMT_END, .count = 1, .images = buf_span(&image)};
    body_start(&w, out);
    body_put_rows(&w, &rows);
    body_free(&w);
    buf_free(&image);
}

enum { AT_ID, AT_KIND, AT_ASKED, AT_SEEN, AT_BODY, AT_COUNT };

static bool is_bytes(const struct column *c)
{
    return c->type == COLUMN_STRING || c->type == COLUMN_VARCHAR || c->type == COLUMN_BLOB;
}

/* By name: later releases may add columns anywhere. */
static int find_columns(int at[AT_COUNT], const struct table_def *t, struct err *err)
{
    static const char *const names[AT_COUNT] = {"id", "kind", "asked", "seen", "body"};
    for (int i = 0; i < AT_COUNT; i++) {
        at[i] = table_def_find(t, span_str(names[i]));
        if (at[i] < 0 || !is_bytes(&t->columns[at[i]]))
            return err_fatal(err, EXIT_UNSAFE,
                             "the source's " DRC_DB "." REPAIR_TABLE " has no column `%s` of ours: it was changed by "
                             "hand, or by a newer release",
                             names[i]);
    }
    return 0;
}

static bool take(struct span *out, const struct table_def *t, int column, const struct cell *cells, size_t most)
{
    const struct cell *c = &cells[column];
    if (c->null || c->absent)
        return false;
    *out = cell_payload(&t->columns[column], c);
    return most == 0 || out->n <= most;
}

/* One row of one table of the pair, whole. BINLOG asks for no table grants: nothing but this stands between a forged
 * mark and any table. */
static void read_body(struct repair_mark *m, struct span body, struct table_cache *cache, const struct filter *tables,
                      struct arena *a)
{
    struct body_reader reader;
    struct rows more;
    struct err ignored = {0};
    body_open(&reader, body, cache, a);
    if (body_next(&reader, &m->rows, &ignored) != 1 || m->rows.count != 1 || m->rows.op == ROWS_UPDATE ||
        m->rows.present_before || m->rows.present_after || body_next(&reader, &more, &ignored) != 0)
        m->refused = "its body is not one row";
    else if (table_is_reserved(m->rows.table->db) || !filter_match(tables, m->rows.table->db, m->rows.table->name))
        m->refused = "the table is not among those that the applier's pair file includes";
}

static bool read_one(struct repair_mark *m, struct span *body, const struct table_def *t, const int at[AT_COUNT],
                     const struct cell *cells)
{
    struct span id, kind, seen;
    *m = (struct repair_mark){.kind = REPAIR_KINDS};
    if (!take(&id, t, at[AT_ID], cells, REPAIR_ID_LEN) || !take(&kind, t, at[AT_KIND], cells, 0) ||
        !take(&m->asked, t, at[AT_ASKED], cells, 0) || !take(&seen, t, at[AT_SEEN], cells, REPAIR_HASH_LEN) ||
        !take(body, t, at[AT_BODY], cells, 0))
        return false;
    if (id.n > 0) /* BINARY loses the zeros at its end */
        memcpy(m->id, id.p, id.n);
    m->seen.len = (uint8_t)seen.n;
    if (seen.n > 0)
        memcpy(m->seen.bytes, seen.p, seen.n);
    m->kind = span_is(kind, "probe") ? REPAIR_PROBE : span_is(kind, "repair") ? REPAIR_ROW : REPAIR_KINDS;
    return seen.n == 0 || seen.n == REPAIR_HASH_LEN;
}

int repair_read_marks(struct repair_mark *out, const struct rows *rows, struct table_cache *cache,
                      const struct filter *tables, struct arena *a, struct err *err)
{
    int at[AT_COUNT] = {0};
    const struct table_def *t = rows->table;
    struct bytes r = bytes_of(rows->images);
    if (find_columns(at, t, err))
        return -1;
    struct cell *cells = arena_alloc(a, t->column_count * sizeof *cells);
    for (uint32_t i = 0; i < rows->count; i++) {
        struct span body;
        image_split(cells, t, rows->present_after, &r);
        if (r.bad || !read_one(&out[i], &body, t, at, cells))
            return err_fatal(err, EXIT_UNSAFE, "a row of the source's " DRC_DB "." REPAIR_TABLE " makes no sense");
        if (out[i].kind == REPAIR_KINDS)
            out[i].refused = "this release does not know what it asks for";
        else
            read_body(&out[i], body, cache, tables, a);
    }
    return 0;
}
