/* A table's two definitions, line by line: what the target lacks or has otherwise, with the ALTER TABLE that mends it.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/check/create_text.h"
#include "common/check/tables.h"

#define UNLOGGED "SET SESSION sql_log_bin = 0; "

struct comparing {
    struct findings *out;
    size_t told;
    const char *where;
    bool extras;      /* what the target only has is told: no link leads back, which would tell it as missing */
    bool differences; /* what both have otherwise is told: of two opposite links, by one */
    char *table;      /* `db`.`name` */
    const struct create_text *from;
    const struct create_text *to;
};

/* 1: shown; 0: it has gone since it was listed; -1: error. */
static int show(struct create_text *out, struct arena *a, const struct check_place *p, struct span db, struct span name,
                struct err *err)
{
    struct buf sql = {0};
    struct db_rows rows;
    struct err found = {0};
    buf_put_str(&sql, "SHOW CREATE TABLE ");
    db_put_name(&sql, db);
    buf_put_str(&sql, ".");
    db_put_name(&sql, name);
    int rc = db_query(p->db, &rows, a, buf_cstr(&sql), &found);
    buf_free(&sql);
    if (rc == 0) {
        create_text_read(out, rows.row_count > 0 ? db_cell(&rows, 0, 1) : (struct span){0});
        return 1;
    }
    if (db_says_absent(&found))
        return 0;
    *err = found;
    return -1;
}

/* `what` has the line's name, or for a primary key nothing, behind it. */
static void tell(struct comparing *c, const char *id, enum finding_severity severity, const char *what,
                 const struct create_line *line, char *change)
{
    c->told++;
    check_found_as(c->out, severity, id, c->where,
                   xasprintf("table %s: %s%s%.*s", c->table, what, line && line->name.n ? " " : "",
                             line ? (int)line->name.n : 0, line ? (const char *)line->name.p : ""),
                   xasprintf(UNLOGGED "ALTER TABLE %s %s;", c->table, change));
    free(change);
}

static char *text(const char *before, struct span what)
{
    return xasprintf("%s%.*s", before, SPAN_ARG(what));
}

static void compare_column(struct comparing *c, const struct create_line *line)
{
    const struct create_line *there = create_text_find(c->to, line);
    if (!there)
        tell(c, "column_missing", FINDING_WARNING, "the target lacks the column", line,
             text("ADD COLUMN ", line->text));
    else if (c->differences && !span_eq(there->text, line->text))
        tell(c, "column_differs", FINDING_WARNING, "the two sides define otherwise the column", line,
             text("MODIFY COLUMN ", line->text));
}

static const struct {
    enum create_kind kind;
    enum finding_severity missing;
    const char *missing_id;
    const char *missing_what;
    const char *extra_id; /* NULL: not told */
    const char *extra_what;
    const char *drop;
} key_kinds[] = {
    {CREATE_PRIMARY, FINDING_WARNING, "key_missing",      "the target has not the source's primary key", "key_extra",
     "the source has not the target's primary key",                                                                                "DROP PRIMARY KEY" },
    {CREATE_UNIQUE,  FINDING_WARNING, "key_missing",      "the target lacks the unique key",             "key_extra",
     "the source lacks the unique key",                                                                                            "DROP KEY "        },
    {CREATE_KEY,     FINDING_NOTE,    "key_missing",      "the target lacks the key",                    NULL,               NULL, NULL               },
    {CREATE_FOREIGN, FINDING_WARNING, "foreign_key",      "the target lacks the foreign key",            "foreign_key",
     "the source lacks the foreign key",                                                                                           "DROP FOREIGN KEY "},
    {CREATE_CHECK,   FINDING_WARNING, "check_constraint", "the target lacks the constraint",             "check_constraint",
     "the source lacks the constraint",                                                                                            "DROP CONSTRAINT " },
};

/* How the one that is there by that name goes. */
static const char *drop_of(enum create_kind kind)
{
    for (size_t i = 0; i < sizeof key_kinds / sizeof key_kinds[0]; i++)
        if (key_kinds[i].kind == kind && key_kinds[i].drop)
            return key_kinds[i].drop;
    return "DROP KEY ";
}

/* A primary key changes in one statement, for its column may count by it; the name of a constraint is not free before
 * the end of the statement that drops it. */
static char *replace(const struct comparing *c, const struct create_line *there, const struct create_line *line)
{
    bool constraint = there->kind == CREATE_FOREIGN || there->kind == CREATE_CHECK;
    char *then = constraint ? xasprintf("; ALTER TABLE %s ", c->table) : xstrdup(", ");
    char *change =
        xasprintf("%s%.*s%sADD %.*s", drop_of(there->kind), SPAN_ARG(there->name), then, SPAN_ARG(line->text));
    free(then);
    return change;
}

