/* The reader of QUERY events: fixed part, status variables by a table, text. */
#include "common/binlog/event_query.h"

#include "common/binlog/uncompress.h"

#define QUERY_FIXED_LEN 13
#define TOO_MANY_NAMES 254 /* of updated databases: then none is listed */
#define ALTER_END (4 | 8)  /* the number of the ALTER's first half follows */

static void skip_text(struct bytes *r)
{
    size_t n = bytes_u8(r);
    bytes_skip(r, n);
}

static void var_flags2(struct event_query *out, struct bytes *r)
{
    out->flags2 = bytes_u32(r);
}

static void var_sql_mode(struct event_query *out, struct bytes *r)
{
    out->sql_mode = bytes_u64(r);
}

static void var_catalog(struct event_query *out, struct bytes *r)
{
    (void)out;
    skip_text(r);
    bytes_skip(r, 1); /* its NUL */
}

static void var_text(struct event_query *out, struct bytes *r)
{
    (void)out;
    skip_text(r);
}

static void var_charset(struct event_query *out, struct bytes *r)
{
    out->charset_client = bytes_u16(r);
    out->collation_connection = bytes_u16(r);
    out->collation_server = bytes_u16(r);
}

static void var_time_zone(struct event_query *out, struct bytes *r)
{
    size_t n = bytes_u8(r);
    out->time_zone = bytes_take(r, n);
}

static void var_invoker(struct event_query *out, struct bytes *r)
{
    (void)out;
    skip_text(r);
    skip_text(r);
}

static void var_databases(struct event_query *out, struct bytes *r)
{
    (void)out;
    unsigned count = bytes_u8(r);
    for (unsigned i = 0; count != TOO_MANY_NAMES && i < count && !r->bad; i++)
        while (bytes_u8(r) != 0 && !r->bad)
            continue;
}

static void var_microseconds(struct event_query *out, struct bytes *r)
{
    out->microseconds = (uint32_t)bytes_le(r, 3);
}

static void var_xid(struct event_query *out, struct bytes *r)
{
    out->xid = bytes_u64(r);
}

static void var_alter_flags(struct event_query *out, struct bytes *r)
{
    (void)out;
    if (bytes_u8(r) & ALTER_END)
        bytes_skip(r, 8);
}

static void var_collations(struct event_query *out, struct bytes *r)
{
    (void)out;
    size_t count = bytes_u8(r);
    bytes_skip(r, count * 4);
}

static void var_1(struct event_query *out, struct bytes *r)
{
    (void)out;
    bytes_skip(r, 1);
}

static void var_2(struct event_query *out, struct bytes *r)
{
    (void)out;
    bytes_skip(r, 2);
}

static void var_4(struct event_query *out, struct bytes *r)
{
    (void)out;
    bytes_skip(r, 4);
}

static void var_8(struct event_query *out, struct bytes *r)
{
    (void)out;
    bytes_skip(r, 8);
}

/* Status variables by code: up to 20 MySQL's (shared up to 13), from 128 MariaDB's. Servers write them in rising order
 * and without lengths, so that the first unknown one ends what can be read; those in use here come early. */
static void (*const variables[256])(struct event_query *out, struct bytes *r) = {
    [0] = var_flags2,         /* FLAGS2 */
    [1] = var_sql_mode,       /* SQL_MODE */
    [2] = var_catalog,        /* CATALOG */
    [3] = var_4,              /* AUTO_INCREMENT */
    [4] = var_charset,        /* CHARSET */
    [5] = var_time_zone,      /* TIME_ZONE */
    [6] = var_text,           /* CATALOG_NZ */
    [7] = var_2,              /* LC_TIME_NAMES */
    [8] = var_2,              /* CHARSET_DATABASE */
    [9] = var_8,              /* TABLE_MAP_FOR_UPDATE */
    [10] = var_4,             /* MASTER_DATA_WRITTEN */
    [11] = var_invoker,       /* INVOKER */
    [12] = var_databases,     /* UPDATED_DB_NAMES */
    [13] = var_microseconds,  /* MICROSECONDS */
    [16] = var_1,             /* EXPLICIT_DEFAULTS_FOR_TIMESTAMP */
    [17] = var_xid,           /* DDL_LOGGED_WITH_XID */
    [18] = var_2,             /* DEFAULT_COLLATION_FOR_UTF8MB4 */
    [19] = var_1,             /* SQL_REQUIRE_PRIMARY_KEY */
    [20] = var_1,             /* DEFAULT_TABLE_ENCRYPTION */
    [128] = var_microseconds, /* HRNOW */
    [129] = var_xid,          /* XID */
    [130] = var_alter_flags,  /* GTID_FLAGS3 */
    [131] = var_collations,   /* CHARACTER_SET_COLLATIONS */
};

int event_read_query(struct event_query *out, const struct event *e, const struct event_format *f, struct buf *scratch,
                     struct err *err)
{
    struct bytes r = bytes_of(e->body);
    size_t fixed = event_fixed_len(f, e->type, QUERY_FIXED_LEN);
    *out = (struct event_query){.thread_id = bytes_u32(&r)};
    out->exec_seconds = bytes_u32(&r);
    size_t db_len = bytes_u8(&r);
    out->error_code = bytes_u16(&r);
    size_t vars_len = bytes_u16(&r);
    bytes_skip(&r, fixed > QUERY_FIXED_LEN ? fixed - QUERY_FIXED_LEN : 0);
    struct bytes vars = bytes_of(bytes_take(&r, vars_len));
    out->db = bytes_take(&r, db_len);
    bytes_skip(&r, 1); /* its NUL */
    out->sql = bytes_take(&r, bytes_left(&r));
    if (r.bad)
        return event_malformed(e, "too short", err);
    while (bytes_left(&vars) > 0) {
        uint8_t code = bytes_u8(&vars);
        if (!variables[code])
            break;
        variables[code](out, &vars);
    }
    if (vars.bad)
        return event_malformed(e, "a status variable", err);
    if (e->type != EVENT_QUERY_COMPRESSED)
        return 0;
    buf_clear(scratch);
    if (!uncompress_part(scratch, out->sql))
        return event_malformed(e, "its compressed text", err);
    out->sql = buf_span(scratch);
    return 0;
}
