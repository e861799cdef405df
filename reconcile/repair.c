/* The queue of rows, their direction, and their outcomes; repair_batch.c brings them about. */
#include "reconcile/repair.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "reconcile/direction.h"
#include "reconcile/repair_private.h"

#define LATER_MOST 100000u
#define PASSES_MOST 10

/* ---- beginning and end ---- */

static int check_winner(const struct run *run, const char *region, struct err *err)
{
    const char *const *r = run->wishes->regions;
    if (!region || strcmp(region, r[0]) == 0 || strcmp(region, r[1]) == 0)
        return 0;
    return err_fatal(err, EXIT_BAD_USAGE, "--winner %s: the pair is %s,%s", region, r[0], r[1]);
}

int repair_open(struct repair **out, struct run *run, struct err *err)
{
    const struct repair_wishes *w = &run->wishes->repair;
    *out = NULL;
    if (!repair_wished(w))
        return 0;
    if (check_winner(run, w->winner, err))
        return -1;
    for (int c = 0; c < DIFFERENCE_CLASSES; c++)
        if (check_winner(run, w->winner_of[c], err))
            return -1;
    struct repair *r = xcalloc(1, sizeof *r);
    r->run = run;
    r->wishes = w;
    r->marker = marker_new(run->config, run->wishes->regions, NULL);
    r->links = links_new(run->config, run->wishes->regions, run->stop);
    if (repair_open_files(r, err)) {
        repair_free(&r);
        return -1;
    }
    *out = r;
    return 0;
}

void repair_free(struct repair **repair)
{
    struct repair *r = *repair;
    if (!r)
        return;
    for (int side = 0; side < 2; side++) {
        repair_file_close(&r->sql[side]);
        repair_file_close(&r->undo[side]);
    }
    marker_free(&r->marker);
    links_free(&r->links);
    arena_free(&r->noted_arena);
    arena_free(&r->later_arena);
    free(r->later);
    free(r);
    *repair = NULL;
}

/* ---- what is told ---- */

static void put_string(struct buf *out, const char *name, struct span v)
{
    buf_printf(out, "\"%s\": \"", name);
    utf8_put_json(out, v);
    buf_put_str(out, "\"");
}

/* The key, but for values that are told nowhere. */
static void put_key(const struct repair *r, const struct plan *plan, const struct span *key, struct buf *out)
{
    const struct table_def *t = plan->tables[0]->def;
    buf_put_str(out, "{");
    for (uint16_t i = 0; i < plan->key_count; i++) {
        const struct value *v = &plan->key[i].of[0];
        buf_put_str(out, i == 0 ? "\"" : ", \"");
        utf8_put_json(out, v->c->name);
        buf_put_str(out, "\": ");
        if (mask_has(&r->run->mask, t, (uint16_t)(v->c - t->columns)))
            buf_put_str(out, "{\"masked\": true}");
        else
            value_put_json(out, v, key[i]);
    }
    buf_put_str(out, "}");
}

/* A statement on one line: newlines go, but for those of names and texts, which are told as escapes. */
static void put_one_line(struct buf *out, struct span sql)
{
    char quote = '\0';
    for (size_t i = 0; i < sql.n; i++) {
        char c = (char)sql.p[i];
        if (quote == '\0' && (c == '`' || c == '\'' || c == '"'))
            quote = c;
        else if (c == quote)
            quote = '\0';
        if (c == '\n' && quote == '\0')
            buf_put_str(out, " ");
        else if (c == '\n')
            buf_put_str(out, "\\x0A");
        else
            buf_put(out, &c, 1);
    }
    buf_put_str(out, ";");
}

/* `sql`: what an operator can do about it by hand; empty: nothing. */
static void tell_item(struct repair *r, struct span db, struct span table, struct span key, const char *outcome,
                      const char *why, struct span sql)
{
    struct buf json = {0}, text = {0};
    put_string(&json, "db", db);
    buf_put_str(&json, ", ");
    put_string(&json, "table", table);
    buf_put_str(&json, ", \"key\": ");
    buf_put_span(&json, key);
    buf_printf(&json, ", \"outcome\": \"%s\"", outcome);
    if (*why) {
        buf_put_str(&json, ", ");
        put_string(&json, "detail", span_str(why));
    }
    if (sql.n > 0) {
        buf_put_str(&json, ", ");
        put_string(&json, "sql", sql);
    }
    buf_printf(&text, "%s ", outcome);
    utf8_put_printable(&text, db, 200);
    buf_put_str(&text, ".");
    utf8_put_printable(&text, table, 200);
    if (key.n > 2) {
        buf_put_str(&text, " ");
        utf8_put_printable(&text, key, 400);
    }
    if (*why) {
        buf_put_str(&text, ": ");
        utf8_put_printable(&text, span_str(why), 400);
    }
    if (sql.n > 0) {
        buf_put_str(&text, "\n      by hand: ");
        put_one_line(&text, sql);
    }
    const struct report_item item = {.type = "repair", .json = buf_span(&json), .text = buf_span(&text)};
    meter_clear(r->run->meter);
    report_item(r->run->report, &item);
    buf_free(&json);
    buf_free(&text);
}

