/* Patterns of table names: cut into two parts when they are added, matched with * and ? afterwards. */
#include "common/model/filter.h"

#include <stdlib.h>

#include "common/base/buf.h"
#include "common/base/mem.h"
#include "common/model/table.h"

/* One part of a pattern. Owned memory. */
struct part {
    char *text;
    size_t len;
    bool literal; /* was quoted: * and ? mean themselves */
};

struct filter_pattern {
    struct part db;
    struct part table;
};

static void pattern_free(struct filter_pattern *p)
{
    free(p->db.text);
    free(p->table.text);
}

static void patterns_free(struct filter_pattern **patterns, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        pattern_free(&(*patterns)[i]);
    free(*patterns);
    *patterns = NULL;
    *count = 0;
}

void filter_free(struct filter *f)
{
    patterns_free(&f->include, &f->include_count);
    patterns_free(&f->exclude, &f->exclude_count);
}

/* ---- reading a pattern ---- */

/* A part in back quotes, from the opening one; a doubled one stands for itself. NULL when it does not end or is empty.
 */
static const char *read_quoted(const char *s, struct buf *out)
{
    for (s++; *s; s++) {
        if (*s == '`' && s[1] != '`')
            return out->len > 0 ? s + 1 : NULL;
        if (*s == '`')
            s++;
        buf_put_u8(out, (uint8_t)*s);
    }
    return NULL;
}

static const char *read_plain(const char *s, struct buf *out)
{
    for (; *s && *s != '.' && *s != '`'; s++)
        buf_put_u8(out, (uint8_t)*s);
    return out->len > 0 && *s != '`' ? s : NULL;
}

/* One part; returns what follows it, or NULL when it is malformed. */
static const char *read_part(struct part *out, const char *s)
{
    struct buf text = {0};
    out->literal = *s == '`';
    const char *rest = out->literal ? read_quoted(s, &text) : read_plain(s, &text);
    if (rest) {
        out->len = text.len;
        out->text = xstrdup(buf_cstr(&text));
    }
    buf_free(&text);
    return rest;
}

static bool has_wildcards(const struct part *p)
{
    return !p->literal && strpbrk(p->text, "*?") != NULL;
}

static int pattern_read(struct filter_pattern *out, const char *pattern, struct err *err)
{
    *out = (struct filter_pattern){0};
    const char *rest = read_part(&out->db, pattern);
    if (rest && *rest == '\0') {
        (void)err_fatal(err, EXIT_BAD_CONFIG,
                        "table pattern \"%s\" has one part: write \"%s.*\" for every table of that database", pattern,
                        pattern);
        goto fail;
    }
    rest = rest && *rest == '.' ? read_part(&out->table, rest + 1) : NULL;
    if (!rest || *rest != '\0') {
        (void)err_fatal(
            err, EXIT_BAD_CONFIG,
            "table pattern \"%s\" is not \"db.table\": two names, * and ? allowed, a name that holds a dot in "
            "back quotes",
            pattern);
        goto fail;
    }
    return 0;
fail:
    pattern_free(out);
    return -1;
}

int filter_add(struct filter *f, bool include, const char *pattern, struct err *err)
{
    struct filter_pattern read;
    if (pattern_read(&read, pattern, err))
        return -1;
    if (include && !f->reserved && !has_wildcards(&read.db) && table_is_reserved(span_of(read.db.text, read.db.len))) {
        pattern_free(&read);
        return err_fatal(err, EXIT_BAD_CONFIG,
                         "table pattern \"%s\" names a schema of the server or of drc itself, which is never "
                         "replicated; name schemas "
                         "of the application, such as \"shop.*\", or \"*.*\" for all of them",
                         pattern);
    }
    struct filter_pattern **patterns = include ? &f->include : &f->exclude;
    size_t *count = include ? &f->include_count : &f->exclude_count;
    *patterns = xreallocarray(*patterns, *count + 1, sizeof(**patterns));
    (*patterns)[(*count)++] = read;
    return 0;
}

int filter_table_name(struct buf *db, struct buf *table, const char *pattern)
{
    struct filter_pattern read;
    if (pattern_read(&read, pattern, NULL))
        return -1;
    bool one = !has_wildcards(&read.db) && !has_wildcards(&read.table);
    if (one) {
        buf_put(db, read.db.text, read.db.len);
        buf_put(table, read.table.text, read.table.len);
    }
    pattern_free(&read);
    return one ? 0 : -1;
}

/* ---- matching ---- */

/* Index of the character after the one at i: names are UTF-8, and ? stands for one character. */
static size_t next_char(struct span name, size_t i)
{
    for (i++; i < name.n && (name.p[i] & 0xc0) == 0x80; i++)
        ;
    return i;
}

/* The usual two-pointer match: only the last * has ever to be tried again, so it takes at most |pattern| * |name|
 * steps. */
static bool part_match(const struct part *p, struct span name)
{
    if (p->literal)
        return span_eq(span_of(p->text, p->len), name);
    size_t at = 0;
    size_t i = 0;
    size_t star = SIZE_MAX; /* place after the last *, and where in the name it has been tried up to */
    size_t tried = 0;
    while (i < name.n) {
        if (at < p->len && p->text[at] == '*') {
            star = ++at;
            tried = i;
        } else if (at < p->len && p->text[at] == '?') {
            at++;
            i = next_char(name, i);
        } else if (at < p->len && (uint8_t)p->text[at] == name.p[i]) {
            at++;
            i++;
        } else if (star != SIZE_MAX) {
            at = star;
            tried = next_char(name, tried);
            i = tried;
        } else {
            return false;
        }
    }
    while (at < p->len && p->text[at] == '*')
        at++;
    return at == p->len;
}

static bool any_match(const struct filter_pattern *patterns, size_t count, struct span db, struct span table)
{
    for (size_t i = 0; i < count; i++)
        if (part_match(&patterns[i].db, db) && part_match(&patterns[i].table, table))
            return true;
    return false;
}

bool filter_match(const struct filter *f, struct span db, struct span table)
{
    return (f->reserved || !table_is_reserved(db)) && any_match(f->include, f->include_count, db, table) &&
           !any_match(f->exclude, f->exclude_count, db, table);
}

/* Is it a pattern for every table? */
static bool part_is_all(const struct part *p)
{
    return !p->literal && strspn(p->text, "*") == p->len;
}

bool filter_match_db(const struct filter *f, struct span db)
{
    if (!f->reserved && table_is_reserved(db))
        return false;
    for (size_t i = 0; i < f->exclude_count; i++)
        if (part_is_all(&f->exclude[i].table) && part_match(&f->exclude[i].db, db))
            return false;
    for (size_t i = 0; i < f->include_count; i++)
        if (part_match(&f->include[i].db, db))
            return true;
    return false;
}

bool filter_include_db(struct span *db, bool *literal, const struct filter *f, size_t i)
{
    if (i >= f->include_count)
        return false;
    *db = span_of(f->include[i].db.text, f->include[i].db.len);
    *literal = f->include[i].db.literal;
    return true;
}
