/* Writing and reading a state file. */
#include "reconcile/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/map.h"
#include "common/base/mem.h"
#include "reconcile/state_record.h"

#define FIRST_LINE "drc-reconcile state 1\n"
#define SYNC_EVERY_MS 1000
#define FRAME 8u                 /* length and CRC-32C before each record */
#define RECORD_MOST (256u << 20) /* what is longer is no record */

enum record_type {
    RECORD_ABOUT,
    RECORD_DIFFERENCE,
    RECORD_UNSETTLED,
    RECORD_SUSPECT,
    RECORD_SETTLED,
    RECORD_CHUNK,
    RECORD_TABLE
};

struct state {
    char *path;
    int fd;
    uint64_t committed; /* bytes of the file that count */
    struct buf pending; /* records that nothing has been committed behind yet */
    struct buf record;
    uint64_t synced_ms;
    struct map tables; /* told whole */
    struct state_place place;
    struct arena place_arena;
    bool replaying;
};

/* ---- records ---- */

static struct buf *begin(struct state *s, enum record_type type)
{
    buf_clear(&s->record);
    buf_put_u8(&s->record, type);
    return &s->record;
}

static void end(struct state *s)
{
    buf_put_le(&s->pending, s->record.len, 4);
    buf_put_le(&s->pending, hash_crc32c(0, buf_span(&s->record)), 4);
    buf_put_span(&s->pending, buf_span(&s->record));
}

static int fail(const struct state *s, const char *what, struct err *err)
{
    return err_retry(err, "cannot %s %s: %s", what, s->path, strerror(errno));
}

/* Everything pending is in the file; now and then, and with `sync`, on the disk. */
static int commit(struct state *s, bool sync, struct err *err)
{
    const uint8_t *p = s->pending.data;
    for (size_t left = s->pending.len; left > 0;) {
        ssize_t n = pwrite(s->fd, p, left, (off_t)s->committed);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(s, "write", err);
        p += n;
        left -= (size_t)n;
        s->committed += (uint64_t)n;
    }
    buf_clear(&s->pending);
    uint64_t now = clock_mono_ms();
    if (!sync && now - s->synced_ms < SYNC_EVERY_MS)
        return 0;
    s->synced_ms = now;
    return fdatasync(s->fd) ? fail(s, "write", err) : 0;
}

static void put_name(struct buf *out, struct span db, struct span table)
{
    buf_put_sized(out, db);
    buf_put_sized(out, table);
}

static void put_key(struct buf *out, const struct span *key, uint16_t count)
{
    buf_put_varint(out, count);
    for (uint16_t i = 0; i < count; i++)
        buf_put_sized(out, key[i]);
}

void state_difference(void *state, const struct difference *shown, bool unsettled)
{
    struct state *s = state;
    if (!s || s->replaying)
        return;
    state_put_difference(begin(s, unsettled ? RECORD_UNSETTLED : RECORD_DIFFERENCE), shown);
    end(s);
}

void state_suspect(struct state *s, const struct span *key, uint16_t key_count)
{
    if (!s)
        return;
    put_key(begin(s, RECORD_SUSPECT), key, key_count);
    end(s);
}

void state_settled(struct state *s)
{
    if (!s)
        return;
    begin(s, RECORD_SETTLED);
    end(s);
}

int state_chunk(struct state *s, struct span db, struct span table, const struct table_counts *counts,
                const struct span *key, uint16_t key_count, struct err *err)
{
    if (!s)
        return 0;
    struct buf *out = begin(s, RECORD_CHUNK);
    put_name(out, db, table);
    state_put_counts(out, counts);
    put_key(out, key, key_count);
    end(s);
    return commit(s, false, err);
}

int state_table(struct state *s, struct span db, struct span table, const struct table_counts *counts, struct err *err)
{
    if (!s)
        return 0;
    struct buf *out = begin(s, RECORD_TABLE);
    put_name(out, db, table);
    state_put_counts(out, counts);
    end(s);
    return commit(s, true, err);
}

/* ---- reading ---- */

