/* Dates and times in the servers' packed forms, taken apart and written as text. Pure. */
#ifndef DRC_MODEL_TEMPORAL_H
#define DRC_MODEL_TEMPORAL_H

#include "common/base/buf.h"

/* Zero months and days are allowed, as the servers store them. */
struct temporal {
    bool negative; /* of a TIME */
    unsigned year, month, day;
    unsigned hour, minute, second;
    unsigned micro;
};

/* A cell of that type (enum column_type) and fsp; TIMESTAMPs give UTC, 0 the zero date. False when the bytes are no
 * value of the type. */
bool temporal_read(struct temporal *out, uint8_t type, unsigned fsp, struct span s);
/* The 64-bit forms that MySQL's JSON holds: upper 40 bits as in DATETIME2 or TIME2 without their offset, lower 24
 * microseconds; a negative TIME as a whole. */
bool temporal_from_packed_datetime(struct temporal *out, int64_t packed);
bool temporal_from_packed_time(struct temporal *out, int64_t packed);

void temporal_put_date(const struct temporal *t, struct buf *out);               /* "2026-01-31" */
void temporal_put_time(const struct temporal *t, unsigned fsp, struct buf *out); /* "-838:59:59.5" */
void temporal_put_datetime(const struct temporal *t, unsigned fsp, struct buf *out);

#endif
