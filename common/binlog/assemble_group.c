/* The assembler's groups: how they begin, what statements inside them mean, how they end. */
#include "common/base/mem.h"
#include "common/binlog/assemble_state.h"
#include "common/binlog/event_control.h"
#include "common/binlog/event_query.h"
#include "common/binlog/xid.h"
#include "common/model/ddl_text.h"

#include <strings.h>

#define SAVEPOINTS_MAX 65536
#define STATEMENT_SHOWN 60
#define XA_PART_MAX 64

void assemble_group_end(struct assembler *a)
{
    a->group = GROUP_NONE;
    a->finish = 0;
    a->savepoint_count = 0;
    arena_reset(&a->names);
    buf_clear(&a->xid);
    assemble_statement_end(a);
}

static int begin(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    if (a->group != GROUP_NONE)
        return err_fatal(err, EXIT_UNSAFE, "%s event: the group before it did not end", event_type_name(e->type));
    assemble_group_end(a);
    assemble_trim_definitions(a);
    bool single = a->format.flavor == FLAVOR_MYSQL || (a->gtid.flags & GROUP_STANDALONE);
    a->group = single ? GROUP_SINGLE : GROUP_INSIDE;
    buf_put_span(&a->xid, a->gtid.xid);
    a->counts.groups++;
    out->kind = ITEM_BEGIN;
    out->begin.group = a->gtid;
    out->begin.server_id = e->server_id;
    return 1;
}

int assemble_gtid_mariadb(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    return event_read_gtid_mariadb(&a->gtid, e, err) < 0 ? -1 : begin(a, e, out, err);
}

int assemble_gtid_mysql(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    return event_read_gtid_mysql(&a->gtid, e, err) < 0 ? -1 : begin(a, e, out, err);
}

int assemble_gtid_tagged(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    return event_read_gtid_tagged(&a->gtid, e, err) < 0 ? -1 : begin(a, e, out, err);
}

/* The group ends with this item. */
static int end_with(struct assembler *a, struct item *out, enum item_kind kind)
{
    out->kind = kind;
    if (kind == ITEM_COMMIT)
        out->commit = (struct item_commit){0, false};
    assemble_group_end(a);
    return 1;
}

static int on_commit(struct assembler *a, const struct event_query *q, struct item *out, struct err *err)
{
    (void)q, (void)err;
    return end_with(a, out, ITEM_COMMIT);
}

static int on_rollback(struct assembler *a, const struct event_query *q, struct item *out, struct err *err)
{
    (void)q, (void)err;
    return end_with(a, out, ITEM_ROLLBACK);
}

static int unknown_xid(struct err *err)
{
    return err_fatal(err, EXIT_UNSAFE,
                     "QUERY event: an XA statement whose XID has a shape that this program does not know");
}

static int on_begin(struct assembler *a, const struct event_query *q, struct item *out, struct err *err)
{
    (void)q, (void)out, (void)err;
    a->group = GROUP_INSIDE;
    return 0;
}

/* MariaDB says so in the GTID event. */
static int on_xa_start(struct assembler *a, const struct event_query *q, struct item *out, struct err *err)
{
    if (a->gtid.flags & GROUP_XA_PREPARED)
        return on_begin(a, q, out, err);
    buf_clear(&a->xid);
    if (!xid_from_statement(&a->xid, q->sql))
        return unknown_xid(err);
    a->group = GROUP_INSIDE;
    out->kind = ITEM_XA_START;
    out->xid = buf_span(&a->xid);
    return 1;
}

static int on_nothing(struct assembler *a, const struct event_query *q, struct item *out, struct err *err)
{
    (void)a, (void)q, (void)out, (void)err;
    return 0;
}

/* The statement's beginning up to its first value: what it is, without anybody's data. */
static struct span shown(struct span sql)
{
    size_t n = 0;
    while (n < sql.n && n < STATEMENT_SHOWN && !strchr("'\"(=", sql.p[n] ? sql.p[n] : '('))
        n++;
    return span_of(sql.p, n);
}

