/* Finding, comparing and writing one row by its cells. */
#include "ctl/conflicts_row.h"

#include <string.h>

#include "common/target/local_row.h"
#include "common/target/session.h"
#include "ctl/conflicts_checks.h"
#include "ctl/conflicts_children.h"

/* ---- the table ---- */

static bool generates(const struct target_table *t)
{
    for (uint16_t i = 0; i < t->def->column_count; i++)
        if (t->def->columns[i].generated)
            return true;
    return false;
}

static int make_plan(struct conflicts_row *r, const struct table_def *images, struct err *err)
{
    struct buf why = {0};
    int rc = convert_plan_make(&r->plan, r->table, images, NULL, &why) == 1 ? 0 : -1;
    if (rc)
        (void)err_fatal(err, EXIT_UNSAFE, "table `%.*s`.`%.*s` is not what it was when the entry was written: %s",
                        SPAN_ARG(images->db), SPAN_ARG(images->name), buf_cstr(&why));
    buf_free(&why);
    return rc;
}

int conflicts_row_open(struct conflicts_row *r, struct db *db, const struct table_def *images, enum apply_writer kind,
                       bool computes, struct arena *a, struct err *err)
{
    *r = (struct conflicts_row){.db = db, .arena = a};
    int found = target_table_load(&r->table, db, images->db, images->name, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return err_fatal(err, EXIT_UNSAFE, "there is no table `%.*s`.`%.*s` any more", SPAN_ARG(images->db),
                         SPAN_ARG(images->name));
    if (make_plan(r, images, err))
        return -1;
    if ((computes || !r->plan->identity) && generates(r->table))
        kind = APPLY_WRITER_SQL;
    return rows_writer_open(&r->writer, db, kind, err);
}

void conflicts_row_close(struct conflicts_row *r)
{
    rows_writer_free(&r->writer);
    convert_plan_free(&r->plan);
    target_table_free(&r->table);
}

/* May a row that brings these columns (NULL: all) be written? */
static int admit(const struct conflicts_row *r, const uint8_t *present, struct err *err)
{
    struct buf why = {0};
    int rc = rows_writer_admit(r->writer, r->table, present, &why, err);
    if (rc == 0)
        (void)err_fatal(err, EXIT_UNSAFE, "rows of `%.*s`.`%.*s` cannot be written: %s", SPAN_ARG(r->table->def->db),
                        SPAN_ARG(r->table->def->name), buf_cstr(&why));
    buf_free(&why);
    return rc == 1 ? 0 : -1;
}

static int lock_table(struct conflicts_row *r, struct err *err)
{
    int rc = target_table_touch(r->table, r->db, err);
    if (rc == 0)
        return err_retry(err, "the definition of the table is being changed: try again");
    return rc == 1 ? admit(r, NULL, err) : -1;
}

/* ---- the row ---- */

int conflicts_row_cells(const struct conflicts_row *r, const struct cell *image, const struct cell **out,
                        struct err *err)
{
    *out = NULL;
    if (!image)
        return 0;
    struct cell *cells = arena_alloc(r->arena, r->table->def->column_count * sizeof *cells);
    if (convert_image(cells, r->plan, image, r->arena, err))
        return -1;
    *out = cells;
    return 0;
}

static int read_row(const struct conflicts_row *r, const struct cell *like, const struct cell **out, struct err *err)
{
    struct local_rows found;
    int rc = r->table->def->key_count
                 ? local_rows_by_key(&found, r->db, r->table, &like, 1, LOCAL_FOR_UPDATE, r->arena, err)
                 : local_row_by_image(&found, r->db, r->table, like, LOCAL_FOR_UPDATE, r->arena, err);
    *out = rc == 0 && found.count ? found.rows[0] : NULL;
    return rc;
}

int conflicts_row_find(struct conflicts_row *r, const struct cell *const *images, size_t n, struct err *err)
{
    const struct cell *like = NULL;
    r->now = NULL;
    if (lock_table(r, err))
        return -1;
    for (size_t i = 0; i < n && !like; i++)
        if (conflicts_row_cells(r, images[i], &like, err))
            return -1;
    return like ? read_row(r, like, &r->now, err) : 0;
}

int conflicts_row_is(const struct conflicts_row *r, const struct cell *image, bool *out, struct err *err)
{
    const struct cell *cells;
    if (conflicts_row_cells(r, image, &cells, err))
        return -1;
    *out = cells && r->now ? convert_same(r->plan, cells, r->now) : !cells && !r->now;
    return 0;
}

/* ---- writing ---- */

/* What `wanted` lacks the row keeps, but for what is computed of the rest. */
static struct cell *complete(const struct conflicts_row *r, const struct cell *wanted)
{
    uint16_t n = r->table->def->column_count;
    struct cell *whole = arena_alloc(r->arena, n * sizeof *whole);
    for (uint16_t i = 0; i < n; i++)
        whole[i] = wanted[i].absent && r->now && !r->table->def->columns[i].generated ? r->now[i] : wanted[i];
    return whole;
}

static const uint8_t *present_in(const struct conflicts_row *r, const struct cell *cells)
{
    uint16_t n = r->table->def->column_count;
    uint8_t *present = arena_zalloc(r->arena, (n + 7u) / 8);
    bool all = true;
    for (uint16_t i = 0; i < n; i++) {
        present[i / 8] |= (uint8_t)(!cells[i].absent << i % 8);
        all = all && !cells[i].absent;
    }
    return all ? NULL : present;
}

static int put(struct conflicts_row *r, const struct cell *wanted, struct err *err)
{
    const struct table_def *def = r->table->def;
    struct buf images = {0};
    struct rows rows = {.table = def, .op = !r->now ? ROWS_INSERT : wanted ? ROWS_UPDATE : ROWS_DELETE, .count = 1};
    if (r->now)
        image_put(r->now, def, NULL, &images);
    if (wanted) {
        rows.present_after = present_in(r, wanted);
        image_put(wanted, def, rows.present_after, &images);
    }
    rows.images = buf_span(&images);
    int rc = rows.present_after ? admit(r, rows.present_after, err) : 0;
    if (rc == 0)
        rc = rows_writer_put(r->writer, r->table, &rows, err) || rows_writer_flush(r->writer, err) ? -1 : 0;
    buf_free(&images);
    return rc || target_session_now(r->db, err) ? -1 : 0;
}

static bool same_rows(const struct conflicts_row *r, const struct cell *a, const struct cell *b)
{
    return a && b ? image_equal(a, b, r->table->def, r->plan->ignore) : !a && !b;
}

int conflicts_row_write(struct conflicts_row *r, const struct cell *wanted, const struct cell **became, struct err *err)
{
    const struct table_def *def = r->table->def;
    const struct cell *whole = wanted ? complete(r, wanted) : NULL;
    *became = r->now;
    if (same_rows(r, whole, r->now))
        return 0;
    if (conflicts_children_stay(r->db, r->table, r->now, whole, err) || put(r, whole, err))
        return -1;
    *became = NULL;
    if (read_row(r, whole ? whole : r->now, became, err))
        return -1;
    if (!whole && def->key_count == 0) /* another one may equal it */
        *became = NULL;
    if (same_rows(r, whole, *became))
        return *became ? conflicts_checks_hold(r->db, r->table, *became, r->arena, err) : 0;
    return err_fatal(err, EXIT_UNSAFE, "the server made another row of `%.*s`.`%.*s` than was written",
                     SPAN_ARG(def->db), SPAN_ARG(def->name));
}

const char *conflicts_row_change(const struct cell *was, const struct cell *became, const struct table_def *t)
{
    if (!was)
        return became ? "insert" : "nothing";
    if (!became)
        return "delete";
    return image_equal(was, became, t, NULL) ? "nothing" : "update";
}
