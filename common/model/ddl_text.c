/* The few statements that are about tables, each by a small function that reads as far as the names go. */
#include "common/model/ddl_text.h"

#include "common/model/ddl_token.h"

struct parser {
    struct token_reader r;
    struct ddl *d;
    struct arena *arena;
    size_t cap; /* of d->tables */
    struct ddl_reading *out;
};

/* It is that, if it was nothing more yet. */
static void be(struct parser *p, enum ddl_form form)
{
    if (form > p->out->form)
        p->out->form = form;
}

static void add_table(struct parser *p, struct span db, struct span name)
{
    struct ddl *d = p->d;
    if (d->table_count == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 4;
        struct ddl_table *tables = arena_alloc(p->arena, p->cap * sizeof(*tables));
        if (d->table_count > 0)
            memcpy(tables, d->tables, d->table_count * sizeof(*tables));
        d->tables = tables;
    }
    d->tables[d->table_count++] = (struct ddl_table){db, name};
}

/* "name", "db.name" or ".name". */
static bool take_table(struct parser *p)
{
    struct span db = {0};
    struct span name;
    if (!token_skip_sign(&p->r, '.')) {
        if (!token_take_name(&p->r, &name, p->arena))
            return false;
        if (!token_skip_sign(&p->r, '.')) {
            add_table(p, db, name);
            return true;
        }
        db = name;
    }
    if (!token_take_name(&p->r, &name, p->arena))
        return false;
    add_table(p, db, name);
    return true;
}

/* IF EXISTS, IF NOT EXISTS, or nothing. */
static void skip_if_exists(struct parser *p)
{
    if (token_skip(&p->r, "IF")) {
        (void)token_skip(&p->r, "NOT");
        (void)token_skip(&p->r, "EXISTS");
    }
}

/* MariaDB's WAIT n and NOWAIT. */
static void skip_wait(struct parser *p)
{
    if (token_skip(&p->r, "WAIT"))
        token_next(&p->r);
    else
        (void)token_skip(&p->r, "NOWAIT");
}

static bool at_end(const struct parser *p)
{
    return p->r.token.kind == TOKEN_END || token_is_sign(&p->r, ';');
}

/* DATABASE or SCHEMA has been read. Only ALTER may leave the name out. */
static bool parse_database(struct parser *p, enum ddl_form form)
{
    bool name_needed = form != DDL_FORM_ALTER_DATABASE;
    static const char *const options[] = {"DEFAULT",    "CHARACTER", "CHARSET", "COLLATE",
                                          "ENCRYPTION", "READ",      "COMMENT", "SET"};
    struct span name = {0};
    skip_if_exists(p);
    bool named = true;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]) && !name_needed; i++)
        if (token_is(&p->r, options[i]))
            named = false;
    if (named && !token_take_name(&p->r, &name, p->arena))
        return false;
    add_table(p, name, (struct span){0});
    p->d->class = DDL_OTHER;
    be(p, form);
    return true;
}

/* [IF …] name [USING …] ON table; INDEX has been read. */
static bool parse_index(struct parser *p)
{
    struct span index;
    skip_if_exists(p);
    if (!token_take_name(&p->r, &index, p->arena))
        return false;
    while (!at_end(p) && !token_is(&p->r, "ON"))
        token_next(&p->r);
    p->d->class = DDL_ALTER;
    be(p, DDL_FORM_ALTER);
    return token_skip(&p->r, "ON") && take_table(p);
}

/* Behind the table's name: is there a query, and does MySQL's own addition end it? No word of a definition is SELECT.
 */
static void parse_create_rest(struct parser *p)
{
    unsigned depth = 0;
    while (!at_end(p)) {
        const uint8_t *at = p->r.token.text.p;
        bool start = depth == 0 && token_is(&p->r, "START");
        if (token_is(&p->r, "SELECT"))
            be(p, DDL_FORM_SELECT);
        else if (token_is_sign(&p->r, '('))
            depth++;
        else if (token_is_sign(&p->r, ')') && depth > 0)
            depth--;
        token_next(&p->r);
        if (start && token_is(&p->r, "TRANSACTION"))
            p->out->run.n = (size_t)(at - p->out->run.p);
    }
}

