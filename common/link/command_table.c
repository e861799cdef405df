/* Picking a command out of the words, and printing the list. */
#include "common/link/command_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/mem.h"
#include "common/link/config.h"
#include "common/link/options.h"

/* What argp does not break again; where the second column begins. */
#define HELP_WIDTH 78u
#define HELP_INDENT 28u

/* What argp's functions are given. */
struct run {
    const struct command_table *table;
    const char *config_path;
};

/* A word that names no command may be the first one of some. */
static void no_command(const struct command_table *t, const char *word, struct argp_state *state)
{
    struct buf known = {0};
    size_t n = strlen(word);
    for (const struct command *c = t->commands; c->name; c++)
        if (strncmp(c->name, word, n) == 0 && c->name[n] == ' ')
            buf_printf(&known, "%s%s", known.len ? ", " : "", c->name + n + 1);
    if (known.len > 0)
        argp_error(state, "'%s' wants one of: %s", word, buf_cstr(&known));
    argp_error(state, "no %s '%s'", t->noun, word);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct run *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->config_path;
        return 0;
    case ARGP_KEY_ARG:
        no_command(r->table, arg, state);
        return 0;
    case ARGP_KEY_END:
        argp_error(state, "no %s given", r->table->noun);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A command and what it does, whose lines stand below each other. */
static void put_help(struct buf *out, const struct command *c)
{
    size_t column = HELP_INDENT;
    buf_printf(out, "  %-*s", (int)HELP_INDENT - 2, c->name);
    for (const char *word = c->help; *word; word += strspn(word, " ")) {
        size_t n = strcspn(word, " ");
        if (column + 1 + n > HELP_WIDTH) {
            buf_printf(out, "\n%*s", (int)HELP_INDENT, "");
            column = HELP_INDENT;
        }
        buf_printf(out, " %.*s", (int)n, word);
        column += n + 1;
        word += n;
    }
    buf_put_str(out, "\n");
}

/* The list of commands, out of their table. */
static char *help_filter(int key, const char *text, void *input)
{
    const struct run *r = input;
    if (key != ARGP_KEY_HELP_POST_DOC || !r)
        return (char *)text;
    struct buf out = {0};
    buf_printf(&out, "%s:\n", r->table->title);
    for (const struct command *c = r->table->commands; c->name; c++)
        put_help(&out, c);
    buf_printf(&out, "\n`%s %s --help` tells more. Exit codes: %s", r->table->program, r->table->placeholder,
               r->table->exit_codes);
    (void)buf_cstr(&out);
    return (char *)out.data; /* argp frees it */
}

/* Does the command's name stand at argv[at], word by word? How many words; 0: no. */
static int name_matches(const char *name, int argc, char **argv, int at)
{
    int words = 0;
    while (*name) {
        size_t n = strcspn(name, " ");
        if (at + words >= argc || strlen(argv[at + words]) != n || memcmp(argv[at + words], name, n) != 0)
            return 0;
        words++;
        name += n;
        name += *name == ' ';
    }
    return words;
}

static const struct command *command_at(const struct command_table *t, int *words, int argc, char **argv, int at)
{
    for (const struct command *c = t->commands; c->name; c++)
        if ((*words = name_matches(c->name, argc, argv, at)) > 0)
            return c;
    return NULL;
}

/* Options may stand before the command: the first word that names one is it, unless it stands where the value of
 * --config does. A word that names none may be the value of the option before it. NULL: there is no command. */
static const struct command *find_command(const struct command_table *t, int *at, int *words, int argc, char **argv)
{
    bool after_option = false;
    for (*at = 1; *at < argc; (*at)++) {
        const char *word = argv[*at];
        const struct command *c = command_at(t, words, argc, argv, *at);
        if (c)
            return c;
        if (word[0] != '-' && !after_option)
            return NULL;
        bool takes_next = strcmp(word, "-c") == 0 || strcmp(word, "--config") == 0;
        after_option = word[0] == '-' && !takes_next && !strchr(word, '=');
        *at += takes_next;
    }
    return NULL;
}

/* The command sees its name, then all words around it. */
static int run_command(const struct command_table *t, const struct command *c, int at, int words, int argc, char **argv)
{
    struct buf name = {0};
    char **all = xcalloc((size_t)argc + 1, sizeof *all);
    int n = 0;
    buf_printf(&name, "%s %s", t->program, c->name);
    (void)buf_cstr(&name);
    all[n++] = (char *)name.data;
    for (int i = 1; i < argc; i++)
        if (i < at || i >= at + words)
            all[n++] = argv[i];
    int code = c->run(n, all, CONFIG_DEFAULT_PATH);
    free(all);
    buf_free(&name);
    return code;
}

int command_table_run(const struct command_table *t, int argc, char **argv)
{
    static const struct argp_child config_child[] = {
        {&options_config, 0, NULL, 0},
        {0          }
    };
    struct buf doc = {0}, usage = {0};
    struct run r = {t, CONFIG_DEFAULT_PATH};
    int at, words;
    const struct command *c = find_command(t, &at, &words, argc, argv);
    if (c)
        return run_command(t, c, at, words, argc, argv);
    buf_printf(&doc, "%s\v", t->doc);
    buf_printf(&usage, "%s [ARGUMENT...]", t->placeholder);
    const struct argp argp = {.parser = parse,
                              .children = config_child,
                              .args_doc = buf_cstr(&usage),
                              .doc = buf_cstr(&doc),
                              .help_filter = help_filter};
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &r);
    return EXIT_BAD_USAGE;
}
