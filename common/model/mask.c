/* Names of masked columns, and what is shown in their values' place. */
#include "common/model/mask.h"

#include <strings.h>

static bool same_name(struct span name, const char *text)
{
    return strlen(text) == name.n && strncasecmp(text, (const char *)name.p, name.n) == 0;
}

/* "database.table.column": names that hold a dot are matched as well, since the whole is compared. */
static bool names_column(const char *text, const struct table_def *t, struct span column)
{
    size_t before = t->db.n + 1 + t->name.n + 1;
    if (same_name(column, text))
        return true;
    return strlen(text) > before && memcmp(text, t->db.p, t->db.n) == 0 && text[t->db.n] == '.' &&
           memcmp(text + t->db.n + 1, t->name.p, t->name.n) == 0 && text[before - 1] == '.' &&
           same_name(column, text + before);
}

bool mask_has(const struct mask *m, const struct table_def *t, uint16_t column)
{
    for (size_t i = 0; m && i < m->count; i++)
        if (names_column(m->names[i], t, t->columns[column].name))
            return true;
    return false;
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
        buf_put_str(out, "{\"masked\": true}");
    else
        cell_put_json(&t->columns[i], &image[i], out);
}

/* A quote inside a value is not escaped by the servers: all from the first to the last one may be it. */
const char *mask_server_text(const struct mask *m, const struct table_def *t, const char *text, struct buf *out)
{
    const char *first = strchr(text, '\''), *last = strrchr(text, '\'');
    buf_clear(out);
    if (!first || first == last || !mask_has_any(m, t)) {
        buf_put_str(out, text);
        return buf_cstr(out);
    }
    buf_put(out, text, (size_t)(first - text));
    buf_put_str(out, "'***'");
    buf_put_str(out, last + 1);
    return buf_cstr(out);
}