static int give_ddl(struct assembler *a, const struct event_query *q, struct item *out)
{
    arena_reset(&a->ddl);
    out->kind = ITEM_DDL;
    out->ddl = (struct ddl){.db = q->db,
                            .text = q->sql,
                            .sql_mode = q->sql_mode,
                            .charset_client = q->charset_client,
                            .collation_connection = q->collation_connection,
                            .collation_server = q->collation_server,
                            .at_us = (uint64_t)a->event.timestamp * 1000000 + q->microseconds,
                            .no_foreign_keys = (q->flags2 & QUERY_NO_FOREIGN_KEYS) != 0,
                            .no_unique_checks = (q->flags2 & QUERY_NO_UNIQUE_CHECKS) != 0,
                            .time_zone = q->time_zone};
    ddl_text_classify(&out->ddl, a->format.flavor, &a->ddl);
    return 1;
}

static int on_statement(struct assembler *a, const struct event_query *q, struct item *out, struct err *err)
{
    struct span sql = shown(q->sql);
    int rc = assemble_stop_at(
        a, err,
        "\"%.*s…\" is in the binlog as a statement; run: SET GLOBAL binlog_format=ROW (and let sessions connect anew)",
        SPAN_ARG(sql));
    return rc == 0 && a->group == GROUP_SINGLE ? end_with(a, out, ITEM_COMMIT) : rc;
}

/* Inside a group only what the server itself calls DDL. */
static int on_other_inside(struct assembler *a, const struct event_query *q, struct item *out, struct err *err)
{
    return a->gtid.flags & GROUP_DDL ? give_ddl(a, q, out) : on_statement(a, q, out, err);
}

/* CREATE TABLE … SELECT: the table, then its rows in the same group. */
static int on_create_inside(struct assembler *a, const struct event_query *q, struct item *out, struct err *err)
{
    (void)err;
    return give_ddl(a, q, out);
}

/* A group of one statement. The first half of a two-phase ALTER, and one that was rolled back, have no effect. */
static int on_single(struct assembler *a, const struct event_query *q, struct item *out, struct err *err)
{
    (void)err;
    if (a->gtid.flags & (GROUP_ALTER_STARTED | GROUP_ALTER_ROLLED_BACK))
        return end_with(a, out, ITEM_COMMIT);
    a->finish = ITEM_COMMIT;
    return give_ddl(a, q, out);
}

static int on_xa_end_of(struct assembler *a, const struct event_query *q, struct item *out, enum item_kind kind,
                        struct err *err)
{
    if (a->xid.len == 0 && !xid_from_statement(&a->xid, q->sql))
        return unknown_xid(err);
    buf_clear(&a->scratch);
    buf_put_span(&a->scratch, buf_span(&a->xid));
    out->kind = kind;
    out->xid = buf_span(&a->scratch);
    assemble_group_end(a);
    return 1;
}

static int on_xa_commit(struct assembler *a, const struct event_query *q, struct item *out, struct err *err)
{
    return on_xa_end_of(a, q, out, ITEM_XA_COMMIT, err);
}

static int on_xa_rollback(struct assembler *a, const struct event_query *q, struct item *out, struct err *err)
{
    return on_xa_end_of(a, q, out, ITEM_XA_ROLLBACK, err);
}

/* Number of the savepoint of that name, or savepoint_count. */
static size_t find_savepoint(const struct assembler *a, struct span name)
{
    size_t i = 0;
    while (i < a->savepoint_count && (a->savepoints[i].n != name.n ||
                                      strncasecmp((const char *)a->savepoints[i].p, (const char *)name.p, name.n) != 0))
        i++;
    return i;
}

static int on_savepoint(struct assembler *a, const struct event_query *q, struct item *out, struct err *err)
{
    struct span name;
    (void)query_classify(q->sql, &name);
    size_t i = find_savepoint(a, name);
    if (i == SAVEPOINTS_MAX)
        return err_fatal(err, EXIT_UNSAFE, "more than %d savepoints in one transaction", SAVEPOINTS_MAX);
    if (i == a->savepoint_count) {
        if (i == a->savepoint_cap) {
            a->savepoint_cap = i ? i * 2 : 16;
            a->savepoints = xreallocarray(a->savepoints, a->savepoint_cap, sizeof *a->savepoints);
        }
        a->savepoints[a->savepoint_count++] = arena_copy(&a->names, name);
    }
    out->kind = ITEM_SAVEPOINT;
    out->savepoint = (uint32_t)i;
    return 1;
}

