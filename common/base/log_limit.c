/* Counting lines of a burst. */
#include "common/base/log_limit.h"

#include "common/base/hash.h"

static bool is_used(const struct log_repeat *s)
{
    return s->id != MESSAGE_NONE;
}

static bool has_ended(const struct log_repeat *s, uint64_t now_ms)
{
    return now_ms - s->begun_ms >= LOG_LIMIT_WINDOW_MS;
}

/* The slot of that id and key, else a free one, else the one whose window began first. */
static struct log_repeat *slot_for(struct log_limit *l, enum message_id id, uint64_t hash)
{
    struct log_repeat *best = NULL;
    for (size_t i = 0; i < LOG_LIMIT_SLOTS; i++) {
        struct log_repeat *s = &l->slots[i];
        if (is_used(s) && s->id == id && s->hash == hash)
            return s;
        if (!best || (is_used(best) && (!is_used(s) || s->begun_ms < best->begun_ms)))
            best = s;
    }
    return best;
}

bool log_limit_take(struct log_limit *l, struct log_repeat *evicted, enum message_id id, const char *key,
                    struct span value, uint64_t now_ms)
{
    uint64_t hash = hash64(value, 0);
    struct log_repeat *s = slot_for(l, id, hash);
    *evicted = (struct log_repeat){0};
    if (s->id != id || s->hash != hash || has_ended(s, now_ms)) {
        size_t n = value.n < sizeof s->value - 1 ? value.n : sizeof s->value - 1;
        if (s->id != id || s->hash != hash)
            *evicted = *s;
        *s = (struct log_repeat){.id = id, .key = key, .hash = hash, .begun_ms = now_ms};
        memcpy(s->value, value.p, n);
    }
    if (s->told < LOG_LIMIT_FIRST) {
        s->told++;
        return true;
    }
    s->hidden++;
    return false;
}

bool log_limit_due(struct log_limit *l, struct log_repeat *out, uint64_t now_ms, bool all)
{
    for (size_t i = 0; i < LOG_LIMIT_SLOTS; i++) {
        struct log_repeat *s = &l->slots[i];
        if (!is_used(s) || !(all || has_ended(s, now_ms)))
            continue;
        *out = *s;
        if (s->hidden == 0) {
            *s = (struct log_repeat){0};
        } else { /* the storm may go on: one line of the next window */
            s->begun_ms = now_ms;
            s->told = LOG_LIMIT_FIRST - 1;
            s->hidden = 0;
        }
        if (out->hidden)
            return true;
    }
    return false;
}
