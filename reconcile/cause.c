/* Reading the streams for the rows that differ. */
#include "reconcile/cause.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "reconcile/cause_private.h"

#define SLACK_US ((uint64_t)600 * 1000000)

/* Where the plan's columns are in a definition of a stream. */
struct columns {
    uint16_t *key;
    uint16_t *all;
    bool usable;
};

struct reading {
    struct cause *cause;
    size_t stream;
    struct table_cache cache;
    struct map columns; /* pointer of a definition -> struct columns * */
    struct arena arena;
    struct arena scratch;
    struct cell *cells;
};

/* ---- keys ---- */

static void put_name(struct buf *out, struct span name, bool first)
{
    buf_put_str(out, first ? "" : ",");
    buf_put_sized(out, name);
}

static void add_key(struct cause *c, const struct span *key)
{
    buf_clear(&c->text);
    for (uint16_t i = 0; i < c->plan->key_count; i++) {
        put_name(&c->text, c->plan->key[i].of[0].c->name, i == 0);
        value_put_json(&c->text, &c->plan->key[i].of[0], key[i]);
    }
    void **at = map_ref(&c->keys, buf_span(&c->text));
    if (!*at)
        *at = arena_zalloc(&c->arena, c->stream_count * sizeof(struct cause_writes));
}

/* ---- rows of a stream ---- */

static bool find_columns(const struct table_def *def, const struct plan_column *list, uint16_t count, uint16_t *out)
{
    for (uint16_t i = 0; i < count; i++) {
        int at = table_def_find(def, list[i].of[0].c->name);
        if (at < 0)
            return false;
        out[i] = (uint16_t)at;
    }
    return true;
}

static const struct columns *columns_of(struct reading *r, const struct table_def *def)
{
    const struct plan *p = r->cause->plan;
    const struct table_def *ours = p->tables[0]->def;
    void **at = map_ref(&r->columns, span_of(&def, sizeof def));
    if (*at)
        return *at;
    struct columns *fresh = arena_zalloc(&r->arena, sizeof *fresh);
    *at = fresh;
    if (!span_eq(def->db, ours->db) || !span_eq(def->name, ours->name))
        return fresh;
    fresh->key = arena_alloc(&r->arena, p->key_count * sizeof *fresh->key);
    fresh->all = arena_alloc(&r->arena, p->column_count * sizeof *fresh->all);
    fresh->usable = find_columns(def, p->key, p->key_count, fresh->key) &&
                    find_columns(def, p->columns, p->column_count, fresh->all);
    return fresh;
}

static struct cause_writes *writes_of(struct reading *r, const struct columns *columns, const struct table_def *def)
{
    struct cause *c = r->cause;
    buf_clear(&c->text);
    for (uint16_t i = 0; i < c->plan->key_count; i++) {
        uint16_t at = columns->key[i];
        put_name(&c->text, c->plan->key[i].of[0].c->name, i == 0);
        cell_put_json(&def->columns[at], &r->cells[at], &c->text);
    }
    struct cause_writes *all = map_get(&c->keys, buf_span(&c->text));
    return all ? &all[r->stream] : NULL;
}

static uint64_t state_of(struct reading *r, const struct columns *columns, const struct table_def *def)
{
    struct cause *c = r->cause;
    buf_clear(&c->text);
    for (uint16_t i = 0; i < c->plan->column_count; i++) {
        uint16_t at = columns->all[i];
        cell_put_json(&def->columns[at], &r->cells[at], &c->text);
        buf_put_str(&c->text, ",");
    }
    return hash64(buf_span(&c->text), 0) | 2;
}

static void add_state(struct cause_writes *w, uint64_t state)
{
    if (w->count > 0 && w->states[w->count - 1] == state)
        return;
    if (w->count == CAUSE_STATES)
        memmove(w->states, w->states + 1, --w->count * sizeof *w->states);
    w->states[w->count++] = state;
}

static void note_write(struct cause_writes *w, const struct record *rec, bool found)
{
    w->seq = rec->seq;
    w->stamp = rec->stamp;
    w->commit_us = rec->commit_us;
    w->gtid = rec->gtid;
    w->inserted = !found;
}

/* A row as it was, then as it is: of one key, or of two where the key changed. */
static void take_row(struct reading *r, const struct record *rec, const struct rows *rows,
                     const struct columns *columns, struct bytes *images)
{
    const struct table_def *def = rows->table;
    struct cause_writes *before = NULL, *after = NULL;
    uint64_t states[2] = {CAUSE_ABSENT, CAUSE_ABSENT};
    if (rows->op != ROWS_INSERT) {
        image_split(r->cells, def, rows->present_before, images);
        before = writes_of(r, columns, def);
        states[0] = before ? state_of(r, columns, def) : 0;
    }
    if (rows->op != ROWS_DELETE) {
        image_split(r->cells, def, rows->present_after, images);
        after = writes_of(r, columns, def);
        states[1] = after ? state_of(r, columns, def) : 0;
    }
    if (before) {
        add_state(before, states[0]);
        add_state(before, before == after ? states[1] : CAUSE_ABSENT);
        note_write(before, rec, true);
    }
    if (after && after != before) {
        add_state(after, CAUSE_ABSENT);
        add_state(after, states[1]);
        note_write(after, rec, false);
    }
}

