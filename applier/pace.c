/* A debt of rows that time pays off, shared by the workers; or rest in proportion to each worker's own work. */
#include "applier/pace.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"

#define WHO_MAX 120
#define WHY_MAX 300
#define RATE_MOST 100000000u
#define RATIO_LEAST 0.001

struct pace {
    pthread_mutex_t lock;
    uint64_t rate;  /* rows a second; 0: no rate */
    double ratio;   /* share of the time; 0: no ratio */
    double paid_ms; /* clock_mono_ms by which all rows so far are paid */
    uint64_t words; /* how often the operator has spoken */
    char by[WHO_MAX + WHY_MAX + 80];
};

struct pace *pace_new(void)
{
    struct pace *p = xcalloc(1, sizeof *p);
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

void pace_free(struct pace **p)
{
    if (!*p)
        return;
    pthread_mutex_destroy(&(*p)->lock);
    free(*p);
    *p = NULL;
}

/* ---- the operator ---- */

static const char *take_word(char *out, size_t size, const char *args)
{
    size_t n = strcspn(args, " ");
    (void)snprintf(out, size, "%.*s", (int)n, args);
    args += n;
    return args + strspn(args, " ");
}

static void put_limit(const struct pace *p, struct buf *out)
{
    if (p->rate > 0)
        buf_printf(out, "at most %llu rows/s", (unsigned long long)p->rate);
    else if (p->ratio > 0)
        buf_printf(out, "at work for %.4g of the time", p->ratio);
}

static void put_locked(const struct pace *p, struct buf *out)
{
    put_limit(p, out);
    if (out->len)
        buf_printf(out, ", %s", p->by);
}

/* False: what was said is no rate and no ratio. */
static bool parse_limit(uint64_t *rate, double *ratio, const char *kind, const char *value)
{
    char *end = NULL;
    *rate = 0;
    *ratio = 0;
    if (strcmp(kind, "rate") == 0 && strspn(value, "0123456789") == strlen(value)) {
        *rate = strtoull(value, &end, 10);
        return *rate >= 1 && *rate <= RATE_MOST;
    }
    if (strcmp(kind, "ratio") == 0 && *value && strspn(value, "0123456789.") == strlen(value)) {
        *ratio = strtod(value, &end);
        return *end == '\0' && *ratio >= RATIO_LEAST && *ratio < 1;
    }
    return false;
}

void pace_ask(struct pace *p, const char *args, struct buf *out)
{
    char who[WHO_MAX + 1], kind[16], value[32] = "", at[CLOCK_TEXT_LEN];
    uint64_t rate = 0;
    double ratio = 0;
    const char *why = take_word(kind, sizeof kind, take_word(who, sizeof who, args));
    bool off = strcmp(kind, "off") == 0;
    if (!off)
        why = take_word(value, sizeof value, why);
    if (!off && !parse_limit(&rate, &ratio, kind, value)) {
        buf_printf(out,
                   "error: a throttle is WHO rate ROWS (1 to %u, a second), WHO ratio SHARE (%g to below 1), or "
                   "WHO off\n",
                   RATE_MOST, RATIO_LEAST);
        return;
    }
    pthread_mutex_lock(&p->lock);
    if (off && p->rate == 0 && p->ratio <= 0) {
        buf_put_str(out, "error: the link has no throttle of an operator\n");
    } else {
        struct buf text = {0};
        put_locked(p, &text);
        p->rate = rate;
        p->ratio = ratio;
        p->paid_ms = 0;
        p->words++;
        (void)snprintf(p->by, sizeof p->by, "by %s at %s%s%.*s", *who ? who : "somebody",
                       clock_text(at, clock_wall_us()), *why ? ": " : "", WHY_MAX, why);
        if (off) {
            buf_printf(out, "released; it was %s\n", buf_cstr(&text));
        } else {
            buf_put_str(out, "throttled: ");
            put_locked(p, out);
            buf_put_str(out, "\n");
        }
        log_event(MSG_PACE_SET, log_span(NULL, span_of(out->data, out->len - 1)));
        buf_free(&text);
    }
    pthread_mutex_unlock(&p->lock);
}

void pace_put_text(struct pace *p, struct buf *out)
{
    struct buf text = {0};
    pthread_mutex_lock(&p->lock);
    put_locked(p, &text);
    pthread_mutex_unlock(&p->lock);
    buf_put_span(out, buf_span(&text));
    buf_free(&text);
}

/* ---- the workers ---- */

uint32_t pace_group_rows(struct pace *p, uint32_t most)
{
    pthread_mutex_lock(&p->lock);
    uint64_t rows = p->rate > 0 && p->rate < most ? p->rate : most;
    pthread_mutex_unlock(&p->lock);
    return (uint32_t)rows;
}

uint64_t pace_due_ms(struct pace *p, uint64_t rows, uint64_t busy_ms, uint64_t *since)
{
    uint64_t now = clock_mono_ms();
    double due = 0;
    pthread_mutex_lock(&p->lock);
    *since = p->words;
    if (p->rate > 0) {
        double from = p->paid_ms > (double)now ? p->paid_ms : (double)now;
        due = p->paid_ms = from + (double)rows * 1000.0 / (double)p->rate;
    } else if (p->ratio > 0 && rows > 0) {
        due = (double)now + (double)busy_ms * (1 - p->ratio) / p->ratio;
    }
    pthread_mutex_unlock(&p->lock);
    return (uint64_t)due;
}

bool pace_changed(struct pace *p, uint64_t since)
{
    pthread_mutex_lock(&p->lock);
    bool changed = p->words != since;
    pthread_mutex_unlock(&p->lock);
    return changed;
}