static bool parse_create_table(struct parser *p, bool replace)
{
    be(p, DDL_FORM_UNREAD);
    skip_if_exists(p);
    if (!take_table(p))
        return false;
    p->d->class = DDL_CREATE;
    be(p, DDL_FORM_CREATE);
    struct token_reader before = p->r;
    (void)token_skip_sign(&p->r, '(');
    if (!token_skip(&p->r, "LIKE")) {
        p->r = before;
        parse_create_rest(p);
    } else if (take_table(p)) {
        be(p, DDL_FORM_LIKE);
    } else {
        return false;
    }
    if (replace && p->out->form != DDL_FORM_SELECT)
        be(p, DDL_FORM_REPLACE);
    return true;
}

static bool parse_create(struct parser *p)
{
    bool replace = token_skip(&p->r, "OR");
    if (replace && !token_skip(&p->r, "REPLACE"))
        return false;
    if (token_skip(&p->r, "TABLE"))
        return parse_create_table(p, replace);
    if (token_skip(&p->r, "DATABASE") || token_skip(&p->r, "SCHEMA"))
        return parse_database(p, DDL_FORM_CREATE_DATABASE);
    (void)(token_skip(&p->r, "ONLINE") || token_skip(&p->r, "OFFLINE"));
    (void)(token_skip(&p->r, "UNIQUE") || token_skip(&p->r, "FULLTEXT") || token_skip(&p->r, "SPATIAL") ||
           token_skip(&p->r, "VECTOR"));
    return token_skip(&p->r, "INDEX") && parse_index(p);
}

/* RENAME has been read, at the beginning of a clause of ALTER TABLE. */
static bool parse_alter_rename(struct parser *p)
{
    if (token_is(&p->r, "COLUMN") || token_is(&p->r, "INDEX") || token_is(&p->r, "KEY"))
        return true;
    (void)(token_skip(&p->r, "TO") || token_skip(&p->r, "AS") || token_skip_sign(&p->r, '='));
    p->d->class = DDL_RENAME;
    be(p, DDL_FORM_MOVE);
    return take_table(p);
}

/* EXCHANGE PARTITION p WITH TABLE t; MariaDB: CONVERT PARTITION p TO TABLE t, CONVERT TABLE t TO PARTITION p. Anything
 * else that begins with these words is none of ours. */
static bool parse_alter_partition(struct parser *p, enum ddl_form form)
{
    struct span partition;
    if (token_skip(&p->r, "TABLE")) {
        be(p, form);
        return take_table(p);
    }
    if (!token_skip(&p->r, "PARTITION"))
        return true;
    be(p, form);
    return token_take_name(&p->r, &partition, p->arena) && (token_skip(&p->r, "WITH") || token_skip(&p->r, "TO")) &&
           token_skip(&p->r, "TABLE") && take_table(p);
}

/* One clause, as far as it names another table or tells of more than a definition. */
static bool parse_alter_clause(struct parser *p)
{
    if (token_skip(&p->r, "RENAME"))
        return parse_alter_rename(p);
    if (token_skip(&p->r, "EXCHANGE"))
        return parse_alter_partition(p, DDL_FORM_EXCHANGE);
    if (token_skip(&p->r, "CONVERT"))
        return parse_alter_partition(p, DDL_FORM_PARTITION);
    if (token_skip(&p->r, "DROP") || token_skip(&p->r, "TRUNCATE")) {
        if (token_is(&p->r, "PARTITION"))
            be(p, DDL_FORM_PARTITION);
    } else if (token_is(&p->r, "DISCARD") || token_is(&p->r, "IMPORT")) {
        be(p, DDL_FORM_TABLESPACE);
    }
    return true;
}

/* A clause of ALTER TABLE begins after the name and after each comma outside brackets. */
static bool parse_alter_clauses(struct parser *p)
{
    unsigned depth = 0;
    bool begins = true;
    while (!at_end(p)) {
        if (begins && !parse_alter_clause(p))
            return false;
        begins = depth == 0 && token_is_sign(&p->r, ',');
        if (token_is_sign(&p->r, '('))
            depth++;
        else if (token_is_sign(&p->r, ')') && depth > 0)
            depth--;
        if (!at_end(p))
            token_next(&p->r);
    }
    return true;
}

