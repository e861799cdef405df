/* Watermark and ranges of all slots of a link, and nothing else of its rows. */
#include "common/target/ledger_done.h"

#include <stdlib.h>

#include "common/target/schema.h"

void ledger_done_free(struct ledger_done *d)
{
    watermark_free(&d->done);
    *d = (struct ledger_done){0};
}

static int add_slot(struct ledger_done *out, const struct db_rows *rows, size_t i, struct err *err)
{
    struct span stream = db_cell(rows, i, 0);
    struct bytes ranges = bytes_of(db_cell(rows, i, 2));
    struct watermark done = {.low = strtoull((const char *)db_cell(rows, i, 1).p, NULL, 10)};
    watermark_read_ranges(&done, &ranges);
    bool sound = stream.n == STREAM_UUID_LEN && !ranges.bad && bytes_left(&ranges) == 0;
    if (sound) {
        memcpy(out->stream, stream.p, STREAM_UUID_LEN);
        out->known = true;
        watermark_union(&out->done, &done);
    }
    watermark_free(&done);
    return sound ? 0 : err_fatal(err, EXIT_UNSAFE, "a row of " DRC_DB "." LEDGER_TABLE " is malformed");
}

int ledger_done_read(struct ledger_done *out, struct db *db, const char *topic, struct err *err)
{
    struct arena a = {0};
    struct buf sql = {0};
    struct db_rows rows;
    ledger_done_free(out);
    buf_put_str(&sql, "SELECT `" LEDGER_STREAM "`, `" LEDGER_WATERMARK "`, `" LEDGER_DONE "` FROM `" DRC_DB
                      "`.`" LEDGER_TABLE "` WHERE `topic` = ");
    db_put_string(&sql, span_str(topic));
    int rc = db_query(db, &rows, &a, buf_cstr(&sql), err);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++)
        rc = add_slot(out, &rows, i, err);
    buf_free(&sql);
    arena_free(&a);
    return rc;
}
