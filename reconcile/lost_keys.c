/* Rows by a hash of what tells them, and the judgement of a tail's transactions. */
#include "reconcile/lost_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/hash.h"
#include "common/base/map.h"
#include "common/base/mem.h"

/* A row, or with an empty key a table. */
struct lost_key {
    uint8_t stream[STREAM_UUID_LEN]; /* of the newest write by the living; seq 0: none */
    uint64_t seq;
    uint64_t stamp;
    const char *region;
    uint64_t doubtful; /* the last transaction of the tail that touches it and is not safe; 0: none */
};

/* What the transaction that is being judged has come to. */
struct judging {
    uint64_t seq;
    uint64_t keys;
    uint64_t written;   /* of them since */
    uint64_t later;     /* of those by a later version */
    bool statement;     /* one of its tables was changed by a statement since */
    uint64_t rests_on;  /* a doubtful transaction before it */
    const char *writer; /* region of a write since */
    uint64_t writer_seq;
    const char *special; /* why it is no matter of rows */
};

struct lost_keys {
    struct map keys; /* 8 bytes of hash -> struct lost_key * */
    struct map held; /* XID of a body in the tail -> its class + 1 */
    struct arena arena;
    struct table_cache cache;
    struct arena scratch; /* of a record */
    struct cell *cells;
    struct buf text;
    struct judging now;
    struct lost_key **touched; /* by the transaction that is being judged */
    size_t touched_count;
    size_t touched_cap;
};

const char *lost_class_name(enum lost_class c)
{
    static const char *const names[] = {"safe", "superseded", "conflicting"};
    return names[c];
}

struct lost_keys *lost_keys_new(void)
{
    return xcalloc(1, sizeof(struct lost_keys));
}

void lost_keys_free(struct lost_keys **keys)
{
    struct lost_keys *k = *keys;
    if (!k)
        return;
    map_free(&k->keys);
    map_free(&k->held);
    arena_free(&k->arena);
    table_cache_free(&k->cache);
    arena_free(&k->scratch);
    buf_free(&k->text);
    free(k->cells);
    free(k->touched);
    free(k);
    *keys = NULL;
}

/* ---- rows as keys ---- */

/* By what values say, not by their bytes: the same row may have other types elsewhere. `cells` NULL: the table. */
static uint64_t hash_of(struct lost_keys *k, const struct table_def *def, const struct cell *cells)
{
    uint16_t count = def->key_count > 0 ? def->key_count : def->column_count;
    struct buf *text = &k->text;
    buf_clear(text);
    buf_put_sized(text, def->db);
    buf_put_sized(text, def->name);
    for (uint16_t i = 0; cells && i < count; i++) {
        uint16_t at = def->key_count > 0 ? def->key[i] : i;
        buf_put_span(text, def->columns[at].name);
        buf_put_str(text, "=");
        cell_put_json(&def->columns[at], &cells[at], text);
        buf_put_str(text, ",");
    }
    return hash64(buf_span(text), 0);
}

static struct lost_key *find(const struct lost_keys *k, uint64_t hash)
{
    return map_get(&k->keys, span_of(&hash, sizeof hash));
}

static int make(struct lost_keys *k, uint64_t hash, struct err *err)
{
    void **at = map_ref(&k->keys, span_of(&hash, sizeof hash));
    if (*at)
        return 0;
    *at = arena_zalloc(&k->arena, sizeof(struct lost_key));
    if (k->keys.count <= LOST_KEYS_MOST)
        return 0;
    return err_fatal(err, EXIT_UNSAFE, "the tail touches more than %u rows: too much to be judged row by row",
                     LOST_KEYS_MOST);
}

/* `table`: it is the table's own key, which statements write. */
typedef int each_key_fn(struct lost_keys *k, uint64_t hash, bool table, void *context, struct err *err);

