/* Reading single values of the pair file: text, files, numbers, sizes, durations, choices. */
#include "common/link/config_value.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"

/* ---- errors ---- */

int config_fail_value(const struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                      struct err *err, const char *fmt, ...)
{
    struct buf want = {0};
    char what[400];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    key->type->describe(&want, key);
    (void)config_fail(r, node->mark, err, "%s; give %s", what, buf_cstr(&want));
    buf_free(&want);
    return -1;
}

int config_want_text(const struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                     struct err *err)
{
    static const char *const kinds[] = {
        [YAML_NONE] = "nothing stands here", [YAML_LIST] = "a list stands here", [YAML_MAP] = "a mapping stands here"};
    if (node->kind != YAML_TEXT)
        return config_fail_value(r, key, node, err, "%s", kinds[node->kind]);
    if (node->text[0] == '\0')
        return config_fail_value(r, key, node, err, "the text is empty");
    return 0;
}

/* As above, showing the text: never for anything that may be a secret. */
static int fail_text(const struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                     struct err *err, const char *what)
{
    struct buf quoted = {0};
    (void)config_fail_value(r, key, node, err, "%s %s", config_quote(&quoted, node->text), what);
    buf_free(&quoted);
    return -1;
}

/* A number or a truth value in quotes is a text, as YAML has it. */
static int want_plain(const struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                      struct err *err)
{
    return node->quoted ? fail_text(r, key, node, err, "in quotes is a text") : 0;
}

/* ---- text and files ---- */

static void set_string(void *field, char *owned)
{
    char **s = field;
    free(*s);
    *s = owned;
}

static int set_text(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                    struct err *err)
{
    if (config_want_text(r, key, node, err) < 0)
        return -1;
    set_string(config_field(r, key), xstrdup(node->text));
    return 0;
}

static void describe_text(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "text");
}

static int set_file(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                    struct err *err)
{
    if (config_want_text(r, key, node, err) < 0)
        return -1;
    set_string(config_field(r, key), config_file_path(r, node->text));
    return 0;
}

static void describe_file(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "the path of a file");
}

static int set_secret_file(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                           struct err *err)
{
    if (config_want_text(r, key, node, err) < 0)
        return -1;
    struct secret_config *s = config_field(r, key);
    set_string(&s->credential, NULL);
    set_string(&s->file, config_file_path(r, node->text));
    s->line = node->mark.line;
    s->column = node->mark.column;
    return 0;
}

static int set_credential(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                          struct err *err)
{
    if (config_want_text(r, key, node, err) < 0)
        return -1;
    if (strchr(node->text, '/') || node->text[0] == '.')
        return config_fail_value(r, key, node, err, "this is a path");
    struct secret_config *s = config_field(r, key);
    set_string(&s->file, NULL);
    set_string(&s->credential, xstrdup(node->text));
    s->line = node->mark.line;
    s->column = node->mark.column;
    return 0;
}

static void describe_credential(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "the name of a systemd credential");
}

/* ---- numbers ---- */

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit no_units[] = {
    {"",   1},
    {NULL, 0}
};
static const struct unit size_units[] = {
    {"",    1      },
    {"KiB", 1 << 10},
    {"MiB", 1 << 20},
    {"GiB", 1 << 30},
    {NULL,  0      }
};
static const struct unit duration_units[] = {
    {"ms", 1       },
    {"s",  1000    },
    {"m",  60000   },
    {"h",  3600000 },
    {"d",  86400000},
    {NULL, 0       }
};

/* Digits, then one of the units, blanks between allowed. False: malformed; too large gives UINT64_MAX. */
static bool parse_amount(uint64_t *out, const char *text, const struct unit *units)
{
    uint64_t v = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        unsigned digit = (unsigned)(*p - '0');
        v = v > (UINT64_MAX - digit) / 10 ? UINT64_MAX : v * 10 + digit;
    }
    if (p == text)
        return false;
    while (*p == ' ')
        p++;
    for (const struct unit *u = units; u->name; u++) {
        if (strcmp(u->name, p) != 0)
            continue;
        *out = v > UINT64_MAX / u->factor ? UINT64_MAX : v * u->factor;
        return true;
    }
    return false;
}

/* In the greatest unit that leaves no rest. */
static void put_amount(struct buf *out, uint64_t v, const struct unit *units)
{
    const struct unit *best = units;
    for (const struct unit *u = units; u->name; u++)
        if (v % u->factor == 0 && v >= u->factor)
            best = u;
    buf_printf(out, "%llu%s", (unsigned long long)(v / best->factor), best->name);
}

static void put_range(struct buf *out, const struct config_key *key, const struct unit *units)
{
    buf_put_str(out, " from ");
    put_amount(out, key->min, units);
    buf_put_str(out, " to ");
    put_amount(out, key->max, units);
}

static void store(void *field, size_t size, uint64_t v)
{
    switch (size) {
    case 1:
        *(uint8_t *)field = (uint8_t)v;
        return;
    case 2:
        *(uint16_t *)field = (uint16_t)v;
        return;
    case 4:
        *(uint32_t *)field = (uint32_t)v;
        return;
    default:
        assert(size == 8);
        *(uint64_t *)field = v;
    }
}

