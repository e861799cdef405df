/* Words for the source that wait for the records before them. */
#include "capture/promises.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"

void promises_free(struct promises *p)
{
    for (size_t i = p->first; i < p->end; i++)
        free(p->list[i].file);
    free(p->list);
    free(p->kept.file);
    *p = (struct promises){0};
}

static void make_room(struct promises *p)
{
    if (p->end < p->cap)
        return;
    if (p->first > p->cap / 2) {
        memmove(p->list, p->list + p->first, (p->end - p->first) * sizeof *p->list);
        p->end -= p->first;
        p->first = 0;
        return;
    }
    p->cap = p->cap ? p->cap * 2 : 64;
    p->list = xreallocarray(p->list, p->cap, sizeof *p->list);
}

void promises_add(struct promises *p, uint64_t after, char *file, uint64_t offset)
{
    assert(p->first == p->end || p->list[p->end - 1].after <= after);
    make_room(p);
    p->list[p->end++] = (struct promise){after, file, offset};
}

const struct promise *promises_keep(struct promises *p, uint64_t acknowledged)
{
    size_t due = 0;
    while (p->first < p->end && p->list[p->first].after <= acknowledged) {
        free(p->kept.file);
        p->kept = p->list[p->first++];
        due++;
    }
    if (p->first == p->end)
        p->first = p->end = 0;
    return due > 0 ? &p->kept : NULL;
}
