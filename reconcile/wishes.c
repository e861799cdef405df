/* Parsing what all modes take. */
#include "reconcile/wishes.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/since.h"
#include "common/binlog/file_reader.h"

#define TIMEOUT_MS 120000u
#define CAUSES_MS 120000u
#define CAUSES_US ((uint64_t)24 * 3600 * 1000000)

enum { KEY_NO_PROBE = 0x200, KEY_CAUSES_SINCE, KEY_CAUSES_TIME };

static const struct argp_option options[] = {
    {"pair",         'p',              "A,B",     0, "The two regions; A is told as the source of B",                      -1},
    {"tables",       't',              "PATTERN", 0, "Only tables that match; may be given again",                         -1},
    {"json",         'j',              "FILE",    0, "Write JSON Lines, a summary last; - for stdout",                     -1},
    {"html",         'H',              "FILE",    0, "Write a page for a browser, which needs nothing else",               -1},
    {"mask",         'm',              "COLUMN",  0, "Tell no values of such columns; may be given again",                 -1},
    {"timeout",      'T',              "SECONDS", 0, "Wait that long for the links (default: 120)",                        -1},
    {"no-probe",     KEY_NO_PROBE,     NULL,      0, "Write nothing anywhere: rows that keep changing may stay unsettled", -1},
    {"causes-since", KEY_CAUSES_SINCE, "TIME",    0, "Read the topics back to then for causes (default: 24h)",             -1},
    {"causes-time",  KEY_CAUSES_TIME,  "SECONDS", 0,
     "And no longer than that in all (default: 120; 0: look for no causes)",                                               -1},
    {"quiet",        'q',              NULL,      0, "Print only what differs",                                            -1},
    {NULL,           0,                NULL,      0, NULL,                                                                 0 },
};

static void parse_pair(struct wishes *w, const char *arg, struct argp_state *state)
{
    free(w->pair);
    w->pair = xstrdup(arg);
    char *comma = strchr(w->pair, ',');
    if (!comma || comma == w->pair || !comma[1] || strchr(comma + 1, ','))
        argp_error(state, "--pair wants two regions, as in --pair eu,us, not '%s'", arg);
    *comma = '\0';
    w->regions[0] = w->pair;
    w->regions[1] = comma + 1;
    if (strcmp(w->regions[0], w->regions[1]) == 0)
        argp_error(state, "--pair wants two different regions, not %s twice", w->regions[0]);
}

static void parse_table(struct wishes *w, const char *arg, struct argp_state *state)
{
    struct buf db = {0}, table = {0};
    options_table(&w->tables, arg, state);
    if (filter_table_name(&db, &table, arg) == 0)
        options_table(&w->named, arg, state);
    w->some_tables = true;
    buf_printf(&w->scope, " --tables %s", arg);
    buf_free(&db);
    buf_free(&table);
}

static void parse_since(struct wishes *w, const char *arg, struct argp_state *state)
{
    if (!since_parse(&w->causes_since_us, arg, clock_wall_us()))
        argp_error(state, "--causes-since wants 2026-01-31T10:00:00, or 90s, 15m, 2h, 3d, not '%s'", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wishes *w = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &w->config_path;
        state->child_inputs[1] = &w->repair;
        return 0;
    case 'p':
        parse_pair(w, arg, state);
        return 0;
    case 't':
        parse_table(w, arg, state);
        return 0;
    case 'j':
        w->json_path = arg;
        return 0;
    case 'H':
        w->html_path = arg;
        return 0;
    case 'm':
        wishes_add_mask(&w->mask, arg);
        return 0;
    case 'T':
        w->timeout_ms = options_number(arg, "--timeout", 1, UINT32_MAX, state) * 1000;
        return 0;
    case KEY_CAUSES_SINCE:
        parse_since(w, arg, state);
        return 0;
    case KEY_CAUSES_TIME:
        w->causes_ms = options_seconds(arg, "--causes-time", state);
        return 0;
    case KEY_NO_PROBE:
        w->no_probe = true;
        return 0;
    case 'q':
        w->quiet = true;
        return 0;
    case ARGP_KEY_END:
        if (!w->pair)
            argp_error(state, "--pair is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child config_child[] = {
    {&options_config, 0, NULL, 0},
    {&repair_wishes_argp,           0, NULL, 0},
    {0              }
};
static const struct argp wishes_argp = {.options = options, .parser = parse, .children = config_child};
const struct argp_child wishes_child[] = {
    {&wishes_argp, 0, NULL, 0},
    {0       }
};

struct wishes wishes_default(const char *mode, const char *config_path)
{
    return (struct wishes){.mode = mode,
                           .config_path = config_path,
                           .timeout_ms = TIMEOUT_MS,
                           .causes_since_us = clock_wall_us() - CAUSES_US,
                           .causes_ms = CAUSES_MS};
}

void wishes_add_mask(struct mask *mask, char *column)
{
    mask->names = xreallocarray(mask->names, mask->count + 1, sizeof *mask->names);
    mask->names[mask->count++] = column;
}

error_t binlog_files_take(struct binlog_files *f, char *arg, bool more)
{
    if (more && f->count == 0)
        return ARGP_ERR_UNKNOWN;
    if (f->count > 0 && file_reader_is_index(arg))
        return 0;
    f->paths = xreallocarray(f->paths, f->count + 1, sizeof *f->paths);
    f->paths[f->count++] = arg;
    return 0;
}

void binlog_files_free(struct binlog_files *f)
{
    free(f->paths);
    *f = (struct binlog_files){0};
}

struct mask wishes_join_masks(const struct mask *a, const struct mask *b)
{
    struct mask all = {0};
    for (size_t i = 0; i < a->count; i++)
        wishes_add_mask(&all, a->names[i]);
    for (size_t i = 0; i < b->count; i++)
        wishes_add_mask(&all, b->names[i]);
    return all;
}

void wishes_free(struct wishes *w)
{
    filter_free(&w->tables);
    filter_free(&w->named);
    repair_wishes_free(&w->repair);
    buf_free(&w->scope);
    free(w->mask.names);
    free(w->pair);
    *w = (struct wishes){0};
}

bool wishes_table(const struct wishes *w, const struct filter *carried, struct span db, struct span table)
{
    if (!filter_match(carried, db, table))
        return filter_match(&w->named, db, table);
    return !w->some_tables || filter_match(&w->tables, db, table);
}
