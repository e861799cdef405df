/* Arithmetic on the texts of keys. */
#include "reconcile/number_key.h"

#include <inttypes.h>

#define SPARSE 4u /* numbers a row, above which a range of numbers says too little of how many rows it has */
#define SIGN (UINT64_C(1) << 63)

void number_key_make(struct number_key *out, const struct plan *plan)
{
    *out = (struct number_key){0};
    if (plan->key_count != 1)
        return;
    const struct value *a = &plan->key[0].of[0], *b = &plan->key[0].of[1];
    bool numbers = a->class == VALUE_INTEGER && b->class == VALUE_INTEGER && a->c->type != COLUMN_YEAR;
    out->usable = numbers && a->c->is_unsigned == b->c->is_unsigned;
    out->is_signed = !a->c->is_unsigned;
}

static uint64_t number_of(const struct number_key *k, struct span text)
{
    bool negative = text.n > 0 && text.p[0] == '-';
    uint64_t n = 0;
    for (size_t i = negative; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        n = n * 10 + (uint64_t)(text.p[i] - '0');
    n = negative ? 0 - n : n;
    return k->is_signed ? n ^ SIGN : n;
}

static struct span text_of(const struct number_key *k, uint64_t number, struct arena *a)
{
    struct buf text = {0};
    if (k->is_signed)
        buf_printf(&text, "%" PRId64, (int64_t)(number ^ SIGN));
    else
        buf_printf(&text, "%" PRIu64, number);
    struct span copy = arena_copy(a, buf_span(&text));
    buf_free(&text);
    return copy;
}

void number_key_reach(struct number_key *k, struct span text)
{
    uint64_t n = number_of(k, text);
    if (n > k->last)
        k->last = n;
}

void number_key_learn(struct number_key *k, const struct plan_range *r, uint64_t rows)
{
    if (!k->usable || !r->lower || !r->upper)
        return;
    k->width = number_of(k, *r->upper) - number_of(k, *r->lower);
    k->rows = rows;
}

/* At most so many rows more than are wanted: the range that was learnt from was nearly full, and none is fuller than
 * full. */
bool number_key_upper(const struct number_key *k, struct span *out, const struct span *lower, uint64_t rows,
                      struct arena *a)
{
    if (!k->usable || !lower || k->rows == 0 || k->width / k->rows >= SPARSE || rows > UINT32_MAX)
        return false;
    uint64_t from = number_of(k, *lower), width = k->width > UINT32_MAX ? rows : rows * k->width / k->rows;
    if (from >= k->last || width == 0 || width >= k->last - from)
        return false;
    *out = text_of(k, from + width, a);
    return true;
}

size_t number_key_cut(const struct number_key *k, struct plan_range *out, const struct plan_range *r, size_t most,
                      struct arena *a)
{
    out[0] = *r;
    if (!k->usable || !r->lower || (!r->upper && number_of(k, *r->lower) >= k->last))
        return 1;
    uint64_t from = number_of(k, *r->lower), width = (r->upper ? number_of(k, *r->upper) : k->last) - from;
    uint64_t step = width / most + (width % most > 0);
    size_t n = 1;
    for (uint64_t at = step; at < width; at += step) {
        struct span *end = arena_alloc(a, sizeof *end);
        *end = text_of(k, from + at, a);
        out[n - 1].upper = end;
        out[n++] = (struct plan_range){end, r->upper};
        if (width - at <= step)
            break;
    }
    return n;
}
