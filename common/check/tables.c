/* The pair's tables at one server: engines, triggers, primary keys, rules; and whether a link's rows can be written. */
#include "common/check/tables.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/check/grants.h"
#include "common/check/server.h"
#include "common/target/computed_columns.h"
#include "common/target/convert.h"
#include "common/target/target_table.h"
#include "conflict/judge.h"

#define NOT_OURS                                                                                                       \
    "t.TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema', 'drc') AND t.TABLE_TYPE = "    \
    "'BASE TABLE'"

#define MYSQL_LOGS_CASCADES 90600u /* the first release whose binlog tells what foreign keys change */

/* What is done at one server must not come back to it, nor go to others as a change of definition. */
#define UNLOGGED "SET SESSION sql_log_bin = 0; "

const char check_base_tables[] =
    "SELECT t.TABLE_SCHEMA, t.TABLE_NAME FROM information_schema.TABLES t WHERE " NOT_OURS " ORDER BY 1, 2";

struct looking {
    struct findings *out;
    const struct check_place *at;
    const struct check_place *from;
};

int check_for_tables(const struct check_place *p, const char *sql, check_table_fn *each, void *context, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    size_t looked_at = 0;
    int rc = db_query(p->db, &rows, &a, sql, err);
    for (size_t i = 0; rc == 0 && i < rows.row_count && looked_at < CHECK_MOST_TABLES; i++) {
        const struct span *cells = &rows.cells[i * rows.column_count];
        if (!filter_match(&p->config->tables, cells[0], cells[1]))
            continue;
        looked_at++;
        rc = each(context, cells, err);
    }
    arena_free(&a);
    return rc;
}

/* ---- at one server ---- */

static int tell_engine(void *context, const struct span *cells, struct err *err)
{
    struct looking *l = context;
    (void)err;
    check_found(
        l->out, "engine", l->at->region->name,
        xasprintf("table `%.*s`.`%.*s` has the engine %.*s, which is not transactional", SPAN_ARG(cells[0]),
                  SPAN_ARG(cells[1]), SPAN_ARG(cells[2])),
        xasprintf(UNLOGGED "ALTER TABLE `%.*s`.`%.*s` ENGINE = InnoDB;", SPAN_ARG(cells[0]), SPAN_ARG(cells[1])));
    return 0;
}

static int tell_trigger(void *context, const struct span *cells, struct err *err)
{
    struct looking *l = context;
    (void)err;
    check_found(l->out, "trigger", l->at->region->name,
                xasprintf("table `%.*s`.`%.*s` has the trigger `%.*s`, and rows are written to it by SQL",
                          SPAN_ARG(cells[0]), SPAN_ARG(cells[1]), SPAN_ARG(cells[2])),
                xasprintf(UNLOGGED "DROP TRIGGER `%.*s`.`%.*s`;", SPAN_ARG(cells[0]), SPAN_ARG(cells[2])));
    return 0;
}

/* cells: schema, table, a unique key without NULL, its columns. */
static int tell_keyless(void *context, const struct span *cells, struct err *err)
{
    struct looking *l = context;
    char *what = xasprintf("table `%.*s`.`%.*s` has no primary key", SPAN_ARG(cells[0]), SPAN_ARG(cells[1]));
    (void)err;
    check_found(l->out, "table_keyless", l->at->region->name, what,
                cells[2].p ? xasprintf(UNLOGGED "ALTER TABLE `%.*s`.`%.*s` ADD PRIMARY KEY (%.*s);", SPAN_ARG(cells[0]),
                                       SPAN_ARG(cells[1]), SPAN_ARG(cells[2]))
                           : xasprintf(UNLOGGED "ALTER TABLE `%.*s`.`%.*s` ADD COLUMN drc_row BIGINT UNSIGNED NOT "
                                                "NULL AUTO_INCREMENT PRIMARY KEY; -- in every region, with the same "
                                                "rows in the same order, or in none of them with rows",
                                       SPAN_ARG(cells[0]), SPAN_ARG(cells[1])));
    return 0;
}

/* A table's own rule was written for it: it is a mistake of the pair file. One for a whole pair reaches tables that
 * cannot follow it. */
static void tell_misfit(struct looking *l, const struct policy_rule *rule, const char *why)
{
    const char *path = l->at->config->path, *where = l->at->region->name;
    if (rule->table)
        check_found(l->out, "rule", where,
                    xasprintf("%s:%d: conflicts of %s.%s: %s", path, rule->line, rule->db, rule->table, why),
                    xstrdup("mend the rule or the table"));
    else
        check_found_as(l->out, FINDING_WARNING, "rule", where,
                       xasprintf("%s:%d: conflicts by default: %s", path, rule->line, why),
                       xstrdup("mend the rule, or give the table one of its own in conflicts.tables"));
}

