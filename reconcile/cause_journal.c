/* The entry of a journal that is about one row: by its key as the journal shows it, else, where that is masked, is
 * another key, or was another one before the change, by the images that the entry keeps. */
#include <inttypes.h>

#include "common/base/utf8.h"
#include "common/target/journal.h"
#include "common/target/journal_images.h"
#include "reconcile/cause_private.h"

#define IMAGES_MOST 200u /* entries of one transaction and table whose images are looked at */

static uint64_t number(struct span text)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        n = n * 10 + (uint64_t)(text.p[i] - '0');
    return n;
}

static void put_entries(struct buf *sql, const char *columns, const struct difference *d, const char *link,
                        uint64_t seq)
{
    buf_printf(sql, "SELECT %s FROM drc.conflicts WHERE seq = %" PRIu64 " AND link = ", columns, seq);
    db_put_string(sql, span_str(link));
    buf_put_str(sql, " AND db = ");
    db_put_string(sql, d->db);
    buf_put_str(sql, " AND tbl = ");
    db_put_string(sql, d->table);
    buf_put_str(sql, " AND state <> '" JOURNAL_NOTED "'"); /* nothing was lost by those */
}

/* ---- by the key as it is shown ---- */

static const struct difference_column *column_of(const struct difference *d, struct span name)
{
    for (size_t i = 0; i < d->column_count; i++)
        if (span_eq(d->columns[i].name, name))
            return &d->columns[i];
    return NULL;
}

/* As journal_put_key_json writes it. False: the primary key is not all known here. */
static bool put_shown_key(struct buf *out, const struct table_def *t, const struct difference *d)
{
    struct buf key = {0};
    bool known = t->key_count > 0;
    buf_put_str(&key, "{");
    for (uint16_t i = 0; known && i < t->key_count; i++) {
        const struct difference_column *c = column_of(d, t->columns[t->key[i]].name);
        known = c != NULL;
        if (!known)
            break;
        buf_put_str(&key, i == 0 ? "\"" : ", \"");
        utf8_put_json(&key, c->name);
        buf_put_str(&key, "\": ");
        buf_put_span(&key, difference_key_value(c));
    }
    buf_put_str(&key, "}");
    if (known)
        db_put_string(out, buf_span(&key));
    buf_free(&key);
    return known;
}

static uint64_t by_shown_key(struct cause *c, const struct difference *d, int side, const char *link, uint64_t seq)
{
    struct arena arena = {0};
    struct db_rows rows = {0};
    struct buf *sql = &c->text;
    struct err err = {0};
    uint64_t id = 0;
    buf_clear(sql);
    put_entries(sql, "MAX(id)", d, link, seq);
    buf_put_str(sql, " AND row_key = ");
    if (put_shown_key(sql, c->plan->tables[side]->def, d) &&
        db_query(c->dbs[side], &rows, &arena, buf_cstr(sql), &err) == 0 && rows.row_count == 1)
        id = number(db_cell(&rows, 0, 0));
    arena_free(&arena);
    return id;
}

/* ---- by images ---- */

static bool is_row(struct cause *c, const struct difference *d, const struct table_def *t, const struct cell *image)
{
    struct buf value = {0};
    bool same = image != NULL;
    for (uint16_t i = 0; same && i < c->plan->key_count; i++) {
        struct span name = c->plan->key[i].of[0].c->name;
        const struct difference_column *column = column_of(d, name);
        int at = table_def_find(t, name);
        same = column && at >= 0;
        if (!same)
            break;
        buf_clear(&value);
        cell_put_json(&t->columns[at], &image[at], &value);
        same = span_eq(buf_span(&value), difference_key_value(column));
    }
    buf_free(&value);
    return same;
}

static bool is_about(struct cause *c, const struct difference *d, struct span bytes, struct arena *arena)
{
    struct journal_images images;
    struct bytes r = bytes_of(bytes);
    journal_images_read(&images, &r, arena);
    for (int i = 0; !r.bad && i < JOURNAL_IMAGES; i++)
        if (is_row(c, d, images.table, images.images[i]))
            return true;
    return false;
}

static uint64_t by_images(struct cause *c, const struct difference *d, int side, const char *link, uint64_t seq)
{
    struct arena arena = {0};
    struct db_rows rows = {0};
    struct buf *sql = &c->text;
    struct err err = {0};
    uint64_t id = 0;
    buf_clear(sql);
    put_entries(sql, "id, images", d, link, seq);
    buf_printf(sql, " ORDER BY id DESC LIMIT %u", IMAGES_MOST);
    if (db_query(c->dbs[side], &rows, &arena, buf_cstr(sql), &err) == 0)
        for (size_t i = 0; id == 0 && i < rows.row_count; i++)
            if (is_about(c, d, db_cell(&rows, i, 1), &arena))
                id = number(db_cell(&rows, i, 0));
    arena_free(&arena);
    return id;
}

uint64_t cause_journal_entry(struct cause *c, const struct difference *d, int side, const char *link, uint64_t seq)
{
    uint64_t id = by_shown_key(c, d, side, link, seq);
    return id > 0 ? id : by_images(c, d, side, link, seq);
}