static int on_rollback_to(struct assembler *a, const struct event_query *q, struct item *out, struct err *err)
{
    struct span name;
    (void)query_classify(q->sql, &name);
    size_t i = find_savepoint(a, name);
    if (i == a->savepoint_count)
        return err_fatal(err, EXIT_UNSAFE, "ROLLBACK TO a savepoint that was not set in its transaction");
    out->kind = ITEM_ROLLBACK_TO;
    out->savepoint = (uint32_t)i;
    return 1;
}

static int on_temporary_single(struct assembler *a, const struct event_query *q, struct item *out, struct err *err)
{
    (void)q, (void)err;
    return end_with(a, out, ITEM_COMMIT);
}

struct query_rule {
    int (*single)(struct assembler *a, const struct event_query *q, struct item *out, struct err *err);
    int (*inside)(struct assembler *a, const struct event_query *q, struct item *out, struct err *err);
};

/* What each kind of statement does as the first of its group, and inside one. */
static const struct query_rule rules[] = {
    [QUERY_OTHER] = {on_single,           on_other_inside },
    [QUERY_DML] = {on_statement,        on_statement    },
    [QUERY_BEGIN] = {on_begin,            on_nothing      },
    [QUERY_COMMIT] = {on_commit,           on_commit       },
    [QUERY_ROLLBACK] = {on_rollback,         on_rollback     },
    [QUERY_SAVEPOINT] = {on_statement,        on_savepoint    },
    [QUERY_ROLLBACK_TO] = {on_statement,        on_rollback_to  },
    [QUERY_RELEASE] = {on_statement,        on_nothing      },
    [QUERY_TEMPORARY] = {on_temporary_single, on_nothing      },
    [QUERY_CREATE_TABLE] = {on_single,           on_create_inside},
    [QUERY_XA_START] = {on_xa_start,         on_nothing      },
    [QUERY_XA_END] = {on_statement,        on_nothing      },
    [QUERY_XA_PREPARE] = {on_statement,        on_statement    },
    [QUERY_XA_COMMIT] = {on_xa_commit,        on_xa_commit    },
    [QUERY_XA_ROLLBACK] = {on_xa_rollback,      on_xa_rollback  },
};

int assemble_query(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    struct event_query q;
    if (event_read_query(&q, e, &a->format, &a->scratch, err) < 0)
        return -1;
    if (a->group == GROUP_NONE)
        return err_fatal(err, EXIT_UNSAFE, "%s event without a GTID event before it", event_type_name(e->type));
    const struct query_rule *rule = &rules[query_classify(q.sql, NULL)];
    return a->group == GROUP_SINGLE ? rule->single(a, &q, out, err) : rule->inside(a, &q, out, err);
}

int assemble_xid(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    uint64_t xid;
    if (event_read_xid(&xid, e, &a->format, err) < 0)
        return -1;
    if (a->group != GROUP_INSIDE)
        return err_fatal(err, EXIT_UNSAFE, "XID event outside a transaction");
    (void)end_with(a, out, ITEM_COMMIT);
    out->commit.xid = xid;
    return 1;
}

int assemble_xa_prepare(struct assembler *a, const struct event *e, struct item *out, struct err *err)
{
    struct bytes r = bytes_of(e->body);
    bytes_skip(&r, a->format.fixed_len[EVENT_XA_PREPARE]);
    bool one_phase = bytes_u8(&r) != 0;
    int32_t format_id = (int32_t)bytes_u32(&r);
    uint32_t gtrid_len = bytes_u32(&r);
    uint32_t bqual_len = bytes_u32(&r);
    if (r.bad || gtrid_len > XA_PART_MAX || bqual_len > XA_PART_MAX)
        return event_malformed(e, "its XID", err);
    struct span gtrid = bytes_take(&r, gtrid_len);
    struct span bqual = bytes_take(&r, bqual_len);
    if (r.bad)
        return event_malformed(e, "its XID", err);
    if (a->group != GROUP_INSIDE)
        return err_fatal(err, EXIT_UNSAFE, "XA_PREPARE event outside a transaction");
    buf_clear(&a->scratch);
    xid_put(&a->scratch, format_id, gtrid, bqual);
    (void)end_with(a, out, one_phase ? ITEM_COMMIT : ITEM_XA_PREPARE);
    if (one_phase)
        out->commit.one_phase = true;
    else
        out->xid = buf_span(&a->scratch);
    return 1;
}
