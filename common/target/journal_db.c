/* Writing an entry of the journal: a prepared statement, because one entry may hold several images of a big row. */
#include <inttypes.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/model/act.h"
#include "common/target/insert_db.h"
#include "common/target/journal.h"
#include "common/target/journal_images.h"
#include "common/target/schema.h"

#define FIRST JOURNAL_LINK /* id and at are filled in by the server */

static void put_image(struct insert_value *p, const struct table_def *t, const struct cell *cells)
{
    p->null = cells == NULL;
    if (cells)
        journal_put_json(t, cells, &p->value);
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
    p[JOURNAL_BEFORE_IMAGE].null = p[JOURNAL_LOCAL_IMAGE].null = p[JOURNAL_RESULT_IMAGE].null = true;
    p[JOURNAL_RESULT_HASH].null = true;
}

static void fill_parked(struct insert_value p[JOURNAL_COLUMN_COUNT], const struct journal_parked *e)
{
    char gtid[GTID_TEXT_LEN];

    buf_put_str(&p[JOURNAL_LINK].value, e->link);
    buf_put_str(&p[JOURNAL_GTID].value, gtid_text(gtid, e->gtid));
    buf_printf(&p[JOURNAL_SEQ].value, "%" PRIu64, e->seq);
    buf_put_str(&p[JOURNAL_ROW_KEY].value, "{}");
    buf_put_str(&p[JOURNAL_KIND].value, JOURNAL_PARKED);
    buf_put_str(&p[JOURNAL_POLICY].value, "park");
    buf_put_str(&p[JOURNAL_VERDICT].value, conflict_verdict_name(VERDICT_PARK));
    buf_printf(&p[JOURNAL_WHY].value, "%.255s", e->why);
    buf_printf(&p[JOURNAL_INCOMING_IMAGE].value, "{\"rows\": %" PRIu64 ", \"behind\": %" PRIu64 ", \"tables\": \"",
               e->rows, e->behind);
    utf8_put_json(&p[JOURNAL_INCOMING_IMAGE].value, span_str(e->tables));
    buf_put_str(&p[JOURNAL_INCOMING_IMAGE].value, "\"}");
    p[JOURNAL_BEFORE_IMAGE].null = p[JOURNAL_LOCAL_IMAGE].null = p[JOURNAL_RESULT_IMAGE].null = true;
    p[JOURNAL_RESULT_HASH].null = true;
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
    p[JOURNAL_BEFORE_IMAGE].null = p[JOURNAL_LOCAL_IMAGE].null = p[JOURNAL_RESULT_IMAGE].null = true;
    p[JOURNAL_RESULT_HASH].null = true;
}

static void fill(struct insert_value p[JOURNAL_COLUMN_COUNT], const struct journal_entry *e)
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

/* INSERT of what the parameters hold; frees their values. */
static int insert(struct db *db, struct insert_value parameters[JOURNAL_COLUMN_COUNT], struct err *err)
{
    struct buf sql = {0};
    buf_put_str(&sql, "INSERT INTO `" DRC_DB "`.`" JOURNAL_TABLE "` (`at`");
    for (unsigned i = FIRST; i < JOURNAL_COLUMN_COUNT; i++)
        buf_printf(&sql, ", `%s`", journal_columns[i].name);
    buf_put_str(&sql, ") VALUES (UTC_TIMESTAMP(6)");
    for (unsigned i = FIRST; i < JOURNAL_COLUMN_COUNT; i++)
        buf_put_str(&sql, ", ?");
    buf_put_str(&sql, ")");
    parameters[JOURNAL_IMAGES_COLUMN].binary = true;
    int rc = insert_run(db, buf_cstr(&sql), parameters + FIRST, JOURNAL_COLUMN_COUNT - FIRST,
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
