/* Names and ports in the pair file: the servers of a region, one or a list, and where a daemon listens. */
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/link/config_value.h"

#define HOSTS_MAX 16

/* Splits "name", "name:port", "[address]:port"; an address of IPv6 without a port needs no brackets. Port 0: none said.
 * False: it is none of them. */
static bool split(struct span *name, uint16_t *port, const char *text)
{
    const char *colon = strrchr(text, ':');
    bool brackets = text[0] == '[';
    *port = 0;
    *name = span_str(text);
    if (strpbrk(text, ", \t/\"\\") || text[0] == '\0')
        return false;
    if (!colon || (!brackets && strchr(text, ':') != colon))
        return !brackets;
    size_t digits = strspn(colon + 1, "0123456789");
    long number = strtol(colon + 1, NULL, 10);
    if (digits == 0 || digits > 5 || colon[1 + digits] != '\0' || number < 1 || number > 65535)
        return false;
    *port = (uint16_t)number;
    name->n = (size_t)(colon - text);
    if (brackets && (name->n < 3 || text[name->n - 1] != ']'))
        return false;
    if (brackets)
        *name = span_of(text + 1, name->n - 2);
    return name->n > 0;
}

static bool is_there(const struct host_config *hosts, size_t count, struct span name, uint16_t port)
{
    for (size_t i = 0; i < count; i++)
        if (span_is(name, hosts[i].name) && hosts[i].port == port)
            return true;
    return false;
}

static int add_host(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                    struct err *err)
{
    struct host_config **hosts = config_field(r, key);
    size_t *count = config_count_field(r, key);
    struct buf quoted = {0};
    struct span name;
    uint16_t port;
    int rc = -1;
    if (config_want_text(r, key, node, err) < 0)
        return -1;
    if (!split(&name, &port, node->text))
        (void)config_fail_value(r, key, node, err, "%s is no host", config_quote(&quoted, node->text));
    else if (is_there(*hosts, *count, name, port))
        (void)config_fail(r, node->mark, err, "%s is in the list twice; keep one", config_quote(&quoted, node->text));
    else
        rc = 0;
    buf_free(&quoted);
    if (rc != 0)
        return -1;
    *hosts = xreallocarray(*hosts, *count + 1, sizeof **hosts);
    (*hosts)[(*count)++] = (struct host_config){xasprintf("%.*s", SPAN_ARG(name)), port};
    return 0;
}

static int set_hosts(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                     struct err *err)
{
    if (node->kind != YAML_LIST)
        return add_host(r, key, node, err);
    if (node->count == 0)
        return config_fail_value(r, key, node, err, "the list is empty");
    if (node->count > HOSTS_MAX)
        return config_fail(r, node->mark, err, "the list has more than %d hosts; give fewer", HOSTS_MAX);
    for (size_t i = 0; i < node->count; i++)
        if (add_host(r, key, &node->entries[i].value, err) < 0)
            return -1;
    return 0;
}

static void describe_hosts(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "a host, or a list such as [db1, \"db2:3307\"]");
}

const struct config_type config_hosts = {.set = set_hosts, .describe = describe_hosts};

/* ---- where to listen ---- */

static bool is_number(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text);
}

static int set_listen(struct config_reader *r, const struct config_key *key, const struct yaml_node *node,
                      struct err *err)
{
    struct host_config *where = config_field(r, key);
    struct buf quoted = {0};
    struct span name;
    uint16_t port = 0;
    if (config_want_text(r, key, node, err) < 0)
        return -1;
    char *text = is_number(node->text) ? xasprintf("127.0.0.1:%s", node->text) : xstrdup(node->text);
    bool good = split(&name, &port, text) && port > 0;
    if (good)
        *where = (struct host_config){xasprintf("%.*s", SPAN_ARG(name)), port};
    else
        (void)config_fail_value(r, key, node, err, "%s is nowhere to listen", config_quote(&quoted, node->text));
    free(text);
    buf_free(&quoted);
    return good ? 0 : -1;
}

static void describe_listen(struct buf *out, const struct config_key *key)
{
    (void)key;
    buf_put_str(out, "a port of 127.0.0.1, or address:port");
}

const struct config_type config_listen = {.set = set_listen, .describe = describe_listen};
