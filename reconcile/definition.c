/* What information_schema says on both sides, laid beside each other. */
#include "reconcile/definition.h"

#include <string.h>
#include <strings.h>

#include "reconcile/counter.h"

struct facts {
    struct side_query columns; /* in the order of the definition */
    struct side_query indexes; /* name and what it is, sorted by name */
};

/* Columns of `facts.columns`. */
enum { FACT_NAME, FACT_TYPE, FACT_MARIADB, FACT_DEFAULT, FACT_EXTRAS };

struct comparing {
    struct run *run;
    const struct plan *plan;
    struct facts facts[2];
    bool one_flavor;
    void (*tell)(void *context, const char *phrase);
    void *context;
    struct buf phrase;
};

/* ---- asking ---- */

static void put_table(struct buf *sql, const struct table_def *def)
{
    buf_put_str(sql, " WHERE TABLE_SCHEMA = ");
    db_put_string(sql, def->db);
    buf_put_str(sql, " AND TABLE_NAME = ");
    db_put_string(sql, def->name);
}

static void put_columns(struct buf *sql, const struct table_def *def)
{
    buf_put_str(sql, "SELECT COLUMN_NAME, COLUMN_TYPE, LOCATE('MariaDB', VERSION()), COLUMN_DEFAULT,"
                     " LOCATE('auto_increment', EXTRA), LOCATE('on update', LOWER(EXTRA))"
                     " FROM information_schema.COLUMNS");
    put_table(sql, def);
    buf_put_str(sql, " ORDER BY ORDINAL_POSITION");
}

/* "unique (`a`, `b`(10) DESC)". MySQL has parts that are expressions; MariaDB has no column that would say so, but none
 * of them either. */
static void put_indexes(struct buf *sql, const struct table_def *def)
{
    buf_put_str(sql,
                "SELECT INDEX_NAME, CONCAT(IF(MAX(NON_UNIQUE), IF(MAX(INDEX_TYPE) IN ('FULLTEXT', 'SPATIAL'),"
                " CONCAT(LOWER(MAX(INDEX_TYPE)), ' '), ''), 'unique '), '(', GROUP_CONCAT("
                "IFNULL(CONCAT('`', COLUMN_NAME, '`'), 'expression'), IF(SUB_PART IS NULL OR INDEX_TYPE = 'SPATIAL',"
                " '', CONCAT('(', SUB_PART, ')')), IF(COLLATION = 'D', ' DESC', '')"
                " ORDER BY SEQ_IN_INDEX SEPARATOR ', '), ')') FROM information_schema.STATISTICS");
    put_table(sql, def);
    buf_put_str(sql, " GROUP BY INDEX_NAME ORDER BY CAST(LOWER(INDEX_NAME) AS BINARY)");
}

static int ask(struct comparing *c, struct err *err)
{
    for (int side = 0; side < 2; side++) {
        struct facts *f = &c->facts[side];
        side_query_start(&f->columns);
        side_query_start(&f->indexes);
        put_columns(&f->columns.sql, c->plan->tables[side]->def);
        put_indexes(&f->indexes.sql, c->plan->tables[side]->def);
    }
    if (side_both(c->run->sides, &c->facts[0].columns.job, &c->facts[1].columns.job, err))
        return -1;
    return side_both(c->run->sides, &c->facts[0].indexes.job, &c->facts[1].indexes.job, err);
}

/* ---- columns ---- */

static void tell(struct comparing *c)
{
    c->tell(c->context, buf_cstr(&c->phrase));
}

static bool is_document(const struct column *a, const struct column *b)
{
    return (a->type == COLUMN_JSON) != (b->type == COLUMN_JSON) &&
           (a->type == COLUMN_LONG_BLOB || b->type == COLUMN_LONG_BLOB || a->meta == b->meta);
}

/* The server's own words, without the width that only some releases still show of numbers, and without the comment in
 * which MariaDB hides what another server would not understand. */
static void put_type(struct buf *out, struct span type, bool nullable)
{
    static const char *const wide[] = {"tinyint(", "smallint(", "mediumint(", "int(", "bigint(", "year("};
    const uint8_t *comment = memmem(type.p, type.n, " /*", 3);
    struct span rest = {type.p, comment ? (size_t)(comment - type.p) : type.n};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        size_t n = strlen(wide[i]);
        const uint8_t *end = rest.n > n ? memchr(rest.p, ')', rest.n) : NULL;
        if (!end || memcmp(rest.p, wide[i], n) != 0)
            continue;
        buf_put(out, rest.p, n - 1);
        rest = (struct span){end + 1, rest.n - (size_t)(end + 1 - rest.p)};
    }
    buf_put_span(out, rest);
    buf_put_str(out, nullable ? "" : " not null");
}

static void compare_type(struct comparing *c, uint16_t i, uint16_t j)
{
    struct buf there = {0}, here = {0};
    struct span name = db_cell(&c->facts[0].columns.rows, i, FACT_NAME);
    put_type(&there, db_cell(&c->facts[0].columns.rows, i, FACT_TYPE), c->plan->tables[0]->def->columns[i].nullable);
    put_type(&here, db_cell(&c->facts[1].columns.rows, j, FACT_TYPE), c->plan->tables[1]->def->columns[j].nullable);
    if (!span_eq(buf_span(&there), buf_span(&here))) {
        buf_clear(&c->phrase);
        buf_printf(&c->phrase, "`%.*s` is %s at the source and %s at the target", SPAN_ARG(name), buf_cstr(&there),
                   buf_cstr(&here));
        tell(c);
    }
    buf_free(&there);
    buf_free(&here);
}

