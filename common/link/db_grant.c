/* Reading what a server says it wants, and writing the GRANT: one function for each of its texts, out of one table. */
#include "common/link/db_grant.h"

#include <string.h>

#include "common/link/db.h"

#define OWN_SCHEMA "drc" /* its tables come and go with releases: one grant for all of them */

static void put_quoted(struct buf *out, struct span s)
{
    buf_put_u8(out, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'' || s.p[i] == '\\')
            buf_put_u8(out, s.p[i] == '\'' ? '\'' : '\\');
        buf_put_u8(out, s.p[i]);
    }
    buf_put_u8(out, '\'');
}

void db_put_account(struct buf *out, struct span current_user)
{
    const uint8_t *at = current_user.n ? memrchr(current_user.p, '@', current_user.n) : NULL;
    size_t name = at ? (size_t)(at - current_user.p) : current_user.n;
    put_quoted(out, span_of(current_user.p, name));
    buf_put_u8(out, '@');
    put_quoted(out, at ? span_of(at + 1, current_user.n - name - 1) : span_str("%"));
}

/* What stands between two marks; false when it is not there, or empty. */
static bool between(struct span *out, const char *text, const char *before, const char *after)
{
    const char *from = strstr(text, before);
    if (!from)
        return false;
    from += strlen(before);
    const char *to = *after ? strstr(from, after) : from + strlen(from);
    if (!to || to == from)
        return false;
    *out = span_of(from, (size_t)(to - from));
    return true;
}

/* What to ask a MySQL server for, where its list has the word: the least that does all that we do there. BINLOG_ADMIN
 * would permit the BINLOG statement, but not the setting of gtid_next that it asks for. */
static const struct {
    const char *word;
    const char *grant;
} preferred[] = {
    {"REPLICATION_APPLIER",     "REPLICATION_APPLIER"    },
    {"BINLOG_ADMIN",            "REPLICATION_APPLIER"    },
    {"SESSION_VARIABLES_ADMIN", "SESSION_VARIABLES_ADMIN"},
};

/* "Access denied; you need (at least one of) the SUPER, BINLOG REPLAY privilege(s) for this operation" */
static bool want_global(struct buf *out, const char *text)
{
    struct span list;
    if (!between(&list, text, "(at least one of) the ", " privilege(s)"))
        return false;
    for (size_t i = 0; i < sizeof preferred / sizeof preferred[0]; i++) {
        if (memmem(list.p, list.n, preferred[i].word, strlen(preferred[i].word))) {
            buf_printf(out, "%s ON *.*", preferred[i].grant);
            return true;
        }
    }
    if (list.n > 7 && memcmp(list.p, "SUPER, ", 7) == 0)
        list = span_of(list.p + 7, list.n - 7);
    size_t n = 0;
    while (n < list.n && list.p[n] != ',' && !(list.n - n > 4 && memcmp(list.p + n, " or ", 4) == 0))
        n++;
    buf_put(out, list.p, n);
    buf_put_str(out, " ON *.*");
    return true;
}

/* "SELECT command denied to user 'drc'@'10.1.2.3' for table `shop`.`item`" */
static bool want_table(struct buf *out, const char *text)
{
    struct span table;
    const char *end = strstr(text, " command denied");
    if (!end || !between(&table, text, " for table ", "") || table.p[0] != '`' || table.p[table.n - 1] != '`' ||
        !memmem(table.p, table.n, "`.`", 3))
        return false;
    if (memcmp(table.p, "`" OWN_SCHEMA "`", strlen(OWN_SCHEMA) + 2) == 0) {
        buf_put_str(out, "ALL PRIVILEGES ON `" OWN_SCHEMA "`.*");
        return true;
    }
    struct span command = span_of((const uint8_t *)text, (size_t)(end - text));
    buf_put_span(out, span_is(command, "SHOW") ? span_str("SELECT") : command); /* no privilege is called SHOW */
    buf_put_str(out, " ON ");
    buf_put_span(out, table);
    return true;
}

/* "Access denied for user 'drc'@'%' to database 'drc'" */
static bool want_database(struct buf *out, const char *text)
{
    struct span name;
    if (!between(&name, text, " to database '", "") || name.n < 2 || name.p[name.n - 1] != '\'')
        return false;
    buf_put_str(out, "ALL PRIVILEGES ON ");
    db_put_name(out, span_of(name.p, name.n - 1));
    buf_put_str(out, ".*");
    return true;
}

/* "You are not owner of thread 12" */
static bool want_kill(struct buf *out, const char *text)
{
    (void)text;
    buf_put_str(out, "CONNECTION ADMIN ON *.*");
    return true;
}

static const struct {
    unsigned code;
    bool (*want)(struct buf *out, const char *text);
} refusals[] = {
    {1044, want_database},
    {1095, want_kill    },
    {1142, want_table   },
    {1227, want_global  },
};

bool db_put_grant(struct buf *out, unsigned code, const char *text, const char *account)
{
    struct buf what = {0};
    bool known = false;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        known = known || (refusals[i].code == code && refusals[i].want(&what, text));
    if (known)
        buf_printf(out, "GRANT %s TO %s;", buf_cstr(&what), account);
    buf_free(&what);
    return known;
}

/* All that we do to tables of a schema there: read them, with locks, and write to them by BINLOG, which MySQL permits
 * to those only who could also do so by SQL. */
int db_error_in(const struct db *db, struct span schema, struct err *err)
{
    enum { COMMAND_DENIED = 1142 };
    if (!err || err->code != COMMAND_DENIED || db_flavor(db) != FLAVOR_MYSQL || strstr(err->text, "Run: "))
        return -1;
    struct err was = *err;
    struct buf name = {0};
    db_put_name(&name, schema);
    (void)err_fatal(err, EXIT_DENIED, "%.600s. Run: GRANT SELECT, INSERT, UPDATE, DELETE ON %s.* TO %s;", was.text,
                    buf_cstr(&name), db_account(db));
    err->code = was.code;
    buf_free(&name);
    return -1;
}
