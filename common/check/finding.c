/* Findings of a check: collecting and telling them. */
#include "common/check/finding.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/mem.h"

static const struct {
    const char *name;
    enum message_id message;
} severities[] = {
    [FINDING_NOTE] = {"note",    MSG_FINDING_NOTE   },
    [FINDING_WARNING] = {"warning", MSG_FINDING_WARNING},
    [FINDING_ERROR] = {"error",   MSG_FINDING_ERROR  },
};

const char *finding_severity_name(enum finding_severity severity)
{
    return severities[severity].name;
}

void findings_add(struct findings *all, struct finding f)
{
    all->items = xreallocarray(all->items, all->count + 1, sizeof *all->items);
    all->items[all->count++] = f;
}

void findings_copy(struct findings *all, const struct findings *from)
{
    for (size_t i = 0; i < from->count; i++) {
        struct finding f = from->items[i];
        f.where = xstrdup(f.where);
        f.what = xstrdup(f.what);
        f.why = xstrdup(f.why);
        f.fix = xstrdup(f.fix);
        findings_add(all, f);
    }
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
    return findings_count(all, FINDING_ERROR) > 0 ? 2 : findings_count(all, FINDING_WARNING) > 0 ? 1 : 0;
}

void findings_print(const struct findings *all, FILE *out)
{
    size_t notes = findings_count(all, FINDING_NOTE);
    for (size_t i = 0; i < all->count; i++) {
        const struct finding *f = &all->items[i];
        fprintf(out, "%s %s: %s [%s]\n    why: %s\n    fix: %s\n", severities[f->severity].name, f->where, f->what,
                f->check, f->why, f->fix);
    }
    fprintf(out, "%zu errors, %zu warnings", findings_count(all, FINDING_ERROR), findings_count(all, FINDING_WARNING));
    if (notes > 0)
        fprintf(out, ", %zu notes", notes);
    fputs("\n", out);
}

void findings_put_json(const struct findings *all, json_t *object)
{
    static const char *const counts[] = {
        [FINDING_NOTE] = "notes", [FINDING_WARNING] = "warnings", [FINDING_ERROR] = "errors"};
    json_t *list = json_array();
    for (size_t i = 0; i < all->count; i++) {
        const struct finding *f = &all->items[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "severity",
                                              severities[f->severity].name, "check", f->check, "where", f->where,
                                              "what", f->what, "why", f->why, "fix", f->fix));
    }
    json_object_set_new(object, "findings", list);
    for (enum finding_severity s = FINDING_NOTE; s <= FINDING_ERROR; s++)
        json_object_set_new(object, counts[s], json_integer((json_int_t)findings_count(all, s)));
}

/* ---- daemons ---- */

void findings_told_free(struct findings_told *told)
{
    for (size_t i = 0; i < told->count; i++)
        free(told->lines[i]);
    free(told->lines);
    *told = (struct findings_told){0};
}

static bool was_told(const struct findings_told *told, const char *line)
{
    for (size_t i = 0; i < told->count; i++)
        if (strcmp(told->lines[i], line) == 0)
            return true;
    return false;
}

static char *line_of(const struct finding *f)
{
    return xasprintf("region %s: %s: %s. Run: %s", f->where, f->what, f->why, f->fix);
}

void findings_know(struct findings_told *told, const struct findings *all)
{
    findings_told_free(told);
    told->lines = xcalloc(all->count + 1, sizeof *told->lines);
    for (size_t i = 0; i < all->count; i++)
        told->lines[told->count++] = line_of(&all->items[i]);
}

void findings_tell(struct findings_told *told, const struct findings *all)
{
    struct findings_told now = {.lines = xcalloc(all->count + 1, sizeof *now.lines)};
    for (size_t i = 0; i < all->count; i++) {
        char *line = line_of(&all->items[i]);
        if (!was_told(told, line))
            log_event(severities[all->items[i].severity].message, log_detail(line));
        now.lines[now.count++] = line;
    }
    for (size_t i = 0; i < told->count; i++)
        if (!was_told(&now, told->lines[i]))
            log_event(MSG_FINDING_GONE, log_detail(told->lines[i]));
    findings_told_free(told);
    *told = now;
}

int findings_stop(const struct findings *all, struct err *err)
{
    const struct finding *first = NULL;
    for (size_t i = 0; i < all->count; i++) {
        const struct finding *f = &all->items[i];
        if (f->stops != EXIT_DONE && (!first || (f->stops == EXIT_BAD_CONFIG && first->stops == EXIT_DENIED)))
            first = f;
    }
    if (!first)
        return 0;
    char *line = line_of(first);
    (void)err_fatal(err, first->stops, "%s", line);
    free(line);
    return -1;
}
