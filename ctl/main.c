/* drcctl: the one tool by which people and scripts look at a pair and wait for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/mem.h"
#include "ctl/command.h"

/* What argp does not break again; where the second column begins. */
#define HELP_WIDTH 78u
#define HELP_INDENT 28u

/* A word that names no command may be the first one of some. */
static void no_command(const char *word, struct argp_state *state)
{
    struct buf known = {0};
    size_t n = strlen(word);
    for (const struct command *c = commands; c->name; c++)
        if (strncmp(c->name, word, n) == 0 && c->name[n] == ' ')
            buf_printf(&known, "%s%s", known.len ? ", " : "", c->name + n + 1);
    if (known.len > 0)
        argp_error(state, "'%s' wants one of: %s", word, buf_cstr(&known));
    argp_error(state, "no command '%s'", word);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->input;
        return 0;
    case ARGP_KEY_ARG:
        no_command(arg, state);
        return 0;
    case ARGP_KEY_END:
        argp_error(state, "no command given");
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
    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)text;
    struct buf out = {0};
    buf_put_str(&out, "Commands:\n");
    for (const struct command *c = commands; c->name; c++)
        put_help(&out, c);
    buf_put_str(&out,
                "\n`drcctl COMMAND --help` tells more. Exit codes: 0 done; 64 usage; 69 a link is stopped, or going "
                "on would lose or repeat data; 75 not now, try again; 77 access denied; 78 configuration.");
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

static const struct command *command_at(int *words, int argc, char **argv, int at)
{
    for (const struct command *c = commands; c->name; c++)
        if ((*words = name_matches(c->name, argc, argv, at)) > 0)
            return c;
    return NULL;
}

/* Options may stand before the command as well: the first word that names one is it, unless it stands where the value
 * of
 * --config does. A word that names none may be the value of the option before it. NULL: there is no command. */
static const struct command *find_command(int *at, int *words, int argc, char **argv)
{
    bool after_option = false;
    for (*at = 1; *at < argc; (*at)++) {
        const char *word = argv[*at];
        const struct command *c = command_at(words, argc, argv, *at);
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
static int run_command(const struct command *c, int at, int words, int argc, char **argv)
{
    char name[64];
    char **all = xcalloc((size_t)argc + 1, sizeof *all);
    int n = 0;
    snprintf(name, sizeof name, "drcctl %s", c->name);
    all[n++] = name;
    for (int i = 1; i < argc; i++)
        if (i < at || i >= at + words)
            all[n++] = argv[i];
    int code = c->run(n, all, CONFIG_DEFAULT_PATH);
    free(all);
    return code;
}

int main(int argc, char **argv)
{
    const char *config_path = CONFIG_DEFAULT_PATH;
    const struct argp argp = {.parser = parse,
                              .children = command_config_child,
                              .args_doc = "COMMAND [ARGUMENT...]",
                              .doc = "Look at a pair of regions, and wait for it.\v",
                              .help_filter = help_filter};
    int at, words;
    log_setup(LOG_WARN);
    options_begin("drcctl " DRC_VERSION);
    const struct command *c = find_command(&at, &words, argc, argv);
    if (c)
        return run_command(c, at, words, argc, argv);
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &config_path);
    return EXIT_BAD_USAGE;
}
