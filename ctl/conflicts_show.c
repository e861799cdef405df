/* drcctl conflicts show: one entry of the journal, its images side by side, out of their lossless form. */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/utf8.h"
#include "common/target/journal_images.h"
#include "ctl/command.h"
#include "ctl/conflicts.h"

#define CELL_WIDTH 24
#define CELL_MAX 60 /* of a value's bytes that are shown; --json has it whole */

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct conflicts_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = a;
        return 0;
    case ARGP_KEY_ARG:
        if (a->query.id)
            argp_error(state, "one ID at a time");
        a->query.id = options_number(arg, "ID", 1, UINT64_MAX, state);
        return 0;
    case ARGP_KEY_END:
        if (!a->query.id)
            argp_error(state, "the ID of an entry is needed: see drcctl conflicts list");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct show_context {
    bool json;
    bool found;
};

static void print_line(const char *name, struct span v)
{
    struct buf text = {0};
    utf8_put_printable(&text, v, 2000);
    printf("%-12s %s\n", name, buf_cstr(&text));
    buf_free(&text);
}

static void print_cell(const struct column *c, const struct cell *v, bool marked)
{
    struct buf text = {0}, shown = {0};
    if (!v || v->absent)
        buf_put_str(&text, "-");
    else
        cell_put_text(c, v, &text);
    utf8_put_printable(&shown, buf_span(&text), CELL_MAX);
    printf(" %c%-*s", marked ? '*' : ' ', CELL_WIDTH, buf_cstr(&shown));
    buf_free(&text);
    buf_free(&shown);
}

/* Does this image's cell differ from the local row's (or, where there is none, from the before image's)? */
static bool differs(const struct journal_images *images, const struct cell *image, uint16_t column)
{
    const struct cell *base = images->images[images->images[JOURNAL_LOCAL] ? JOURNAL_LOCAL : JOURNAL_BEFORE];
    if (!image || !base || image == base || image[column].absent || base[column].absent)
        return false;
    if (image[column].null || base[column].null)
        return image[column].null != base[column].null;
    return !span_eq(image[column].data, base[column].data);
}

static void print_images(const struct journal_images *images)
{
    static const char *const titles[JOURNAL_IMAGES] = {"BEFORE", "INCOMING", "LOCAL", "RESULT"};
    printf("\n%-*s", CELL_WIDTH, "COLUMN");
    for (int i = 0; i < JOURNAL_IMAGES; i++)
        printf("  %-*s", CELL_WIDTH, titles[i]);
    printf("\n");
    for (uint16_t c = 0; c < images->table->column_count; c++) {
        struct buf name = {0};
        utf8_put_printable(&name, images->table->columns[c].name, CELL_MAX);
        printf("%-*s", CELL_WIDTH, buf_cstr(&name));
        buf_free(&name);
        for (int i = 0; i < JOURNAL_IMAGES; i++) {
            const struct cell *image = images->images[i];
            print_cell(&images->table->columns[c], image ? &image[c] : NULL, differs(images, image, c));
        }
        printf("\n");
    }
    printf("(* differs from the row that was at the target; - no such row or column)\n");
}

static int show(void *context, const struct span *cells, struct err *err)
{
    struct show_context *s = context;
    struct journal_images images;
    struct arena arena = {0};
    (void)err;
    s->found = true;
    if (s->json) {
        struct buf line = {0};
        conflicts_put_json(cells, &line);
        puts(buf_cstr(&line));
        buf_free(&line);
        return 0;
    }
    for (int i = 0; i <= JOURNAL_WHY; i++)
        print_line(journal_columns[i].name, cells[i]);
    if (cells[JOURNAL_TBL].n == 0) { /* it is about no single row */
        print_line("details", cells[JOURNAL_INCOMING_IMAGE]);
        return 0;
    }
    struct bytes r = bytes_of(cells[JOURNAL_IMAGES_COLUMN]);
    journal_images_read(&images, &r, &arena);
    if (images.table)
        print_images(&images);
    else
        printf("\nthe lossless images cannot be read: written by another version?\n");
    arena_free(&arena);
    return 0;
}

int command_conflicts_show(int argc, char **argv, const char *config_path)
{
    static const char doc[] = "Show one entry of the conflict journal, its images side by side.";
    const struct argp argp = {options, parse, "ID", doc, conflicts_child, NULL, NULL};
    struct conflicts_arguments a = {.config_path = config_path};
    struct show_context s = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    s.json = a.json;
    int code = conflicts_walk(&a, show, &s);
    if (code == 0 && !s.found) {
        fprintf(stderr, "drcctl: no entry has that ID\n");
        code = EXIT_BAD_USAGE;
    }
    return code;
}
