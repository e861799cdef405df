/* Privileges as statements, and as SHOW GRANTS has them. */
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/check/grants_private.h"

#define GRANT_OPTION "GRANT OPTION"

/* ---- writing ---- */

static bool is_first_of_place(const struct grants *g, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(g->items[k].place, g->items[i].place) == 0)
            return false;
    return true;
}

/* The privileges of a place, comma-separated. */
static void put_privileges(struct buf *out, const struct grants *g, const char *place)
{
    const char *sep = "";
    for (size_t i = 0; i < g->count; i++) {
        if (strcmp(g->items[i].place, place) != 0)
            continue;
        buf_printf(out, "%s%s", sep, g->items[i].privilege);
        sep = ", ";
    }
}

static void put_statements(struct buf *out, const struct grants *g, const char *verb, const char *account_word,
                           const char *account, const char *sep)
{
    const char *before = "";
    for (size_t i = 0; i < g->count; i++) {
        if (!is_first_of_place(g, i))
            continue;
        buf_printf(out, "%s%s ", before, verb);
        put_privileges(out, g, g->items[i].place);
        buf_printf(out, " ON %s %s %s;", g->items[i].place, account_word, account);
        before = sep;
    }
}

void grants_put(struct buf *out, const struct grants *g, const char *account)
{
    put_statements(out, g, "GRANT", "TO", account, "\n");
    if (g->count > 0)
        buf_put_str(out, "\n");
}

void grants_put_line(struct buf *out, const struct grants *g, const char *account)
{
    put_statements(out, g, "GRANT", "TO", account, " ");
}

void grants_put_revoke(struct buf *out, const struct grants *g, const char *account)
{
    put_statements(out, g, "REVOKE", "FROM", account, " ");
}

void grants_put_words(struct buf *out, const struct grants *g)
{
    const char *sep = "";
    for (size_t i = 0; i < g->count; i++) {
        if (!is_first_of_place(g, i))
            continue;
        buf_put_str(out, sep);
        put_privileges(out, g, g->items[i].place);
        buf_printf(out, " on %s", g->items[i].place);
        sep = "; ";
    }
}

/* ---- reading ---- */

/* Where `word` begins in `text` outside of back quotes and parentheses; its length past the end when nowhere. */
static size_t find(struct span text, size_t from, const char *word)
{
    size_t n = strlen(word), depth = 0;
    bool quoted = false;
    for (size_t i = from; i < text.n; i++) {
        if (!quoted && depth == 0 && text.n - i >= n && memcmp(text.p + i, word, n) == 0)
            return i;
        quoted ^= text.p[i] == '`';
        if (!quoted && text.p[i] == '(')
            depth++;
        else if (!quoted && text.p[i] == ')' && depth > 0)
            depth--;
    }
    return text.n;
}

static void add_spans(struct grants *out, struct span privilege, const char *place)
{
    char *name = xasprintf("%.*s", SPAN_ARG(privilege));
    if (strcmp(name, "USAGE") != 0)
        grants_add(out, name, place);
    free(name);
}

bool grants_read(struct grants *out, struct span line)
{
    static const char verb[] = "GRANT ";
    size_t on = find(line, 0, " ON "), to = find(line, 0, " TO ");
    if (line.n < sizeof verb || memcmp(line.p, verb, sizeof verb - 1) != 0 || on >= to || to == line.n)
        return false;
    struct span list = span_of(line.p + sizeof verb - 1, on - (sizeof verb - 1));
    if (span_is(list, "PROXY"))
        return false;
    char *place = xasprintf("%.*s", (int)(to - on - 4), (const char *)line.p + on + 4);
    for (size_t i = 0, end; i < list.n; i = end + 2) {
        end = find(list, i, ", ");
        add_spans(out, span_of(list.p + i, end - i), place);
    }
    if (find(line, to, " WITH GRANT OPTION") < line.n)
        grants_add(out, GRANT_OPTION, place);
    free(place);
    return true;
}

/* ---- comparing ---- */

/* Does the pattern of a database as GRANT has it (% and _, escaped by \) match the name? */
static bool matches(const char *pattern, const char *name)
{
    for (; *pattern; pattern++, name++) {
        if (*pattern == '%') {
            do
                if (matches(pattern + 1, name))
                    return true;
            while (*name++);
            return false;
        }
        if (*pattern == '\\' && pattern[1])
            pattern++;
        else if (*pattern == '_' && *name)
            continue;
        if (*pattern != *name)
            return false;
    }
    return !*name;
}

