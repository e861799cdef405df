/* Taking an entry of the journal, and writing what was decided about it. */
#include "common/target/journal_resolve.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/target/insert_db.h"
#include "common/target/schema.h"

#define JOURNAL "`" DRC_DB "`.`" JOURNAL_TABLE "`"

enum {
    CELL_SEQ,
    CELL_LINK,
    CELL_DB,
    CELL_TBL,
    CELL_ROW_KEY,
    CELL_KIND,
    CELL_VERDICT,
    CELL_STATE,
    CELL_RESOLVED_AT,
    CELL_RESOLVED_BY,
    CELL_IMAGES,
    CELL_UNDO_IMAGES,
};

/* Cells of db_query end with a NUL; NULL is told as nothing. */
static const char *text(struct span cell)
{
    return cell.p ? (const char *)cell.p : "";
}

static void read_images(struct journal_images *out, struct span cell, struct arena *a)
{
    *out = (struct journal_images){0};
    if (cell.n == 0)
        return;
    struct bytes r = bytes_of(cell);
    journal_images_read(out, &r, a);
}

int journal_take(struct journal_taken *out, struct db *db, uint64_t id, struct arena *a, struct err *err)
{
    struct buf sql = {0};
    struct db_rows rows;
    buf_printf(
        &sql,
        "SELECT `seq`, `link`, `db`, `tbl`, `row_key`, `kind`, `verdict`, `state`, `resolved_at`, `resolved_by`, "
        "`images`, `undo_images` FROM " JOURNAL " WHERE `id` = %" PRIu64 " FOR UPDATE",
        id);
    int rc = db_query(db, &rows, a, buf_cstr(&sql), err);
    buf_free(&sql);
    if (rc || rows.row_count == 0)
        return rc;
    const struct span *c = rows.cells;
    *out = (struct journal_taken){.id = id,
                                  .seq = strtoull(text(c[CELL_SEQ]), NULL, 10),
                                  .link = text(c[CELL_LINK]),
                                  .db = text(c[CELL_DB]),
                                  .tbl = text(c[CELL_TBL]),
                                  .row_key = text(c[CELL_ROW_KEY]),
                                  .kind = text(c[CELL_KIND]),
                                  .verdict = text(c[CELL_VERDICT]),
                                  .state = text(c[CELL_STATE]),
                                  .resolved_at = text(c[CELL_RESOLVED_AT]),
                                  .resolved_by = text(c[CELL_RESOLVED_BY])};
    read_images(&out->images, c[CELL_IMAGES], a);
    read_images(&out->undo, c[CELL_UNDO_IMAGES], a);
    return 1;
}

int journal_decide(struct db *db, const struct journal_decision *d, struct err *err)
{
    struct insert_value v[6] = {0};
    buf_put_str(&v[0].value, d->state);
    buf_put_str(&v[1].value, d->who);
    buf_put_str(&v[2].value, d->why);
    buf_put_span(&v[3].value, d->details);
    v[4].null = !d->undo;
    v[4].binary = true;
    if (d->undo)
        journal_images_put(d->undo, &v[4].value);
    buf_printf(&v[5].value, "%" PRIu64, d->id);
    return insert_run(db,
                      "UPDATE " JOURNAL " SET `state` = ?, `resolved_at` = UTC_TIMESTAMP(6), `resolved_by` = ?, "
                      "`resolved_why` = ?, `resolution` = ?, `undo_images` = ? WHERE `id` = ?",
                      v, 6, "writing a decision into the conflict journal", err);
}

/* ---- what is parked ---- */

static const char *const endings[] = {
    [JOURNAL_PARKED_APPLIED] =
        "SET `state` = '" JOURNAL_RESOLVED "', `resolved_at` = UTC_TIMESTAMP(6), "
        "`resolved_by` = COALESCE(`resolved_by`, 'drc-applier'), `resolution` = '{\"parked\": \"applied\"}'",
    [JOURNAL_PARKED_GIVEN_UP] =
        "SET `state` = '" JOURNAL_RESOLVED "', `resolved_at` = UTC_TIMESTAMP(6), "
        "`resolved_by` = COALESCE(`resolved_by`, 'drc-applier'), `resolution` = '{\"parked\": \"discarded\"}'",
    [JOURNAL_PARKED_STAYS] = "SET `state` = '" JOURNAL_OPEN "', `resolved_at` = NULL, `resolution` = NULL",
};

int journal_end_parked(struct db *db, const char *link, uint64_t seq, enum journal_parked_end end, struct err *err)
{
    struct buf sql = {0};
    buf_printf(&sql, "UPDATE " JOURNAL " %s WHERE `seq` = %" PRIu64 " AND `link` = ", endings[end], seq);
    db_put_string(&sql, span_str(link));
    buf_printf(&sql, " AND `verdict` = '%s' AND `state` = '%s'", conflict_verdict_name(VERDICT_PARK),
               end == JOURNAL_PARKED_STAYS ? JOURNAL_RESOLVED : JOURNAL_OPEN);
    int rc = db_exec(db, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc ? err_prefix(err, "settling the entries of what was parked") : 0;
}

int journal_note_asked(struct db *db, const struct journal_asked *asked, struct err *err)
{
    struct insert_value v[6] = {0};
    const char *const texts[] = {asked->who, asked->why, asked->topic, asked->state};
    for (unsigned i = 0; i < 4; i++)
        buf_put_str(&v[i].value, texts[i]);
    buf_printf(&v[4].value, "%" PRIu64, asked->seq);
    buf_printf(&v[5].value, "%" PRIu64, asked->seq);
    return insert_run(db,
                      "UPDATE " JOURNAL " c JOIN `" DRC_DB "`.`" PARKED_TABLE
                      "` p ON p.`link` = c.`link` AND p.`seq` = c.`seq` SET c.`resolved_by` = ?, c.`resolved_why` = ? "
                      "WHERE p.`topic` = ? AND p.`state` = ? AND (? = 0 OR p.`seq` = ?) AND c.`verdict` = 'park' AND "
                      "c.`state` = '" JOURNAL_OPEN "'",
                      v, 6, "writing who asked into the conflict journal", err);
}
