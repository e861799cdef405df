/* Writing an entry of the journal: a prepared statement, because one entry may hold several images of a big row. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "common/model/act.h"
#include "common/target/insert_db.h"
#include "common/target/journal.h"
#include "common/target/journal_images.h"
#include "common/target/schema.h"

#define FIRST JOURNAL_LINK          /* id and at are filled in by the server */
#define STATEMENT_BYTES (40u << 10) /* of a statement with several entries; the least packet of a server is 64 KiB */
#define BATCH_BYTES (256u << 10)

static void put_image(struct insert_value *p, const struct journal_entry *e, const struct cell *cells)
{
    p->null = cells == NULL;
    if (cells)
        journal_put_json(e->conflict->table, cells, e->mask, &p->value);
}

/* Of what has no images: not a row, or not one row. */
static void put_no_row(struct insert_value p[JOURNAL_COLUMN_COUNT], const char *state)
{
    p[JOURNAL_BEFORE_IMAGE].null = p[JOURNAL_LOCAL_IMAGE].null = p[JOURNAL_RESULT_IMAGE].null = true;
    p[JOURNAL_RESULT_HASH].null = p[JOURNAL_CHANGED].null = true;
    buf_put_str(&p[JOURNAL_STATE].value, state);
}

static void fill_act(struct insert_value p[JOURNAL_COLUMN_COUNT], const struct journal_act *e)
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
    put_no_row(p, JOURNAL_NOTED);
}

static void fill_parked(struct insert_value p[JOURNAL_COLUMN_COUNT], const struct journal_parked *e)
{
    char gtid[GTID_TEXT_LEN];

    buf_put_str(&p[JOURNAL_LINK].value, e->link);
    buf_put_str(&p[JOURNAL_GTID].value, gtid_text(gtid, e->gtid));
    buf_printf(&p[JOURNAL_SEQ].value, "%" PRIu64, e->seq);
    buf_put_str(&p[JOURNAL_ROW_KEY].value, "{}");
    buf_put_str(&p[JOURNAL_KIND].value, e->skipped ? JOURNAL_SKIPPED : JOURNAL_PARKED);
    buf_put_str(&p[JOURNAL_POLICY].value, e->skipped ? "skip" : "park");
    buf_put_str(&p[JOURNAL_VERDICT].value, e->skipped ? "skipped" : conflict_verdict_name(VERDICT_PARK));
    buf_printf(&p[JOURNAL_WHY].value, "%.255s", e->why);
    buf_printf(&p[JOURNAL_INCOMING_IMAGE].value, "{\"rows\": %" PRIu64 ", \"behind\": %" PRIu64 ", \"tables\": \"",
               e->rows, e->behind);
    utf8_put_json(&p[JOURNAL_INCOMING_IMAGE].value, span_str(e->tables));
    buf_put_str(&p[JOURNAL_INCOMING_IMAGE].value, "\"}");
    put_no_row(p, JOURNAL_OPEN);
}

static void put_json_text(struct buf *out, const char *name, struct span text)
{
    buf_printf(out, "\"%s\": \"", name);
    utf8_put_json(out, text);
    buf_put_str(out, "\"");
}

static void put_table_list(struct buf *out, const struct ddl *d)
{
    buf_put_str(out, ", \"tables\": [");
    for (size_t i = 0; i < d->table_count; i++) {
        buf_put_str(out, i ? ", {" : "{");
        put_json_text(out, "db", d->tables[i].db);
        buf_put_str(out, ", ");
        put_json_text(out, "table", d->tables[i].name);
        buf_put_str(out, "}");
    }
    buf_put_str(out, "]");
}

static void fill_ddl(struct insert_value p[JOURNAL_COLUMN_COUNT], const struct journal_ddl *e)
{
    char gtid[GTID_TEXT_LEN];
    struct buf *key = &p[JOURNAL_ROW_KEY].value, *image = &p[JOURNAL_INCOMING_IMAGE].value;

    buf_put_str(&p[JOURNAL_LINK].value, e->link);
    buf_put_str(&p[JOURNAL_GTID].value, gtid_text(gtid, e->gtid));
    buf_printf(&p[JOURNAL_SEQ].value, "%" PRIu64, e->seq);
    if (e->ddl->table_count > 0 && utf8_valid(e->ddl->tables[0].db) && utf8_valid(e->ddl->tables[0].name)) {
        buf_put_span(&p[JOURNAL_DB].value, e->ddl->tables[0].db);
        buf_put_span(&p[JOURNAL_TBL].value, e->ddl->tables[0].name);
    }
    buf_printf(key, "{\"class\": \"%s\", ", ddl_class_name(e->ddl->class));
    put_json_text(key, "database", e->ddl->db);
    put_table_list(key, e->ddl);
    buf_put_str(key, "}");
    buf_put_str(&p[JOURNAL_KIND].value, JOURNAL_DDL);
    buf_put_str(&p[JOURNAL_POLICY].value, e->policy);
    buf_put_str(&p[JOURNAL_VERDICT].value, e->verdict);
    buf_printf(&p[JOURNAL_WHY].value, "%.250s", e->why);
    buf_put_str(image, "{");
    put_json_text(image, "statement", e->ddl->text);
    buf_put_str(image, "}");
    put_no_row(p, JOURNAL_NOTED);
}

