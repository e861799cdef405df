/* One lost transaction as an item of the report; of conflicting ones the rows that were written since, with both
 * images.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "common/target/local_row.h"
#include "common/target/session.h"
#include "reconcile/lost_tail.h"

#define ROWS_TOLD 100u /* of one transaction */
#define NAME_MAX_BYTES 400u

struct lost_table {
    struct target_table *target; /* at the survivor; NULL: there is none that can be read */
};

struct lost_teller {
    struct lost_tail *tail;
    struct db *db;
    bool unreachable;
    struct table_cache cache;
    struct map tables; /* pointer of a definition -> struct lost_table * */
    struct arena arena;
    struct arena scratch; /* of a record */
    uint64_t seq;
    struct buf names; /* of the tables of this transaction, as JSON strings */
    struct map named;
    bool wished;      /* one of them is wished for */
    struct buf rows;  /* its conflicting rows as JSON objects */
    struct buf lines; /* and as lines */
    uint64_t rows_told;
    uint64_t rows_more;
};

struct lost_teller *lost_teller_new(struct lost_tail *tail)
{
    struct lost_teller *t = xcalloc(1, sizeof *t);
    t->tail = tail;
    return t;
}

void lost_teller_free(struct lost_teller **teller)
{
    struct lost_teller *t = *teller;
    struct span key;
    void *value;
    size_t i = 0;
    if (!t)
        return;
    while (map_next(&t->tables, &i, &key, &value))
        target_table_free(&((struct lost_table *)value)->target);
    map_free(&t->tables);
    map_free(&t->named);
    table_cache_free(&t->cache);
    arena_free(&t->arena);
    arena_free(&t->scratch);
    buf_free(&t->names);
    buf_free(&t->rows);
    buf_free(&t->lines);
    db_close(&t->db);
    free(t);
    *teller = NULL;
}

/* ---- what the survivor has ---- */

/* A survivor that does not answer makes the report poorer, not wrong. */
static bool reach(struct lost_teller *t)
{
    struct err err = {0};
    if (t->db || t->unreachable)
        return !t->unreachable;
    t->unreachable = target_session_open(&t->db, t->tail->survivor, "drc-reconcile", &err) != 0;
    if (t->unreachable)
        report_problem(t->tail->report, err.text);
    return !t->unreachable;
}

static struct target_table *table_of(struct lost_teller *t, const struct table_def *def)
{
    void **at = map_ref(&t->tables, span_of(&def, sizeof def));
    struct err err = {0};
    if (!*at) {
        struct lost_table *fresh = arena_zalloc(&t->arena, sizeof *fresh);
        if (reach(t) && target_table_load(&fresh->target, t->db, def->db, def->name, &err) <= 0)
            target_table_free(&fresh->target);
        *at = fresh;
    }
    return ((struct lost_table *)*at)->target;
}

/* The survivor's row of that key: NULL where there is none, or it cannot be read (`*known` is false). */
static const struct cell *find_row(struct lost_teller *t, const struct target_table *target,
                                   const struct table_def *def, const struct cell *image, bool *known)
{
    const struct table_def *its = target->def;
    struct cell *key = arena_zalloc(&t->scratch, its->column_count * sizeof *key);
    const struct cell *keys[1] = {key};
    struct local_rows rows;
    struct err err = {0};
    *known = its->key_count > 0 && its->key_count == def->key_count;
    for (uint16_t i = 0; i < its->column_count; i++)
        key[i].absent = true;
    for (uint16_t i = 0; *known && i < its->key_count; i++) {
        const struct column *c = &its->columns[its->key[i]];
        int from = table_def_find(def, c->name);
        *known = from >= 0 && column_same_cells(&def->columns[from], c, NULL);
        if (*known)
            key[its->key[i]] = image[from];
    }
    *known = *known && local_rows_by_key(&rows, t->db, target, keys, 1, LOCAL_NO_LOCK, &t->scratch, &err) == 0;
    return *known && rows.count > 0 ? rows.rows[0] : NULL;
}

/* ---- rows as JSON ---- */

static void put_text(struct buf *out, struct span text)
{
    buf_put_str(out, "\"");
    utf8_put_json(out, text);
    buf_put_str(out, "\"");
}