static int tell_rule(void *context, const struct span *cells, struct err *err)
{
    struct looking *l = context;
    struct target_table *t = NULL;
    struct err found = {0};
    char *db = xasprintf("%.*s", SPAN_ARG(cells[0])), *name = xasprintf("%.*s", SPAN_ARG(cells[1]));
    const struct policy_rule *rule = policy_for(&l->at->config->conflicts, db, name);
    bool asks = rule->table || rule->policy != POLICY_STOP;
    int there = asks ? target_table_load_columns(&t, l->at->db, cells[0], cells[1], &found) : 0;
    int rc = there < 0 && found.class == ERR_RETRY ? -1 : 0;
    if (rc)
        *err = found;
    else if (there == 1 && conflict_rule_fits(rule, t->def, &found))
        tell_misfit(l, rule, found.text);
    target_table_free(&t);
    free(db);
    free(name);
    return rc;
}

static void put_table(struct buf *out, const char *before, struct span db, struct span name)
{
    buf_put_str(out, before);
    db_put_name(out, db);
    buf_put_str(out, ".");
    db_put_name(out, name);
}

/* The same key, which refuses instead. `cells` as below. */
static char *plain_key(const struct span *cells)
{
    struct buf sql = {0};
    put_table(&sql, UNLOGGED "ALTER TABLE ", cells[0], cells[1]);
    buf_put_str(&sql, " DROP FOREIGN KEY ");
    db_put_name(&sql, cells[2]);
    put_table(&sql, "; ALTER TABLE ", cells[0], cells[1]);
    buf_put_str(&sql, " ADD CONSTRAINT ");
    db_put_name(&sql, cells[2]);
    buf_printf(&sql, " FOREIGN KEY (%.*s)", SPAN_ARG(cells[4]));
    put_table(&sql, " REFERENCES ", cells[5], cells[6]);
    buf_printf(&sql, " (%.*s); -- in every region, once the application deletes children first", SPAN_ARG(cells[7]));
    char *text = xstrdup(buf_cstr(&sql));
    buf_free(&sql);
    return text;
}

/* cells: schema, table, a foreign key that changes its rows along with their parents, how; its columns, the parent's
 * schema, name and columns. */
static int tell_cascade(void *context, const struct span *cells, struct err *err)
{
    struct looking *l = context;
    const struct config *config = l->at->config;
    char *db = xasprintf("%.*s", SPAN_ARG(cells[0])), *name = xasprintf("%.*s", SPAN_ARG(cells[1]));
    bool accepted = config->allow_divergence || config->allow_divergence_anywhere ||
                    policy_for(&config->conflicts, db, name)->allow_divergence;
    char *what =
        xasprintf("the foreign key `%.*s` of table `%s`.`%s` changes rows of which no binlog tells (%.*s), and "
                  "regions both write",
                  SPAN_ARG(cells[2]), db, name, SPAN_ARG(cells[3]));
    (void)err;
    if (accepted)
        check_found_as(l->out, FINDING_NOTE, "cascade", l->at->region->name, what, plain_key(cells));
    else
        check_found(l->out, "cascade", l->at->region->name, what, plain_key(cells));
    free(db);
    free(name);
    return 0;
}

/* Of a region that others write to as well, by a server whose binlog does not tell what it cascades. */
static bool cascades_unseen(const struct check_place *p)
{
    if (db_flavor(p->db) == FLAVOR_MYSQL && db_version(p->db) >= MYSQL_LOGS_CASCADES)
        return false;
    for (size_t i = 0; i < p->config->region_count; i++)
        if (config_two_way(p->config, p->region->name, p->config->regions[i].name))
            return true;
    return false;
}

static bool writes_sql(const struct check_place *p)
{
    for (size_t i = 0; i < p->config->link_count; i++)
        if (strcmp(p->config->links[i].to, p->region->name) == 0 && p->config->links[i].writer == APPLY_WRITER_SQL)
            return true;
    return false;
}

