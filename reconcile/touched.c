/* Keys by table: what is known of each table, and how keys get into it. */
#include "reconcile/touched.h"

#include <stdlib.h>

#include "common/base/mem.h"
#include "common/target/local_row.h"
#include "reconcile/full.h"
#include "reconcile/touched_private.h"

#define HELD_BYTES ((size_t)24 << 20)

/* Where the key of the plan is in a definition of the stream. */
struct layout {
    struct touched_table *table; /* NULL: it is not compared */
    uint16_t *columns;           /* of the key, in the definition; NULL: it cannot be told from there */
    int side;                    /* whose definition says how values are written */
};

struct touched {
    struct run *run;
    struct map by_name;
    struct touched_table **tables;
    size_t count;
    size_t cap;
    struct map layouts; /* pointer of a definition, side -> struct layout * */
    struct arena arena;
    struct cell *cells;
    size_t held; /* bytes of keys */
    uint64_t keys;
    struct buf scratch;
};

struct touched *touched_new(struct run *run)
{
    struct touched *t = xcalloc(1, sizeof *t);
    t->run = run;
    return t;
}

static void forget_keys(struct touched_table *table)
{
    map_clear(&table->known);
    arena_reset(&table->arena);
    table->count = 0;
}

void touched_free(struct touched **touched)
{
    struct touched *t = *touched;
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++) {
        struct touched_table *table = t->tables[i];
        if (table->planned)
            plan_free(&table->plan);
        target_table_free(&table->sides[0]);
        target_table_free(&table->sides[1]);
        map_free(&table->known);
        arena_free(&table->arena);
        free(table->conditions);
        free(table);
    }
    free(t->tables);
    map_free(&t->by_name);
    map_free(&t->layouts);
    arena_free(&t->arena);
    buf_free(&t->scratch);
    free(t->cells);
    free(t);
    *touched = NULL;
}

bool touched_is_full(const struct touched *t)
{
    return t->held >= HELD_BYTES;
}

uint64_t touched_keys(const struct touched *t)
{
    return t->keys;
}

uint64_t touched_whole_tables(const struct touched *t)
{
    uint64_t n = 0;
    for (size_t i = 0; i < t->count; i++)
        n += t->tables[i]->whole != NULL;
    return n;
}

/* ---- tables ---- */

struct load_job {
    struct side_job job;
    struct touched_table *table;
    int side;
};

static int run_load(struct side_job *job, struct db *db, struct err *err)
{
    struct load_job *l = (struct load_job *)job;
    target_table_free(&l->table->sides[l->side]);
    return target_table_load(&l->table->sides[l->side], db, l->table->db, l->table->name, err) < 0 ? -1 : 0;
}

/* Columns that differ are told when the table is compared whole, which it then is. */
static void note_column(void *context, const char *phrase)
{
    struct touched_table *table = context;
    (void)phrase;
    table->whole = "its columns are not the same on both sides";
}

static void make_plan(struct touched_table *table)
{
    if (!table->sides[0] || !table->sides[1]) {
        table->whole = "it is on one side only";
        return;
    }
    plan_make(&table->plan, table->sides[0], table->sides[1], note_column, table);
    table->planned = true;
    if (table->plan.key_count == 0)
        table->whole = "it has no key that both sides share";
    else if (table->sides[0]->cascades || table->sides[1]->cascades)
        table->whole = "its changes cascade below the binlog";
}

static int load_table(struct touched *t, struct touched_table *table, struct err *err)
{
    struct load_job jobs[2] = {
        {.job = {.run = run_load}, .table = table, .side = 0},
        {.job = {.run = run_load}, .table = table, .side = 1}
    };
    if (side_both(t->run->sides, &jobs[0].job, &jobs[1].job, err)) {
        if (err->class == ERR_RETRY)
            return -1;
        table->whole = "its definition could not be read"; /* comparing it will say why */
        return 0;
    }
    make_plan(table);
    return 0;
}

static int table_of(struct touched *t, struct touched_table **out, struct span db, struct span name, struct err *err)
{
    buf_clear(&t->scratch);
    buf_put_sized(&t->scratch, db);
    buf_put_span(&t->scratch, name);
    void **at = map_ref(&t->by_name, buf_span(&t->scratch));
    *out = *at;
    if (*out)
        return 0;
    struct touched_table *table = xcalloc(1, sizeof *table);
    table->db = arena_copy(&t->arena, db);
    table->name = arena_copy(&t->arena, name);
    *at = *out = table;
    if (t->count == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 16;
        t->tables = xreallocarray(t->tables, t->cap, sizeof(struct touched_table *));
    }
    t->tables[t->count++] = table;
    return load_table(t, table, err);
}

static bool is_compared(const struct touched *t, struct span db, struct span name)
{
    return wishes_table(t->run->wishes, &t->run->config->tables, db, name);
}

/* ---- where a key is in a row ---- */

