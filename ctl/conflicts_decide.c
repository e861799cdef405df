/* Carrying a decision out: entry and row under lock, the row as the journal says it is, then written, put down, COMMIT.
 *
 * The transaction begins with the user's row, or with the journal's, never with drc.ledger: to capture it is a local
 * write like any other, and goes on to the other regions. */
#include "ctl/conflicts_decide.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "common/model/act.h"
#include "common/target/parked.h"
#include "common/target/session.h"
#include "ctl/command.h"
#include "ctl/conflicts_value.h"

#define NO_ROW "none" /* instead of a hash */

/* ---- the entry ---- */

static void find_link(struct decide *d)
{
    for (size_t i = 0; i < d->config->link_count; i++) {
        const struct link_config *l = &d->config->links[i];
        size_t n = strlen(l->from);
        if (strncmp(d->entry.link, l->from, n) == 0 && d->entry.link[n] == ':' &&
            strcmp(d->entry.link + n + 1, l->to) == 0)
            d->link = l;
    }
}

static int take_entry(struct decide *d, struct err *err)
{
    uint64_t id = d->arguments->base.query.id;
    int rc = journal_take(&d->entry, d->db, id, &d->arena, err);
    if (rc == 0)
        return err_fatal(err, EXIT_BAD_USAGE, "no entry has the ID %" PRIu64, id);
    if (rc == 1)
        find_link(d);
    return rc == 1 ? 0 : -1;
}

static bool is_parked(const struct decide *d)
{
    return strcmp(d->entry.verdict, conflict_verdict_name(VERDICT_PARK)) == 0;
}

static int check_state(const struct decide *d, struct err *err)
{
    const struct journal_taken *e = &d->entry;
    bool resolved = strcmp(e->state, JOURNAL_RESOLVED) == 0;
    if (!d->arguments->undo && resolved)
        return err_fatal(err, EXIT_BAD_USAGE,
                         "it is resolved already, by %s at %s: `drcctl conflicts undo %" PRIu64 "` comes first",
                         e->resolved_by, e->resolved_at, e->id);
    if (d->arguments->undo && !resolved)
        return err_fatal(err, EXIT_BAD_USAGE, "it is %s: only what is resolved can be undone", e->state);
    if (d->arguments->undo && !e->undo.table)
        return err_fatal(err, EXIT_BAD_USAGE,
                         "its resolution changed no row of this target: there is nothing to undo%s",
                         is_parked(d) ? "; see drcctl parked" : "");
    if (!d->arguments->undo && !is_parked(d) && !e->images.table)
        return err_fatal(err, EXIT_BAD_USAGE, "it is about no single row (kind %s): there is nothing to resolve",
                         e->kind);
    return 0;
}

/* ---- the row ---- */

static const struct journal_images *images_of(const struct decide *d)
{
    return d->arguments->undo ? &d->entry.undo : &d->entry.images;
}

/* What the row has to be for the decision to be one about what the operator has seen. */
static const struct cell *expected(const struct decide *d)
{
    return images_of(d)->images[JOURNAL_RESULT];
}

static void put_hash(struct buf *out, const struct table_def *t, const struct cell *row)
{
    if (row)
        buf_printf(out, "%016" PRIx64, journal_row_hash(t, row));
    else
        buf_put_str(out, NO_ROW);
}

static int guard(struct decide *d, struct err *err)
{
    const struct journal_images *images = images_of(d);
    struct buf then = {0}, now = {0};
    bool same;
    if (conflicts_row_is(&d->row, expected(d), &same, err))
        return -1;
    if (same)
        return 0;
    put_hash(&then, images->table, expected(d));
    put_hash(&now, d->row.table->def, d->row.now);
    bool meant = d->arguments->over && strcmp(d->arguments->over, buf_cstr(&now)) == 0;
    if (!meant)
        (void)err_fatal(err, EXIT_UNSAFE,
                        "the row %s of %s.%s has been changed since it was %s (hash then %s, now %s): nothing is done; "
                        "look at both again%s%s",
                        d->entry.row_key, d->entry.db, d->entry.tbl, d->arguments->undo ? "resolved" : "decided upon",
                        buf_cstr(&then), buf_cstr(&now),
                        d->arguments->undo ? "" : "; to replace what is there now: --over ",
                        d->arguments->undo ? "" : buf_cstr(&now));
    buf_free(&then);
    buf_free(&now);
    return meant ? 0 : -1;
}

