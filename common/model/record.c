/* The outer part of a record: magic, version, checksum and the fields before the body, write and read side by side. */
#include "common/model/record.h"

#include <assert.h>
#include <stddef.h>

#include "common/base/hash.h"

#define RECORD_MAGIC 0xD7
#define PREFIX_LEN 4 /* magic, version, kind, flags */
#define HEADER_LEN 8 /* and the checksum */

/* What is peculiar to each kind. */
struct kind_facts {
    const char *name;
    uint8_t allowed; /* flags that may be set */
    uint8_t always;  /* flags that are always set: the kinds of one record are whole by nature */
    bool numbered;   /* takes a seq of its own */
    bool has_body;
};

#define WHOLE (RECORD_FIRST | RECORD_LAST)

static const struct kind_facts kinds[] = {
    [RECORD_DATA] = {"data",      WHOLE | RECORD_HELD,   0,     true,  true },
    [RECORD_DDL] = {"ddl",       WHOLE,                 WHOLE, true,  true },
    [RECORD_EPOCH] = {"epoch",     0,                     0,     false, false},
    [RECORD_RESUME] = {"resume",    0,                     0,     false, false},
    [RECORD_HEARTBEAT] = {"heartbeat", 0,                     0,     false, false},
    [RECORD_XA_END] = {"xa-end",    WHOLE | RECORD_COMMIT, WHOLE, true,  false},
};

/* NULL for a kind that we do not know. */
static const struct kind_facts *facts_of(unsigned kind)
{
    return kind < sizeof(kinds) / sizeof(kinds[0]) && kinds[kind].name ? &kinds[kind] : NULL;
}

const char *record_kind_name(enum record_kind k)
{
    const struct kind_facts *facts = facts_of(k);
    return facts ? facts->name : "unknown";
}

uint64_t chain_next(uint64_t chain, const struct gtid *gtid)
{
    struct buf bytes = {0};
    gtid_put(gtid, &bytes);
    uint64_t next = hash64(buf_span(&bytes), chain);
    buf_free(&bytes);
    return next;
}

/* The checksum covers every byte but its own four. */
static uint32_t record_crc(struct span record)
{
    uint32_t crc = hash_crc32c(0, span_of(record.p, PREFIX_LEN));
    return hash_crc32c(crc, span_of(record.p + HEADER_LEN, record.n - HEADER_LEN));
}

/* ---- fields that every kind has ---- */

static void put_common(const struct record *rec, struct buf *out)
{
    buf_put(out, rec->stream, STREAM_UUID_LEN);
    buf_put_varint(out, rec->epoch);
    buf_put_le(out, rec->instance, 8);
    buf_put_varint(out, rec->seq);
    buf_put_le(out, rec->chain, 8);
    gtid_put(&rec->gtid, out);
    buf_put_varint(out, rec->commit_us);
    buf_put_le(out, rec->stamp, 8);
    buf_put_le(out, rec->fingerprint, 8);
    buf_put_sized(out, rec->cut);
}

static void read_common(struct record *rec, struct bytes *r)
{
    struct span stream = bytes_take(r, STREAM_UUID_LEN);
    if (r->bad)
        return;
    memcpy(rec->stream, stream.p, STREAM_UUID_LEN);
    rec->epoch = bytes_varint(r);
    rec->instance = bytes_u64(r);
    rec->seq = bytes_varint(r);
    rec->chain = bytes_u64(r);
    gtid_read(&rec->gtid, r);
    rec->commit_us = bytes_varint(r);
    rec->stamp = bytes_u64(r);
    rec->fingerprint = bytes_u64(r);
    rec->cut = bytes_sized(r);
    if (rec->epoch == 0)
        bytes_fail(r);
}

/* ---- fields of the kinds with a seq of their own ---- */

static void put_numbered(const struct record *rec, struct buf *out)
{
    buf_put_varint(out, rec->prev_seq);
    buf_put_le(out, rec->prev_chain, 8);
    gtid_put(&rec->prev_gtid, out);
    buf_put_varint(out, rec->fragment);
    buf_put_sized(out, rec->xid);
}

