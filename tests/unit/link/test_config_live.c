/* What a running daemon can take up of a changed pair file, and values laid over one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>

#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/link/config_live.h"

static const char file[] = "pair: shop\n"
                           "kafka: {bootstrap: [127.0.0.1:9092], durability: single}\n"
                           "regions:\n"
                           "  eu: {host: 127.0.0.1, port: 3306, user: drc, replica_id: 1, start: now}\n"
                           "  us: {host: 127.0.0.1, port: 3307, user: drc, replica_id: 2, start: now}\n"
                           "links:\n"
                           "  - {from: eu, to: us, start: beginning, group_rows: 500}\n"
                           "tables: {include: [\"shop.*\", \"a.b\"], exclude: [\"shop.tmp\"]}\n"
                           "capture: {heartbeat: 1000ms}\n";

static struct config *parsed(const char *text)
{
    struct config *c;
    struct err err = {0};
    if (config_parse(&c, "pair.yaml", span_str(text), &err))
        fail_msg("%s", err.text);
    return c;
}

/* The file with the first `what` replaced. */
static char *changed(const char *what, const char *with)
{
    const char *at = strstr(file, what);
    assert_non_null(at);
    return xasprintf("%.*s%s%s", (int)(at - file), file, with, at + strlen(what));
}

struct expectation {
    const char *what, *with; /* in the file */
    const char *path;        /* of the only change; NULL: nothing differs */
    const char *before, *after;
    bool live, at_once;
};

static const struct expectation expectations[] = {
    {"heartbeat: 1000ms",         "heartbeat: 1s",                 NULL,                    NULL,            NULL,                 false, false},
    {"group_rows: 500",           "group_rows: 600",               "links[1].group_rows",   "500",           "600",                true,  false},
    {"replica_id: 2",             "replica_id: 3",                 "regions.us.replica_id", "2",             "3",                  false, false},
    {"capture:",                  "log: {level: debug}\ncapture:", "log.level",             "info",          "debug",              true,  true },
    {"\"a.b\"",                   "\"a.b\", \"c.d\"",              "tables.include",        "[shop.*, a.b]", "[shop.*, a.b, c.d]", true,  false},
    {"\"shop.*\", \"a.b\"",       "\"shop.*\"",                    "tables.include",        "[shop.*, a.b]", "[shop.*]",           false, false},
    {", exclude: [\"shop.tmp\"]", "",                              "tables.exclude",        "[shop.tmp]",    NULL,                 true,  false},
    {"[\"shop.tmp\"]",            "[\"shop.tmp\", \"shop.x\"]",    "tables.exclude",        "[shop.tmp]",    "[shop.tmp, shop.x]", false,
     false                                                                                                                                     },
};

static void each_change_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expectations / sizeof expectations[0]; i++) {
        const struct expectation *e = &expectations[i];
        char *text = changed(e->what, e->with);
        struct config *before = parsed(file), *after = parsed(text);
        struct config_changes c;
        config_compare(&c, before, after);
        assert_int_equal(c.count, e->path ? 1 : 0);
        if (e->path) {
            assert_string_equal(c.all[0].path, e->path);
            assert_string_equal(c.all[0].before, e->before);
            assert_string_equal(c.all[0].after ? c.all[0].after : "", e->after ? e->after : "");
            assert_int_equal(c.all[0].live, e->live);
            assert_int_equal(c.all[0].at_once, e->at_once);
        }
        config_changes_free(&c);
        config_free(&before);
        config_free(&after);
        free(text);
    }
}

static void what_comes_and_goes_is_told(void **state)
{
    (void)state;
    char *text = changed("links:\n", "links:\n  - {from: us, to: eu, start: now}\n");
    struct config *before = parsed(file), *after = parsed(text);
    struct config_changes c;
    bool more = false;
    config_compare(&c, before, after);
    for (size_t i = 0; i < c.count; i++)
        more |= strcmp(c.all[i].path, "links[2].from") == 0 && !c.all[i].before && !c.all[i].live;
    assert_true(more);
    config_changes_free(&c);
    config_compare(&c, after, before);
    bool less = false;
    for (size_t i = 0; i < c.count; i++)
        less |= strcmp(c.all[i].path, "links[2].from") == 0 && !c.all[i].after && !c.all[i].live;
    assert_true(less);
    config_changes_free(&c);
    config_free(&before);
    config_free(&after);
    free(text);
}

