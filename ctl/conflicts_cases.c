/* drcctl conflicts cases: what the judge makes of every kind of conflict under every policy, as Markdown. */
#include "conflict/cases.h"
#include "ctl/command.h"

int command_conflicts_cases(int argc, char **argv, const char *config_path)
{
    const struct argp argp = {.doc = "Print what becomes of every kind of conflict under every policy and scope, as "
                                     "Markdown."};
    (void)config_path;
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    conflict_print_cases(stdout);
    return EXIT_DONE;
}
