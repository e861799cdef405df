/* The worker's tables and transactions at the target. */
#include "applier/sink.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "applier/txn.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/target/journal.h"
#include "common/target/row_reader.h"
#include "common/target/session.h"
#include "common/target/standby.h"
#include "common/target/tombstone.h"
#include "conflict/judge.h"

/* ---- tables ---- */

static void put_table_key(struct buf *out, const struct table_def *source)
{
    buf_put_span(out, source->db);
    buf_put_u8(out, 0);
    buf_put_span(out, source->name);
}

static int load_table(struct sink *s, const struct table_def *source, struct target_table **out, struct err *err)
{
    struct buf key = {0};
    int found = 1;
    put_table_key(&key, source);
    *out = map_get(&s->tables, buf_span(&key));
    if (!*out) {
        found = target_table_load(out, s->db, source->db, source->name, err);
        if (found == 1)
            *map_ref(&s->tables, buf_span(&key)) = *out;
    }
    buf_free(&key);
    return found;
}

const char *sink_kind_name(int kind)
{
    static const char *const others[] = {[SINK_KIND_PARKED - CONFLICT_KIND_COUNT] = JOURNAL_PARKED,
                                         [SINK_KIND_DDL - CONFLICT_KIND_COUNT] = JOURNAL_DDL,
                                         [SINK_KIND_ACT - CONFLICT_KIND_COUNT] = JOURNAL_OPERATOR_ACT};
    return kind < CONFLICT_KIND_COUNT ? conflict_kind_name((enum conflict_kind)kind)
                                      : others[kind - CONFLICT_KIND_COUNT];
}

void sink_add_conflicts(struct sink_counts *c, const struct sink_counts *more)
{
    c->conflicts += more->conflicts;
    for (int i = 0; i < SINK_KINDS; i++)
        c->kinds[i] += more->kinds[i];
    for (int i = 0; i < CONFLICT_CAUSE_COUNT; i++)
        c->causes[i] += more->causes[i];
}

const struct policy_rule *policy_of_table(const struct sink *s, const struct table_def *t)
{
    char *db = xasprintf("%.*s", SPAN_ARG(t->db)), *name = xasprintf("%.*s", SPAN_ARG(t->name));
    const struct policy_rule *rule = policy_for(&s->config->conflicts, db, name);
    free(db);
    free(name);
    return rule;
}

/* A table's own rule has to fit it. One for a whole pair reaches tables that cannot follow it: said once, before the
 * first conflict stops the link. */
static int check_rule(const struct sink *s, const struct policy_rule *rule, const struct table_def *t, struct err *err)
{
    struct err found = {0};
    if (conflict_rule_fits(rule, t, &found) == 0)
        return 0;
    if (rule->table)
        return err_fatal(err, EXIT_BAD_CONFIG, "%s:%d: conflicts of %s.%s: %s; mend the rule or the table",
                         s->config->path, rule->line, rule->db, rule->table, found.text);
    log_event(MSG_RULE_STOPS, log_detail(found.text));
    return 0;
}

/* Differences of columns that the rule ignores are none. */
static void narrow(struct convert_plan *plan, const struct policy_rule *rule)
{
    const struct table_def *t = plan->table->def;
    if (rule->ignore_count == 0)
        return;
    bool *ignore = arena_zalloc(&plan->arena, t->column_count * sizeof *ignore);
    for (uint16_t i = 0; plan->ignore && i < t->column_count; i++)
        ignore[i] = plan->ignore[i];
    for (size_t i = 0; i < rule->ignore_count; i++) {
        int k = table_def_find(t, span_str(rule->ignore[i]));
        if (k >= 0)
            ignore[k] = true;
    }
    plan->ignore = ignore;
}

/* ---- how rows of a definition go ---- */

static void forget_columns(struct sink *s, struct span source)
{
    if (!map_get(&s->columns, source))
        return;
    void **known = map_ref(&s->columns, source);
    free(*known);
    *known = NULL;
}

const uint8_t *sink_columns(struct sink *s, const struct rows *rows)
{
    const struct table_def *source = rows->table;
    const uint8_t *brought = rows_columns(rows);
    const struct span key = span_of(&source, sizeof source);
    if (!brought && rows->op == ROWS_INSERT)
        return map_get(&s->columns, key);
    if (!brought) { /* the source computes nothing any more of what these would lack */
        forget_columns(s, key);
        return NULL;
    }
    void **known = map_ref(&s->columns, key);
    if (!*known)
        *known = xmalloc(table_bitmap_len(source));
    memcpy(*known, brought, table_bitmap_len(source));
    return *known;
}

struct plan_key {
    const struct table_def *source;
    uint8_t columns[TABLE_COLUMNS_MAX / 8];
};

static struct span plan_key(struct plan_key *key, const struct table_def *source, const uint8_t *columns)
{
    key->source = source;
    if (columns)
        memcpy(key->columns, columns, table_bitmap_len(source));
    return span_of(key, offsetof(struct plan_key, columns) + (columns ? table_bitmap_len(source) : 0));
}

static struct span source_of(struct span plan_key)
{
    return span_of(plan_key.p, offsetof(struct plan_key, columns));
}