static void read_numbered(struct record *rec, struct bytes *r)
{
    rec->prev_seq = bytes_varint(r);
    rec->prev_chain = bytes_u64(r);
    gtid_read(&rec->prev_gtid, r);
    uint64_t fragment = bytes_varint(r);
    rec->fragment = (uint32_t)fragment;
    rec->xid = bytes_sized(r);
    if (rec->prev_seq >= rec->seq || fragment > UINT32_MAX)
        bytes_fail(r);
    if ((rec->flags & RECORD_FIRST) ? fragment != 0 : fragment == 0)
        bytes_fail(r);
}

/* ---- fields of the control records ---- */

static void put_control(const struct record *rec, struct buf *out)
{
    buf_put_sized(out, rec->position);
    buf_put_sized(out, rec->before);
    buf_put_sized(out, rec->region);
}

static void read_control(struct record *rec, struct bytes *r)
{
    rec->position = bytes_sized(r);
    rec->before = bytes_sized(r);
    rec->region = bytes_sized(r);
}

/* ---- extensions: additions of the same version, (tag, sized bytes) each, by rising tag ---- */

struct extension {
    uint64_t tag;
    size_t offset; /* of the span in struct record */
    enum record_kind kind;
};

static const struct extension extensions[] = {
    {1, offsetof(struct record, act),     RECORD_RESUME   },
    {2, offsetof(struct record, permits), RECORD_RESUME   },
    {3, offsetof(struct record, session), RECORD_DDL      },
    {4, offsetof(struct record, behind),  RECORD_HEARTBEAT},
};

#define EXTENSION_COUNT (sizeof extensions / sizeof *extensions)

static struct span *extension_field(struct record *rec, size_t offset)
{
    return (struct span *)(void *)((char *)rec + offset);
}

static void put_extensions(const struct record *rec, struct buf *out)
{
    struct record copy = *rec;
    uint64_t count = 0;
    for (size_t i = 0; i < EXTENSION_COUNT; i++)
        count += extension_field(&copy, extensions[i].offset)->n > 0;
    buf_put_varint(out, count);
    for (size_t i = 0; i < EXTENSION_COUNT; i++) {
        struct span value = *extension_field(&copy, extensions[i].offset);
        if (value.n == 0)
            continue;
        buf_put_varint(out, extensions[i].tag);
        buf_put_sized(out, value);
    }
}

/* A tag that is not ours is passed over. Ours belong to one kind each, once. */
static void take_extension(struct record *rec, struct bytes *r, uint64_t tag, struct span value)
{
    for (size_t i = 0; i < EXTENSION_COUNT; i++) {
        if (extensions[i].tag != tag)
            continue;
        struct span *field = extension_field(rec, extensions[i].offset);
        if (rec->kind != extensions[i].kind || field->n > 0 || value.n == 0)
            bytes_fail(r);
        *field = value;
    }
}

static void read_extensions(struct record *rec, struct bytes *r)
{
    uint64_t count = bytes_varint(r);
    for (uint64_t i = 0; i < count && !r->bad; i++) {
        uint64_t tag = bytes_varint(r);
        struct span value = bytes_sized(r);
        if (!r->bad)
            take_extension(rec, r, tag, value);
    }
}

void record_put_behind(uint64_t us, struct buf *out)
{
    if (us > 0)
        buf_put_varint(out, us);
}

uint64_t record_behind_us(const struct record *rec)
{
    struct bytes r = bytes_of(rec->behind);
    uint64_t us = bytes_varint(&r);
    return r.bad ? 0 : us;
}

/* ---- the record ---- */

