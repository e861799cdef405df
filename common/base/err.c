/* Filling in errors: one line of text, a class, an exit code. */
#include "common/base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void one_line(char *text)
{
    for (char *p = text; *p; p++) {
        if (*p == '\n' || *p == '\r')
            *p = ' ';
    }
}

/* Formatted aside first, since the arguments may point into e->text. */
static void fill(struct err *e, enum err_class class, int exit_code, const char *fmt, va_list ap)
{
    if (!e)
        return;
    struct err made = {.class = class, .exit_code = exit_code};
    (void)vsnprintf(made.text, sizeof made.text, fmt, ap);
    one_line(made.text);
    *e = made;
}

int err_retry(struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fill(e, ERR_RETRY, EXIT_TRY_AGAIN, fmt, ap);
    va_end(ap);
    return -1;
}

int err_data(struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fill(e, ERR_DATA, EXIT_UNSAFE, fmt, ap);
    va_end(ap);
    return -1;
}

int err_fatal(struct err *e, enum exit_code exit_code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fill(e, ERR_FATAL, (int)exit_code, fmt, ap);
    va_end(ap);
    return -1;
}

int err_stop(struct err *e, enum message_id id, const char *fmt, ...)
{
    const struct message *m = message_find(id);
    va_list ap;
    assert(m && m->stops);
    va_start(ap, fmt);
    fill(e, ERR_FATAL, m->stops, fmt, ap);
    va_end(ap);
    if (e)
        e->id = id;
    return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
    if (!e)
        return -1;
    char made[sizeof e->text];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(made, sizeof made, fmt, ap);
    va_end(ap);
    /* The old text goes behind the prefix, cut where the room ends. */
    size_t used = n < 0 ? 0 : (size_t)n;
    for (const char *p = ": "; *p && used + 1 < sizeof made; p++)
        made[used++] = *p;
    for (const char *p = e->text; *p && used + 1 < sizeof made; p++)
        made[used++] = *p;
    made[used < sizeof made ? used : sizeof made - 1] = '\0';
    one_line(made);
    memcpy(e->text, made, sizeof made);
    return -1;
}

int err_hint(struct err *e, const char *fmt, ...)
{
    if (!e)
        return -1;
    char hint[sizeof e->text];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(hint, sizeof hint, fmt, ap);
    va_end(ap);
    size_t used = strlen(e->text);
    (void)snprintf(e->text + used, sizeof e->text - used, "; %s", hint);
    one_line(e->text);
    return -1;
}

const char *err_class_name(enum err_class class)
{
    static const char *const names[] = {
        [ERR_NONE] = "none", [ERR_RETRY] = "retry", [ERR_DATA] = "data", [ERR_FATAL] = "fatal"};
    return (size_t) class < sizeof names / sizeof names[0] ? names[class] : "none";
}