/* A unique key of which no column may be NULL, else none. */
#define UNIQUE_COLUMNS                                                                                                 \
    "(SELECT GROUP_CONCAT(CONCAT('`', REPLACE(s.COLUMN_NAME, '`', '``'), '`') ORDER BY s.SEQ_IN_INDEX) FROM "          \
    "information_schema.STATISTICS s WHERE s.TABLE_SCHEMA = t.TABLE_SCHEMA AND s.TABLE_NAME = t.TABLE_NAME AND "       \
    "s.NON_UNIQUE = 0 GROUP BY s.INDEX_NAME HAVING SUM(s.NULLABLE = 'YES' OR s.SUB_PART IS NOT NULL) = 0 LIMIT 1)"

#define COLUMNS_OF_KEY(column)                                                                                         \
    "(SELECT GROUP_CONCAT(CONCAT('`', REPLACE(k." column ", '`', '``'), '`') ORDER BY k.ORDINAL_POSITION) FROM "       \
    "information_schema.KEY_COLUMN_USAGE k WHERE k.CONSTRAINT_SCHEMA = r.CONSTRAINT_SCHEMA AND k.CONSTRAINT_NAME = "   \
    "r.CONSTRAINT_NAME AND k.TABLE_NAME = r.TABLE_NAME)"

int check_tables(struct findings *out, const struct check_place *p, struct err *err)
{
    const bool target = p->roles & CHECK_TARGET;
    struct looking l = {.out = out, .at = p};
    const struct {
        bool wanted;
        const char *sql;
        check_table_fn *each;
    } looks[] = {
        {target,
         "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.ENGINE FROM information_schema.TABLES t JOIN "
         "information_schema.ENGINES e ON e.ENGINE = t.ENGINE WHERE COALESCE(e.TRANSACTIONS, 'NO') <> 'YES' "
         "AND " NOT_OURS,
         tell_engine                                                                                                                },
        {target && writes_sql(p),
         "SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME FROM information_schema.TRIGGERS",               tell_trigger},
        {true,
         "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, " UNIQUE_COLUMNS
         " FROM information_schema.TABLES t WHERE NOT EXISTS (SELECT 1 FROM information_schema.STATISTICS s WHERE "
         "s.TABLE_SCHEMA = t.TABLE_SCHEMA AND s.TABLE_NAME = t.TABLE_NAME AND s.INDEX_NAME = 'PRIMARY') AND " NOT_OURS,
         tell_keyless                                                                                                               },
        {target && cascades_unseen(p),
         "SELECT r.CONSTRAINT_SCHEMA, r.TABLE_NAME, r.CONSTRAINT_NAME, CONCAT('ON DELETE ', r.DELETE_RULE, ' ON UPDATE "
         "', "
         "r.UPDATE_RULE), " COLUMNS_OF_KEY("COLUMN_NAME") ", r.UNIQUE_CONSTRAINT_SCHEMA, "
                                                          "r.REFERENCED_TABLE_NAME, " COLUMNS_OF_KEY(
                                                              "REFERENCED_COLUMN_NAME") " FROM "
                                                                                        "information_schema."
                                                                                        "REFERENTIAL_CONSTRAINTS r "
                                                                                        "WHERE r.DELETE_RULE "
                                                                                        "IN ('CASCADE', 'SET NULL', "
                                                                                        "'SET DEFAULT') OR "
                                                                                        "r.UPDATE_RULE IN ('CASCADE', "
                                                                                        "'SET NULL', 'SET DEFAULT') "
                                                                                        "ORDER BY 1, 2, 3",             tell_cascade},
        {target,                       check_base_tables,                                                               tell_rule   },
    };
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++)
        if (looks[i].wanted && check_for_tables(p, looks[i].sql, looks[i].each, &l, err))
            return -1;
    return 0;
}

/* ---- at the two ends of a link ---- */

/* 1: loaded; 0: not there; -1: error. A table that cannot be written to at all is told by `why`. */
static int load(struct target_table **out, struct db *db, const struct span *cells, struct buf *why, struct err *err)
{
    struct err found = {0};
    int there = target_table_load_columns(out, db, cells[0], cells[1], &found);
    if (there >= 0)
        return there;
    if (found.class == ERR_RETRY) {
        *err = found;
        return -1;
    }
    buf_put_str(why, found.text);
    return 1;
}

static int tell_missing(const struct looking *l, const struct span *cells, struct err *err)
{
    char *fix;
    int rc = check_create_fix(&fix, l->from, cells[0], cells[1], err);
    if (rc != 1)
        return rc;
    check_found(l->out, "table_missing", l->at->region->name,
                xasprintf("table `%.*s`.`%.*s` of the source %s is not at the target", SPAN_ARG(cells[0]),
                          SPAN_ARG(cells[1]), l->from->region->name),
                fix);
    return 0;
}

