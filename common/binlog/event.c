/* Event headers, checksums and format descriptions, and the names of the types. */
#include "common/binlog/event.h"

#include "common/base/hash.h"

#define CHECKSUM_CRC32 1
#define BINLOG_VERSION 4
#define SERVER_TEXT_LEN 50
#define FLAG_IN_USE 0x01 /* in a file that is being written; not in the checksum */

static const char *const type_names[256] = {
    [EVENT_START_V3] = "START_V3",
    [EVENT_QUERY] = "QUERY",
    [EVENT_STOP] = "STOP",
    [EVENT_ROTATE] = "ROTATE",
    [EVENT_INTVAR] = "INTVAR",
    [EVENT_LOAD] = "LOAD",
    [EVENT_CREATE_FILE] = "CREATE_FILE",
    [EVENT_APPEND_BLOCK] = "APPEND_BLOCK",
    [EVENT_EXEC_LOAD] = "EXEC_LOAD",
    [EVENT_DELETE_FILE] = "DELETE_FILE",
    [EVENT_NEW_LOAD] = "NEW_LOAD",
    [EVENT_RAND] = "RAND",
    [EVENT_USER_VAR] = "USER_VAR",
    [EVENT_FORMAT_DESCRIPTION] = "FORMAT_DESCRIPTION",
    [EVENT_XID] = "XID",
    [EVENT_BEGIN_LOAD_QUERY] = "BEGIN_LOAD_QUERY",
    [EVENT_EXECUTE_LOAD_QUERY] = "EXECUTE_LOAD_QUERY",
    [EVENT_TABLE_MAP] = "TABLE_MAP",
    [EVENT_WRITE_ROWS_V1] = "WRITE_ROWS_V1",
    [EVENT_UPDATE_ROWS_V1] = "UPDATE_ROWS_V1",
    [EVENT_DELETE_ROWS_V1] = "DELETE_ROWS_V1",
    [EVENT_INCIDENT] = "INCIDENT",
    [EVENT_HEARTBEAT] = "HEARTBEAT",
    [EVENT_IGNORABLE] = "IGNORABLE",
    [EVENT_ROWS_QUERY] = "ROWS_QUERY",
    [EVENT_WRITE_ROWS] = "WRITE_ROWS",
    [EVENT_UPDATE_ROWS] = "UPDATE_ROWS",
    [EVENT_DELETE_ROWS] = "DELETE_ROWS",
    [EVENT_GTID] = "GTID",
    [EVENT_ANONYMOUS_GTID] = "ANONYMOUS_GTID",
    [EVENT_PREVIOUS_GTIDS] = "PREVIOUS_GTIDS",
    [EVENT_TRANSACTION_CONTEXT] = "TRANSACTION_CONTEXT",
    [EVENT_VIEW_CHANGE] = "VIEW_CHANGE",
    [EVENT_XA_PREPARE] = "XA_PREPARE",
    [EVENT_PARTIAL_UPDATE_ROWS] = "PARTIAL_UPDATE_ROWS",
    [EVENT_TRANSACTION_PAYLOAD] = "TRANSACTION_PAYLOAD",
    [EVENT_HEARTBEAT_V2] = "HEARTBEAT_V2",
    [EVENT_GTID_TAGGED] = "GTID_TAGGED",
    [EVENT_ANNOTATE_ROWS] = "ANNOTATE_ROWS",
    [EVENT_BINLOG_CHECKPOINT] = "BINLOG_CHECKPOINT",
    [EVENT_GTID_MARIADB] = "GTID (MariaDB)",
    [EVENT_GTID_LIST] = "GTID_LIST",
    [EVENT_START_ENCRYPTION] = "START_ENCRYPTION",
    [EVENT_QUERY_COMPRESSED] = "QUERY_COMPRESSED",
    [EVENT_WRITE_ROWS_COMPRESSED_V1] = "WRITE_ROWS_COMPRESSED_V1",
    [EVENT_UPDATE_ROWS_COMPRESSED_V1] = "UPDATE_ROWS_COMPRESSED_V1",
    [EVENT_DELETE_ROWS_COMPRESSED_V1] = "DELETE_ROWS_COMPRESSED_V1",
    [EVENT_WRITE_ROWS_COMPRESSED] = "WRITE_ROWS_COMPRESSED",
    [EVENT_UPDATE_ROWS_COMPRESSED] = "UPDATE_ROWS_COMPRESSED",
    [EVENT_DELETE_ROWS_COMPRESSED] = "DELETE_ROWS_COMPRESSED",
};

const char *event_type_name(uint8_t type)
{
    return type_names[type] ? type_names[type] : "UNKNOWN";
}

int event_malformed(const struct event *e, const char *what, struct err *err)
{
    return err_fatal(err, EXIT_UNSAFE, "%s event (type %u, %zu bytes): malformed: %s", event_type_name(e->type),
                     e->type, e->raw.n, what);
}

/* CRC32 over all but the checksum itself. A format description is marked "in use" after its checksum was made. */
static uint32_t checksum_of(const struct event *e)
{
    const uint8_t *p = e->raw.p;
    size_t n = e->raw.n - EVENT_CHECKSUM_LEN;
    if (e->type != EVENT_FORMAT_DESCRIPTION || !(e->flags & FLAG_IN_USE))
        return hash_crc32(0, span_of(p, n));
    uint8_t header[EVENT_HEADER_LEN];
    memcpy(header, p, sizeof header);
    header[17] &= (uint8_t)~FLAG_IN_USE;
    return hash_crc32(hash_crc32(0, span_of(header, sizeof header)), span_of(p + sizeof header, n - sizeof header));
}

