/* The directories of this host. */
#include "common/check/host.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/base/mem.h"

#define HERE "this host"
#define SPILL_ROOM ((uint64_t)1 << 30)

static void check_control(struct findings *out, const struct config *c)
{
    char *path = config_socket_path(c, "capture");
    const char *directory = dirname(path);
    if (access(directory, W_OK | X_OK) != 0)
        check_found(out, "control_directory", HERE, xasprintf("%s: %s", directory, strerror(errno)),
                    xasprintf(errno == ENOENT ? "install -d -m 750 %s" : "chown to the daemons' user: %s", directory));
    free(path);
}

static void check_spill(struct findings *out)
{
    struct statvfs fs;
    const char *set = getenv("TMPDIR");
    const char *directory = set && *set ? set : "/var/tmp";
    if (access(directory, W_OK | X_OK) != 0 || statvfs(directory, &fs) != 0) {
        check_found(out, "spill_directory", HERE, xasprintf("%s: %s", directory, strerror(errno)),
                    xasprintf("install -d -m 1777 %s", directory));
        return;
    }
    uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (room < SPILL_ROOM)
        check_found(out, "spill_directory", HERE,
                    xasprintf("%s has %llu MiB left", directory, (unsigned long long)(room >> 20)),
                    xasprintf("make room at %s, or give the daemons another $TMPDIR", directory));
}

void check_host(struct findings *out, const struct config *c)
{
    check_control(out, c);
    check_spill(out);
}