void record_write(const struct record *rec, struct buf *out)
{
    const struct kind_facts *facts = facts_of(rec->kind);
    assert(facts && rec->epoch > 0);
    uint8_t flags = rec->flags | facts->always;
    assert((flags & ~facts->allowed) == 0);
    assert(facts->has_body || rec->body.n == 0);
    assert(rec->kind == RECORD_RESUME || rec->act.n + rec->permits.n == 0);
    assert(rec->kind == RECORD_DDL || rec->session.n == 0);
    assert(rec->kind == RECORD_HEARTBEAT || rec->behind.n == 0);
    assert(!facts->numbered || (rec->seq > rec->prev_seq && !(flags & RECORD_FIRST) == (rec->fragment > 0)));

    size_t start = out->len;
    (void)buf_reserve(out, 256 + rec->cut.n + rec->position.n + rec->before.n + rec->act.n + rec->permits.n +
                               rec->session.n + rec->behind.n + rec->body.n);
    buf_put_u8(out, RECORD_MAGIC);
    buf_put_u8(out, RECORD_VERSION);
    buf_put_u8(out, (uint8_t)rec->kind);
    buf_put_u8(out, flags);
    buf_put_le(out, 0, HEADER_LEN - PREFIX_LEN);
    put_common(rec, out);
    if (facts->numbered)
        put_numbered(rec, out);
    else
        put_control(rec, out);
    put_extensions(rec, out);
    buf_put_span(out, rec->body);

    uint32_t crc = record_crc(span_of(out->data + start, out->len - start));
    for (size_t i = 0; i < 4; i++)
        out->data[start + PREFIX_LEN + i] = (uint8_t)(crc >> (8 * i));
}

/* Magic, version, checksum, kind, flags: in the order in which the message says most. */
static const struct kind_facts *read_header(struct record *out, struct bytes *r, struct span bytes, struct err *err)
{
    if (bytes.n < HEADER_LEN) {
        (void)err_stop(err, MSG_STOP_RECORD_FOREIGN, "a record of %zu bytes is none of ours: it is too short", bytes.n);
        return NULL;
    }
    unsigned magic = bytes_u8(r);
    unsigned version = bytes_u8(r);
    unsigned kind = bytes_u8(r);
    out->flags = bytes_u8(r);
    out->crc = bytes_u32(r);
    if (magic != RECORD_MAGIC) {
        (void)err_stop(err, MSG_STOP_RECORD_FOREIGN, "not a record of ours: it begins with byte 0x%02x", magic);
        return NULL;
    }
    if (version != RECORD_VERSION) {
        (void)err_stop(err, MSG_STOP_RECORD_NEWER,
                       "the record has format version %u, this program reads version %d only", version, RECORD_VERSION);
        return NULL;
    }
    uint32_t crc = record_crc(bytes);
    if (crc != out->crc) {
        (void)err_stop(err, MSG_STOP_RECORD_FOREIGN, "the record is damaged: checksum 0x%08x, its bytes give 0x%08x",
                       out->crc, crc);
        return NULL;
    }
    const struct kind_facts *facts = facts_of(kind);
    if (!facts) {
        (void)err_fatal(err, EXIT_UNSAFE, "unknown record kind %u", kind);
        return NULL;
    }
    if ((out->flags & ~facts->allowed) != 0 || (out->flags & facts->always) != facts->always) {
        (void)err_fatal(err, EXIT_UNSAFE, "a %s record with flags 0x%02x is not known", facts->name, out->flags);
        return NULL;
    }
    out->kind = (enum record_kind)kind;
    return facts;
}

int record_read(struct record *out, struct span bytes, struct err *err)
{
    *out = (struct record){0};
    struct bytes r = bytes_of(bytes);
    const struct kind_facts *facts = read_header(out, &r, bytes, err);
    if (!facts)
        return -1;
    read_common(out, &r);
    if (facts->numbered)
        read_numbered(out, &r);
    else
        read_control(out, &r);
    read_extensions(out, &r);
    out->body = bytes_take(&r, bytes_left(&r));
    if (r.bad || (out->body.n > 0 && !facts->has_body))
        return err_stop(err, MSG_STOP_RECORD_FOREIGN, "malformed %s record of %zu bytes", facts->name, bytes.n);
    return 0;
}
