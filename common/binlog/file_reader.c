/* Binlog files: one buffer that events are given out of in place. */
#include "common/binlog/file_reader.h"

#include "common/base/mem.h"
#include "common/binlog/event.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_MIN ((size_t)1 << 20)
#define EVENT_MAX ((size_t)1 << 30)
#define SIZE_AT 9 /* in an event's header */
#define MAGIC_LEN 4

static const uint8_t magic[MAGIC_LEN] = {0xfe, 'b', 'i', 'n'};
static const uint8_t magic_encrypted[MAGIC_LEN] = {0xfd, 'b', 'i', 'n'}; /* MySQL */

struct file_reader {
    int fd;
    char *name;
    uint8_t *data;
    size_t cap;
    size_t start;    /* of what was not given yet */
    size_t len;      /* bytes in data */
    uint64_t offset; /* in the file, of data[start] */
    uint64_t given;  /* of the event given last */
    bool at_end;
};

/* Have n bytes from `start` on, unless the file ends before. */
static int fill(struct file_reader *r, size_t n, struct err *err)
{
    if (r->len - r->start >= n)
        return 0;
    memmove(r->data, r->data + r->start, r->len - r->start);
    r->len -= r->start;
    r->start = 0;
    while (r->len < n && !r->at_end) {
        if (r->len == r->cap) { /* doubling as bytes arrive: a size in a header alone reserves nothing */
            r->cap *= 2;
            r->data = xrealloc(r->data, r->cap);
        }
        ssize_t got = read(r->fd, r->data + r->len, r->cap - r->len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_retry(err, "%s: cannot read: %s", r->name, strerror(errno));
        r->at_end = got == 0;
        r->len += (size_t)got;
    }
    return 0;
}

static int check_magic(struct file_reader *r, struct err *err)
{
    if (fill(r, MAGIC_LEN, err) < 0)
        return -1;
    if (r->len >= MAGIC_LEN && memcmp(r->data, magic_encrypted, MAGIC_LEN) == 0)
        return err_fatal(err, EXIT_UNSAFE, "%s: is encrypted; decrypt it on its server, or read it from there",
                         r->name);
    if (r->len < MAGIC_LEN || memcmp(r->data, magic, MAGIC_LEN) != 0)
        return err_fatal(err, EXIT_UNSAFE, "%s: is no binlog file", r->name);
    r->start = MAGIC_LEN;
    r->offset = MAGIC_LEN;
    return 0;
}

static int cannot_open(const char *path, int number, struct err *err)
{
    if (number == ENOENT || number == ENOTDIR)
        return err_fatal(err, EXIT_BAD_USAGE, "%s: there is no such file", path);
    if (number == EACCES)
        return err_fatal(err, EXIT_DENIED, "%s: may not be read by this user", path);
    return err_retry(err, "%s: cannot open: %s", path, strerror(number));
}

bool file_reader_is_index(const char *path)
{
    static const char suffix[] = ".idx";
    const size_t n = strlen(path), end = sizeof suffix - 1;
    return n > end && strcmp(path + n - end, suffix) == 0;
}

int file_reader_open(struct file_reader **out, const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    struct file_reader *r = xcalloc(1, sizeof *r);
    r->name = xstrdup(slash ? slash + 1 : path);
    r->fd = open(path, O_RDONLY | O_CLOEXEC);
    int number = errno;
    r->cap = BUFFER_MIN;
    r->data = xmalloc(r->cap);
    int rc = r->fd < 0 ? cannot_open(path, number, err) : check_magic(r, err);
    if (rc < 0)
        file_reader_close(&r);
    *out = r;
    return rc;
}

void file_reader_close(struct file_reader **r)
{
    if (!*r)
        return;
    if ((*r)->fd >= 0)
        close((*r)->fd);
    free((*r)->data);
    free((*r)->name);
    free(*r);
    *r = NULL;
}

static int cut_off(const struct file_reader *r, bool *truncated, struct err *err)
{
    if (truncated)
        *truncated = true;
    return err_fatal(err, EXIT_UNSAFE, "%s:%llu: the file ends inside an event (%zu bytes of it are there)", r->name,
                     (unsigned long long)r->offset, r->len - r->start);
}

int file_reader_next(struct file_reader *r, struct span *raw, bool *truncated, struct err *err)
{
    if (truncated)
        *truncated = false;
    if (fill(r, EVENT_HEADER_LEN, err) < 0)
        return -1;
    if (r->len == r->start)
        return 0;
    if (r->len - r->start < EVENT_HEADER_LEN)
        return cut_off(r, truncated, err);
    struct bytes size = bytes_of(span_of(r->data + r->start + SIZE_AT, 4));
    size_t n = bytes_u32(&size);
    if (n < EVENT_HEADER_LEN || n > EVENT_MAX)
        return err_fatal(err, EXIT_UNSAFE, "%s:%llu: an event of %zu bytes cannot be; the file is damaged", r->name,
                         (unsigned long long)r->offset, n);
    if (fill(r, n, err) < 0)
        return -1;
    if (r->len - r->start < n)
        return cut_off(r, truncated, err);
    *raw = span_of(r->data + r->start, n);
    if (raw->p[4] == EVENT_START_ENCRYPTION)
        return err_fatal(err, EXIT_UNSAFE, "%s:%llu: is encrypted from here on; read it from its server", r->name,
                         (unsigned long long)r->offset);
    r->given = r->offset;
    r->start += n;
    r->offset += n;
    return 1;
}

uint64_t file_reader_offset(const struct file_reader *r)
{
    return r->given;
}

const char *file_reader_name(const struct file_reader *r)
{
    return r->name;
}
