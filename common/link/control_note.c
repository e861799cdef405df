/* What a daemon leaves beside its socket when it ends for good: when, exit code and cause, for whoever asks later. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/link/control.h"
#include "common/link/control_socket.h"

static char *note_path(const char *socket_path)
{
    return xasprintf("%s.last", socket_path);
}

void control_note_remove(const char *socket_path)
{
    char *path = note_path(socket_path);
    (void)unlink(path);
    free(path);
}

void control_note_write(const char *socket_path, const struct err *err)
{
    char *path = note_path(socket_path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || dprintf(fd, "%" PRIu64 " %d %s\n", clock_wall_us(), err->exit_code, err->text) < 0)
        log_warn("cannot leave a note at %s for drcctl", path);
    if (fd >= 0)
        (void)close(fd);
    free(path);
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

bool control_note_read(struct control_note *out, const char *socket_path)
{
    char line[sizeof out->text + 64];
    char *path = note_path(socket_path);
    FILE *f = fopen(path, "re");
    bool there = f && fgets(line, sizeof line, f) && parse_note(out, line);
    if (f)
        (void)fclose(f);
    free(path);
    return there;
}
