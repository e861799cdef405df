/* drcctl: the one tool by which people and scripts look at a pair and wait for it. */
#include "common/base/log.h"
#include "ctl/command.h"

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
    log_setup(LOG_WARN);
    options_begin("drcctl " DRC_VERSION);
    return command_table_run(&table, argc, argv);
}