static void compare_key(struct comparing *c, size_t kind, const struct create_line *line)
{
    const struct create_line *named = create_text_named(c->to, line);
    if (create_text_find(c->to, line) || (named && !c->differences))
        return;
    tell(c, key_kinds[kind].missing_id, key_kinds[kind].missing, key_kinds[kind].missing_what, line,
         named ? replace(c, named, line) : text("ADD ", line->text));
}

static void compare_extra_key(struct comparing *c, size_t kind, const struct create_line *line)
{
    if (c->extras && key_kinds[kind].extra_id && !create_text_find(c->from, line) && !create_text_named(c->from, line))
        tell(c, key_kinds[kind].extra_id, FINDING_WARNING, key_kinds[kind].extra_what, line,
             text(key_kinds[kind].drop, line->name));
}

static void compare_keys(struct comparing *c)
{
    for (size_t k = 0; k < sizeof key_kinds / sizeof key_kinds[0]; k++) {
        for (size_t i = 0; i < c->to->count; i++)
            if (c->to->lines[i].kind == key_kinds[k].kind)
                compare_extra_key(c, k, &c->to->lines[i]);
        for (size_t i = 0; i < c->from->count; i++)
            if (c->from->lines[i].kind == key_kinds[k].kind)
                compare_key(c, k, &c->from->lines[i]);
    }
}

static void compare_columns(struct comparing *c)
{
    for (size_t i = 0; i < c->from->count; i++)
        if (c->from->lines[i].kind == CREATE_COLUMN)
            compare_column(c, &c->from->lines[i]);
    for (size_t i = 0; i < c->to->count; i++) {
        const struct create_line *line = &c->to->lines[i];
        if (c->extras && line->kind == CREATE_COLUMN && !create_text_find(c->from, line))
            tell(c, "column_extra", FINDING_NOTE, "the source lacks the column", line,
                 text("DROP COLUMN ", line->name));
    }
}

/* Columns that name none have the table's: mending that mends them. */
static bool compare_options(struct comparing *c)
{
    const struct create_text *f = c->from;
    if (span_eq(f->charset, c->to->charset) && span_eq(f->collation, c->to->collation))
        return false;
    if (c->differences)
        tell(c, "table_collation", FINDING_WARNING, "the two sides have other character sets or collations", NULL,
             xasprintf("CONVERT TO CHARACTER SET %.*s%s%.*s", SPAN_ARG(f->charset), f->collation.n ? " COLLATE " : "",
                       SPAN_ARG(f->collation)));
    return true;
}

int check_compare_text(struct findings *out, size_t *told, const struct check_place *from, const struct check_place *to,
                       struct span db, struct span name, struct err *err)
{
    struct arena a = {0};
    struct create_text here = {0}, there = {0};
    const bool two_way = config_two_way(from->config, from->region->name, to->region->name);
    struct comparing c = {.out = out,
                          .where = to->region->name,
                          .extras = !two_way,
                          .differences = !two_way || from->region < to->region,
                          .from = &here,
                          .to = &there};
    int rc = show(&here, &a, from, db, name, err);
    if (rc == 1)
        rc = show(&there, &a, to, db, name, err);
    if (rc != 1)
        goto out;
    struct buf table = {0};
    db_put_name(&table, db);
    buf_put_str(&table, ".");
    db_put_name(&table, name);
    c.table = xstrdup(buf_cstr(&table));
    buf_free(&table);
    if (!compare_options(&c)) {
        compare_columns(&c);
        compare_keys(&c);
    }
    free(c.table);
    *told += c.told;
    rc = 0;
out:
    create_text_free(&here);
    create_text_free(&there);
    arena_free(&a);
    return rc;
}

int check_create_fix(char **out, const struct check_place *from, struct span db, struct span name, struct err *err)
{
    struct arena a = {0};
    struct create_text source = {0};
    struct buf sql = {0};
    int rc = show(&source, &a, from, db, name, err);
    if (rc == 1) {
        buf_put_str(&sql, UNLOGGED "CREATE TABLE ");
        db_put_name(&sql, db);
        buf_put_str(&sql, ".");
        db_put_name(&sql, name);
        buf_put_str(&sql, " ");
        for (size_t i = 0; i < source.body.n; i++)
            buf_put_u8(&sql, source.body.p[i] == '\n' ? ' ' : source.body.p[i]);
        buf_put_str(&sql, ";");
        *out = xstrdup(buf_cstr(&sql));
    }
    create_text_free(&source);
    buf_free(&sql);
    arena_free(&a);
    return rc;
}