static int set_amount(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                      const struct unit *units, struct err *err)
{
    uint64_t v;
    if (config_want_text(r, key, node, err) < 0)
        return -1;
    if (!parse_amount(&v, node->text, units))
        return fail_text(r, key, node, err, "cannot be understood");
    if (strspn(node->text, "0123456789") == strlen(node->text) && want_plain(r, key, node, err) < 0)
        return -1;
    if (v < key->min || v > key->max)
        return fail_text(r, key, node, err, "is out of range");
    store(config_field(r, key), key->size, v);
    return 0;
}

static uint64_t fetch(const void *field, size_t size)
{
    switch (size) {
    case 1:
        return *(const uint8_t *)field;
    case 2:
        return *(const uint16_t *)field;
    case 4:
        return *(const uint32_t *)field;
    default:
        assert(size == 8);
        return *(const uint64_t *)field;
    }
}

static void put_number(struct buf *out, const struct config_key *key, const void *field)
{
    put_amount(out, fetch(field, key->size), no_units);
}

static int set_number(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                      struct err *err)
{
    return set_amount(r, key, node, no_units, err);
}

static void describe_number(struct buf *out, const struct config_key *key)
{
    buf_put_str(out, "a number");
    put_range(out, key, no_units);
}

static void put_size(struct buf *out, const struct config_key *key, const void *field)
{
    put_amount(out, fetch(field, key->size), size_units);
}

static int set_size(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                    struct err *err)
{
    return set_amount(r, key, node, size_units, err);
}

static void describe_size(struct buf *out, const struct config_key *key)
{
    buf_put_str(out, "a size in bytes, KiB, MiB or GiB");
    put_range(out, key, size_units);
}

static void put_duration(struct buf *out, const struct config_key *key, const void *field)
{
    put_amount(out, fetch(field, key->size), duration_units);
}

static int set_duration(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                        struct err *err)
{
    return set_amount(r, key, node, duration_units, err);
}

static void describe_duration(struct buf *out, const struct config_key *key)
{
    buf_put_str(out, "a duration in ms, s, m, h or d");
    put_range(out, key, duration_units);
}

/* ---- choices ---- */

static const struct config_word flag_words[] = {
    {"true",  1},
    {"false", 0},
    {NULL,    0}
};

static int set_word(struct config_reader *r, const struct config_key *key, const struct config_word *words,
                    const struct yaml_node *node, struct err *err)
{
    if (config_want_text(r, key, node, err) < 0)
        return -1;
    for (const struct config_word *w = words; w->name; w++) {
        if (strcmp(w->name, node->text) != 0)
            continue;
        store(config_field(r, key), key->size, (uint64_t)w->value);
        return 0;
    }
    struct buf quoted = {0}, known = {0};
    for (const struct config_word *w = words; w->name; w++)
        buf_printf(&known, "%s%s", w == words ? "" : ", ", w->name);
    (void)config_fail(r, node->mark, err, "unknown %s %s; known are %s", key->noun ? key->noun : "value",
                      config_quote(&quoted, node->text), buf_cstr(&known));
    buf_free(&quoted);
    buf_free(&known);
    return -1;
}

static void describe_words(struct buf *out, const struct config_word *words)
{
    for (const struct config_word *w = words; w->name; w++)
        buf_printf(out, "%s%s", w == words ? "" : w[1].name ? ", " : " or ", w->name);
}

static void put_word(struct buf *out, const struct config_word *words, uint64_t value)
{
    for (const struct config_word *w = words; w->name; w++)
        if ((uint64_t)w->value == value) {
            buf_put_str(out, w->name);
            return;
        }
}

static void put_choice(struct buf *out, const struct config_key *key, const void *field)
{
    put_word(out, key->words, fetch(field, key->size));
}

static void put_flag(struct buf *out, const struct config_key *key, const void *field)
{
    put_word(out, flag_words, fetch(field, key->size));
}

static int set_choice(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                      struct err *err)
{
    return set_word(r, key, key->words, node, err);
}

static void describe_choice(struct buf *out, const struct config_key *key)
{
    describe_words(out, key->words);
}

static int set_flag(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                    struct err *err)
{
    if (config_want_text(r, key, node, err) < 0 || want_plain(r, key, node, err) < 0)
        return -1;
    return set_word(r, key, flag_words, node, err);
}

static void describe_flag(struct buf *out, const struct config_key *key)
{
    (void)key;
    describe_words(out, flag_words);
}

const struct config_type config_text = {.set = set_text, .describe = describe_text};
const struct config_type config_file = {.set = set_file, .describe = describe_file};
const struct config_type config_secret_file = {.set = set_secret_file, .describe = describe_file};
const struct config_type config_credential = {.set = set_credential, .describe = describe_credential};
const struct config_type config_number = {.set = set_number, .describe = describe_number, .put = put_number};
const struct config_type config_size = {.set = set_size, .describe = describe_size, .put = put_size};
const struct config_type config_duration = {.set = set_duration, .describe = describe_duration, .put = put_duration};
const struct config_type config_flag = {.set = set_flag, .describe = describe_flag, .put = put_flag};
const struct config_type config_choice = {.set = set_choice, .describe = describe_choice, .put = put_choice};
