/* Good pair files: what the programs see of them, what is filled in, and the documents made from the table of keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/link/config.h"
#include "common/link/config_keys.h"

#define ROOT DRC_TEST_DATA "/../.."

static const char smallest[] = "pair: shop\n"
                               "kafka: {bootstrap: [\"k1:9092\", \"[::1]:9093\"]}\n"
                               "regions:\n"
                               "  eu: {host: db1.example, user: drc, replica_id: 7001, start: now}\n"
                               "  us: {host: 127.0.0.1, user: drc, replica_id: 7002, start: now}\n"
                               "links: [{from: eu, to: us, start: beginning}]\n"
                               "tables: {include: [\"shop.*\"]}\n";

static struct config *parsed(const char *path, const char *text)
{
    struct config *c;
    struct err err = {0};
    if (config_parse(&c, path, span_str(text), &err) < 0)
        fail_msg("%s", err.text);
    return c;
}

static void what_is_left_out_has_its_default(void **state)
{
    (void)state;
    struct config *c = parsed("/etc/drc/drc.yaml", smallest);
    const struct region_config *eu = &c->regions[0], *us = &c->regions[1];
    assert_int_equal(c->region_count, 2);
    assert_string_equal(eu->kafka.bootstrap, "k1:9092,[::1]:9093");
    assert_false(eu->kafka.single);
    assert_int_equal(eu->kafka.replication_factor, 3);
    assert_int_equal(eu->kafka.min_insync_replicas, 2);
    assert_int_equal(eu->kafka.retention_ms, 7 * 86400000LL);
    assert_int_equal(eu->flavor, FLAVOR_NONE);
    assert_int_equal(eu->host_count, 1);
    assert_int_equal(eu->hosts[0].port, 3306);
    assert_int_equal(eu->tls.mode, TLS_VERIFY_FULL);
    assert_int_equal(us->tls.mode, TLS_OFF);
    assert_int_equal(eu->start.kind, START_NOW);
    assert_false(eu->relaxed);
    assert_null(eu->password);
    assert_int_equal(c->links[0].start.kind, START_BEGINNING);
    assert_int_equal(c->links[0].group_rows, 2000);
    assert_int_equal(c->links[0].group_bytes, 4 << 20);
    assert_int_equal(c->conflicts.fallback.policy, POLICY_STOP);
    assert_int_equal(c->conflicts.count, 0);
    assert_false(c->allow_divergence);
    assert_int_equal(c->fragment_bytes, 512 << 10);
    assert_int_equal(c->heartbeat_ms, 1000);
    assert_int_equal(c->queue_bytes, 32 << 20);
    assert_string_equal(c->control_socket, "/run/drc/{name}.sock");
    assert_int_equal(c->log_level, LOG_INFO);
    config_free(&c);
    assert_null(c);
    config_free(&c);
}

static void a_region_may_have_several_hosts(void **state)
{
    (void)state;
    static const char text[] = "pair: shop\n"
                               "kafka: {bootstrap: [\"k1:9092\"]}\n"
                               "regions:\n"
                               "  eu: {host: [db1, \"db2:3307\", \"[fe80::1]:3308\", \"::1\"], port: 3310, user: drc, "
                               "replica_id: 1, start: now}\n"
                               "  us: {host: [127.0.0.1, \"localhost:3307\"], user: drc, replica_id: 2, start: now}\n"
                               "links: []\n"
                               "tables: {include: [\"shop.*\"]}\n";
    static const struct host_config wanted[] = {
        {"db1",     3310},
        {"db2",     3307},
        {"fe80::1", 3308},
        {"::1",     3310}
    };
    struct config *c = parsed("/etc/drc/drc.yaml", text);
    const struct region_config *eu = &c->regions[0];
    assert_int_equal(eu->host_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(eu->hosts[i].name, wanted[i].name);
        assert_int_equal(eu->hosts[i].port, wanted[i].port);
    }
    assert_int_equal(eu->tls.mode, TLS_VERIFY_FULL);
    assert_int_equal(c->regions[1].tls.mode, TLS_OFF);
    config_free(&c);
}

static const char full[] = "pair: shop\n"
                           "kafka:\n"
                           "  bootstrap: [\"k1:9092\"]\n"
                           "  properties: {linger.ms: 5, client.id: drc, socket.keepalive.enable: true}\n"
                           "  topic: {replication_factor: 5, retention: 12h, min_insync_replicas: 3}\n"
                           "regions:\n"
                           "  eu:\n"
                           "    flavor: mariadb\n"
                           "    socket: run/db.sock\n"
                           "    user: 12\n"
                           "    password_file: eu.password\n"
                           "    replica_id: 4294967295\n"
                           "    start: {gtid: \"0-1-100,1-2-5\"}\n"
                           "    durability: relaxed\n"
                           "  us:\n"
                           "    host: 10.0.0.1\n"
                           "    port: 3307\n"
                           "    user: drc\n"
                           "    credential: drc-us\n"
                           "    tls: {mode: verify-ca, ca: /etc/ca.pem, cert: tls/c.pem, key: tls/k.pem}\n"
                           "    replica_id: 2\n"
                           "    start: now\n"
                           "    kafka:\n"
                           "      bootstrap: [\"k2:9092\"]\n"
                           "      durability: single\n"
                           "      properties: {linger.ms: 7, compression.type: lz4}\n"
                           "      topic: {replication_factor: 1, min_insync_replicas: 1}\n"
                           "links:\n"
                           "  - {from: eu, to: us, start: {gtid: \"0-1-7\"}, group_rows: 1, group_bytes: 1 MiB}\n"
                           "  - {from: us, to: eu, start: now}\n"
                           "tables:\n"
                           "  include: [\"*.*\"]\n"
                           "  exclude: [\"shop.tmp_*\"]\n"
                           "conflicts:\n"
                           "  default: {policy: latest, by: [a, b], tie: [us, eu]}\n"
                           "  tables:\n"
                           "    shop.stock: {policy: source_wins}\n"
                           "    \"`my.db`.`t``x`\": {policy: stop}\n"
                           "  allow_divergence: true\n"
                           "capture: {fragment_bytes: 65536, heartbeat: 250ms}\n"
                           "limits: {queue_bytes: 64MiB}\n"
                           "control: {socket: run/ctl}\n"
                           "log: {level: debug}\n";

static const char *property(const struct kafka_config *k, const char *name)
{
    for (size_t i = 0; i < k->property_count; i++)
        if (strcmp(k->properties[i].name, name) == 0)
            return k->properties[i].value;
    return NULL;
}

static void every_key_arrives(void **state)
{
    (void)state;
    struct config *c = parsed("etc/drc.yaml", full);
    const struct region_config *eu = &c->regions[0], *us = &c->regions[1];
    assert_string_equal(c->path, "etc/drc.yaml");
    assert_string_equal(c->pair, "shop");
    assert_int_equal(eu->flavor, FLAVOR_MARIADB);
    assert_string_equal(eu->socket, "etc/run/db.sock");
    assert_null(eu->hosts);
    assert_string_equal(eu->user, "12");
    assert_string_equal(eu->secret.file, "etc/eu.password");
    assert_true(eu->replica_id == 4294967295);
    assert_int_equal(eu->start.kind, START_GTID);
    assert_string_equal(eu->start.gtid, "0-1-100,1-2-5");
    assert_true(eu->relaxed);
    assert_int_equal(eu->tls.mode, TLS_OFF);
    assert_int_equal(eu->kafka.replication_factor, 5);
    assert_int_equal(eu->kafka.retention_ms, 12 * 3600000);
    assert_int_equal(us->hosts[0].port, 3307);
    assert_string_equal(us->secret.credential, "drc-us");
    assert_int_equal(us->tls.mode, TLS_VERIFY_CA);
    assert_string_equal(us->tls.ca, "/etc/ca.pem");
    assert_string_equal(us->tls.cert, "etc/tls/c.pem");
    assert_string_equal(us->tls.key, "etc/tls/k.pem");
    assert_int_equal(c->links[0].start.kind, START_GTID);
    assert_string_equal(c->links[0].start.gtid, "0-1-7");
    assert_int_equal(c->links[0].group_rows, 1);
    assert_int_equal(c->links[0].group_bytes, 1 << 20);
    assert_int_equal(c->links[1].start.kind, START_NOW);
    assert_true(filter_match(&c->tables, span_str("shop"), span_str("orders")));
    assert_false(filter_match(&c->tables, span_str("shop"), span_str("tmp_1")));
    assert_true(c->allow_divergence);
    assert_int_equal(c->fragment_bytes, 65536);
    assert_int_equal(c->heartbeat_ms, 250);
    assert_int_equal(c->queue_bytes, 64 << 20);
    assert_int_equal(c->log_level, LOG_DEBUG);
    config_free(&c);
}

static void conflict_rules_arrive(void **state)
{
    (void)state;
    struct config *c = parsed("drc.yaml", full);
    const struct policy_rule *r = &c->conflicts.fallback;
    assert_int_equal(r->policy, POLICY_LATEST);
    assert_int_equal(r->by_count, 2);
    assert_string_equal(r->by[1], "b");
    assert_int_equal(r->tie_count, 2);
    assert_string_equal(r->tie[0], "us");
    assert_int_equal(r->line, 35);
    assert_ptr_equal(policy_for(&c->conflicts, "shop", "orders"), r);
    assert_int_equal(policy_for(&c->conflicts, "shop", "stock")->policy, POLICY_SOURCE_WINS);
    assert_int_equal(policy_for(&c->conflicts, "my.db", "t`x")->line, 38);
    config_free(&c);
}

static void a_regions_cluster_overrides_the_global_one_key_by_key(void **state)
{
    (void)state;
    struct config *c = parsed("drc.yaml", full);
    const struct kafka_config *eu = &c->regions[0].kafka, *us = &c->regions[1].kafka;
    assert_string_equal(eu->bootstrap, "k1:9092");
    assert_string_equal(property(eu, "linger.ms"), "5");
    assert_null(property(eu, "compression.type"));
    assert_string_equal(us->bootstrap, "k2:9092");
    assert_true(us->single);
    assert_false(eu->single);
    assert_int_equal(us->replication_factor, 1);
    assert_int_equal(us->retention_ms, 12 * 3600000);
    assert_string_equal(property(us, "linger.ms"), "7");
    assert_string_equal(property(us, "client.id"), "drc");
    assert_string_equal(property(us, "socket.keepalive.enable"), "true");
    assert_string_equal(property(us, "compression.type"), "lz4");
    config_free(&c);
}

static void one_broker_that_is_known_changes_the_topics_defaults(void **state)
{
    (void)state;
    struct config *c = parsed("drc.yaml", "pair: p\n"
                                          "kafka: {bootstrap: [\"k:1\"], durability: single}\n"
                                          "regions: {eu: {host: h, user: u, replica_id: 1, start: now}}\n"
                                          "links: []\n"
                                          "tables: {include: [a.b]}\n");
    assert_int_equal(c->regions[0].kafka.replication_factor, 1);
    assert_int_equal(c->regions[0].kafka.min_insync_replicas, 1);
    assert_int_equal(c->link_count, 0);
    config_free(&c);
}

static void three_regions_need_and_may_have_the_complete_mesh(void **state)
{
    (void)state;
    static const char *const names[] = {"eu", "us", "ap"};
    struct buf text = {0};
    buf_put_str(&text, "pair: p\nkafka: {bootstrap: [\"k:1\"]}\nregions:\n"
                       "  alone: {host: h, user: u, replica_id: 9, start: now}\n");
    for (int i = 0; i < 3; i++)
        buf_printf(&text, "  %s: {host: h, user: u, replica_id: %d, start: now}\n", names[i], i + 1);
    buf_put_str(&text, "tables: {include: [a.b]}\nlinks:\n");
    for (int i = 0; i < 9; i++)
        if (i / 3 != i % 3)
            buf_printf(&text, "  - {from: %s, to: %s, start: now}\n", names[i / 3], names[i % 3]);
    buf_put_str(&text, "conflicts: {default: {policy: latest}}\n");
    struct config *c = parsed("drc.yaml", buf_cstr(&text));
    assert_int_equal(c->link_count, 6);
    assert_int_equal(c->conflicts.fallback.versions, VERSIONS_CAUSAL);
    config_free(&c);
    buf_free(&text);
}

static void regions_links_and_names_are_found(void **state)
{
    (void)state;
    struct config *c = parsed("etc/drc.yaml", full), *one_way = parsed("drc.yaml", smallest);
    const struct region_config *region;
    const struct link_config *link;
    struct err err = {0};
    assert_int_equal(config_region(c, "us", &region, &err), 0);
    assert_ptr_equal(region, &c->regions[1]);
    assert_int_equal(config_region(c, "ap", &region, &err), -1);
    assert_string_equal(err.text, "etc/drc.yaml has no region \"ap\"; it has eu, us");
    assert_int_equal(err.exit_code, EXIT_BAD_USAGE);
    assert_int_equal(config_link(c, "us", "eu", &link, &err), 0);
    assert_ptr_equal(link, &c->links[1]);
    assert_int_equal(config_link(one_way, "us", "eu", &link, &err), -1);
    assert_string_equal(err.text, "drc.yaml has no link from \"us\" to \"eu\"; it has eu to us");
    assert_int_equal(err.exit_code, EXIT_BAD_USAGE);
    assert_true(config_two_way(c, "eu", "us"));
    assert_false(config_two_way(one_way, "eu", "us"));
    char *topic = config_topic(c, "eu");
    assert_string_equal(topic, "drc.shop.eu");
    free(topic);
    char *appended = config_socket_path(c, "applier-eu-us");
    assert_string_equal(appended, "etc/run/ctl.applier-eu-us");
    free(appended);
    char *replaced = config_socket_path(one_way, "capture-eu");
    assert_string_equal(replaced, "/run/drc/capture-eu.sock");
    free(replaced);
    config_free(&c);
    config_free(&one_way);
}

/* Where two regions compare versions both ways, and no column tells them, those of the changes do. */
static void versions_are_causal_where_no_column_tells(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        enum policy_versions versions;
    } cases[] = {
        {"policy: latest, tie: [us, eu]",                            VERSIONS_CAUSAL},
        {"policy: latest, by: [a, b], tie: [us, eu]",                VERSIONS_COLUMN},
        {"policy: latest, by: [a], tie: [us, eu], versions: causal", VERSIONS_CAUSAL},
        {"policy: delta, columns: [qty]",                            VERSIONS_CAUSAL},
        {"policy: stop",                                             VERSIONS_COLUMN},
    };
    static const char usual[] = "policy: latest, by: [a, b], tie: [us, eu]";
    const char *at = strstr(full, usual);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = xasprintf("%.*s%s%s", (int)(at - full), full, cases[i].rule, at + strlen(usual));
        struct config *c = parsed("drc.yaml", text);
        assert_int_equal(c->conflicts.fallback.versions, cases[i].versions);
        config_free(&c);
        free(text);
    }
}