static void put_image(const struct lost_teller *t, const struct table_def *def, const struct cell *image, bool key_only,
                      struct buf *out)
{
    bool first = true;
    buf_put_str(out, "{");
    for (uint16_t i = 0; i < def->column_count; i++) {
        if (image[i].absent || (key_only && def->columns[i].key_order == COLUMN_NO_KEY))
            continue;
        buf_put_str(out, first ? "" : ", ");
        put_text(out, def->columns[i].name);
        buf_put_str(out, ": ");
        mask_put_json(&t->tail->mask, def, image, i, out);
        first = false;
    }
    buf_put_str(out, "}");
}

/* For people: "shop.item {"id": 3}", and under it what either side has. */
static void put_row_lines(struct lost_teller *t, const struct table_def *def, const struct cell *image,
                          const struct cell *after, const struct table_def *its, const struct cell *there, bool known)
{
    struct buf *out = &t->lines;
    buf_put_str(out, "\n      ");
    utf8_put_printable(out, def->db, NAME_MAX_BYTES);
    buf_put_str(out, ".");
    utf8_put_printable(out, def->name, NAME_MAX_BYTES);
    buf_put_str(out, " ");
    put_image(t, def, image, true, out);
    buf_printf(out, "\n        lost in %s: ", t->tail->dead->name);
    after ? put_image(t, def, after, false, out) : buf_put_str(out, "its deletion");
    buf_printf(out, "\n        now in %s: ", t->tail->survivor->name);
    there ? put_image(t, its, there, false, out) : buf_put_str(out, known ? "no such row" : "not known");
}

static void put_row(struct lost_teller *t, const struct rows *rows, const struct cell *before, const struct cell *after)
{
    const struct table_def *def = rows->table;
    const struct target_table *target = table_of(t, def);
    bool known = false;
    const struct cell *there = target ? find_row(t, target, def, after ? after : before, &known) : NULL;
    struct buf *out = &t->rows;
    buf_printf(out, "%s{\"op\": \"%s\", \"db\": ", out->len > 0 ? ", " : "", rows_op_name(rows->op));
    put_text(out, def->db);
    buf_put_str(out, ", \"table\": ");
    put_text(out, def->name);
    buf_put_str(out, ", \"key\": ");
    put_image(t, def, after ? after : before, true, out);
    buf_put_str(out, ", \"before\": ");
    before ? put_image(t, def, before, false, out) : buf_put_str(out, "null");
    buf_put_str(out, ", \"lost\": ");
    after ? put_image(t, def, after, false, out) : buf_put_str(out, "null");
    buf_put_str(out, ", \"survivor\": ");
    there ? put_image(t, target->def, there, false, out) : buf_put_str(out, known ? "null" : "\"unknown\"");
    buf_put_str(out, "}");
    put_row_lines(t, def, after ? after : before, after, target ? target->def : NULL, there, known);
}

static void take_row(struct lost_teller *t, const struct rows *rows, const struct cell *before,
                     const struct cell *after)
{
    struct lost_keys *keys = t->tail->keys;
    bool written = (before && lost_keys_is_written(keys, rows->table, before)) ||
                   (after && lost_keys_is_written(keys, rows->table, after));
    if (!written)
        return;
    if (t->rows_told == ROWS_TOLD) {
        t->rows_more++;
        return;
    }
    t->rows_told++;
    put_row(t, rows, before, after);
}

static void name_table(struct lost_teller *t, struct span db, struct span name)
{
    struct buf id = {0};
    buf_put_sized(&id, db);
    buf_put_span(&id, name);
    void **at = map_ref(&t->named, buf_span(&id));
    buf_clear(&id);
    if (!*at) {
        buf_printf(&id, "%.*s.%.*s", SPAN_ARG(db), SPAN_ARG(name));
        t->wished = t->wished || !t->tail->tables || filter_match(t->tail->tables, db, name);
        buf_put_str(&t->names, t->names.len > 0 ? ", " : "");
        put_text(&t->names, buf_span(&id));
    }
    *at = t;
    buf_free(&id);
}