static uint32_t checksum_at_end(const struct event *e)
{
    struct bytes r = bytes_of(span_of(e->raw.p + e->raw.n - EVENT_CHECKSUM_LEN, EVENT_CHECKSUM_LEN));
    return bytes_u32(&r);
}

/* How many bytes at the end are a checksum's place, and is it to be verified? */
static size_t checksum_place(bool *verify, const struct event *e, const struct event_format *f)
{
    *verify = f->checksum;
    if (e->raw.n < EVENT_HEADER_LEN + EVENT_CHECKSUM_LEN)
        return 0;
    if (e->type == EVENT_FORMAT_DESCRIPTION) { /* always has the place, and says before it what is in there */
        *verify = e->raw.p[e->raw.n - EVENT_CHECKSUM_LEN - 1] == CHECKSUM_CRC32;
        return EVENT_CHECKSUM_LEN;
    }
    bool artificial = (e->flags & EVENT_FLAG_ARTIFICIAL) || e->next_pos == 0;
    if (e->type == EVENT_ROTATE && (artificial || f->flavor == FLAVOR_NONE)) {
        *verify = false;
        return checksum_of(e) == checksum_at_end(e) ? EVENT_CHECKSUM_LEN : 0;
    }
    return f->checksum ? EVENT_CHECKSUM_LEN : 0;
}

int event_parse(struct event *out, const struct event_format *f, struct span raw, struct err *err)
{
    struct bytes r = bytes_of(raw);
    out->raw = raw;
    out->timestamp = bytes_u32(&r);
    out->type = bytes_u8(&r);
    out->server_id = bytes_u32(&r);
    out->size = bytes_u32(&r);
    out->next_pos = bytes_u32(&r);
    out->flags = bytes_u16(&r);
    if (r.bad)
        return err_fatal(err, EXIT_UNSAFE, "event of %zu bytes: shorter than a header", raw.n);
    if (out->size != raw.n)
        return err_fatal(err, EXIT_UNSAFE, "%s event (type %u): its header says %u bytes, it has %zu",
                         event_type_name(out->type), out->type, out->size, raw.n);
    bool verify;
    size_t place = checksum_place(&verify, out, f);
    if (verify && place == 0)
        return event_malformed(out, "no room for its checksum", err);
    if (verify && checksum_of(out) != checksum_at_end(out))
        return err_fatal(err, EXIT_UNSAFE, "%s event (type %u, %zu bytes): wrong checksum, the bytes are damaged",
                         event_type_name(out->type), out->type, raw.n);
    out->body = span_of(raw.p + EVENT_HEADER_LEN, raw.n - EVENT_HEADER_LEN - place);
    return 0;
}

/* "10.11.6-MariaDB" is 101106; parts above 99 and a missing part count as 0. */
static uint32_t version_number(const char *text)
{
    uint32_t part[3] = {0, 0, 0};
    for (int i = 0; i < 3; i++) {
        while (*text >= '0' && *text <= '9' && part[i] < 1000)
            part[i] = part[i] * 10 + (uint32_t)(*text++ - '0');
        if (*text++ != '.')
            break;
    }
    return part[0] * 10000 + (part[1] > 99 ? 0 : part[1]) * 100 + (part[2] > 99 ? 0 : part[2]);
}

int event_read_format(struct event_format *out, const struct event *e, struct err *err)
{
    struct bytes r = bytes_of(e->body);
    memset(out, 0, sizeof *out);
    uint16_t version = bytes_u16(&r);
    struct span server = bytes_take(&r, SERVER_TEXT_LEN);
    out->created = bytes_u32(&r);
    uint8_t header_len = bytes_u8(&r);
    if (r.bad || bytes_left(&r) < 2)
        return event_malformed(e, "too short", err);
    if (version != BINLOG_VERSION || header_len != EVENT_HEADER_LEN)
        return err_fatal(err, EXIT_UNSAFE,
                         "FORMAT_DESCRIPTION event: binlog version %u with headers of %u bytes; known is %d with %u",
                         version, header_len, BINLOG_VERSION, EVENT_HEADER_LEN);
    memcpy(out->server, server.p, SERVER_TEXT_LEN);
    for (char *c = out->server; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = '?';                  /* it goes into messages */
    size_t types = bytes_left(&r) - 1; /* the last byte is the checksum's algorithm */
    struct span lens = bytes_take(&r, types < 255 ? types : 255);
    memcpy(out->fixed_len + 1, lens.p, lens.n);
    uint8_t algorithm = e->body.p[e->body.n - 1];
    if (algorithm != CHECKSUM_CRC32 && algorithm != 0)
        return err_fatal(err, EXIT_UNSAFE, "FORMAT_DESCRIPTION event: unknown checksum algorithm %u", algorithm);
    out->checksum = algorithm == CHECKSUM_CRC32;
    out->type_count = (uint8_t)lens.n;
    out->version = version_number(out->server);
    /* MariaDB may be told to show another version text, but it always has its own types. */
    out->flavor =
        strstr(out->server, "MariaDB") || out->type_count >= EVENT_GTID_MARIADB ? FLAVOR_MARIADB : FLAVOR_MYSQL;
    return 0;
}
