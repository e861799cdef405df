/* Writing INSERT, UPDATE and DELETE for a table. */
#include "common/target/sql_statement.h"

#include "common/model/column_type.h"
#include "common/target/sql_value.h"

/* Is column i a value that the image brings, and the target takes? */
static bool is_given(const struct sql_statement_setup *s, const uint8_t *present, uint16_t i)
{
    return table_bitmap_has(present, i) && !s->table->def->columns[i].generated;
}

static void put_param(struct sql_statement *out, uint16_t column, bool before)
{
    out->params[out->param_count++] = (struct sql_param){column, before};
}

static bool is_written(const struct span *written, uint16_t i)
{
    return written && written[i].p;
}

static void put_column(struct sql_statement *out, const struct target_table *t, uint16_t i)
{
    db_put_name(&out->text, t->def->columns[i].name);
}

/* ---- finding a row ---- */

/* A placeholder that compares with its column as the column itself does, so that the server can use the key. */
static void put_key_value(struct sql_statement *out, const struct target_table *t, uint16_t i)
{
    const struct target_column *tc = &t->columns[i];
    bool converted = tc->charset && sql_kind_of(&t->def->columns[i], tc) == SQL_BYTES;
    if (converted)
        buf_printf(&out->text, "CONVERT(? USING %s) COLLATE %s", tc->charset, tc->collation);
    else
        buf_put_u8(&out->text, '?');
}

static void put_key_column(struct sql_statement *out, const struct target_table *t, uint16_t i)
{
    bool single = t->def->columns[i].type == COLUMN_FLOAT; /* else the server rounds what it is compared with */
    buf_put_str(&out->text, single ? "CAST(" : "");
    put_column(out, t, i);
    buf_put_str(&out->text, single ? " AS DOUBLE)" : "");
}

static void put_key(struct sql_statement *out, const struct target_table *t)
{
    for (uint16_t p = 0; p < t->def->key_count; p++) {
        uint16_t i = t->def->key[p];
        buf_put_str(&out->text, p ? " AND " : "");
        put_key_column(out, t, i);
        buf_put_str(&out->text, " = ");
        put_key_value(out, t, i);
        put_param(out, i, true);
    }
}

/* No key: texts by their bytes, since a collation would find others that are alike. */
static void put_equal(struct sql_statement *out, const struct sql_statement_setup *s, uint16_t i)
{
    const struct target_table *t = s->table;
    const struct column *c = &t->def->columns[i];
    bool text = t->columns[i].charset && column_info(c)->kind == KIND_STRING;
    bool single = c->type == COLUMN_FLOAT;
    buf_put_str(&out->text, text || single ? "CAST(" : "");
    put_column(out, t, i);
    buf_put_str(&out->text, text ? " AS BINARY)" : single ? " AS DOUBLE)" : "");
    buf_put_str(&out->text, " <=> ");
    if (is_written(s->written_before, i)) {
        buf_put_span(&out->text, s->written_before[i]);
        return;
    }
    buf_put_str(&out->text, c->type == COLUMN_JSON ? "CAST(? AS JSON)" : "?");
    put_param(out, i, true);
}

static void put_whole_row(struct sql_statement *out, const struct sql_statement_setup *s)
{
    const char *between = "";
    for (uint16_t i = 0; i < s->table->def->column_count; i++) {
        if (!is_given(s, s->shape->present_before, i))
            continue;
        buf_put_str(&out->text, between);
        put_equal(out, s, i);
        between = " AND ";
    }
    buf_put_str(&out->text, " LIMIT 1");
}

static void put_where(struct sql_statement *out, const struct sql_statement_setup *s)
{
    buf_put_str(&out->text, " WHERE ");
    if (s->table->def->key_count)
        put_key(out, s->table);
    else
        put_whole_row(out, s);
}

/* ---- statements ---- */

static void put_values(struct sql_statement *out, const struct sql_statement_setup *s)
{
    const char *between = "(";
    for (uint16_t i = 0; i < s->table->def->column_count; i++) {
        if (!is_given(s, s->shape->present_after, i))
            continue;
        buf_put_str(&out->text, between);
        between = ",";
        if (is_written(s->written_after, i)) {
            buf_put_span(&out->text, s->written_after[i]);
            continue;
        }
        buf_put_u8(&out->text, '?');
        put_param(out, i, false);
    }
    buf_put_u8(&out->text, ')');
}

