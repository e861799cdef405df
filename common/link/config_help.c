/* The table of keys for people: as text for terminals, as Markdown for docs/configuration.md. */
#include <ctype.h>
#include <string.h>

#include "common/link/config_keys.h"

#define INDENT 4
#define WIDTH 96

/* "required", "default x", "optional". */
static void put_need(struct buf *out, const struct config_key *key)
{
    if (key->required)
        buf_put_str(out, "required");
    else if (key->fallback)
        buf_printf(out, "default %s", key->fallback);
    else if (key->fallback_note)
        buf_printf(out, "default %s", key->fallback_note);
    else
        buf_put_str(out, "optional");
}

/* When a change of it takes effect. */
static const char *change_text(const struct config_key *key)
{
    static const char *const texts[] = {
        [CONFIG_AT_START] = "restart",       [CONFIG_AT_ONCE] = "reload",         [CONFIG_LIVE] = "reload",
        [CONFIG_MORE] = "reload, additions", [CONFIG_FEWER] = "reload, removals",
    };
    if (key->type->shape != SHAPE_VALUE)
        return "";
    return key->live != CONFIG_AT_START && key->type->put ? "reload, set" : texts[key->live];
}

/* Words from `text`, wrapped. */
static void print_wrapped(FILE *out, const char *text)
{
    size_t column = 0;
    while (*text) {
        size_t n = strcspn(text, " ");
        if (column && column + 1 + n > WIDTH) {
            (void)fputc('\n', out);
            column = 0;
        }
        (void)fprintf(out, "%*s%.*s", column ? 1 : INDENT, "", (int)n, text);
        column += (column ? 1 : INDENT) + n;
        text += n + strspn(text + n, " ");
    }
    (void)fputc('\n', out);
}

void config_print_help(FILE *out)
{
    struct buf line = {0};
    (void)fprintf(
        out,
        "Keys of the pair file (YAML; by default %s). A part in <> stands for any name, [] for each item of a list.\n",
        CONFIG_DEFAULT_PATH);
    for (const struct config_key *key = config_keys; key; key = config_key_next(key)) {
        (void)fprintf(out, "\n%s\n", key->path);
        buf_clear(&line);
        buf_printf(&line, "%c%s", toupper((unsigned char)key->help[0]), key->help + 1);
        buf_put_str(&line, ". ");
        if (key->like)
            buf_printf(&line, "Its keys are those of %s. ", key->like);
        print_wrapped(out, buf_cstr(&line));
        buf_clear(&line);
        if (key->type->shape != SHAPE_MAP) {
            key->type->describe(&line, key);
            buf_put_str(&line, "; ");
            put_need(&line, key);
            if (key->type->shape == SHAPE_VALUE)
                buf_printf(&line, "; a change takes effect by %s", change_text(key));
            print_wrapped(out, buf_cstr(&line));
        }
    }
    buf_free(&line);
}

/* Inside a table cell: "|" would end it, "<" would be HTML. */
static void put_cell(FILE *out, const char *text)
{
    bool code = false;
    for (; *text; text++) {
        code ^= *text == '`';
        if (*text == '|')
            (void)fputs("\\|", out);
        else if (*text == '<' && !code)
            (void)fputs("&lt;", out);
        else
            (void)fputc(*text, out);
    }
}

static void print_row(FILE *out, const struct config_key *key)
{
    struct buf cell = {0};
    (void)fprintf(out, "| `%s` | ", key->path);
    key->type->describe(&cell, key);
    put_cell(out, buf_cstr(&cell));
    buf_clear(&cell);
    if (key->fallback)
        buf_printf(&cell, "`%s`", key->fallback);
    else if (key->required || key->fallback_note)
        buf_put_str(&cell, key->required ? "**required**" : key->fallback_note);
    (void)fputs(" | ", out);
    put_cell(out, buf_cstr(&cell));
    buf_clear(&cell);
    buf_printf(&cell, "%c%s.", toupper((unsigned char)key->help[0]), key->help + 1);
    if (key->like)
        buf_printf(&cell, " Its keys are those of `%s`.", key->like);
    (void)fprintf(out, " | %s | ", change_text(key));
    put_cell(out, buf_cstr(&cell));
    (void)fputs(" |\n", out);
    buf_free(&cell);
}

static const char preface[] =
    "# The pair file\n"
    "\n"
    "<!-- Generated from the table in common/link/config_keys*.c by `drcctl --help-config=markdown`. Change it there. "
    "-->\n"
    "\n"
    "One YAML file describes a pair; it is the same on every host (default `" CONFIG_DEFAULT_PATH
    "`). A part in `<>` stands\n"
    "for any name, `[]` for each item of a list. The file is read strictly: an unknown or duplicate key, a wrong type, "
    "a missing\n"
    "required key, anchors, aliases, tags, several documents, more than 1 MiB or 32 levels are errors of one line,\n"
    "`file:line:column: what is wrong, what would be right`, with exit code 78. Names of files are relative to the "
    "pair file.\n"
    "\n"
    "Passwords never stand in it. For each region that a program connects to, exactly one of these must be there: "
    "`password_file`,\n"
    "a file that nobody but its owner can read, and that is root's or the program's user's (root takes any user's); "
    "`credential`, the name of a systemd\n"
    "credential; the environment variable `DRC_PASSWORD_<REGION>` (the region's name in capitals, `-` as `_`; set to "
    "nothing for\n"
    "an account without a password). Kafka's SASL password comes from `kafka.password_file` or `kafka.credential`.\n"
    "\n"
    "`Changes by` says how a changed value comes into effect in running daemons: `reload` (`drcctl reload`, SIGHUP, "
    "`systemctl\n"
    "reload`), of lists some only by additions or removals; `set` also by `drcctl set` for one daemon until its next "
    "start; all else\n"
    "by a restart. A reload is taken whole or not at all, at a boundary between transactions; files of passwords are "
    "read again with it.\n"
    "\n"
    "Examples: [conf/one-way.yaml](../conf/one-way.yaml), [conf/two-way.yaml](../conf/two-way.yaml).\n";

void config_print_markdown(FILE *out)
{
    (void)fputs(preface, out);
    for (const struct config_key *key = config_keys; key; key = config_key_next(key)) {
        if (config_key_child(key->path, ""))
            (void)fprintf(out, "\n## %s\n\n| Key | Value | Default | Changes by | Meaning |\n|---|---|---|---|---|\n",
                          key->path);
        print_row(out, key);
    }
}
