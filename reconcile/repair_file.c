/* Writing the statements. */
#include "reconcile/repair_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "reconcile/repair_value.h"

#define COPIES_AT_ONCE 100u /* rows of one statement */

struct repair_file {
    FILE *file;
    char *path;
    struct buf first;  /* of the batch: what makes room */
    struct buf second; /* and what follows it */
    uint64_t exchanged;
    uint64_t rows; /* put so far */
    long *blocks;  /* where in the file each batch, or statement as it is, begins */
    size_t block_count;
    bool failed; /* once: nothing is put behind that */
    long whole;  /* bytes of the file that are on the disk, and end with a whole block */
    size_t block_room;
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
    if (s->stopped)
        fprintf(f->file, "-- To be run while the applier of this region is stopped. Triggers of the tables fire.\n");
    if (s->unlogged)
        fprintf(
            f->file,
            "-- It is kept out of the binlog, since the links of the pair are to carry none of it. Replicas of this\n"
            "-- server need it as well.\nSET SESSION sql_log_bin = 0;\n");
    fprintf(f->file,
            "-- Foreign keys are not asked, and nothing cascades: parents and children come and go in any order, and\n"
            "-- what the file is to reach has them in order. It is to be run whole.\n"
            "SET NAMES utf8mb4;\n"
            "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00', foreign_key_checks = 0;\n");
}

/* What a run has repaired that was killed, nobody could undo if the next one wrote over its file. */
static int keep_former(const char *path, struct err *err)
{
    struct stat st;
    if (stat(path, &st) || !S_ISREG(st.st_mode) || st.st_size == 0)
        return 0;
    for (unsigned n = 1;; n++) {
        char *kept = xasprintf("%s.%u", path, n);
        int rc = link(path, kept);
        bool taken = rc && errno == EEXIST;
        if (rc == 0)
            fprintf(stderr, "drc-reconcile: %s of an earlier run is kept as %s\n", path, kept);
        free(kept);
        if (rc == 0 && unlink(path) == 0)
            return 0;
        if (!taken)
            return err_fatal(err, EXIT_BAD_USAGE, "cannot keep %s of an earlier run under another name: %s", path,
                             strerror(errno));
    }
}

