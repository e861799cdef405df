/* How connections are protected: TLS of databases and clusters, and what is refused without `insecure: true`. */
#include "common/link/config_transport.h"

#include <string.h>
#include <strings.h>

#include "common/base/log.h"
#include "common/link/config_check.h"

static bool is_loopback(struct span host)
{
    static const char *const names[] = {"localhost", "::1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (span_is(host, names[i]))
            return true;
    return host.n > 4 && memcmp(host.p, "127.", 4) == 0;
}

/* ---- databases ---- */

bool config_server_is_local(const struct region_config *region)
{
    for (size_t i = 0; i < region->host_count; i++)
        if (!is_loopback(span_str(region->hosts[i].name)))
            return false;
    return true;
}

const char *config_server_weakness(const struct region_config *region)
{
    if (config_server_is_local(region))
        return NULL;
    return region->tls.mode == TLS_OFF        ? "is not encrypted"
           : region->tls.mode == TLS_REQUIRED ? "does not look at the server's certificate"
                                              : NULL;
}

int config_check_tls(const struct config_reader *r, struct region_config *region, const struct yaml_entry *e,
                     struct err *err)
{
    static const char *const names[] = {"ca", "cert", "key"};
    const struct yaml_entry *tls = yaml_find(&e->value, "tls");
    struct tls_config *t = &region->tls;
    if (!tls || !yaml_find(&tls->value, "mode"))
        t->mode = config_server_is_local(region) ? TLS_OFF : TLS_VERIFY_FULL;
    for (size_t i = 0; t->mode == TLS_OFF && tls && i < 3; i++)
        if (yaml_find(&tls->value, names[i]))
            return config_fail(r, config_mark(tls, names[i]), err,
                               "regions.%s.tls: %s has no effect with mode off; say mode: verify-full", region->name,
                               names[i]);
    if (t->mode == TLS_REQUIRED && t->ca)
        return config_fail(r, config_mark(tls, "ca"), err,
                           "regions.%s.tls: mode required does not look at ca; say mode: verify-full or verify-ca",
                           region->name);
    if (t->mode == TLS_VERIFY_CA && !t->ca)
        return config_fail(r, config_mark(tls, "mode"), err,
                           "regions.%s.tls: mode verify-ca needs ca; name the file with the authority's certificate",
                           region->name);
    if (!t->cert != !t->key)
        return config_fail(r, tls->mark, err, "regions.%s.tls: cert and key belong together; give %s too", region->name,
                           t->cert ? "key" : "cert");
    const char *weakness = config_server_weakness(region);
    if (!weakness)
        return 0;
    if (t->mode == TLS_OFF && !region->insecure)
        return config_fail(r, config_mark(tls, "mode"), err,
                           "regions.%s.tls: without TLS anybody on the way to %s can read and change what is "
                           "replicated; leave mode out, or accept that by insecure: true in the region",
                           region->name, region->hosts[0].name);
    log_event(MSG_NOT_ENCRYPTED, log_str("region", region->name), log_str("server", region->hosts[0].name),
              log_str("how", weakness));
    return 0;
}

/* ---- clusters ---- */

static bool is_local_cluster(const char *bootstrap)
{
    while (*bootstrap) {
        size_t n = strcspn(bootstrap, ",");
        const char *colon = memrchr(bootstrap, ':', n);
        if (!is_loopback(span_of(bootstrap, (size_t)(colon - bootstrap))))
            return false;
        bootstrap += n + (bootstrap[n] == ',');
    }
    return true;
}

static const char *property(const struct kafka_config *k, const char *name)
{
    for (size_t i = 0; i < k->property_count; i++)
        if (strcmp(k->properties[i].name, name) == 0)
            return k->properties[i].value;
    return NULL;
}

static bool uses_sasl(const struct kafka_config *k)
{
    return k->secret.file || k->secret.credential || property(k, "sasl.mechanism") || property(k, "sasl.mechanisms") ||
           property(k, "sasl.username");
}

/* Values by which a connection can be read or a broker be played by somebody else. */
static const struct {
    const char *name;
    const char *value;
    const char *what;
} weak_properties[] = {
    {"security.protocol",                     "plaintext",      "is not encrypted"                         },
    {"security.protocol",                     "sasl_plaintext", "is not encrypted"                         },
    {"enable.ssl.certificate.verification",   "false",          "does not look at the broker's certificate"},
    {"ssl.endpoint.identification.algorithm", "none",           "does not look at the broker's name"       },
};

/* The place in the table of what weakens it from `from` on; the end of the table for none. */
static size_t find_weak(const struct kafka_config *k, size_t from)
{
    const size_t count = sizeof weak_properties / sizeof weak_properties[0];
    for (size_t i = from; i < count; i++) {
        const char *value = property(k, weak_properties[i].name);
        if (value && strcasecmp(value, weak_properties[i].value) == 0)
            return i;
    }
    return count;
}

const char *config_cluster_weakness(const struct kafka_config *kafka)
{
    size_t i = find_weak(kafka, 0);
    if (i == sizeof weak_properties / sizeof weak_properties[0] || is_local_cluster(kafka->bootstrap))
        return NULL;
    return weak_properties[i].what;
}

int config_check_cluster(const struct config_reader *r, struct region_config *region, struct yaml_mark at,
                         struct err *err)
{
    struct kafka_config *k = &region->kafka;
    if (is_local_cluster(k->bootstrap))
        return 0;
    if (!property(k, "security.protocol"))
        config_kafka_set(k, "security.protocol", uses_sasl(k) ? "sasl_ssl" : "ssl");
    for (size_t i = find_weak(k, 0); i < sizeof weak_properties / sizeof weak_properties[0]; i = find_weak(k, i + 1)) {
        if (!k->insecure)
            return config_fail(
                r, at, err,
                "regions.%s: with %s: %s the connection to %s %s; leave the property out, or accept that "
                "by insecure: true in kafka",
                region->name, weak_properties[i].name, property(k, weak_properties[i].name), k->bootstrap,
                weak_properties[i].what);
        log_event(MSG_KAFKA_INSECURE, log_str("region", region->name), log_str("bootstrap", k->bootstrap),
                  log_str("how", weak_properties[i].what));
    }
    return 0;
}