static void find_columns(struct touched *t, struct layout *l, const struct table_def *def)
{
    const struct plan *p = &l->table->plan;
    uint16_t *columns = arena_alloc(&t->arena, p->key_count * sizeof *columns);
    for (uint16_t i = 0; i < p->key_count; i++) {
        const struct value *v = &p->key[i].of[l->side];
        int at = table_def_find(def, v->c->name);
        if (at < 0 || !column_same_cells(&def->columns[at], v->c, NULL)) {
            l->table->whole = "the columns of its key were others in the window";
            return;
        }
        columns[i] = (uint16_t)at;
    }
    l->columns = columns;
}

/* NULL: error. */
static const struct layout *layout_of(struct touched *t, const struct table_def *def, int side, struct err *err)
{
    struct {
        const struct table_def *def;
        int64_t side;
    } id = {def, side};
    void **at = map_ref(&t->layouts, span_of(&id, sizeof id));
    if (*at)
        return *at;
    struct layout *l = arena_zalloc(&t->arena, sizeof *l);
    *at = l;
    l->side = side < 0 ? 0 : side;
    if (!is_compared(t, def->db, def->name))
        return l;
    if (table_of(t, &l->table, def->db, def->name, err))
        return NULL;
    if (!l->table->whole)
        find_columns(t, l, def);
    return l;
}

/* ---- keys ---- */

static void put_condition(const struct touched_table *table, const struct layout *l, const struct cell *cells,
                          struct buf *out)
{
    for (uint16_t i = 0; i < table->plan.key_count; i++) {
        const struct value *v = &table->plan.key[i].of[l->side];
        buf_put_str(out, i == 0 ? "(" : " AND ");
        local_put_equals(out, v->c, v->tc, 0, &cells[l->columns[i]]);
    }
    buf_put_str(out, ")");
}

static bool has_key(const struct layout *l, const struct cell *cells)
{
    for (uint16_t i = 0; i < l->table->plan.key_count; i++)
        if (cells[l->columns[i]].absent)
            return false;
    return true;
}

static void add_key(struct touched *t, const struct layout *l, const struct cell *cells)
{
    struct touched_table *table = l->table;
    if (!has_key(l, cells)) {
        table->whole = "row images of the window lack its key";
        return;
    }
    buf_clear(&t->scratch);
    put_condition(table, l, cells, &t->scratch);
    void **at = map_ref(&table->known, buf_span(&t->scratch));
    if (*at)
        return;
    if (table->count == table->cap) {
        table->cap = table->cap ? 2 * table->cap : 64;
        table->conditions = xreallocarray(table->conditions, table->cap, sizeof *table->conditions);
    }
    table->conditions[table->count++] = arena_copy(&table->arena, buf_span(&t->scratch));
    *at = table;
    t->held += 2 * t->scratch.len + 64;
    t->keys++;
}

int touched_rows(struct touched *t, const struct rows *rows, int side, struct err *err)
{
    const struct table_def *def = rows->table;
    const struct layout *l = layout_of(t, def, side, err);
    if (!l)
        return -1;
    if (!l->table || l->table->whole)
        return 0;
    struct bytes r = bytes_of(rows->images);
    t->cells = xreallocarray(t->cells, def->column_count, sizeof *t->cells);
    for (uint32_t i = 0; i < rows->count; i++) {
        if (rows->op != ROWS_INSERT) {
            image_split(t->cells, def, rows->present_before, &r);
            add_key(t, l, t->cells);
        }
        if (rows->op != ROWS_DELETE) {
            image_split(t->cells, def, rows->present_after, &r);
            add_key(t, l, t->cells);
        }
    }
    return 0;
}

int touched_ddl(struct touched *t, const struct ddl *ddl, struct err *err)
{
    for (size_t i = 0; i < ddl->table_count; i++) {
        struct span db = ddl->tables[i].db.n > 0 ? ddl->tables[i].db : ddl->db;
        struct touched_table *table;
        if (ddl->tables[i].name.n == 0 || !is_compared(t, db, ddl->tables[i].name))
            continue;
        if (table_of(t, &table, db, ddl->tables[i].name, err))
            return -1;
        table->whole = "a statement in the window changed it";
    }
    return 0;
}

/* ---- comparing ---- */

int touched_compare(struct touched *t, struct err *err)
{
    for (size_t i = 0; i < t->count; i++) {
        struct touched_table *table = t->tables[i];
        if (!table->whole && table->count > 0 && !table->counts.problem && touched_compare_table(t->run, table, err)) {
            if (err->class == ERR_RETRY || run_wants(t->run, NULL) == 0)
                return -1;
            table->counts.problem = arena_strdup(&t->arena, span_str(err->text));
        }
        forget_keys(table);
    }
    t->held = 0;
    return 0;
}

void touched_tell(struct touched *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct touched_table *table = t->tables[i];
        if (!table->whole)
            report_table(t->run->report, table->db, table->name, &table->counts);
    }
}

int touched_compare_whole(struct touched *t, struct err *err)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct touched_table *table = t->tables[i];
        if (table->whole && full_compare_table(t->run, table->db, table->name, err))
            return -1;
    }
    return 0;
}
