/* drcctl conflicts list: the journal's entries, newest first, as a table or as JSON Lines. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "ctl/command.h"
#include "ctl/conflicts.h"

static const struct argp_option options[] = {
    {"table", 'T', "DB.TABLE", 0, "Only tables that match; may be given again",           0},
    {"since", 's', "WHEN",     0, "Not older: 2026-01-31T10:00:00 (UTC), or 15m, 2h, 3d", 0},
    {"limit", 'n', "N",        0, "At most that many of each target",                     0},
    {NULL,    0,   NULL,       0, NULL,                                                   0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
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
    case 'n':
        a->query.limit = options_number(arg, "--limit", 1, UINT64_MAX, state);
        return 0;
    case 's':
        if (!conflicts_parse_since(&a->query.since_us, arg, clock_wall_us()))
            argp_error(state, "--since wants 2026-01-31T10:00:00 or 15m, 2h, 3d, not '%s'", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct list_context {
    struct buf line;
    bool began;
};

static int print_json(void *context, const struct span *cells, struct err *err)
{
    struct list_context *l = context;
    (void)err;
    buf_clear(&l->line);
    conflicts_put_json(cells, &l->line);
    puts(buf_cstr(&l->line));
    return 0;
}

static void put_field(struct buf *out, struct span v, size_t width)
{
    size_t before = out->len;
    utf8_put_printable(out, v, 200);
    while (out->len - before < width)
        buf_put_str(out, " ");
    buf_put_str(out, " ");
}

static int print_text(void *context, const struct span *cells, struct err *err)
{
    struct list_context *l = context;
    struct buf table = {0};
    (void)err;
    if (!l->began)
        printf("%-8s %-26s %-10s %-24s %-15s %-12s %-9s %-24s %s\n", "ID", "AT (UTC)", "LINK", "TABLE", "KIND",
               "POLICY", "VERDICT", "KEY", "WHY");
    l->began = true;
    buf_put_span(&table, cells[JOURNAL_DB]);
    buf_put_str(&table, cells[JOURNAL_DB].n > 0 ? "." : "-");
    buf_put_span(&table, cells[JOURNAL_TBL]);
    buf_clear(&l->line);
    put_field(&l->line, cells[JOURNAL_ID], 8);
    put_field(&l->line, cells[JOURNAL_AT], 26);
    put_field(&l->line, cells[JOURNAL_LINK], 10);
    put_field(&l->line, buf_span(&table), 24);
    put_field(&l->line, cells[JOURNAL_KIND], 15);
    put_field(&l->line, cells[JOURNAL_POLICY], 12);
    put_field(&l->line, cells[JOURNAL_VERDICT], 9);
    put_field(&l->line, cells[JOURNAL_ROW_KEY], 24);
    utf8_put_printable(&l->line, cells[JOURNAL_WHY], 200);
    puts(buf_cstr(&l->line));
    buf_free(&table);
    return 0;
}

int command_conflicts_list(int argc, char **argv, const char *config_path)
{
    static const char doc[] = "List the entries of the conflict journals, newest first.";
    const struct argp argp = {options, parse, NULL, doc, conflicts_child, NULL, NULL};
    struct conflicts_arguments a = {.config_path = config_path};
    struct list_context list = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = conflicts_walk(&a, a.json ? print_json : print_text, &list);
    if (code == 0 && !a.json && !list.began)
        puts("no conflicts");
    buf_free(&list.line);
    filter_free(&a.tables);
    return code;
}
