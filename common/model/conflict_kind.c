/* The names of the kinds of conflicts, and of their causes. */
#include "common/model/conflict_kind.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    bool has_policy;
} kinds[CONFLICT_KIND_COUNT] = {
    [CONFLICT_INSERT_EXISTS] = {"insert/exists",    true },
      [CONFLICT_INSERT_DELETED] = {"insert/deleted",   true },
    [CONFLICT_UPDATE_CHANGED] = {"update/changed",   true },
      [CONFLICT_UPDATE_MISSING] = {"update/missing",   true },
    [CONFLICT_UPDATE_DELETED] = {"update/deleted",   true },
      [CONFLICT_DELETE_CHANGED] = {"delete/changed",   true },
    [CONFLICT_DELETE_MISSING] = {"delete/missing",   true },
      [CONFLICT_UNIQUE_CLASH] = {"unique/clash",     false},
    [CONFLICT_NO_PARENT] = {"parent/missing",   false},
      [CONFLICT_HAS_CHILD] = {"child/exists",     false},
    [CONFLICT_REFUSED] = {"row/refused",      false},
      [CONFLICT_FOREIGN_WRITE] = {"foreign/write",    true },
    [CONFLICT_ORDER_VIOLATED] = {"order/violated",   false},
      [CONFLICT_WITH_LOSER] = {"transaction/lost", false},
};

static const char *const causes[CONFLICT_CAUSE_COUNT] = {
    [CONFLICT_CAUSE_UNTOLD] = "",
    [CONFLICT_CAUSE_CONCURRENT] = "concurrent",
    [CONFLICT_CAUSE_FOREIGN_WRITE] = "foreign_write",
};

const char *conflict_cause_name(enum conflict_cause c)
{
    assert((size_t)c < CONFLICT_CAUSE_COUNT);
    return causes[c];
}

int conflict_cause_parse(const char *name)
{
    for (int c = CONFLICT_CAUSE_UNTOLD + 1; c < CONFLICT_CAUSE_COUNT; c++)
        if (strcmp(causes[c], name) == 0)
            return c;
    return -1;
}

const char *conflict_kind_name(enum conflict_kind k)
{
    assert(k < CONFLICT_KIND_COUNT);
    return kinds[k].name;
}

int conflict_kind_parse(const char *name)
{
    for (int k = 0; k < CONFLICT_KIND_COUNT; k++)
        if (strcmp(kinds[k].name, name) == 0)
            return k;
    return -1;
}

bool conflict_kind_has_policy(enum conflict_kind k)
{
    assert(k < CONFLICT_KIND_COUNT);
    return kinds[k].has_policy;
}