/* Without the escapes: how a name reads where it is no pattern. */
static char *plain(const char *place)
{
    char *text = xstrdup(place), *to = text;
    for (const char *from = text; *from; from++)
        if (*from != '\\')
            *to++ = *from;
    *to = '\0';
    return text;
}

/* Does a privilege at `held` hold at `needed`? The * behind a database's dot is every table. */
static bool place_covers(const char *held, const char *needed)
{
    if (strcmp(held, "*.*") == 0 || strcmp(held, needed) == 0)
        return true;
    char *a = plain(held), *b = plain(needed);
    size_t n = strlen(held);
    bool covers = strcmp(a, b) == 0;
    if (!covers && n > 2 && strcmp(held + n - 2, ".*") == 0) {
        char *db = xasprintf("%.*s", (int)(n - 2), held);
        char *name = xasprintf("%.*s", (int)strcspn(b, "."), b);
        covers = matches(db, name);
        free(db);
        free(name);
    }
    free(a);
    free(b);
    return covers;
}

static bool holds(const struct grants *held, const char *privilege, const char *place)
{
    for (size_t i = 0; i < held->count; i++)
        if (place_covers(held->items[i].place, place) &&
            (strcmp(held->items[i].privilege, privilege) == 0 || strcmp(held->items[i].privilege, GRANTS_ALL) == 0))
            return true;
    return false;
}

/* A server may list all privileges one by one; these are what ours are for. */
static bool is_covered(const struct grants *held, const struct grant *needed)
{
    static const char *const parts[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX"};
    if (holds(held, needed->privilege, needed->place))
        return true;
    if (strcmp(needed->privilege, GRANTS_ALL) != 0)
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!holds(held, parts[i], needed->place))
            return false;
    return true;
}

void grants_missing(struct grants *out, const struct grants *needed, const struct grants *held)
{
    for (size_t i = 0; i < needed->count; i++)
        if (!is_covered(held, &needed->items[i]))
            grants_add(out, needed->items[i].privilege, needed->items[i].place);
}

/* Is it, as it stands, part of what is needed at just that place, or at a table of it? */
static bool is_needed(const struct grants *needed, const struct grant *held)
{
    char *place = plain(held->place);
    bool found = false;
    for (size_t i = 0; i < needed->count && !found; i++) {
        const struct grant *n = &needed->items[i];
        char *wanted = plain(n->place);
        bool same = strcmp(n->privilege, held->privilege) == 0;
        found = strcmp(place, wanted) == 0
                    ? same || (strcmp(n->privilege, GRANTS_ALL) == 0 && strcmp(held->privilege, GRANT_OPTION) != 0)
                    : same && !strstr(held->place, ".*") && place_covers(n->place, held->place);
        free(wanted);
    }
    free(place);
    return found;
}

/* Tables and routines of a database of which all privileges are needed. */
static bool is_within_all(const struct grants *needed, const struct grant *held)
{
    const char *dot = strstr(held->place, "`.");
    if (!dot || strcmp(held->privilege, GRANT_OPTION) == 0)
        return false;
    const char *name = strchr(held->place, '`');
    char *place = xasprintf("%.*s`.*", (int)(dot - name), name);
    bool found = false;
    for (size_t i = 0; i < needed->count && !found; i++)
        found = strcmp(needed->items[i].privilege, GRANTS_ALL) == 0 && strcmp(needed->items[i].place, place) == 0;
    free(place);
    return found;
}

void grants_surplus(struct grants *out, struct grants *instead, const struct grants *needed,
                    const struct grants *allowed, const struct grants *held)
{
    struct grants rest = {0};
    for (size_t i = 0; i < held->count; i++) {
        bool fine = is_needed(allowed, &held->items[i]) || is_within_all(allowed, &held->items[i]);
        grants_add(fine ? &rest : out, held->items[i].privilege, held->items[i].place);
    }
    for (size_t i = 0; i < needed->count; i++)
        if (is_covered(held, &needed->items[i]) && !is_covered(&rest, &needed->items[i]))
            grants_add(instead, needed->items[i].privilege, needed->items[i].place);
    grants_free(&rest);
}
