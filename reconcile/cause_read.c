/* Reading the streams for the rows that differ. */
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "common/model/cut.h"
#include "reconcile/cause_private.h"

#define SLACK_US ((uint64_t)600 * 1000000)
#define LATE_EACH 1024u /* records between two looks at the clock */

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

void cause_add_key(struct cause *c, const struct span *key)
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

/* What the writer's region had in effect of each stream; a cut that cannot be read says nothing. */
static void note_known(struct reading *r, struct cause_writes *w, const struct record *rec)
{
    struct cause *c = r->cause;
    struct cut cut = {0};
    struct bytes b = bytes_of(rec->cut);
    if (!w->known)
        w->known = arena_alloc(&c->arena, c->stream_count * sizeof *w->known);
    memset(w->known, 0, c->stream_count * sizeof *w->known);
    if (rec->cut.n > 0)
        cut_read(&cut, &b);
    for (size_t i = 0; i < cut.count; i++)
        for (size_t k = 0; k < c->stream_count; k++)
            if (memcmp(cut.entries[i].stream, c->streams[k].uuid, STREAM_UUID_LEN) == 0)
                w->known[k] = cut.entries[i].done.low;
    cut_free(&cut);
}

static void note_write(struct reading *r, struct cause_writes *w, const struct record *rec, bool found)
{
    struct cause_stream *s = &r->cause->streams[r->stream];
    s->first_seq = s->first_seq == 0 ? rec->seq : s->first_seq;
    s->last_seq = rec->seq;
    note_known(r, w, rec);
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
        note_write(r, before, rec, true);
    }
    if (after && after != before) {
        add_state(after, CAUSE_ABSENT);
        add_state(after, states[1]);
        note_write(r, after, rec, false);
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

/* ---- a window of a stream ---- */

static bool is_late(uint64_t deadline_ms, uint64_t records)
{
    return deadline_ms > 0 && records % LATE_EACH == 0 && clock_mono_ms() > deadline_ms;
}

/* 1, 0: late, -1. */
static int read_records(struct reading *r, uint64_t deadline_ms, struct err *err)
{
    struct cause_stream *s = &r->cause->streams[r->stream];
    struct scan_step step = s->first;
    int got = s->any;
    for (uint64_t records = 1; got > 0; got = scan_next(s->scan, &step, err), records++) {
        if (s->first_us == 0 && step.written_ms > 0)
            s->first_us = (uint64_t)step.written_ms * 1000;
        if (step.verdict == STREAM_TAKE && step.rec.kind == RECORD_DATA && take_record(r, &step.rec, err))
            return -1;
        if (is_late(deadline_ms, records))
            return 0;
    }
    return got < 0 ? -1 : 1;
}

static int read_stream(struct cause *c, size_t stream, uint64_t deadline_ms, struct err *err)
{
    struct reading r = {.cause = c, .stream = stream};
    int got = read_records(&r, deadline_ms, err);
    table_cache_free(&r.cache);
    map_free(&r.columns);
    arena_free(&r.arena);
    arena_free(&r.scratch);
    free(r.cells);
    return got;
}

/* What an earlier window noted is noted again. */
static void forget_writes(struct cause *c)
{
    struct span key;
    void *value;
    size_t at = 0;
    while (map_next(&c->keys, &at, &key, &value)) {
        struct cause_writes *all = value;
        for (size_t i = 0; i < c->stream_count; i++)
            all[i] = (struct cause_writes){.known = all[i].known};
    }
    for (size_t i = 0; i < c->stream_count; i++)
        c->streams[i].first_us = c->streams[i].first_seq = c->streams[i].last_seq = 0;
}

/* Whose stream is it? What changes know of each other is told by that. */
static int begin_stream(struct cause_stream *s, uint64_t since_us, struct err *err)
{
    if (scan_from_time(s->scan, since_us, SLACK_US, err))
        return -1;
    s->whole = scan_start(s->scan) == 0;
    int got = scan_next(s->scan, &s->first, err);
    s->any = got > 0;
    if (s->any)
        memcpy(s->uuid, s->first.rec.stream, STREAM_UUID_LEN);
    return got < 0 ? -1 : 0;
}

int cause_read_window(struct cause *c, uint64_t since_us, uint64_t deadline_ms, struct err *err)
{
    int got = 1;
    forget_writes(c);
    c->since_us = since_us;
    for (size_t i = 0; i < c->stream_count; i++)
        if (begin_stream(&c->streams[i], since_us, err))
            return -1;
    for (size_t i = 0; got > 0 && i < c->stream_count; i++)
        got = read_stream(c, i, deadline_ms, err);
    /* A topic that has lost its beginning goes back less far. */
    for (size_t i = 0; got > 0 && i < c->stream_count; i++)
        if (!c->streams[i].whole && scan_starts_at_low(c->streams[i].scan) && c->streams[i].first_us > c->since_us)
            c->since_us = c->streams[i].first_us;
    return got;
}
