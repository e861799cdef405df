/* Binlog files as a source of raw events: a rescued disk, tests, tools. */
#ifndef DRC_BINLOG_FILE_READER_H
#define DRC_BINLOG_FILE_READER_H

#include "common/base/err.h"
#include "common/base/span.h"

struct file_reader; /* owned by one thread */

/* Is it by its name MariaDB's index of GTIDs, which stands beside a binlog file from 11.4 on? A shell's pattern takes
 * it along, and no reader wants it. */
bool file_reader_is_index(const char *path);

/* Open and check the magic number. Fatal 64: there is no such file; 77: no right to read it; 69: it is no binlog. */
MUST_CHECK int file_reader_open(struct file_reader **out, const char *path, struct err *err);
void file_reader_close(struct file_reader **r);

/* 1: the next event, whole, valid until the next call. 0: the end of the file, at the end of an event. -1: cannot be
 * read (retry), or (fatal, 69) an event without its end (`*truncated`, may be NULL, tells it from the rest), sizes that
 * cannot be, an encrypted file. */
MUST_CHECK int file_reader_next(struct file_reader *r, struct span *raw, bool *truncated, struct err *err);
/* Offset of the event given last. */
uint64_t file_reader_offset(const struct file_reader *r);
/* The file's name without its directories. */
const char *file_reader_name(const struct file_reader *r);

#endif
