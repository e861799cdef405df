/* drcctl ids parse: which region made an id of drc.next_id(), and when. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "ctl/command.h"
#include "include/drc/id.h"

struct parse_arguments {
    const char *config_path;
    char **ids;
    int count;
    bool json;
};

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "Print JSON: an object an id", 0},
    {NULL,   0,   NULL, 0, NULL,                          0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct parse_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    case ARGP_KEY_ARGS:
        a->ids = state->argv + state->next;
        a->count = state->argc - state->next;
        for (int i = 0; i < a->count; i++)
            (void)options_number(a->ids[i], "ID", 1, INT64_MAX, state);
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "an ID is required");
        return 0;
    default:
        (void)arg;
        return ARGP_ERR_UNKNOWN;
    }
}

static const char *region_of(const struct config *c, unsigned tag)
{
    for (size_t i = 0; i < c->region_count; i++)
        if (c->regions[i].id_tag == tag)
            return c->regions[i].name;
    return NULL;
}

static void print(const struct config *c, const char *text, bool json)
{
    int64_t id = (int64_t)strtoull(text, NULL, 10);
    unsigned tag = drc_id_region(id);
    const char *region = region_of(c, tag);
    char time[CLOCK_TEXT_LEN];
    clock_text(time, drc_id_time_us(id));
    if (json) {
        json_t *all = json_pack("{s:I, s:s?, s:i, s:s, s:I}", "id", (json_int_t)id, "region", region, "tag", (int)tag,
                                "time", time, "time_us", (json_int_t)drc_id_time_us(id));
        json_dumpf(all, stdout, JSON_COMPACT);
        puts("");
        json_decref(all);
    } else {
        printf("%" PRId64 " %s (tag %u) %s\n", id, region ? region : "no region of the pair", tag, time);
    }
}

int command_ids_parse(int argc, char **argv, const char *config_path)
{
    static const char doc[] = "Say which region made an id of drc.next_id(), and when.";
    const struct argp argp = {options, parse, "ID...", doc, command_config_child, NULL, NULL};
    struct parse_arguments a = {.config_path = config_path};
    struct config *config;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = command_load(&config, a.config_path);
    if (code)
        return code;
    for (int i = 0; i < a.count; i++)
        print(config, a.ids[i], a.json);
    config_free(&config);
    return 0;
}