static int set_column(const struct decide *d, struct cell *cells, const char *set, struct err *err)
{
    const struct target_table *t = d->row.table;
    size_t n = strcspn(set, "=");
    int i = table_def_find(t->def, span_of(set, n));
    if (i < 0)
        return err_fatal(err, EXIT_BAD_USAGE, "--set: %s.%s has no column `%.*s`", d->entry.db, d->entry.tbl, (int)n,
                         set);
    return conflicts_value_parse(&cells[i], &t->def->columns[i], &t->columns[i], set + n + 1, d->row.arena, err);
}

static const struct cell *taken_image(const struct decide *d)
{
    static const struct {
        const char *name;
        enum journal_image image;
    } sides[] = {
        {"source", JOURNAL_INCOMING},
        {"target", JOURNAL_LOCAL   },
        {"before", JOURNAL_BEFORE  },
    };
    for (size_t i = 0; d->arguments->take && i < sizeof sides / sizeof *sides; i++)
        if (strcmp(d->arguments->take, sides[i].name) == 0)
            return d->entry.images.images[sides[i].image];
    return NULL;
}

static int find_wanted(const struct decide *d, const struct cell **out, struct err *err)
{
    const struct decide_arguments *a = d->arguments;
    if (conflicts_row_cells(&d->row, a->undo ? d->entry.undo.images[JOURNAL_BEFORE] : taken_image(d), out, err))
        return -1;
    if (a->set_count == 0)
        return 0;
    const struct cell *base = a->take ? *out : d->row.now;
    if (!base)
        return err_fatal(err, EXIT_BAD_USAGE,
                         "--set: there is no row whose columns could be set; say --take as well, "
                         "for an image that is one");
    size_t size = d->row.table->def->column_count * sizeof *base;
    struct cell *cells = arena_alloc(d->row.arena, size);
    memcpy(cells, base, size);
    for (size_t i = 0; i < a->set_count; i++)
        if (set_column(d, cells, a->sets[i], err))
            return -1;
    *out = cells;
    return 0;
}

static int write_row(struct decide *d, struct err *err)
{
    const struct cell *wanted;
    if (find_wanted(d, &wanted, err))
        return -1;
    if (conflicts_row_write(&d->row, wanted, &d->became, err) == 0)
        return 0;
    if (err->class == ERR_DATA) {
        struct buf shown = {0};
        struct err server = *err;
        (void)err_fatal(err, EXIT_UNSAFE, "the target refuses the row: %s",
                        mask_server_text(&d->config->conflict_mask, d->row.table->def, server.text, &shown));
        buf_free(&shown);
    }
    return -1;
}

static int decide_row(struct decide *d, struct err *err)
{
    const struct journal_images *i = images_of(d);
    const struct cell *const keys[] = {i->images[JOURNAL_RESULT], i->images[JOURNAL_LOCAL], i->images[JOURNAL_BEFORE],
                                       i->images[JOURNAL_INCOMING]};
    return conflicts_row_find(&d->row, keys, sizeof keys / sizeof *keys, err) || guard(d, err) || write_row(d, err) ? -1
                                                                                                                    : 0;
}

/* ---- putting it down ---- */

static void put_details(const struct decide *d, struct buf *out)
{
    const struct decide_arguments *a = d->arguments;
    buf_printf(out, "{\"entry\": %" PRIu64 ", \"done\": \"%s\"", d->entry.id,
               d->parked ? d->parked : conflicts_row_change(d->row.now, d->became, d->row.table->def));
    if (a->take)
        buf_printf(out, ", \"take\": \"%s\"", a->take);
    for (size_t i = 0; i < a->set_count; i++) {
        buf_put_str(out, i ? ", \"" : ", \"set\": [\"");
        utf8_put_json(out, span_of(a->sets[i], strcspn(a->sets[i], "=")));
        buf_put_str(out, i + 1 == a->set_count ? "\"]" : "\"");
    }
    buf_put_str(out, "}");
}

