/* Writing the statements. */
#include "reconcile/repair_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "common/target/local_row.h"

struct repair_file {
    FILE *file;
    char *path;
    struct buf first;  /* of the batch: what makes room */
    struct buf second; /* and what follows it */
    uint64_t exchanged;
};

static void put_head(struct repair_file *f, const struct repair_file_setup *s)
{
    char at[CLOCK_TEXT_LEN];
    fprintf(
        f->file,
        "-- drc-reconcile, %s: %s in region %s of the pair %s.\n"
        "-- Each statement changes its row only if it is what it was when this was written: running the file again\n"
        "-- changes nothing, and a row that somebody has changed since is left alone.\n",
        clock_text(at, clock_wall_us()), s->what, s->region, s->pair);
    if (s->unlogged)
        fprintf(
            f->file,
            "-- It is kept out of the binlog, since the links of the pair are to carry none of it. Replicas of this\n"
            "-- server need it as well.\nSET SESSION sql_log_bin = 0;\n");
    else
        fprintf(f->file, "-- To be run while the applier of this region is stopped. Triggers of the tables fire.\n");
    fprintf(f->file, "SET NAMES utf8mb4;\nSET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00';\n");
}

int repair_file_open(struct repair_file **out, const struct repair_file_setup *setup, struct err *err)
{
    FILE *file = fopen(setup->path, "we");
    *out = NULL;
    if (!file)
        return err_fatal(err, EXIT_BAD_USAGE, "cannot write %s: %s", setup->path, strerror(errno));
    struct repair_file *f = xcalloc(1, sizeof *f);
    f->file = file;
    f->path = xstrdup(setup->path);
    put_head(f, setup);
    *out = f;
    return 0;
}

void repair_file_close(struct repair_file **file)
{
    struct repair_file *f = *file;
    if (!f)
        return;
    fclose(f->file);
    free(f->path);
    buf_free(&f->first);
    buf_free(&f->second);
    free(f);
    *file = NULL;
}

void repair_file_drop(struct repair_file *f)
{
    buf_clear(&f->first);
    buf_clear(&f->second);
}

int repair_file_flush(struct repair_file *f, struct err *err)
{
    if (f->first.len + f->second.len > 0) {
        fputs("START TRANSACTION;\n", f->file);
        fwrite(f->first.data, 1, f->first.len, f->file);
        fwrite(f->second.data, 1, f->second.len, f->file);
        fputs("COMMIT;\n", f->file);
    }
    repair_file_drop(f);
    if (fflush(f->file) || ferror(f->file) || fsync(fileno(f->file)))
        return err_fatal(err, EXIT_BAD_USAGE, "cannot write %s: %s", f->path, strerror(errno));
    return 0;
}

/* ---- values ---- */

/* Text of plain letters stands there as it is; all else by its bytes. */
static bool is_readable(const struct column *c, const struct target_column *tc, struct span text)
{
    bool string = c->type == COLUMN_VARCHAR || c->type == COLUMN_STRING || c->type == COLUMN_BLOB;
    if (!string || !tc->charset || tc->form != READ_PLAIN || strncmp(tc->charset, "utf", 3) != 0 ||
        (strcmp(tc->charset, "utf8mb4") != 0 && strncmp(tc->charset, "utf8", 4) != 0))
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < ' ' || text.p[i] > '~' || text.p[i] == '\'' || text.p[i] == '\\')
            return false;
    return true;
}

static void put_value(struct buf *out, const struct target_table *t, uint16_t i, const struct cell *v)
{
    const struct column *c = &t->def->columns[i];
    if (v->null || !is_readable(c, &t->columns[i], cell_payload(c, v))) {
        local_put_value(out, c, &t->columns[i], v);
        return;
    }
    buf_put_str(out, "'");
    buf_put_span(out, cell_payload(c, v));
    buf_put_str(out, "'");
}

/* What a statement can store. */
static bool is_stored(const struct target_table *t, uint16_t i, const struct cell *row)
{
    return !t->def->columns[i].generated && !row[i].absent;
}