/* ---- every key ---- */

/* Where a key is put into the file. */
enum place { TOP, IN_KAFKA, IN_REGION, IN_LINK, IN_CAPTURE, IN_DEFAULT };

static const struct {
    const char *what, *with; /* what stands there, and what it is replaced by: %s is the key */
} places[] = {
    [TOP] = {"capture: {heartbeat: 1000ms}\n", "capture: {heartbeat: 1000ms}\n%s\n"           },
    [IN_KAFKA] = {"durability: single}",            "durability: single, %s}"                      },
    [IN_REGION] = {"replica_id: 2, start: now}",     "replica_id: 2, start: now, %s}"               },
    [IN_LINK] = {"group_rows: 500}",               "group_rows: 500, %s}"                         },
    [IN_CAPTURE] = {"{heartbeat: 1000ms}",            "{heartbeat: 1000ms, %s}"                      },
    [IN_DEFAULT] = {"capture: {heartbeat: 1000ms}\n",
             "capture: {heartbeat: 1000ms}\nconflicts: {default: {policy: target_wins, %s}}\n"},
};

/* A value other than the one that holds without it; `path`: as a change of it is named, where that is another one. */
struct every {
    const char *key;
    enum place where;
    const char *text;
    const char *path;
};

static const struct every live[] = {
    {"regions.<region>.throttle.replicas",  IN_REGION,  "throttle: {replicas: [db9]}",               "regions.us.throttle.replicas" },
    {"regions.<region>.throttle.max_lag",   IN_REGION,  "throttle: {max_lag: 3s}",                   "regions.us.throttle.max_lag"  },
    {"regions.<region>.throttle.max_load",  IN_REGION,  "throttle: {max_load: [Threads_running=9]}",
     "regions.us.throttle.max_load"                                                                                                 },
    {"regions.<region>.throttle.flag_file", IN_REGION,  "throttle: {flag_file: /x}",                 "regions.us.throttle.flag_file"},
    {"links[].group_bytes",                 IN_LINK,    "group_bytes: 1MiB",                         "links[1].group_bytes"         },
    {"links[].apply.path",                  IN_LINK,    "apply: {path: exact}",                      "links[1].apply.path"          },
    {"links[].ddl",                         IN_LINK,    "ddl: ignore",                               "links[1].ddl"                 },
    {"conflicts.default.policy",            TOP,        "conflicts: {default: {policy: park}}",      NULL                           },
    {"conflicts.default.ignore",            IN_DEFAULT, "ignore: [a]",                               NULL                           },
    {"conflicts.default.kinds",             IN_DEFAULT, "kinds: {update/missing: park}",             NULL                           },
    {"conflicts.default.scope",             IN_DEFAULT, "scope: stop",                               NULL                           },
    {"conflicts.retention.age",             TOP,        "conflicts: {retention: {age: 3d}}",         NULL                           },
    {"conflicts.retention.rows",            TOP,        "conflicts: {retention: {rows: 7}}",         NULL                           },
    {"conflicts.retention.bytes",           TOP,        "conflicts: {retention: {bytes: 9GiB}}",     NULL                           },
    {"conflicts.mask",                      TOP,        "conflicts: {mask: [secret]}",               NULL                           },
    {"conflicts.tombstones.keep",           TOP,        "conflicts: {tombstones: {keep: 3d}}",       NULL                           },
    {"conflicts.allow_divergence",          TOP,        "conflicts: {allow_divergence: true}",       NULL                           },
    {"allow_divergence",                    TOP,        "allow_divergence: true",                    NULL                           },
    {"apply.on_data_error",                 TOP,        "apply: {on_data_error: stop}",              NULL                           },
    {"apply.park.max_rows",                 TOP,        "apply: {park: {max_rows: 7}}",              NULL                           },
    {"apply.park.max_bytes",                TOP,        "apply: {park: {max_bytes: 2MiB}}",          NULL                           },
    {"capture.fragment_bytes",              IN_CAPTURE, "fragment_bytes: 16KiB",                     NULL                           },
    {"capture.canary",                      IN_CAPTURE, "canary: 7s",                                NULL                           },
    {"capture.outage",                      IN_CAPTURE, "outage: 7s",                                NULL                           },
    {"limits.queue_bytes",                  TOP,        "limits: {queue_bytes: 2MiB}",               NULL                           },
    {"log.level",                           TOP,        "log: {level: debug}",                       NULL                           },
    {"log.format",                          TOP,        "log: {format: json}",                       NULL                           },
};