static void compare_collation(struct comparing *c, uint16_t i, uint16_t j)
{
    const struct column *a = &c->plan->tables[0]->def->columns[i];
    const char *there = c->plan->tables[0]->columns[i].collation, *here = c->plan->tables[1]->columns[j].collation;
    if (!there || !here || !there[0] || !here[0] || strcasecmp(there, here) == 0)
        return;
    buf_clear(&c->phrase);
    buf_printf(&c->phrase, "`%.*s` has the collation %s at the source and %s at the target", SPAN_ARG(a->name), there,
               here);
    tell(c);
}

static const char *word_of(struct span there)
{
    return span_is(there, "0") ? "not " : "";
}

static void compare_extra(struct comparing *c, uint16_t i, uint16_t j)
{
    static const char *const words[] = {"AUTO_INCREMENT", "set by the server when its row is updated"};
    const struct db_rows *a = &c->facts[0].columns.rows, *b = &c->facts[1].columns.rows;
    struct span name = db_cell(a, i, FACT_NAME);
    for (size_t k = 0; k < 2; k++) {
        struct span there = db_cell(a, i, FACT_EXTRAS + k), here = db_cell(b, j, FACT_EXTRAS + k);
        if (span_is(there, "0") == span_is(here, "0"))
            continue;
        buf_clear(&c->phrase);
        buf_printf(&c->phrase, "`%.*s` is %s%s at the source and %s%s at the target", SPAN_ARG(name), word_of(there),
                   words[k], word_of(here), words[k]);
        tell(c);
    }
    struct span there = db_cell(a, i, FACT_DEFAULT), here = db_cell(b, j, FACT_DEFAULT);
    if (!c->one_flavor || (!there.p == !here.p && span_eq(there, here)))
        return;
    buf_clear(&c->phrase);
    buf_printf(&c->phrase, "`%.*s` has the default %.*s at the source and %.*s at the target", SPAN_ARG(name),
               SPAN_ARG(there.p ? there : span_str("none")), SPAN_ARG(here.p ? here : span_str("none")));
    tell(c);
}

static bool was_told(const struct comparing *c, uint16_t i, uint16_t j)
{
    const struct column *a = &c->plan->tables[0]->def->columns[i];
    if (a->generated || c->plan->tables[1]->def->columns[j].generated)
        return !a->generated || !c->plan->tables[1]->def->columns[j].generated;
    for (uint16_t k = 0; k < c->plan->column_count; k++)
        if (c->plan->columns[k].of[0].c == a)
            return false;
    return true;
}

/* A definition that was changed between being loaded and being asked for here has rows of another number. */
static void compare_columns(struct comparing *c)
{
    const struct table_def *there = c->plan->tables[0]->def, *here = c->plan->tables[1]->def;
    if (c->facts[0].columns.rows.row_count != there->column_count ||
        c->facts[1].columns.rows.row_count != here->column_count)
        return;
    for (uint16_t i = 0; i < there->column_count; i++) {
        int j = table_def_find(here, there->columns[i].name);
        if (j < 0 || was_told(c, i, (uint16_t)j))
            continue;
        c->one_flavor = span_is(db_cell(&c->facts[0].columns.rows, i, FACT_MARIADB), "0") ==
                        span_is(db_cell(&c->facts[1].columns.rows, (size_t)j, FACT_MARIADB), "0");
        if (c->one_flavor || !is_document(&there->columns[i], &here->columns[j])) {
            compare_type(c, i, (uint16_t)j);
            compare_collation(c, i, (uint16_t)j);
        }
        compare_extra(c, i, (uint16_t)j);
    }
}

/* ---- indexes ---- */

static int compare_names(struct span a, struct span b)
{
    int order = strncasecmp((const char *)a.p, (const char *)b.p, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static void tell_index(struct comparing *c, struct span name, struct span there, struct span here)
{
    buf_clear(&c->phrase);
    buf_printf(&c->phrase, "index `%.*s` ", SPAN_ARG(name));
    if (there.p && here.p)
        buf_printf(&c->phrase, "is %.*s at the source and %.*s at the target", SPAN_ARG(there), SPAN_ARG(here));
    else
        buf_printf(&c->phrase, "%.*s is only at the %s", SPAN_ARG(there.p ? there : here),
                   there.p ? "source" : "target");
    tell(c);
}

static void compare_indexes(struct comparing *c)
{
    const struct db_rows *a = &c->facts[0].indexes.rows, *b = &c->facts[1].indexes.rows;
    size_t i = 0, j = 0;
    while (i < a->row_count || j < b->row_count) {
        int order = i == a->row_count ? 1 : j == b->row_count ? -1 : compare_names(db_cell(a, i, 0), db_cell(b, j, 0));
        struct span there = order <= 0 ? db_cell(a, i, 1) : (struct span){0};
        struct span here = order >= 0 ? db_cell(b, j, 1) : (struct span){0};
        if (order != 0 || !span_eq(there, here))
            tell_index(c, order <= 0 ? db_cell(a, i, 0) : db_cell(b, j, 0), there, here);
        i += order <= 0;
        j += order >= 0;
    }
}

int definition_compare(struct run *run, const struct plan *plan, void (*tell_one)(void *context, const char *phrase),
                       void *context, struct err *err)
{
    struct comparing c = {.run = run, .plan = plan, .tell = tell_one, .context = context};
    int rc = ask(&c, err);
    if (rc == 0) {
        compare_columns(&c);
        compare_indexes(&c);
    }
    for (int side = 0; side < 2; side++) {
        side_query_free(&c.facts[side].columns);
        side_query_free(&c.facts[side].indexes);
    }
    buf_free(&c.phrase);
    return rc ? -1 : counter_compare(run, plan, tell_one, context, err);
}
