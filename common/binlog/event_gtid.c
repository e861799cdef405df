/* Readers of the events that open a group, in their three shapes. */
#include "common/binlog/event_gtid.h"

#include "common/binlog/xid.h"

#define MARIA_GROUP_COMMIT_ID 2
#define MARIA_XA_PREPARED 64
#define MARIA_XA_COMPLETED 128
#define EXTRA_MULTI_ENGINE 1
#define EXTRA_ALTER_END (4 | 8) /* COMMIT or ROLLBACK of a two-phase ALTER: the number of its start follows */
#define MYSQL_STATEMENTS 1
#define LOGICAL_CLOCK 2
#define SECOND_FOLLOWS_BIT 55 /* of a commit time of 7 bytes */
#define TIME_LEN 7

struct flag_name {
    uint8_t bit;
    enum group_flags flag;
};

static const struct flag_name maria_flags[] = {
    {1,                     GROUP_STANDALONE   },
    {MARIA_GROUP_COMMIT_ID, GROUP_COMMIT_ID    },
    {4,                     GROUP_TRANSACTIONAL},
    {32,                    GROUP_DDL          },
    {MARIA_XA_PREPARED,     GROUP_XA_PREPARED  },
    {MARIA_XA_COMPLETED,    GROUP_XA_COMPLETED },
};

static const struct flag_name maria_extra_flags[] = {
    {2, GROUP_ALTER_STARTED    },
    {4, GROUP_ALTER_COMMITTED  },
    {8, GROUP_ALTER_ROLLED_BACK},
};

static uint32_t map_flags(uint8_t bits, const struct flag_name *names, size_t count)
{
    uint32_t flags = 0;
    for (size_t i = 0; i < count; i++)
        if (bits & names[i].bit)
            flags |= (uint32_t)names[i].flag;
    return flags;
}

int event_read_gtid_mariadb(struct event_gtid *out, const struct event *e, struct err *err)
{
    struct bytes r = bytes_of(e->body);
    *out = (struct event_gtid){.gtid = {.flavor = FLAVOR_MARIADB}, .commit_us = (uint64_t)e->timestamp * 1000000};
    out->gtid.maria.seq = bytes_u64(&r);
    out->gtid.maria.domain = bytes_u32(&r);
    out->gtid.maria.server = e->server_id;
    uint8_t flags = bytes_u8(&r);
    out->flags = map_flags(flags, maria_flags, sizeof maria_flags / sizeof maria_flags[0]);
    if (flags & MARIA_GROUP_COMMIT_ID)
        out->commit_id = bytes_u64(&r);
    if (flags & (MARIA_XA_PREPARED | MARIA_XA_COMPLETED))
        out->xid = xid_read(&r);
    if (!r.bad && bytes_left(&r) > 0) { /* zeros up to the fixed length, when it says nothing */
        uint8_t extra = bytes_u8(&r);
        out->flags |= map_flags(extra, maria_extra_flags, sizeof maria_extra_flags / sizeof maria_extra_flags[0]);
        if (extra & EXTRA_MULTI_ENGINE)
            bytes_skip(&r, 1);
        if (extra & EXTRA_ALTER_END)
            out->alter_seq = bytes_u64(&r);
    }
    return r.bad ? event_malformed(e, "too short", err) : 0;
}

/* Commit times: the second one is there only where it differs from the first. */
static void read_times(struct event_gtid *out, struct bytes *r)
{
    out->commit_us = bytes_le(r, TIME_LEN);
    out->original_us = out->commit_us;
    if (out->commit_us >> SECOND_FOLLOWS_BIT) {
        out->commit_us &= ((uint64_t)1 << SECOND_FOLLOWS_BIT) - 1;
        out->original_us = bytes_le(r, TIME_LEN);
    }
}

int event_read_gtid_mysql(struct event_gtid *out, const struct event *e, struct err *err)
{
    struct bytes r = bytes_of(e->body);
    *out = (struct event_gtid){.commit_us = (uint64_t)e->timestamp * 1000000};
    out->flags = bytes_u8(&r) & MYSQL_STATEMENTS ? GROUP_STATEMENTS : 0;
    struct span uuid = bytes_take(&r, 16);
    uint64_t gno = bytes_u64(&r);
    if (r.bad)
        return event_malformed(e, "too short", err);
    if (e->type == EVENT_GTID) {
        if (gno == 0 || gno >= INT64_MAX)
            return event_malformed(e, "transaction number out of range", err);
        out->gtid.flavor = FLAVOR_MYSQL;
        memcpy(out->gtid.mysql.uuid, uuid.p, uuid.n);
        out->gtid.mysql.gno = gno;
    }
    /* What follows came with later versions, each part after the one before. */
    if (bytes_left(&r) == 0 || bytes_u8(&r) != LOGICAL_CLOCK)
        return 0;
    out->last_committed = (int64_t)bytes_u64(&r);
    out->sequence_number = (int64_t)bytes_u64(&r);
    if (bytes_left(&r) > 0)
        read_times(out, &r);
    if (bytes_left(&r) > 0)
        out->length = bytes_lenenc(&r);
    return r.bad ? event_malformed(e, "too short", err) : 0;
}

