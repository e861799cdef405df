/* drcctl events: the command line, and where what is printed comes from. */
#include "ctl/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/base/since.h"
#include "common/binlog/file_reader.h"
#include "ctl/command.h"
#include "ctl/conflicts.h"
#include "ctl/events_binlog.h"
#include "ctl/events_mask.h"
#include "ctl/events_topic.h"

struct events_arguments {
    const char *config_path;
    const char *region;
    const char *topic;
    bool binlog;
    char **files; /* with binlog; ours, what it holds is argv's */
    size_t file_count;
    bool unmask;
    struct mask mask; /* ours */
    struct events_options options;
};

enum { KEY_FROM = 0x100, KEY_BINLOG, KEY_TOPIC, KEY_CONTROL, KEY_UNTIL };

static const struct argp_option options[] = {
    {NULL,          0,           NULL,      0,            "Where from:",                                                                      1},
    {"region",      'r',         "REGION",  0,            "The topic of that region of the pair",                                             1},
    {"topic",       KEY_TOPIC,   "NAME",    0,
     "The topic of that name, or of that region; with --region: on the cluster of that region",                                               1},
    {"binlog",      KEY_BINLOG,  NULL,      0,            "Binlog FILEs, one after the other; needs no pair file",                            1},
    {"from",        KEY_FROM,    "N",       0,            "Begin at that offset of the topic, or byte of the first FILE",                     1},
    {"from-offset", KEY_FROM,    NULL,      OPTION_ALIAS, NULL,                                                                               1},
    {"follow",      'f',         NULL,      0,            "Go on with what comes in (topics)",                                                1},
    {NULL,          0,           NULL,      0,            "What:",                                                                            2},
    {"gtid",        'g',         "GTIDS",   0,
     "Only these: 0-1-100, 0-1-100..200, 0-*-100.. (MariaDB), uuid:1-5:9 (MySQL), lists of them; may be given again",                         2},
    {"since",       's',         "TIME",    0,            "Only committed then or later: 2026-01-31T10:00:00 (UTC), or 90s, 15m, 2h, 3d ago", 2},
    {"until",       KEY_UNTIL,   "TIME",    0,            "Only committed before that",                                                       2},
    {"table",       'T',         "PATTERN", 0,
     "Only changes of and statements about these, \"shop.*\" or \"*.order?\"; may be given again",                                            2},
    {"limit",       'n',         "N",       0,            "Stop after that many transactions (topics: records)",                              2},
    {"control",     KEY_CONTROL, NULL,      0,
     "Also epochs, resumes, heartbeats, and records that readers pass over; of binlogs formats, GTID lists, rotations",                       2},
    {NULL,          0,           NULL,      0,            "How:",                                                                             3},
    {"json",        'j',         NULL,      0,            "JSON Lines: one object a record or transaction",                                   3},
    {"verbose",     'v',         NULL,      0,
     "Whole rows of updates, not only what changed, and whole values; of binlogs also the statements that made the "
     "rows",                                                                                                                                  3},
    {"unmask",      'U',         NULL,      0,            "Also the values of columns that conflicts.mask names",                             3},
    {NULL,          0,           NULL,      0,            NULL,                                                                               0},
};

static uint64_t point_in_time(const char *arg, const char *option, struct argp_state *state)
{
    uint64_t us = 0;
    if (!since_parse(&us, arg, clock_wall_us()))
        argp_error(state, "%s wants 2026-01-31T10:00:00, or 90s, 15m, 2h, 3d, not '%s'", option, arg);
    return us;
}

/* Options that say what is shown, and how. */
static error_t parse_shown(int key, char *arg, struct argp_state *state, struct events_options *o)
{
    struct err err = {0};
    switch (key) {
    case 'g':
        if (events_filter_add_gtids(&o->filter, arg, &err))
            argp_error(state, "--gtid: %s", err.text);
        return 0;
    case 's':
        o->filter.since_us = point_in_time(arg, "--since", state);
        return 0;
    case KEY_UNTIL:
        o->filter.until_us = point_in_time(arg, "--until", state);
        return 0;
    case 'T':
        if (events_filter_add_table(&o->filter, arg, &err))
            argp_error(state, "--table: %s", err.text);
        return 0;
    case 'n':
        o->limit = options_number(arg, "--limit", 0, INT64_MAX, state);
        return 0;
    case KEY_CONTROL:
        o->control = true;
        return 0;
    case 'j':
        o->json = true;
        return 0;
    case 'v':
        o->verbose = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void check(const struct events_arguments *a, struct argp_state *state)
{
    bool topic = a->region || a->topic;
    if (a->binlog ? a->file_count == 0 || topic : !topic || a->file_count > 0)
        argp_error(state, "one of --region REGION, --topic NAME, or --binlog FILE... is needed");
    if (a->binlog && a->options.follow)
        argp_error(state, "--follow is for topics");
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
    case KEY_TOPIC:
        a->topic = arg;
        return 0;
    case KEY_BINLOG:
        a->binlog = true;
        return 0;
    case KEY_FROM:
        a->options.from = (int64_t)options_number(arg, "--from", 0, INT64_MAX, state);
        return 0;
    case 'f':
        a->options.follow = true;
        return 0;
    case 'U':
        a->unmask = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->file_count > 0 && file_reader_is_index(arg))
            return 0;
        a->files = xreallocarray(a->files, a->file_count + 1, sizeof *a->files);
        a->files[a->file_count++] = arg;
        return 0;
    case ARGP_KEY_END:
        check(a, state);
        return 0;
    default:
        return parse_shown(key, arg, state, &a->options);
    }
}