int repair_file_open(struct repair_file **out, const struct repair_file_setup *setup, struct err *err)
{
    *out = NULL;
    if (setup->keeps && keep_former(setup->path, err))
        return -1;
    FILE *file = fopen(setup->path, "we");
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
    free(f->blocks);
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

static void begin_block(struct repair_file *f)
{
    if (f->block_count == f->block_room) {
        f->block_room = f->block_room ? 2 * f->block_room : 64;
        f->blocks = xreallocarray(f->blocks, f->block_room, sizeof *f->blocks);
    }
    f->blocks[f->block_count++] = ftell(f->file);
}

size_t repair_file_held(const struct repair_file *f)
{
    return f->first.len + f->second.len;
}

/* Half a transaction is nothing that anybody should run: the file ends where it was whole. */
static int take_back(struct repair_file *f, struct err *err)
{
    int number = errno;
    f->failed = true;
    __fpurge(f->file);
    while (f->block_count > 0 && f->blocks[f->block_count - 1] >= f->whole)
        f->block_count--;
    bool cut = ftruncate(fileno(f->file), f->whole) == 0;
    return err_fatal(err, EXIT_BAD_USAGE, "cannot write %s: %s%s", f->path, strerror(number),
                     cut ? "" : "; and its end is not whole");
}

int repair_file_flush(struct repair_file *f, struct err *err)
{
    if (f->failed) {
        repair_file_drop(f);
        return err_fatal(err, EXIT_BAD_USAGE, "%s could not be written before", f->path);
    }
    if (repair_file_held(f) > 0) {
        begin_block(f);
        fputs("START TRANSACTION;\n", f->file);
        if (f->first.len > 0)
            fwrite(f->first.data, 1, f->first.len, f->file);
        if (f->second.len > 0)
            fwrite(f->second.data, 1, f->second.len, f->file);
        fputs("COMMIT;\n", f->file);
    }
    repair_file_drop(f);
    if (fflush(f->file) || ferror(f->file) || fsync(fileno(f->file)))
        return take_back(f, err);
    f->whole = ftell(f->file);
    return 0;
}

/* ---- the last first ---- */

static int copy_part(FILE *to, FILE *from, long begin, long end)
{
    char bytes[16384];
    if (fseek(from, begin, SEEK_SET))
        return -1;
    for (size_t left = (size_t)(end - begin); left > 0;) {
        size_t n = fread(bytes, 1, left < sizeof bytes ? left : sizeof bytes, from);
        if (n == 0 || fwrite(bytes, 1, n, to) != n)
            return -1;
        left -= n;
    }
    return 0;
}

static int copy_turned(const struct repair_file *f, FILE *to, FILE *from)
{
    long end = f->whole;
    if (copy_part(to, from, 0, f->blocks[0]))
        return -1;
    for (size_t i = f->block_count; i-- > 0; end = f->blocks[i])
        if (copy_part(to, from, f->blocks[i], end))
            return -1;
    return fflush(to) || fsync(fileno(to)) ? -1 : 0;
}

int repair_file_turn(struct repair_file *f, struct err *err)
{
    if (f->block_count < 2)
        return 0;
    char *path = xasprintf("%s.turned", f->path);
    FILE *from = fopen(f->path, "re"), *to = fopen(path, "we");
    int rc = from && to && copy_turned(f, to, from) == 0 && rename(path, f->path) == 0 ? 0 : -1;
    if (rc) {
        (void)err_fatal(err, EXIT_BAD_USAGE, "cannot turn %s round: %s", f->path, strerror(errno));
        (void)unlink(path);
    }
    if (from)
        fclose(from);
    if (to)
        fclose(to);
    free(path);
    return rc;
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

/* `l`: of the row that comes in its place; NULL: none. */
static void put_delete(struct buf *out, const struct repair_longs *l, const struct repair_change *c)
{
    buf_put_str(out, "DELETE FROM ");
    target_table_put_name(c->plan->tables[c->side], out);
    buf_put_str(out, " WHERE ");
    if (l)
        repair_longs_put_whole(l, out);
    put_guard(out, c);
    buf_put_str(out, ";\n");
}

static void put_into(struct buf *out, const struct repair_longs *l, const struct target_table *t,
                     const struct cell *row)
{
    const char *comma = "";
    buf_put_str(out, "INSERT INTO ");
    target_table_put_name(t, out);
    buf_put_str(out, " (");
    for (uint16_t i = 0; i < t->def->column_count; i++) {
        if (!repair_is_stored(t, i, row))
            continue;
        buf_put_str(out, comma);
        db_put_name(out, t->def->columns[i].name);
        comma = ", ";
    }
    buf_put_str(out, ") SELECT ");
    comma = "";
    for (uint16_t i = 0; i < t->def->column_count; i++) {
        if (!repair_is_stored(t, i, row))
            continue;
        buf_put_str(out, comma);
        repair_put_value(out, l, t, i, &row[i]);
        comma = ", ";
    }
}

/* `when`: a further condition. */
static void put_insert(struct buf *out, const struct repair_longs *l, const struct repair_change *c, const char *when)
{
    const struct target_table *t = c->plan->tables[c->side];
    put_into(out, l, t, c->row);
    buf_printf(out, " FROM DUAL WHERE %s", when);
    repair_longs_put_whole(l, out);
    buf_put_str(out, "NOT EXISTS (SELECT 1 FROM ");
    target_table_put_name(t, out);
    buf_put_str(out, " WHERE ");
    plan_put_key_is(c->plan, c->side, c->key, out);
    buf_put_str(out, ");\n");
}

static void put_update(struct buf *out, const struct repair_longs *l, const struct repair_change *c)
{
    const struct target_table *t = c->plan->tables[c->side];
    const char *comma = " SET ";
    buf_put_str(out, "UPDATE ");
    target_table_put_name(t, out);
    for (uint16_t i = 0; i < t->def->column_count; i++) {
        if (!repair_is_to_be_set(t, i, c->row, c->from))
            continue;
        buf_put_str(out, comma);
        db_put_name(out, t->def->columns[i].name);
        buf_put_str(out, " = ");
        repair_put_value(out, l, t, i, &c->row[i]);
        comma = ", ";
    }
    buf_put_str(out, " WHERE ");
    repair_longs_put_whole(l, out);
    put_guard(out, c);
    buf_put_str(out, ";\n");
}

/* Values of another unique key may go round in a circle: all of a batch make room first. */
static void put_exchange(struct repair_file *f, const struct repair_change *c)
{
    struct repair_longs longs;
    char when[64];
    f->exchanged++;
    (void)snprintf(when, sizeof when, "@drc_%" PRIu64 " = 1 AND ", f->exchanged);
    repair_longs_begin(&longs, &f->first, c->plan->tables[c->side], c->row, NULL, f->rows);
    put_delete(&f->first, &longs, c);
    buf_printf(&f->first, "SET @drc_%" PRIu64 " = ROW_COUNT();\n", f->exchanged);
    put_insert(&f->second, &longs, c, when);
    repair_longs_end(&longs, &f->second);
}

static void put_in_place(struct repair_file *f, const struct repair_change *c)
{
    struct repair_longs longs;
    repair_longs_begin(&longs, &f->second, c->plan->tables[c->side], c->row, c->is_there ? c->from : NULL, f->rows);
    if (c->is_there)
        put_update(&f->second, &longs, c);
    else
        put_insert(&f->second, &longs, c, "");
    repair_longs_end(&longs, &f->second);
}

void repair_file_put(struct repair_file *f, const struct repair_change *c)
{
    f->rows++;
    if (!c->row)
        put_delete(&f->first, NULL, c);
    else if (c->is_there && c->plan->tables[c->side]->key_count > 1)
        put_exchange(f, c);
    else
        put_in_place(f, c);
}

/* ---- rows without a key ---- */

static void put_is_copy(struct buf *out, const struct repair_copies *c)
{
    buf_put_str(out, " WHERE ");
    plan_put_row_hash(c->plan, c->side, out);
    buf_put_str(out, " = '");
    buf_put_span(out, c->hash);
    buf_put_str(out, "'");
}

static void put_more_copies(struct buf *out, const struct repair_longs *l, const struct repair_copies *c, uint64_t n)
{
    put_into(out, l, c->plan->tables[c->side], c->row);
    buf_put_str(out, " FROM (SELECT 1");
    for (uint64_t i = 1; i < n; i++)
        buf_put_str(out, " UNION ALL SELECT 1");
    buf_put_str(out, ") AS drc WHERE ");
    repair_longs_put_whole(l, out);
    buf_printf(out, "@drc_copies = %" PRIu64 ";\n", c->from);
}

void repair_file_put_copies(struct repair_file *f, const struct repair_copies *c)
{
    const struct target_table *t = c->plan->tables[c->side];
    struct buf *out = &f->second;
    struct repair_longs longs = {0};
    f->rows++;
    if (c->to > c->from)
        repair_longs_begin(&longs, out, t, c->row, NULL, f->rows);
    buf_put_str(out, "SELECT COUNT(*) INTO @drc_copies FROM ");
    target_table_put_name(t, out);
    put_is_copy(out, c);
    buf_put_str(out, " FOR UPDATE;\n");
    if (c->from > c->to) {
        buf_put_str(out, "DELETE FROM ");
        target_table_put_name(t, out);
        put_is_copy(out, c);
        buf_printf(out, " AND @drc_copies = %" PRIu64 " LIMIT %" PRIu64 ";\n", c->from, c->from - c->to);
    }
    for (uint64_t left = c->to > c->from ? c->to - c->from : 0; left > 0;) {
        uint64_t n = left < COPIES_AT_ONCE ? left : COPIES_AT_ONCE;
        put_more_copies(out, &longs, c, n);
        left -= n;
    }
    repair_longs_end(&longs, out);
}

/* ---- statements as they are ---- */

void repair_file_put_text(struct repair_file *f, struct span statement, bool as_comment, const char *remark)
{
    if (f->failed)
        return; /* it is told at the next flush */
    begin_block(f);
    if (remark)
        fprintf(f->file, "-- %s:\n", remark);
    fputs(as_comment ? "-- " : "", f->file);
    for (size_t i = 0; i < statement.n; i++) {
        fputc(statement.p[i], f->file);
        if (as_comment && statement.p[i] == '\n')
            fputs("-- ", f->file);
    }
    fputs(";\n", f->file);
}
