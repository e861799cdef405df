/* The statements of a comparison. */
#include <inttypes.h>

#include "reconcile/plan.h"
#include "reconcile/value.h"

/* The separator makes bytes of the whole, whatever character sets the columns have: nothing is converted, and an
 * explicit collation is what goes before theirs. CONCAT_WS leaves NULLs out. */
#define SEPARATOR "X'2C' COLLATE `binary`"
#define LENGTHS 3u /* of strings in one number: turning numbers into text is what a row's text costs most for */
#define LENGTH_BITS 21u

/* ---- what a row holds, as one text ---- */

/* Of all strings but the last: where that one begins is known, and it is NULL if nothing, not even a separator, stands
 * there. For that something must stand before it. */
static void put_lengths(const struct plan *p, int side, uint16_t strings, bool all, struct buf *out)
{
    uint16_t last = (uint16_t)(all ? strings : strings - 1), n = 0;
    for (uint16_t i = 0; n < last; i++) {
        const struct value *v = &p->columns[i].of[side];
        if (v->class != VALUE_STRING)
            continue;
        buf_put_str(out, n % LENGTHS == 0 ? ", " : " | ");
        value_put_length(out, v);
        if (n % LENGTHS > 0)
            buf_printf(out, " << %u", n % LENGTHS * LENGTH_BITS);
        n++;
    }
}

/* CONCAT_WS of the values that are no strings, the strings' lengths, the strings: no two rows have the same. Documents
 * are not in it; where there is nothing else an empty text stands for it. */
static void put_row_text(const struct plan *p, int side, enum value_digest digest, struct buf *out)
{
    uint16_t strings = 0, others = 0;
    buf_put_str(out, "CONCAT_WS(" SEPARATOR);
    for (uint16_t i = 0; i < p->column_count; i++) {
        const struct value *v = &p->columns[i].of[side];
        bool string = v->class == VALUE_STRING, document = v->class == VALUE_DOCUMENT;
        strings = (uint16_t)(strings + string);
        others = (uint16_t)(others + (!string && !document));
        if (string || document)
            continue;
        buf_put_str(out, ", ");
        value_put_token(out, v, digest);
    }
    if (strings > 0)
        put_lengths(p, side, strings, others == 0, out);
    for (uint16_t i = 0; i < p->column_count; i++) {
        if (p->columns[i].of[side].class != VALUE_STRING)
            continue;
        buf_put_str(out, ", ");
        value_put_read(out, &p->columns[i].of[side]);
    }
    buf_put_str(out, strings + others == 0 ? ", '')" : ")");
}

void plan_put_row_hash(const struct plan *p, int side, struct buf *out)
{
    buf_put_str(out, "SHA2(");
    put_row_text(p, side, VALUE_SHA2, out);
    buf_put_str(out, ", 256)");
}

static void put_key_columns(const struct plan *p, int side, struct buf *out)
{
    for (uint16_t i = 0; i < p->key_count; i++) {
        buf_put_str(out, i == 0 ? "" : ", ");
        value_put_read(out, &p->key[i].of[side]);
    }
}

/* The optimizer of an old or young table may prefer another way; ours is always right. */
static void put_from(const struct plan *p, int side, struct buf *out)
{
    buf_put_str(out, " FROM ");
    target_table_put_name(p->tables[side], out);
    if (p->key_count > 0) {
        buf_put_str(out, " FORCE INDEX (");
        db_put_name(out, span_str(p->key_names[side]));
        buf_put_str(out, ")");
    }
}

static void put_part(const struct plan *p, int side, uint16_t part, const char *operator, struct span v,
                     struct buf *out)
{
    const struct value *value = &p->key[part].of[side];
    db_put_name(out, value->c->name);
    buf_printf(out, " %s ", operator);
    value_put_literal(out, value, v);
}

/* "(a > x OR (a = x AND (b > y OR (b = y AND c > z))))": tuples as servers can walk an index by them. The condition on
 * the first column alone is implied, and is what the range is found by. */
static void put_beyond(const struct plan *p, int side, const struct span *key, bool greater, struct buf *out)
{
    const char *strict = greater ? ">" : "<";
    uint16_t last = (uint16_t)(p->key_count - 1);
    if (p->key_count > 1) {
        put_part(p, side, 0, greater ? ">=" : "<=", key[0], out);
        buf_put_str(out, " AND ");
    }
    for (uint16_t i = 0; i < last; i++) {
        buf_put_str(out, "(");
        put_part(p, side, i, strict, key[i], out);
        buf_put_str(out, " OR (");
        put_part(p, side, i, "=", key[i], out);
        buf_put_str(out, " AND ");
    }
    put_part(p, side, last, greater ? ">" : "<=", key[last], out);
    for (uint16_t i = 0; i < last; i++)
        buf_put_str(out, "))");
}

