/* How connections are protected that leave this host. */
#include <string.h>
#include <strings.h>

#include "common/base/mem.h"
#include "common/check/server.h"
#include "common/link/config_transport.h"

static bool has(const struct kafka_config *k, const char *name, const char *value)
{
    for (size_t i = 0; i < k->property_count; i++)
        if (strcmp(k->properties[i].name, name) == 0 && strcasecmp(k->properties[i].value, value) == 0)
            return true;
    return false;
}

/* The protocol beside which the rest of the properties keep their meaning. */
static const char *protocol_of(const struct kafka_config *k)
{
    return has(k, "security.protocol", "sasl_plaintext") || has(k, "security.protocol", "sasl_ssl") ? "sasl_ssl"
                                                                                                    : "ssl";
}

void check_transport(struct findings *out, const struct check_place *p)
{
    const struct region_config *r = p->region;
    const char *server = config_server_weakness(r), *cluster = config_cluster_weakness(&r->kafka);
    if (server)
        check_found(out, "transport", r->name, xasprintf("the connection to %s %s", r->hosts[0].name, server),
                    xasprintf(IN_PAIR_FILE "regions.%s.tls.mode: verify-full", r->name));
    if (cluster && (p->roles & CHECK_SOURCE))
        check_found(out, "transport", r->name, xasprintf("the connection to %s %s", r->kafka.bootstrap, cluster),
                    xasprintf(IN_PAIR_FILE
                              "kafka.properties of region %s: security.protocol: %s, and nothing that takes "
                              "verification off",
                              r->name, protocol_of(&r->kafka)));
}
