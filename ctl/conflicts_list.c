/* drcctl conflicts list: the journal's entries, newest first, as a table or as JSON Lines. */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/utf8.h"
#include "ctl/command.h"
#include "ctl/conflicts.h"

static const struct argp_option options[] = {
    {"limit",  'n', "N",  0, "At most that many of each target",                                                 0},
    {"unmask", 'U', NULL, 0, "With --json: the lossless images also where conflicts.mask names columns of them", 0},
    {NULL,     0,   NULL, 0, NULL,                                                                               0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct conflicts_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = a;
        return 0;
    case 'n':
        a->query.limit = options_number(arg, "--limit", 1, UINT64_MAX, state);
        return 0;
    case 'U':
        a->unmask = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct list_context {
    const struct conflicts_arguments *arguments;
    bool lossless;
    struct buf line;
    bool began;
};

static int print_json(void *context, const struct span *cells, struct err *err)
{
    struct list_context *l = context;
    (void)err;
    buf_clear(&l->line);
    conflicts_put_json(cells, l->lossless, &l->line);
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
        printf("%-8s %-26s %-10s %-24s %-15s %-13s %-12s %-9s %-9s %-24s %s\n", "ID", "AT (UTC)", "LINK", "TABLE",
               "KIND", "CAUSE", "POLICY", "VERDICT", "STATE", "KEY", "WHY");
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
    put_field(&l->line, cells[JOURNAL_CAUSE].n ? cells[JOURNAL_CAUSE] : span_str("-"), 13);
    put_field(&l->line, cells[JOURNAL_POLICY], 12);
    put_field(&l->line, cells[JOURNAL_VERDICT], 9);
    put_field(&l->line, cells[JOURNAL_STATE], 9);
    put_field(&l->line, cells[JOURNAL_ROW_KEY], 24);
    utf8_put_printable(&l->line, cells[JOURNAL_WHY], 200);
    puts(buf_cstr(&l->line));
    buf_free(&table);
    return 0;
}

static int list_target(void *context, struct db *db, const char *region, const struct config *config, struct err *err)
{
    struct list_context *l = context;
    (void)region;
    l->lossless = l->arguments->unmask || config->conflict_mask.count == 0;
    return journal_read(db, &l->arguments->query, l->arguments->json ? print_json : print_text, l, err);
}

int command_conflicts_list(int argc, char **argv, const char *config_path)
{
    static const char doc[] = "List the entries of the conflict journals, newest first.";
    const struct argp argp = {options, parse, NULL, doc, conflicts_filter_child, NULL, NULL};
    struct conflicts_arguments a = {.config_path = config_path};
    struct list_context list = {.arguments = &a};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = conflicts_targets(&a, list_target, &list);
    if (code == 0 && !a.json && !list.began)
        puts("no conflicts");
    buf_free(&list.line);
    filter_free(&a.tables);
    return code;
}
