/* Taking a control socket's place: one of several instances that start at once gets it. */
#include "common/link/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/mem.h"

#define BACKLOG 16
#define LOCK_TRIES 200
#define LOCK_PAUSE_MS 10

int control_address(struct sockaddr_un *out, const char *path, struct err *err)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof out->sun_path)
        return err_fatal(err, EXIT_BAD_CONFIG,
                         "control.socket: %s is too long for a socket; the whole path may have %zu bytes", path,
                         sizeof out->sun_path - 1);
    memcpy(out->sun_path, path, len + 1);
    return 0;
}

/* Its directory, made when missing, and locked: so that nobody takes a fresh socket for a stale one. */
static int lock_directory(int *out, const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash ? xasprintf("%.*s", slash == path ? 1 : (int)(slash - path), path) : xstrdup(".");
    int rc = -1;
    int fd = -1;
    if (mkdir(directory, 0750) < 0 && errno != EEXIST) {
        (void)err_fatal(err, EXIT_BAD_CONFIG, "control.socket: cannot make the directory %s: %s", directory,
                        strerror(errno));
        goto out;
    }
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        (void)err_fatal(err, EXIT_BAD_CONFIG, "control.socket: cannot open the directory %s: %s", directory,
                        strerror(errno));
        goto out;
    }
    for (int i = 0; rc < 0 && i < LOCK_TRIES; i++) {
        rc = flock(fd, LOCK_EX | LOCK_NB);
        if (rc < 0)
            clock_sleep_ms(LOCK_PAUSE_MS);
    }
    if (rc < 0) {
        (void)err_retry(err, "control.socket: somebody else holds the directory %s locked", directory);
        (void)close(fd);
        goto out;
    }
    *out = fd;
out:
    free(directory);
    return rc;
}

/* Nobody may be listening; what a daemon that was killed left behind is removed. */
static int clear_place(const char *path, const struct sockaddr_un *address, struct err *err)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : err_fatal(err, EXIT_BAD_CONFIG, "control.socket: %s: %s", path, strerror(errno));
    if (!S_ISSOCK(st.st_mode))
        return err_fatal(err, EXIT_BAD_CONFIG, "control.socket: %s is there and is no socket; name another path", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_retry(err, "control.socket: %s", strerror(errno));
    int failed = connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 ? errno : 0;
    (void)close(fd);
    if (failed != ECONNREFUSED)
        return err_stop(err, MSG_STOP_SECOND_INSTANCE,
                        "another instance runs here: somebody listens at %s; stop it first", path);
    if (unlink(path) < 0 && errno != ENOENT)
        return err_fatal(err, EXIT_BAD_CONFIG, "control.socket: cannot remove the stale %s: %s", path, strerror(errno));
    return 0;
}

int control_listen(int *out, const char *path, struct err *err)
{
    struct sockaddr_un address;
    int directory = -1;
    int fd = -1;
    int rc = -1;
    if (control_address(&address, path, err) < 0 || lock_directory(&directory, path, err) < 0)
        return -1;
    if (clear_place(path, &address, err) < 0)
        goto out;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        (void)err_retry(err, "control.socket: %s", strerror(errno));
        goto out;
    }
    /* Before bind: the file has this mode from its first moment on. */
    if (fchmod(fd, S_IRUSR | S_IWUSR) < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        (void)err_fatal(err, EXIT_BAD_CONFIG, "control.socket: cannot make %s: %s", path, strerror(errno));
        goto out;
    }
    if (listen(fd, BACKLOG) < 0) {
        (void)err_retry(err, "control.socket: cannot listen at %s: %s", path, strerror(errno));
        (void)unlink(path);
        goto out;
    }
    *out = fd;
    fd = -1;
    rc = 0;
out:
    if (fd >= 0)
        (void)close(fd);
    (void)close(directory); /* gives the lock back */
    return rc;
}
