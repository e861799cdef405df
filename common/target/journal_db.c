/* Writing an entry of the journal: a prepared statement, because one entry may hold several images of a big row. */
#include <inttypes.h>
#include <stdio.h>

#include <mysql.h>

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/model/act.h"
#include "common/target/journal.h"
#include "common/target/journal_images.h"
#include "common/target/schema.h"

#define FIRST JOURNAL_LINK /* id and at are filled in by the server */
#define LONG_DATA_FROM (64u << 10)
#define LONG_DATA_PIECE (1u << 20)
#define ER_NET_PACKET_TOO_LARGE 1153
#define ER_UNKNOWN_LONG_DATA 1301 /* ER_WARN_ALLOWED_PACKET_OVERFLOWED: a parameter above max_allowed_packet */

/* The statement's parameters under construction, by column from FIRST on: `null` or the bytes of `value`. */
struct parameter {
    struct buf value;
    bool null;
};

static void put_image(struct parameter *p, const struct table_def *t, const struct cell *cells)
{
    p->null = cells == NULL;
    if (cells)
        journal_put_json(t, cells, &p->value);
}

static void fill_act(struct parameter p[JOURNAL_COLUMN_COUNT], const struct journal_act *e)
{
    char gtid[GTID_TEXT_LEN];
    char at[CLOCK_TEXT_LEN];

    buf_put_str(&p[JOURNAL_LINK].value, e->link);
    buf_put_str(&p[JOURNAL_GTID].value, gtid_text(gtid, e->gtid));
    buf_printf(&p[JOURNAL_SEQ].value, "%" PRIu64, e->seq);
    buf_put_str(&p[JOURNAL_ROW_KEY].value, "{\"by\": \"");
    utf8_put_json(&p[JOURNAL_ROW_KEY].value, e->act->who);
    buf_printf(&p[JOURNAL_ROW_KEY].value, "\", \"at\": \"%s\"}", clock_text(at, e->act->at_us));
    buf_put_str(&p[JOURNAL_KIND].value, JOURNAL_OPERATOR_ACT);
    buf_put_span(&p[JOURNAL_POLICY].value, e->act->kind);
    buf_put_str(&p[JOURNAL_VERDICT].value, "accepted");
    buf_put_span(&p[JOURNAL_WHY].value, e->act->why);
    buf_put_span(&p[JOURNAL_INCOMING_IMAGE].value, e->act->details);
    p[JOURNAL_BEFORE_IMAGE].null = p[JOURNAL_LOCAL_IMAGE].null = p[JOURNAL_RESULT_IMAGE].null = true;
    p[JOURNAL_RESULT_HASH].null = true;
}

static void fill(struct parameter p[JOURNAL_COLUMN_COUNT], const struct journal_entry *e)
{
    const struct conflict_case *c = e->conflict;
    const struct journal_images images = {
        c->table, {c->before, c->incoming, c->local, e->result}
    };
    char gtid[GTID_TEXT_LEN];

    buf_put_str(&p[JOURNAL_LINK].value, e->link);
    buf_put_str(&p[JOURNAL_GTID].value, gtid_text(gtid, e->gtid));
    buf_printf(&p[JOURNAL_SEQ].value, "%" PRIu64, e->seq);
    buf_put_span(&p[JOURNAL_DB].value, c->table->db);
    buf_put_span(&p[JOURNAL_TBL].value, c->table->name);
    journal_put_key_json(c->table, c->before ? c->before : c->incoming, &p[JOURNAL_ROW_KEY].value);
    buf_put_str(&p[JOURNAL_KIND].value, conflict_kind_name(c->kind));
    buf_put_str(&p[JOURNAL_POLICY].value, policy_name(c->rule->policy));
    buf_put_str(&p[JOURNAL_VERDICT].value, conflict_verdict_name(e->outcome->verdict));
    buf_put_str(&p[JOURNAL_WHY].value, e->outcome->why);
    put_image(&p[JOURNAL_BEFORE_IMAGE], c->table, c->before);
    put_image(&p[JOURNAL_INCOMING_IMAGE], c->table, c->incoming);
    put_image(&p[JOURNAL_LOCAL_IMAGE], c->table, c->local);
    put_image(&p[JOURNAL_RESULT_IMAGE], c->table, e->result);
    journal_images_put(&images, &p[JOURNAL_IMAGES_COLUMN].value);
    p[JOURNAL_RESULT_HASH].null = e->result == NULL;
    if (e->result)
        buf_printf(&p[JOURNAL_RESULT_HASH].value, "%016" PRIx64, journal_row_hash(c->table, e->result));
}

