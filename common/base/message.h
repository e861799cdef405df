/* The catalogue of messages: what the programs log and why daemons stop, each with an id that stays what it is.
 *
 * The table is in messages_*.h, one file a range of numbers, one row a message; docs/messages.md and `drcctl explain`
 * come out of it. A new message is a row there and a call with MSG_<NAME> (log_event in log.h, err_stop in err.h), then
 * `build/bin/drcctl explain --markdown >docs/messages.md`.
 *
 * Rules: numbers rise within a file, and a new one takes any free number of its range. A number that has been released
 * is never given to anything else and never changed: operators, alerts and documents name it. What a message says may
 * be put better; when it would mean something else, it is another message. A message that nobody logs any more loses
 * its row, and its number is not used again (tests/data/message-ids.txt has all that ever were). */
#ifndef DRC_BASE_MESSAGE_H
#define DRC_BASE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum message_id {
    MESSAGE_NONE = 0,
#define MESSAGE(name, number, level, says, cause, cure) MSG_##name = (number),
#define MESSAGE_EACH(name, number, level, says, cause, cure) MSG_##name = (number),
#define MESSAGE_STOP(name, number, exit, says, cause, cure) MSG_##name = (number),
#include "common/base/messages_applier.h"
#include "common/base/messages_capture.h"
#include "common/base/messages_conflicts.h"
#include "common/base/messages_general.h"
#include "common/base/messages_tools.h"
#undef MESSAGE
#undef MESSAGE_EACH
#undef MESSAGE_STOP
};

struct message {
    enum message_id id;
    int level; /* an enum log_level; of a stop: error */
    int stops; /* with which exit code a daemon ends for it; 0: it goes on */
    bool each; /* every one is told, however many there are: see log_limit.h */
    const char *says;
    const char *cause;
    const char *cure;
};

/* "DRC-1042" */
#define MESSAGE_TEXT_LEN 12
const char *message_text(char out[MESSAGE_TEXT_LEN], enum message_id id);
/* "DRC-1042", "drc-1042" or "1042"; MESSAGE_NONE for anything else, and for a number that no message has. */
enum message_id message_parse(const char *text);

/* Number i, in the order of ids; NULL past the last. */
const struct message *message_at(size_t i);
/* NULL for an id that is none. */
const struct message *message_find(enum message_id id);
/* The id of a stop whose cause has none of its own: one for each exit code. */
enum message_id message_of_exit(int exit_code);

/* docs/messages.md. */
void message_print_markdown(FILE *out);
/* One of them for a terminal: what it says, cause, cure. */
void message_print(FILE *out, const struct message *m);

#endif
