/* One binlog event: its type, header and checksum, and the format description that says how to read the others.
 *
 * An event on the wire and in a file is the same bytes: a header of 19 bytes, a body, and, where the format description
 * says so, a CRC32 over both. Nothing is copied: spans point into the bytes that were given. Pure. */
#ifndef DRC_BINLOG_EVENT_H
#define DRC_BINLOG_EVENT_H

#include "common/base/bytes.h"
#include "common/base/err.h"
#include "common/model/gtid.h"

#define EVENT_HEADER_LEN 19u
#define EVENT_CHECKSUM_LEN 4u

/* Type numbers: up to 42 MySQL's (MariaDB shares them up to 30), from 160 MariaDB's. */
enum event_type {
    EVENT_UNKNOWN = 0,
    EVENT_START_V3 = 1,
    EVENT_QUERY = 2,
    EVENT_STOP = 3,
    EVENT_ROTATE = 4,
    EVENT_INTVAR = 5,
    EVENT_LOAD = 6,
    EVENT_CREATE_FILE = 8,
    EVENT_APPEND_BLOCK = 9,
    EVENT_EXEC_LOAD = 10,
    EVENT_DELETE_FILE = 11,
    EVENT_NEW_LOAD = 12,
    EVENT_RAND = 13,
    EVENT_USER_VAR = 14,
    EVENT_FORMAT_DESCRIPTION = 15,
    EVENT_XID = 16,
    EVENT_BEGIN_LOAD_QUERY = 17,
    EVENT_EXECUTE_LOAD_QUERY = 18,
    EVENT_TABLE_MAP = 19,
    EVENT_WRITE_ROWS_V1 = 23,
    EVENT_UPDATE_ROWS_V1 = 24,
    EVENT_DELETE_ROWS_V1 = 25,
    EVENT_INCIDENT = 26,
    EVENT_HEARTBEAT = 27,
    EVENT_IGNORABLE = 28,
    EVENT_ROWS_QUERY = 29,
    EVENT_WRITE_ROWS = 30,
    EVENT_UPDATE_ROWS = 31,
    EVENT_DELETE_ROWS = 32,
    EVENT_GTID = 33,
    EVENT_ANONYMOUS_GTID = 34,
    EVENT_PREVIOUS_GTIDS = 35,
    EVENT_TRANSACTION_CONTEXT = 36,
    EVENT_VIEW_CHANGE = 37,
    EVENT_XA_PREPARE = 38,
    EVENT_PARTIAL_UPDATE_ROWS = 39,
    EVENT_TRANSACTION_PAYLOAD = 40,
    EVENT_HEARTBEAT_V2 = 41,
    EVENT_GTID_TAGGED = 42,
    EVENT_ANNOTATE_ROWS = 160,
    EVENT_BINLOG_CHECKPOINT = 161,
    EVENT_GTID_MARIADB = 162,
    EVENT_GTID_LIST = 163,
    EVENT_START_ENCRYPTION = 164,
    EVENT_QUERY_COMPRESSED = 165,
    EVENT_WRITE_ROWS_COMPRESSED_V1 = 166,
    EVENT_UPDATE_ROWS_COMPRESSED_V1 = 167,
    EVENT_DELETE_ROWS_COMPRESSED_V1 = 168,
    EVENT_WRITE_ROWS_COMPRESSED = 169,
    EVENT_UPDATE_ROWS_COMPRESSED = 170,
    EVENT_DELETE_ROWS_COMPRESSED = 171,
};

enum event_flags {
    EVENT_FLAG_ARTIFICIAL = 0x20, /* made by the dump thread, not in the file */
    EVENT_FLAG_IGNORABLE = 0x80,  /* who does not know the type may pass it over */
};

struct event {
    uint32_t timestamp; /* seconds since 1970; 0 in most artificial events */
    uint8_t type;       /* enum event_type, or a number that it lacks */
    uint32_t server_id;
    uint32_t size;     /* header, body and checksum */
    uint32_t next_pos; /* low 32 bits of the offset after it in its file; 0 in artificial events and inside payloads */
    uint16_t flags;    /* enum event_flags */
    struct span raw;   /* the whole event */
    struct span body;  /* without header and checksum */
};

/* What a FORMAT_DESCRIPTION says of the events that follow. Zeroed: none was read yet. A plain value. */
struct event_format {
    enum flavor flavor; /* FLAVOR_NONE: none was read yet */
    char server[51];    /* version text */
    uint32_t version;   /* 10.11.6 is 101106 */
    uint32_t created;   /* not 0: the server was started with this file, what was open before it was rolled back */
    bool checksum;      /* events end with a CRC32 */
    uint8_t type_count;
    uint8_t fixed_len[256]; /* length of each type's fixed part (post-header), by type; 0: unknown or none */
};

/* "WRITE_ROWS_V1", …; "UNKNOWN" for a number without a name. */
const char *event_type_name(uint8_t type);

/* Split off header and checksum and verify the latter. A FORMAT_DESCRIPTION brings its own checksum setting; a ROTATE
 * is looked at for one by itself, since the artificial one at the start of a dump comes before the format is known.
 * Fails (fatal, 69) when the size in the header is not that of `raw`, or the checksum is wrong. */
MUST_CHECK int event_parse(struct event *out, const struct event_format *f, struct span raw, struct err *err);

/* Read a FORMAT_DESCRIPTION. Fails (fatal, 69) when it is malformed or of a binlog version other than 4. */
MUST_CHECK int event_read_format(struct event_format *out, const struct event *e, struct err *err);

/* The fixed part's length of an event's type as the format says it, or `usual` when it says nothing. */
static inline size_t event_fixed_len(const struct event_format *f, uint8_t type, size_t usual)
{
    return f->fixed_len[type] ? f->fixed_len[type] : usual;
}

/* Uniform answer of all readers of event bodies: fatal, 69, "TYPE event: malformed (what)". Returns -1. */
int event_malformed(const struct event *e, const char *what, struct err *err);

#endif
