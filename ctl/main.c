/* drcctl: the one tool by which people and scripts look at a pair and wait for it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/log.h"
#include "ctl/command.h"

/* What a full disk takes away must not pass for an answer. A reader that has seen enough is no error. */
static int said_all(int exit_code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return exit_code;
    if (errno == EPIPE)
        return exit_code;
    fprintf(stderr, "drcctl: not all of the answer could be written to stdout%s%s\n", errno ? ": " : "",
            errno ? strerror(errno) : "");
    return exit_code ? exit_code : EXIT_TRY_AGAIN;
}

int main(int argc, char **argv)
{
    const struct command_table table = {
        .program = "drcctl",
        .noun = "command",
        .title = "Commands",
        .placeholder = "COMMAND",
        .doc = "Look at a pair of regions, and wait for it.",
        .exit_codes = "0 done; 64 usage; 69 a link is stopped, or going on would lose or repeat data; 75 not now, try "
                      "again; 77 access denied; 78 configuration.",
        .commands = commands,
    };
    log_setup(LOG_WARN, LOG_TEXT);
    options_begin("drcctl " DRC_VERSION);
    return said_all(command_table_run(&table, argc, argv));
}