/* MySQL's serialization library: an integer of 1–9 bytes. The first byte's trailing ones tell how many bytes follow;
 * the value stands above them and one zero bit, but for 8 ones, where it is the following 8 bytes whole. */
static uint64_t read_varlen(struct bytes *r)
{
    uint8_t first = bytes_u8(r);
    unsigned more = 0;
    while (more < 8 && (first >> more & 1))
        more++;
    uint64_t rest = bytes_le(r, more);
    if (more >= 7)
        return rest;
    return rest << (7 - more) | (uint64_t)first >> (more + 1);
}

static int64_t read_varlen_signed(struct bytes *r)
{
    uint64_t v = read_varlen(r);
    return v & 1 ? -(int64_t)(v >> 1) - 1 : (int64_t)(v >> 1);
}

static void tagged_flags(struct event_gtid *out, struct bytes *r)
{
    out->flags = read_varlen(r) & MYSQL_STATEMENTS ? GROUP_STATEMENTS : 0;
}

static void tagged_uuid(struct event_gtid *out, struct bytes *r)
{
    for (size_t i = 0; i < sizeof out->gtid.mysql.uuid; i++)
        out->gtid.mysql.uuid[i] = (uint8_t)read_varlen(r);
}

static void tagged_gno(struct event_gtid *out, struct bytes *r)
{
    int64_t gno = read_varlen_signed(r);
    if (gno <= 0)
        bytes_fail(r);
    else
        out->gtid.mysql.gno = (uint64_t)gno;
}

static void tagged_tag(struct event_gtid *out, struct bytes *r)
{
    uint64_t n = read_varlen(r);
    struct span tag = bytes_take(r, n <= GTID_TAG_MAX ? (size_t)n : SIZE_MAX);
    if (tag.n)
        memcpy(out->gtid.mysql.tag, tag.p, tag.n);
}

static void tagged_last_committed(struct event_gtid *out, struct bytes *r)
{
    out->last_committed = read_varlen_signed(r);
}

static void tagged_sequence_number(struct event_gtid *out, struct bytes *r)
{
    out->sequence_number = read_varlen_signed(r);
}

static void tagged_commit_time(struct event_gtid *out, struct bytes *r)
{
    out->commit_us = read_varlen(r);
    out->original_us = out->commit_us;
}

static void tagged_original_time(struct event_gtid *out, struct bytes *r)
{
    out->original_us = read_varlen(r);
}

static void tagged_length(struct event_gtid *out, struct bytes *r)
{
    out->length = read_varlen(r);
}

/* Fields by number, which come in that order; those after them (server versions, a ticket) are of no use here. */
static void (*const tagged_fields[])(struct event_gtid *out, struct bytes *r) = {
    tagged_flags,           tagged_uuid,        tagged_gno,           tagged_tag,    tagged_last_committed,
    tagged_sequence_number, tagged_commit_time, tagged_original_time, tagged_length,
};
#define TAGGED_FIELDS (sizeof tagged_fields / sizeof tagged_fields[0])
#define TAGGED_FIELDS_KNOWN 12 /* with those after them */

int event_read_gtid_tagged(struct event_gtid *out, const struct event *e, struct err *err)
{
    struct bytes r = bytes_of(e->body);
    *out = (struct event_gtid){.gtid = {.flavor = FLAVOR_MYSQL}, .commit_us = (uint64_t)e->timestamp * 1000000};
    uint64_t version = read_varlen(&r);
    uint64_t size = read_varlen(&r);
    uint64_t must_know = read_varlen(&r);
    if (r.bad || version != 1 || size > e->body.n)
        return event_malformed(e, "its head", err);
    if (must_know > TAGGED_FIELDS_KNOWN)
        return err_fatal(
            err, EXIT_UNSAFE,
            "GTID_TAGGED event: has a field %llu that must not be passed over; this server is newer than this program",
            (unsigned long long)must_know);
    while (bytes_left(&r) > 0) {
        uint64_t field = read_varlen(&r);
        if (field >= TAGGED_FIELDS)
            break;
        tagged_fields[field](out, &r);
    }
    if (r.bad || out->gtid.mysql.gno == 0)
        return event_malformed(e, "a field", err);
    return 0;
}