static int walk_rows(struct lost_keys *k, const struct rows *rows, each_key_fn *each, void *context, struct err *err)
{
    const struct table_def *def = rows->table;
    struct bytes r = bytes_of(rows->images);
    k->cells = xreallocarray(k->cells, def->column_count, sizeof *k->cells);
    if (each(k, hash_of(k, def, NULL), true, context, err))
        return -1;
    for (uint32_t i = 0; i < rows->count; i++) {
        uint64_t before = 0;
        for (int image = 0; image < 2; image++) {
            if (rows->op == (image == 0 ? ROWS_INSERT : ROWS_DELETE))
                continue;
            image_split(k->cells, def, image == 0 ? rows->present_before : rows->present_after, &r);
            uint64_t hash = hash_of(k, def, k->cells);
            if ((image == 0 || hash != before) && each(k, hash, false, context, err)) /* an update is of one row */
                return -1;
            before = hash;
        }
    }
    return 0;
}

static int walk_tables(struct lost_keys *k, const struct record *rec, each_key_fn *each, void *context, struct err *err)
{
    struct ddl ddl;
    if (ddl_read(&ddl, rec->body, &k->scratch, err))
        return -1;
    for (size_t i = 0; i < ddl.table_count; i++) {
        const struct table_def def = {.db = ddl.tables[i].db.n > 0 ? ddl.tables[i].db : ddl.db,
                                      .name = ddl.tables[i].name};
        if (each(k, hash_of(k, &def, NULL), true, context, err))
            return -1;
    }
    return 0;
}

/* All that a record touches; of rows each image's, and the table as such. */
static int walk(struct lost_keys *k, const struct record *rec, uint64_t *row_count, each_key_fn *each, void *context,
                struct err *err)
{
    struct body_reader body;
    struct rows rows;
    int got;
    arena_reset(&k->scratch);
    if (rec->kind == RECORD_DDL)
        return walk_tables(k, rec, each, context, err);
    if (rec->kind != RECORD_DATA)
        return 0;
    body_open(&body, rec->body, &k->cache, &k->scratch);
    while ((got = body_next(&body, &rows, err)) > 0) {
        if (row_count)
            *row_count += rows.count;
        if (walk_rows(k, &rows, each, context, err))
            return -1;
    }
    return got;
}

/* ---- noting ---- */

static int note_key(struct lost_keys *k, uint64_t hash, bool table, void *context, struct err *err)
{
    (void)table;
    (void)context;
    return make(k, hash, err);
}

int lost_keys_note(struct lost_keys *k, const struct record *rec, struct err *err)
{
    return walk(k, rec, NULL, note_key, NULL, err);
}

struct write {
    const struct record *rec;
    const char *region;
};

static int note_write(struct lost_keys *k, uint64_t hash, bool table, void *context, struct err *err)
{
    const struct write *w = context;
    struct lost_key *key = find(k, hash);
    (void)err;
    if (!key || table != (w->rec->kind == RECORD_DDL) || (key->seq > 0 && key->stamp > w->rec->stamp))
        return 0;
    memcpy(key->stream, w->rec->stream, STREAM_UUID_LEN);
    key->seq = w->rec->seq;
    key->stamp = w->rec->stamp;
    key->region = w->region;
    return 0;
}

int lost_keys_written(struct lost_keys *k, const struct record *rec, const char *region, struct err *err)
{
    struct write w = {rec, region};
    return walk(k, rec, NULL, note_write, &w, err);
}

bool lost_keys_is_written(struct lost_keys *k, const struct table_def *def, const struct cell *cells)
{
    const struct lost_key *key = find(k, hash_of(k, def, cells));
    return key && key->seq > 0;
}

/* ---- judging ---- */

struct judged {
    const struct record *rec;
    const char *region; /* the dead one */
    struct cut cut;     /* what it knew of the living */
};

static void take_key(struct lost_keys *k, struct lost_key *key)
{
    if (k->touched_count == k->touched_cap) {
        k->touched_cap = k->touched_cap ? 2 * k->touched_cap : 64;
        k->touched = xreallocarray(k->touched, k->touched_cap, sizeof(struct lost_key *));
    }
    k->touched[k->touched_count++] = key;
}

