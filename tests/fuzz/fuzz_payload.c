/* Any bytes as something compressed: MySQL's TRANSACTION_PAYLOAD and MariaDB's compressed parts of events.
 *
 * The first byte says which. A fuzzer cannot guess a zstd or zlib stream, so in some forms the input is what is inside
 * of one: then all of it must come out again, event by event. */
#include <stdlib.h>
#include <zstd.h>

#include "common/binlog/payload.h"
#include "common/binlog/uncompress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum form { PAYLOAD_AS_IS, PAYLOAD_OF_EVENTS, PAYLOAD_PLAIN, PART_AS_IS, PART_OF_BYTES, PAYLOAD_OF_STREAM, FORMS };

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void put_field(struct buf *body, uint64_t type, uint64_t value)
{
    struct buf v = {0};
    buf_put_lenenc(&v, value);
    buf_put_lenenc(body, type);
    buf_put_lenenc(body, v.len);
    buf_put_span(body, buf_span(&v));
    buf_free(&v);
}

/* A true head before the bytes. */
static void put_payload(struct buf *body, struct span bytes, uint64_t algorithm)
{
    put_field(body, 2, algorithm);
    put_field(body, 3, bytes.n);
    put_field(body, 1, bytes.n);
    buf_put_lenenc(body, 0);
    buf_put_span(body, bytes);
}

/* What comes out of it. False when it is malformed. */
static bool take_out(struct buf *out, struct span body)
{
    struct payload *p = payload_new();
    struct event e = {.type = EVENT_TRANSACTION_PAYLOAD, .raw = body, .body = body};
    struct err err = {0};
    struct span raw;
    int rc = payload_open(p, &e, &err);
    while (rc == 0 && (rc = payload_next(p, &raw, &err)) == 1) {
        must(raw.n >= EVENT_HEADER_LEN);
        buf_put_span(out, raw);
        rc = 0;
        if (out->len > (size_t)32 << 20)
            break; /* small streams may unpack to very much */
    }
    must(rc == 0 || (err.class == ERR_FATAL && err.exit_code == EXIT_UNSAFE));
    payload_free(&p);
    return rc == 0;
}

static void of_events(struct span in, bool compressed)
{
    struct buf packed = {0}, body = {0}, out = {0};
    size_t n = ZSTD_compress(buf_reserve(&packed, ZSTD_compressBound(in.n)), ZSTD_compressBound(in.n), in.p, in.n, 1);
    must(!ZSTD_isError(n));
    put_payload(&body, compressed ? span_of(packed.data, n) : in, compressed ? 0 : 255);
    bool whole = take_out(&out, buf_span(&body));
    must(out.len <= in.n && span_eq(buf_span(&out), span_of(in.p, out.len)));
    must(!whole || out.len == in.n);
    buf_free(&packed);
    buf_free(&body);
    buf_free(&out);
}

static void as_is(struct span in, bool head)
{
    struct buf body = {0}, out = {0};
    if (head)
        put_payload(&body, in, 0);
    (void)take_out(&out, head ? buf_span(&body) : in);
    buf_free(&body);
    buf_free(&out);
}

static void part(struct span in, bool pack)
{
    struct buf packed = {0}, out = {0};
    if (!pack) {
        must(uncompress_part(&out, in) || out.len == 0);
    } else {
        compress_part(&packed, in);
        must(uncompress_part(&out, buf_span(&packed)) && span_eq(buf_span(&out), in));
    }
    buf_free(&packed);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct span in = span_of(data + 1, size - 1);
    enum form form = data[0] % FORMS;
    if (form == PAYLOAD_OF_EVENTS || form == PAYLOAD_PLAIN)
        of_events(in, form == PAYLOAD_OF_EVENTS);
    else if (form == PAYLOAD_AS_IS || form == PAYLOAD_OF_STREAM)
        as_is(in, form == PAYLOAD_OF_STREAM);
    else
        part(in, form == PART_OF_BYTES);
    return 0;
}
