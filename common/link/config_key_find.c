/* Finding a row of the table of keys by its place, and where its value is stored. */
#include <assert.h>
#include <string.h>

#include "common/link/config_keys.h"

const char *config_key_child(const char *path, const char *parent)
{
    size_t n = strlen(parent);
    if (strncmp(path, parent, n) != 0)
        return NULL;
    const char *rest = path + n;
    if (n > 0 && rest[0] == '.')
        rest++;
    else if (n > 0 && rest[0] != '[')
        return NULL;
    size_t len = strcspn(rest, ".[");
    if (rest[0] == '[')
        len = 2;
    return len > 0 && rest[len] == '\0' ? rest : NULL;
}

const struct config_key *config_key_next(const struct config_key *key)
{
    key++;
    return key->path ? key : key->next;
}

const struct config_key *config_key_find(const char *parent, const char *name)
{
    for (const struct config_key *key = config_keys; key; key = config_key_next(key)) {
        const char *last = config_key_child(key->path, parent);
        if (last && strcmp(last, name) == 0)
            return key;
    }
    return NULL;
}

static char *owner_of(const struct config_reader *r, const struct config_key *key)
{
    char *owner;
    memcpy(&owner, (const char *)r + key->owner, sizeof owner);
    assert(owner);
    return owner;
}

void *config_field(const struct config_reader *r, const struct config_key *key)
{
    return owner_of(r, key) + key->offset;
}

size_t *config_count_field(const struct config_reader *r, const struct config_key *key)
{
    assert(key->count_offset);
    return (size_t *)(void *)(owner_of(r, key) + key->count_offset);
}
