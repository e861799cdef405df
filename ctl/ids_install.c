/* drcctl ids install and remove: the generator of ids, drc.next_id(), in a region's database. */
#include <stdio.h>
#include <stdlib.h>

#include "common/target/schema.h"
#include "ctl/command.h"
#include "ctl/ids_generator.h"

#define READ_TIMEOUT_S 120
/* From these on a counter survives a restart, and a session may have several named locks. */
#define LEAST_MARIADB 100204u
#define LEAST_MYSQL 80000u
/* Of MySQL and MariaDB: the binlog is on, the account may not make functions that write. */
#define ER_BINLOG_UNSAFE_ROUTINE 1418
#define ER_BINLOG_CREATE_ROUTINE_NEED_SUPER 1419

struct install_arguments {
    const char *config_path;
    const char *region;
    bool dry_run;
};

static const struct argp_option options[] = {
    {"region",  'r', "REGION", 0, "The region in whose database it is done",  0},
    {"dry-run", 'n', NULL,     0, "Print the statements, and change nothing", 0},
    {NULL,      0,   NULL,     0, NULL,                                       0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct install_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        return 0;
    case 'r':
        a->region = arg;
        return 0;
    case 'n':
        a->dry_run = true;
        return 0;
    case ARGP_KEY_END:
        if (!a->region)
            argp_error(state, "--region REGION is required");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What a run needs to know. */
struct job {
    const struct region_config *region;
    struct db *db;
    bool dry_run;
    bool current; /* the function is there, and is this one */
};

static int refuse_unsafe(struct err *err)
{
    return err_fatal(err, EXIT_BAD_CONFIG,
                     "the server does not let functions be made that write (%d). While this runs: SET GLOBAL "
                     "log_bin_trust_function_creators = ON; or have an administrator run what --dry-run prints",
                     err->code);
}

static int do_step(const struct job *j, enum ids_step step, struct err *err)
{
    struct buf sql = {0};
    int rc = 0;
    ids_generator_sql(&sql, step, j->region->name, j->region->id_tag);
    if (j->dry_run && step == IDS_MAKE_FUNCTION)
        printf("SET @trust = @@GLOBAL.log_bin_trust_function_creators;\n"
               "SET GLOBAL log_bin_trust_function_creators = ON;\n"
               "DELIMITER $$\n%s$$\nDELIMITER ;\n"
               "SET GLOBAL log_bin_trust_function_creators = @trust;\n",
               buf_cstr(&sql));
    else if (j->dry_run)
        printf("%s;\n", buf_cstr(&sql));
    else
        rc = db_exec(j->db, buf_cstr(&sql), err);
    buf_free(&sql);
    if (rc && (err->code == ER_BINLOG_UNSAFE_ROUTINE || err->code == ER_BINLOG_CREATE_ROUTINE_NEED_SUPER))
        return refuse_unsafe(err);
    return rc;
}

static int read_state(struct job *j, struct err *err)
{
    struct buf sql = {0}, comment = {0};
    uint64_t current = 0;
    ids_generator_comment(&comment, j->region->name, j->region->id_tag);
    buf_put_str(&sql, "SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '" DRC_DB
                      "' AND ROUTINE_NAME = '" IDS_FUNCTION "' AND ROUTINE_COMMENT = ");
    db_put_string(&sql, buf_span(&comment));
    int rc = db_query_u64(j->db, &current, buf_cstr(&sql), err);
    j->current = current > 0;
    buf_free(&sql);
    buf_free(&comment);
    return rc;
}

static int check_version(const struct job *j, struct err *err)
{
    if (db_version(j->db) >= (db_flavor(j->db) == FLAVOR_MYSQL ? LEAST_MYSQL : LEAST_MARIADB))
        return 0;
    return err_fatal(err, EXIT_BAD_CONFIG, "%s is too old: drc." IDS_FUNCTION "() needs MariaDB 10.2.4 or MySQL 8.0",
                     db_version_text(j->db));
}

/* Its statements are about drc, by default database too, so that no capture takes them for the pair's. A statement that
 * waits for a transaction which uses the function makes all others wait behind it: not for long. */
static int install(struct job *j, struct err *err)
{
    if (check_version(j, err) || read_state(j, err) || do_step(j, IDS_MAKE_DATABASE, err) ||
        (!j->dry_run && db_exec(j->db, "USE " DRC_DB, err)) || do_step(j, IDS_MAKE_TABLE, err))
        return -1;
    if (!j->current && (do_step(j, IDS_DROP_FUNCTION, err) || do_step(j, IDS_MAKE_FUNCTION, err)))
        return -1;
    if (!j->dry_run)
        printf("%s: SELECT drc." IDS_FUNCTION "() gives ids with the tag %u. Let accounts use it by:\n"
               "GRANT EXECUTE ON FUNCTION drc." IDS_FUNCTION " TO …;\n",
               j->region->name, j->region->id_tag);
    return 0;
}

static int remove_all(struct job *j, struct err *err)
{
    uint64_t there = 0;
    if (db_query_u64(j->db, &there, "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '" DRC_DB "'",
                     err))
        return -1;
    if (there > 0 && ((!j->dry_run && db_exec(j->db, "USE " DRC_DB, err)) || do_step(j, IDS_DROP_FUNCTION, err) ||
                      do_step(j, IDS_DROP_TABLE, err)))
        return -1;
    if (!j->dry_run)
        printf("%s: drc." IDS_FUNCTION "() is gone\n", j->region->name);
    return 0;
}

static int run_at(struct config *config, const struct install_arguments *a, int (*work)(struct job *, struct err *),
                  struct err *err)
{
    const struct db_options db_options = {
        .program = "drcctl", .read_timeout_s = READ_TIMEOUT_S, .to_write = !a->dry_run, .read_only_too = a->dry_run};
    struct job j = {.dry_run = a->dry_run};
    int rc = -1;
    if (config_region(config, a->region, &j.region, err) || command_secrets(config, a->region, false, err) ||
        db_connect(&j.db, j.region, &db_options, err))
        goto out;
    rc = db_exec(j.db, "SET SESSION lock_wait_timeout = 5, sql_mode = ''", err) || work(&j, err);
out:
    db_close(&j.db);
    return rc ? -1 : 0;
}

static int command(int argc, char **argv, const char *config_path, const char *doc,
                   int (*work)(struct job *, struct err *))
{
    const struct argp argp = {options, parse, NULL, doc, command_config_child, NULL, NULL};
    struct install_arguments a = {.config_path = config_path};
    struct config *config;
    struct err err = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = command_load(&config, a.config_path);
    if (code)
        return code;
    if (run_at(config, &a, work, &err))
        code = command_fail(&err);
    config_free(&config);
    return code;
}

int command_ids_install(int argc, char **argv, const char *config_path)
{
    return command(argc, argv, config_path,
                   "Make the function drc.next_id() in a region's database: ids of 64 bits, ordered by time, that no "
                   "other region gives. One that is there already keeps counting where it is.",
                   install);
}

int command_ids_remove(int argc, char **argv, const char *config_path)
{
    return command(argc, argv, config_path,
                   "Remove what `ids install` made. Where the clock may have been set back since the last id, do not "
                   "install it again before that time has passed.",
                   remove_all);
}
