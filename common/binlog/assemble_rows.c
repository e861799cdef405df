/* The assembler's tables and rows: definitions are parsed once, rows are walked and handed on. */
#include "common/base/hash.h"
#include "common/base/mem.h"
#include "common/binlog/assemble_state.h"
#include "common/binlog/partial_rows.h"
#include "common/binlog/rows_event.h"
#include "common/binlog/table_map.h"

#define DEFINITION_BYTES_MAX ((size_t)64 << 20)
#define ID_NONE_48 0xffffffffffffu
#define ID_NONE_32 0xffffffffu

void assemble_statement_end(struct assembler *a)
{
    a->mapped_count = 0;
}

void assemble_trim_definitions(struct assembler *a)
{
    if (a->definition_arena.total <= DEFINITION_BYTES_MAX)
        return;
    memset(a->memo, 0, sizeof a->memo);
    map_free(&a->definitions);
    arena_free(&a->definition_arena);
    a->generation++;
}

/* The definition of these bytes, parsed unless it was before. */
static int find_definition(struct definition **out, struct assembler *a, struct span bytes, struct err *err)
{
    uint64_t hash = hash64(bytes, (uint64_t)a->format.flavor);
    void **slot = map_ref(&a->definitions, span_of(&hash, sizeof hash));
    struct definition *d = *slot;
    if (!d || !span_eq(d->bytes, bytes)) { /* equal hashes of different bytes: the newer one takes the place */
        struct table_def *t;
        if (table_map_parse(&t, bytes, a->format.flavor, &a->definition_arena, err) < 0)
            return -1;
        if (t->nameless && !a->take_nameless)
            return table_map_lacks_names(t, err);
        d = arena_zalloc(&a->definition_arena, sizeof *d);
        d->bytes = arena_copy(&a->definition_arena, bytes);
        d->table = t;
        *slot = d;
        a->counts.maps_parsed++;
    }
    *out = d;
    return 0;
}

static struct mapped_table *find_mapped(struct assembler *a, uint64_t id)
{
    for (size_t i = a->mapped_count; i > 0; i--)
        if (a->mapped[i - 1].id == id)
            return &a->mapped[i - 1];
    return NULL;
}

int assemble_table_map(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    struct table_map map;
    (void)out;
    a->counts.maps++;
    if (table_map_read(&map, e, &a->format, err) < 0)
        return -1;
    struct mapped_table *memo = &a->memo[map.id % MEMO_COUNT];
    if (memo->id != map.id || !memo->definition || !span_eq(memo->definition->bytes, map.definition)) {
        if (find_definition(&memo->definition, a, map.definition, err) < 0) {
            memo->definition = NULL;
            return -1;
        }
        memo->id = map.id;
    }
    struct mapped_table *known = find_mapped(a, map.id);
    if (!known) {
        if (a->mapped_count == a->mapped_cap) {
            a->mapped_cap = a->mapped_cap ? a->mapped_cap * 2 : 16;
            a->mapped = xreallocarray(a->mapped, a->mapped_cap, sizeof *a->mapped);
        }
        known = &a->mapped[a->mapped_count++];
    }
    *known = *memo;
    return 0;
}

/* Ends a statement of which nothing else is left to say. */
static bool is_dummy(const struct rows_event *re)
{
    return re->images.n == 0 &&
           (re->table_id == ROWS_EVENT_DUMMY_TABLE || re->table_id == ID_NONE_32 || re->table_id == ID_NONE_48);
}

static int make_whole(struct assembler *a, struct rows_event *re, const struct table_def *t, struct err *err)
{
    const uint8_t *present;
    if (rows_event_columns(&present, re, t, err) < 0 || (present && rows_event_lacks(present, t, err) < 0) ||
        partial_rows_whole(&a->scratch, re, t, &a->partial, err) < 0)
        return -1;
    re->images = buf_span(&a->scratch);
    return 0;
}

static bool matters(const struct assembler *a, const struct table_def *t)
{
    return !a->limit || filter_match(a->limit, t->db, t->name) || span_is(t->db, "drc");
}

/* May rows of the table lack what is not in `present`? 1, 0, or -1: error. */
static int may_lack(struct assembler *a, struct definition *d, const uint8_t *present, struct err *err)
{
    const size_t n = table_bitmap_len(d->table);
    if (!a->computed)
        return a->take_lacking;
    if (d->computed && memcmp(d->computed, present, n) == 0)
        return 1;
    int rc = a->computed(a->computed_context, d->table, present, err);
    if (rc != 1)
        return rc;
    if (!d->computed)
        d->computed = arena_alloc(&a->definition_arena, n);
    memcpy(d->computed, present, n);
    return 1;
}

/* Fills `out`. 1: the rows are not as they should be, `found` says why; -1: nobody could be asked, `found` says so. */
static int read_rows(struct assembler *a, struct rows *out, struct rows_event *re, struct definition *d,
                     struct err *found)
{
    const struct table_def *t = d->table;
    const uint8_t *present;
    if ((re->partial && make_whole(a, re, t, found) < 0) || rows_event_columns(&present, re, t, found) < 0)
        return 1;
    int rc = present && matters(a, t) ? may_lack(a, d, present, found) : !present;
    if (rc < 0)
        return -1;
    return (rc == 0 ? rows_event_lacks(present, t, found) : rows_event_check(out, re, t, present, found)) < 0;
}

/* Fills `out`; with no row when its rows are not whole, cannot be read, or are of a table of whose cells nobody can be
 * sure, and the table does not matter or an operator lets the event be passed over. */
static int take_rows(struct assembler *a, struct rows *out, struct rows_event *re, struct definition *d,
                     struct err *err)
{
    const struct table_def *t = d->table;
    struct err found = {0};
    out->count = 0;
    if (table_has_old_temporals(t) && assemble_passes(a))
        return 0;
    int rc = read_rows(a, out, re, d, &found);
    if (rc == 0)
        return 0;
    out->count = 0;
    if (rc > 0 && !matters(a, t))
        return 0;
    if (rc > 0 && assemble_stop_at(a, err, "%s", found.text) == 0)
        return 0;
    if (rc < 0 && err)
        *err = found;
    else if (err)
        err->id = found.id;
    return -1;
}

int assemble_rows(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    struct rows_event re;
    if (a->group != GROUP_INSIDE)
        return err_fatal(err, EXIT_UNSAFE, "%s event outside a transaction", event_type_name(e->type));
    if (rows_event_read(&re, e, &a->format, &a->scratch, err) < 0)
        return -1;
    const struct mapped_table *m = find_mapped(a, re.table_id);
    if (!m && !is_dummy(&re))
        return err_fatal(err, EXIT_UNSAFE, "%s event: no TABLE_MAP event gave its table id %llu",
                         event_type_name(e->type), (unsigned long long)re.table_id);
    if (m && take_rows(a, &out->rows, &re, m->definition, err) < 0)
        return -1;
    if (re.flags & ROWS_STMT_END)
        assemble_statement_end(a);
    if (!m || out->rows.count == 0)
        return 0;
    a->counts.rows += out->rows.count;
    out->kind = ITEM_ROWS;
    return 1;
}
