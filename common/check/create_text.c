/* Cutting the text of SHOW CREATE TABLE into its lines: servers write one item a line. */
#include "common/check/create_text.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"

static const struct {
    const char *begins;
    enum create_kind kind;
} kinds[] = {
    {"`",           CREATE_COLUMN },
    {"PRIMARY KEY", CREATE_PRIMARY},
    {"UNIQUE KEY ", CREATE_UNIQUE },
    {"KEY ",        CREATE_KEY    },
    {"FULLTEXT ",   CREATE_KEY    },
    {"SPATIAL ",    CREATE_KEY    },
    {"CONSTRAINT ", CREATE_FOREIGN},
};

static bool begins(struct span text, const char *word)
{
    size_t n = strlen(word);
    return text.n >= n && memcmp(text.p, word, n) == 0;
}

static enum create_kind kind_of_constraint(struct span line)
{
    const uint8_t *foreign = memmem(line.p, line.n, "` FOREIGN KEY ", 14);
    const uint8_t *check = memmem(line.p, line.n, "` CHECK ", 8);
    if (check && (!foreign || check < foreign))
        return CREATE_CHECK;
    return foreign ? CREATE_FOREIGN : CREATE_OTHER;
}

static enum create_kind kind_of(struct span line)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (begins(line, kinds[i].begins))
            return kinds[i].kind == CREATE_FOREIGN ? kind_of_constraint(line) : kinds[i].kind;
    return CREATE_OTHER;
}

/* The first name in back quotes. */
static struct span name_of(struct span line)
{
    const uint8_t *from = memchr(line.p, '`', line.n);
    if (!from)
        return (struct span){0};
    const uint8_t *end = line.p + line.n, *to = from + 1;
    while (to < end && (*to != '`' || (to + 1 < end && to[1] == '`')))
        to += *to == '`' ? 2 : 1;
    return to < end ? span_of(from, (size_t)(to - from) + 1) : (struct span){0};
}

static void add(struct create_text *out, struct span line)
{
    while (line.n > 0 && *line.p == ' ')
        line = span_of(line.p + 1, line.n - 1);
    if (line.n > 0 && line.p[line.n - 1] == ',')
        line.n--;
    if (line.n == 0)
        return;
    enum create_kind kind = kind_of(line);
    out->lines = xreallocarray(out->lines, out->count + 1, sizeof *out->lines);
    out->lines[out->count++] =
        (struct create_line){kind, kind == CREATE_PRIMARY ? (struct span){0} : name_of(line), line};
}

/* The word behind "NAME=". */
static struct span option(struct span options, const char *name)
{
    const uint8_t *at = options.n ? memmem(options.p, options.n, name, strlen(name)) : NULL;
    if (!at)
        return (struct span){0};
    at += strlen(name);
    size_t n = 0;
    while (at + n < options.p + options.n && at[n] != ' ' && at[n] != '\n')
        n++;
    return span_of(at, n);
}

void create_text_read(struct create_text *out, struct span text)
{
    *out = (struct create_text){0};
    const uint8_t *end = text.p + text.n;
    const uint8_t *line = text.n ? memchr(text.p, '\n', text.n) : NULL;
    if (!line)
        return;
    const uint8_t *open = memrchr(text.p, '(', (size_t)(line - text.p));
    out->body = open ? span_of(open, (size_t)(end - open)) : (struct span){0};
    for (line++; line < end;) {
        const uint8_t *next = memchr(line, '\n', (size_t)(end - line));
        if (!next)
            next = end;
        if (*line == ')') {
            struct span options = span_of(line, (size_t)(end - line));
            out->charset = option(options, " DEFAULT CHARSET=");
            out->collation = option(options, " COLLATE=");
            return;
        }
        add(out, span_of(line, (size_t)(next - line)));
        line = next + 1;
    }
}

void create_text_free(struct create_text *t)
{
    free(t->lines);
    *t = (struct create_text){0};
}

/* Keys are the same when they say the same, whatever they are called. */
static struct span meaning_of(const struct create_line *line)
{
    const uint8_t *open = memchr(line->text.p, '(', line->text.n);
    return open ? span_of(open, line->text.n - (size_t)(open - line->text.p)) : line->text;
}

const struct create_line *create_text_find(const struct create_text *t, const struct create_line *line)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct create_line *l = &t->lines[i];
        if (l->kind == line->kind &&
            (line->kind == CREATE_COLUMN ? span_eq(l->name, line->name) : span_eq(meaning_of(l), meaning_of(line))))
            return l;
    }
    return NULL;
}

/* Keys have one space of names, unique or not; the primary key is the only one of its kind. */
static bool shares_names(enum create_kind a, enum create_kind b)
{
    bool keys = (a == CREATE_UNIQUE || a == CREATE_KEY) && (b == CREATE_UNIQUE || b == CREATE_KEY);
    return keys || (a == b && a != CREATE_OTHER);
}

const struct create_line *create_text_named(const struct create_text *t, const struct create_line *line)
{
    for (size_t i = 0; i < t->count; i++)
        if (shares_names(t->lines[i].kind, line->kind) && span_eq(t->lines[i].name, line->name))
            return &t->lines[i];
    return NULL;
}
