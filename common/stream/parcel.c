/* One encoded record on its way from the reader to the sender. */
#include "common/stream/parcel.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"

#define HEAD_BYTES 256u /* of most records, beside the body */

struct parcel *parcel_new(const struct record *rec)
{
    struct parcel *p = xcalloc(1, sizeof *p);
    p->kind = rec->kind;
    p->completes = rec->kind == RECORD_DDL || rec->kind == RECORD_XA_END ||
                   (rec->kind == RECORD_DATA && (rec->flags & RECORD_LAST));
    p->epoch = rec->epoch;
    p->instance = rec->instance;
    p->seq = rec->seq;
    p->gtid = rec->gtid;
    p->commit_us = rec->commit_us;
    if (rec->kind == RECORD_HEARTBEAT)
        p->made_us = clock_mono_us();
    (void)buf_reserve(&p->bytes, HEAD_BYTES + rec->body.n);
    record_write(rec, &p->bytes);
    return p;
}

struct parcel *parcel_new_safe(const char *file, uint64_t offset)
{
    struct parcel *p = xcalloc(1, sizeof *p);
    p->safe_file = xstrdup(file);
    p->safe_offset = offset;
    return p;
}

void parcel_free(void *parcel)
{
    struct parcel *p = parcel;
    buf_free(&p->bytes);
    free(p->safe_file);
    free(p);
}
