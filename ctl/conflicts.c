/* What the commands about conflicts share: the targets, options and filters, JSON. */
#include "ctl/conflicts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/since.h"
#include "common/base/utf8.h"
#include "ctl/command.h"

static int ask_target(struct config *config, const char *name, conflicts_target_fn *each, void *context,
                      struct err *err)
{
    struct db *db = NULL;
    int rc = command_connect(&db, config, name, false, err) || each(context, db, name, config, err) ? -1 : 0;
    db_close(&db);
    return rc;
}

static bool is_target(const struct config *c, const char *region)
{
    for (size_t i = 0; i < c->link_count; i++)
        if (strcmp(c->links[i].to, region) == 0)
            return true;
    return false;
}

int conflicts_targets(const struct conflicts_arguments *a, conflicts_target_fn *each, void *context)
{
    const struct region_config *known;
    struct config *config;
    struct err err = {0};
    int code = command_load(&config, a->config_path);
    if (code)
        return code;
    if (a->to && config_region(config, a->to, &known, &err))
        code = command_fail(&err);
    for (size_t i = 0; i < config->region_count && (code == 0 || !a->to); i++) {
        const char *name = config->regions[i].name;
        if (a->to ? strcmp(a->to, name) != 0 : !is_target(config, name))
            continue;
        if (ask_target(config, name, each, context, &err)) {
            err_prefix(&err, "%s", name);
            code = command_fail(&err);
        }
    }
    config_free(&config);
    return code;
}

/* ---- options ---- */

static const struct argp_option shared_options[] = {
    {"json", 'j', NULL,     0, "Print JSON: an object an entry, its keys the columns of drc.conflicts", 0},
    {"to",   't', "REGION", 0, "The target whose journal it is (default: every target)",                0},
    {NULL,   0,   NULL,     0, NULL,                                                                    0},
};

static error_t parse_shared(int key, char *arg, struct argp_state *state)
{
    struct conflicts_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    case 't':
        a->to = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp shared_argp = {
    .options = shared_options, .parser = parse_shared, .children = command_config_child};
const struct argp_child conflicts_child[] = {
    {&shared_argp, 0, NULL, 0},
    {0       }
};

error_t conflicts_parse_id(struct conflicts_arguments *a, int key, char *arg, struct argp_state *state)
{
    static const char none[] = "the ID of an entry is needed: see drcctl conflicts list";
    if (key != ARGP_KEY_INIT)
        return command_parse_number(&a->query.id, "ID", none, key, arg, state);
    state->child_inputs[0] = a;
    return 0;
}

/* ---- filters ---- */

static const struct argp_option filter_options[] = {
    {"table", 'T', "DB.TABLE", 0, "Only tables that match; may be given again",                        0},
    {"kind",  'k', "KIND",     0, "Only that kind: insert/exists, update/changed, parked, …",        0},
    {"cause", 'C', "CAUSE",    0, "Only what came about by: concurrent, foreign_write",                0},
    {"state", 'S', "STATE",    0, "Only that state: open, noted (nothing lost), resolved, undone",     0},
    {"since", 's', "WHEN",     0, "Not older: 2026-01-31T10:00:00 (UTC), or 15m, 2h, 3d: so long ago", 0},
    {"until", 'u', "WHEN",     0, "Not newer",                                                         0},
    {NULL,    0,   NULL,       0, NULL,                                                                0},
};

static void take_time(uint64_t *us, const char *option, const char *arg, struct argp_state *state)
{
    if (!since_parse(us, arg, clock_wall_us()))
        argp_error(state, "%s wants 2026-01-31T10:00:00 or 15m, 2h, 3d, not '%s'", option, arg);
}

static const char *take_state(const char *arg, struct argp_state *state)
{
    static const char *const states[] = {JOURNAL_OPEN, JOURNAL_NOTED, JOURNAL_RESOLVED, JOURNAL_UNDONE};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(arg, states[i]) == 0)
            return states[i];
    argp_error(state, "--state wants open, noted, resolved or undone, not '%s'", arg);
    return NULL;
}

/* A mistyped one would find nothing, and say so. */
static const char *take_kind(const char *arg, struct argp_state *state)
{
    static const char *const others[] = {JOURNAL_PARKED, JOURNAL_SKIPPED, JOURNAL_DDL, JOURNAL_OPERATOR_ACT};
    struct buf known = {0};
    bool good = conflict_kind_parse(arg) >= 0;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        good = good || strcmp(arg, others[i]) == 0;
    if (good)
        return arg;
    for (int k = 0; k < CONFLICT_KIND_COUNT; k++)
        buf_printf(&known, "%s, ", conflict_kind_name((enum conflict_kind)k));
    argp_error(state, "--kind wants %s%s, %s, %s or %s, not '%s'", buf_cstr(&known), others[0], others[1], others[2],
               others[3], arg);
    buf_free(&known);
    return NULL;
}

static const char *take_cause(const char *arg, struct argp_state *state)
{
    if (conflict_cause_parse(arg) < 0)
        argp_error(state, "--cause wants concurrent or foreign_write, not '%s'", arg);
    return arg;
}

static error_t parse_filter(int key, char *arg, struct argp_state *state)
{
    struct conflicts_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = a;
        return 0;
    case 'T':
        options_table(&a->tables, arg, state);
        a->query.tables = &a->tables;
        return 0;
    case 'k':
        a->query.kind = take_kind(arg, state);
        return 0;
    case 'C':
        a->query.cause = take_cause(arg, state);
        return 0;
    case 'S':
        a->query.state = take_state(arg, state);
        return 0;
    case 's':
        take_time(&a->query.since_us, "--since", arg, state);
        return 0;
    case 'u':
        take_time(&a->query.until_us, "--until", arg, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp filter_argp = {.options = filter_options, .parser = parse_filter, .children = conflicts_child};
const struct argp_child conflicts_filter_child[] = {
    {&filter_argp, 0, NULL, 0},
    {0       }
};

/* ---- JSON ---- */

static void put_value(enum journal_column_kind kind, struct span v, bool lossless, struct buf *out)
{
    if (!v.p || (kind == JOURNAL_BYTES && !lossless)) {
        buf_put_str(out, "null");
    } else if (kind == JOURNAL_NUMBER || kind == JOURNAL_JSON) {
        buf_put_span(out, v);
    } else {
        buf_put_str(out, "\"");
        if (kind == JOURNAL_BYTES)
            buf_put_hex(out, v);
        else
            utf8_put_json(out, v);
        buf_put_str(out, "\"");
    }
}

void conflicts_put_json(const struct span *cells, bool lossless, struct buf *out)
{
    buf_put_str(out, "{");
    for (int i = 0; i < JOURNAL_COLUMN_COUNT; i++) {
        buf_printf(out, "%s\"%s\": ", i == 0 ? "" : ", ", journal_columns[i].name);
        put_value(journal_columns[i].kind, cells[i], lossless, out);
    }
    buf_put_str(out, "}");
}
