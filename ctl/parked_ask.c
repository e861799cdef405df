/* drcctl parked retry and discard: an operator's word in drc.parked and in the journal, which the applier takes up. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/model/act.h"
#include "common/target/journal.h"
#include "common/target/journal_resolve.h"
#include "ctl/parked.h"

static const struct argp_option retry_options[] = {
    {"all", 'a', NULL,   0, "All that the target refused itself, instead of a SEQ", 0},
    {"why", 'w', "TEXT", 0, "The reason, kept in the target's journal; needed",     0},
    {NULL,  0,   NULL,   0, NULL,                                                   0},
};
static const struct argp_option discard_options[] = {
    {"why", 'w', "TEXT", 0, "The reason, kept in the target's journal; needed", 0},
    {NULL,  0,   NULL,   0, NULL,                                               0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct parked_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = a;
        return 0;
    case 'a':
        a->all = true;
        return 0;
    case 'w':
        a->why = command_why(arg, state);
        return 0;
    case ARGP_KEY_ARG:
        return command_parse_number(&a->seq, "SEQ", NULL, key, arg, state);
    case ARGP_KEY_END:
        if ((a->seq > 0) == a->all)
            argp_error(state, "the SEQ of a transaction is needed: see drcctl parked list");
        if (!a->from || !a->to || !a->why)
            argp_error(state, "--from, --to and --why are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What is asked for, and its name in the journal. */
struct wish {
    const char *state;
    const char *act;
    const char *done;
};

static int journal(struct db *db, const char *topic, const struct parked_arguments *a, const struct wish *wish,
                   uint64_t met, struct err *err)
{
    struct buf link = {0}, details = {0};
    char *who = command_who();
    struct gtid none = {0};
    buf_printf(&link, "%s:%s", a->from, a->to);
    if (a->seq)
        buf_printf(&details, "{\"seq\": %" PRIu64 "}", a->seq);
    else
        buf_printf(&details, "{\"transactions\": %" PRIu64 "}", met);
    const struct act act = {.kind = span_str(wish->act),
                            .who = span_str(who),
                            .at_us = clock_wall_us(),
                            .why = span_str(a->why),
                            .details = buf_span(&details)};
    const struct journal_act entry = {.link = buf_cstr(&link), .gtid = &none, .seq = a->seq, .act = &act};
    const struct journal_asked asked = {
        .topic = topic, .seq = a->seq, .state = wish->state, .who = who, .why = a->why ? a->why : ""};
    int rc = journal_write_act(db, &entry, err) || journal_note_asked(db, &asked, err) ? -1 : 0;
    free(who);
    buf_free(&link);
    buf_free(&details);
    return rc;
}

static int ask(struct config *config, const struct parked_arguments *a, const struct wish *wish, uint64_t *met,
               struct err *err)
{
    struct db *db = NULL;
    char *topic = config_topic(config, a->from);
    int rc = -1;
    if (command_connect(&db, config, a->to, true, err) || db_exec(db, "BEGIN", err) ||
        parked_ask(db, topic, a->seq, wish->state, met, err))
        goto out;
    if (*met == 0)
        (void)err_fatal(err, EXIT_BAD_USAGE,
                        a->seq ? "no transaction of that SEQ is parked in %s"
                               : "no transaction that was refused is parked in %s",
                        a->to);
    else if (journal(db, topic, a, wish, *met, err) == 0)
        rc = db_exec(db, "COMMIT", err);
out:
    db_close(&db);
    free(topic);
    return rc;
}

static int run(const struct parked_arguments *a, const struct wish *wish)
{
    const struct link_config *link;
    struct config *config;
    struct err err = {0};
    uint64_t met = 0;
    int code = command_load(&config, a->config_path);
    if (code)
        return code;
    if (config_link(config, a->from, a->to, &link, &err) || ask(config, a, wish, &met, &err))
        code = command_fail(&err);
    else if (a->json)
        printf("{\"transactions\": %" PRIu64 "}\n", met);
    else
        printf("%" PRIu64 " transaction%s: %s by the applier of %s:%s\n", met, met == 1 ? "" : "s", wish->done, a->from,
               a->to);
    config_free(&config);
    return code;
}

int command_parked_retry(int argc, char **argv, const char *config_path)
{
    static const char doc[] =
        "Have a parked transaction tried again by the applier, once what it was refused for has been mended. What "
        "waits for it follows by itself, in order. What is refused again stays parked.";
    static const struct wish wish = {PARKED_RETRY, "parked-retry", "to be tried again"};
    const struct argp argp = {retry_options, parse, "[SEQ]", doc, parked_child, NULL, NULL};
    struct parked_arguments a = {.config_path = config_path};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    return run(&a, &wish);
}

int command_parked_discard(int argc, char **argv, const char *config_path)
{
    static const char doc[] =
        "Give a parked transaction up: it never takes effect here, and what waits for it is tried. It stays in "
        "drc.parked as discarded, with all its rows.";
    static const struct wish wish = {PARKED_DISCARD, "parked-discard", "to be given up"};
    const struct argp argp = {discard_options, parse, "SEQ", doc, parked_child, NULL, NULL};
    struct parked_arguments a = {.config_path = config_path};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    return run(&a, &wish);
}
