/* drcctl ids check: whether the regions of a pair can give the same ids, and how many are left. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/command.h"
#include "ctl/ids.h"
#include "ctl/ids_generator.h"

struct check_arguments {
    const char *config_path;
    unsigned headroom;
    bool json;
};

static const struct argp_option options[] = {
    {"json",     'j', NULL,      0, "Print one JSON object",                                                       0},
    {"headroom", 'r', "PERCENT", 0, "Warn of tables with less than that left of their type's values (default 20)", 0},
    {NULL,       0,   NULL,      0, NULL,                                                                          0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct check_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    case 'r':
        a->headroom = (unsigned)options_number(arg, "--headroom", 0, 100, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- text ---- */

static void print_region(const struct ids_region *r)
{
    printf("%s (%s, %s): increment %" PRIu64 ", offset %" PRIu64 "; ", r->name, r->server, flavor_name(r->flavor),
           r->settings.increment, r->settings.offset);
    if (r->generator)
        printf("drc." IDS_FUNCTION "() with tag %u\n", r->generator_tag);
    else
        puts("no drc." IDS_FUNCTION "()");
    for (size_t i = 0; i < r->host_count; i++) {
        const struct ids_host *h = &r->hosts[i];
        if (h->error)
            printf("  %s: not asked: %s\n", h->name, h->error);
        else
            printf("  %s: increment %" PRIu64 ", offset %" PRIu64 "\n", h->name, h->settings.increment,
                   h->settings.offset);
    }
}

static void print_tables(const struct ids_facts *f)
{
    bool began = false;
    for (size_t i = 0; i < f->count; i++) {
        for (size_t k = 0; k < f->regions[i].table_count; k++) {
            const struct ids_table *t = &f->regions[i].tables[k];
            char name[200];
            if (!began)
                printf("%-32s %-20s %-10s %20s %20s %7s\n", "TABLE", "TYPE", "REGION", "LARGEST", "NEXT", "LEFT");
            began = true;
            snprintf(name, sizeof name, "%s.%s.%s", t->db, t->name, t->column);
            printf("%-32s %-20s %-10s %20" PRIu64 " %20" PRIu64 " %5.1f %%\n", name, t->type, f->regions[i].name,
                   t->largest, t->next, ids_left(ids_used(t), t->limit));
        }
    }
}

static void print_text(const struct ids_facts *f, const struct findings *found)
{
    for (size_t i = 0; i < f->count; i++)
        print_region(&f->regions[i]);
    print_tables(f);
    findings_print(found, stdout);
}

/* ---- JSON ---- */

static json_t *json_settings(const struct ids_settings *s)
{
    return json_pack("{s:I, s:I}", "increment", (json_int_t)s->increment, "offset", (json_int_t)s->offset);
}

/* Beyond what a JSON integer of ours can be (BIGINT UNSIGNED): the digits as a text. */
static json_t *json_id(uint64_t id)
{
    char text[24];
    if (id <= INT64_MAX)
        return json_integer((json_int_t)id);
    snprintf(text, sizeof text, "%" PRIu64, id);
    return json_string(text);
}

static json_t *json_tables(const struct ids_region *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->table_count; i++) {
        const struct ids_table *t = &r->tables[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:f}", "db", t->db, "table", t->name, "column",
                                        t->column, "type", t->type, "largest", json_id(t->largest), "next",
                                        json_id(t->next), "left_percent", ids_left(ids_used(t), t->limit)));
    }
    return list;
}

static json_t *json_sequences(const struct ids_region *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->sequence_count; i++) {
        const struct ids_sequence *s = &r->sequences[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:b}", "db", s->db, "sequence", s->name, "next",
                                        (json_int_t)s->next, "minimum", (json_int_t)s->min, "maximum",
                                        (json_int_t)s->max, "increment", (json_int_t)s->increment, "cycle", s->cycle));
    }
    return list;
}

static json_t *json_region(const struct ids_region *r)
{
    json_t *hosts = json_array();
    for (size_t i = 0; i < r->host_count; i++) {
        const struct ids_host *h = &r->hosts[i];
        json_t *host = h->error ? json_pack("{s:s}", "error", h->error) : json_settings(&h->settings);
        json_object_set_new(host, "host", json_string(h->name));
        json_array_append_new(hosts, host);
    }
    return json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:i, s:o, s:o, s:o, s:o}", "region", r->name, "server", r->server,
                     "flavor", flavor_name(r->flavor), "writes", r->writes, "settings", json_settings(&r->settings),
                     "planned", json_settings(&r->planned), "id_tag", (int)r->tag, "generator_tag",
                     r->generator ? json_integer(r->generator_tag) : json_null(), "hosts", hosts, "tables",
                     json_tables(r), "sequences", json_sequences(r));
}

static void print_json(const struct ids_facts *f, const struct findings *found)
{
    json_t *all = json_object(), *regions = json_array();
    for (size_t i = 0; i < f->count; i++)
        json_array_append_new(regions, json_region(&f->regions[i]));
    json_object_set_new(all, "regions", regions);
    findings_put_json(found, all);
    json_dumpf(all, stdout, JSON_INDENT(2));
    puts("");
    json_decref(all);
}

int command_ids_check(int argc, char **argv, const char *config_path)
{
    static const char doc[] =
        "Say whether the regions of the pair can give the same ids, and how many of each table are left.\v"
        "Exit codes: 0 nothing found; 1 warnings; 2 errors; others as for all commands, when a region cannot be asked.";
    const struct argp argp = {options, parse, NULL, doc, command_config_child, NULL, NULL};
    struct check_arguments a = {.config_path = config_path, .headroom = IDS_HEADROOM};
    struct findings found = {0};
    struct ids_facts facts = {0};
    struct config *config;
    struct err err = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = command_load(&config, a.config_path);
    if (code)
        return code;
    if (ids_read(&facts, config, 0, &err)) {
        code = command_fail(&err);
    } else {
        ids_judge(&found, &facts, a.headroom);
        (a.json ? print_json : print_text)(&facts, &found);
        code = findings_exit_code(&found);
    }
    findings_free(&found);
    ids_free(&facts);
    config_free(&config);
    return code;
}
