/* Events made by hand, for tests of what no server is made to say. */
#ifndef DRC_TESTS_UNIT_BINLOG_EVENT_KIT_H
#define DRC_TESTS_UNIT_BINLOG_EVENT_KIT_H

#include "common/base/buf.h"
#include "common/base/hash.h"
#include "common/binlog/event.h"
#include "common/binlog/rows_encode.h"

#define KIT_TIME 1700000000u
#define KIT_SERVER 7u

/* Append an event; `checksum`: with a CRC32 behind it. Position 0 makes it look artificial. */
static inline void kit_event(struct buf *out, uint8_t type, uint16_t flags, uint32_t next_pos, struct span body,
                             bool checksum)
{
    size_t start = out->len;
    buf_put_le(out, KIT_TIME, 4);
    buf_put_u8(out, type);
    buf_put_le(out, KIT_SERVER, 4);
    buf_put_le(out, EVENT_HEADER_LEN + body.n + (checksum ? EVENT_CHECKSUM_LEN : 0), 4);
    buf_put_le(out, next_pos, 4);
    buf_put_le(out, flags, 2);
    buf_put_span(out, body);
    if (checksum)
        buf_put_le(out, hash_crc32(0, span_of(out->data + start, out->len - start)), 4);
}

/* A format description, checksums off or on. */
static inline void kit_format(struct buf *out, enum flavor flavor, bool checksum)
{
    struct rows_encoder enc = {flavor, flavor == FLAVOR_MARIADB ? 101106 : 90704, KIT_SERVER, KIT_TIME};
    size_t start = out->len;
    rows_encode_format(out, &enc);
    if (!checksum)
        return;
    out->data[out->len - EVENT_CHECKSUM_LEN - 1] = 1;
    out->len -= EVENT_CHECKSUM_LEN;
    buf_put_le(out, hash_crc32(0, span_of(out->data + start, out->len - start)), 4);
}

/* MariaDB's GTID 0-7-seq. Flags as in the event: 1 standalone, 2 commit id, 4 transactional, 64/128 XA. */
static inline void kit_gtid(struct buf *out, uint64_t seq, uint8_t flags, uint32_t next_pos)
{
    struct buf body = {0};
    buf_put_le(&body, seq, 8);
    buf_put_le(&body, 0, 4);
    buf_put_u8(&body, flags);
    buf_put_le(&body, 0, 6);
    kit_event(out, EVENT_GTID_MARIADB, 0, next_pos, buf_span(&body), false);
    buf_free(&body);
}

/* A QUERY event with default database d. */
static inline void kit_query(struct buf *out, const char *sql, uint32_t next_pos)
{
    struct buf body = {0};
    buf_put_le(&body, 1, 4);
    buf_put_le(&body, 0, 4);
    buf_put_u8(&body, 1);
    buf_put_le(&body, 0, 2);
    buf_put_le(&body, 0, 2);
    buf_put(&body, "d", 2);
    buf_put_str(&body, sql);
    kit_event(out, EVENT_QUERY, 0, next_pos, buf_span(&body), false);
    buf_free(&body);
}

static inline void kit_xid(struct buf *out, uint64_t xid, uint32_t next_pos)
{
    struct buf body = {0};
    buf_put_le(&body, xid, 8);
    kit_event(out, EVENT_XID, 0, next_pos, buf_span(&body), false);
    buf_free(&body);
}

/* A TABLE_MAP of `d` and a table whose name is one letter (one INT column `id`, its key) under an id. */
static inline void kit_table_map_of(struct buf *out, char name, uint64_t table_id, uint32_t next_pos)
{
    const uint8_t definition[] = {1, 'd', 0, 1, (uint8_t)name, 0,   1, COLUMN_LONG, 0, 0, 1, 1,
                                  0, 4,   3, 2, 'i',           'd', 8, 1,           0};
    struct buf body = {0};
    buf_put_le(&body, table_id, 6);
    buf_put_le(&body, 1, 2);
    buf_put(&body, definition, sizeof definition);
    kit_event(out, EVENT_TABLE_MAP, 0, next_pos, buf_span(&body), false);
    buf_free(&body);
}

/* Of `d`.`t`. */
static inline void kit_table_map(struct buf *out, uint64_t table_id, uint32_t next_pos)
{
    kit_table_map_of(out, 't', table_id, next_pos);
}

/* A WRITE_ROWS_V1 event with one row of that table. */
static inline void kit_rows(struct buf *out, uint64_t table_id, uint16_t flags, int32_t id, uint32_t next_pos)
{
    struct buf body = {0};
    buf_put_le(&body, table_id, 6);
    buf_put_le(&body, flags, 2);
    buf_put(&body, "\x01\xff\xfe", 3); /* one column, present, not NULL */
    buf_put_le(&body, (uint32_t)id, 4);
    kit_event(out, EVENT_WRITE_ROWS_V1, 0, next_pos, buf_span(&body), false);
    buf_free(&body);
}

#endif