/* Which region's cluster holds the topic, and the topic's name (the caller frees it). */
static int find_topic(const struct config *c, const struct events_arguments *a, const char **region, char **topic,
                      struct err *err)
{
    *region = a->region;
    *topic = a->region && a->topic ? xstrdup(a->topic) : NULL;
    for (size_t i = 0; i < c->region_count && !*region; i++) {
        char *its = config_topic(c, c->regions[i].name);
        if (strcmp(a->topic, its) == 0 || strcmp(a->topic, c->regions[i].name) == 0)
            *region = c->regions[i].name;
        free(its);
    }
    if (!*region)
        return err_fatal(err, EXIT_BAD_USAGE,
                         "'%.200s' is the topic of no region of this pair; say --region as well for the cluster that "
                         "holds it",
                         a->topic);
    if (!*topic)
        *topic = config_topic(c, *region);
    return 0;
}

static void use_mask(struct events_arguments *a, const struct config *config)
{
    if (a->unmask)
        return;
    events_mask_make(&a->mask, &config->conflict_mask);
    a->options.mask = &a->mask;
}

static int print_topic(struct events_printer *printer, struct events_arguments *a)
{
    const struct region_config *region;
    struct kafka_reader *reader = NULL;
    struct config *config;
    struct err err = {0};
    const char *name;
    char *topic = NULL;
    int code = command_load(&config, a->config_path);
    if (code)
        return code;
    use_mask(a, config);
    if (find_topic(config, a, &name, &topic, &err) || config_region(config, name, &region, &err) ||
        config_kafka_password(config, name, &err) ||
        kafka_reader_open(&reader, &region->kafka, topic, KAFKA_OFFSET_END, &err) ||
        events_print_topic(printer, reader, &err))
        code = command_fail(&err);
    kafka_reader_close(&reader);
    free(topic);
    config_free(&config);
    return code;
}

/* They need no pair file; where there is one, its masks hold. */
static int print_binlogs(struct events_printer *printer, struct events_arguments *a)
{
    struct config *config = NULL;
    struct err err = {0};
    int code = a->unmask || access(a->config_path, F_OK) ? EXIT_DONE : command_load(&config, a->config_path);
    if (code)
        return code;
    if (config)
        use_mask(a, config);
    if (events_print_binlogs(printer, a->files, a->file_count, &err)) {
        (void)fflush(stdout);
        code = command_fail(&err);
    }
    config_free(&config);
    return code;
}

int command_events(int argc, char **argv, const char *config_path)
{
    static const char doc[] =
        "Print what a topic or binlog files hold: transactions with their rows, statements, and steps of XA.\v"
        "Examples:\n"
        "  drcctl events --region eu --since 15m --table 'shop.*'\n"
        "  drcctl events --topic drc.shop.eu --gtid 0-1-100..200 --json\n"
        "  drcctl events --binlog /rescued/binlog.0000* --table shop.stock\n\n"
        "An update is shown as its key and what changed. Rows after a savepoint count until a \"rollback to\" of it, "
        "those of a transaction that ends with \"rollback\" never. Columns that conflicts.mask of the pair file names "
        "have "
        "no values then, and the statements that made rows are left out, but with --unmask. A file that ends inside an "
        "event or a transaction "
        "is printed to there, and told with exit code 69.";
    const struct argp argp = {options, parse, "[FILE...]", doc, command_config_child, NULL, NULL};
    struct events_arguments a = {
        .config_path = config_path, .options = {.from = -1, .limit = UINT64_MAX}
    };
    struct events_printer printer = {.options = &a.options};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = a.binlog ? print_binlogs(&printer, &a) : print_topic(&printer, &a);
    events_printer_free(&printer);
    events_filter_free(&a.options.filter);
    events_mask_free(&a.mask);
    free(a.files);
    return code;
}
