/* How connections are protected: TLS and its verification are the default wherever a connection leaves this host.
 *
 * Off loopback a plaintext connection, or one whose certificate nobody looks at, has to be asked for twice: by the
 * setting itself and by `insecure: true` beside it. */
#ifndef DRC_LINK_CONFIG_TRANSPORT_H
#define DRC_LINK_CONFIG_TRANSPORT_H

#include "common/link/config_keys.h"

/* Completes region->tls and refuses what contradicts itself or is plaintext without `insecure`. `e`: the region. */
MUST_CHECK int config_check_tls(const struct config_reader *r, struct region_config *region, const struct yaml_entry *e,
                                struct err *err);

/* The same for the cluster of a region's stream, by its librdkafka properties: security.protocol becomes ssl (sasl_ssl
 * where SASL is set up) unless it is given or all brokers are on loopback. `at`: where its `kafka` stands. */
MUST_CHECK int config_check_cluster(const struct config_reader *r, struct region_config *region, struct yaml_mark at,
                                    struct err *err);

/* What a connection to the region's server, or to the cluster of its stream, leaves open to whoever sits on the way
 * ("is not encrypted"); NULL: nothing, or it does not leave this host. Pure. */
const char *config_server_weakness(const struct region_config *region);
const char *config_cluster_weakness(const struct kafka_config *kafka);
/* Whether the region's server can only be on this host: by a socket, or on loopback. */
bool config_server_is_local(const struct region_config *region);

#endif
