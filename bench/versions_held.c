/* What the indexes of newest versions hold in memory: changes of so many keys, none of them let go, of as many streams
 * as an applier follows.
 *
 * versions_held [COUNT [STREAMS]]: prints one JSON object: versions, bytes (of this process, more than before). One
 * thread. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applier/version_index.h"

#define ROWS 5 /* of a transaction */

/* Resident: the second number of statm, in pages. */
static size_t memory_now(void)
{
    char line[128] = "";
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f)
        return 0;
    const char *read = fgets(line, sizeof line, f);
    const char *second = read ? strchr(line, ' ') : NULL;
    fclose(f);
    return second ? strtoul(second, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

/* Spread as hashes are. */
static struct version_key key_of(uint64_t n)
{
    uint64_t a = n * 0x9e3779b97f4a7c15u, b = (n ^ a >> 29) * 0xbf58476d1ce4e5b9u;
    return (struct version_key){a ^ a >> 32, b ^ b >> 31 ? b ^ b >> 31 : 1};
}

static int fill(struct version_index *ix, uint64_t count, struct err *err)
{
    for (uint64_t i = 0; i < count; i++) {
        struct version_key key = key_of(i + 1);
        if (version_index_put(ix, &key, 1 + i / ROWS, 1 + i, false, err))
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    size_t streams = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, held = 0;
    struct version_index_setup setup = {.memory_bytes = (size_t)4 << 30, .directory = "/tmp"};
    struct err err = {0};
    size_t before = memory_now();
    struct version_index **ix = calloc(streams, sizeof *ix);
    int rc = ix && streams > 0 ? 0 : -1;
    for (size_t i = 0; rc == 0 && i < streams; i++) {
        ix[i] = version_index_new(&setup);
        rc = fill(ix[i], count / streams, &err);
        held += version_index_count(ix[i]);
    }
    if (rc)
        fprintf(stderr, "versions_held: %s\n", err.text);
    else
        printf("{\"versions\": %zu, \"bytes\": %zu}\n", held, memory_now() - before);
    for (size_t i = 0; ix && i < streams; i++)
        version_index_free(&ix[i]);
    free(ix);
    return rc ? 1 : 0;
}
