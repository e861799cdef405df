/* ROWS events of all versions, plain and compressed: header, column bitmaps and the row images. Pure. */
#ifndef DRC_BINLOG_ROWS_EVENT_H
#define DRC_BINLOG_ROWS_EVENT_H

#include "common/base/buf.h"
#include "common/binlog/event.h"
#include "common/model/record.h"

struct rows_event {
    uint64_t table_id; /* 0xffffff: no rows, only the end of a statement */
    uint16_t flags;    /* as in the event; its bits 1 and 2, 4 are those of enum rows_flags */
    enum rows_op op;
    bool partial; /* images are not as in other events: see partial_rows.h */
    uint32_t column_count;
    const uint8_t *present_before; /* bitmaps of (column_count + 7) / 8 bytes; equal for INSERT and DELETE */
    const uint8_t *present_after;
    struct span images;
};

#define ROWS_EVENT_DUMMY_TABLE 0xffffffu

/* Is it one of the types that rows_event_read takes? */
bool rows_event_type(uint8_t type);

/* Split the event. Images of a compressed one are put into `scratch` (cleared first), else spans point into the event.
 * Fails (fatal, 69) when malformed. */
MUST_CHECK int rows_event_read(struct rows_event *out, const struct event *e, const struct event_format *f,
                               struct buf *scratch, struct err *err);

/* Which columns do the images have? NULL: all of the table's. A bitmap: these, the same ones in both images of an
 * update; it stands in the event. Fails (fatal, 69) when the event has not as many columns as its table, or an update's
 * images have different ones. */
MUST_CHECK int rows_event_columns(const uint8_t **out, const struct rows_event *re, const struct table_def *t,
                                  struct err *err);

/* Fails always (fatal, 69): the images lack columns, which are named; the text says how to set binlog_row_image. */
MUST_CHECK int rows_event_lacks(const uint8_t *present, const struct table_def *t, struct err *err);

/* Walk every cell, and fill `out`; `present` as of rows_event_columns. Fails (fatal, 69) when the images do not hold
 * whole rows and nothing more. */
MUST_CHECK int rows_event_check(struct rows *out, const struct rows_event *re, const struct table_def *t,
                                const uint8_t *present, struct err *err);

#endif
