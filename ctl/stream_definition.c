/* drcctl stream accept-definition: names for the columns of events that were written without them.
 *
 * While binlog_row_metadata was MINIMAL, events said of a table's columns only count and types. The names are taken
 * from the table as it is now; capture uses them where count and types are the same, for events up to a position. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/target/target_table.h"
#include "ctl/stream.h"

enum { KEY_UNTIL = 0x100 };

struct definition_arguments {
    struct stream_arguments common;
    const char *table; /* DB.TABLE */
    const char *from;  /* the region whose table it is; NULL: the stream's own */
    const char *until;
};

static const struct argp_option options[] = {
    {"table",      'T',       "DB.TABLE", 0, "The table whose events lack names; needed",                           0},
    {"definition", 'd',       "REGION",   0, "Take the names from that region's table (default: the stream's own)", 0},
    {"until",      KEY_UNTIL, "POSITION", 0, "For events up to there (default: all that the source has now)",       0},
    {NULL,         0,         NULL,       0, NULL,                                                                  0},
};

static const char doc[] =
    "Decode the events of a table that were written while binlog_row_metadata was MINIMAL, with the column names that "
    "the "
    "table has now. Capture compares count and types with each such event and stops where they differ. Capture must be "
    "stopped, and the source write FULL metadata again.\v"
    "If the table has been altered since, take the names from a region where it has not. Exit codes: 0 done; 69; 75 "
    "not "
    "now; 78 settings.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct definition_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->common;
        return 0;
    case 'T':
        if (!strchr(arg, '.') || arg[0] == '.' || !strchr(arg, '.')[1])
            argp_error(state, "--table wants DB.TABLE, not '%s'", arg);
        a->table = arg;
        return 0;
    case 'd':
        a->from = arg;
        return 0;
    case KEY_UNTIL:
        a->until = arg;
        return 0;
    case ARGP_KEY_END:
        if (!a->table)
            argp_error(state, "--table is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct definition {
    struct stream_job job;
    const struct definition_arguments *arguments;
    struct stream seen;
    struct permits permits;
    struct position until;
    struct target_table *table;
};

/* Until the server writes names again, every event would need a permit. */
static int check_metadata(struct definition *d, struct err *err)
{
    char text[32];
    if (stream_source(&d->job, err) ||
        db_query_text(d->job.source, text, sizeof text, "SELECT @@GLOBAL.binlog_row_metadata", err))
        return -1;
    if (strcmp(text, "FULL") == 0)
        return 0;
    return err_fatal(err, EXIT_BAD_CONFIG,
                     "region %s still writes binlog_row_metadata=%s; first run: SET GLOBAL binlog_row_metadata='FULL'",
                     d->job.region->name, text);
}

static int find_until(struct definition *d, struct err *err)
{
    struct position have = {0};
    int rc = stream_source_position(&d->job, &have, err);
    if (rc == 0 && d->arguments->until)
        rc = position_parse(&d->until, have.flavor, span_str(d->arguments->until), err);
    else if (rc == 0)
        position_copy(&d->until, &have);
    if (rc == 0 && !position_covers(&have, &d->until))
        rc = err_fatal(err, EXIT_BAD_USAGE, "--until %s: the source has not come that far", d->arguments->until);
    position_free(&have);
    return rc;
}

static int load_table(struct definition *d, struct err *err)
{
    const char *from = d->arguments->from ? d->arguments->from : d->job.region->name;
    const char *dot = strchr(d->arguments->table, '.');
    struct span schema = span_of(d->arguments->table, (size_t)(dot - d->arguments->table));
    struct db *db = NULL;
    if (command_connect(&db, d->job.config, from, false, err))
        return -1;
    int found = target_table_load(&d->table, db, schema, span_str(dot + 1), err);
    db_close(&db);
    if (found == 0)
        return err_fatal(err, EXIT_BAD_USAGE, "region %s has no table %s", from, d->arguments->table);
    if (found < 0 && err->class == ERR_DATA) {
        const struct err why = *err;
        return err_fatal(err, EXIT_UNSAFE, "table %s of region %s: %s", d->arguments->table, from, why.text);
    }
    return found < 0 ? -1 : 0;
}

/* As a TABLE_MAP would say it: it does not know which columns are generated. */
static void add_permit(struct definition *d)
{
    struct arena arena = {0};
    struct table_def *t = table_def_copy(d->table->def, &arena);
    for (size_t i = 0; i < t->column_count; i++)
        t->columns[i].generated = false;
    table_def_seal(t, &arena);
    permits_add_definition(&d->permits, t, &d->until);
    arena_free(&arena);
}

static void say(struct definition *d)
{
    const struct table_def *t = d->table->def;
    struct buf until = {0}, type = {0};
    json_t *columns = json_array();
    position_put_text(&d->until, &until);
    stream_say(&d->job, "events of %s without column names are read, up to \"%s\", as", d->arguments->table,
               buf_cstr(&until));
    for (size_t i = 0; i < t->column_count; i++) {
        const char *text = column_type_text(&t->columns[i], &type);
        stream_say(&d->job, "  %.*s  %s", SPAN_ARG(t->columns[i].name), text);
        json_array_append_new(columns, json_pack("{s:s%, s:s}", "name", (const char *)t->columns[i].name.p,
                                                 t->columns[i].name.n, "type", text));
    }
    stream_detail(&d->job, "table", json_string(d->arguments->table));
    stream_detail(&d->job, "columns", columns);
    stream_detail(&d->job, "until", json_string(buf_cstr(&until)));
    buf_free(&until);
    buf_free(&type);
}

static int accept_definition(struct definition *d, struct err *err)
{
    if (stream_begin(&d->job, &d->arguments->common, "accept-definition", err) || stream_check_idle(&d->job, err) ||
        stream_look(&d->job, &d->seen, err) || stream_permits(&d->seen, &d->permits, err) || check_metadata(d, err) ||
        find_until(d, err) || load_table(d, err))
        return -1;
    say(d);
    add_permit(d);
    return stream_write(&d->job, &d->seen, &d->seen, &d->permits, err);
}

int command_stream_accept_definition(int argc, char **argv, const char *config_path)
{
    const struct argp argp = {options, parse, NULL, doc, stream_options_child, NULL, NULL};
    struct definition_arguments a = {.common = {.config_path = config_path}};
    struct definition d = {.arguments = &a};
    struct err err = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int rc = accept_definition(&d, &err);
    int code = stream_end(&d.job, rc, &err);
    stream_free(&d.seen);
    permits_free(&d.permits);
    position_free(&d.until);
    target_table_free(&d.table);
    return code;
}
