/* The Kafka part of the pair file: brokers, and properties that librdkafka itself is asked about. */
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/link/config_value.h"

/* ---- clusters ---- */

/* The values may be secrets. */
static void wipe_and_free(char *s)
{
    if (s)
        explicit_bzero(s, strlen(s));
    free(s);
}

void config_kafka_free(struct kafka_config *k)
{
    for (size_t i = 0; i < k->property_count; i++) {
        free(k->properties[i].name);
        wipe_and_free(k->properties[i].value);
    }
    free(k->properties);
    free(k->bootstrap);
    free(k->secret.file);
    free(k->secret.credential);
    *k = (struct kafka_config){0};
}

static char *copy_string(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

void config_kafka_copy(struct kafka_config *to, const struct kafka_config *from)
{
    *to = *from;
    to->bootstrap = copy_string(from->bootstrap);
    to->secret.file = copy_string(from->secret.file);
    to->secret.credential = copy_string(from->secret.credential);
    to->properties = NULL;
    to->property_count = 0;
    for (size_t i = 0; i < from->property_count; i++)
        config_kafka_set(to, from->properties[i].name, from->properties[i].value);
}

void config_kafka_set(struct kafka_config *k, const char *name, const char *value)
{
    for (size_t i = 0; i < k->property_count; i++) {
        if (strcmp(k->properties[i].name, name) != 0)
            continue;
        wipe_and_free(k->properties[i].value);
        k->properties[i].value = xstrdup(value);
        return;
    }
    k->properties = xreallocarray(k->properties, k->property_count + 1, sizeof *k->properties);
    k->properties[k->property_count++] = (struct property){xstrdup(name), xstrdup(value)};
}

/* ---- brokers ---- */

/* "host:port", or "[address]:port" for IPv6. */
static bool is_broker(const char *text)
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || strpbrk(text, ", \t/\"\\") || (text[0] != '[' && strchr(text, ':') != colon))
        return false;
    size_t digits = strspn(colon + 1, "0123456789");
    if (digits == 0 || digits > 5 || colon[1 + digits] != '\0')
        return false;
    long port = strtol(colon + 1, NULL, 10);
    return port > 0 && port <= 65535;
}

static int set_bootstrap(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                         struct err *err)
{
    struct kafka_config *k = config_field(r, key);
    struct buf list = {0}, quoted = {0};
    int rc = -1;
    if (node->kind != YAML_LIST || node->count == 0)
        return config_fail_value(r, key, node, err, "no list of brokers stands here");
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *item = &node->entries[i].value;
        if (config_want_text(r, key, item, err) < 0)
            goto out;
        if (!is_broker(item->text)) {
            (void)config_fail_value(r, key, item, err, "%s is not host:port", config_quote(&quoted, item->text));
            goto out;
        }
        buf_printf(&list, "%s%s", i ? "," : "", item->text);
    }
    free(k->bootstrap);
    k->bootstrap = xstrdup(buf_cstr(&list));
    rc = 0;
out:
    buf_free(&list);
    buf_free(&quoted);
    return rc;
}

static void describe_bootstrap(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "a list such as [k1:9092, k2:9092]");
}

/* ---- properties ---- */

static const char ours[] = "exactly-once delivery depends on it, so DRC sets it itself; leave it out";
static const char by_bootstrap[] = "the brokers stand in `bootstrap`; leave it out";
static const char no_group[] = "offsets live in the target's ledger, never in a group; leave it out";
static const char by_secret[] =
    "a password does not stand in the pair file; use password_file or credential beside properties";
static const char secret_file[] =
    "a secret does not stand in the pair file; use ssl.key.location with a file that only its owner can read";
static const char no_secret[] = "a secret does not stand in the pair file; use another SASL mechanism";

static const struct {
    const char *name;
    const char *why;
} refused[] = {
    {"bootstrap.servers",                     by_bootstrap},
    {"metadata.broker.list",                  by_bootstrap},
    {"enable.idempotence",                    ours        },
    {"enable.gapless.guarantee",              ours        },
    {"acks",                                  ours        },
    {"request.required.acks",                 ours        },
    {"retries",                               ours        },
    {"message.send.max.retries",              ours        },
    {"message.timeout.ms",                    ours        },
    {"delivery.timeout.ms",                   ours        },
    {"max.in.flight",                         ours        },
    {"max.in.flight.requests.per.connection", ours        },
    {"queuing.strategy",                      ours        },
    {"transactional.id",                      ours        },
    {"auto.offset.reset",                     ours        },
    {"check.crcs",                            ours        },
    {"isolation.level",                       ours        },
    {"group.id",                              no_group    },
    {"group.instance.id",                     no_group    },
    {"enable.auto.commit",                    no_group    },
    {"auto.commit.enable",                    no_group    },
    {"enable.auto.offset.store",              no_group    },
    {"sasl.password",                         by_secret   },
    {"ssl.key.password",                      secret_file },
    {"ssl.key.pem",                           secret_file },
    {"ssl.keystore.password",                 secret_file },
    {"sasl.oauthbearer.client.secret",        no_secret   },
    {"sasl.oauthbearer.config",               no_secret   },
};

static int check_property(const struct config_reader *r, const struct yaml_entry *e, struct err *err)
{
    struct buf name = {0};
    char why[300];
    int rc = -1;
    (void)config_quote(&name, e->key);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (strcmp(refused[i].name, e->key) == 0) {
            (void)config_fail(r, e->mark, err, "%s: %s", buf_cstr(&name), refused[i].why);
            goto out;
        }
    }
    if (e->value.kind != YAML_TEXT) {
        (void)config_fail(r, e->value.mark, err, "%s: no text stands here; give one value", buf_cstr(&name));
        goto out;
    }
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_res_t known = rd_kafka_conf_set(conf, e->key, e->value.text, why, sizeof why);
    rd_kafka_conf_destroy(conf);
    if (known == RD_KAFKA_CONF_UNKNOWN)
        (void)config_fail(r, e->mark, err,
                          "%s: librdkafka %s does not know this; its CONFIGURATION.md lists what it knows",
                          buf_cstr(&name), rd_kafka_version_str());
    else if (known != RD_KAFKA_CONF_OK)
        (void)config_fail(r, e->value.mark, err, "%s: librdkafka refuses the value: %s", buf_cstr(&name), why);
    else
        rc = 0;
out:
    buf_free(&name);
    return rc;
}

static int set_properties(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                          struct err *err)
{
    struct kafka_config *k = config_field(r, key);
    if (node->kind != YAML_MAP)
        return config_fail_value(r, key, node, err, "no mapping stands here");
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_entry *e = &node->entries[i];
        if (check_property(r, e, err) < 0)
            return -1;
        config_kafka_set(k, e->key, e->value.text);
    }
    return 0;
}

static void describe_properties(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "a mapping from librdkafka's names to values");
}

const struct config_type config_bootstrap = {.set = set_bootstrap, .describe = describe_bootstrap};
const struct config_type config_properties = {.set = set_properties, .describe = describe_properties};
