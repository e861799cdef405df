/* Tables that are on one side only: no repair makes or drops a table by itself, but it says, or writes into the file of
 * --repair-sql, what an operator can run. */
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/link/db.h"
#include "reconcile/repair_private.h"

static void put_name(struct buf *out, struct span db, struct span table)
{
    db_put_name(out, db);
    buf_put_str(out, ".");
    db_put_name(out, table);
}

/* The server's own statement, with the database in it, and so that running it twice does no harm. */
static int read_create(struct repair *r, struct buf *out, int side, struct span db, struct span table, struct err *err)
{
    static const char begins[] = "CREATE TABLE ";
    struct arena arena = {0};
    struct db_rows rows;
    struct buf sql = {0}, name = {0};
    int rc = marker_connect_both(r->marker, err);
    buf_put_str(&sql, "SHOW CREATE TABLE ");
    put_name(&sql, db, table);
    db_put_name(&name, table);
    if (rc == 0)
        rc = db_query(marker_db(r->marker, side), &rows, &arena, buf_cstr(&sql), err);
    if (rc == 0) {
        struct span text = rows.row_count == 1 ? db_cell(&rows, 0, 1) : (struct span){0};
        size_t head = sizeof begins - 1 + name.len;
        if (text.n < head || memcmp(text.p, begins, sizeof begins - 1) != 0 ||
            memcmp(text.p + sizeof begins - 1, name.data, name.len) != 0) {
            rc = err_data(err, "the server tells no CREATE TABLE of it");
        } else {
            buf_put_str(out, "CREATE TABLE IF NOT EXISTS ");
            put_name(out, db, table);
            buf_put(out, text.p + head, text.n - head);
        }
    }
    buf_free(&sql);
    buf_free(&name);
    arena_free(&arena);
    return rc;
}

/* Into the file of the side that loses it. */
static void write_create(struct repair *r, struct span db, struct span table, int has, struct span create)
{
    bool same = db_flavor(marker_db(r->marker, 0)) == db_flavor(marker_db(r->marker, 1));
    struct buf drop = {0};
    struct err err = {0};
    repair_file_put_text(r->sql[!has], create, !same,
                         same ? NULL : "of the other flavour: look it through before it is run");
    buf_put_str(&drop, "DROP TABLE ");
    put_name(&drop, db, table);
    if (r->undo[!has])
        repair_file_put_text(r->undo[!has], buf_span(&drop), true, "made by the repair; nothing drops it by itself");
    buf_free(&drop);
    if (repair_file_flush(r->sql[!has], &err) || (r->undo[!has] && repair_file_flush(r->undo[!has], &err)))
        report_problem(r->run->report, err.text);
    else
        repair_table_outcome(
            r, db, table, OUTCOME_WRITTEN,
            same ? "run the file, then compare again: its rows are missing then, and are repaired as rows"
                 : "as a comment, since it is of the other flavour: adapt it, run it, compare again",
            (struct span){0});
}

static void tell_create(struct repair *r, struct span db, struct span table, int has)
{
    const char *const *regions = r->run->wishes->regions;
    struct buf create = {0}, why = {0};
    struct err err = {0};
    if (read_create(r, &create, has, db, table, &err)) {
        buf_printf(&why, "it is in %s only, and cannot be read there: %s", regions[has], err.text);
        repair_table_outcome(r, db, table, OUTCOME_PASSED_OVER, buf_cstr(&why), (struct span){0});
    } else if (r->sql[!has]) {
        write_create(r, db, table, has, buf_span(&create));
    } else {
        buf_printf(&why,
                   "it is in %s only, and no repair makes a table: make it in %s, then run this again for its rows",
                   regions[has], regions[!has]);
        repair_table_outcome(r, db, table, OUTCOME_PASSED_OVER, buf_cstr(&why), buf_span(&create));
    }
    buf_free(&create);
    buf_free(&why);
}

static void tell_drop(struct repair *r, struct span db, struct span table, int has)
{
    const char *const *regions = r->run->wishes->regions;
    struct buf drop = {0}, why = {0};
    struct err err = {0};
    buf_put_str(&drop, "DROP TABLE ");
    put_name(&drop, db, table);
    buf_printf(&why, "%s has no such table, and no repair drops one: drop it in %s, if it is to go", regions[!has],
               regions[has]);
    if (r->sql[has]) {
        repair_file_put_text(r->sql[has], buf_span(&drop), true, "not in the other region; nothing drops it by itself");
        if (repair_file_flush(r->sql[has], &err))
            report_problem(r->run->report, err.text);
    }
    repair_table_outcome(r, db, table, OUTCOME_PASSED_OVER, buf_cstr(&why), buf_span(&drop));
    buf_free(&drop);
    buf_free(&why);
}

void repair_table(struct repair *r, struct span db, struct span table, int side)
{
    const struct difference d = {.class = side == 0 ? DIFFERENCE_MISSING : DIFFERENCE_EXTRA, .db = db, .table = table};
    int winner = repair_winner(r, &d);
    if (winner < 0)
        repair_table_outcome(r, db, table, OUTCOME_PASSED_OVER,
                             "it is on one side only, and nobody says whose tables count: --winner REGION",
                             (struct span){0});
    else if (winner == side)
        tell_create(r, db, table, side);
    else
        tell_drop(r, db, table, side);
}
