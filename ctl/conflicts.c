/* What the commands about conflicts share: the targets, the journal's entries, times, JSON. */
#include "ctl/conflicts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/utf8.h"
#include "ctl/command.h"

#define READ_TIMEOUT_S 60

static int walk_target(struct config *config, const char *region_name, const struct conflicts_arguments *a,
                       journal_each_fn *each, void *context, struct err *err)
{
    const struct db_options options = {.program = "drcctl", .read_timeout_s = READ_TIMEOUT_S};
    const struct region_config *region;
    struct db *db = NULL;
    int rc = -1;
    if (command_secrets(config, region_name, false, err) || config_region(config, region_name, &region, err) ||
        db_connect(&db, region, &options, err))
        goto out;
    rc = journal_read(db, &a->query, each, context, err);
out:
    db_close(&db);
    return rc;
}

static bool is_target(const struct config *c, const char *region)
{
    for (size_t i = 0; i < c->link_count; i++)
        if (strcmp(c->links[i].to, region) == 0)
            return true;
    return false;
}

int conflicts_walk(struct conflicts_arguments *a, journal_each_fn *each, void *context)
{
    const struct region_config *known;
    struct config *config;
    struct err err = {0};
    int code = command_load(&config, a->config_path);
    if (code)
        return code;
    if (a->to && config_region(config, a->to, &known, &err))
        code = command_fail(&err);
    for (size_t i = 0; i < config->region_count && (code == 0 || !a->to); i++) {
        const char *name = config->regions[i].name;
        if (a->to ? strcmp(a->to, name) != 0 : !is_target(config, name))
            continue;
        if (walk_target(config, name, a, each, context, &err)) {
            err_prefix(&err, "%s", name);
            code = command_fail(&err);
        }
    }
    config_free(&config);
    return code;
}

/* ---- options ---- */

static const struct argp_option shared_options[] = {
    {"json", 'j', NULL,     0, "Print JSON: an object an entry, its keys the columns of drc.conflicts", 0},
    {"to",   't', "REGION", 0, "The target whose journal it is (default: every target)",                0},
    {NULL,   0,   NULL,     0, NULL,                                                                    0},
};

static error_t parse_shared(int key, char *arg, struct argp_state *state)
{
    struct conflicts_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->config_path;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    case 't':
        a->to = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp shared_argp = {
    .options = shared_options, .parser = parse_shared, .children = command_config_child};
const struct argp_child conflicts_child[] = {
    {&shared_argp, 0, NULL, 0},
    {0       }
};

/* ---- times ---- */

#define AGO_DIGITS 9

static bool parse_ago(uint64_t *us, const char *text, uint64_t now_us)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {
        {'s', 1    },
        {'m', 60   },
        {'h', 3600 },
        {'d', 86400}
    };
    char *unit;
    uint64_t n = strtoull(text, &unit, 10);
    if (unit == text || unit - text > AGO_DIGITS || !isdigit((unsigned char)*text) || !*unit || unit[1])
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (units[i].unit != *unit)
            continue;
        uint64_t ago = n * units[i].seconds * 1000000;
        *us = ago < now_us ? now_us - ago : 1;
        return true;
    }
    return false;
}

/* The fraction ".123456" and the Z at the end. */
static bool parse_fraction(uint64_t *us, const char *p)
{
    uint64_t unit = 100000;
    *us = 0;
    if (*p == '.') {
        for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
            *us += (uint64_t)(*p - '0') * unit;
    }
    return strcmp(p, "") == 0 || strcmp(p, "Z") == 0;
}

bool conflicts_parse_since(uint64_t *us, const char *text, uint64_t now_us)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
                                        "%Y-%m-%d"};
    if (parse_ago(us, text, now_us))
        return true;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm tm = {0};
        uint64_t fraction;
        const char *end = strptime(text, forms[i], &tm);
        if (!end || !parse_fraction(&fraction, end))
            continue;
        time_t seconds = timegm(&tm);
        if (seconds < 0)
            return false;
        *us = (uint64_t)seconds * 1000000 + fraction;
        return true;
    }
    return false;
}

/* ---- JSON ---- */

static void put_value(enum journal_column_kind kind, struct span v, struct buf *out)
{
    if (!v.p) {
        buf_put_str(out, "null");
    } else if (kind == JOURNAL_NUMBER || kind == JOURNAL_JSON) {
        buf_put_span(out, v);
    } else {
        buf_put_str(out, "\"");
        if (kind == JOURNAL_BYTES)
            buf_put_hex(out, v);
        else
            utf8_put_json(out, v);
        buf_put_str(out, "\"");
    }
}

void conflicts_put_json(const struct span *cells, struct buf *out)
{
    buf_put_str(out, "{");
    for (int i = 0; i < JOURNAL_COLUMN_COUNT; i++) {
        buf_printf(out, "%s\"%s\": ", i == 0 ? "" : ", ", journal_columns[i].name);
        put_value(journal_columns[i].kind, cells[i], out);
    }
    buf_put_str(out, "}");
}