/* Rows do not fit: the differences of the lines say what mends it, as errors; where they tell none, the reason itself.
 */
static int compare(const struct looking *l, const struct span *cells, const char *refused, struct err *err)
{
    size_t first = l->out->count, told = 0;
    if (db_flavor(l->from->db) == db_flavor(l->at->db) &&
        check_compare_text(l->out, &told, l->from, l->at, cells[0], cells[1], err))
        return -1;
    for (size_t i = first; refused && i < l->out->count; i++)
        if (l->out->items[i].severity == FINDING_WARNING)
            l->out->items[i].severity = FINDING_ERROR;
    if (refused)
        check_found(l->out, "table_refused", l->at->region->name,
                    xasprintf("table `%.*s`.`%.*s` of the source %s: %s", SPAN_ARG(cells[0]), SPAN_ARG(cells[1]),
                              l->from->region->name, refused),
                    xstrdup(told > 0 ? "the statements of the table's other findings"
                                     : "ALTER TABLE at the target, so that it takes the source's rows"));
    return 0;
}

/* The columns that rows of a table may bring; NULL: all. */
static const uint8_t *brought(const struct db *source, const struct table_def *t, uint8_t *columns)
{
    if (!computed_columns_left_out(db_flavor(source), db_version(source)))
        return NULL;
    memset(columns, 0, table_bitmap_len(t));
    for (uint16_t i = 0; i < t->column_count; i++)
        columns[i / 8] |= (uint8_t)(!t->columns[i].generated << i % 8);
    return columns;
}

/* Rows that lack what is computed for plain SQL only are written by it: MariaDB's BINLOG asks for no such privilege. */
static int tell_computed(const struct looking *l, const struct convert_plan *plan, struct err *err)
{
    static const char *const needed[] = {"INSERT", "UPDATE", "DELETE"};
    const struct target_table *t = plan->table;
    struct grants missing = {0};
    struct buf what = {0}, fix = {0};
    const bool asks = !check_writes_sql(l->from, l->at) && db_flavor(l->at->db) == FLAVOR_MARIADB;
    int column = asks ? target_table_ever_lacks(t, plan->present) : -1;
    int rc = 0;
    for (size_t i = 0; column >= 0 && rc == 0 && i < sizeof needed / sizeof needed[0]; i++)
        rc = check_account_has(&missing, l->at, needed[i], err);
    if (rc == 0 && missing.count > 0) {
        buf_printf(&what,
                   "rows of `%.*s`.`%.*s` come without `%.*s`, and only plain SQL can write them so: account %s "
                   "has not ",
                   SPAN_ARG(t->def->db), SPAN_ARG(t->def->name), SPAN_ARG(t->def->columns[column].name),
                   db_account(l->at->db));
        grants_put_words(&what, &missing);
        grants_put_line(&fix, &missing, db_account(l->at->db));
        check_found(l->out, "grant_missing", l->at->region->name, xstrdup(buf_cstr(&what)), xstrdup(buf_cstr(&fix)));
    }
    grants_free(&missing);
    buf_free(&what);
    buf_free(&fix);
    return rc;
}

static int compare_table(void *context, const struct span *cells, struct err *err)
{
    const struct looking *l = context;
    struct target_table *from = NULL, *to = NULL;
    struct convert_plan *plan = NULL;
    struct buf why = {0}, unused = {0};
    uint8_t columns[TABLE_COLUMNS_MAX / 8];
    int rc = load(&from, l->from->db, cells, &unused, err);
    int there = rc < 0 ? rc : load(&to, l->at->db, cells, &why, err);
    bool fits = there == 1 && from && to &&
                convert_plan_make(&plan, to, from->def, brought(l->from->db, from->def, columns), &why);
    if (there < 0)
        rc = -1;
    else if (!from)
        rc = 0;
    else if (there == 0)
        rc = tell_missing(l, cells, err);
    else
        rc = compare(l, cells, fits ? NULL : buf_cstr(&why), err) || (fits && tell_computed(l, plan, err)) ? -1 : 0;
    convert_plan_free(&plan);
    target_table_free(&from);
    target_table_free(&to);
    buf_free(&why);
    buf_free(&unused);
    return rc;
}

int check_link_tables(struct findings *out, const struct check_place *from, const struct check_place *to,
                      struct err *err)
{
    struct looking l = {.out = out, .at = to, .from = from};
    return check_for_tables(from, check_base_tables, compare_table, &l, err);
}