/* The record at *at; false: there is none that is whole. */
static bool read_record(struct state *s, uint64_t *at, struct buf *out)
{
    uint8_t frame[FRAME];
    if (pread(s->fd, frame, FRAME, (off_t)*at) != (ssize_t)FRAME)
        return false;
    struct bytes r = bytes_of(span_of(frame, FRAME));
    uint32_t n = bytes_u32(&r), crc = bytes_u32(&r);
    if (n == 0 || n > RECORD_MOST)
        return false;
    buf_clear(out);
    if (pread(s->fd, buf_reserve(out, n), n, (off_t)(*at + FRAME)) != (ssize_t)n)
        return false;
    out->len = n;
    *at += FRAME + n;
    return hash_crc32c(0, buf_span(out)) == crc;
}

static void forget_suspects(struct state *s)
{
    suspects_clear(&s->place.suspects);
}

static struct span *read_key(struct bytes *r, struct arena *a, uint16_t *count)
{
    uint64_t n = bytes_varint(r);
    if (n > bytes_left(r) || n > UINT16_MAX)
        bytes_fail(r);
    *count = r->bad ? 0 : (uint16_t)n;
    struct span *key = arena_alloc(a, (*count + 1u) * sizeof *key);
    for (uint16_t i = 0; i < *count; i++)
        key[i] = arena_copy(a, bytes_sized(r));
    return key;
}

static void take_suspect(struct state *s, struct bytes *r)
{
    struct arena a = {0};
    struct buf id = {0};
    uint16_t count;
    struct span *key = read_key(r, &a, &count);
    suspects_put_id(key, count, &id);
    if (!r->bad)
        suspects_ref(&s->place.suspects, buf_span(&id), key, count);
    buf_free(&id);
    arena_free(&a);
}

static void take_difference(struct report *report, bool unsettled, struct bytes *r)
{
    struct arena a = {0};
    struct difference d;
    struct table_counts not_again = {0};
    state_read_difference(&d, &a, r);
    if (!r->bad)
        (unsettled ? report_unsettled : report_difference)(report, &not_again, &d);
    arena_free(&a);
}

static void take_chunk(struct state *s, struct bytes *r)
{
    arena_reset(&s->place_arena);
    s->place.db = arena_copy(&s->place_arena, bytes_sized(r));
    s->place.table = arena_copy(&s->place_arena, bytes_sized(r));
    state_read_counts(&s->place.counts, r);
    s->place.key = read_key(r, &s->place_arena, &s->place.key_count);
}

static void put_id(struct buf *out, struct span db, struct span table)
{
    buf_clear(out);
    put_name(out, db, table);
}

static void take_table(struct state *s, struct report *report, struct bytes *r)
{
    struct table_counts counts;
    struct buf id = {0};
    struct span db = bytes_sized(r), table = bytes_sized(r);
    state_read_counts(&counts, r);
    put_id(&id, db, table);
    if (!r->bad) {
        report_table(report, db, table, &counts);
        *map_ref(&s->tables, buf_span(&id)) = s;
        s->place.db = (struct span){0};
        forget_suspects(s);
    }
    buf_free(&id);
}

static void take_record(struct state *s, struct report *report, struct bytes *r)
{
    uint8_t type = bytes_u8(r);
    switch (type) {
    case RECORD_ABOUT:
        bytes_skip(r, bytes_left(r));
        break;
    case RECORD_DIFFERENCE:
    case RECORD_UNSETTLED:
        take_difference(report, type == RECORD_UNSETTLED, r);
        break;
    case RECORD_SUSPECT:
        take_suspect(s, r);
        break;
    case RECORD_SETTLED:
        forget_suspects(s);
        break;
    case RECORD_CHUNK:
        take_chunk(s, r);
        break;
    case RECORD_TABLE:
        take_table(s, report, r);
        break;
    default:
        bytes_fail(r);
    }
}

int state_replay(struct state *s, struct report *report, struct err *err)
{
    struct buf record = {0};
    bool bad = false;
    if (!s)
        return 0;
    s->replaying = true;
    for (uint64_t at = strlen(FIRST_LINE); at < s->committed && !bad;) {
        bad = !read_record(s, &at, &record);
        struct bytes r = bytes_of(buf_span(&record));
        if (!bad)
            take_record(s, report, &r);
        bad = bad || r.bad || bytes_left(&r) > 0;
    }
    s->replaying = false;
    buf_free(&record);
    return bad ? err_fatal(err, EXIT_BAD_USAGE, "%s holds what this release does not write: remove it", s->path) : 0;
}

bool state_has_table(const struct state *s, struct span db, struct span table)
{
    struct buf id = {0};
    put_id(&id, db, table);
    bool has = s && map_get(&s->tables, buf_span(&id));
    buf_free(&id);
    return has;
}

