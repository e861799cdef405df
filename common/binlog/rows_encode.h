/* The row-event encoder: what the BINLOG statement takes, made from definitions and row images. Side by side with the
 * decoder.
 *
 * A session needs one format description first; then each statement is TABLE_MAPs and ROWS events, of which the last
 * ROWS event of all must have ROWS_STMT_END, or tables stay open at the target. docs/binlog-statement.md says what the
 * servers make of it. Pure; debug builds decode what was encoded and assert that it is the same. */
#ifndef DRC_BINLOG_ROWS_ENCODE_H
#define DRC_BINLOG_ROWS_ENCODE_H

#include "common/base/buf.h"
#include "common/model/record.h"

/* For whom and under which name. A plain value. */
struct rows_encoder {
    enum flavor flavor; /* MariaDB takes v1 events, MySQL v2 */
    uint32_t version;   /* of the target server: 10.11.6 is 101106 */
    uint32_t server_id; /* that the events claim to come from */
    uint32_t timestamp; /* seconds since 1970: what the target's NOW() defaults and binlog see */
};

/* Append a FORMAT_DESCRIPTION event, checksums off. */
void rows_encode_format(struct buf *out, const struct rows_encoder *enc);
/* Append a TABLE_MAP event that gives the table an id (up to 2^48-1, not 0xffffff). `t` is the target's definition. */
void rows_encode_table_map(struct buf *out, const struct rows_encoder *enc, const struct table_def *t,
                           uint64_t table_id);
/* Append a ROWS event for rows->table; columns that are not in its images (present_before, present_after) the target
 * fills: from the row it finds, or by their defaults. Flags are those of enum rows_flags (rows->flags is not used). */
void rows_encode_rows(struct buf *out, const struct rows_encoder *enc, const struct rows *rows, uint64_t table_id,
                      uint16_t flags);

/* The same piecewise, for rows that are gathered one by one: open (of `shape` table, op and present_* count), put
 * images into `out` (an update's before, then after), close. Nothing else may be written to `out` in between. */
struct rows_encode_open {
    size_t start;
    size_t images;
};
struct rows_encode_open rows_encode_start(struct buf *out, const struct rows_encoder *enc, const struct rows *shape,
                                          uint64_t table_id);
void rows_encode_finish(struct buf *out, const struct rows_encode_open *open, const struct table_def *t,
                        uint16_t flags);

#endif
