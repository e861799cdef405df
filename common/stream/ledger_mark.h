/* The loop mark: rows of drc.ledger in the source's binlog, which say what was replayed there. Pure. */
#ifndef DRC_STREAM_LEDGER_MARK_H
#define DRC_STREAM_LEDGER_MARK_H

#include "common/base/watermark.h"
#include "common/model/record.h"

/* Where the columns stand that we read. */
struct ledger_columns {
    size_t stream;
    size_t part;
    size_t watermark;
    size_t done;
    size_t stamp;
    bool has_stamp; /* not in a ledger of an earlier release */
};

bool ledger_is_table(const struct table_def *t);
/* False when one is missing or has another type than ours. */
bool ledger_columns_find(struct ledger_columns *out, const struct table_def *t);

struct ledger_mark {
    uint8_t stream[STREAM_UUID_LEN];
    uint32_t part;
    struct watermark done; /* what the slot says is in effect; owned: ledger_mark_free */
    uint64_t stamp;        /* the greatest of what came into effect through the slot; 0: not known */
    bool gone;             /* the row was deleted: it says nothing */
};
void ledger_mark_free(struct ledger_mark *m);

/* The next row of a rows item, whose images `r` walks; `cells` has room for its columns. Fatal (69) when it cannot be
 * read. */
MUST_CHECK int ledger_mark_read(struct ledger_mark *out, struct bytes *r, const struct rows *rows,
                                const struct ledger_columns *columns, struct cell *cells, struct err *err);

#endif
