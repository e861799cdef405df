/* The events inside a TRANSACTION_PAYLOAD, out of a zstd stream or as they are. */
#include "common/binlog/payload.h"

#include "common/base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <zstd.h>

#define EVENT_SIZE_AT 9             /* in an event's header */
#define CHUNK ((size_t)1 << 17)     /* decompressed in one step: a size in a header alone reserves nothing */
#define WINDOW_LOG_MAX 27           /* 128 MiB: the greatest that zstd's levels use */
#define EVENT_MAX ((size_t)1 << 30) /* that a server writes */

enum algorithm { ALGORITHM_ZSTD = 0, ALGORITHM_NONE = 255 };

struct payload {
    ZSTD_DCtx *zstd;
    enum algorithm algorithm;
    struct bytes in; /* what is not decompressed yet */
    struct buf out;  /* decompressed; of it `used` bytes were given */
    size_t used;
    bool frame_open; /* the stream ends in the middle of a frame unless more comes */
};

struct payload *payload_new(void)
{
    struct payload *p = xcalloc(1, sizeof *p);
    p->zstd = ZSTD_createDCtx();
    assert(p->zstd);
    size_t rc = ZSTD_DCtx_setParameter(p->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    assert(!ZSTD_isError(rc));
    return p;
}

void payload_free(struct payload **p)
{
    if (!*p)
        return;
    ZSTD_freeDCtx((*p)->zstd);
    buf_free(&(*p)->out);
    free(*p);
    *p = NULL;
}

int payload_open(struct payload *p, const struct event *e, struct err *err)
{
    enum { FIELD_END = 0, FIELD_SIZE = 1, FIELD_ALGORITHM = 2, FIELD_UNCOMPRESSED = 3 };
    struct bytes r = bytes_of(e->body);
    uint64_t algorithm = ALGORITHM_NONE;
    uint64_t size = UINT64_MAX;
    for (;;) {
        uint64_t type = bytes_lenenc(&r);
        if (type == FIELD_END)
            break;
        uint64_t n = bytes_lenenc(&r);
        struct bytes value = bytes_of(bytes_take(&r, n <= bytes_left(&r) ? (size_t)n : SIZE_MAX));
        if (type == FIELD_SIZE)
            size = bytes_lenenc(&value);
        else if (type == FIELD_ALGORITHM)
            algorithm = bytes_lenenc(&value);
        if (r.bad || value.bad)
            return event_malformed(e, "its head", err);
    }
    if (r.bad || size != bytes_left(&r))
        return event_malformed(e, "its size", err);
    if (algorithm != ALGORITHM_ZSTD && algorithm != ALGORITHM_NONE)
        return err_fatal(err, EXIT_UNSAFE, "TRANSACTION_PAYLOAD event: unknown compression algorithm %llu",
                         (unsigned long long)algorithm);
    p->algorithm = (enum algorithm)algorithm;
    p->in = r;
    buf_clear(&p->out);
    p->used = 0;
    p->frame_open = false;
    (void)ZSTD_DCtx_reset(p->zstd, ZSTD_reset_session_only);
    return 0;
}

/* Decompress until `out` has n bytes from `used` on. False when the stream has no more. */
static bool fill(struct payload *p, size_t n, bool *broken)
{
    if (p->out.len - p->used >= n)
        return true;
    if (p->used > 0) { /* what was given is gone */
        memmove(p->out.data, p->out.data + p->used, p->out.len - p->used);
        p->out.len -= p->used;
        p->used = 0;
    }
    while (p->out.len < n && (bytes_left(&p->in) > 0 || p->frame_open)) {
        ZSTD_outBuffer to = {buf_reserve(&p->out, CHUNK), CHUNK, 0};
        ZSTD_inBuffer from = {p->in.p, bytes_left(&p->in), 0};
        size_t rc = ZSTD_decompressStream(p->zstd, &to, &from);
        bytes_skip(&p->in, from.pos);
        p->out.len += to.pos;
        p->frame_open = rc != 0;
        if (ZSTD_isError(rc) || (from.pos == 0 && to.pos == 0)) {
            *broken = true;
            return false;
        }
    }
    return p->out.len >= n;
}

static int broken_stream(struct err *err)
{
    return err_fatal(err, EXIT_UNSAFE, "TRANSACTION_PAYLOAD event: malformed: its compressed events");
}

static size_t size_in_header(const uint8_t *event)
{
    struct bytes r = bytes_of(span_of(event + EVENT_SIZE_AT, 4));
    return bytes_u32(&r);
}

static int next_plain(struct payload *p, struct span *raw, struct err *err)
{
    if (bytes_left(&p->in) == 0)
        return 0;
    size_t n = bytes_left(&p->in) >= EVENT_HEADER_LEN ? size_in_header(p->in.p) : 0;
    *raw = bytes_take(&p->in, n);
    return n < EVENT_HEADER_LEN || p->in.bad ? broken_stream(err) : 1;
}

int payload_next(struct payload *p, struct span *raw, struct err *err)
{
    bool broken = false;
    if (p->algorithm == ALGORITHM_NONE)
        return next_plain(p, raw, err);
    if (!fill(p, EVENT_HEADER_LEN, &broken))
        return broken || p->out.len - p->used > 0 ? broken_stream(err) : 0;
    size_t n = size_in_header(p->out.data + p->used);
    if (n < EVENT_HEADER_LEN || n > EVENT_MAX || !fill(p, n, &broken))
        return broken_stream(err);
    *raw = span_of(p->out.data + p->used, n);
    p->used += n;
    return 1;
}
