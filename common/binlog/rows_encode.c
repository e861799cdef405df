/* The encoder: headers, format description, TABLE_MAP and ROWS events as the BINLOG statement takes them. */
#include "common/binlog/rows_encode.h"

#include "common/binlog/column_meta.h"
#include "common/binlog/event.h"
#include "common/binlog/rows_event.h"
#include "common/binlog/table_map.h"

#include <assert.h>

#define BINLOG_VERSION 4
#define SERVER_TEXT_LEN 50
#define TABLE_ID_LEN 6
#define SIZE_AT 9
#define FLAGS_AT 6 /* of a ROWS event's body */
#define MARIADB_TYPES 171
#define MYSQL_TYPES 42
#define CHECKSUM_NONE 0
#define TABLE_MAP_FLAGS 1 /* lengths are exact */
#define COLUMN_BYTES_MAX 65535

/* Lengths of the fixed parts of the types that we write; what says 0 here is never sent. */
static const uint8_t fixed_lens[MARIADB_TYPES + 1] = {
    [EVENT_FORMAT_DESCRIPTION] = 0, [EVENT_TABLE_MAP] = 8,    [EVENT_WRITE_ROWS_V1] = 8, [EVENT_UPDATE_ROWS_V1] = 8,
    [EVENT_DELETE_ROWS_V1] = 8,     [EVENT_WRITE_ROWS] = 10,  [EVENT_UPDATE_ROWS] = 10,  [EVENT_DELETE_ROWS] = 10,
    [EVENT_QUERY] = 13,             [EVENT_ROTATE] = 8,       [EVENT_GTID_MARIADB] = 19, [EVENT_GTID_LIST] = 4,
    [EVENT_BINLOG_CHECKPOINT] = 4,  [EVENT_QUERY_COMPRESSED] = 13,
};

/* A header whose size is still to be told. */
static void put_header(struct buf *out, const struct rows_encoder *enc, uint8_t type)
{
    buf_put_le(out, enc->timestamp, 4);
    buf_put_u8(out, type);
    buf_put_le(out, enc->server_id, 4);
    buf_put_le(out, 0, 4); /* size */
    buf_put_le(out, 0, 4); /* position: none, it is in no file */
    buf_put_le(out, 0, 2); /* flags */
}

static void set_size(struct buf *out, size_t start)
{
    size_t n = out->len - start;
    assert(n <= UINT32_MAX);
    for (size_t i = 0; i < 4; i++)
        out->data[start + SIZE_AT + i] = (uint8_t)(n >> 8 * i);
}
