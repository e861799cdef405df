/* A program of several commands, each with options of its own: finding the one that is meant, and the list of them all.
 *
 * Main thread. */
#ifndef DRC_LINK_COMMAND_TABLE_H
#define DRC_LINK_COMMAND_TABLE_H

struct command {
    const char *name; /* may be two words: "conflicts list" */
    const char *help; /* one line for --help */
    /* argv[0] is "PROGRAM NAME". Returns the exit code. */
    int (*run)(int argc, char **argv, const char *config_path);
};

struct command_table {
    const char *program;
    const char *noun;               /* what it calls a command: "mode" */
    const char *title;              /* of the list: "Modes" */
    const char *placeholder;        /* "MODE" */
    const char *doc;                /* one line */
    const char *exit_codes;         /* after the list */
    const struct command *commands; /* ends with a NULL name */
};

/* The program's main: runs the command that the words name and returns its exit code; --help lists them. Options may
 * stand before the command as well. */
int command_table_run(const struct command_table *table, int argc, char **argv);

#endif
