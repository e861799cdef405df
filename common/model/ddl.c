/* The body of a DDL record, write and read side by side. */
#include "common/model/record.h"

const char *ddl_class_name(enum ddl_class c)
{
    static const char *const names[] = {
        [DDL_OTHER] = "other",   [DDL_CREATE] = "create", [DDL_ALTER] = "alter",
        [DDL_RENAME] = "rename", [DDL_DROP] = "drop",     [DDL_TRUNCATE] = "truncate",
    };
    return (size_t)c < sizeof(names) / sizeof(names[0]) ? names[c] : "unknown";
}

void ddl_put(const struct ddl *d, struct buf *out)
{
    buf_put_u8(out, (uint8_t)d->class);
    buf_put_sized(out, d->db);
    buf_put_sized(out, d->text);
    buf_put_varint(out, d->sql_mode);
    buf_put_le(out, d->charset_client, 2);
    buf_put_le(out, d->collation_connection, 2);
    buf_put_le(out, d->collation_server, 2);
    buf_put_varint(out, d->table_count);
    for (size_t i = 0; i < d->table_count; i++) {
        buf_put_sized(out, d->tables[i].db);
        buf_put_sized(out, d->tables[i].name);
    }
}

int ddl_read(struct ddl *out, struct span body, struct arena *a, struct err *err)
{
    struct bytes r = bytes_of(body);
    unsigned class = bytes_u8(&r);
    *out = (struct ddl){.class = class};
    out->db = bytes_sized(&r);
    out->text = bytes_sized(&r);
    out->sql_mode = bytes_varint(&r);
    out->charset_client = bytes_u16(&r);
    out->collation_connection = bytes_u16(&r);
    out->collation_server = bytes_u16(&r);
    uint64_t count = bytes_varint(&r);
    /* Each table takes two length bytes at least: no array beyond what the bytes can fill. */
    if (r.bad || class > DDL_TRUNCATE || count > bytes_left(&r) / 2)
        return err_fatal(err, EXIT_UNSAFE, "malformed DDL record body of %zu bytes", body.n);
    out->tables = arena_alloc(a, count * sizeof(*out->tables));
    out->table_count = count;
    for (size_t i = 0; i < out->table_count; i++) {
        out->tables[i].db = bytes_sized(&r);
        out->tables[i].name = bytes_sized(&r);
    }
    if (r.bad || bytes_left(&r) > 0)
        return err_fatal(err, EXIT_UNSAFE, "malformed DDL record body of %zu bytes", body.n);
    return 0;
}

enum session_flags { SESSION_NO_FOREIGN_KEYS = 1, SESSION_NO_UNIQUE_CHECKS = 2 };

void ddl_session_put(const struct ddl *d, struct buf *out)
{
    buf_put_varint(out, d->at_us);
    buf_put_u8(out, (uint8_t)((d->no_foreign_keys ? SESSION_NO_FOREIGN_KEYS : 0) |
                              (d->no_unique_checks ? SESSION_NO_UNIQUE_CHECKS : 0)));
    buf_put_sized(out, d->time_zone);
}

int ddl_session_read(struct ddl *d, struct span session, struct err *err)
{
    struct bytes r = bytes_of(session);
    if (session.n == 0)
        return 0;
    d->at_us = bytes_varint(&r);
    unsigned flags = bytes_u8(&r);
    d->no_foreign_keys = (flags & SESSION_NO_FOREIGN_KEYS) != 0;
    d->no_unique_checks = (flags & SESSION_NO_UNIQUE_CHECKS) != 0;
    d->time_zone = bytes_sized(&r);
    return r.bad ? err_fatal(err, EXIT_UNSAFE, "malformed session of a DDL record, %zu bytes", session.n) : 0;
}