/* Has a row lost that somebody wrote? */
static const char *state_of(const struct journal_entry *e)
{
    bool noted = e->outcome->verdict == VERDICT_SAME || e->conflict->kind == CONFLICT_ORDER_VIOLATED;
    return noted ? JOURNAL_NOTED : JOURNAL_OPEN;
}

static void fill_images(struct insert_value p[JOURNAL_COLUMN_COUNT], const struct journal_entry *e)
{
    const struct conflict_case *c = e->conflict;
    const struct journal_images images = {
        c->table, {c->before, c->incoming, c->local, e->result}
    };
    put_image(&p[JOURNAL_BEFORE_IMAGE], e, c->before);
    put_image(&p[JOURNAL_INCOMING_IMAGE], e, c->incoming);
    put_image(&p[JOURNAL_LOCAL_IMAGE], e, c->local);
    put_image(&p[JOURNAL_RESULT_IMAGE], e, e->result);
    journal_images_put(&images, &p[JOURNAL_IMAGES_COLUMN].value);
    p[JOURNAL_RESULT_HASH].null = e->result == NULL;
    if (e->result)
        buf_printf(&p[JOURNAL_RESULT_HASH].value, "%016" PRIx64, journal_row_hash(c->table, e->result));
    p[JOURNAL_CHANGED].null = !c->before || !c->incoming;
    if (c->before && c->incoming)
        journal_put_changed(c->table, c->before, c->incoming, &p[JOURNAL_CHANGED].value);
}

static void fill(struct insert_value p[JOURNAL_COLUMN_COUNT], const struct journal_entry *e)
{
    const struct conflict_case *c = e->conflict;
    char gtid[GTID_TEXT_LEN];

    buf_put_str(&p[JOURNAL_LINK].value, e->link);
    buf_put_str(&p[JOURNAL_GTID].value, gtid_text(gtid, e->gtid));
    buf_printf(&p[JOURNAL_SEQ].value, "%" PRIu64, e->seq);
    buf_put_span(&p[JOURNAL_DB].value, c->table->db);
    buf_put_span(&p[JOURNAL_TBL].value, c->table->name);
    journal_put_key_json(c->table, c->before ? c->before : c->incoming, e->mask, &p[JOURNAL_ROW_KEY].value);
    buf_put_str(&p[JOURNAL_KIND].value, conflict_kind_name(c->kind));
    buf_put_str(&p[JOURNAL_CAUSE].value, conflict_cause_name(e->outcome->cause));
    buf_put_str(&p[JOURNAL_POLICY].value, policy_name(policy_of_kind(c->rule, c->kind)));
    buf_put_str(&p[JOURNAL_VERDICT].value, conflict_verdict_name(e->outcome->verdict));
    buf_put_str(&p[JOURNAL_WHY].value, e->outcome->why);
    buf_put_str(&p[JOURNAL_STATE].value, state_of(e));
    fill_images(p, e);
}

static void put_insert(struct buf *sql)
{
    buf_put_str(sql, "INSERT INTO `" DRC_DB "`.`" JOURNAL_TABLE "` (`at`");
    for (unsigned i = FIRST; i < JOURNAL_WRITTEN_COUNT; i++)
        buf_printf(sql, ", `%s`", journal_columns[i].name);
    buf_put_str(sql, ") VALUES ");
}

/* INSERT of what the parameters hold; frees their values. */
static int insert(struct db *db, struct insert_value parameters[JOURNAL_COLUMN_COUNT], struct err *err)
{
    struct buf sql = {0};
    put_insert(&sql);
    buf_put_str(&sql, "(UTC_TIMESTAMP(6)");
    for (unsigned i = FIRST; i < JOURNAL_WRITTEN_COUNT; i++)
        buf_put_str(&sql, ", ?");
    buf_put_str(&sql, ")");
    parameters[JOURNAL_IMAGES_COLUMN].binary = true;
    int rc = insert_run(db, buf_cstr(&sql), parameters + FIRST, JOURNAL_WRITTEN_COUNT - FIRST,
                        "writing the conflict journal", err);
    buf_free(&sql);
    return rc;
}

