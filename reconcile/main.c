/* drc-reconcile: what differs between the two sides of a pair, row by row, while they are written. */
#include "common/base/log.h"
#include "common/link/options.h"
#include "reconcile/mode.h"

const struct command modes[] = {
    {"full",      "compare every row of every table of the pair",         mode_full     },
    {"incident",  "compare the keys that were written in a time window",  mode_incident },
    {"audit",     "account for every transaction: source, topic, ledger", mode_audit    },
    {"lost-tail", "what a dead region committed and nobody else has",     mode_lost_tail},
    {NULL,        NULL,                                                   NULL          },
};

int main(int argc, char **argv)
{
    const struct command_table table = {
        .program = "drc-reconcile",
        .noun = "mode",
        .title = "Modes",
        .placeholder = "MODE",
        .doc = "Say what differs between two regions of a pair, while both may be written.",
        .exit_codes =
            "0 equal; 1 differences (with --apply those that were found, repaired or not); 2 incomplete "
            "(something was not reachable in time, rows kept changing, or it was stopped); 64 usage; 78 the pair "
            "file.",
        .commands = modes,
    };
    log_setup(LOG_WARN, LOG_TEXT);
    options_begin("drc-reconcile " DRC_VERSION);
    return command_table_run(&table, argc, argv);
}
