/* Positions as sets: adding, uniting, comparing. */
#include "common/model/position.h"

#include <assert.h>
#include <stdlib.h>

#include "common/base/mem.h"

void position_init(struct position *p, enum flavor flavor)
{
    *p = (struct position){.flavor = flavor};
}

void position_free(struct position *p)
{
    for (size_t i = 0; p->sources && i < p->count; i++)
        free(p->sources[i].intervals);
    free(p->sources);
    free(p->domains);
    *p = (struct position){0};
}

void position_copy(struct position *to, const struct position *from)
{
    if (to == from)
        return;
    position_free(to);
    to->flavor = from->flavor;
    position_union(to, from);
}

/* ---- MariaDB: one GTID a domain ---- */

/* Index of the domain, or where it belongs. */
static size_t find_domain(const struct position *p, uint32_t domain)
{
    size_t lo = 0, hi = p->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (p->domains[mid].domain < domain)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool has_domain(const struct position *p, size_t at, uint32_t domain)
{
    return at < p->count && p->domains[at].domain == domain;
}

static void add_maria(struct position *p, const struct gtid_mariadb *g)
{
    size_t at = find_domain(p, g->domain);
    if (!has_domain(p, at, g->domain)) {
        if (p->count == p->cap) {
            p->cap = p->cap ? p->cap * 2 : 4;
            p->domains = xreallocarray(p->domains, p->cap, sizeof *p->domains);
        }
        memmove(p->domains + at + 1, p->domains + at, (p->count - at) * sizeof *p->domains);
        p->count++;
    }
    p->domains[at] = *g;
}

/* The newest seq of the domain, 0 when there is none. */
static uint64_t domain_seq(const struct position *p, uint32_t domain)
{
    size_t at = find_domain(p, domain);
    return has_domain(p, at, domain) ? p->domains[at].seq : 0;
}

/* ---- MySQL: intervals of each uuid and tag ---- */

static int compare_source(const struct position_source *s, const uint8_t uuid[16], const char *tag)
{
    int c = memcmp(s->uuid, uuid, sizeof s->uuid);
    return c ? c : strcmp(s->tag, tag);
}

static size_t find_source(const struct position *p, const uint8_t uuid[16], const char *tag)
{
    size_t lo = 0, hi = p->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (compare_source(&p->sources[mid], uuid, tag) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The source, or NULL. */
static const struct position_source *get_source(const struct position *p, const uint8_t uuid[16], const char *tag)
{
    size_t at = find_source(p, uuid, tag);
    return at < p->count && compare_source(&p->sources[at], uuid, tag) == 0 ? &p->sources[at] : NULL;
}

static struct position_source *make_source(struct position *p, const uint8_t uuid[16], const char *tag)
{
    size_t at = find_source(p, uuid, tag);
    if (at < p->count && compare_source(&p->sources[at], uuid, tag) == 0)
        return &p->sources[at];
    if (p->count == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 4;
        p->sources = xreallocarray(p->sources, p->cap, sizeof *p->sources);
    }
    memmove(p->sources + at + 1, p->sources + at, (p->count - at) * sizeof *p->sources);
    p->count++;
    struct position_source *s = &p->sources[at];
    *s = (struct position_source){0};
    memcpy(s->uuid, uuid, sizeof s->uuid);
    memcpy(s->tag, tag, strlen(tag));
    return s;
}

/* First interval whose last is at least n. */
static size_t find_interval(const struct position_source *s, uint64_t n)
{
    size_t lo = 0, hi = s->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->intervals[mid].last < n)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void add_interval(struct position_source *s, uint64_t first, uint64_t last)
{
    assert(first >= 1 && first <= last && last < UINT64_MAX);
    size_t at = find_interval(s, first - 1); /* one that ends just before joins as well */
    size_t end = at;
    for (; end < s->count && s->intervals[end].first <= last + 1; end++) {
        if (s->intervals[end].first < first)
            first = s->intervals[end].first;
        if (s->intervals[end].last > last)
            last = s->intervals[end].last;
    }
    if (end == at && s->count == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 4;
        s->intervals = xreallocarray(s->intervals, s->cap, sizeof *s->intervals);
    }
    if (end != at + 1)
        memmove(s->intervals + at + 1, s->intervals + end, (s->count - end) * sizeof *s->intervals);
    s->intervals[at] = (struct position_interval){first, last};
    s->count = s->count + 1 - (end - at);
}

void position_add_interval(struct position *p, const uint8_t uuid[16], const char *tag, uint64_t first, uint64_t last)
{
    assert(p->flavor == FLAVOR_MYSQL);
    add_interval(make_source(p, uuid, tag), first, last);
}

/* How many numbers of `s` are in `base` (may be NULL: none). */
static uint64_t count_common(const struct position_source *s, const struct position_source *base)
{
    uint64_t n = 0;
    size_t k = 0;
    for (size_t i = 0; base && i < s->count; i++) {
        const struct position_interval *a = &s->intervals[i];
        while (k < base->count && base->intervals[k].last < a->first)
            k++;
        for (size_t m = k; m < base->count && base->intervals[m].first <= a->last; m++) {
            const struct position_interval *b = &base->intervals[m];
            uint64_t first = a->first > b->first ? a->first : b->first;
            uint64_t last = a->last < b->last ? a->last : b->last;
            n += last - first + 1;
        }
    }
    return n;
}

static uint64_t count_all(const struct position_source *s)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s->count; i++)
        n += s->intervals[i].last - s->intervals[i].first + 1;
    return n;
}

/* ---- both ---- */

void position_add(struct position *p, const struct gtid *g)
{
    if (p->flavor == FLAVOR_NONE)
        p->flavor = g->flavor;
    assert(p->flavor == g->flavor);
    if (g->flavor == FLAVOR_MARIADB)
        add_maria(p, &g->maria);
    else if (g->flavor == FLAVOR_MYSQL)
        position_add_interval(p, g->mysql.uuid, g->mysql.tag, g->mysql.gno, g->mysql.gno);
}

void position_union(struct position *p, const struct position *other)
{
    if (p == other || other->count == 0)
        return;
    if (p->flavor == FLAVOR_NONE)
        p->flavor = other->flavor;
    assert(p->flavor == other->flavor);
    for (size_t i = 0; i < other->count; i++) {
        if (p->flavor == FLAVOR_MARIADB) {
            add_maria(p, &other->domains[i]);
            continue;
        }
        const struct position_source *from = &other->sources[i];
        struct position_source *s = make_source(p, from->uuid, from->tag);
        for (size_t k = 0; k < from->count; k++)
            add_interval(s, from->intervals[k].first, from->intervals[k].last);
    }
}

static void meet_source(struct position *to, const struct position_source *a, const struct position_source *b)
{
    for (size_t i = 0; b && i < a->count; i++) {
        for (size_t k = 0; k < b->count; k++) {
            uint64_t first =
                a->intervals[i].first > b->intervals[k].first ? a->intervals[i].first : b->intervals[k].first;
            uint64_t last = a->intervals[i].last < b->intervals[k].last ? a->intervals[i].last : b->intervals[k].last;
            if (first <= last)
                position_add_interval(to, a->uuid, a->tag, first, last);
        }
    }
}

void position_meet(struct position *to, const struct position *a, const struct position *b)
{
    struct position met = {.flavor = a->flavor};
    for (size_t i = 0; a->flavor == b->flavor && i < a->count; i++) {
        if (a->flavor == FLAVOR_MYSQL) {
            meet_source(&met, &a->sources[i], get_source(b, a->sources[i].uuid, a->sources[i].tag));
            continue;
        }
        size_t at = find_domain(b, a->domains[i].domain);
        if (has_domain(b, at, a->domains[i].domain))
            add_maria(&met, a->domains[i].seq < b->domains[at].seq ? &a->domains[i] : &b->domains[at]);
    }
    position_free(to);
    *to = met;
}

bool position_has(const struct position *p, const struct gtid *g)
{
    if (p->flavor != g->flavor)
        return false;
    if (g->flavor == FLAVOR_MARIADB) {
        size_t at = find_domain(p, g->maria.domain);
        return has_domain(p, at, g->maria.domain) && p->domains[at].seq >= g->maria.seq;
    }
    if (g->flavor != FLAVOR_MYSQL)
        return false;
    const struct position_source *s = get_source(p, g->mysql.uuid, g->mysql.tag);
    size_t at = s ? find_interval(s, g->mysql.gno) : 0;
    return s && at < s->count && s->intervals[at].first <= g->mysql.gno;
}

bool position_covers(const struct position *p, const struct position *part)
{
    if (part->count > 0 && p->flavor != part->flavor)
        return false;
    return position_distance(part, p) == 0;
}

bool position_eq(const struct position *a, const struct position *b)
{
    if (a->count != b->count || (a->count > 0 && a->flavor != b->flavor))
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (a->flavor == FLAVOR_MARIADB) {
            const struct gtid_mariadb *x = &a->domains[i], *y = &b->domains[i];
            if (x->domain != y->domain || x->server != y->server || x->seq != y->seq)
                return false;
        } else {
            const struct position_source *x = &a->sources[i], *y = &b->sources[i];
            if (compare_source(x, y->uuid, y->tag) != 0 || x->count != y->count ||
                memcmp(x->intervals, y->intervals, x->count * sizeof *x->intervals) != 0)
                return false;
        }
    }
    return true;
}

uint64_t position_distance(const struct position *p, const struct position *base)
{
    bool same = p->flavor == base->flavor;
    uint64_t n = 0;
    for (size_t i = 0; i < p->count; i++) {
        uint64_t here;
        if (p->flavor == FLAVOR_MARIADB) {
            uint64_t there = same ? domain_seq(base, p->domains[i].domain) : 0;
            here = p->domains[i].seq > there ? p->domains[i].seq - there : 0;
        } else {
            const struct position_source *s = &p->sources[i];
            here = count_all(s) - count_common(s, same ? get_source(base, s->uuid, s->tag) : NULL);
        }
        if (__builtin_add_overflow(n, here, &n))
            return UINT64_MAX;
    }
    return n;
}
