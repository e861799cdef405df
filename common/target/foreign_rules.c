/* Servers print each constraint on a line of its own:
 *   CONSTRAINT `name` FOREIGN KEY (`a`, `b`) REFERENCES `parent` (`x`, `y`) ON DELETE CASCADE ON UPDATE SET NULL,
 * What stands behind the last parenthesis are the rules; those by which nothing follows are printed or left out. */
#include "common/target/foreign_rules.h"

#include "common/base/bytes.h"

static bool take_word(struct bytes *r, const char *word)
{
    struct span w = span_str(word);
    if (bytes_left(r) < w.n || memcmp(r->p, w.p, w.n) != 0)
        return false;
    (void)bytes_take(r, w.n);
    return true;
}

/* A quoted name, with its quotes doubled inside. */
static bool take_name(struct bytes *r, struct span name)
{
    uint8_t quote = bytes_u8(r);
    if (quote != '`' && quote != '"')
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (bytes_u8(r) != name.p[i] || (name.p[i] == quote && bytes_u8(r) != quote))
            return false;
    return bytes_u8(r) == quote && !r->bad;
}

static struct span next_line(struct bytes *text)
{
    const uint8_t *end = memchr(text->p, '\n', bytes_left(text));
    struct span line = bytes_take(text, end ? (size_t)(end - text->p) : bytes_left(text));
    if (end)
        bytes_skip(text, 1);
    return line;
}

static bool is_constraint(struct span line, struct span name)
{
    struct bytes r = bytes_of(line);
    while (take_word(&r, " "))
        ;
    return take_word(&r, "CONSTRAINT ") && take_name(&r, name) && take_word(&r, " FOREIGN KEY ");
}

static struct span behind_last_parenthesis(struct span line)
{
    size_t at = line.n;
    while (at > 0 && line.p[at - 1] != ')')
        at--;
    return span_of(line.p + at, line.n - at);
}

/* Does a rule stand behind `event`, other than one that forbids? */
static bool cascades(struct span rules, const char *event)
{
    struct bytes r = bytes_of(rules);
    for (; bytes_left(&r) > 0; bytes_skip(&r, 1))
        if (take_word(&r, event))
            return !take_word(&r, "RESTRICT") && !take_word(&r, "NO ACTION");
    return false;
}

struct foreign_rules foreign_rules_find(struct span create, struct span name)
{
    struct bytes text = bytes_of(create);
    while (bytes_left(&text) > 0) {
        struct span line = next_line(&text);
        if (!is_constraint(line, name))
            continue;
        struct span rules = behind_last_parenthesis(line);
        return (struct foreign_rules){.delete_cascades = cascades(rules, "ON DELETE "),
                                      .update_cascades = cascades(rules, "ON UPDATE ")};
    }
    return (struct foreign_rules){.delete_cascades = true, .update_cascades = true};
}
