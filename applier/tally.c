/* Notes in a list until they are kept, lines in a list that is sorted when it is asked for. */
#include "applier/tally.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/mem.h"

struct pending {
    char *table;
    char *key;
    char *why;
    const char *kind;
    const char *cause;
    const char *verdict;
    uint64_t seq;
};

struct tally {
    struct arena arena; /* of the lines */
    struct tally_line *lines;
    size_t count;
    size_t cap;
    struct pending *pending;
    size_t pending_count;
    size_t pending_cap;
    uint64_t total;
};

struct tally *tally_new(void)
{
    return xcalloc(1, sizeof(struct tally));
}

static void free_note(struct pending *p)
{
    free(p->table);
    free(p->key);
    free(p->why);
}

void tally_free(struct tally **t)
{
    if (!*t)
        return;
    tally_undo(*t, 0);
    arena_free(&(*t)->arena);
    free((*t)->lines);
    free((*t)->pending);
    free(*t);
    *t = NULL;
}

void tally_put(struct tally *t, const struct tally_note *note)
{
    if (t->pending_count == t->pending_cap) {
        t->pending_cap = t->pending_cap ? 2 * t->pending_cap : 16;
        t->pending = xreallocarray(t->pending, t->pending_cap, sizeof *t->pending);
    }
    t->pending[t->pending_count++] = (struct pending){
        .table = xasprintf("%.*s%s%.*s", SPAN_ARG(note->db), note->db.n ? "." : "", SPAN_ARG(note->table)),
        .key = xasprintf("%.*s", SPAN_ARG(note->key)),
        .why = xasprintf("%s", note->why),
        .kind = note->kind,
        .cause = note->cause ? note->cause : "",
        .verdict = note->verdict,
        .seq = note->seq};
}

size_t tally_mark(const struct tally *t)
{
    return t->pending_count;
}

void tally_undo(struct tally *t, size_t mark)
{
    while (t->pending_count > mark)
        free_note(&t->pending[--t->pending_count]);
}

static struct tally_line *line_of(struct tally *t, const struct pending *p)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->lines[i].kind, p->kind) == 0 && strcmp(t->lines[i].cause, p->cause) == 0 &&
            strcmp(t->lines[i].table, p->table) == 0)
            return &t->lines[i];
    if (t->count == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 16;
        t->lines = xreallocarray(t->lines, t->cap, sizeof *t->lines);
    }
    struct tally_line *line = &t->lines[t->count++];
    *line =
        (struct tally_line){.table = arena_strdup(&t->arena, span_str(p->table)), .kind = p->kind, .cause = p->cause};
    return line;
}

static void count_verdict(struct tally_line *line, const char *name)
{
    size_t i = 0;
    const size_t last = sizeof line->verdicts / sizeof *line->verdicts - 1;
    while (i < last && line->verdicts[i].name && strcmp(line->verdicts[i].name, name) != 0)
        i++;
    if (i == last)
        return;
    line->verdicts[i].name = name;
    line->verdicts[i].count++;
}

void tally_keep(struct tally *t)
{
    for (size_t i = 0; i < t->pending_count; i++) {
        struct pending *p = &t->pending[i];
        struct tally_line *line = line_of(t, p);
        line->count++;
        t->total++;
        count_verdict(line, p->verdict);
        if (line->example_count < TALLY_EXAMPLES)
            line->examples[line->example_count++] =
                (struct tally_example){.key = arena_strdup(&t->arena, span_str(p->key)),
                                       .why = arena_strdup(&t->arena, span_str(p->why)),
                                       .seq = p->seq};
        free_note(p);
    }
    t->pending_count = 0;
}

static int by_table_and_kind(const void *a, const void *b)
{
    const struct tally_line *x = a, *y = b;
    int order = strcmp(x->table, y->table);
    if (order == 0)
        order = strcmp(x->kind, y->kind);
    return order ? order : strcmp(x->cause, y->cause);
}

const struct tally_line *tally_lines(struct tally *t, size_t *count)
{
    if (t->count > 1)
        qsort(t->lines, t->count, sizeof *t->lines, by_table_and_kind);
    *count = t->count;
    return t->lines;
}

uint64_t tally_total(const struct tally *t)
{
    return t->total;
}