int journal_write(struct db *db, const struct journal_entry *entry, struct err *err)
{
    struct insert_value parameters[JOURNAL_COLUMN_COUNT] = {0};
    fill(parameters, entry);
    return insert(db, parameters, err);
}

int journal_write_act(struct db *db, const struct journal_act *entry, struct err *err)
{
    struct insert_value parameters[JOURNAL_COLUMN_COUNT] = {0};
    fill_act(parameters, entry);
    return insert(db, parameters, err);
}

int journal_write_parked(struct db *db, const struct journal_parked *entry, struct err *err)
{
    struct insert_value parameters[JOURNAL_COLUMN_COUNT] = {0};
    fill_parked(parameters, entry);
    return insert(db, parameters, err);
}

int journal_write_ddl(struct db *db, const struct journal_ddl *entry, struct err *err)
{
    struct insert_value parameters[JOURNAL_COLUMN_COUNT] = {0};
    fill_ddl(parameters, entry);
    return insert(db, parameters, err);
}

/* ---- many at once ---- */

/* An entry that waits: its row of a statement, or, where that is long, its parameters. */
struct waiting {
    struct buf row;
    struct insert_value *parameters;
};

struct journal_batch {
    struct waiting *entries;
    size_t count;
    size_t cap;
    size_t bytes;
};

struct journal_batch *journal_batch_new(void)
{
    return xcalloc(1, sizeof(struct journal_batch));
}

static void free_values(struct insert_value p[JOURNAL_COLUMN_COUNT])
{
    for (unsigned i = FIRST; i < JOURNAL_WRITTEN_COUNT; i++)
        buf_free(&p[i].value);
}

static void empty_batch(struct journal_batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        buf_free(&b->entries[i].row);
        if (b->entries[i].parameters)
            free_values(b->entries[i].parameters);
        free(b->entries[i].parameters);
    }
    b->count = b->bytes = 0;
}

void journal_batch_free(struct journal_batch **b)
{
    if (!*b)
        return;
    empty_batch(*b);
    free((*b)->entries);
    free(*b);
    *b = NULL;
}

static void put_row(struct buf *sql, const struct insert_value p[JOURNAL_COLUMN_COUNT])
{
    buf_put_str(sql, "(UTC_TIMESTAMP(6)");
    for (unsigned i = FIRST; i < JOURNAL_WRITTEN_COUNT; i++) {
        buf_put_str(sql, ", ");
        if (p[i].null)
            buf_put_str(sql, "NULL");
        else
            db_put_string(sql, buf_span(&p[i].value));
    }
    buf_put_u8(sql, ')');
}

void journal_batch_put(struct journal_batch *b, const struct journal_entry *entry)
{
    struct insert_value *parameters = xcalloc(JOURNAL_COLUMN_COUNT, sizeof *parameters);
    if (b->count == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 16;
        b->entries = xreallocarray(b->entries, b->cap, sizeof *b->entries);
    }
    struct waiting *w = &b->entries[b->count++];
    *w = (struct waiting){0};
    fill(parameters, entry);
    put_row(&w->row, parameters);
    b->bytes += w->row.len;
    if (w->row.len > STATEMENT_BYTES / 2) {
        buf_free(&w->row);
        w->parameters = parameters;
        return;
    }
    free_values(parameters);
    free(parameters);
}

bool journal_batch_is_full(const struct journal_batch *b)
{
    return b->bytes >= BATCH_BYTES;
}

/* One statement of the entries from *at on, up to its bound or the next long one; takes *at past them. */
static int send_rows(const struct journal_batch *b, size_t *at, struct db *db, struct err *err)
{
    struct buf sql = {0};
    put_insert(&sql);
    for (size_t first = *at; *at < b->count && !b->entries[*at].parameters; (*at)++) {
        const struct buf *row = &b->entries[*at].row;
        if (*at > first && sql.len + row->len > STATEMENT_BYTES)
            break;
        buf_put_str(&sql, *at > first ? ", " : "");
        buf_put_span(&sql, buf_span(row));
    }
    int rc = db_exec(db, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc ? err_prefix(err, "writing the conflict journal") : 0;
}

int journal_batch_send(struct journal_batch *b, struct db *db, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < b->count;) {
        if (b->entries[i].parameters)
            rc = insert(db, b->entries[i++].parameters, err);
        else
            rc = send_rows(b, &i, db, err);
    }
    empty_batch(b);
    return rc;
}