static int statement_error(const struct db *db, MYSQL_STMT *s, const struct parameter *p, struct err *err)
{
    size_t most = 0;
    for (unsigned i = FIRST; i < JOURNAL_COLUMN_COUNT; i++)
        most = p[i].value.len > most ? p[i].value.len : most;
    unsigned code = mysql_stmt_errno(s);
    if (code == ER_NET_PACKET_TOO_LARGE || code == ER_UNKNOWN_LONG_DATA)
        return err_fatal(
            err, EXIT_BAD_CONFIG,
            "a conflict's images need %zu bytes in one packet of the target: raise its max_allowed_packet above that",
            most);
    return db_error_of(db, code, mysql_stmt_error(s), err, "writing the conflict journal");
}

static int send_long(MYSQL_STMT *s, unsigned i, struct span v)
{
    for (size_t done = 0; done < v.n;) {
        size_t n = v.n - done < LONG_DATA_PIECE ? v.n - done : LONG_DATA_PIECE;
        if (mysql_stmt_send_long_data(s, i, (const char *)v.p + done, (unsigned long)n))
            return -1;
        done += n;
    }
    return 0;
}

static int execute(MYSQL_STMT *s, struct parameter p[JOURNAL_COLUMN_COUNT])
{
    MYSQL_BIND bind[JOURNAL_COLUMN_COUNT - FIRST] = {0};
    unsigned long lengths[JOURNAL_COLUMN_COUNT];
    for (unsigned i = FIRST; i < JOURNAL_COLUMN_COUNT; i++) {
        MYSQL_BIND *b = &bind[i - FIRST];
        b->buffer_type = p[i].null ? MYSQL_TYPE_NULL : i == JOURNAL_IMAGES_COLUMN ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING;
        (void)buf_reserve(&p[i].value, 1); /* without a buffer an empty value would be NULL */
        b->buffer = p[i].value.data;
        b->buffer_length = lengths[i] = (unsigned long)p[i].value.len;
        b->length = &lengths[i];
    }
    if (mysql_stmt_bind_param(s, bind))
        return -1;
    for (unsigned i = FIRST; i < JOURNAL_COLUMN_COUNT; i++)
        if (p[i].value.len > LONG_DATA_FROM && send_long(s, i - FIRST, buf_span(&p[i].value)))
            return -1;
    return mysql_stmt_execute(s) ? -1 : 0;
}

/* INSERT of what the parameters hold; frees their values. */
static int insert(struct db *db, struct parameter parameters[JOURNAL_COLUMN_COUNT], struct err *err)
{
    struct buf sql = {0};
    int rc = -1;
    MYSQL_STMT *s = mysql_stmt_init(db_handle(db));
    if (!s) {
        err_retry(err, "no memory for a statement");
        goto out;
    }
    buf_put_str(&sql, "INSERT INTO `" DRC_DB "`.`" JOURNAL_TABLE "` (`at`");
    for (unsigned i = FIRST; i < JOURNAL_COLUMN_COUNT; i++)
        buf_printf(&sql, ", `%s`", journal_columns[i].name);
    buf_put_str(&sql, ") VALUES (UTC_TIMESTAMP(6)");
    for (unsigned i = FIRST; i < JOURNAL_COLUMN_COUNT; i++)
        buf_put_str(&sql, ", ?");
    buf_put_str(&sql, ")");

    if (mysql_stmt_prepare(s, (const char *)sql.data, (unsigned long)sql.len) || execute(s, parameters)) {
        statement_error(db, s, parameters, err);
        goto out;
    }
    rc = 0;
out:
    if (s)
        mysql_stmt_close(s);
    for (unsigned i = FIRST; i < JOURNAL_COLUMN_COUNT; i++)
        buf_free(&parameters[i].value);
    buf_free(&sql);
    return rc;
}

int journal_write(struct db *db, const struct journal_entry *entry, struct err *err)
{
    struct parameter parameters[JOURNAL_COLUMN_COUNT] = {0};
    fill(parameters, entry);
    return insert(db, parameters, err);
}

int journal_write_act(struct db *db, const struct journal_act *entry, struct err *err)
{
    struct parameter parameters[JOURNAL_COLUMN_COUNT] = {0};
    fill_act(parameters, entry);
    return insert(db, parameters, err);
}
