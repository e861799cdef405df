/* A list by seq, and the union of all keys for the quick answer. */
#include "applier/park.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"

struct park {
    pthread_mutex_t lock;
    uint64_t max_rows;
    uint64_t max_bytes;
    struct park_item *items; /* by seq, rising; one a fragment */
    size_t count;
    size_t cap;
    struct keyset keys; /* of all of them */
    uint64_t rows;
    uint64_t bytes;
    bool draining;
    atomic_bool holds; /* anything at all */
};

struct park *park_new(uint64_t max_rows, uint64_t max_bytes)
{
    struct park *p = xcalloc(1, sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    p->max_rows = max_rows;
    p->max_bytes = max_bytes;
    return p;
}

void park_limit(struct park *p, uint64_t max_rows, uint64_t max_bytes)
{
    pthread_mutex_lock(&p->lock);
    p->max_rows = max_rows;
    p->max_bytes = max_bytes;
    pthread_mutex_unlock(&p->lock);
}

static void drop_all(struct park *p)
{
    for (size_t i = 0; i < p->count; i++)
        writeset_free(&p->items[i].keys);
    p->count = 0;
    p->rows = p->bytes = 0;
    keyset_clear(&p->keys);
    atomic_store(&p->holds, false);
}

void park_free(struct park **p)
{
    if (!*p)
        return;
    drop_all(*p);
    keyset_free(&(*p)->keys);
    pthread_mutex_destroy(&(*p)->lock);
    free((*p)->items);
    free(*p);
    *p = NULL;
}

void park_clear(struct park *p)
{
    pthread_mutex_lock(&p->lock);
    drop_all(p);
    pthread_mutex_unlock(&p->lock);
}

bool park_is_empty(const struct park *p)
{
    return !atomic_load(&p->holds);
}

void park_sum(struct park *p, struct parked_sum *out)
{
    pthread_mutex_lock(&p->lock);
    *out = (struct parked_sum){.rows = p->rows, .bytes = p->bytes, .oldest_seq = p->count > 0 ? p->items[0].seq : 0};
    for (size_t i = 0; i < p->count; i++)
        out->transactions += i == 0 || p->items[i].seq != p->items[i - 1].seq;
    pthread_mutex_unlock(&p->lock);
}

/* ---- entering and leaving, under the lock ---- */

/* The first whose seq is above. */
static size_t place_after(const struct park *p, uint64_t seq)
{
    size_t i = p->count;
    while (i > 0 && p->items[i - 1].seq > seq)
        i--;
    return i;
}

static void leave(struct park *p, uint64_t seq)
{
    size_t kept = 0;
    keyset_clear(&p->keys);
    for (size_t i = 0; i < p->count; i++) {
        struct park_item *item = &p->items[i];
        if (item->seq == seq) {
            p->rows -= item->rows;
            p->bytes -= item->bytes;
            writeset_free(&item->keys);
            continue;
        }
        keyset_add(&p->keys, &item->keys);
        p->items[kept++] = *item;
    }
    p->count = kept;
    atomic_store(&p->holds, kept > 0);
}

static void enter(struct park *p, struct park_item *item)
{
    size_t i = place_after(p, item->seq);
    keyset_add(&p->keys, &item->keys);
    p->rows += item->rows;
    p->bytes += item->bytes;
    if (p->count == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 16;
        p->items = xreallocarray(p->items, p->cap, sizeof *p->items);
    }
    memmove(&p->items[i + 1], &p->items[i], (p->count - i) * sizeof *p->items);
    p->items[i] = *item;
    p->count++;
    item->keys = (struct writeset){0};
    atomic_store(&p->holds, true);
}

/* The newest one before seq that shares a key; 0: none. */
static uint64_t newest_in_front(const struct park *p, uint64_t seq, const struct writeset *keys)
{
    struct keyset one = {0};
    uint64_t found = 0;
    if (!keyset_meets(&p->keys, keys))
        return 0;
    for (size_t i = place_after(p, seq); i > 0 && found == 0; i--) {
        const struct park_item *item = &p->items[i - 1];
        if (item->seq == seq)
            continue;
        keyset_clear(&one);
        keyset_add(&one, &item->keys);
        if (keyset_meets(&one, keys))
            found = item->seq;
    }
    keyset_free(&one);
    return found;
}

static int check_bound(const struct park *p, const struct park_item *item, struct err *err)
{
    bool rows = p->rows + item->rows > p->max_rows;
    if (!rows && p->bytes + item->bytes <= p->max_bytes)
        return 0;
    if (p->draining) /* soon there is room, or an end of it */
        return err_retry(err, "the park is at its bound, and what is in it is being tried again");
    return err_stop(err, MSG_STOP_PARK_FULL,
                    "%" PRIu64 " rows in %" PRIu64 " bytes are parked, and seq %" PRIu64
                    " would have to be parked, too: "
                    "that is above apply.park.%s. See drcctl parked list; mend what was refused and run drcctl parked "
                    "retry, or drcctl parked discard, or raise the bound, then start the applier again",
                    p->rows, p->bytes, item->seq, rows ? "max_rows" : "max_bytes");
}

static void forget_earlier_try(struct park *p, const struct park_item *item)
{
    size_t i = place_after(p, item->seq);
    if (!item->more && i > 0 && p->items[i - 1].seq == item->seq)
        leave(p, item->seq);
}

/* ---- from outside ---- */

uint64_t park_behind(struct park *p, const struct park_item *item)
{
    pthread_mutex_lock(&p->lock);
    uint64_t behind = newest_in_front(p, item->seq, &item->keys);
    pthread_mutex_unlock(&p->lock);
    return behind;
}

int park_join(struct park *p, struct park_item *item, uint64_t *behind, struct err *err)
{
    pthread_mutex_lock(&p->lock);
    forget_earlier_try(p, item);
    *behind = item->behind = newest_in_front(p, item->seq, &item->keys);
    int rc = *behind > 0;
    if (rc == 1 && check_bound(p, item, err))
        rc = -1;
    if (rc == 1)
        enter(p, item);
    pthread_mutex_unlock(&p->lock);
    return rc;
}

int park_enter(struct park *p, struct park_item *item, struct err *err)
{
    pthread_mutex_lock(&p->lock);
    forget_earlier_try(p, item);
    int rc = check_bound(p, item, err);
    if (rc == 0)
        enter(p, item);
    pthread_mutex_unlock(&p->lock);
    return rc;
}

void park_load(struct park *p, struct park_item *item)
{
    pthread_mutex_lock(&p->lock);
    enter(p, item);
    pthread_mutex_unlock(&p->lock);
}

void park_leave(struct park *p, uint64_t seq)
{
    pthread_mutex_lock(&p->lock);
    leave(p, seq);
    pthread_mutex_unlock(&p->lock);
}

void park_note_refused(struct park *p, uint64_t seq)
{
    pthread_mutex_lock(&p->lock);
    for (size_t i = place_after(p, seq); i > 0 && p->items[i - 1].seq == seq; i--)
        p->items[i - 1].behind = 0;
    pthread_mutex_unlock(&p->lock);
}

bool park_begin_drain(struct park *p)
{
    pthread_mutex_lock(&p->lock);
    bool mine = !p->draining;
    p->draining = true;
    pthread_mutex_unlock(&p->lock);
    return mine;
}

void park_end_drain(struct park *p)
{
    pthread_mutex_lock(&p->lock);
    p->draining = false;
    pthread_mutex_unlock(&p->lock);
}

bool park_is_free(struct park *p, const struct keyset *before, uint64_t seq)
{
    bool is_free = true;
    pthread_mutex_lock(&p->lock);
    for (size_t i = place_after(p, seq); is_free && i > 0 && p->items[i - 1].seq == seq; i--)
        is_free = !keyset_meets(before, &p->items[i - 1].keys);
    pthread_mutex_unlock(&p->lock);
    return is_free;
}

bool park_has_free(struct park *p)
{
    bool found = false;
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < p->count && !found; i++)
        found = p->items[i].behind > 0 && newest_in_front(p, p->items[i].seq, &p->items[i].keys) == 0;
    pthread_mutex_unlock(&p->lock);
    return found;
}

void park_stays(struct park *p, struct keyset *before, uint64_t seq)
{
    pthread_mutex_lock(&p->lock);
    for (size_t i = place_after(p, seq); i > 0 && p->items[i - 1].seq == seq; i--)
        keyset_add(before, &p->items[i - 1].keys);
    pthread_mutex_unlock(&p->lock);
}