static const char *const outcome_names[REPAIR_OUTCOMES] = {
    [OUTCOME_REPAIRED] = "repaired", [OUTCOME_WRITTEN] = "written",      [OUTCOME_WOULD] = "would_repair",
    [OUTCOME_EQUAL] = "equal",       [OUTCOME_MOVED] = "moved",          [OUTCOME_REFUSED] = "refused",
    [OUTCOME_PARKED] = "parked",     [OUTCOME_UNANSWERED] = "no_answer", [OUTCOME_PASSED_OVER] = "not_repaired",
};

void repair_outcome(struct repair *r, const struct repair_row *row, enum repair_outcome o, const char *why)
{
    static const bool silent[REPAIR_OUTCOMES] = {
        [OUTCOME_REPAIRED] = true, [OUTCOME_WRITTEN] = true, [OUTCOME_EQUAL] = true};
    struct buf key = {0};
    r->counts[o]++;
    if (silent[o])
        return;
    put_key(r, row->plan, row->key, &key);
    tell_item(r, row->plan->tables[0]->def->db, row->plan->tables[0]->def->name, buf_span(&key), outcome_names[o], why,
              (struct span){0});
    buf_free(&key);
}

void repair_table_outcome(struct repair *r, struct span db, struct span table, enum repair_outcome o, const char *why,
                          struct span sql)
{
    r->counts[o]++;
    tell_item(r, db, table, span_str("{}"), outcome_names[o], why, sql);
}

/* ---- direction ---- */

static int side_of(const struct run *run, const char *region)
{
    return strcmp(region, run->wishes->regions[0]) == 0 ? 0 : 1;
}

/* Of a one-way link its source; of two what the table's rule says. -1: nobody says. */
static int winner_by_policy(const struct repair *r, const struct difference *d)
{
    const struct run *run = r->run;
    bool there = marker_has_link(r->marker, 0), back = marker_has_link(r->marker, 1);
    if (there != back)
        return there ? 0 : 1;
    struct buf db = {0}, name = {0};
    buf_put_span(&db, d->db);
    buf_put_span(&name, d->table);
    const struct policy_rule *rule = policy_for(&run->config->conflicts, buf_cstr(&db), buf_cstr(&name));
    buf_free(&db);
    buf_free(&name);
    return direction_by_rule(rule, run->wishes->regions, d);
}

int repair_winner(const struct repair *r, const struct difference *d)
{
    const struct repair_wishes *w = r->wishes;
    if (w->winner_of[d->class])
        return side_of(r->run, w->winner_of[d->class]);
    return w->winner ? side_of(r->run, w->winner) : winner_by_policy(r, d);
}

/* ---- the queue ---- */

static const struct span *copy_key(struct arena *a, const struct plan *plan, const struct span *key)
{
    struct span *copy = arena_alloc(a, plan->key_count * sizeof *copy);
    for (uint16_t i = 0; i < plan->key_count; i++)
        copy[i] = arena_copy(a, key[i]);
    return copy;
}

static void send(struct repair *r)
{
    repair_batch(r, r->noted, r->noted_count);
    r->noted_count = 0;
    arena_reset(&r->noted_arena);
}

static void note(struct repair *r, const struct plan *plan, const struct span *key, enum difference_class class,
                 int winner)
{
    struct repair_row *row = &r->noted[r->noted_count++];
    *row = (struct repair_row){.plan = plan, .class = class, .winner = winner};
    row->key = copy_key(&r->noted_arena, plan, key);
    if (r->noted_count == REPAIR_ROUND)
        send(r);
}

void repair_note(struct repair *r, const struct plan *plan, const struct span *key, const struct difference *d)
{
    note(r, plan, key, d->class, repair_winner(r, d));
}

/* Statements for a file wait for the end of their table. */
static void flush_sql(struct repair *r)
{
    struct err err = {0};
    for (int side = 0; r->wishes->sql_path && side < 2; side++)
        if ((r->sql[side] && repair_file_flush(r->sql[side], &err)) ||
            (r->undo[side] && repair_file_flush(r->undo[side], &err)))
            report_problem(r->run->report, err.text);
}

void repair_table_end(struct repair *r, const struct plan *plan, struct span db, struct span table,
                      const struct table_counts *counts)
{
    if (!r)
        return;
    send(r);
    flush_sql(r);
    if (plan && plan->key_count == 0 && table_counts_found(counts) > counts->found[DIFFERENCE_DEFINITION])
        repair_copies_end(r, plan);
    else if (!plan && table_counts_found(counts) > 0)
        repair_table(r, db, table, counts->found[DIFFERENCE_MISSING] > 0 ? 0 : 1);
}

/* ---- what others stood in the way of ---- */

