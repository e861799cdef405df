/* Loading the keys of a table, hashing values, and conditions that find them. */
#include "applier/shadow_table.h"

#include <stdlib.h>

#include "applier/fold.h"
#include "applier/writeset.h"
#include "common/base/hash.h"
#include "common/base/mem.h"
#include "common/target/local_row.h"

enum { SIDE_UNIQUE = 1, SIDE_CHILD, SIDE_PARENT };

/* ---- loading ---- */

static uint64_t seed_of(uint64_t table, struct span name, uint64_t side)
{
    return hash64(name, table * 4 + side);
}

static uint64_t foreign_seed(const struct foreign_key *f, uint64_t side)
{
    return seed_of(writeset_table_id(f->child_db, f->child), f->name, side);
}

static struct shadow_key *add_key(struct shadow_table *s, enum shadow_role role, uint64_t seed, size_t count)
{
    struct shadow_key *k = &s->keys[s->count++];
    *k = (struct shadow_key){.role = role, .seed = seed, .count = (uint16_t)count};
    k->columns = arena_zalloc(&s->arena, count * sizeof *k->columns);
    k->prefix = arena_zalloc(&s->arena, count * sizeof *k->prefix);
    return k;
}

static void add_unique(struct shadow_table *s, const struct target_key *key)
{
    const bool primary = strcmp(key->name, "PRIMARY") == 0;
    if (key->expression)
        return;
    struct shadow_key *k = add_key(s, primary ? SHADOW_PRIMARY : SHADOW_UNIQUE,
                                   seed_of(s->id, span_str(key->name), SIDE_UNIQUE), key->count);
    k->unique = key;
    for (uint16_t i = 0; i < key->count; i++) {
        k->columns[i] = key->columns[i];
        k->prefix[i] = key->prefix[i];
    }
}

static void add_foreign(struct shadow_table *s, const struct foreign_key *f, bool parent)
{
    const struct span *names = parent ? f->parent_columns : f->child_columns;
    for (size_t i = 0; i < f->count; i++)
        if (table_def_find(s->t->def, names[i]) < 0)
            return;
    struct shadow_key *k =
        add_key(s, parent ? SHADOW_PARENT : SHADOW_CHILD, foreign_seed(f, parent ? SIDE_PARENT : SIDE_CHILD), f->count);
    k->foreign = f;
    for (size_t i = 0; i < f->count; i++)
        k->columns[i] = (uint16_t)table_def_find(s->t->def, names[i]);
}

static void add_keys(struct shadow_table *s)
{
    const struct foreign_keys *f = &s->foreign;
    s->keys = arena_zalloc(&s->arena, (s->t->key_count + f->own_count + f->referring_count) * sizeof *s->keys);
    for (size_t i = 0; i < s->t->key_count; i++)
        add_unique(s, &s->t->keys[i]);
    for (size_t i = 0; i < f->own_count; i++)
        add_foreign(s, &f->own[i], false);
    for (size_t i = 0; i < f->referring_count; i++)
        add_foreign(s, &f->referring[i], true);
}

int shadow_table_load(struct shadow_table **out, struct db *db, struct span schema, struct span name, struct err *err)
{
    struct shadow_table *s = xcalloc(1, sizeof *s);
    int rc = target_table_load(&s->t, db, schema, name, err);
    if (rc == 1 && foreign_keys_load(&s->foreign, db, schema, name, err))
        rc = -1;
    if (rc != 1) {
        shadow_table_free(&s);
        return rc;
    }
    s->id = writeset_table_id(schema, name);
    add_keys(s);
    *out = s;
    return 1;
}

void shadow_table_free(struct shadow_table **table)
{
    struct shadow_table *s = *table;
    if (!s)
        return;
    target_table_free(&s->t);
    foreign_keys_free(&s->foreign);
    arena_free(&s->arena);
    free(s);
    *table = NULL;
}

/* ---- hashing ---- */

/* What is not known of a text leaves its part empty: that is coarser. */
static void put_part(struct buf *out, const struct shadow_table *t, const struct shadow_key *k, uint16_t part,
                     const struct cell *cell)
{
    const struct column *c = &t->t->def->columns[k->columns[part]];
    const struct target_column *tc = &t->t->columns[k->columns[part]];
    struct span value = cell_payload(c, cell);
    const enum fold_rule rule = fold_rule_of(tc->charset, tc->collation);
    const size_t at = out->len;
    if (c->type == COLUMN_FLOAT || c->type == COLUMN_DOUBLE)
        return; /* two zeros */
    if (!tc->charset && k->prefix[part] == 0) {
        buf_put_span(out, value);
        return;
    }
    if (rule == FOLD_UNKNOWN || (k->prefix[part] > 0 && !fold_prefix(&value, rule, value, k->prefix[part])) ||
        !fold_put(out, rule, value))
        out->len = at;
}

