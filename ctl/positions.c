/* drcctl positions: how far each region's transactions have come, stage by stage, as sets of GTIDs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/status.h"

struct positions_arguments {
    const char *config_path;
    bool json;
};

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "Print one JSON object", 0},
    {NULL,   0,   NULL, 0, NULL,                    0},
};

static const char doc[] =
    "Print, for each region, what its database has executed, how far its capture has read (where that runs here), how "
    "far its topic is, and for each link from it what the target has in effect: the GTID by the ledger, the seq up to "
    "which all is (`past this GTID`: workers that commit side by side bring more into effect than one row says), "
    "and the newest (`some up to`). `drcctl pause` brings the three together.\v"
    "What cannot be reached is `-`, with its error below; the exit code is 0 all the same.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct positions_arguments *a = state->input;
    (void)arg;
    if (key == ARGP_KEY_INIT)
        state->child_inputs[0] = &a->config_path;
    else if (key == 'j')
        a->json = true;
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static const char *captured(const struct link_status *l)
{
    const char *text = json_string_value(json_object_get(l->capture.all, "position"));
    return text && *text ? text : NULL;
}

/* In `out`; NULL: not known. */
static const char *position_text(struct buf *out, bool known, const struct position *p)
{
    buf_clear(out);
    if (!known)
        return NULL;
    position_put_text(p, out);
    return buf_cstr(out);
}

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

/* ---- text ---- */

static void print_error(const struct err *err)
{
    if (err->class != ERR_NONE)
        printf("    %s\n", err->text);
}

/* Workers that commit side by side bring more into effect than any of their rows says, whose GTID this is. */
static void print_applied(const struct progress_view *v)
{
    const struct ledger_state *l = &v->ledger;
    const uint64_t all = l->done.low, newest = watermark_high(&l->done);
    printf("%s  (seq %" PRIu64, or_dash(l->gtid), all);
    if (*l->gtid && all > l->seq)
        printf(", %" PRIu64 " past this GTID", all - l->seq);
    if (newest > all)
        printf(", some up to %" PRIu64, newest);
    printf("%s)\n", v->parked.transactions ? ", some parked" : "");
}

static void print_link(const struct link_status *l)
{
    printf("  applied by %-8s ", l->link->to);
    if (l->view.has_ledger)
        print_applied(&l->view);
    else
        puts("-  (seq -)");
    print_error(&l->view.target_err);
}

static void print_region(const struct pair_status *s, const struct region_config *region)
{
    struct buf text = {0};
    bool told = false;
    printf("%s\n", region->name);
    for (size_t i = 0; i < s->count; i++) {
        const struct link_status *l = &s->links[i];
        const struct progress_view *v = &l->view;
        if (strcmp(l->link->from, region->name) != 0)
            continue;
        if (!told) {
            printf("  executed            %s\n", or_dash(position_text(&text, v->has_source, &v->source)));
            print_error(&v->source_err);
            printf("  captured            %s\n", or_dash(captured(l)));
            printf("  in topic            %s", or_dash(position_text(&text, v->has_topic, &v->published)));
            if (v->has_topic)
                printf("  (seq %" PRIu64 ")", v->published_seq);
            puts("");
            print_error(&v->topic_err);
        }
        told = true;
        print_link(l);
    }
    if (!told)
        puts("  no link begins here");
    buf_free(&text);
}

/* ---- JSON ---- */

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *seq_or_null(bool known, uint64_t seq)
{
    return known ? json_integer((json_int_t)seq) : json_null();
}

static json_t *json_applied(const struct link_status *l)
{
    const struct progress_view *v = &l->view;
    json_t *o = json_object();
    json_object_set_new(o, "to", json_string(l->link->to));
    json_object_set_new(o, "gtid", text_or_null(v->has_ledger ? v->ledger.gtid : NULL));
    json_object_set_new(o, "gtid_seq", seq_or_null(v->has_ledger, v->ledger.seq));
    json_object_set_new(o, "seq", seq_or_null(v->has_ledger, v->ledger.done.low));
    json_object_set_new(o, "newest_seq", seq_or_null(v->has_ledger, watermark_high(&v->ledger.done)));
    json_object_set_new(o, "parked_transactions", seq_or_null(v->has_ledger, v->parked.transactions));
    return o;
}

static json_t *json_region(const struct pair_status *s, const struct region_config *region)
{
    json_t *o = json_object(), *applied = json_array();
    struct buf text = {0};
    bool told = false;
    json_object_set_new(o, "region", json_string(region->name));
    for (size_t i = 0; i < s->count; i++) {
        const struct link_status *l = &s->links[i];
        const struct progress_view *v = &l->view;
        if (strcmp(l->link->from, region->name) != 0)
            continue;
        if (!told) {
            json_object_set_new(o, "executed", text_or_null(position_text(&text, v->has_source, &v->source)));
            json_object_set_new(o, "captured", text_or_null(captured(l)));
            json_object_set_new(o, "in_topic", text_or_null(position_text(&text, v->has_topic, &v->published)));
            json_object_set_new(o, "topic_seq", seq_or_null(v->has_topic, v->published_seq));
        }
        told = true;
        json_array_append_new(applied, json_applied(l));
    }
    json_object_set_new(o, "applied", applied);
    buf_free(&text);
    return o;
}

static void print_json(const struct pair_status *s)
{
    json_t *all = json_object(), *regions = json_array();
    for (size_t i = 0; i < s->config->region_count; i++)
        json_array_append_new(regions, json_region(s, &s->config->regions[i]));
    json_object_set_new(all, "pair", json_string(s->config->pair));
    json_object_set_new(all, "regions", regions);
    json_dumpf(all, stdout, JSON_COMPACT);
    puts("");
    json_decref(all);
}

int command_positions(int argc, char **argv, const char *config_path)
{
    const struct argp argp = {options, parse, NULL, doc, command_config_child, NULL, NULL};
    struct positions_arguments a = {.config_path = config_path};
    struct pair_status status;
    struct config *config;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = command_load(&config, a.config_path);
    if (code)
        return code;
    status_open(&status, config);
    status_look(&status);
    if (a.json)
        print_json(&status);
    for (size_t i = 0; !a.json && i < config->region_count; i++)
        print_region(&status, &config->regions[i]);
    status_free(&status);
    config_free(&config);
    return EXIT_DONE;
}
