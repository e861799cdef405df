/* How one line of the log is written, in the form of text and of JSON. Pure, and without allocating. */
#ifndef DRC_BASE_LOG_LINE_H
#define DRC_BASE_LOG_LINE_H

#include "common/base/buf.h"
#include "common/base/log.h"

/* What is taken of a line's texts, in bytes; the rest is cut with "...". Escaped, each may become six. */
#define LOG_LINE_TEXTS 4096
/* Room that a line never goes beyond. */
#define LOG_LINE_MAX (6 * LOG_LINE_TEXTS + 4096)

struct log_line {
    uint64_t wall_us;
    enum log_level level;
    enum message_id id; /* MESSAGE_NONE: none */
    const char *says;
    const struct log_field *fields;
    size_t count;
    const char *repeated; /* "repeated 12 times in 10 s", goes behind what is said; NULL: none */
};

/* "DRC-1042 says: detail key=value". A value is in double quotes where it is empty or has anything but printable
 * characters without space, ", =, \; in them " and \ have a \ before, and what cannot be printed is \xHH. */
void log_line_text(struct buf *out, const struct log_line *line);
/* {"time":…,"level":…,"id":…,"message":…,"fields":{…}}; bytes that are no UTF-8 become U+FFFD. */
void log_line_json(struct buf *out, const struct log_line *line);

#endif
