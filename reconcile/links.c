/* Marks and waits over several links. */
#include "reconcile/links.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/mem.h"

struct link {
    struct progress *progress;
    struct position mark;
};

struct links {
    struct link *links;
    size_t count;
    bool marked;
    const struct stop *stop; /* may be NULL */
};

static bool is_one_of(const char *name, const char *const regions[2])
{
    return strcmp(name, regions[0]) == 0 || strcmp(name, regions[1]) == 0;
}

struct links *links_new(const struct config *config, const char *const regions[2], const struct stop *stop)
{
    struct links *l = xcalloc(1, sizeof *l);
    l->stop = stop;
    l->links = xcalloc(config->link_count, sizeof *l->links);
    for (size_t i = 0; i < config->link_count; i++) {
        const struct link_config *c = &config->links[i];
        if (is_one_of(c->to, regions))
            l->links[l->count++].progress = progress_new(config, c->from, c->to);
    }
    return l;
}

void links_free(struct links **links)
{
    struct links *l = *links;
    if (!l)
        return;
    for (size_t i = 0; i < l->count; i++) {
        progress_free(&l->links[i].progress);
        position_free(&l->links[i].mark);
    }
    free(l->links);
    free(l);
    *links = NULL;
}

size_t links_count(const struct links *l)
{
    return l->count;
}

void links_open(struct links *l)
{
    for (size_t i = 0; i < l->count; i++)
        progress_open(l->links[i].progress);
}

int links_mark(struct links *l, bool *moved, struct err *err)
{
    *moved = !l->marked;
    for (size_t i = 0; i < l->count; i++) {
        struct position now = {0};
        if (progress_source_position(l->links[i].progress, &now, err)) {
            position_free(&now);
            return -1;
        }
        *moved = *moved || !position_eq(&now, &l->links[i].mark);
        position_free(&l->links[i].mark);
        l->links[i].mark = now;
    }
    l->marked = true;
    return 0;
}

int links_wait(struct links *l, uint64_t timeout_ms, struct err *err)
{
    uint64_t began_ms = clock_mono_ms();
    for (size_t i = 0; i < l->count; i++) {
        uint64_t gone = clock_mono_ms() - began_ms;
        struct progress_report report;
        struct progress_watch watch = {.timeout_ms = gone < timeout_ms ? timeout_ms - gone : 0, .stop = l->stop};
        if (progress_wait(l->links[i].progress, &report, &l->links[i].mark, &watch, err))
            return -1;
    }
    return 0;
}
