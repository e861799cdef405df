/* A slice of bytes that somebody else owns. */
#ifndef DRC_BASE_SPAN_H
#define DRC_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *p;
    size_t n;
};

static inline struct span span_of(const void *p, size_t n)
{
    return (struct span){p, n};
}

/* Of a NUL-terminated string, without its NUL. */
static inline struct span span_str(const char *s)
{
    return (struct span){(const uint8_t *)s, strlen(s)};
}

static inline bool span_eq(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool span_is(struct span a, const char *s)
{
    return span_eq(a, span_str(s));
}

/* For printf("%.*s"): SPAN_ARG(s) gives the two arguments. */
#define SPAN_ARG(s) (int)(s).n, (const char *)(s).p

#endif
