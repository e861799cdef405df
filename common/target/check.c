/* The checks: one function each, and a table of them. */
#include "common/target/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "common/base/log.h"
#include "common/target/convert.h"
#include "common/target/target_table.h"

#define LEAST_PACKET (1u << 20)
#define MOST_TABLES 2000u /* that are looked at one by one */
#define NOT_OURS                                                                                                       \
    "TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema', 'drc') AND TABLE_TYPE = 'BASE "  \
    "TABLE'"

struct checking {
    const struct target_check_setup *setup;
    target_finding_fn *found;
    void *context;
    const char *check; /* at work */
};

static void report(const struct checking *c, bool refuses, struct buf *what, const char *fix)
{
    const struct target_finding f = {.check = c->check, .refuses = refuses, .what = buf_cstr(what), .fix = fix};
    c->found(c->context, &f);
    buf_free(what);
}

/* ---- the server's settings ---- */

static bool is_idempotent(const char *value)
{
    return strcasecmp(value, "IDEMPOTENT") == 0;
}

static bool runs_triggers(const char *value)
{
    return strcasecmp(value, "NO") != 0;
}

static bool is_too_small(const char *value)
{
    return strtoull(value, NULL, 10) < LEAST_PACKET;
}

static bool is_not_full(const char *value)
{
    return strcasecmp(value, "FULL") != 0;
}

static const struct {
    const char *name;
    bool (*is_wrong)(const char *value);
    const char *why;
    const char *fix;
    bool of_sources; /* matters only where a capture reads what we write */
} settings[] = {
    {"slave_exec_mode",            is_idempotent, "would hide duplicate and missing rows",                                 "SET GLOBAL slave_exec_mode = 'STRICT'",
     false                                                                                                                                                                  },
    {"replica_exec_mode",          is_idempotent, "would hide duplicate and missing rows",
     "SET GLOBAL replica_exec_mode = 'STRICT'",                                                                                                                        false},
    {"slave_run_triggers_for_rbr", runs_triggers, "would run triggers whose effects come from the source already",
     "SET GLOBAL slave_run_triggers_for_rbr = 'NO'",                                                                                                                   false},
    {"max_allowed_packet",         is_too_small,  "is less than 1 MiB",                                                    "SET GLOBAL max_allowed_packet = 67108864", false},
    {"binlog_row_metadata",        is_not_full,   "would put rows into its binlog that its own capture cannot read, ever",
     "SET GLOBAL binlog_row_metadata = 'FULL'",                                                                                                                        true },
};

static int check_settings(struct checking *c, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    int rc = db_query(c->setup->db, &rows, &a,
                      "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('slave_exec_mode', 'replica_exec_mode', "
                      "'slave_run_triggers_for_rbr', 'max_allowed_packet', 'binlog_row_metadata')",
                      err);
    for (size_t r = 0; rc == 0 && r < rows.row_count; r++) {
        for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
            const char *value = (const char *)db_cell(&rows, r, 1).p;
            struct buf what = {0};
            if (!span_is(db_cell(&rows, r, 0), settings[i].name) || !settings[i].is_wrong(value) ||
                (settings[i].of_sources && !c->setup->is_source))
                continue;
            buf_printf(&what, "%s = %s %s", settings[i].name, value, settings[i].why);
            report(c, true, &what, settings[i].fix);
        }
    }
    arena_free(&a);
    return rc;
}

/* Pinned by the session; what is other than pinned all the same would change what reading under lock means. */
static int check_isolation(struct checking *c, struct err *err)
{
    char level[40];
    struct buf what = {0};
    const char *sql =
        db_flavor(c->setup->db) == FLAVOR_MYSQL ? "SELECT @@transaction_isolation" : "SELECT @@tx_isolation";
    if (db_query_text(c->setup->db, level, sizeof level, sql, err))
        return -1;
    if (strcasecmp(level, "READ-COMMITTED") == 0)
        return 0;
    buf_printf(&what, "the session's isolation is %s, though READ COMMITTED was set", level);
    report(c, true, &what, "look for a proxy between applier and server that changes statements");
    return 0;
}

