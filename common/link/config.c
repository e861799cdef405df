/* Loading the pair file, finding things in it, and releasing it. */
#include "common/link/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/mem.h"
#include "common/link/config_facts.h"

#define NAME_PLACE "{name}"

/* ---- loading ---- */

char *config_file_path(const struct config_reader *r, const char *path)
{
    const char *slash = strrchr(r->file, '/');
    if (path[0] == '/' || !slash)
        return xstrdup(path);
    return xasprintf("%.*s%s", (int)(slash - r->file + 1), r->file, path);
}

int config_parse_tree(struct config **out, const char *path, struct span text, const struct config_override *over,
                      size_t count, struct err *err)
{
    struct arena arena = {0};
    struct yaml_node *root;
    struct config_reader r = {.file = path, .config = xcalloc(1, sizeof(struct config))};
    int rc = -1;
    *out = NULL;
    r.config->path = xstrdup(path);
    r.config->text = xasprintf("%.*s", (int)text.n, (const char *)text.p);
    if (yaml_parse(&root, &arena, path, text, err) < 0)
        goto out;
    for (size_t i = 0; i < count; i++)
        if (config_lay_over(root, &arena, &over[i], err) < 0)
            goto out;
    if (config_read(&r, root, err) < 0 || config_check(&r, root, err) < 0)
        goto out;
    *out = r.config;
    r.config = NULL;
    rc = 0;
out:
    config_free(&r.config);
    config_kafka_free(&r.kafka);
    buf_free(&r.path);
    arena_free(&arena);
    return rc;
}

int config_parse(struct config **out, const char *path, struct span text, struct err *err)
{
    return config_parse_tree(out, path, text, NULL, 0, err);
}

struct span config_source(const struct config *c)
{
    return span_str(c->text);
}

/* One byte more than is allowed, so that yaml_parse sees that it is too much. */
int config_read_file(struct buf *out, const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_fatal(err, EXIT_BAD_CONFIG, "%s: cannot be opened: %s; name the pair file with --config", path,
                         strerror(errno));
    ssize_t n = 1;
    while (n > 0 && out->len <= YAML_MAX_BYTES) {
        size_t room = YAML_MAX_BYTES + 1 - out->len;
        n = read(fd, buf_reserve(out, room), room);
        if (n > 0)
            out->len += (size_t)n;
        else if (n < 0 && errno == EINTR)
            n = 1;
    }
    int failed = n < 0 ? errno : 0;
    (void)close(fd);
    if (failed)
        return err_fatal(err, EXIT_BAD_CONFIG, "%s: cannot be read: %s; name the pair file with --config", path,
                         strerror(failed));
    return 0;
}

int config_load(struct config **out, const char *path, struct err *err)
{
    struct buf text = {0};
    *out = NULL;
    int rc = config_read_file(&text, path, err);
    if (rc == 0)
        rc = config_parse(out, path, buf_span(&text), err);
    buf_free(&text);
    return rc;
}

/* ---- releasing ---- */

static void free_region(struct region_config *r)
{
    free(r->name);
    for (size_t i = 0; i < r->host_count; i++)
        free(r->hosts[i].name);
    free(r->hosts);
    free(r->socket);
    free(r->user);
    free(r->secret.file);
    free(r->secret.credential);
    if (r->password)
        explicit_bzero(r->password, strlen(r->password));
    free(r->password);
    free(r->tls.ca);
    free(r->tls.cert);
    free(r->tls.key);
    free(r->start.gtid);
    for (size_t i = 0; i < r->gtid_domain_count; i++)
        free(r->gtid_domains[i]);
    free(r->gtid_domains);
    for (size_t i = 0; i < r->gtid_tag_count; i++)
        free(r->gtid_tags[i]);
    free(r->gtid_tags);
    for (size_t i = 0; i < r->throttle.replica_count; i++)
        free(r->throttle.replicas[i].name);
    free(r->throttle.replicas);
    for (size_t i = 0; i < r->throttle.max_load_count; i++)
        free(r->throttle.max_load[i]);
    free(r->throttle.max_load);
    free(r->throttle.flag_file);
    free(r->metrics.name);
    config_kafka_free(&r->kafka);
}

void config_free(struct config **config)
{
    struct config *c = *config;
    if (!c)
        return;
    for (size_t i = 0; i < c->region_count; i++)
        free_region(&c->regions[i]);
    for (size_t i = 0; i < c->link_count; i++) {
        free(c->links[i].from);
        free(c->links[i].to);
        free(c->links[i].start.gtid);
        free(c->links[i].metrics.name);
    }
    free(c->regions);
    free(c->links);
    filter_free(&c->tables);
    policy_set_free(&c->conflicts);
    for (size_t i = 0; i < c->conflict_mask.count; i++)
        free(c->conflict_mask.names[i]);
    free(c->conflict_mask.names);
    free(c->control_socket);
    config_facts_free(&c->facts);
    free(c->text);
    free(c->pair);
    free(c->path);
    free(c);
    *config = NULL;
}

/* ---- finding ---- */

int config_region(const struct config *c, const char *name, const struct region_config **out, struct err *err)
{
    struct buf known = {0};
    *out = NULL;
    for (size_t i = 0; i < c->region_count && !*out; i++) {
        if (strcmp(c->regions[i].name, name) == 0)
            *out = &c->regions[i];
        buf_printf(&known, "%s%s", i ? ", " : "", c->regions[i].name);
    }
    if (!*out)
        (void)err_fatal(err, EXIT_BAD_USAGE, "%s has no region \"%s\"; it has %s", c->path, name, buf_cstr(&known));
    buf_free(&known);
    return *out ? 0 : -1;
}

static const struct link_config *find_link(const struct config *c, const char *from, const char *to)
{
    for (size_t i = 0; i < c->link_count; i++)
        if (strcmp(c->links[i].from, from) == 0 && strcmp(c->links[i].to, to) == 0)
            return &c->links[i];
    return NULL;
}

int config_link(const struct config *c, const char *from, const char *to, const struct link_config **out,
                struct err *err)
{
    struct buf known = {0};
    *out = find_link(c, from, to);
    if (*out)
        return 0;
    for (size_t i = 0; i < c->link_count; i++)
        buf_printf(&known, "%s%s to %s", i ? ", " : "", c->links[i].from, c->links[i].to);
    (void)err_fatal(err, EXIT_BAD_USAGE, "%s has no link from \"%s\" to \"%s\"; it has %s", c->path, from, to,
                    c->link_count ? buf_cstr(&known) : "none");
    buf_free(&known);
    return -1;
}

bool config_one_way(const struct config *c, const char *from, const char *to)
{
    for (size_t i = 0; i < c->link_count; i++)
        if (strcmp(c->links[i].to, to) == 0 && strcmp(c->links[i].from, from) != 0)
            return false;
    return find_link(c, from, to) && !find_link(c, to, from);
}

bool config_two_way(const struct config *c, const char *from, const char *to)
{
    return find_link(c, from, to) && find_link(c, to, from);
}

char *config_topic(const struct config *c, const char *region)
{
    return xasprintf("drc.%s.%s", c->pair, region);
}

char *config_socket_path(const struct config *c, const char *name)
{
    const char *template = c->control_socket;
    const char *place = strstr(template, NAME_PLACE);
    if (!place)
        return xasprintf("%s.%s", template, name);
    return xasprintf("%.*s%s%s", (int)(place - template), template, name, place + strlen(NAME_PLACE));
}