/* Some columns change by themselves when another one is set. */
static bool is_to_be_set(const struct target_table *t, uint16_t i, const struct cell *row, const struct cell *from)
{
    const struct column *c = &t->def->columns[i];
    bool moves = c->type == COLUMN_TIMESTAMP2 || c->type == COLUMN_DATETIME2 || c->type == COLUMN_TIMESTAMP ||
                 c->type == COLUMN_DATETIME;
    return is_stored(t, i, row) &&
           (moves || !from || from[i].null != row[i].null || (!row[i].null && !span_eq(from[i].data, row[i].data)));
}

/* ---- statements ---- */

static void put_guard(struct buf *out, const struct repair_change *c)
{
    plan_put_key_is(c->plan, c->side, c->key, out);
    buf_put_str(out, " AND ");
    plan_put_row_hash(c->plan, c->side, out);
    buf_put_str(out, " = '");
    buf_put_span(out, c->hash);
    buf_put_str(out, "'");
}

static void put_delete(struct buf *out, const struct repair_change *c)
{
    buf_put_str(out, "DELETE FROM ");
    target_table_put_name(c->plan->tables[c->side], out);
    buf_put_str(out, " WHERE ");
    put_guard(out, c);
    buf_put_str(out, ";\n");
}

/* `when`: a further condition. */
static void put_insert(struct buf *out, const struct repair_change *c, const char *when)
{
    const struct target_table *t = c->plan->tables[c->side];
    const char *comma = "";
    buf_put_str(out, "INSERT INTO ");
    target_table_put_name(t, out);
    buf_put_str(out, " (");
    for (uint16_t i = 0; i < t->def->column_count; i++) {
        if (!is_stored(t, i, c->row))
            continue;
        buf_put_str(out, comma);
        db_put_name(out, t->def->columns[i].name);
        comma = ", ";
    }
    buf_put_str(out, ") SELECT ");
    comma = "";
    for (uint16_t i = 0; i < t->def->column_count; i++) {
        if (!is_stored(t, i, c->row))
            continue;
        buf_put_str(out, comma);
        put_value(out, t, i, &c->row[i]);
        comma = ", ";
    }
    buf_printf(out, " FROM DUAL WHERE %sNOT EXISTS (SELECT 1 FROM ", when);
    target_table_put_name(t, out);
    buf_put_str(out, " WHERE ");
    plan_put_key_is(c->plan, c->side, c->key, out);
    buf_put_str(out, ");\n");
}

static void put_update(struct buf *out, const struct repair_change *c)
{
    const struct target_table *t = c->plan->tables[c->side];
    const char *comma = " SET ";
    buf_put_str(out, "UPDATE ");
    target_table_put_name(t, out);
    for (uint16_t i = 0; i < t->def->column_count; i++) {
        if (!is_to_be_set(t, i, c->row, c->from))
            continue;
        buf_put_str(out, comma);
        db_put_name(out, t->def->columns[i].name);
        buf_put_str(out, " = ");
        put_value(out, t, i, &c->row[i]);
        comma = ", ";
    }
    buf_put_str(out, " WHERE ");
    put_guard(out, c);
    buf_put_str(out, ";\n");
}

/* Values of another unique key may go round in a circle: all of a batch make room first. */
static void put_exchange(struct repair_file *f, const struct repair_change *c)
{
    char when[64];
    f->exchanged++;
    (void)snprintf(when, sizeof when, "@drc_%" PRIu64 " = 1 AND ", f->exchanged);
    buf_put_str(&f->first, "SET SESSION foreign_key_checks = 0;\n");
    put_delete(&f->first, c);
    buf_printf(&f->first, "SET @drc_%" PRIu64 " = ROW_COUNT(), SESSION foreign_key_checks = 1;\n", f->exchanged);
    put_insert(&f->second, c, when);
}

void repair_file_put(struct repair_file *f, const struct repair_change *c)
{
    if (!c->row)
        put_delete(&f->first, c);
    else if (!c->is_there)
        put_insert(&f->second, c, "");
    else if (c->plan->tables[c->side]->key_count > 1)
        put_exchange(f, c);
    else
        put_update(&f->second, c);
}