static bool tag_of(uint64_t *out, const struct shadow_table *t, const struct shadow_key *k, uint64_t seed,
                   const struct cell *row)
{
    struct buf form = {0};
    for (uint16_t i = 0; i < k->count; i++) {
        const struct cell *cell = &row[k->columns[i]];
        if (cell->null || cell->absent) {
            buf_free(&form);
            return false;
        }
        put_part(&form, t, k, i, cell);
        buf_put_u8(&form, 0);
    }
    *out = hash64(buf_span(&form), seed);
    buf_free(&form);
    return true;
}

bool shadow_key_tag(uint64_t *out, const struct shadow_table *t, const struct shadow_key *k, const struct cell *row)
{
    return tag_of(out, t, k, k->seed, row);
}

bool shadow_key_tag_beyond(uint64_t *out, const struct shadow_table *t, const struct shadow_key *k,
                           const struct cell *row)
{
    return tag_of(out, t, k, foreign_seed(k->foreign, k->role == SHADOW_CHILD ? SIDE_PARENT : SIDE_CHILD), row);
}

size_t shadow_tags(uint64_t *out, const struct shadow_table *t, const struct cell *row)
{
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++)
        n += shadow_key_tag(&out[n], t, &t->keys[i], row);
    return n;
}

/* ---- comparing ---- */

static void put_literal(struct buf *sql, const struct shadow_value *v, uint16_t part)
{
    const uint16_t column = v->key->columns[part];
    const uint16_t prefix = v->key->prefix[part];
    buf_put_str(sql, prefix ? "LEFT(" : "");
    local_put_value(sql, &v->table->t->def->columns[column], &v->table->t->columns[column], &v->row[column]);
    if (prefix)
        buf_printf(sql, ", %u)", prefix);
}

static bool is_text(const struct shadow_value *v, uint16_t part)
{
    return v->table->t->columns[v->key->columns[part]].charset != NULL;
}

static bool same_bytes(const struct shadow_value *a, const struct shadow_value *b, uint16_t part)
{
    const uint16_t x = a->key->columns[part], y = b->key->columns[part];
    return span_eq(cell_payload(&a->table->t->def->columns[x], &a->row[x]),
                   cell_payload(&b->table->t->def->columns[y], &b->row[y]));
}

static bool has_null(const struct shadow_value *v)
{
    for (uint16_t i = 0; i < v->key->count; i++)
        if (v->row[v->key->columns[i]].null || v->row[v->key->columns[i]].absent)
            return true;
    return false;
}

static int ask_server(struct db *db, const struct shadow_value *a, const struct shadow_value *b, struct err *err)
{
    struct buf sql = {0};
    uint64_t equal = 0;
    for (uint16_t i = 0; i < a->key->count; i++) {
        const struct target_column *tc = &b->table->t->columns[b->key->columns[i]];
        buf_put_str(&sql, i ? " AND " : "SELECT ");
        put_literal(&sql, a, i);
        buf_put_str(&sql, " = ");
        put_literal(&sql, b, i);
        if (is_text(b, i))
            buf_printf(&sql, " COLLATE %s", tc->collation);
    }
    int rc = db_query_u64(db, &equal, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc ? -1 : equal != 0;
}

int shadow_equal(struct db *db, const struct shadow_value *a, const struct shadow_value *b, struct err *err)
{
    bool same = true, texts = false;
    if (has_null(a) || has_null(b))
        return 0;
    for (uint16_t i = 0; i < a->key->count; i++) {
        bool bytes = same_bytes(a, b, i);
        same = same && bytes;
        texts = texts || is_text(a, i) || a->key->prefix[i] > 0;
        if (!bytes && !is_text(a, i) && a->key->prefix[i] == 0)
            return 0;
    }
    return same ? 1 : texts ? ask_server(db, a, b, err) : 0;
}

void shadow_put_condition(struct buf *sql, const struct shadow_table *in, const struct shadow_key *key,
                          const struct shadow_value *value)
{
    for (uint16_t i = 0; i < key->count; i++) {
        const uint16_t column = value->key->columns[i];
        struct column named = value->table->t->def->columns[column];
        named.name = in->t->def->columns[key->columns[i]].name;
        buf_put_str(sql, i ? " AND " : "");
        local_put_equals(sql, &named, &value->table->t->columns[column], value->key->prefix[i], &value->row[column]);
    }
}