/* What could not be pinned, and costs, but harms nothing. */
static int check_costs(struct checking *c, struct err *err)
{
    uint64_t logs_text = 0;
    struct buf what = {0}, fix = {0};
    if (db_flavor(c->setup->db) != FLAVOR_MYSQL)
        return 0;
    if (db_query_u64(c->setup->db, &logs_text, "SELECT @@SESSION.binlog_rows_query_log_events", err))
        return -1;
    if (logs_text) {
        buf_put_str(&what,
                    "binlog_rows_query_log_events = ON puts the text of every BINLOG statement into the target's "
                    "binlog, beside the rows");
        buf_printf(&fix,
                   "SET GLOBAL binlog_rows_query_log_events = OFF; or let the session do so: GRANT "
                   "SESSION_VARIABLES_ADMIN ON *.* TO %s",
                   db_account(c->setup->db));
        report(c, false, &what, buf_cstr(&fix));
    }
    buf_free(&fix);
    return 0;
}

/* ---- tables at the target ---- */

/* Rows of `sql` (schema, table, more) whose table is one of the pair's, to `each`. */
static int for_tables(struct checking *c, struct db *db, const char *sql,
                      int (*each)(struct checking *c, const struct span *cells, struct err *err), struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    size_t looked_at = 0;
    if (!c->setup->tables)
        return 0;
    int rc = db_query(db, &rows, &a, sql, err);
    for (size_t i = 0; rc == 0 && i < rows.row_count && looked_at < MOST_TABLES; i++) {
        const struct span *cells = &rows.cells[i * rows.column_count];
        if (!filter_match(c->setup->tables, cells[0], cells[1]))
            continue;
        looked_at++;
        rc = each(c, cells, err);
    }
    arena_free(&a);
    return rc;
}

static int tell_engine(struct checking *c, const struct span *cells, struct err *err)
{
    struct buf what = {0}, fix = {0};
    (void)err;
    buf_printf(&what,
               "table `%.*s`.`%.*s` has the engine %.*s, which is not transactional: rows for it are refused and "
               "the link waits",
               SPAN_ARG(cells[0]), SPAN_ARG(cells[1]), SPAN_ARG(cells[2]));
    buf_printf(&fix, "ALTER TABLE `%.*s`.`%.*s` ENGINE = InnoDB", SPAN_ARG(cells[0]), SPAN_ARG(cells[1]));
    report(c, false, &what, buf_cstr(&fix));
    buf_free(&fix);
    return 0;
}

static int check_engines(struct checking *c, struct err *err)
{
    return for_tables(
        c, c->setup->db,
        "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.ENGINE FROM information_schema.TABLES t JOIN "
        "information_schema.ENGINES e ON e.ENGINE = t.ENGINE WHERE COALESCE(e.TRANSACTIONS, 'NO') <> 'YES' "
        "AND " NOT_OURS,
        tell_engine, err);
}

static int tell_trigger(struct checking *c, const struct span *cells, struct err *err)
{
    struct buf what = {0}, fix = {0};
    (void)err;
    buf_printf(&what,
               "table `%.*s`.`%.*s` has the trigger `%.*s`, which would fire on rows that are written by SQL: the "
               "link waits at them",
               SPAN_ARG(cells[0]), SPAN_ARG(cells[1]), SPAN_ARG(cells[2]));
    buf_printf(&fix, "DROP TRIGGER `%.*s`.`%.*s`; or apply by BINLOG statements, which fire none", SPAN_ARG(cells[0]),
               SPAN_ARG(cells[2]));
    report(c, false, &what, buf_cstr(&fix));
    buf_free(&fix);
    return 0;
}

static int check_triggers(struct checking *c, struct err *err)
{
    if (!c->setup->sql_writer)
        return 0;
    return for_tables(c, c->setup->db,
                      "SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME FROM information_schema.TRIGGERS",
                      tell_trigger, err);
}

/* The server's refusal names the grant. */
static int try_select(struct checking *c, const struct span *cells, struct err *err)
{
    struct buf sql = {0}, what = {0};
    struct err why = {0};
    int rc = 0;
    buf_put_str(&sql, "SELECT 1 FROM ");
    db_put_name(&sql, cells[0]);
    buf_put_str(&sql, ".");
    db_put_name(&sql, cells[1]);
    buf_put_str(&sql, " LIMIT 0");
    if (db_exec(c->setup->db, buf_cstr(&sql), &why) && why.class == ERR_RETRY) {
        *err = why;
        rc = -1;
    } else if (why.class == ERR_FATAL && why.exit_code == EXIT_DENIED) {
        buf_put_str(&what, why.text);
        report(c, false, &what, "the statement above");
    }
    buf_free(&sql);
    return rc;
}

