/* Hashing the keys of rows, by a plan that is made once for each pair of source definition and target table. */
#include "applier/writeset.h"

#include <stdlib.h>

#include "common/base/hash.h"
#include "common/base/mem.h"
#include "common/model/collation.h"

enum part_form {
    PART_RAW,  /* one value has one encoding */
    PART_REAL, /* but for the two zeros */
    PART_TEXT, /* by its fold rule */
};

struct part {
    const struct column *column; /* of the source */
    uint16_t index;
    uint16_t prefix; /* 0: whole */
    enum part_form form;
    enum fold_rule rule;
};

/* A unique key, or one end of a foreign key. */
struct hashed_key {
    uint64_t seed;
    uint64_t table; /* whose key it is */
    struct part *parts;
    uint16_t count;
    bool constant; /* all values have one hash */
    /* Ends of foreign keys. */
    bool is_end;
    bool shared;
    bool delete_cascades;
    bool update_cascades;
};

struct writeset_table {
    uint64_t id;
    struct hashed_key *keys; /* the first is touched by every change, if there is one without NULLs */
    size_t key_count;
    struct hashed_key *refs;
    size_t ref_count;
    uint64_t keyless; /* hash of rows that no key tells apart */
    uint16_t column_count;
    bool serial;
    bool first_decides; /* no two rows have one value of the first key, NULL included */
    struct arena arena;
};

/* ---- sets ---- */

void writeset_free(struct writeset *w)
{
    free(w->touches);
    free(w->tables);
    free(w->whole);
    *w = (struct writeset){0};
}

void writeset_clear(struct writeset *w)
{
    w->count = w->table_count = w->whole_count = 0;
    w->alone = false;
}

static void add_number(uint64_t **list, size_t *count, size_t *cap, uint64_t v)
{
    if (*count > 0 && (*list)[*count - 1] == v) /* rows of one table follow one another */
        return;
    if (*count == *cap) {
        *cap = *cap ? 2 * *cap : 4;
        *list = xreallocarray(*list, *cap, sizeof **list);
    }
    (*list)[(*count)++] = v;
}

void writeset_add_table(struct writeset *w, uint64_t table)
{
    add_number(&w->whole, &w->whole_count, &w->whole_cap, table);
}

static void add_touch(struct writeset *w, uint64_t table, uint64_t hash, bool shared)
{
    add_number(&w->tables, &w->table_count, &w->table_cap, table);
    if (w->count == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 16;
        w->touches = xreallocarray(w->touches, w->cap, sizeof *w->touches);
    }
    w->touches[w->count++] = (struct touch){hash, shared};
}

static int by_hash(const void *a, const void *b)
{
    const struct touch *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (int)x->shared - (int)y->shared;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static size_t sort_numbers(uint64_t *list, size_t count)
{
    size_t kept = 0;
    if (count > 1)
        qsort(list, count, sizeof *list, by_number);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || list[kept - 1] != list[i])
            list[kept++] = list[i];
    return kept;
}

void writeset_seal(struct writeset *w)
{
    size_t kept = 0;
    if (w->count > 1)
        qsort(w->touches, w->count, sizeof *w->touches, by_hash);
    for (size_t i = 0; i < w->count; i++)
        if (kept == 0 || w->touches[kept - 1].hash != w->touches[i].hash)
            w->touches[kept++] = w->touches[i];
    w->count = kept;
    w->table_count = sort_numbers(w->tables, w->table_count);
    w->whole_count = sort_numbers(w->whole, w->whole_count);
}

/* ---- plans ---- */

static uint64_t hash_name(struct span name, uint64_t seed)
{
    char lower[256]; /* servers may or may not tell letters of names apart */
    size_t n = name.n < sizeof lower ? name.n : sizeof lower;
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + 32 : name.p[i]);
    return hash64(span_of(lower, n), seed + 1);
}

uint64_t writeset_table_id(struct span db, struct span name)
{
    return hash_name(name, hash_name(db, 0));
}

static bool is_text(const struct column *c)
{
    switch (c->type) {
    case COLUMN_VARCHAR:
    case COLUMN_VAR_STRING:
    case COLUMN_STRING:
    case COLUMN_TINY_BLOB:
    case COLUMN_BLOB:
    case COLUMN_MEDIUM_BLOB:
    case COLUMN_LONG_BLOB:
        return true;
    default:
        return false;
    }
}

/* Are texts of both columns bytes of one character set, as far as folding goes? */
static bool same_charset(const struct column *from, const char *charset)
{
    const char *there = collation_charset(from->collation);
    if (!charset || strcmp(charset, "binary") == 0)
        return !there || strcmp(there, "binary") == 0;
    return there &&
           (strcmp(there, charset) == 0 || (strncmp(there, "utf8", 4) == 0 && strncmp(charset, "utf8", 4) == 0));
}