void repair_later(struct repair *r, const struct repair_row *row, const char *why)
{
    const struct table_def *t = row->plan->tables[0]->def;
    if (r->last_pass || r->later_count >= LATER_MOST) {
        repair_outcome(r, row, OUTCOME_REFUSED, why);
        return;
    }
    if (r->later_count == r->later_cap) {
        r->later_cap = r->later_cap ? 2 * r->later_cap : 64;
        r->later = xreallocarray(r->later, r->later_cap, sizeof *r->later);
    }
    struct arena *a = &r->later_arena;
    r->later[r->later_count++] = (struct repair_later){.db = arena_copy(a, t->db),
                                                       .table = arena_copy(a, t->name),
                                                       .key = copy_key(a, row->plan, row->key),
                                                       .key_count = row->plan->key_count,
                                                       .class = row->class,
                                                       .winner = row->winner};
}

static bool same_table(const struct repair_later *a, const struct repair_later *b)
{
    return span_eq(a->db, b->db) && span_eq(a->table, b->table);
}

/* Rows of one table again, by its definitions as they are now. */
static int try_table(struct repair *r, const struct repair_later *rows, size_t n, struct err *err)
{
    struct target_table *tables[2] = {0};
    int rc = marker_connect_both(r->marker, err);
    for (int side = 0; rc == 0 && side < 2; side++)
        rc = marker_load_table(r->marker, &tables[side], side, rows->db, rows->table, err);
    if (rc == 0 && tables[0] && tables[1]) {
        struct plan plan;
        plan_make(&plan, tables[0], tables[1], NULL, NULL);
        for (size_t i = n; i-- > 0 && plan.key_count == rows[i].key_count;)
            note(r, &plan, rows[i].key, rows[i].class, rows[i].winner);
        send(r);
        plan_free(&plan);
    }
    target_table_free(&tables[0]);
    target_table_free(&tables[1]);
    return rc;
}

/* From the last row to the first, and so to and fro: what stands in a row's way is behind it about as often as not. */
static int try_again(struct repair *r, struct err *err)
{
    struct repair_later *rows = r->later;
    struct arena arena = r->later_arena;
    size_t n = r->later_count;
    int rc = 0;
    r->later = NULL;
    r->later_count = r->later_cap = 0;
    r->later_arena = (struct arena){0};
    for (size_t end = n, first; rc == 0 && end > 0; end = first) {
        for (first = end - 1; first > 0 && same_table(&rows[first - 1], &rows[end - 1]); first--)
            ;
        rc = try_table(r, &rows[first], end - first, err);
    }
    free(rows);
    arena_free(&arena);
    return rc;
}

static void tell_sums(struct repair *r)
{
    struct buf json = {0}, text = {0};
    for (int o = 0; o < REPAIR_OUTCOMES; o++) {
        buf_printf(&json, "%s\"%s\": %" PRIu64, o == 0 ? "" : ", ", outcome_names[o], r->counts[o]);
        if (r->counts[o] > 0)
            buf_printf(&text, "%s%" PRIu64 " %s", text.len > 0 ? ", " : "", r->counts[o], outcome_names[o]);
    }
    if (text.len == 0)
        buf_put_str(&text, "nothing to do");
    const struct report_item item = {.type = "repairs", .json = buf_span(&json), .text = buf_span(&text), .sum = true};
    report_item(r->run->report, &item);
    buf_free(&json);
    buf_free(&text);
}

/* In a mesh the loser's applier mends its own side only, and behind its loop mark: nobody else hears of it. */
static void tell_others(struct repair *r)
{
    const struct config *c = r->run->config;
    const char *const *regions = r->run->wishes->regions;
    struct buf text = {0};
    for (size_t i = 0; i < c->region_count; i++) {
        const char *name = c->regions[i].name;
        if (strcmp(name, regions[0]) == 0 || strcmp(name, regions[1]) == 0)
            continue;
        buf_printf(&text, "%s%s", text.len > 0 ? ", " : "", name);
    }
    if (text.len > 0 && r->counts[OUTCOME_REPAIRED] > 0) {
        buf_printf(&text,
                   ": not looked at; what differs there from the winner is repaired by a run with --pair %s,REGION",
                   r->wishes->winner ? r->wishes->winner : regions[0]);
        report_fact(r->run->report, "other regions", buf_cstr(&text));
    }
    buf_free(&text);
}

void repair_finish(struct repair *r)
{
    struct err err = {0};
    size_t before = SIZE_MAX;
    int rc = 0;
    for (int pass = 0; rc == 0 && r->later_count > 0 && !r->last_pass; pass++) {
        bool stuck = r->later_count >= before;
        r->last_pass = (stuck && r->together) || pass == PASSES_MOST;
        r->together = stuck;
        before = r->later_count;
        r->parents_too = true;
        rc = try_again(r, &err);
    }
    meter_clear(r->run->meter);
    if (rc)
        report_problem(r->run->report, err.text);
    for (int side = 0; side < 2; side++)
        if (r->undo[side] && repair_file_turn(r->undo[side], &err))
            report_problem(r->run->report, err.text);
    tell_others(r);
    tell_sums(r);
}