static void the_shipped_examples_load(void **state)
{
    (void)state;
    static const char *const examples[] = {ROOT "/conf/one-way.yaml", ROOT "/conf/two-way.yaml"};
    for (size_t i = 0; i < 2; i++) {
        struct config *c;
        struct err err = {0};
        if (config_load(&c, examples[i], &err) < 0)
            fail_msg("%s", err.text);
        assert_int_equal(config_two_way(c, "eu", "us"), i == 1);
        config_free(&c);
    }
}

static void the_table_is_sound(void **state)
{
    (void)state;
    for (const struct config_key *key = config_keys; key; key = config_key_next(key)) {
        const struct config_key *found = NULL;
        int parents = config_key_child(key->path, "") != NULL;
        for (const struct config_key *other = config_keys; other; other = config_key_next(other)) {
            parents += config_key_child(key->path, other->path) != NULL;
            if (strcmp(other->path, key->path) == 0 && !found)
                found = other;
        }
        assert_ptr_equal(found, key); /* no path twice */
        assert_int_equal(parents, 1);
    }
    int words = 0;
    for (const struct config_word *w = config_key_find("conflicts.default", "policy")->words; w->name; w++, words++)
        assert_string_equal(policy_name((enum policy)w->value), w->name);
    assert_null(policy_name((enum policy)words));
    for (const struct config_word *w = config_key_find("log", "level")->words; w->name; w++)
        assert_int_equal(log_level_parse(w->name), w->value);
}

