/* What the page's files share. Nobody else includes it. */
#ifndef DRC_LINK_PAGE_PRIVATE_H
#define DRC_LINK_PAGE_PRIVATE_H

#include "common/link/page.h"

extern const struct span page_css;
extern const struct span page_js;

/* A member of a status, "" when it is no text. */
const char *page_text(const json_t *status, const char *name);
uint64_t page_number(const json_t *status, const char *name);
/* Text, escaped. */
void page_put_text(struct buf *out, const char *text);
/* "3 ms", "0.42 s", "12 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
void page_put_time(struct buf *out, uint64_t us);
/* "12.4", "1,234": a rate. */
void page_put_rate(struct buf *out, double rate);
/* Class of a state's word: "good", "warn", "bad", "none". */
const char *page_tone(const char *state);
/* "eu → us", "eu". */
void page_put_member(struct buf *out, const struct page_member *m);

/* ---- page_lane.c ---- */

/* The picture: one lane a link. */
void page_put_lanes(struct buf *out, const struct page *p);

/* ---- page_tables.c ---- */

void page_put_stages(struct buf *out, const struct page *p);
void page_put_conflicts(struct buf *out, const struct page *p);
void page_put_positions(struct buf *out, const struct page *p);

#endif