static const struct every at_start[] = {
    {"kafka.properties",               IN_KAFKA,  "properties: {client.id: x}",       NULL                      },
    {"kafka.password_file",            IN_KAFKA,  "password_file: p",                 NULL                      },
    {"kafka.credential",               IN_KAFKA,  "credential: p",                    NULL                      },
    {"kafka.insecure",                 IN_KAFKA,  "insecure: true",                   NULL                      },
    {"kafka.topic.retention",          IN_KAFKA,  "topic: {retention: 3d}",           NULL                      },
    {"regions.<region>.flavor",        IN_REGION, "flavor: mysql",                    "regions.us.flavor"       },
    {"regions.<region>.password_file", IN_REGION, "password_file: p",                 "regions.us.password_file"},
    {"regions.<region>.credential",    IN_REGION, "credential: p",                    "regions.us.credential"   },
    {"regions.<region>.tls.mode",      IN_REGION, "tls: {mode: required}",            "regions.us.tls.mode"     },
    {"regions.<region>.tls.ca",        IN_REGION, "tls: {mode: verify-ca, ca: c}",    "regions.us.tls.ca"       },
    {"regions.<region>.insecure",      IN_REGION, "insecure: true",                   "regions.us.insecure"     },
    {"regions.<region>.id_tag",        IN_REGION, "id_tag: 7",                        "regions.us.id_tag"       },
    {"regions.<region>.durability",    IN_REGION, "durability: relaxed",              "regions.us.durability"   },
    {"regions.<region>.semi_sync",     IN_REGION, "semi_sync: true",                  "regions.us.semi_sync"    },
    {"regions.<region>.gtid_domains",  IN_REGION, "gtid_domains: [3]",                "regions.us.gtid_domains" },
    {"regions.<region>.gtid_tags",     IN_REGION, "gtid_tags: [batch]",               "regions.us.gtid_tags"    },
    {"regions.<region>.metrics",       IN_REGION, "metrics: 9999",                    "regions.us.metrics"      },
    {"links[].apply.writer",           IN_LINK,   "apply: {writer: sql}",             "links[1].apply.writer"   },
    {"links[].apply.workers",          IN_LINK,   "apply: {workers: 7}",              "links[1].apply.workers"  },
    {"links[].standby",                IN_LINK,   "standby: true",                    "links[1].standby"        },
    {"links[].metrics",                IN_LINK,   "metrics: 9999",                    "links[1].metrics"        },
    {"control.socket",                 TOP,       "control: {socket: \"/x/{name}\"}", NULL                      },
};

