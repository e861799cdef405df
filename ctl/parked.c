/* drcctl parked list and show: what lies in drc.parked of the targets. */
#include "ctl/parked.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "ctl/events.h"

/* ---- options ---- */

static const struct argp_option shared_options[] = {
    {"from", 'f', "REGION", 0, "Links from there only",               0},
    {"to",   't', "REGION", 0, "Links to there only",                 0},
    {"json", 'j', NULL,     0, "Print JSON: an object a transaction", 0},
    {NULL,   0,   NULL,     0, NULL,                                  0},
};

static error_t parse_shared(int key, char *arg, struct argp_state *state)
{
    struct parked_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        return 0;
    case 'f':
        a->from = arg;
        return 0;
    case 't':
        a->to = arg;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp shared_argp = {
    .options = shared_options, .parser = parse_shared, .children = command_config_child};
const struct argp_child parked_child[] = {
    {&shared_argp, 0, NULL, 0},
    {0       }
};

/* ---- walking ---- */

static int walk_link(struct config *config, const struct link_config *link, const struct parked_arguments *a,
                     bool with_record, parked_each_fn *each, void *context, struct err *err)
{
    struct db *db = NULL;
    char *topic = config_topic(config, link->from);
    const struct parked_query query = {
        .topic = topic, .seq = a->seq, .discarded_too = a->all || a->seq > 0, .with_record = with_record};
    int rc = command_connect(&db, config, link->to, false, err) || parked_read(db, &query, each, context, err) ? -1 : 0;
    db_close(&db);
    free(topic);
    return rc;
}

int parked_walk(struct parked_arguments *a, bool with_record, parked_each_fn *each, void *context)
{
    const struct region_config *known;
    struct config *config;
    struct err err = {0};
    int code = command_load(&config, a->config_path);
    if (code)
        return code;
    a->mask = a->unmask ? NULL : &config->conflict_mask;
    if ((a->from && config_region(config, a->from, &known, &err)) ||
        (a->to && config_region(config, a->to, &known, &err)))
        code = command_fail(&err);
    for (size_t i = 0; i < config->link_count && (code == 0 || (!a->to && !a->from)); i++) {
        const struct link_config *link = &config->links[i];
        if ((a->from && strcmp(a->from, link->from) != 0) || (a->to && strcmp(a->to, link->to) != 0))
            continue;
        if (walk_link(config, link, a, with_record, each, context, &err)) {
            err_prefix(&err, "%s:%s", link->from, link->to);
            code = command_fail(&err);
        }
    }
    config_free(&config);
    return code;
}

/* ---- list ---- */

/* Fragments of one transaction are one line. */
struct list {
    bool json;
    bool began;
    bool pending;
    struct parked_row row; /* strings are copies in the arena */
    struct arena arena;
};

static void print_json(const struct parked_row *r)
{
    struct buf out = {0};
    char at[CLOCK_TEXT_LEN];
    buf_put_str(&out, "{");
    events_put_text(&out, "link", span_str(r->link));
    buf_printf(&out, ", \"seq\": %" PRIu64 ", ", r->seq);
    events_put_text(&out, "gtid", span_str(r->gtid));
    buf_printf(&out, ", \"commit\": \"%s\", ", clock_text(at, r->commit_us));
    events_put_text(&out, "at", span_str(r->at));
    buf_put_str(&out, ", ");
    events_put_text(&out, "state", span_str(r->state));
    buf_printf(&out, ", \"behind\": %" PRIu64 ", \"rows\": %" PRIu64 ", \"bytes\": %" PRIu64 ", ", r->behind, r->rows,
               r->bytes);
    events_put_text(&out, "tables", span_str(r->tables));
    buf_put_str(&out, ", ");
    events_put_text(&out, "why", span_str(r->why));
    buf_put_str(&out, "}");
    puts(buf_cstr(&out));
    buf_free(&out);
}

static void print_text(const struct parked_row *r, bool first)
{
    struct buf why = {0};
    if (first)
        printf("%-10s %-10s %-10s %-8s %-10s %-26s %-24s %s\n", "LINK", "SEQ", "STATE", "ROWS", "BEHIND",
               "COMMIT AT SOURCE (UTC)", "TABLES", "WHY");
    char at[CLOCK_TEXT_LEN];
    utf8_put_printable(&why, span_str(r->why), 300);
    printf("%-10s %-10" PRIu64 " %-10s %-8" PRIu64 " ", r->link, r->seq, r->state, r->rows);
    if (r->behind)
        printf("%-10" PRIu64, r->behind);
    else
        printf("%-10s", "-");
    printf(" %-26s %-24s %s\n", clock_text(at, r->commit_us), r->tables, buf_cstr(&why));
    buf_free(&why);
}

static void print_pending(struct list *l)
{
    if (!l->pending)
        return;
    if (l->json)
        print_json(&l->row);
    else
        print_text(&l->row, !l->began);
    l->began = true;
    l->pending = false;
    arena_reset(&l->arena);
}

static int list_one(void *context, const struct parked_row *r, struct span record, struct err *err)
{
    struct list *l = context;
    (void)record;
    (void)err;
    if (l->pending && r->fragment > 0 && r->seq == l->row.seq) {
        l->row.rows += r->rows;
        l->row.bytes += r->bytes;
        return 0;
    }
    print_pending(l);
    l->row = *r;
    l->row.topic = arena_strdup(&l->arena, span_str(r->topic));
    l->row.link = arena_strdup(&l->arena, span_str(r->link));
    l->row.gtid = arena_strdup(&l->arena, span_str(r->gtid));
    l->row.why = arena_strdup(&l->arena, span_str(r->why));
    l->row.tables = arena_strdup(&l->arena, span_str(r->tables));
    l->row.state = arena_strdup(&l->arena, span_str(r->state));
    l->row.at = arena_strdup(&l->arena, span_str(r->at));
    l->pending = true;
    return 0;
}

static const struct argp_option list_options[] = {
    {"all", 'a', NULL, 0, "Also those that were given up", 0},
    {NULL,  0,   NULL, 0, NULL,                            0},
};

static error_t parse_list(int key, char *arg, struct argp_state *state)
{
    struct parked_arguments *a = state->input;
    (void)arg;
    if (key == ARGP_KEY_INIT)
        state->child_inputs[0] = a;
    else if (key == 'a')
        a->all = true;
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

int command_parked_list(int argc, char **argv, const char *config_path)
{
    static const char doc[] =
        "List the transactions that targets have put aside, in the order in which they would be applied. BEHIND: the "
        "seq of the parked transaction that it waits for; - where the target refused it itself.";
    const struct argp argp = {list_options, parse_list, NULL, doc, parked_child, NULL, NULL};
    struct parked_arguments a = {.config_path = config_path};
    struct list list = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    list.json = a.json;
    int code = parked_walk(&a, false, list_one, &list);
    print_pending(&list);
    if (code == 0 && !a.json && !list.began)
        puts("nothing is parked");
    arena_free(&list.arena);
    return code;
}

/* ---- show ---- */

struct show {
    const struct parked_arguments *arguments;
    struct events_options options;
    struct events_printer printer;
    bool json;
    bool found;
};

static int show_one(void *context, const struct parked_row *r, struct span bytes, struct err *err)
{
    struct show *s = context;
    struct events_printer *p = &s->printer;
    struct record rec;
    struct body_reader body;
    struct rows rows;
    bool first = true;
    int got;
    if (record_read(&rec, bytes, err))
        return -1;
    s->found = true;
    s->options.mask = s->arguments->mask;
    if (s->json)
        print_json(r);
    else
        print_text(r, r->fragment == 0);
    if (s->json)
        buf_put_str(&p->out, "{\"rows\": [");
    body_open(&body, rec.body, &p->tables, &p->arena);
    while ((got = body_next(&body, &rows, err)) > 0)
        events_put_rows(p, &rows, &first);
    if (s->json)
        buf_put_str(&p->out, "]}\n");
    (void)fflush(stdout);
    events_flush(p);
    return got;
}

static const struct argp_option show_options[] = {
    {"unmask", 'U', NULL, 0, "Show also the values of columns that conflicts.mask names", 0},
    {NULL,     0,   NULL, 0, NULL,                                                        0},
};

static error_t parse_show(int key, char *arg, struct argp_state *state)
{
    static const char none[] = "the SEQ of a transaction is needed: see drcctl parked list";
    struct parked_arguments *a = state->input;
    if (key == 'U') {
        a->unmask = true;
        return 0;
    }
    if (key != ARGP_KEY_INIT)
        return command_parse_number(&a->seq, "SEQ", none, key, arg, state);
    state->child_inputs[0] = a;
    return 0;
}

int command_parked_show(int argc, char **argv, const char *config_path)
{
    static const char doc[] =
        "Show one parked transaction with its rows. What is kept of it is whole, whatever conflicts.mask names.";
    const struct argp argp = {show_options, parse_show, "SEQ", doc, parked_child, NULL, NULL};
    struct parked_arguments a = {.config_path = config_path};
    struct show show = {.arguments = &a, .options = {.verbose = true}};
    show.printer.options = &show.options;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    show.options.json = show.json = a.json;
    int code = parked_walk(&a, true, show_one, &show);
    if (code == 0 && !show.found) {
        fprintf(stderr, "drcctl: no transaction of that SEQ is parked\n");
        code = EXIT_BAD_USAGE;
    }
    events_printer_free(&show.printer);
    return code;
}
