/* drcctl ids plan: the statements by which each of N regions gives ids of its own. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/command.h"
#include "ctl/ids.h"

#define INCREMENT_MAX 65535 /* the servers' own bound */

struct plan_arguments {
    const char *config_path;
    unsigned regions;
    bool json;
};

static const struct argp_option options[] = {
    {"regions", 'n', "N",  0, "For that many regions; leave room for those to come", 0},
    {"json",    'j', NULL, 0, "Print one JSON object",                               0},
    {NULL,      0,   NULL, 0, NULL,                                                  0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct plan_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        return 0;
    case 'n':
        a->regions = (unsigned)options_number(arg, "--regions", 1, INCREMENT_MAX, state);
        return 0;
    case 'j':
        a->json = true;
        return 0;
    case ARGP_KEY_END:
        if (a->regions == 0)
            argp_error(state, "--regions N is required");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Statements to be run at a region. */
static json_t *statements_of(const struct ids_facts *f, size_t at)
{
    const struct ids_region *r = &f->regions[at];
    json_t *list = json_array();
    char *sql = ids_settings_sql(r->flavor, &r->planned);
    json_array_append_new(list, json_string(sql));
    free(sql);
    for (size_t i = 0; i < r->sequence_count; i++) {
        sql = ids_sequence_sql(f, at, r->sequences[i].db, r->sequences[i].name);
        if (sql)
            json_array_append_new(list, json_string(sql));
        free(sql);
    }
    return list;
}

/* MariaDB has no SET PERSIST. */
static json_t *lines_of(const struct ids_region *r)
{
    json_t *list = json_array();
    if (r->flavor == FLAVOR_MYSQL)
        return list;
    json_array_append_new(list, json_string("[mariadb]"));
    json_array_append_new(list, json_sprintf("auto_increment_increment = %" PRIu64, r->planned.increment));
    json_array_append_new(list, json_sprintf("auto_increment_offset = %" PRIu64, r->planned.offset));
    return list;
}

/* The offsets that the pair's regions leave for those to come. */
static bool is_free(const struct ids_facts *f, uint64_t offset)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->regions[i].planned.offset == offset)
            return false;
    return true;
}

static json_t *plan(const struct ids_facts *f, unsigned regions)
{
    json_t *list = json_array(), *spare = json_array();
    for (size_t i = 0; i < f->count; i++) {
        const struct ids_region *r = &f->regions[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I, s:o, s:o}", "region", r->name, "flavor",
                                              flavor_name(r->flavor), "increment", (json_int_t)r->planned.increment,
                                              "offset", (json_int_t)r->planned.offset, "statements",
                                              statements_of(f, i), "my_cnf", lines_of(r)));
    }
    for (uint64_t offset = 1; offset <= regions; offset++)
        if (is_free(f, offset))
            json_array_append_new(spare, json_integer((json_int_t)offset));
    return json_pack("{s:i, s:o, s:o}", "increment", (int)regions, "regions", list, "spare_offsets", spare);
}

static void print_text(const json_t *all)
{
    size_t i, k;
    json_t *region, *item;
    json_array_foreach(json_object_get(all, "regions"), i, region)
    {
        printf("-- %s (%s)\n", json_string_value(json_object_get(region, "region")),
               json_string_value(json_object_get(region, "flavor")));
        json_array_foreach(json_object_get(region, "statements"), k, item) puts(json_string_value(item));
        json_array_foreach(json_object_get(region, "my_cnf"), k, item)
            printf("%s--   %s\n", k == 0 ? "-- and in my.cnf of each of its servers:\n" : "", json_string_value(item));
        puts("");
    }
    json_array_foreach(json_object_get(all, "spare_offsets"), i, item)
        printf("%s%" JSON_INTEGER_FORMAT, i == 0 ? "-- offsets for regions to come: " : ", ", json_integer_value(item));
    if (json_array_size(json_object_get(all, "spare_offsets")) > 0)
        puts("");
}

int command_ids_plan(int argc, char **argv, const char *config_path)
{
    static const char doc[] =
        "Print, for each region, the SQL by which N regions give ids of their own: AUTO_INCREMENT settings, and "
        "MariaDB's sequences. Nothing is changed.";
    const struct argp argp = {options, parse, NULL, doc, command_config_child, NULL, NULL};
    struct plan_arguments a = {.config_path = config_path};
    struct ids_facts facts = {0};
    struct config *config;
    struct err err = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = command_load(&config, a.config_path);
    if (code)
        return code;
    if (a.regions < config->region_count) {
        (void)err_fatal(&err, EXIT_BAD_USAGE, "--regions %u is fewer than the pair has (%zu)", a.regions,
                        config->region_count);
        code = command_fail(&err);
    } else if (ids_read(&facts, config, a.regions, &err)) {
        code = command_fail(&err);
    } else {
        json_t *all = plan(&facts, a.regions);
        if (a.json) {
            json_dumpf(all, stdout, JSON_INDENT(2));
            puts("");
        } else {
            print_text(all);
        }
        json_decref(all);
    }
    ids_free(&facts);
    config_free(&config);
    return code;
}