static bool parse_alter(struct parser *p)
{
    if (token_skip(&p->r, "DATABASE") || token_skip(&p->r, "SCHEMA"))
        return parse_database(p, DDL_FORM_ALTER_DATABASE);
    (void)(token_skip(&p->r, "ONLINE") || token_skip(&p->r, "OFFLINE"));
    (void)token_skip(&p->r, "IGNORE");
    if (!token_skip(&p->r, "TABLE"))
        return false;
    be(p, DDL_FORM_UNREAD);
    skip_if_exists(p);
    if (!take_table(p))
        return false;
    p->d->class = DDL_ALTER;
    be(p, DDL_FORM_ALTER);
    skip_wait(p);
    return parse_alter_clauses(p);
}

static bool parse_rename(struct parser *p)
{
    if (!token_skip(&p->r, "TABLE") && !token_skip(&p->r, "TABLES"))
        return false;
    be(p, DDL_FORM_UNREAD);
    skip_if_exists(p);
    p->d->class = DDL_RENAME;
    do {
        if (!take_table(p))
            return false;
        skip_wait(p);
        if (!token_skip(&p->r, "TO") || !take_table(p))
            return false;
    } while (token_skip_sign(&p->r, ','));
    if (at_end(p))
        be(p, DDL_FORM_RENAME);
    return at_end(p);
}

static bool parse_drop(struct parser *p)
{
    if (token_skip(&p->r, "DATABASE") || token_skip(&p->r, "SCHEMA"))
        return parse_database(p, DDL_FORM_DROP_DATABASE);
    if (token_skip(&p->r, "TABLE") || token_skip(&p->r, "TABLES")) {
        be(p, DDL_FORM_UNREAD);
        skip_if_exists(p);
        p->d->class = DDL_DROP;
        do {
            if (!take_table(p))
                return false;
        } while (token_skip_sign(&p->r, ','));
        be(p, DDL_FORM_DROP);
        return true;
    }
    (void)(token_skip(&p->r, "ONLINE") || token_skip(&p->r, "OFFLINE"));
    return token_skip(&p->r, "INDEX") && parse_index(p);
}

static bool parse_truncate(struct parser *p)
{
    (void)token_skip(&p->r, "TABLE");
    p->d->class = DDL_TRUNCATE;
    be(p, DDL_FORM_UNREAD);
    if (!take_table(p))
        return false;
    be(p, DDL_FORM_TRUNCATE);
    return true;
}

/* MariaDB's SET STATEMENT variable=value, … FOR before any statement. */
static bool skip_set_statement(struct parser *p)
{
    if (!token_skip(&p->r, "SET"))
        return true;
    if (!token_skip(&p->r, "STATEMENT"))
        return false;
    while (!at_end(p) && !token_is(&p->r, "FOR"))
        token_next(&p->r);
    return token_skip(&p->r, "FOR");
}

static bool parse_statement(struct parser *p)
{
    static const struct {
        const char *word;
        bool (*parse)(struct parser *p);
    } statements[] = {
        {"CREATE",   parse_create  },
        {"ALTER",    parse_alter   },
        {"RENAME",   parse_rename  },
        {"DROP",     parse_drop    },
        {"TRUNCATE", parse_truncate},
    };
    if (!skip_set_statement(p))
        return false;
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        if (token_skip(&p->r, statements[i].word))
            return statements[i].parse(p);
    return false;
}

void ddl_text_read(struct ddl *d, struct ddl_reading *out, enum flavor flavor, struct arena *a)
{
    struct parser p = {.d = d, .arena = a, .out = out};
    *out = (struct ddl_reading){DDL_FORM_OTHER, d->text};
    d->class = DDL_OTHER;
    d->tables = NULL;
    d->table_count = 0;
    token_open(&p.r, d->text, flavor, d->sql_mode, d->charset_client);
    if (!parse_statement(&p)) {
        d->class = DDL_OTHER;
        d->tables = NULL;
        d->table_count = 0;
        if (out->form != DDL_FORM_OTHER)
            out->form = DDL_FORM_UNREAD;
    }
}

void ddl_text_classify(struct ddl *d, enum flavor flavor, struct arena *a)
{
    struct ddl_reading unused;
    ddl_text_read(d, &unused, flavor, a);
}
