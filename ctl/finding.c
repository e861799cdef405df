/* Findings of a check: collecting and telling them. */
#include "ctl/finding.h"

#include <stdlib.h>

#include "common/base/mem.h"

static const char *const severities[] = {[FINDING_WARNING] = "warning", [FINDING_ERROR] = "error"};

void findings_add(struct findings *all, struct finding f)
{
    all->items = xreallocarray(all->items, all->count + 1, sizeof *all->items);
    all->items[all->count++] = f;
}

void findings_free(struct findings *all)
{
    for (size_t i = 0; i < all->count; i++) {
        free(all->items[i].where);
        free(all->items[i].what);
        free(all->items[i].why);
        free(all->items[i].fix);
    }
    free(all->items);
    *all = (struct findings){0};
}

size_t findings_count(const struct findings *all, enum finding_severity severity)
{
    size_t n = 0;
    for (size_t i = 0; i < all->count; i++)
        n += all->items[i].severity == severity;
    return n;
}

int findings_exit_code(const struct findings *all)
{
    return findings_count(all, FINDING_ERROR) > 0 ? 2 : all->count > 0 ? 1 : 0;
}

void findings_print(const struct findings *all, FILE *out)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct finding *f = &all->items[i];
        fprintf(out, "%s %s: %s\n    why: %s\n    fix: %s\n", severities[f->severity], f->where, f->what, f->why,
                f->fix);
    }
    fprintf(out, "%zu errors, %zu warnings\n", findings_count(all, FINDING_ERROR),
            findings_count(all, FINDING_WARNING));
}

void findings_put_json(const struct findings *all, json_t *object)
{
    json_t *list = json_array();
    for (size_t i = 0; i < all->count; i++) {
        const struct finding *f = &all->items[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "severity", severities[f->severity], "check",
                                        f->check, "where", f->where, "what", f->what, "why", f->why, "fix", f->fix));
    }
    json_object_set_new(object, "findings", list);
    json_object_set_new(object, "errors", json_integer((json_int_t)findings_count(all, FINDING_ERROR)));
    json_object_set_new(object, "warnings", json_integer((json_int_t)findings_count(all, FINDING_WARNING)));
}
