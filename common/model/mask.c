/* Names of masked columns, and what is shown in their values' place. */
#include "common/model/mask.h"

#include <ctype.h>

/* Is the name what the pattern says? Case does not count; with several * the last one takes what is left. */
static bool matches(struct span name, const char *pattern)
{
    size_t at = 0, retry = 0;
    const char *star = NULL;
    while (at < name.n) {
        bool same = *pattern == '?' || (*pattern && tolower((uint8_t)*pattern) == tolower(name.p[at]));
        if (*pattern == '*') {
            star = ++pattern;
            retry = at;
        } else if (same) {
            pattern++;
            at++;
        } else if (star) {
            pattern = star;
            at = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

/* "database.table.column": names that hold a dot are matched as well, since the whole is compared. */
static bool names_column(const char *text, struct span db, struct span table, struct span column)
{
    size_t before = db.n + 1 + table.n + 1;
    if (matches(column, text))
        return true;
    return strlen(text) > before && memcmp(text, db.p, db.n) == 0 && text[db.n] == '.' &&
           memcmp(text + db.n + 1, table.p, table.n) == 0 && text[before - 1] == '.' && matches(column, text + before);
}

bool mask_names(const struct mask *m, struct span db, struct span table, struct span column)
{
    for (size_t i = 0; m && i < m->count; i++)
        if (names_column(m->names[i], db, table, column))
            return true;
    return false;
}

bool mask_has(const struct mask *m, const struct table_def *t, uint16_t column)
{
    return mask_names(m, t->db, t->name, t->columns[column].name);
}

bool mask_has_any(const struct mask *m, const struct table_def *t)
{
    for (uint16_t i = 0; m && m->count && i < t->column_count; i++)
        if (mask_has(m, t, i))
            return true;
    return false;
}

bool mask_has_key(const struct mask *m, const struct table_def *t)
{
    for (uint16_t i = 0; i < t->key_count; i++)
        if (mask_has(m, t, t->key[i]))
            return true;
    return t->key_count == 0 && mask_has_any(m, t);
}

static bool hides(const struct mask *m, const struct table_def *t, const struct cell *image, uint16_t i)
{
    return !image[i].null && !image[i].absent && mask_has(m, t, i);
}

void mask_put_text(const struct mask *m, const struct table_def *t, const struct cell *image, uint16_t i,
                   struct buf *out)
{
    if (hides(m, t, image, i))
        buf_put_str(out, "***");
    else
        (void)cell_put_text(&t->columns[i], &image[i], out);
}

void mask_put_json(const struct mask *m, const struct table_def *t, const struct cell *image, uint16_t i,
                   struct buf *out)
{
    if (hides(m, t, image, i))
        buf_put_str(out, MASK_JSON);
    else
        cell_put_json(&t->columns[i], &image[i], out);
}

/* Where a server tells a value, or a whole row, without quotes: behind these words, to the end. NULL: nowhere. */
static const char *find_unquoted(const char *text)
{
    static const char *const words[] = {"no partition for value ", "row in wrong partition "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *found = strstr(text, words[i]);
        if (found)
            return found + strlen(words[i]);
    }
    return NULL;
}

/* A quote inside a value is not escaped by the servers: all from the first to the last one may be it. */
const char *mask_server_text(const struct mask *m, const struct table_def *t, const char *text, struct buf *out)
{
    const char *first = strchr(text, '\''), *last = strrchr(text, '\'');
    const char *unquoted = find_unquoted(text);
    buf_clear(out);
    if (unquoted && mask_has_any(m, t)) {
        buf_put(out, text, (size_t)(unquoted - text));
        buf_put_str(out, "***");
        return buf_cstr(out);
    }
    if (!first || first == last || !mask_has_any(m, t)) {
        buf_put_str(out, text);
        return buf_cstr(out);
    }
    buf_put(out, text, (size_t)(first - text));
    buf_put_str(out, "'***'");
    buf_put_str(out, last + 1);
    return buf_cstr(out);
}