static int take_record(struct reading *r, const struct record *rec, struct err *err)
{
    struct body_reader body;
    struct rows rows;
    int got;
    arena_reset(&r->scratch);
    body_open(&body, rec->body, &r->cache, &r->scratch);
    while ((got = body_next(&body, &rows, err)) > 0) {
        const struct columns *columns = columns_of(r, rows.table);
        struct bytes images = bytes_of(rows.images);
        if (!columns->usable)
            continue;
        r->cells = xreallocarray(r->cells, rows.table->column_count, sizeof *r->cells);
        for (uint32_t i = 0; i < rows.count; i++)
            take_row(r, rec, &rows, columns, &images);
    }
    return got;
}

static int read_stream(struct cause *c, size_t stream, struct err *err)
{
    struct cause_stream *s = &c->streams[stream];
    struct reading r = {.cause = c, .stream = stream};
    struct scan *scan = NULL;
    struct scan_step step;
    int got = scan_open(&scan, &s->region->kafka, s->topic, err) ||
                      scan_from_time(scan, clock_wall_us() - CAUSE_LOOK_BACK_US, SLACK_US, err)
                  ? -1
                  : 1;
    s->whole = got > 0 && scan_start(scan) == 0;
    while (got > 0 && (got = scan_next(scan, &step, err)) > 0)
        if (step.verdict == STREAM_TAKE && step.rec.kind == RECORD_DATA && take_record(&r, &step.rec, err))
            got = -1;
    scan_close(&scan);
    table_cache_free(&r.cache);
    map_free(&r.columns);
    arena_free(&r.arena);
    arena_free(&r.scratch);
    free(r.cells);
    return got;
}

/* ---- the streams ---- */

static struct cause_stream *stream_of(struct cause *c, const struct region_config *region)
{
    for (size_t i = 0; i < c->stream_count; i++)
        if (c->streams[i].region == region)
            return &c->streams[i];
    struct cause_stream *s = &c->streams[c->stream_count++];
    *s = (struct cause_stream){.region = region, .topic = config_topic(c->run->config, region->name)};
    return s;
}

static int find_streams(struct cause *c, struct err *err)
{
    const struct config *config = c->run->config;
    c->streams = xcalloc(config->link_count, sizeof *c->streams);
    for (size_t i = 0; i < config->link_count; i++) {
        const struct link_config *l = &config->links[i];
        const struct region_config *region;
        for (int side = 0; side < 2; side++) {
            if (strcmp(l->to, c->run->wishes->regions[side]) != 0)
                continue;
            if (config_region(config, l->from, &region, err))
                return -1;
            struct cause_stream *s = stream_of(c, region);
            s->has_link[side] = true;
            s->link[side] = xasprintf("%s:%s", l->from, l->to);
        }
    }
    return 0;
}

static int read_targets(struct cause *c, struct err *err)
{
    const struct db_options options = {.program = "drc-reconcile", .read_timeout_s = 60, .read_only_too = true};
    for (int side = 0; side < 2; side++) {
        const struct region_config *region;
        if (config_region(c->run->config, c->run->wishes->regions[side], &region, err) ||
            db_connect(&c->dbs[side], region, &options, err))
            return -1;
        for (size_t i = 0; i < c->stream_count; i++) {
            struct cause_stream *s = &c->streams[i];
            if (s->has_link[side] && audit_target_read(&s->target[side], c->dbs[side], s->topic, s->link[side], err))
                return -1;
        }
    }
    return 0;
}

/* The streams first: what they have was in effect, or was not, when the ledgers are asked. */
static int search(struct cause *c, const struct span *const *keys, size_t count, struct err *err)
{
    if (find_streams(c, err))
        return -1;
    for (size_t i = 0; i < count; i++)
        add_key(c, keys[i]);
    for (size_t i = 0; i < c->stream_count; i++)
        if (read_stream(c, i, err))
            return -1;
    return read_targets(c, err);
}

struct cause *cause_search(struct run *run, const struct plan *plan, const struct span *const *keys, size_t count)
{
    struct cause *c = xcalloc(1, sizeof *c);
    uint64_t began_ms = clock_mono_ms();
    struct err err = {0};
    *c = (struct cause){.run = run, .plan = plan};
    if (run->cause_ms > CAUSE_BUDGET_MS || count == 0) {
        cause_free(&c);
    } else if (search(c, keys, count, &err)) {
        report_fact(run->report, "causes are not known", err.text);
        run->cause_ms = UINT64_MAX / 2; /* once is enough */
        cause_free(&c);
    }
    run->cause_ms += clock_mono_ms() - began_ms;
    return c;
}

void cause_free(struct cause **cause)
{
    struct cause *c = *cause;
    if (!c)
        return;
    for (size_t i = 0; i < c->stream_count; i++) {
        for (int side = 0; side < 2; side++) {
            audit_target_free(&c->streams[i].target[side]);
            free(c->streams[i].link[side]);
        }
        free(c->streams[i].topic);
    }
    free(c->streams);
    map_free(&c->keys);
    arena_free(&c->arena);
    buf_free(&c->text);
    db_close(&c->dbs[0]);
    db_close(&c->dbs[1]);
    free(c);
    *cause = NULL;
}
