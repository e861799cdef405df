/* Where passwords come from: a file that only its owner can read, a systemd credential, or the environment. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/mem.h"
#include "common/link/config_keys.h"

#define SECRET_MAX 4096

/* Whose secret it is, and where messages point. */
struct secret_owner {
    const char *file; /* the pair file */
    const struct secret_config *secret;
    char path[80]; /* "regions.eu" */
};

__attribute__((format(printf, 3, 4))) static int fail(const struct secret_owner *o, struct err *err, const char *fmt,
                                                      ...)
{
    char text[sizeof err->text];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_fatal(err, EXIT_BAD_CONFIG, "%s:%d:%d: %s: %s", o->file, o->secret->line, o->secret->column, o->path,
                     text);
}

/* A password file that others can read is no secret any more. Root may use that of the daemons' account: it is who runs
 * drcctl on their host. */
static int check_mode(const struct secret_owner *o, const char *name, int fd, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return fail(o, err, "%s: cannot be examined: %s", name, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fail(o, err, "%s is no regular file; write the password to one", name);
    if (st.st_uid != geteuid() && st.st_uid != 0 && geteuid() != 0)
        return fail(o, err, "%s belongs to another user (uid %u); run: chown %u %s", name, (unsigned)st.st_uid,
                    (unsigned)geteuid(), name);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return fail(o, err, "%s can be read by others (mode %04o); run: chmod 600 %s", name,
                    (unsigned)(st.st_mode & 07777), name);
    return 0;
}

/* Its first line is the password; a second one is refused, since it can only be a mistake. */
static int read_secret(char **out, const struct secret_owner *o, const char *name, int fd, struct err *err)
{
    char text[SECRET_MAX + 1];
    size_t len = 0;
    ssize_t n = 1;
    int rc = -1;
    while (n > 0 && len < sizeof text) {
        n = read(fd, text + len, sizeof text - len);
        if (n > 0)
            len += (size_t)n;
        else if (n < 0 && errno == EINTR)
            n = 1;
    }
    if (n < 0) {
        (void)fail(o, err, "%s: cannot be read: %s", name, strerror(errno));
        goto out;
    }
    if (len == sizeof text) {
        (void)fail(o, err, "%s is longer than %d bytes; it must hold the password only", name, SECRET_MAX);
        goto out;
    }
    if (len && text[len - 1] == '\n')
        len--;
    if (len && text[len - 1] == '\r')
        len--;
    text[len] = '\0';
    if (len == 0) {
        (void)fail(o, err, "%s is empty; write the password to it", name);
        goto out;
    }
    if (strlen(text) != len || strpbrk(text, "\r\n")) {
        (void)fail(o, err, "%s has more than one line; it must hold the password only", name);
        goto out;
    }
    *out = xstrdup(text);
    rc = 0;
out:
    explicit_bzero(text, sizeof text);
    return rc;
}

static int from_file(char **out, const struct secret_owner *o, const char *name, bool check, struct err *err)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fail(o, err, "%s: cannot be opened: %s; write the password to it", name, strerror(errno));
    int rc = check ? check_mode(o, name, fd, err) : 0;
    if (rc == 0)
        rc = read_secret(out, o, name, fd, err);
    (void)close(fd);
    return rc;
}

/* systemd's directory is private to the service, whatever the mode of its files says. */
static int from_credential(char **out, const struct secret_owner *o, struct err *err)
{
    const char *name = o->secret->credential;
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    if (!directory || !*directory)
        return fail(o, err,
                    "credential %s: no credentials were passed in ($CREDENTIALS_DIRECTORY is not set); add "
                    "LoadCredential=%s:FILE to the systemd unit",
                    name, name);
    char *path = xasprintf("%s/%s", directory, name);
    int rc = from_file(out, o, path, false, err);
    free(path);
    return rc;
}

static int resolve(char **out, const struct secret_owner *o, struct err *err)
{
    return o->secret->file ? from_file(out, o, o->secret->file, true, err) : from_credential(out, o, err);
}

char *config_password_variable(const char *region)
{
    char *name = xasprintf("DRC_PASSWORD_%s", region);
    for (char *p = name; *p; p++)
        *p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
    return name;
}

/* A variable that is set to nothing is an empty password: the account has none, as with unix_socket. */
static int database_password(char **out, const struct secret_owner *o, const char *region, struct err *err)
{
    char *variable = config_password_variable(region);
    const char *value = getenv(variable);
    const char *named = o->secret->file ? "password_file" : o->secret->credential ? "credential" : NULL;
    int rc = 0;
    if (value && named)
        rc = fail(o, err, "its password is given twice, by %s and by the environment's %s; keep one", named, variable);
    else if (named)
        rc = resolve(out, o, err);
    else if (value)
        *out = xstrdup(value);
    else
        rc = fail(
            o, err,
            "it has no password; give password_file (a file that only its owner can read), credential (of systemd), or "
            "set the environment variable %s",
            variable);
    free(variable);
    return rc;
}

static int find_region(struct region_config **out, struct config *c, const char *name, struct err *err)
{
    const struct region_config *found;
    if (config_region(c, name, &found, err) < 0)
        return -1;
    *out = &c->regions[found - c->regions];
    return 0;
}

int config_password(struct config *c, const char *region, struct err *err)
{
    struct region_config *found;
    char *password = NULL;
    if (find_region(&found, c, region, err) < 0)
        return -1;
    struct secret_owner o = {.file = c->path, .secret = &found->secret};
    (void)snprintf(o.path, sizeof o.path, "regions.%s", region);
    if (database_password(&password, &o, region, err) < 0)
        return -1;
    if (found->password)
        explicit_bzero(found->password, strlen(found->password));
    free(found->password);
    found->password = password;
    return 0;
}

int config_kafka_password(struct config *c, const char *region, struct err *err)
{
    struct region_config *found;
    char *password = NULL;
    if (find_region(&found, c, region, err) < 0)
        return -1;
    struct secret_owner o = {.file = c->path, .secret = &found->kafka.secret, .path = "kafka"};
    if (!o.secret->file && !o.secret->credential)
        return 0;
    if (resolve(&password, &o, err) < 0)
        return -1;
    config_kafka_set(&found->kafka, "sasl.password", password);
    explicit_bzero(password, strlen(password));
    free(password);
    return 0;
}
