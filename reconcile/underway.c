/* Waiting for the links on behalf of definitions. */
#include "reconcile/underway.h"

#include <string.h>

#include "reconcile/ready.h"

bool underway_is_possible(const struct run *run)
{
    const struct config *config = run->config;
    for (size_t i = 0; i < config->link_count; i++) {
        const struct link_config *link = &config->links[i];
        for (int side = 0; side < 2; side++)
            if (link->ddl == DDL_APPLY && strcmp(link->to, run->regions[side]->name) == 0)
                return true;
    }
    return false;
}

bool underway_pass(struct run *run)
{
    struct err err = {0};
    bool moved;
    ready_wait(run);
    if (links_mark(run->links, &moved, &err) == 0 && links_wait(run->links, run->timeout_ms, &err) == 0)
        return true;
    run->timeout_ms = 0;
    return false;
}
