/* Values as SQL hands them out, encoded as the server's binlog would have them: the way back from cell to text. Pure.
 */
#ifndef DRC_TARGET_CELL_ENCODE_H
#define DRC_TARGET_CELL_ENCODE_H

#include "common/model/cell.h"

/* Broken-down time of any temporal type; fields that the type lacks are not looked at. */
struct cell_time {
    uint32_t year;
    uint32_t month;
    uint32_t day;
    uint32_t hour; /* TIME: up to 838 */
    uint32_t minute;
    uint32_t second;
    uint32_t microsecond;
    bool negative;
};

/* Append a cell. Integers of any width, ENUM and SET numbers: two's complement, cut to the column's width. */
void cell_encode_integer(struct buf *out, const struct column *c, uint64_t v);
void cell_encode_bytes(struct buf *out, const struct column *c,
                       struct span v); /* strings, blobs, BIT: with their length */
void cell_encode_time(struct buf *out, const struct column *c, const struct cell_time *t); /* TIMESTAMP: UTC */
/* From decimal digits, sign and point ("-12.50"). False when it does not fit precision and scale. */
bool cell_encode_decimal(struct buf *out, const struct column *c, struct span text);

#endif
