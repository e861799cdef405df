/* drcctl explain: what a message of the log means, what causes it, and what to do. */
#include <stdio.h>
#include <string.h>

#include "common/base/message.h"
#include "ctl/command.h"

struct arguments {
    char **ids;
    bool markdown;
};

enum { KEY_MARKDOWN = 256 };

static const struct argp_option options[] = {
    {"markdown", KEY_MARKDOWN, NULL, 0, "Print all of them as docs/messages.md has them", 0},
    {NULL,       0,            NULL, 0, NULL,                                             0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    (void)arg;
    switch (key) {
    case KEY_MARKDOWN:
        a->markdown = true;
        return 0;
    case ARGP_KEY_ARGS:
        a->ids = state->argv + state->next;
        return 0;
    case ARGP_KEY_END:
        if (a->markdown ? a->ids != NULL : a->ids == NULL)
            argp_error(state, a->markdown ? "--markdown prints all of them" : "which ID? Such as DRC-2501");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_explain(int argc, char **argv, const char *config_path)
{
    static const char doc[] = "Say what a message of the logs means, what causes it, and what to do.\v"
                              "ID is as in the line: DRC-2501, or 2501. No pair file is needed.";
    const struct argp argp = {options, parse, "ID…", doc, NULL, NULL, NULL};
    struct arguments a = {0};
    int code = EXIT_DONE;
    (void)config_path;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    if (a.markdown)
        message_print_markdown(stdout);
    for (char **id = a.ids; id && *id; id++) {
        const struct message *m = message_find(message_parse(*id));
        if (m) {
            message_print(stdout, m);
        } else {
            (void)fprintf(stderr, "drcctl: there is no message %s\n", *id);
            code = EXIT_BAD_USAGE;
        }
    }
    return code;
}