/* What rows rest on is their table, too; but only statements write it. */
static int judge_key(struct lost_keys *k, uint64_t hash, bool table, void *context, struct err *err)
{
    const struct judged *j = context;
    struct judging *now = &k->now;
    struct lost_key *key = find(k, hash);
    (void)err;
    if (!key)
        return 0;
    if (!table || j->rec->kind == RECORD_DDL)
        take_key(k, key);
    now->keys += !table;
    if (key->doubtful > 0 && key->doubtful != now->seq)
        now->rests_on = key->doubtful;
    if (key->seq == 0 || cut_has(&j->cut, key->stream, 0, key->seq))
        return 0;
    now->written += !table;
    now->statement = now->statement || table;
    now->writer = key->region;
    now->writer_seq = key->seq;
    bool later = key->stamp > j->rec->stamp || (key->stamp == j->rec->stamp && strcmp(key->region, j->region) > 0);
    now->later += !table && later;
    return 0;
}

static void judge_special(struct lost_keys *k, const struct record *rec)
{
    struct judging *now = &k->now;
    if (rec->kind == RECORD_DDL) {
        now->special = "a statement, which is not judged by rows";
    } else if (rec->kind == RECORD_XA_END && (rec->flags & RECORD_COMMIT)) {
        uintptr_t class = (uintptr_t)map_get(&k->held, rec->xid);
        if (class == 0)
            now->special = "it commits an XA transaction whose body was published before";
        else if (class != LOST_SAFE + 1)
            now->special = "it commits an XA transaction whose body is not safe";
    }
}

static void conclude(struct lost_keys *k, struct lost_verdict *out, const struct record *rec)
{
    struct judging *now = &k->now;
    bool all = now->keys > 0 && now->later == now->keys && !now->statement;
    out->class = LOST_CONFLICTING;
    out->movable = rec->kind == RECORD_DATA && !(rec->flags & RECORD_HELD);
    if (now->special)
        (void)snprintf(out->why, sizeof out->why, "%s", now->special);
    else if (now->rests_on > 0 && !all)
        (void)snprintf(out->why, sizeof out->why, "it changes what seq %" PRIu64 " changed, which is not safe",
                       now->rests_on);
    else if (now->statement)
        (void)snprintf(out->why, sizeof out->why, "a statement at %s changed its table since (seq %" PRIu64 ")",
                       now->writer, now->writer_seq);
    else if (now->written == 0)
        out->class = LOST_SAFE;
    else
        (void)snprintf(out->why, sizeof out->why,
                       "%s wrote %" PRIu64 " of its %" PRIu64 " rows since (last seq %" PRIu64 ")%s", now->writer,
                       now->written, now->keys, now->writer_seq, all ? ", each by a later version" : "");
    if (all && !now->special)
        out->class = LOST_SUPERSEDED;
    if (out->class == LOST_SAFE)
        out->why[0] = '\0';
    for (size_t i = 0; i < k->touched_count && out->class != LOST_SAFE; i++)
        k->touched[i]->doubtful = rec->seq;
    if (rec->flags & RECORD_HELD)
        *map_ref(&k->held, rec->xid) = (void *)((uintptr_t)out->class + 1);
}

static void start_judging(struct lost_keys *k, struct lost_verdict *out, const struct record *rec)
{
    if (k->now.seq == rec->seq)
        return;
    k->now = (struct judging){.seq = rec->seq};
    k->touched_count = 0;
    *out = (struct lost_verdict){0};
}

int lost_keys_judge(struct lost_keys *k, struct lost_verdict *out, const struct record *rec, const char *region,
                    struct err *err)
{
    struct judged j = {.rec = rec, .region = region};
    struct bytes r = bytes_of(rec->cut);
    start_judging(k, out, rec);
    if (rec->cut.n > 0)
        cut_read(&j.cut, &r);
    int rc = r.bad ? err_fatal(err, EXIT_BUG, "a cut of our own cannot be read")
                   : walk(k, rec, &out->rows, judge_key, &j, err);
    cut_free(&j.cut);
    if (rc)
        return -1;
    judge_special(k, rec);
    if (rec->flags & RECORD_LAST)
        conclude(k, out, rec);
    return 0;
}
