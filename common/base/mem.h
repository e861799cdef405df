/* Allocators that do not fail: out of memory ends the process with a line that says so. */
#ifndef DRC_BASE_MEM_H
#define DRC_BASE_MEM_H

#include <stddef.h>

/* The memory is the caller's, released by free(). Zero sizes are allowed. */
void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t n);
void *xrealloc(void *p, size_t n);
/* Room for `count` elements of `n` bytes, checked against overflow. */
void *xreallocarray(void *p, size_t count, size_t n);
char *xstrdup(const char *s);
/* printf into memory of its own, released by free(). */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* For programs that take and give back megabytes with every batch: let the allocator keep up to 16 MiB of what was
 * freed, instead of having the kernel clear the same pages again and again. Once, before threads start. */
void mem_keep_freed(void);

#endif