static void put_where(const struct plan *p, int side, const struct plan_range *r, struct buf *out)
{
    if (!r->lower && !r->upper)
        return;
    buf_put_str(out, " WHERE ");
    if (r->lower)
        put_beyond(p, side, r->lower, true, out);
    if (r->lower && r->upper)
        buf_put_str(out, " AND ");
    if (r->upper)
        put_beyond(p, side, r->upper, false, out);
}

/* A CRC alone is linear: what is done to it by two equal changes, or by swapping two values, would cancel. The product
 * of two is not. The text is made once, and kept in a variable for the second. */
static void put_crcs(const struct plan *p, int side, struct buf *out)
{
    buf_put_str(out, "CRC32(@drc_row := ");
    put_row_text(p, side, VALUE_CRC, out);
    buf_put_str(out, ") * CRC32C(@drc_row)");
}

static void put_sum(const struct plan *p, int side, struct buf *out)
{
    static const struct {
        const char *before;
        const char *after;
    } forms[] = {
        [PLAN_SUM_ADD] = {"SUM(CAST(CONV(LEFT(", ", 16), 16, 10) AS UNSIGNED))"},
        [PLAN_SUM_WIDE] = {"HEX(BIT_XOR(UNHEX(",  ")))"                         },
        [PLAN_SUM_CRC] = {"BIT_XOR(",            ")"                           },
    };
    buf_printf(out, "COUNT(*), %s", forms[p->sum].before);
    if (p->sum == PLAN_SUM_CRC)
        put_crcs(p, side, out);
    else
        plan_put_row_hash(p, side, out);
    buf_put_str(out, forms[p->sum].after);
}

void plan_put_sum(const struct plan *p, int side, struct buf *out)
{
    buf_put_str(out, "SELECT ");
    put_sum(p, side, out);
    put_from(p, side, out);
}

void plan_put_sums(const struct plan *p, int side, const struct plan_range *ranges, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "%sSELECT %zu, ", i > 0 ? " UNION ALL " : "", i);
        put_sum(p, side, out);
        put_from(p, side, out);
        put_where(p, side, &ranges[i], out);
    }
}

static void put_documents(const struct plan *p, int side, struct buf *out)
{
    for (uint16_t i = 0; i < p->column_count; i++) {
        if (p->columns[i].of[side].class != VALUE_DOCUMENT)
            continue;
        buf_put_str(out, ", ");
        value_put_read(out, &p->columns[i].of[side]);
    }
}

void plan_put_lists(const struct plan *p, int side, const struct plan_range *ranges, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        buf_put_str(out, i > 0 ? " UNION ALL SELECT " : "SELECT ");
        put_key_columns(p, side, out);
        buf_put_str(out, ", ");
        if (p->sum == PLAN_SUM_CRC)
            put_crcs(p, side, out);
        else
            plan_put_row_hash(p, side, out);
        put_from(p, side, out);
        put_where(p, side, &ranges[i], out);
    }
}

static void put_order(const struct plan *p, int side, const char *way, struct buf *out)
{
    for (uint16_t i = 0; i < p->key_count; i++) {
        buf_put_str(out, i == 0 ? " ORDER BY " : ", ");
        db_put_name(out, p->key[i].of[side].c->name);
        buf_put_str(out, way);
    }
}

void plan_put_page(const struct plan *p, int side, const struct plan_range *r, uint64_t n, struct buf *out)
{
    buf_put_str(out, "SELECT ");
    put_key_columns(p, side, out);
    buf_put_str(out, ", ");
    plan_put_row_hash(p, side, out);
    put_documents(p, side, out);
    put_from(p, side, out);
    put_where(p, side, r, out);
    put_order(p, side, "", out);
    buf_printf(out, " LIMIT %" PRIu64, n);
}

void plan_put_nth(const struct plan *p, int side, const struct plan_range *r, uint64_t n, struct buf *out)
{
    buf_put_str(out, "SELECT ");
    put_key_columns(p, side, out);
    put_from(p, side, out);
    put_where(p, side, r, out);
    put_order(p, side, "", out);
    buf_printf(out, " LIMIT 1 OFFSET %" PRIu64, n - 1);
}

void plan_put_last(const struct plan *p, int side, struct buf *out)
{
    buf_put_str(out, "SELECT ");
    put_key_columns(p, side, out);
    put_from(p, side, out);
    put_order(p, side, " DESC", out);
    buf_put_str(out, " LIMIT 1");
}

void plan_put_key_is(const struct plan *p, int side, const struct span *key, struct buf *out)
{
    for (uint16_t i = 0; i < p->key_count; i++) {
        buf_put_str(out, i == 0 ? "(" : " AND ");
        put_part(p, side, i, "=", key[i], out);
    }
    buf_put_str(out, ")");
}

