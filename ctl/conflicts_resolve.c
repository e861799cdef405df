/* drcctl conflicts resolve and undo: the command line, the target, and what is told of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "common/target/session.h"
#include "ctl/command.h"
#include "ctl/conflicts_decide.h"

#define CELL_MAX 60 /* of a value's bytes that are shown */

/* ---- options ---- */

static const struct argp_option decide_options[] = {
    {"why",     'w', "TEXT", 0, "The reason, kept in the journal",                           0},
    {"dry-run", 'n', NULL,   0, "Try it, tell what it does, and roll it back",               0},
    {"unmask",  'U', NULL,   0, "Show also the values of columns that conflicts.mask names", 0},
    {NULL,      0,   NULL,   0, NULL,                                                        0},
};

static error_t parse_decide(int key, char *arg, struct argp_state *state)
{
    struct decide_arguments *a = state->input;
    switch (key) {
    case 'w':
        a->why = command_why(arg, state);
        return 0;
    case 'n':
        a->dry_run = true;
        return 0;
    case 'U':
        a->base.unmask = true;
        return 0;
    default:
        return conflicts_parse_id(&a->base, key, arg, state);
    }
}

static const struct argp decide_argp = {.options = decide_options, .parser = parse_decide, .children = conflicts_child};
static const struct argp_child decide_child[] = {
    {&decide_argp, 0, NULL, 0},
    {0       }
};

static const struct argp_option resolve_options[] = {
    {"take", 'T', "SIDE",      0,
     "The row becomes what the source wrote (source), what the target had (target), or what it was "
     "before the source's change (before)",                                0},
    {"set",  's', "COL=VALUE", 0,
     "That column becomes VALUE; may be given again, also with --take. NULL is NULL, 'text' in "
     "quotes is a text whatever it says, 0x… are the bytes of a string", 0},
    {"over", 'o', "HASH",      0,
     "Do it also where the row has been changed since, if it is the one with that hash now, as the refusal tells it "
     "(none: there is no row)",                                            0},
    {NULL,   0,   NULL,        0, NULL,                                    0},
};

static const char *take_side(const char *arg, struct argp_state *state)
{
    if (strcmp(arg, "source") != 0 && strcmp(arg, "target") != 0 && strcmp(arg, "before") != 0)
        argp_error(state, "--take wants source, target or before, not '%s'", arg);
    return arg;
}