static int take_rows(struct lost_teller *t, const struct record *rec, struct err *err)
{
    struct body_reader body;
    struct rows rows;
    int got;
    body_open(&body, rec->body, &t->cache, &t->scratch);
    while ((got = body_next(&body, &rows, err)) > 0) {
        const struct table_def *def = rows.table;
        struct bytes r = bytes_of(rows.images);
        struct cell *cells = arena_alloc(&t->scratch, 2 * (size_t)def->column_count * sizeof *cells);
        struct cell *before = rows.op == ROWS_INSERT ? NULL : cells;
        struct cell *after = rows.op == ROWS_DELETE ? NULL : cells + def->column_count;
        name_table(t, def->db, def->name);
        for (uint32_t i = 0; i < rows.count; i++) {
            if (before)
                image_split(before, def, rows.present_before, &r);
            if (after)
                image_split(after, def, rows.present_after, &r);
            take_row(t, &rows, before, after);
        }
    }
    return got;
}

static int take_statement(struct lost_teller *t, const struct record *rec, struct err *err)
{
    struct ddl ddl;
    if (ddl_read(&ddl, rec->body, &t->scratch, err))
        return -1;
    for (size_t i = 0; i < ddl.table_count; i++)
        name_table(t, ddl.tables[i].db.n > 0 ? ddl.tables[i].db : ddl.db, ddl.tables[i].name);
    return 0;
}

/* ---- the item ---- */

static void tell(struct lost_teller *t, const struct record *rec, const struct lost_verdict *v)
{
    char gtid[GTID_TEXT_LEN], at[CLOCK_TEXT_LEN];
    struct buf json = {0}, text = {0};
    gtid_text(gtid, &rec->gtid);
    clock_text(at, rec->commit_us);
    buf_printf(&json, "\"gtid\": \"%s\", \"seq\": %" PRIu64 ", \"at\": \"%s\", \"class\": \"%s\", \"why\": ", gtid,
               rec->seq, at, lost_class_name(v->class));
    put_text(&json, span_str(v->why));
    buf_printf(&json, ", \"kind\": \"%s\", \"row_changes\": %" PRIu64 ", \"tables\": [", record_kind_name(rec->kind),
               v->rows);
    buf_put_span(&json, buf_span(&t->names));
    buf_put_str(&json, "], \"rows\": [");
    if (v->class == LOST_CONFLICTING)
        buf_put_span(&json, buf_span(&t->rows));
    buf_printf(&json, "], \"rows_more\": %" PRIu64, v->class == LOST_CONFLICTING ? t->rows_more : 0);
    buf_printf(&text, "%s seq %" PRIu64 " at %s: %s, %" PRIu64 " row change%s of ", gtid, rec->seq, at,
               lost_class_name(v->class), v->rows, v->rows == 1 ? "" : "s");
    buf_put_span(&text, buf_span(&t->names));
    if (*v->why)
        buf_printf(&text, ": %s", v->why);
    if (v->class == LOST_CONFLICTING)
        buf_put_span(&text, buf_span(&t->lines));
    if (v->class == LOST_CONFLICTING && t->rows_more > 0)
        buf_printf(&text, "\n      and %" PRIu64 " more rows", t->rows_more);
    const struct report_item item = {
        .type = "transaction", .json = buf_span(&json), .text = buf_span(&text), .difference = true};
    report_item(t->tail->report, &item);
    buf_free(&json);
    buf_free(&text);
}

int lost_tell(struct lost_teller *t, const struct record *rec, const struct lost_verdict *verdict, struct err *err)
{
    arena_reset(&t->scratch);
    if (t->seq != rec->seq) {
        t->seq = rec->seq;
        t->rows_told = t->rows_more = 0;
        buf_clear(&t->names);
        buf_clear(&t->rows);
        buf_clear(&t->lines);
        map_clear(&t->named);
        t->wished = false;
    }
    if ((rec->kind == RECORD_DATA && take_rows(t, rec, err)) ||
        (rec->kind == RECORD_DDL && take_statement(t, rec, err)))
        return -1;
    if ((rec->flags & RECORD_LAST) && t->wished)
        tell(t, rec, verdict);
    else if (rec->flags & RECORD_LAST)
        t->tail->untold++;
    return 0;
}
