/* The parts of the page: each file html_*.c puts one of them. */
#ifndef DRC_RECONCILE_HTML_PRIVATE_H
#define DRC_RECONCILE_HTML_PRIVATE_H

#include "common/base/html.h"
#include "common/base/map.h"
#include "reconcile/html.h"

/* Classes as the page tells them: unsettled rows are one more. */
#define HTML_KINDS (DIFFERENCE_CLASSES + 1)
#define HTML_UNSETTLED DIFFERENCE_CLASSES

/* The files of the same name, as they stand in the page. */
extern const struct span html_css;
extern const struct span html_js;

/* A piece of the rows' file: one difference of a table. */
struct html_piece {
    size_t section;
    long at;
    size_t length;
};

struct html_section {
    struct buf name; /* "db.table", escaped */
    uint64_t found[HTML_KINDS];
    uint64_t shown;
};

struct html {
    const struct report_options *options;
    FILE *out;
    FILE *rows; /* of differences, one after the other */
    struct html_section *sections;
    size_t section_count;
    size_t section_room;
    struct map section_of; /* db and table -> section + 1 */
    struct html_piece *pieces;
    size_t piece_count;
    size_t piece_room;
    uint64_t shown[HTML_KINDS];
    uint64_t found[HTML_KINDS][DIFFERENCE_CAUSES];
    struct buf tables; /* rows of the list of tables */
    uint64_t clean_tables, clean_shown;
    struct buf facts, problems, items;
    uint64_t item_count;
    struct timeline timeline;
    struct buf scratch;
};

/* "missing at us": for people, with the regions' own names. */
void html_put_kind(struct buf *out, const struct html *h, int kind);
/* "lost in transit" */
void html_put_cause(struct buf *out, enum difference_cause c);
void html_put_region(struct buf *out, const struct html *h, int side);

/* html_row.c: one difference as a <details>. */
void html_put_difference(struct buf *out, const struct html *h, const struct difference *d, bool unsettled);
/* html_chart.c: the section of the timeline; nothing when nothing is known of it. */
void html_put_timeline(struct buf *out, const struct html *h);
/* html_page.c: all before the differences, and what is behind them. */
void html_put_head(struct buf *out, const struct html *h, const struct report_totals *t);
void html_put_filters(struct buf *out, const struct html *h);
void html_put_section(struct buf *out, const struct html *h, const struct html_section *s);
void html_put_end(struct buf *out, const struct html *h);

#endif