/* False: nothing can be said of the values of that column. */
static bool make_part(struct part *out, const struct table_def *source, const struct target_table *t, uint16_t column,
                      uint16_t prefix, const char *const *collations)
{
    const struct column *here = &t->def->columns[column];
    int index = table_def_find(source, here->name);
    if (index < 0 || here->generated)
        return false;
    const struct column *c = &source->columns[index];
    *out = (struct part){.column = c, .index = (uint16_t)index, .prefix = prefix};
    if (c->type == COLUMN_FLOAT || c->type == COLUMN_DOUBLE) {
        out->form = PART_REAL;
        return true;
    }
    if (!is_text(here) && !is_text(c))
        return prefix == 0 && c->type != COLUMN_VARCHAR_COMPRESSED && c->type != COLUMN_BLOB_COMPRESSED;
#ifdef DRC_FAULT_FINE_HASH /* test builds only, to prove that the tests notice */
    return true;
#endif
    const char *charset = t->columns[column].charset;
    out->form = PART_TEXT;
    out->rule = is_text(here) && is_text(c) ? fold_rule_of(charset, collations[column]) : FOLD_UNKNOWN;
    return out->rule != FOLD_UNKNOWN && same_charset(c, charset);
}

static void plan_key(struct writeset_table *w, const struct table_def *source, const struct target_table *t,
                     const struct target_key *key, const char *const *collations)
{
    struct hashed_key *out = &w->keys[w->key_count++];
    out->seed = hash_name(span_str(key->name), w->id);
    out->table = w->id;
    out->constant = key->expression;
    out->parts = arena_zalloc(&w->arena, key->count * sizeof *out->parts);
    for (uint16_t i = 0; i < key->count && !out->constant; i++)
        out->constant = !make_part(&out->parts[out->count++], source, t, key->columns[i], key->prefix[i], collations);
    w->serial = w->serial || out->constant;
    if (w->key_count == 1)
        w->first_decides = !out->constant && !key->nullable;
}

/* The two ends of a foreign key have one type at the target. Are values of both hashed alike at the source, as well?
 * Texts are folded. */
static bool ends_agree(const struct part *p, const struct column *here)
{
    return p->form == PART_TEXT || column_same_cells(p->column, here, NULL);
}

static void plan_ref(struct writeset_table *w, const struct table_def *source, const struct target_table *t,
                     const char *const *collations, const struct foreign_key *f, bool as_parent)
{
    const struct span *columns = as_parent ? f->parent_columns : f->child_columns;
    uint64_t table = writeset_table_id(f->parent_db, f->parent);
    uint64_t seed = table;
    for (size_t i = 0; i < f->count; i++)
        seed = hash_name(f->parent_columns[i], seed);
    struct hashed_key *out = NULL;
    for (size_t i = 0; as_parent && i < w->ref_count; i++)
        if (!w->refs[i].shared && w->refs[i].seed == seed)
            out = &w->refs[i];
    if (!out) {
        out = &w->refs[w->ref_count++];
        *out = (struct hashed_key){.seed = seed, .table = table, .is_end = true, .shared = !as_parent};
        out->parts = arena_zalloc(&w->arena, f->count * sizeof *out->parts);
        for (size_t i = 0; i < f->count && !out->constant; i++) {
            int column = table_def_find(t->def, columns[i]);
            struct part *p = &out->parts[out->count++];
            out->constant = column < 0 || !make_part(p, source, t, (uint16_t)column, 0, collations) ||
                            !ends_agree(p, &t->def->columns[column]);
        }
    }
    out->delete_cascades = out->delete_cascades || (as_parent && f->delete_cascades);
    out->update_cascades = out->update_cascades || (as_parent && f->update_cascades);
}

struct writeset_table *writeset_table_new(const struct table_def *source, const struct target_table *t,
                                          const char *const *collations, const struct foreign_keys *foreign)
{
    struct writeset_table *w = xcalloc(1, sizeof *w);
    w->id = writeset_table_id(source->db, source->name);
    w->keyless = hash64(span_str("no key"), w->id);
    w->column_count = source->column_count;
    w->serial = !t || t->key_count == 0;
    if (!t)
        return w;
    w->keys = arena_zalloc(&w->arena, t->key_count * sizeof *w->keys);
    for (size_t i = 0; i < t->key_count; i++)
        plan_key(w, source, t, &t->keys[i], collations);
    w->refs = arena_zalloc(&w->arena, (foreign->own_count + foreign->referring_count) * sizeof *w->refs);
    for (size_t i = 0; i < foreign->own_count; i++)
        plan_ref(w, source, t, collations, &foreign->own[i], false);
    for (size_t i = 0; i < foreign->referring_count; i++)
        plan_ref(w, source, t, collations, &foreign->referring[i], true);
    return w;
}

void writeset_table_free(struct writeset_table **t)
{
    if (!*t)
        return;
    struct arena arena = (*t)->arena;
    arena_free(&arena);
    free(*t);
    *t = NULL;
}

bool writeset_table_is_serial(const struct writeset_table *t)
{
    return t->serial;
}

/* ---- rows ---- */

/* What is at hand while rows are added. */
struct adding {
    struct writeset *set;
    const struct writeset_table *table;
    struct buf form; /* of a key's value */
};

static bool is_minus_zero(struct span real)
{
    for (size_t i = 0; i + 1 < real.n; i++)
        if (real.p[i] != 0)
            return false;
    return real.n > 0 && real.p[real.n - 1] == 0x80;
}

