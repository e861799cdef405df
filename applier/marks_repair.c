/* Repairs: each row by itself; then what stood in another one's way; and values that two rows have to exchange. */
#include "applier/bury.h"
#include "applier/conflict_entry.h"
#include "applier/marks_private.h"
#include "common/target/rows_writer.h"

#define SAVE "SAVEPOINT drc_repair"
#define BACK "ROLLBACK TO SAVEPOINT drc_repair"

static int put(struct sink *s, const struct marked *m, const struct cell *before, const struct cell *after,
               const uint8_t *present, uint16_t flags, struct err *err)
{
    const struct target_table *t = m->plan->table;
    struct buf image = {0};
    if (before)
        image_put(before, t->def, present, &image);
    if (after)
        image_put(after, t->def, present, &image);
    const struct rows row = {.table = t->def,
                             .op = !before  ? ROWS_INSERT
                                   : !after ? ROWS_DELETE
                                            : ROWS_UPDATE,
                             .flags = flags,
                             .count = 1,
                             .images = buf_span(&image),
                             .present_before = present,
                             .present_after = present};
    int rc = rows_writer_put(s->writer, t, &row, err) || rows_writer_flush(s->writer, err) ? -1 : 0;
    buf_free(&image);
    if (rc)
        rows_writer_drop(s->writer);
    return rc;
}

/* A row that no packet carries makes an ordinary change wait for the operator; nobody waits for a repair. */
static bool is_refusal(const struct err *err)
{
    return err->class == ERR_DATA || (err->class == ERR_RETRY && err->code == (int)SERVER_PACKET_TOO_LARGE);
}

static void refuse(const struct sink *s, struct marked *m, const struct err *err)
{
    struct buf said = {0};
    mark_say(m, REPAIR_REFUSED, mask_server_text(&s->config->conflict_mask, m->plan->table->def, err->text, &said));
    buf_free(&said);
}

static int done(struct sink *s, const struct txn *txn, struct marked *m, struct err *err)
{
    const struct table_def *def = m->plan->table->def;
    const struct conflict_place place = {.sink = s, .txn = txn, .table = def, .rule = policy_of_table(s, def)};
    m->reply.answer = REPAIR_DONE;
    return m->wanted ? 0 : bury_row(&place, m->local, err);
}

/* 1: written; 0: refused, for what stands in `refusal`; -1. */
static int write_one(struct sink *s, const struct txn *txn, struct marked *m, struct err *refusal, struct err *err)
{
    struct err found = {0};
    if (put(s, m, m->local, m->wanted, m->plan->present, 0, &found) == 0)
        return done(s, txn, m, err) ? -1 : 1;
    *(is_refusal(&found) ? refusal : err) = found;
    return is_refusal(&found) ? 0 : -1;
}

static bool is_open(const struct marked *m)
{
    return m->reply.answer == REPAIR_NONE;
}

/* What came of one look at all of them. */
struct pass {
    size_t clashes; /* how many another row's value keeps out */
    size_t waiting; /* how many a child or a missing parent does: refused for now */
    size_t written;
};

static int write_each(struct sink *s, const struct txn *txn, struct marked *list, size_t n, struct pass *out,
                      struct err *err)
{
    *out = (struct pass){0};
    for (size_t i = 0; i < n; i++) {
        struct err refusal = {0};
        if (!is_open(&list[i]))
            continue;
        int rc = write_one(s, txn, &list[i], &refusal, err);
        if (rc < 0)
            return -1;
        out->written += rc == 1;
        out->clashes += rc == 0 && refusal.code == (int)SERVER_DUPLICATE_KEY;
        if (rc == 0 && refusal.code != (int)SERVER_DUPLICATE_KEY) {
            list[i].in_the_way = refusal.code == (int)SERVER_HAS_CHILD || refusal.code == (int)SERVER_NO_PARENT;
            out->waiting += list[i].in_the_way;
            refuse(s, &list[i], &refusal);
        }
    }
    return 0;
}

static void reopen(struct marked *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i].in_the_way)
            list[i].reply.answer = REPAIR_NONE;
        list[i].in_the_way = false;
    }
}

/* The row as it is to be when it comes back: columns that only the target has stay what they are, those that it
 * computes it computes anew. It does not do both for one row. */
static int put_back(struct sink *s, const struct marked *m, struct arena *a, struct err *err)
{
    const struct table_def *def = m->plan->table->def;
    struct cell *row = arena_alloc(a, def->column_count * sizeof *row);
    bool computed = false, kept = false;
    for (uint16_t i = 0; i < def->column_count; i++) {
        bool absent = m->wanted[i].absent;
        computed = computed || (absent && def->columns[i].generated);
        kept = kept || (absent && !def->columns[i].generated);
        row[i] = absent && m->local ? m->local[i] : m->wanted[i];
    }
    if (computed && kept && m->local)
        return err_data(err, "its unique value is another row's, and the target has a generated column and one of its "
                             "own: mend it by hand");
    return kept && m->local ? put(s, m, NULL, row, NULL, 0, err) : put(s, m, NULL, m->wanted, m->plan->present, 0, err);
}

/* Rows whose unique values go round in a circle: all of them out of the way first, without foreign keys being asked,
 * which sees them all back before it is over. */
static int exchange(struct sink *s, struct marked *list, size_t n, struct arena *a, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (is_open(&list[i]) && list[i].local &&
            put(s, &list[i], list[i].local, NULL, NULL, ROWS_NO_FOREIGN_KEY_CHECKS, err))
            return -1;
    for (size_t i = 0; i < n; i++) {
        if (is_open(&list[i]) && list[i].wanted && put_back(s, &list[i], a, err))
            return -1;
    }
    return 0;
}

static int finish_exchange(struct sink *s, const struct txn *txn, struct marked *list, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (is_open(&list[i]) && done(s, txn, &list[i], err))
            return -1;
    return 0;
}

static int exchange_all(struct sink *s, const struct txn *txn, struct marked *list, size_t n, struct err *err)
{
    struct arena arena = {0};
    struct err found = {0};
    int rc = db_exec(s->db, SAVE, err);
    if (rc == 0 && exchange(s, list, n, &arena, &found) == 0) {
        rc = finish_exchange(s, txn, list, n, err);
    } else if (rc == 0 && is_refusal(&found)) {
        rc = db_exec(s->db, BACK, err);
        for (size_t i = 0; i < n; i++)
            if (is_open(&list[i]))
                refuse(s, &list[i], &found);
    } else if (rc == 0) {
        *err = found;
        rc = -1;
    }
    arena_free(&arena);
    return rc;
}

int marks_repair(struct sink *s, const struct txn *txn, struct marked *list, size_t n, struct err *err)
{
    struct pass pass;
    for (;;) { /* one that went out of the way may let another one in; a row's parent may be in the same table */
        if (write_each(s, txn, list, n, &pass, err))
            return -1;
        if (pass.written == 0 || pass.clashes + pass.waiting == 0)
            break;
        reopen(list, n);
    }
    return pass.clashes > 0 ? exchange_all(s, txn, list, n, err) : 0;
}