static int check_grants(struct checking *c, struct err *err)
{
    return for_tables(c, c->setup->db, "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE " NOT_OURS,
                      try_select, err);
}

/* ---- against the source ---- */

static void tell_difference(struct checking *c, const struct span *cells, bool is_there, const char *why)
{
    struct buf what = {0}, fix = {0};
    buf_printf(&what, "table `%.*s`.`%.*s`%s%s", SPAN_ARG(cells[0]), SPAN_ARG(cells[1]), is_there ? ": " : "",
               is_there ? why : " of the source is not at the target: the link waits at its first row");
    if (is_there)
        buf_put_str(&fix, "ALTER TABLE at the target, so that it takes the source's rows");
    else
        buf_printf(&fix, "run what the source answers to SHOW CREATE TABLE `%.*s`.`%.*s`", SPAN_ARG(cells[0]),
                   SPAN_ARG(cells[1]));
    report(c, false, &what, buf_cstr(&fix));
    buf_free(&fix);
}

/* 1: loaded; 0: not there; -1: error. A table that cannot be written to at all is told by `why`. */
static int load(struct target_table **out, struct db *db, const struct span *cells, struct buf *why, struct err *err)
{
    struct err found = {0};
    int there = target_table_load(out, db, cells[0], cells[1], &found);
    if (there >= 0)
        return there;
    if (found.class == ERR_RETRY) {
        *err = found;
        return -1;
    }
    buf_put_str(why, found.text);
    return 1;
}

static int compare_table(struct checking *c, const struct span *cells, struct err *err)
{
    struct target_table *from = NULL, *to = NULL;
    struct convert_plan *plan = NULL;
    struct buf why = {0}, unused = {0};
    int rc = load(&from, c->setup->from, cells, &unused, err);
    int there = rc < 0 ? rc : load(&to, c->setup->db, cells, &why, err);
    if (there >= 0 && from && (!to || !convert_plan_make(&plan, to, from->def, &why)))
        tell_difference(c, cells, there == 1, buf_cstr(&why));
    convert_plan_free(&plan);
    target_table_free(&from);
    target_table_free(&to);
    buf_free(&why);
    buf_free(&unused);
    return rc < 0 || there < 0 ? -1 : 0;
}

static int check_definitions(struct checking *c, struct err *err)
{
    if (!c->setup->from)
        return 0;
    return for_tables(c, c->setup->from,
                      "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE " NOT_OURS, compare_table,
                      err);
}

/* ---- all of them ---- */

static const struct {
    const char *name;
    int (*run)(struct checking *c, struct err *err);
} checks[] = {
    {"settings",    check_settings   },
    {"isolation",   check_isolation  },
    {"costs",       check_costs      },
    {"grants",      check_grants     },
    {"engine",      check_engines    },
    {"triggers",    check_triggers   },
    {"definitions", check_definitions},
};

int target_check_all(const struct target_check_setup *setup, target_finding_fn *found, void *context, struct err *err)
{
    struct checking c = {.setup = setup, .found = found, .context = context};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        c.check = checks[i].name;
        if (checks[i].run(&c, err))
            return err_prefix(err, "checking the target (%s)", c.check);
    }
    return 0;
}

static void tell(void *context, const struct target_finding *f)
{
    struct err *first = context;
    log_at(f->refuses ? LOG_ERROR : LOG_WARN, "target: %s; mend it by: %s", f->what, f->fix);
    if (f->refuses && first->class == ERR_NONE)
        (void)err_fatal(first, EXIT_BAD_CONFIG, "the target's %s; mend it by: %s", f->what, f->fix);
}

int target_check(const struct target_check_setup *setup, struct err *err)
{
    struct err first = {0};
    if (target_check_all(setup, tell, &first, err))
        return -1;
    if (first.class == ERR_NONE)
        return 0;
    *err = first;
    return -1;
}