int sink_table(struct sink *s, const struct table_def *source, const uint8_t *columns, const struct convert_plan **out,
               struct buf *why, struct err *err)
{
    struct plan_key key;
    const struct span known = plan_key(&key, source, columns);
    struct convert_plan *plan = map_get(&s->plans, known);
    struct target_table *t;
    if (plan) {
        *out = plan;
        return 1;
    }
    struct err found_err = {0};
    int found = load_table(s, source, &t, &found_err);
    buf_printf(why, "table `%.*s`.`%.*s`: ", SPAN_ARG(source->db), SPAN_ARG(source->name));
    if (found < 0 && found_err.class == ERR_DATA) {
        buf_put_str(why, found_err.text);
        return 0;
    }
    if (found < 0) {
        *err = found_err;
        return -1;
    }
    if (found == 0) {
        buf_put_str(why, "there is no such table at the target");
        return 0;
    }
    if (!convert_plan_make(&plan, t, source, columns, why)) {
        sink_forget_table(s, t);
        return 0;
    }
    buf_clear(why);
    const struct policy_rule *rule = policy_of_table(s, t->def);
    if (check_rule(s, rule, t->def, err)) {
        convert_plan_free(&plan);
        sink_forget_table(s, t);
        return -1;
    }
    narrow(plan, rule);
    *map_ref(&s->plans, known) = plan;
    *out = plan;
    return 1;
}

/* Those into one table; NULL: all. Plans into others may be in use. */
static void forget_plans(struct sink *s, const struct target_table *t)
{
    struct map kept = {0};
    size_t i = 0;
    struct span key;
    void *value;
    while (map_next(&s->plans, &i, &key, &value)) {
        struct convert_plan *plan = value;
        if (t && plan->table != t) {
            *map_ref(&kept, key) = plan;
            continue;
        }
        forget_columns(s, source_of(key));
        convert_plan_free(&plan);
    }
    map_free(&s->plans);
    s->plans = kept;
}

void sink_forget_table(struct sink *s, const struct target_table *t)
{
    struct buf key = {0};
    put_table_key(&key, t->def);
    struct target_table *mine = map_get(&s->tables, buf_span(&key));
    assert(mine == t);
    schedule_note_changed_table(s->schedule);
    *map_ref(&s->tables, buf_span(&key)) = NULL;
    buf_free(&key);
    forget_plans(s, t);
    row_reader_free(&s->reader); /* its statements are those of the tables */
    target_table_free(&mine);
}

struct row_reader *sink_reader(struct sink *s)
{
    if (!s->reader)
        s->reader = row_reader_new(s->db);
    return s->reader;
}

void sink_forget_tables(struct sink *s)
{
    forget_plans(s, NULL);
    size_t i = 0;
    struct span key;
    void *value;
    row_reader_free(&s->reader);
    while (map_next(&s->columns, &i, &key, &value))
        forget_columns(s, key);
    i = 0;
    while (map_next(&s->tables, &i, &key, &value)) {
        struct target_table *t = value;
        target_table_free(&t);
    }
    map_clear(&s->tables);
}

void sink_renew_tables(struct sink *s)
{
    uint64_t changes = schedule_table_changes(s->schedule);
    if (changes != s->tables_as_of)
        sink_forget_tables(s);
    s->tables_as_of = changes;
}

/* ---- transactions ---- */

static int begin(struct sink *s, const struct ledger_state *next, struct err *err)
{
    map_clear(&s->touched);
    causal_forget(s->causal);
    if (target_session_begin(s->db, err))
        return -1;
    int rc = s->standby ? standby_hold(s->db, s->standby, err) : 0;
    if (rc == 0)
        rc = ledger_write(s->db, &s->slot, next, err);
    if (rc)
        sink_rollback(s);
    return rc;
}

int sink_begin(struct sink *s, struct txn *const *txns, size_t count, struct err *err)
{
    struct ledger_state next;
    schedule_state_with(s->schedule, &next, s->slot.slot, txns, count);
    int rc = begin(s, &next, err);
    ledger_state_free(&next);
    return rc;
}

int sink_begin_aside(struct sink *s, struct err *err)
{
    return sink_begin(s, NULL, 0, err);
}

int sink_send_tombstones(struct sink *s, struct err *err)
{
    if (!s->tombstones || tombstone_batch_is_empty(s->tombstones))
        return 0;
    return target_session_now(s->db, err) || tombstone_batch_send(s->tombstones, s->db, err) ? -1 : 0;
}

static int commit(struct sink *s, size_t count, struct err *err)
{
    if (sink_send_tombstones(s, err) || causal_send(s->causal, s->db, err))
        return -1;
    s->unsettled = true;
    s->committing = count;
    if (db_exec(s->db, "COMMIT", err))
        return -1;
    s->unsettled = false;
    ledger_committed(&s->slot);
    causal_committed(s->causal);
    return 0;
}

int sink_commit_aside(struct sink *s, struct err *err)
{
    return commit(s, 0, err);
}

int sink_commit(struct sink *s, struct txn *const *txns, size_t count, struct err *err)
{
    if (commit(s, count, err))
        return -1;
    schedule_committed(s->schedule, s->slot.slot, txns, count);
    return 0;
}

static void drop_gathered(struct sink *s)
{
    rows_writer_drop(s->writer);
    if (s->tombstones)
        tombstone_batch_drop(s->tombstones);
}

int sink_mark(struct sink *s, struct err *err)
{
    if (sink_send_tombstones(s, err))
        return -1;
    causal_mark(s->causal);
    s->marked = s->counts;
    return db_exec(s->db, "SAVEPOINT drc_mark", err);
}

int sink_undo(struct sink *s, struct err *err)
{
    drop_gathered(s);
    causal_undo(s->causal);
    s->counts = s->marked;
    return db_exec(s->db, "ROLLBACK TO SAVEPOINT drc_mark", err);
}

void sink_rollback(struct sink *s)
{
    drop_gathered(s);
    db_rollback(s->db);
}
