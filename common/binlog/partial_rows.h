/* PARTIAL_UPDATE_ROWS (MySQL, binlog_row_value_options=PARTIAL_JSON): after images that hold changes of JSON documents
 * instead of the documents, made whole again out of their before images. Pure. */
#ifndef DRC_BINLOG_PARTIAL_ROWS_H
#define DRC_BINLOG_PARTIAL_ROWS_H

#include "common/base/arena.h"
#include "common/binlog/rows_event.h"

/* Put the images of the event, whole, into `out` (cleared first), as an UPDATE_ROWS event has them. Both must have all
 * columns of `t` (rows_event_columns gave NULL). The arena is for working memory. Fails (fatal, 69) when malformed. */
MUST_CHECK int partial_rows_whole(struct buf *out, const struct rows_event *re, const struct table_def *t,
                                  struct arena *a, struct err *err);

#endif