static char *printed(void (*print)(FILE *out))
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    print(f);
    assert_int_equal(fclose(f), 0);
    return text;
}

static void the_committed_document_is_what_the_table_says(void **state)
{
    (void)state;
    char *expected = printed(config_print_markdown);
    size_t len = strlen(expected);
    char *committed = calloc(1, len + 2);
    FILE *f = fopen(ROOT "/docs/configuration.md", "r");
    assert_non_null(f);
    size_t got = fread(committed, 1, len + 1, f);
    (void)fclose(f);
    if (got != len || memcmp(committed, expected, len) != 0)
        fail_msg("docs/configuration.md is old; run: build/bin/drcctl --help-config=markdown >docs/configuration.md");
    free(committed);
    free(expected);
}

static void help_names_every_key(void **state)
{
    (void)state;
    char *help = printed(config_print_help);
    for (const struct config_key *key = config_keys; key; key = config_key_next(key))
        assert_non_null(strstr(help, key->path));
    for (const char *line = help; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 130);
    free(help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_out_has_its_default),
        cmocka_unit_test(a_region_may_have_several_hosts),
        cmocka_unit_test(every_key_arrives),
        cmocka_unit_test(conflict_rules_arrive),
        cmocka_unit_test(a_regions_cluster_overrides_the_global_one_key_by_key),
        cmocka_unit_test(one_broker_that_is_known_changes_the_topics_defaults),
        cmocka_unit_test(three_regions_need_and_may_have_the_complete_mesh),
        cmocka_unit_test(regions_links_and_names_are_found),
        cmocka_unit_test(versions_are_causal_where_no_column_tells),
        cmocka_unit_test(the_shipped_examples_load),
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test(the_committed_document_is_what_the_table_says),
        cmocka_unit_test(help_names_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
