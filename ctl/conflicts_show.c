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
    {"unmask", 'U', NULL, 0, "Show also the values of columns that conflicts.mask names", 0},
    {NULL,     0,   NULL, 0, NULL,                                                        0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct conflicts_arguments *a = state->input;
    if (key != 'U')
        return conflicts_parse_id(a, key, arg, state);
    a->unmask = true;
    return 0;
}

struct show_context {
    const struct conflicts_arguments *arguments;
    const char *region;      /* the target at hand */
    const struct mask *mask; /* NULL: all may be seen */
    bool found;
};

static void print_line(const char *name, struct span v)
{
    struct buf text = {0};
    utf8_put_printable(&text, v, 2000);
    printf("%-12s %s\n", name, buf_cstr(&text));
    buf_free(&text);
}

static void print_cell(const struct show_context *s, const struct table_def *t, const struct cell *image, uint16_t i,
                       bool marked)
{
    struct buf text = {0}, shown = {0};
    if (!image || image[i].absent)
        buf_put_str(&text, "-");
    else
        mask_put_text(s->mask, t, image, i, &text);
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
    return !cell_equal(&images->table->columns[column], &image[column], &base[column]);
}

static void print_images(const struct show_context *s, const struct journal_images *images)
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
            print_cell(s, images->table, image, c, differs(images, image, c));
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
    if (s->arguments->json) {
        struct buf line = {0};
        conflicts_put_json(cells, !s->mask, &line);
        puts(buf_cstr(&line));
        buf_free(&line);
        return 0;
    }
    print_line("target", span_str(s->region));
    for (int i = 0; i <= JOURNAL_WHY; i++)
        print_line(journal_columns[i].name, cells[i]);
    for (int i = JOURNAL_STATE; i <= JOURNAL_RESOLUTION; i++)
        if (cells[i].p)
            print_line(journal_columns[i].name, cells[i]);
    if (cells[JOURNAL_IMAGES_COLUMN].n == 0) { /* it is about no single row */
        print_line("details", cells[JOURNAL_INCOMING_IMAGE]);
        return 0;
    }
    struct bytes r = bytes_of(cells[JOURNAL_IMAGES_COLUMN]);
    journal_images_read(&images, &r, &arena);
    if (images.table)
        print_images(s, &images);
    else
        printf("\nthe lossless images cannot be read: written by another version?\n");
    arena_free(&arena);
    return 0;
}

static int show_target(void *context, struct db *db, const char *region, const struct config *config, struct err *err)
{
    struct show_context *s = context;
    bool masks = config->conflict_mask.count > 0 && !s->arguments->unmask;
    s->region = region;
    s->mask = masks ? &config->conflict_mask : NULL;
    return journal_read(db, &s->arguments->query, show, s, err);
}

int command_conflicts_show(int argc, char **argv, const char *config_path)
{
    static const char doc[] = "Show one entry of the conflict journal, its images side by side.";
    const struct argp argp = {options, parse, "ID", doc, conflicts_child, NULL, NULL};
    struct conflicts_arguments a = {.config_path = config_path};
    struct show_context s = {.arguments = &a};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = conflicts_targets(&a, show_target, &s);
    if (code == 0 && !s.found) {
        fprintf(stderr, "drcctl: no entry has that ID\n");
        code = EXIT_BAD_USAGE;
    }
    return code;
}
