/* The catalogue of messages as an array, and how it is printed. */
#include "common/base/message.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/err.h"
#include "common/base/log.h"

#define ID_PREFIX "DRC-"

static const struct message messages[] = {
#define MESSAGE(name, number, level, says, cause, cure) {MSG_##name, LOG_##level, 0, false, says, cause, cure},
#define MESSAGE_EACH(name, number, level, says, cause, cure) {MSG_##name, LOG_##level, 0, true, says, cause, cure},
#define MESSAGE_STOP(name, number, exit, says, cause, cure)                                                            \
    {MSG_##name, LOG_ERROR, EXIT_##exit, true, says, cause, cure},
/* In the order of numbers. */
#include "common/base/messages_general.h"
/* */
#include "common/base/messages_capture.h"
/* */
#include "common/base/messages_applier.h"
/* */
#include "common/base/messages_conflicts.h"
/* */
#include "common/base/messages_tools.h"
#undef MESSAGE
#undef MESSAGE_EACH
#undef MESSAGE_STOP
};

#define MESSAGE_COUNT (sizeof messages / sizeof messages[0])

/* A part of the document: numbers from here to the next part. */
static const struct part {
    const char *title;
    unsigned first;
    bool stops;
} parts[] = {
    {"Any program",                         1000, false},
    {"Stops, by exit code",                 1060, true },
    {"Stops of any program",                1100, true },
    {"Capture",                             2000, false},
    {"Stops of capture",                    2500, true },
    {"Applier",                             3000, false},
    {"Stops of the applier",                3500, true },
    {"Conflicts, parked transactions, DDL", 4000, false},
    {"Stops by conflicts",                  4500, true },
    {"drcctl and drc-reconcile",            5000, false},
    {NULL,                                  9999, false},
};

const char *message_text(char out[MESSAGE_TEXT_LEN], enum message_id id)
{
    (void)snprintf(out, MESSAGE_TEXT_LEN, ID_PREFIX "%04u", (unsigned)id % 10000);
    return out;
}

enum message_id message_parse(const char *text)
{
    char *end;
    if (strncasecmp(text, ID_PREFIX, sizeof ID_PREFIX - 1) == 0)
        text += sizeof ID_PREFIX - 1;
    if (!isdigit((unsigned char)*text))
        return MESSAGE_NONE;
    unsigned long number = strtoul(text, &end, 10);
    return *end == '\0' && number < 10000 && message_find((enum message_id)number) ? (enum message_id)number
                                                                                   : MESSAGE_NONE;
}

const struct message *message_at(size_t i)
{
    return i < MESSAGE_COUNT ? &messages[i] : NULL;
}

static int compare(const void *key, const void *row)
{
    enum message_id id = *(const enum message_id *)key, other = ((const struct message *)row)->id;
    return id < other ? -1 : id > other;
}

const struct message *message_find(enum message_id id)
{
    return bsearch(&id, messages, MESSAGE_COUNT, sizeof messages[0], compare);
}

enum message_id message_of_exit(int exit_code)
{
    static const struct {
        int code;
        enum message_id id;
    } by_code[] = {
        {EXIT_BAD_USAGE,  MSG_STOP_USAGE    },
        {EXIT_UNSAFE,     MSG_STOP_UNSAFE   },
        {EXIT_BUG,        MSG_STOP_BUG      },
        {EXIT_TRY_AGAIN,  MSG_STOP_TRY_AGAIN},
        {EXIT_DENIED,     MSG_STOP_DENIED   },
        {EXIT_BAD_CONFIG, MSG_STOP_CONFIG   },
    };
    for (size_t i = 0; i < sizeof by_code / sizeof by_code[0]; i++) {
        if (by_code[i].code == exit_code)
            return by_code[i].id;
    }
    return MSG_STOP_BUG;
}

/* ---- for people ---- */

static const char preface[] =
    "# Messages\n"
    "\n"
    "<!-- Generated from the table in common/base/messages_*.h by `drcctl explain --markdown`. Change it there. -->\n"
    "\n"
    "Every line that a program logs has an id, which stays what it is from release to release: what watches logs "
    "should "
    "look for\n"
    "ids. `drcctl explain DRC-2501` prints what is said of one here. With `log.format: text` a line is\n"
    "\n"
    "```text\n"
    "2026-01-31T23:59:59.123Z warning: DRC-2002 Kafka does not acknowledge: Broker: Not enough in-sync replicas "
    "seconds=12 "
    "in_flight=40\n"
    "```\n"
    "\n"
    "time, level, id, what is said, and what is known of it as key=value, in double quotes where it has a space in it; "
    "under\n"
    "systemd a priority stands in place of time and level. With `log.format: json` it is an object with `time`, "
    "`level`, "
    "`id`,\n"
    "`message` and `fields`. Lines of level debug have no id: they are for those who look for a mistake of ours.\n"
    "\n"
    "When one message about one thing (the first of its fields: a link, a table) comes more than 10 times within 10 "
    "seconds, the\n"
    "rest are counted and told in one line, `repeated 240 times in 10 s`. Stops, and what is marked *each*, are never "
    "left "
    "out.\n"
    "\n"
    "A daemon that stops for good says so in its last line, which has the id of the cause, the exit code and the way "
    "out; "
    "`drcctl\n"
    "status` shows the same. The commands named under *Stops* are in [stops.md](stops.md).\n";

/* Inside a table's cell. */
static void put_cell(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
}

static void print_row(FILE *out, const struct message *m, bool stops)
{
    char id[MESSAGE_TEXT_LEN];
    (void)fprintf(out, "| %s | ", message_text(id, m->id));
    if (stops)
        (void)fprintf(out, "%d | ", m->stops);
    else
        (void)fprintf(out, "%s%s | ", log_level_name((enum log_level)m->level), m->each ? ", each" : "");
    put_cell(out, m->says);
    (void)fputs(" | ", out);
    put_cell(out, m->cause);
    (void)fputs(" | ", out);
    put_cell(out, m->cure);
    (void)fputs(" |\n", out);
}

void message_print_markdown(FILE *out)
{
    const struct message *m = messages;
    (void)fputs(preface, out);
    for (const struct part *part = parts; part->title; part++) {
        (void)fprintf(out, "\n## %s\n\n| Id | %s | Message | Cause | Cure |\n|---|---|---|---|---|\n", part->title,
                      part->stops ? "Code" : "Level");
        for (; m < messages + MESSAGE_COUNT && m->id < part[1].first; m++)
            print_row(out, m, part->stops);
    }
}

void message_print(FILE *out, const struct message *m)
{
    char id[MESSAGE_TEXT_LEN];
    (void)fprintf(out, "%s  %s\n", message_text(id, m->id), m->says);
    if (m->stops)
        (void)fprintf(out, "  Level: the daemon stops, exit code %d\n", m->stops);
    else
        (void)fprintf(out, "  Level: %s\n", log_level_name((enum log_level)m->level));
    (void)fprintf(out, "  Cause: %s\n  Cure:  %s\n", m->cause, m->cure);
}