static error_t parse_resolve(int key, char *arg, struct argp_state *state)
{
    struct decide_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = a;
        return 0;
    case 'T':
        a->take = take_side(arg, state);
        return 0;
    case 's':
        if (!strchr(arg, '=') || *arg == '=')
            argp_error(state, "--set wants COL=VALUE, not '%s'", arg);
        a->sets = xreallocarray((void *)a->sets, a->set_count + 1, sizeof *a->sets);
        a->sets[a->set_count++] = arg;
        return 0;
    case 'o':
        a->over = arg;
        return 0;
    case ARGP_KEY_END:
        if (!a->take && a->set_count == 0)
            argp_error(state, "--take or --set is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- telling ---- */

static void put_cell(const struct decide *d, const struct cell *row, uint16_t i, struct buf *out)
{
    const struct mask *mask = d->arguments->base.unmask ? NULL : &d->config->conflict_mask;
    struct buf text = {0};
    if (row)
        mask_put_text(mask, d->row.table->def, row, i, &text);
    else
        buf_put_str(&text, "-");
    utf8_put_printable(out, buf_span(&text), CELL_MAX);
    buf_free(&text);
}

static void print_columns(const struct decide *d)
{
    const struct table_def *def = d->row.table->def;
    const struct cell *was = d->row.now, *is = d->became;
    for (uint16_t i = 0; i < def->column_count; i++) {
        if (was && is && cell_equal(&def->columns[i], &was[i], &is[i]))
            continue;
        struct buf line = {0};
        buf_printf(&line, "  %.*s: ", SPAN_ARG(def->columns[i].name));
        put_cell(d, was, i, &line);
        buf_put_str(&line, " -> ");
        put_cell(d, is, i, &line);
        puts(buf_cstr(&line));
        buf_free(&line);
    }
}

static const char *done(const struct decide *d)
{
    return d->parked ? d->parked : conflicts_row_change(d->row.now, d->became, d->row.table->def);
}

static void print_json(const struct decide *d)
{
    printf("{\"region\": \"%s\", \"id\": %" PRIu64 ", \"state\": \"%s\", \"done\": \"%s\", \"dry_run\": %s}\n",
           d->region, d->entry.id, d->arguments->undo ? JOURNAL_UNDONE : JOURNAL_RESOLVED, done(d),
           d->arguments->dry_run ? "true" : "false");
}

void decide_print(const struct decide *d)
{
    const struct journal_taken *e = &d->entry;
    if (d->arguments->base.json) {
        print_json(d);
        return;
    }
    printf("%s: entry %" PRIu64 ", %s of %s%s%s: %s\n", d->region, e->id, e->kind, e->db, *e->db ? "." : "link ",
           *e->db ? e->tbl : e->link, d->arguments->undo ? "undone" : "resolved");
    if (d->parked)
        printf("the applier of %s has been asked: %s of seq %" PRIu64 "\n", e->link, d->parked, e->seq);
    else if (strcmp(done(d), "nothing") == 0)
        printf("the row is so already\n");
    else
        print_columns(d);
    if (d->arguments->dry_run)
        printf("nothing was changed (--dry-run)\n");
}

/* ---- the target ---- */

/* The one that is named, or the only one that there is. */
static int choose_target(const struct config *c, const char *to, const struct region_config **out, struct err *err)
{
    const char *name = to;
    for (size_t i = 0; i < c->link_count && !to; i++) {
        if (name && strcmp(name, c->links[i].to) != 0)
            return err_fatal(err, EXIT_BAD_USAGE, "--to is needed: each target of the pair has a journal of its own");
        name = c->links[i].to;
    }
    return config_region(c, name, out, err);
}

static int decide_at(struct decide *d, struct config *config, struct err *err)
{
    const struct region_config *region;
    if (choose_target(config, d->arguments->base.to, &region, err) || command_secrets(config, region->name, false, err))
        return -1;
    d->config = config;
    d->region = region->name;
    return target_session_open(&d->db, region, "drcctl", err) || decide_run(d, err) ? err_prefix(err, "%s", d->region)
                                                                                    : 0;
}

static int run(const struct decide_arguments *a)
{
    struct decide d = {.arguments = a};
    struct config *config;
    struct err err = {0};
    int code = command_load(&config, a->base.config_path);
    if (code)
        return code;
    if (decide_at(&d, config, &err))
        code = command_fail(&err);
    else
        decide_print(&d);
    conflicts_row_close(&d.row);
    db_close(&d.db);
    arena_free(&d.arena);
    config_free(&config);
    return code;
}

int command_conflicts_resolve(int argc, char **argv, const char *config_path)
{
    static const char doc[] =
        "Decide anew about a row that was in conflict. It becomes what --take and --set say, if it is still what the "
        "decision in the journal made of it; if it has been changed since, nothing is done but with --over. This is an "
        "ordinary write "
        "at "
        "the target, and goes on to the other regions. Of a transaction that is parked: --take source has it tried "
        "again, "
        "--take target gives it up.\v"
        "Exit codes: 0 done; 64 it makes no sense for that entry, or a value does not fit its column; 69 the row has "
        "been "
        "changed since, or the target refuses the new one; 75 not now, try again.";
    const struct argp argp = {resolve_options, parse_resolve, "ID", doc, decide_child, NULL, NULL};
    struct decide_arguments a = {.base = {.config_path = config_path}};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = run(&a);
    free((void *)a.sets);
    return code;
}

int command_conflicts_undo(int argc, char **argv, const char *config_path)
{
    static const char doc[] =
        "Take a resolution back: the row becomes what it was before, if it is still what the resolution made of it.\v"
        "Exit codes as of drcctl conflicts resolve.";
    const struct argp argp = {NULL, NULL, "ID", doc, decide_child, NULL, NULL};
    struct decide_arguments a = {.base = {.config_path = config_path}, .undo = true};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    return run(&a);
}