/* The change of that key between the file without and with it. */
static void check_key(const struct every *e, bool is_live)
{
    char *with = xstrdup(places[e->where].with), *hole = strstr(with, "%s"), *path = NULL;
    char *insert = xasprintf("%.*s%s%s", (int)(hole - with), with, e->text, hole + 2);
    char *text = changed(places[e->where].what, insert);
    /* What is there beside the key, without it: the default policy. */
    char *base =
        e->where == IN_DEFAULT
            ? changed(places[TOP].what, "capture: {heartbeat: 1000ms}\nconflicts: {default: {policy: target_wins}}\n")
            : xstrdup(file);
    struct config *before = parsed(base), *after = parsed(text);
    struct config_changes c;
    bool found = false;
    path = xstrdup(e->path ? e->path : e->key);
    config_compare(&c, before, after);
    for (size_t i = 0; i < c.count; i++) {
        if (strcmp(c.all[i].path, path) != 0)
            continue;
        found = true;
        if (c.all[i].live != is_live)
            fail_msg("%s is %s", path, is_live ? "refused" : "taken");
    }
    if (!found)
        fail_msg("a change of %s is not seen", path);
    config_changes_free(&c);
    config_free(&before);
    config_free(&after);
    free(path);
    free(text);
    free(base);
    free(insert);
    free(with);
}

static void every_key_is_taken_or_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof live / sizeof live[0]; i++)
        check_key(&live[i], true);
    for (size_t i = 0; i < sizeof at_start / sizeof at_start[0]; i++)
        check_key(&at_start[i], false);
}

/* -> the error's text, "" when there is none. */
static const char *lay_over(struct config **out, const char *path, const char *value, struct err *err)
{
    struct config_override over = {xstrdup(path), xstrdup(value)};
    *err = (struct err){0};
    int rc = config_parse_over(out, "pair.yaml", span_str(file), &over, 1, err);
    assert_int_equal(rc, err->class == ERR_NONE ? 0 : -1);
    free(over.path);
    free(over.value);
    return err->text;
}

static void values_are_laid_over(void **state)
{
    (void)state;
    struct config *c;
    struct err err;
    assert_string_equal(lay_over(&c, "links[1].group_rows", "7", &err), "");
    assert_int_equal(c->links[0].group_rows, 7);
    assert_int_equal(config_source(c).n, strlen(file));
    config_free(&c);
    assert_string_equal(lay_over(&c, "log.level", "debug", &err), "");
    assert_int_equal(c->log_level, LOG_DEBUG);
    config_free(&c);
    assert_string_equal(lay_over(&c, "regions.us.throttle.max_lag", "3s", &err), "");
    assert_int_equal(c->regions[1].throttle.max_lag_ms, 3000);
    config_free(&c);
}

static void wrong_ones_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *path, *value;
        int code;
        const char *text;
    } all[] = {
        {"links[1].group_rows",           "0",     EXIT_BAD_CONFIG, "out of range"                       },
        {"links[2].group_rows",           "5",     EXIT_BAD_USAGE,  "there is no key links[2].group_rows"},
        {"regions.us.port",               "3308",  EXIT_BAD_USAGE,  "cannot be changed while"            },
        {"tables.include",                "x.y",   EXIT_BAD_CONFIG, "tables.include"                     },
        {"regions.us.throttle.flag_file", "/x",    EXIT_BAD_USAGE,  "change the file and reload"         },
        {"log.levle",                     "debug", EXIT_BAD_CONFIG, "did you mean \"level\"?"            },
        {"pair.x.y",                      "1",     EXIT_BAD_USAGE,  "there is no key"                    },
        {"",                              "1",     EXIT_BAD_USAGE,  "there is no key"                    },
        {"links[",                        "1",     EXIT_BAD_USAGE,  "there is no key"                    },
        {"log..level",                    "1",     EXIT_BAD_USAGE,  "there is no key"                    },
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct config *c = NULL;
        struct err err;
        const char *text = lay_over(&c, all[i].path, all[i].value, &err);
        if (err.exit_code != all[i].code || !strstr(text, all[i].text))
            fail_msg("%s=%s: %d: %s", all[i].path, all[i].value, err.exit_code, text);
        assert_null(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_is_told),
        cmocka_unit_test(what_comes_and_goes_is_told),
        cmocka_unit_test(every_key_is_taken_or_refused_by_name),
        cmocka_unit_test(values_are_laid_over),
        cmocka_unit_test(wrong_ones_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
