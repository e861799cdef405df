/* drcctl events: prints a region's topic, or binlog files, from an offset to the end or on and on. */
#include "ctl/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/mem.h"
#include "common/link/kafka.h"
#include "ctl/command.h"
#include "ctl/events_binlog.h"

#define END_TIMEOUT_MS 10000 /* the broker says that records are there, and they do not come */
#define FOLLOW_MS 500

struct events_arguments {
    const char *config_path;
    const char *region;
    int64_t offset;
    uint64_t limit;
    bool json;
    bool follow;
    bool binlog;
    char **files; /* with binlog; ours, what it holds is argv's */
    size_t file_count;
};

enum { KEY_OFFSET = 0x100, KEY_BINLOG };

static const struct argp_option options[] = {
    {"region",      'r',        "REGION", 0, "The region whose topic is printed",            0},
    {"from-offset", KEY_OFFSET, "N",      0, "Begin there, not at the topic's first record", 0},
    {"binlog",      KEY_BINLOG, NULL,     0, "Print binlog FILEs instead of a topic",        0},
    {"limit",       'n',        "N",      0, "Stop after that many records or transactions", 0},
    {"follow",      'f',        NULL,     0, "Go on with what comes in",                     0},
    {"json",        'j',        NULL,     0, "Print JSON Lines: one object a record",        0},
    {NULL,          0,          NULL,     0, NULL,                                           0},
};

static uint64_t number(const char *arg, const char *option, struct argp_state *state)
{
    char *end;
    uint64_t n = strtoull(arg, &end, 10);
    if (end == arg || *end || arg[0] == '-')
        argp_error(state, "%s wants a number, not '%s'", option, arg);
    return n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct events_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        return 0;
    case 'r':
        a->region = arg;
        return 0;
    case KEY_OFFSET:
        a->offset = (int64_t)number(arg, "--from-offset", state);
        return 0;
    case 'n':
        a->limit = number(arg, "--limit", state);
        return 0;
    case 'f':
        a->follow = true;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    case KEY_BINLOG:
        a->binlog = true;
        return 0;
    case ARGP_KEY_ARG:
        a->files = xreallocarray(a->files, a->file_count + 1, sizeof *a->files);
        a->files[a->file_count++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (a->binlog ? a->file_count == 0 || a->region : !a->region || a->file_count > 0)
            argp_error(state, "either --region REGION, or --binlog FILE... is needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int print_one(struct events_printer *printer, const struct kafka_record *raw, struct err *err)
{
    struct record rec;
    if (record_read(&rec, raw->value, err) || events_print_record(printer, &rec, raw->offset, err))
        return err_prefix(err, "offset %" PRId64, raw->offset);
    return 0;
}

static int print_topic(struct kafka_reader *reader, const struct events_arguments *a, struct err *err)
{
    struct events_printer printer = {.json = a->json};
    struct kafka_record raw;
    int64_t low, high, next;
    uint64_t printed = 0;
    int got = 0;
    int rc = -1;
    if (kafka_reader_bounds(reader, &low, &high, err))
        goto out;
    next = a->offset >= 0 ? a->offset : low;
    if (kafka_reader_seek(reader, next, err))
        goto out;
    while (printed < a->limit && (a->follow || next < high)) {
        got = kafka_reader_next(reader, &raw, a->follow ? FOLLOW_MS : END_TIMEOUT_MS, err);
        if (got < 0 || (got > 0 && print_one(&printer, &raw, err)))
            goto out;
        if (got == 0 && !a->follow) {
            err_retry(err, "no record from offset %" PRId64 " on within %d s", next, END_TIMEOUT_MS / 1000);
            goto out;
        }
        if (got > 0) {
            next = raw.offset + 1;
            printed++;
        }
        if (a->follow && fflush(stdout))
            break;
    }
    rc = 0;
out:
    events_printer_free(&printer);
    return rc;
}

static int print_binlogs(const struct events_arguments *a)
{
    struct events_printer printer = {.json = a->json};
    struct err err = {0};
    int code = EXIT_DONE;
    if (events_print_binlogs(&printer, a->files, a->file_count, a->limit, &err))
        code = command_fail(&err);
    events_printer_free(&printer);
    return code;
}

static int print_region(const struct events_arguments *a)
{
    const struct region_config *region;
    struct kafka_reader *reader = NULL;
    struct config *config;
    struct err err = {0};
    int code = command_load(&config, a->config_path);
    if (code)
        return code;
    char *topic = config_topic(config, a->region);
    if (config_region(config, a->region, &region, &err) || config_kafka_password(config, a->region, &err) ||
        kafka_reader_open(&reader, &region->kafka, topic, KAFKA_OFFSET_END, &err) || print_topic(reader, a, &err))
        code = command_fail(&err);
    kafka_reader_close(&reader);
    free(topic);
    config_free(&config);
    return code;
}

int command_events(int argc, char **argv, const char *config_path)
{
    static const char doc[] =
        "Print the records of a region's topic, or the transactions of binlog files, with their rows and statements.";
    const struct argp argp = {options, parse, "[FILE...]", doc, command_config_child, NULL, NULL};
    struct events_arguments a = {.config_path = config_path, .offset = -1, .limit = UINT64_MAX};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = a.binlog ? print_binlogs(&a) : print_region(&a);
    free(a.files);
    return code;
}
