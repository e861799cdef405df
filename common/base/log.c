/* One line an event to stderr. Works without allocating, since it also has to tell that memory ran out. */
#include "common/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/utf8.h"

#define LOG_MESSAGE_MAX 4096

static struct {
    enum log_level level;
    bool journal; /* stderr goes to journald, which wants the priority and knows the time */
} log_global = {LOG_INFO, false};

static const char *const level_names[] = {
    [LOG_ERROR] = "error", [LOG_WARN] = "warning", [LOG_NOTICE] = "notice", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"};

void log_setup(enum log_level level)
{
    const char *stream = getenv("JOURNAL_STREAM");
    log_global.level = level;
    log_global.journal = stream && *stream;
}

int log_level_parse(const char *name)
{
    for (int i = LOG_ERROR; i <= LOG_DEBUG; i++) {
        if (strcmp(name, level_names[i]) == 0)
            return i;
    }
    return -1;
}

/* A short write or an error is not retried: there is nowhere to tell it. */
static void write_line(struct span line)
{
    ssize_t n;
    do {
        n = write(STDERR_FILENO, line.p, line.n);
    } while (n < 0 && errno == EINTR);
}

void log_at(enum log_level level, const char *fmt, ...)
{
    if (level > log_global.level)
        return;
    int saved = errno;
    char message[LOG_MESSAGE_MAX];
    uint8_t memory[LOG_MESSAGE_MAX + 64];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    /* A buffer on the stack, with room for all that is put into it, so that it never grows. */
    struct buf line = {.data = memory, .cap = sizeof memory};
    if (log_global.journal) {
        buf_printf(&line, "<%d>", (int)level);
    } else {
        char time[CLOCK_TEXT_LEN];
        clock_text(time, clock_wall_us());
        buf_printf(&line, "%.23sZ %s: ", time, level_names[level]);
    }
    utf8_put_printable(&line, span_str(message), LOG_MESSAGE_MAX);
    buf_put_u8(&line, '\n');
    write_line(buf_span(&line));
    errno = saved;
}
