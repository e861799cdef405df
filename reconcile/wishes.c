/* Parsing what all modes take. */
#include "reconcile/wishes.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"

#define TIMEOUT_MS 120000u

enum { KEY_NO_PROBE = 0x200 };

static const struct argp_option options[] = {
    {"pair",     'p',          "A,B",     0, "The two regions; A is told as the source of B",                      -1},
    {"tables",   't',          "PATTERN", 0, "Only tables that match; may be given again",                         -1},
    {"json",     'j',          "FILE",    0, "Write JSON Lines, a summary last; - for stdout",                     -1},
    {"html",     'H',          "FILE",    0, "Write a page for a browser, which needs nothing else",               -1},
    {"mask",     'm',          "COLUMN",  0, "Tell no values of such columns; may be given again",                 -1},
    {"timeout",  'T',          "SECONDS", 0, "Wait that long for the links (default: 120)",                        -1},
    {"no-probe", KEY_NO_PROBE, NULL,      0, "Write nothing anywhere: rows that keep changing may stay unsettled", -1},
    {"quiet",    'q',          NULL,      0, "Print only what differs",                                            -1},
    {NULL,       0,            NULL,      0, NULL,                                                                 0 },
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
        options_table(&w->tables, arg, state);
        w->some_tables = true;
        buf_printf(&w->scope, " --tables %s", arg);
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
    return (struct wishes){.mode = mode, .config_path = config_path, .timeout_ms = TIMEOUT_MS};
}

void wishes_add_mask(struct mask *mask, char *column)
{
    mask->names = xreallocarray(mask->names, mask->count + 1, sizeof *mask->names);
    mask->names[mask->count++] = column;
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
    repair_wishes_free(&w->repair);
    buf_free(&w->scope);
    free(w->mask.names);
    free(w->pair);
    *w = (struct wishes){0};
}

bool wishes_table(const struct wishes *w, struct span db, struct span table)
{
    return !w->some_tables || filter_match(&w->tables, db, table);
}
