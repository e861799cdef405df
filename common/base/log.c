/* Writing the log. Works without allocating, since it also has to tell that memory ran out. */
#include "common/base/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log_limit.h"
#include "common/base/log_line.h"
#include "common/base/utf8.h"

static struct {
    atomic_int level;
    atomic_int format;
    atomic_bool journal;  /* stderr goes to journald, which wants the priority and knows the time */
    pthread_mutex_t lock; /* of what follows; never held while writing */
    struct log_limit limit;
    struct log_recent recent[LOG_RECENT_MAX];
    uint64_t count; /* of all that were put there */
} log_global = {.level = LOG_INFO, .lock = PTHREAD_MUTEX_INITIALIZER};

static const char *const level_names[] = {
    [LOG_ERROR] = "error", [LOG_WARN] = "warning", [LOG_NOTICE] = "notice", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"};

void log_setup(enum log_level level, enum log_format format)
{
    const char *stream = getenv("JOURNAL_STREAM");
    log_global.level = (int)level;
    log_global.format = (int)format;
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

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

/* ---- one line ---- */

/* A short write or an error is not retried: there is nowhere to tell it. */
static void write_line(struct span line)
{
    ssize_t n;
    do {
        n = write(STDERR_FILENO, line.p, line.n);
    } while (n < 0 && errno == EINTR);
}

static void remember(const struct log_line *line, struct span text)
{
    struct log_recent *r;
    (void)pthread_mutex_lock(&log_global.lock);
    r = &log_global.recent[log_global.count++ % LOG_RECENT_MAX];
    *r = (struct log_recent){.wall_us = line->wall_us, .level = line->level, .id = line->id};
    struct buf out = {.data = (uint8_t *)r->text, .cap = sizeof r->text};
    utf8_put_printable(&out, text, sizeof r->text - 1);
    (void)pthread_mutex_unlock(&log_global.lock);
}

/* A buffer on the stack, with room for all that is put into it, so that it never grows. */
static void emit(struct log_line *line)
{
    uint8_t memory[LOG_LINE_MAX];
    struct buf out = {.data = memory, .cap = sizeof memory};
    line->wall_us = clock_wall_us();
    log_line_text(&out, line);
    remember(line, buf_span(&out));
    buf_clear(&out);
    if (log_global.journal)
        buf_printf(&out, "<%d>", (int)line->level);
    if (log_global.format == LOG_JSON) {
        log_line_json(&out, line);
    } else {
        char time[CLOCK_TEXT_LEN];
        if (!log_global.journal)
            buf_printf(&out, "%.23sZ %s: ", clock_text(time, line->wall_us), level_names[line->level]);
        log_line_text(&out, line);
    }
    buf_put_u8(&out, '\n');
    write_line(buf_span(&out));
}

/* ---- bursts ---- */

static void tell_repeat(const struct log_repeat *r)
{
    const struct message *m = message_find(r->id);
    char times[64];
    struct log_field field = {0};
    (void)snprintf(times, sizeof times, "repeated %" PRIu32 " times in %d s", r->hidden, LOG_LIMIT_WINDOW_MS / 1000);
    if (r->key)
        field = log_str(r->key, r->value);
    emit(&(struct log_line){.level = (enum log_level)m->level,
                            .id = r->id,
                            .says = m->says,
                            .fields = &field,
                            .count = r->key ? 1 : 0,
                            .repeated = times});
}

/* `all`: of windows that have not ended, too. */
static void tell_due(bool all)
{
    struct log_repeat due;
    bool found;
    do {
        (void)pthread_mutex_lock(&log_global.lock);
        found = log_limit_due(&log_global.limit, &due, clock_mono_ms(), all);
        (void)pthread_mutex_unlock(&log_global.lock);
        if (found)
            tell_repeat(&due);
    } while (found);
}

static bool is_told(const struct message *m, const struct log_field *fields, size_t count)
{
    struct log_repeat evicted;
    const struct log_field *first = count && fields[0].key ? &fields[0] : NULL;
    if (m->each)
        return true;
    /* Of a table its name says enough, of a number its digits. */
    char digits[24];
    struct span value = first ? first->kind == LOG_KIND_NAME ? first->more : first->text : span_str("");
    if (first && (first->kind == LOG_KIND_UNSIGNED || first->kind == LOG_KIND_SIGNED)) {
        (void)snprintf(digits, sizeof digits, "%" PRIu64, first->number);
        value = span_str(digits);
    }
    (void)pthread_mutex_lock(&log_global.lock);
    bool told = log_limit_take(&log_global.limit, &evicted, m->id, first ? first->key : NULL, value, clock_mono_ms());
    (void)pthread_mutex_unlock(&log_global.lock);
    if (evicted.hidden)
        tell_repeat(&evicted);
    return told;
}

void log_tick(void)
{
    tell_due(false);
}

/* ---- what is called ---- */

void log_write(enum message_id id, const struct log_field *fields, size_t count)
{
    const struct message *m = message_find(id);
    int saved = errno;
    assert(m);
    if (m->level > log_global.level)
        return;
    tell_due(false);
    if (is_told(m, fields, count))
        emit(&(struct log_line){
            .level = (enum log_level)m->level, .id = id, .says = m->says, .fields = fields, .count = count});
    errno = saved;
}

void log_plain(enum message_id id)
{
    log_write(id, NULL, 0);
}

void log_debug(const char *fmt, ...)
{
    int saved = errno;
    char text[LOG_LINE_TEXTS];
    va_list ap;
    if (log_global.level < LOG_DEBUG)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    emit(&(struct log_line){.level = LOG_DEBUG, .says = text});
    errno = saved;
}

void log_stop(enum message_id id, const char *program, int code, const char *text)
{
    char says[LOG_LINE_TEXTS];
    if (code)
        (void)snprintf(says, sizeof says, "%s: stopped, exit code %d: %s", program, code, text);
    else
        (void)snprintf(says, sizeof says, "%s: stopped: %s", program, text);
    tell_due(true);
    emit(&(struct log_line){.level = code ? LOG_ERROR : LOG_NOTICE, .id = id, .says = says});
}

size_t log_recent(struct log_recent *out, size_t max)
{
    (void)pthread_mutex_lock(&log_global.lock);
    uint64_t count = log_global.count;
    size_t n = count < LOG_RECENT_MAX ? (size_t)count : LOG_RECENT_MAX;
    if (n > max)
        n = max;
    for (size_t i = 0; i < n; i++)
        out[i] = log_global.recent[(count - n + i) % LOG_RECENT_MAX];
    (void)pthread_mutex_unlock(&log_global.lock);
    return n;
}