static void put_lookup(const struct plan *p, int side, struct buf *out)
{
    buf_put_str(out, "SELECT ");
    put_key_columns(p, side, out);
    buf_put_str(out, ", ");
    plan_put_row_hash(p, side, out);
    for (uint16_t i = 0; i < p->column_count; i++) {
        const struct value *v = &p->columns[i].of[side];
        buf_put_str(out, ", ");
        if (v->class == VALUE_DOCUMENT)
            value_put_read(out, v);
        else
            value_put_token(out, v, VALUE_SHA2);
    }
    put_from(p, side, out);
}

void plan_put_lookup(const struct plan *p, int side, const struct span *const *keys, size_t count, struct buf *out)
{
    put_lookup(p, side, out);
    for (size_t i = 0; i < count; i++) {
        buf_put_str(out, i == 0 ? " WHERE " : " OR ");
        plan_put_key_is(p, side, keys[i], out);
    }
}

void plan_put_lookup_where(const struct plan *p, int side, const struct span *conditions, size_t count, struct buf *out)
{
    put_lookup(p, side, out);
    for (size_t i = 0; i < count; i++) {
        buf_put_str(out, i == 0 ? " WHERE " : " OR ");
        buf_put_span(out, conditions[i]);
    }
}

/* ---- what rows hold ---- */

/* Not documents: to tell whether they differ takes the whole of both. */
bool plan_image_may_be_cut(const struct value *v)
{
    return v->class == VALUE_LONG || v->class == VALUE_GEOMETRY;
}

static void put_cut(const struct value *v, struct buf *out)
{
    struct buf read = {0};
    value_put_read(&read, v);
    const char *x = buf_cstr(&read);
    buf_printf(out,
               ", IF(LENGTH(%s) > %d, NULL, %s), IF(LENGTH(%s) > %d, CONCAT(LENGTH(%s), ' ', SHA2(%s, 256)), NULL)", x,
               PLAN_IMAGE_MAX, x, x, PLAN_IMAGE_MAX, x, x);
    buf_free(&read);
}

void plan_put_image_columns(const struct plan *p, int side, struct buf *out)
{
    for (uint16_t i = 0; i < p->column_count; i++) {
        const struct value *v = &p->columns[i].of[side];
        if (plan_image_may_be_cut(v)) {
            put_cut(v, out);
        } else {
            buf_put_str(out, ", ");
            value_put_read(out, v);
        }
    }
}

void plan_put_image(const struct plan *p, int side, const struct span *key, size_t number, struct buf *out)
{
    buf_printf(out, "%sSELECT %zu", out->len > 0 ? " UNION ALL " : "", number);
    plan_put_image_columns(p, side, out);
    put_from(p, side, out);
    buf_put_str(out, " WHERE ");
    plan_put_key_is(p, side, key, out);
}

/* ---- tables without a key ---- */

static void put_where_begins(const struct plan *p, int side, const struct span *starts, size_t count, struct buf *out)
{
    buf_put_str(out, " WHERE LEFT(");
    plan_put_row_hash(p, side, out);
    buf_printf(out, ", %zu) IN (", count > 0 ? starts[0].n : 0);
    for (size_t i = 0; i < count; i++) {
        buf_put_str(out, i == 0 ? "'" : ", '");
        buf_put_span(out, starts[i]);
        buf_put_str(out, "'");
    }
    buf_put_str(out, ")");
}

void plan_put_partitions(const struct plan *p, int side, struct buf *out)
{
    buf_put_str(out, "SELECT LEFT(");
    plan_put_row_hash(p, side, out);
    buf_printf(out, ", %d) AS h, ", PLAN_PARTITION_DIGITS);
    put_sum(p, side, out);
    put_from(p, side, out);
    buf_put_str(out, " GROUP BY h");
}

void plan_put_groups(const struct plan *p, int side, const struct span *starts, size_t count, struct buf *out)
{
    buf_put_str(out, "SELECT ");
    plan_put_row_hash(p, side, out);
    buf_put_str(out, " AS h, COUNT(*)");
    put_from(p, side, out);
    put_where_begins(p, side, starts, count, out);
    buf_put_str(out, " GROUP BY h");
}

/* The columns belong to no aggregate, which an empty sql_mode allows: they are those of one row of the group, and equal
 * in all. */
void plan_put_examples(const struct plan *p, int side, const struct span *starts, size_t count, struct buf *out)
{
    buf_put_str(out, "SELECT ");
    plan_put_row_hash(p, side, out);
    buf_put_str(out, " AS h");
    plan_put_image_columns(p, side, out);
    put_from(p, side, out);
    put_where_begins(p, side, starts, count, out);
    buf_put_str(out, " GROUP BY h");
}
