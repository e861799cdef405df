/* An operator's words under one mutex. */
#include "applier/hold.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/model/gtid.h"

#define WHO_MAX 120
#define WHY_MAX 300

struct hold {
    pthread_mutex_t lock;
    bool loaded;
    bool told; /* the target knows `paused` */
    char paused[LINK_ROW_PAUSED_MAX + 1];
    uint64_t since_ms;
    char expected[GTID_TEXT_LEN];
    bool resumed;
    char by[LINK_ROW_PAUSED_MAX + 1];
};

struct hold *hold_new(void)
{
    struct hold *h = xcalloc(1, sizeof *h);
    pthread_mutex_init(&h->lock, NULL);
    h->told = true;
    return h;
}

void hold_free(struct hold **h)
{
    if (!*h)
        return;
    pthread_mutex_destroy(&(*h)->lock);
    free(*h);
    *h = NULL;
}

/* The next word of `args`, at most `max` bytes of it. */
static const char *take_word(char *out, size_t max, const char *args)
{
    size_t n = strcspn(args, " ");
    (void)snprintf(out, max + 1, "%.*s", (int)n, args);
    args += n;
    return args + strspn(args, " ");
}

/* "by root@db1 at 2026-01-31T10:00:00.000000Z: why" */
static void put_words(char out[LINK_ROW_PAUSED_MAX + 1], const char *who, const char *why)
{
    char at[CLOCK_TEXT_LEN];
    (void)snprintf(out, LINK_ROW_PAUSED_MAX + 1, "by %s at %s%s%.*s", *who ? who : "somebody",
                   clock_text(at, clock_wall_us()), *why ? ": " : "", WHY_MAX, why);
}

void hold_ask_pause(struct hold *h, const char *args, struct buf *out)
{
    char who[WHO_MAX + 1];
    const char *why = take_word(who, WHO_MAX, args);
    pthread_mutex_lock(&h->lock);
    if (h->paused[0]) {
        buf_printf(out, "error: the link is paused already, %s\n", h->paused);
    } else {
        put_words(h->paused, who, why);
        h->since_ms = clock_mono_ms();
        h->told = false;
        buf_printf(out, "paused %s\n", h->paused);
    }
    pthread_mutex_unlock(&h->lock);
}

static void resume_locked(struct hold *h, const char *who, const char *gtid, const char *why, struct buf *out)
{
    if (h->paused[0]) {
        buf_printf(out, "resumed; it was paused %s\n", h->paused);
        h->paused[0] = '\0';
        h->told = false;
    } else if (!h->expected[0]) {
        buf_put_str(out, "error: the link is neither paused nor does it wait for a word about a DDL statement\n");
    } else if (strcmp(gtid, "-") != 0 && strcmp(gtid, h->expected) != 0) {
        buf_printf(out, "error: the statement that is waited for is that of %s, not of %s\n", h->expected, gtid);
    } else {
        put_words(h->by, who, why);
        h->resumed = true;
        buf_printf(out, "passes the statement of %s\n", h->expected);
    }
}

void hold_ask_resume(struct hold *h, const char *args, struct buf *out)
{
    char who[WHO_MAX + 1], gtid[GTID_TEXT_LEN];
    const char *rest = take_word(who, WHO_MAX, args);
    const char *why = take_word(gtid, sizeof gtid - 1, rest);
    pthread_mutex_lock(&h->lock);
    resume_locked(h, who, *gtid ? gtid : "-", why, out);
    pthread_mutex_unlock(&h->lock);
}

void hold_load(struct hold *h, const char *paused)
{
    pthread_mutex_lock(&h->lock);
    if (!h->loaded && h->told) {
        (void)snprintf(h->paused, sizeof h->paused, "%s", paused);
        h->since_ms = clock_mono_ms();
    }
    h->loaded = true;
    pthread_mutex_unlock(&h->lock);
}

bool hold_due(struct hold *h)
{
    pthread_mutex_lock(&h->lock);
    bool due = !h->told || h->paused[0];
    pthread_mutex_unlock(&h->lock);
    return due;
}

bool hold_paused(struct hold *h, char out[LINK_ROW_PAUSED_MAX + 1], uint64_t *since_ms)
{
    pthread_mutex_lock(&h->lock);
    memcpy(out, h->paused, sizeof h->paused);
    if (since_ms)
        *since_ms = h->since_ms;
    pthread_mutex_unlock(&h->lock);
    return out[0] != '\0';
}

void hold_told(struct hold *h, const char *paused)
{
    pthread_mutex_lock(&h->lock);
    h->told = strcmp(h->paused, paused) == 0; /* else somebody was told what is not so any more */
    pthread_mutex_unlock(&h->lock);
}

bool hold_is_kept(struct hold *h)
{
    pthread_mutex_lock(&h->lock);
    bool kept = h->loaded && h->told;
    pthread_mutex_unlock(&h->lock);
    return kept;
}

void hold_expect(struct hold *h, const char *gtid)
{
    pthread_mutex_lock(&h->lock);
    if (!gtid || strcmp(gtid, h->expected) != 0)
        h->resumed = false;
    (void)snprintf(h->expected, sizeof h->expected, "%s", gtid ? gtid : "");
    pthread_mutex_unlock(&h->lock);
}

bool hold_resumed(struct hold *h, char by[LINK_ROW_PAUSED_MAX + 1])
{
    pthread_mutex_lock(&h->lock);
    bool resumed = h->resumed;
    memcpy(by, h->by, sizeof h->by);
    pthread_mutex_unlock(&h->lock);
    return resumed;
}
