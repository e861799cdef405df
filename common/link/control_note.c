/* What a daemon leaves beside its socket for whoever asks later: when and why it ended for good, and the number by
 * which one that was killed is known. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/link/control.h"
#include "common/link/control_socket.h"

#define NOTE "last"
#define MARK "instance"

static void remove_beside(const char *socket_path, const char *what)
{
    char *path = xasprintf("%s.%s", socket_path, what);
    (void)unlink(path);
    free(path);
}

__attribute__((format(printf, 3, 4))) static void write_beside(const char *socket_path, const char *what,
                                                               const char *fmt, ...)
{
    char *path = xasprintf("%s.%s", socket_path, what);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    va_list ap;
    va_start(ap, fmt);
    if (fd < 0 || vdprintf(fd, fmt, ap) < 0)
        log_event(MSG_NOTE_NOT_LEFT, log_str("path", path));
    va_end(ap);
    if (fd >= 0)
        (void)close(fd);
    free(path);
}

static bool read_beside(char *line, size_t size, const char *socket_path, const char *what)
{
    char *path = xasprintf("%s.%s", socket_path, what);
    FILE *f = fopen(path, "re");
    bool there = f && fgets(line, (int)size, f);
    if (f)
        (void)fclose(f);
    free(path);
    return there;
}

void control_note_remove(const char *socket_path)
{
    remove_beside(socket_path, NOTE);
}

void control_note_write(const char *socket_path, const struct err *err)
{
    write_beside(socket_path, NOTE, "%" PRIu64 " %d %s\n", clock_wall_us(), err->exit_code, err->text);
}

/* "1795324645000000 69 the text\n" */
static bool parse_note(struct control_note *out, char *line)
{
    char *end;
    out->at_us = strtoull(line, &end, 10);
    if (end == line || *end != ' ')
        return false;
    line = end + 1;
    out->exit_code = (int)strtol(line, &end, 10);
    if (end == line || *end != ' ')
        return false;
    end[strcspn(end, "\n")] = '\0';
    (void)snprintf(out->text, sizeof out->text, "%s", end + 1);
    return true;
}

bool control_note_read(struct control_note *out, const char *path)
{
    char line[sizeof out->text + 64];
    return read_beside(line, sizeof line, path, NOTE) && parse_note(out, line);
}

void control_mark_remove(const char *socket_path)
{
    remove_beside(socket_path, MARK);
}

void control_mark_write(const char *socket_path, uint64_t instance)
{
    write_beside(socket_path, MARK, "%" PRIx64 "\n", instance);
}

bool control_mark_read(uint64_t *instance, const char *path)
{
    char line[32];
    char *end;
    if (!read_beside(line, sizeof line, path, MARK))
        return false;
    *instance = strtoull(line, &end, 16);
    return end != line && *end == '\n';
}