static void put_insert(struct sql_statement *out, const struct sql_statement_setup *s)
{
    const struct target_table *t = s->table;
    const char *between = "";
    buf_put_str(&out->text, "INSERT INTO ");
    target_table_put_name(t, &out->text);
    buf_put_str(&out->text, " (");
    for (uint16_t i = 0; i < t->def->column_count; i++) {
        if (!is_given(s, s->shape->present_after, i))
            continue;
        buf_put_str(&out->text, between);
        put_column(out, t, i);
        between = ", ";
    }
    buf_put_str(&out->text, ") VALUES ");
    for (size_t row = 0; row < s->rows; row++) {
        buf_put_str(&out->text, row ? "," : "");
        out->param_count = 0;
        put_values(out, s);
    }
}

/* A date or time that is not set may be one that the server sets by itself: ON UPDATE CURRENT_TIMESTAMP. */
static bool may_set_itself(const struct column *c)
{
    return column_info(c)->kind == KIND_TEMPORAL && !c->generated;
}

enum set_form { SET_NOT, SET_ITSELF, SET_VALUE };

static enum set_form set_form(const struct sql_statement_setup *s, uint16_t i)
{
    const struct column *c = &s->table->def->columns[i];
    bool kept = c->key_order != COLUMN_NO_KEY && !s->moves;
    if (is_given(s, s->shape->present_after, i) && !kept && !(s->leave && s->leave[i]))
        return SET_VALUE;
    return may_set_itself(c) ? SET_ITSELF : SET_NOT;
}

static void put_set(struct sql_statement *out, const struct sql_statement_setup *s, uint16_t i, enum set_form form)
{
    put_column(out, s->table, i);
    buf_put_str(&out->text, " = ");
    if (form == SET_ITSELF) {
        put_column(out, s->table, i);
    } else if (is_written(s->written_after, i)) {
        buf_put_span(&out->text, s->written_after[i]);
    } else {
        buf_put_u8(&out->text, '?');
        put_param(out, i, false);
    }
}

static void put_update(struct sql_statement *out, const struct sql_statement_setup *s)
{
    const struct target_table *t = s->table;
    const char *between = "";
    buf_put_str(&out->text, "UPDATE ");
    target_table_put_name(t, &out->text);
    buf_put_str(&out->text, " SET ");
    for (uint16_t i = 0; i < t->def->column_count; i++) {
        enum set_form form = set_form(s, i);
        if (form == SET_NOT)
            continue;
        buf_put_str(&out->text, between);
        put_set(out, s, i, form);
        between = ", ";
    }
    if (!*between) /* nothing to change, but the row must be there */
        put_set(out, s, t->def->key[0], SET_ITSELF);
    put_where(out, s);
}

/* One column: IN (…), which the servers turn into ranges best. */
static void put_in(struct sql_statement *out, const struct target_table *t, size_t rows)
{
    uint16_t i = t->def->key[0];
    put_column(out, t, i);
    for (size_t row = 0; row < rows; row++) {
        buf_put_str(&out->text, row ? "," : " IN (");
        put_key_value(out, t, i);
    }
    buf_put_u8(&out->text, ')');
    put_param(out, i, true);
}

static void put_keys(struct sql_statement *out, const struct target_table *t, size_t rows)
{
    buf_put_str(&out->text, " WHERE ");
    if (t->def->key_count == 1) {
        put_in(out, t, rows);
        return;
    }
    for (size_t row = 0; row < rows; row++) {
        out->param_count = 0;
        buf_put_str(&out->text, row ? " OR (" : "(");
        put_key(out, t);
        buf_put_u8(&out->text, ')');
    }
}

static void put_delete(struct sql_statement *out, const struct sql_statement_setup *s)
{
    const struct target_table *t = s->table;
    buf_put_str(&out->text, "DELETE FROM ");
    target_table_put_name(t, &out->text);
    if (s->rows == 1)
        put_where(out, s);
    else
        put_keys(out, t, s->rows);
}

void sql_statement_make(struct sql_statement *out, const struct sql_statement_setup *setup, struct arena *a)
{
    *out = (struct sql_statement){0};
    out->params = arena_alloc(a, 2 * (size_t)setup->table->def->column_count * sizeof *out->params);
    if (setup->shape->op == ROWS_INSERT)
        put_insert(out, setup);
    else if (setup->shape->op == ROWS_UPDATE)
        put_update(out, setup);
    else
        put_delete(out, setup);
}

bool sql_row_moves(const struct table_def *t, const struct cell *before, const struct cell *after)
{
    for (uint16_t p = 0; p < t->key_count; p++)
        if (!span_eq(before[t->key[p]].data, after[t->key[p]].data))
            return true;
    return false;
}

bool sql_deletes_many(const struct target_table *t)
{
    for (uint16_t p = 0; p < t->def->key_count; p++)
        if (t->def->columns[t->def->key[p]].type == COLUMN_FLOAT)
            return false;
    return t->def->key_count > 0;
}
