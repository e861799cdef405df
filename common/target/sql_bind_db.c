/* Filling in MYSQL_BINDs from cells. */
#include "common/target/sql_bind_db.h"

#include "common/target/sql_value.h"

#define NUMBER_BYTES 9 /* in a packet: with its indicator */
#define LENGTH_BYTES 10

/* Text types say utf8mb4 (the connection's), blob types say bytes. */
static enum enum_field_types type_of(enum sql_kind kind)
{
    static const enum enum_field_types types[] = {
        [SQL_INTEGER] = MYSQL_TYPE_LONGLONG, [SQL_UNSIGNED] = MYSQL_TYPE_LONGLONG,  [SQL_FLOAT] = MYSQL_TYPE_FLOAT,
        [SQL_DOUBLE] = MYSQL_TYPE_DOUBLE,    [SQL_DECIMAL] = MYSQL_TYPE_NEWDECIMAL, [SQL_TEXT] = MYSQL_TYPE_STRING,
        [SQL_BYTES] = MYSQL_TYPE_BLOB,
    };
    return types[kind];
}

/* One parameter: its column, and where its cells are. */
struct place {
    const struct column *column;
    const struct target_column *target;
    enum sql_kind kind;
    uint16_t index;
    bool before;
};

static struct place place_of(const struct sql_bind *b, size_t param)
{
    const struct sql_param *p = &b->statement->params[param];
    struct place at = {
        .column = &b->table->def->columns[p->column],
        .target = &b->table->columns[p->column],
        .index = p->column,
        .before = p->before,
    };
    at.kind = sql_kind_of(at.column, at.target);
    return at;
}

static const struct cell *cell_at(const struct place *at, const struct sql_row *row)
{
    return at->before ? &row->before[at->index] : &row->after[at->index];
}

static bool is_text(enum sql_kind kind)
{
    return kind == SQL_DECIMAL || kind == SQL_TEXT || kind == SQL_BYTES;
}

static int value_at(struct sql_value *out, struct sql_bind *b, const struct place *at, const struct cell *v,
                    struct err *err)
{
    if (v->absent || !sql_value_of(out, at->column, at->target, v, &b->scratch, b->arena))
        return err_fatal(err, EXIT_BUG, "a cell of column `%.*s` of %.*s.%.*s is not of its type",
                         SPAN_ARG(at->column->name), SPAN_ARG(b->table->def->db), SPAN_ARG(b->table->def->name));
    b->bytes += is_text(at->kind) ? LENGTH_BYTES + out->bytes.n : NUMBER_BYTES;
    b->members += !at->before && at->column->type == COLUMN_ENUM && out->integer == 0;
    return 0;
}

/* ---- arrays ---- */

/* Where the values of one parameter go. */
struct column_array {
    const void **pointers;
    unsigned long *lengths;
    char *indicators;
    uint64_t *integers;
    float *floats;
    double *doubles;
};

static void array_bind(MYSQL_BIND *bind, struct column_array *to, const struct place *at, size_t n, struct arena *a)
{
    *bind = (MYSQL_BIND){.buffer_type = type_of(at->kind), .is_unsigned = at->kind == SQL_UNSIGNED};
    *to = (struct column_array){.indicators = arena_zalloc(a, n)};
    bind->u.indicator = to->indicators;
    switch (at->kind) {
    case SQL_INTEGER:
    case SQL_UNSIGNED:
        bind->buffer = to->integers = arena_zalloc(a, n * sizeof *to->integers);
        break;
    case SQL_FLOAT:
        bind->buffer = to->floats = arena_zalloc(a, n * sizeof *to->floats);
        break;
    case SQL_DOUBLE:
        bind->buffer = to->doubles = arena_zalloc(a, n * sizeof *to->doubles);
        break;
    default:
        bind->buffer = to->pointers = arena_zalloc(a, n * sizeof *to->pointers);
        bind->length = to->lengths = arena_zalloc(a, n * sizeof *to->lengths);
        break;
    }
}

static void store(struct column_array *to, size_t row, enum sql_kind kind, const struct sql_value *v)
{
    switch (kind) {
    case SQL_INTEGER:
    case SQL_UNSIGNED:
        to->integers[row] = v->integer;
        break;
    case SQL_FLOAT:
        to->floats[row] = v->single;
        break;
    case SQL_DOUBLE:
        to->doubles[row] = v->twice;
        break;
    default:
        to->pointers[row] = v->bytes.p;
        to->lengths[row] = v->bytes.n;
        break;
    }
}

int sql_bind_arrays(struct sql_bind *b, const struct sql_row *rows, size_t n, struct err *err)
{
    b->binds = arena_zalloc(b->arena, b->statement->param_count * sizeof *b->binds);
    for (size_t p = 0; p < b->statement->param_count; p++) {
        struct place at = place_of(b, p);
        struct column_array to;
        array_bind(&b->binds[p], &to, &at, n, b->arena);
        for (size_t i = 0; i < n; i++) {
            const struct cell *v = cell_at(&at, &rows[i]);
            struct sql_value value = {0};
            b->bytes++;
            if (v->null) {
                to.indicators[i] = STMT_INDICATOR_NULL;
                continue;
            }
            if (value_at(&value, b, &at, v, err))
                return -1;
            store(&to, i, at.kind, &value);
        }
    }
    return 0;
}

/* ---- one by one ---- */

static void single_bind(MYSQL_BIND *bind, struct sql_value *value, enum sql_kind kind)
{
    *bind = (MYSQL_BIND){.buffer_type = type_of(kind), .is_unsigned = kind == SQL_UNSIGNED};
    switch (kind) {
    case SQL_INTEGER:
    case SQL_UNSIGNED:
        bind->buffer = &value->integer;
        break;
    case SQL_FLOAT:
        bind->buffer = &value->single;
        break;
    case SQL_DOUBLE:
        bind->buffer = &value->twice;
        break;
    default:
        bind->buffer = (void *)(uintptr_t)value->bytes.p;
        bind->buffer_length = (unsigned long)value->bytes.n;
        break;
    }
}

int sql_bind_singly(struct sql_bind *b, const struct sql_row *rows, size_t n, struct err *err)
{
    my_bool *yes = arena_zalloc(b->arena, 1);
    size_t count = b->statement->param_count;
    b->binds = arena_zalloc(b->arena, n * count * sizeof *b->binds);
    b->values = arena_zalloc(b->arena, n * count * sizeof *b->values);
    *yes = 1;
    for (size_t p = 0; p < count; p++) {
        struct place at = place_of(b, p);
        for (size_t i = 0; i < n; i++) {
            const struct cell *v = cell_at(&at, &rows[i]);
            struct sql_value *value = &b->values[i * count + p];
            b->bytes++;
            if (!v->null && value_at(value, b, &at, v, err))
                return -1;
            if (v->null)
                value->bytes = span_str("");
            single_bind(&b->binds[i * count + p], value, at.kind);
            b->binds[i * count + p].is_null = v->null ? yes : NULL;
        }
    }
    return 0;
}
