/* Parsing --apply, --winner and the files. */
#include "reconcile/repair_wishes.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"

enum { KEY_APPLY = 0x300, KEY_DRY_RUN, KEY_WINNER, KEY_REPAIR_SQL, KEY_UNDO_SQL };

static const struct argp_option options[] = {
    {"apply",      KEY_APPLY,      NULL,             0, "Make the losing side's rows equal, over the running link",        -2},
    {"dry-run",    KEY_DRY_RUN,    NULL,             0, "Only say what --apply would do",                                  -2},
    {"winner",     KEY_WINNER,     "[CLASS=]REGION", 0,
     "Whose rows count (default: a one-way link's source, or what a "
     "policy of priority says); may be given again, once a class",                                                         -2},
    {"repair-sql", KEY_REPAIR_SQL, "FILE",           0, "Write guarded SQL for the losing side (applier stopped) instead", -2},
    {"undo-sql",   KEY_UNDO_SQL,   "FILE",           0, "Write guarded SQL that undoes the repair",                        -2},
    {NULL,         0,              NULL,             0, NULL,                                                              0 },
};

bool repair_wished(const struct repair_wishes *w)
{
    return w->apply || w->sql_path;
}

void repair_wishes_free(struct repair_wishes *w)
{
    for (int c = 0; c < DIFFERENCE_CLASSES; c++)
        free(w->texts[c]);
    *w = (struct repair_wishes){0};
}

static void parse_winner(struct repair_wishes *w, const char *arg, struct argp_state *state)
{
    const char *equals = strchr(arg, '=');
    if (!equals) {
        w->winner = arg;
        return;
    }
    for (int c = 0; c < DIFFERENCE_DEFINITION; c++) {
        const char *name = difference_class_name((enum difference_class)c);
        if (strlen(name) != (size_t)(equals - arg) || strncmp(name, arg, strlen(name)) != 0)
            continue;
        free(w->texts[c]);
        w->texts[c] = xstrdup(equals + 1);
        w->winner_of[c] = w->texts[c];
        return;
    }
    argp_error(state, "--winner: no class '%.*s': missing_at_target, extra_at_target, stale or diverged",
               (int)(equals - arg), arg);
}

static void check_whole(const struct repair_wishes *w, struct argp_state *state)
{
    if (w->dry_run && !w->apply)
        argp_error(state, "--dry-run is for --apply");
    if (w->apply && w->sql_path)
        argp_error(state, "--apply repairs over the link, --repair-sql without it: not both");
    if (w->undo_path && !repair_wished(w))
        argp_error(state, "--undo-sql is for --apply or --repair-sql");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct repair_wishes *w = state->input;
    switch (key) {
    case KEY_APPLY:
        w->apply = true;
        return 0;
    case KEY_DRY_RUN:
        w->dry_run = true;
        return 0;
    case KEY_WINNER:
        parse_winner(w, arg, state);
        return 0;
    case KEY_REPAIR_SQL:
        w->sql_path = arg;
        return 0;
    case KEY_UNDO_SQL:
        w->undo_path = arg;
        return 0;
    case ARGP_KEY_END:
        check_whole(w, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp repair_wishes_argp = {.options = options, .parser = parse};