/* The entry, and an act of its own, so that one sees what became of it even after it was undone and resolved again. */
static int put_down(struct decide *d, struct err *err)
{
    const struct decide_arguments *a = d->arguments;
    const struct journal_images undo = {
        .table = d->parked ? NULL : d->row.table->def,
        .images = {[JOURNAL_BEFORE] = d->row.now, [JOURNAL_RESULT] = d->became},
    };
    struct gtid none = {0};
    struct buf details = {0};
    char *who = command_who();
    put_details(d, &details);
    const struct journal_decision decision = {
        .id = d->entry.id,
        .state = a->undo ? JOURNAL_UNDONE : JOURNAL_RESOLVED,
        .who = who,
        .why = a->why ? a->why : "",
        .details = buf_span(&details),
        .undo = a->undo || d->parked ? NULL : &undo,
    };
    const struct act act = {.kind = span_str(a->undo ? "conflict-undo" : "conflict-resolve"),
                            .who = span_str(who),
                            .at_us = clock_wall_us(),
                            .why = span_str(decision.why),
                            .details = buf_span(&details)};
    const struct journal_act entry = {.link = d->entry.link, .gtid = &none, .seq = 0, .act = &act};
    int rc = journal_decide(d->db, &decision, err) || journal_write_act(d->db, &entry, err) ? -1 : 0;
    buf_free(&details);
    free(who);
    return rc;
}

/* ---- all of it ---- */

static int in_transaction(struct decide *d, struct err *err)
{
    if (take_entry(d, err) || check_state(d, err))
        return -1;
    if (is_parked(d) ? decide_parked(d, err) : decide_row(d, err))
        return -1;
    return put_down(d, err);
}

/* What the writers need of the session comes before the transaction: so the entry is read once without its lock. */
static int prepare(struct decide *d, struct err *err)
{
    if (take_entry(d, err) || check_state(d, err))
        return -1;
    if (is_parked(d))
        return 0;
    enum apply_writer writer = d->link ? d->link->writer : APPLY_WRITER_BINLOG;
    return conflicts_row_open(&d->row, d->db, images_of(d)->table, writer, d->arguments->set_count > 0, &d->arena, err);
}

int decide_run(struct decide *d, struct err *err)
{
    if (prepare(d, err) || target_session_begin(d->db, err))
        return -1;
    if (in_transaction(d, err) == 0)
        return db_exec(d->db, d->arguments->dry_run ? "ROLLBACK" : "COMMIT", err);
    db_rollback(d->db);
    return -1;
}

int decide_parked(struct decide *d, struct err *err)
{
    const struct decide_arguments *a = d->arguments;
    bool retry = a->take && strcmp(a->take, "source") == 0, discard = a->take && strcmp(a->take, "target") == 0;
    uint64_t met = 0;
    if ((!retry && !discard) || a->set_count > 0)
        return err_fatal(err, EXIT_BAD_USAGE,
                         "its transaction is parked: --take source has it tried again, --take target gives it up");
    if (!d->link)
        return err_fatal(err, EXIT_BAD_USAGE, "the pair has no link %s any more", d->entry.link);
    char *topic = config_topic(d->config, d->link->from);
    int rc = parked_ask(d->db, topic, d->entry.seq, retry ? PARKED_RETRY : PARKED_DISCARD, &met, err);
    free(topic);
    if (rc == 0 && met == 0)
        return err_fatal(err, EXIT_UNSAFE, "its transaction (seq %" PRIu64 ") is parked no more: nothing is done",
                         d->entry.seq);
    d->parked = retry ? "retry" : "discard";
    return rc;
}