static bool put_part(struct buf *out, const struct part *p, const struct cell *cell)
{
    struct span value = cell_payload(p->column, cell);
    size_t at = out->len;
    buf_put_le(out, 0, 4); /* parts may not run into one another */
    bool known = true;
    if (p->form == PART_TEXT) {
        known = (p->prefix == 0 || fold_prefix(&value, p->rule, value, p->prefix)) && fold_put(out, p->rule, value);
    } else if (p->form == PART_REAL && is_minus_zero(value)) {
        (void)memset(buf_grow(out, value.n), 0, value.n);
    } else {
        buf_put_span(out, value);
    }
    uint32_t length = (uint32_t)(out->len - at - 4);
    memcpy(out->data + at, &length, sizeof length);
    return known;
}

/* False: a part is NULL, which clashes with nothing and refers to nothing. */
static bool add_key(struct adding *a, const struct hashed_key *k, const struct cell *image)
{
    bool known = !(k->is_end && k->constant); /* the other end may be known, and has other hashes */
    for (uint16_t i = 0; i < k->count && !k->constant; i++) {
        if (image[k->parts[i].index].null)
            return false;
        known = known && !image[k->parts[i].index].absent;
    }
    buf_clear(&a->form);
    for (uint16_t i = 0; i < k->count && !k->constant && known; i++)
        known = put_part(&a->form, &k->parts[i], &image[k->parts[i].index]);
    if (!known)
        writeset_add_table(a->set, k->table);
    add_touch(a->set, k->table, hash64(buf_span(&a->form), k->seed), k->shared);
    return true;
}

static bool same_value(const struct hashed_key *k, const struct cell *x, const struct cell *y)
{
    for (uint16_t i = 0; i < k->count && !k->constant; i++) {
        const struct cell *a = &x[k->parts[i].index], *b = &y[k->parts[i].index];
        if (a->null != b->null || (!a->null && !span_eq(a->data, b->data)))
            return false;
    }
    return true;
}

/* A row that comes or goes: all of its keys. */
static void add_image(struct adding *a, const struct cell *image, bool gone, bool checked)
{
    const struct writeset_table *t = a->table;
    bool told = false;
    for (size_t i = 0; i < t->key_count; i++)
        told = add_key(a, &t->keys[i], image) || told;
    if (!told)
        add_touch(a->set, t->id, t->keyless, false);
    for (size_t i = 0; i < t->ref_count; i++) {
        (void)add_key(a, &t->refs[i], image);
        a->set->alone = a->set->alone || (gone && checked && t->refs[i].delete_cascades);
    }
}

/* A row that changes: the key that tells it from all others, and of the rest those whose value changes. That another
 * transaction takes or gives up an unchanged value means that it, or one between the two, touches this very row's key
 * as well. */
static void add_change(struct adding *a, const struct cell *before, const struct cell *after, bool checked)
{
    const struct writeset_table *t = a->table;
    bool told_before = false, told_after = false;
    for (size_t i = 0; i < t->key_count; i++) {
        bool same = same_value(&t->keys[i], before, after);
        if (same && i > 0 && t->first_decides)
            continue;
        bool told = add_key(a, &t->keys[i], before);
        told_before = told_before || told;
        told_after = (same ? told : add_key(a, &t->keys[i], after)) || told_after;
    }
    if (!told_before || !told_after)
        add_touch(a->set, t->id, t->keyless, false);
    for (size_t i = 0; i < t->ref_count; i++) {
        if (same_value(&t->refs[i], before, after) && !t->refs[i].constant)
            continue;
        (void)add_key(a, &t->refs[i], before);
        (void)add_key(a, &t->refs[i], after);
        a->set->alone = a->set->alone || (checked && t->refs[i].update_cascades);
    }
}

static const struct cell *split(struct arena *scratch, const struct rows *rows, const uint8_t *present, struct bytes *r)
{
    struct cell *cells = arena_alloc(scratch, rows->table->column_count * sizeof *cells);
    image_split(cells, rows->table, present, r);
    return cells;
}

void writeset_add_rows(struct writeset *w, const struct writeset_table *t, const struct rows *rows,
                       struct arena *scratch)
{
    struct adding a = {.set = w, .table = t};
    struct bytes r = bytes_of(rows->images);
    bool checked = !(rows->flags & ROWS_NO_FOREIGN_KEY_CHECKS);
    if (t->key_count == 0 && t->ref_count == 0) { /* one hash, whatever the rows are */
        add_touch(w, t->id, t->keyless, false);
        return;
    }
    for (uint32_t i = 0; i < rows->count && !r.bad; i++) {
        const struct cell *before = NULL, *after = NULL;
        arena_reset(scratch);
        if (rows->op != ROWS_INSERT)
            before = split(scratch, rows, rows->present_before, &r);
        if (rows->op != ROWS_DELETE)
            after = split(scratch, rows, rows->present_after, &r);
        if (before && after)
            add_change(&a, before, after, checked);
        else
            add_image(&a, before ? before : after, before != NULL, checked);
    }
    buf_free(&a.form);
}