const struct state_place *state_place_in(const struct state *s, struct span db, struct span table)
{
    bool here = s && s->place.db.p && span_eq(s->place.db, db) && span_eq(s->place.table, table);
    return here ? &s->place : NULL;
}

/* ---- opening ---- */

/* Where the records end that count: behind the last one that says how far it is. */
static uint64_t find_end(struct state *s, uint64_t at)
{
    struct buf record = {0};
    uint64_t good = at;
    while (read_record(s, &at, &record))
        if (record.data[0] == RECORD_CHUNK || record.data[0] == RECORD_TABLE)
            good = at;
    buf_free(&record);
    return good;
}

static int check_about(struct state *s, struct span about, struct err *err)
{
    struct buf record = {0};
    uint64_t at = strlen(FIRST_LINE);
    bool there = read_record(s, &at, &record) && record.data[0] == RECORD_ABOUT;
    bool same = there && span_eq((struct span){record.data + 1, record.len - 1}, about);
    int rc = 0;
    if (there && !same)
        rc = err_fatal(err, EXIT_BAD_USAGE, "%s is the state of another comparison, of %.*s: not of %.*s", s->path,
                       (int)record.len - 1, (const char *)record.data + 1, SPAN_ARG(about));
    else if (!there)
        rc = err_fatal(err, EXIT_BAD_USAGE, "%s is no state of drc-reconcile that can be read: remove it", s->path);
    s->committed = rc ? 0 : find_end(s, at);
    buf_free(&record);
    return rc;
}

static int make_new(struct state *s, struct span about, struct err *err)
{
    buf_put_str(&s->pending, FIRST_LINE);
    buf_put_span(begin(s, RECORD_ABOUT), about);
    end(s);
    if (ftruncate(s->fd, 0) == 0 && commit(s, true, err) == 0)
        return 0;
    return err_fatal(err, EXIT_BAD_USAGE, "cannot write %s: %s", s->path, strerror(errno));
}

/* A file that was killed before its first records were whole is as good as none. */
static int take_file(struct state *s, struct span about, struct err *err)
{
    static const char known[] = "drc-reconcile state ";
    char line[sizeof FIRST_LINE] = {0};
    ssize_t n = pread(s->fd, line, strlen(FIRST_LINE), 0);
    uint64_t at = strlen(FIRST_LINE);
    struct buf first = {0};
    bool begun = n == (ssize_t)strlen(FIRST_LINE) && strcmp(line, FIRST_LINE) == 0;
    bool torn = n >= 0 && strncmp(line, FIRST_LINE, (size_t)n) == 0 && (!begun || !read_record(s, &at, &first));
    buf_free(&first);
    if (torn)
        return make_new(s, about, err);
    if (!begun && strncmp(line, known, strlen(known)) == 0)
        return err_fatal(err, EXIT_BAD_USAGE, "%s has the format of another release: finish with that, or remove it",
                         s->path);
    if (!begun)
        return err_fatal(err, EXIT_BAD_USAGE, "%s is no state of drc-reconcile", s->path);
    if (check_about(s, about, err))
        return -1;
    return ftruncate(s->fd, (off_t)s->committed)
               ? err_fatal(err, EXIT_BAD_USAGE, "cannot write %s: %s", s->path, strerror(errno))
               : 0;
}

int state_open(struct state **out, const char *path, struct span about, struct err *err)
{
    *out = NULL;
    if (!path)
        return 0;
    struct state *s = xcalloc(1, sizeof *s);
    s->path = xstrdup(path);
    s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int rc = -1;
    if (s->fd < 0)
        err_fatal(err, EXIT_BAD_USAGE, "cannot open %s: %s", path, strerror(errno));
    else if (flock(s->fd, LOCK_EX | LOCK_NB))
        err_fatal(err, EXIT_BAD_USAGE, "%s is in use by another run", path);
    else
        rc = take_file(s, about, err);
    if (rc)
        state_close(&s);
    *out = s;
    return rc;
}

void state_close(struct state **state)
{
    struct state *s = *state;
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    buf_free(&s->pending);
    buf_free(&s->record);
    map_free(&s->tables);
    suspects_free(&s->place.suspects);
    arena_free(&s->place_arena);
    free(s->path);
    free(s);
    *state = NULL;
}

void state_remove(struct state **s)
{
    if (*s)
        (void)unlink((*s)->path);
    state_close(s);
}
