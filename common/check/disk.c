/* The room of a server that is on this host. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/base/mem.h"
#include "common/check/server.h"
#include "common/link/config_transport.h"

#define ROOM ((uint64_t)1 << 30)

/* A server behind loopback may still see other files than we do: what is not there is not judged. */
static void judge(struct findings *out, const struct check_place *p, const char *directory)
{
    struct statvfs fs;
    if (statvfs(directory, &fs) != 0)
        return;
    uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (room < ROOM)
        check_found(out, "server_disk", p->region->name,
                    xasprintf("%s of %s has %" PRIu64 " MiB left", directory, db_server_name(p->db), room >> 20),
                    xasprintf("make room at %s", directory));
}

static bool same_disk(const char *a, const char *b)
{
    struct stat here, there;
    return stat(a, &here) == 0 && stat(b, &there) == 0 && here.st_dev == there.st_dev;
}

static char *directory_of(struct span path)
{
    while (path.n > 1 && path.p[path.n - 1] != '/')
        path.n--;
    return xasprintf("%.*s", (int)(path.n > 1 ? path.n - 1 : path.n), (const char *)path.p);
}

int check_server_disk(struct findings *out, const struct check_place *p, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    if (!config_server_is_local(p->region))
        return 0;
    int rc = db_query(p->db, &rows, &a, "SELECT @@datadir, @@log_bin_basename", err);
    if (rc == 0) {
        char *data = directory_of(db_cell(&rows, 0, 0));
        judge(out, p, data);
        if (db_cell(&rows, 0, 1).n > 0) {
            char *binlogs = directory_of(db_cell(&rows, 0, 1));
            if (!same_disk(data, binlogs))
                judge(out, p, binlogs);
            free(binlogs);
        }
        free(data);
    }
    arena_free(&a);
    return rc;
}
