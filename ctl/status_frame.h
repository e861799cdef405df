/* One look at a pair as a picture for a terminal: tables whose columns stand below each other, colours by state. Pure.
 */
#ifndef DRC_CTL_STATUS_FRAME_H
#define DRC_CTL_STATUS_FRAME_H

#include "ctl/status.h"

/* What a look before says of the speed; zeroed before the first. One a link. */
struct frame_rate {
    uint64_t at_ms; /* of that look; 0: there was none */
    uint64_t published;
    uint64_t applied;
    uint64_t rows;
    double published_rate; /* transactions a second between the last two looks; below 0: not known */
    double applied_rate;
    double row_rate;
};

/* Take the look into account. */
void frame_rate_note(struct frame_rate *r, const struct link_status *l, uint64_t now_ms);

/* Lines, each ended by a newline, none wider than `width` columns. `colour`: with escape sequences, which end with
 * their line. `clock`: the time of the look, as text. */
void frame_put(struct buf *out, const struct pair_status *s, const struct frame_rate *rates, const char *clock,
               size_t width, bool colour);
/* One line a link for a file: "at=… link=eu:us state=running …". */
void frame_put_lines(struct buf *out, const struct pair_status *s, const struct frame_rate *rates, const char *clock);

#endif
