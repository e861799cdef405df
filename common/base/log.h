/* One line an event to stderr: a journald priority ("<6>"), UTC time unless journald adds its own, id, message, fields.
 *
 * A new line is one row in the catalogue (common/base/messages_*.h: id, level, what it says, cause, cure; see
 * message.h) and one call:
 *
 *     log_event(MSG_PARKED, log_str("link", link), log_u64("seq", seq), log_detail(why));
 *
 *     2026-01-31T23:59:59.123Z warning: DRC-4102 a transaction is parked: Duplicate entry link=eu:us seq=17
 *
 * What is said stands in the catalogue, so the call gives only what is known: fields, and a detail, which goes behind
 * the message as it is. The first field says what the line is about (a link, a table): lines of one id and one first
 * field that come in a burst are counted instead of told (log_limit.h). log_debug is for ourselves: free text, no id.
 *
 * Each thread may log; a line is written by one write(). Level and format are in the only mutable global of the
 * project, with the reason: a logger that had to be handed to every function would be in every signature. No secret may
 * be passed in: there is nothing here that could filter it. */
#ifndef DRC_BASE_LOG_H
#define DRC_BASE_LOG_H

#include <stdint.h>

#include "common/base/message.h"
#include "common/base/span.h"

enum log_level { LOG_ERROR = 3, LOG_WARN = 4, LOG_NOTICE = 5, LOG_INFO = 6, LOG_DEBUG = 7 };
enum log_format { LOG_TEXT, LOG_JSON };

/* May be called again at any time, by any thread: what is logged from then on goes by it. */
void log_setup(enum log_level level, enum log_format format);
/* "error", "warning", "notice", "info", "debug"; -1 for anything else. */
int log_level_parse(const char *name);
const char *log_level_name(enum log_level level);

/* What is known of an event. Made by the functions below, and read before log_event returns. */
struct log_field {
    const char *key; /* a name of lower case letters and _; NULL: the detail */
    enum log_kind { LOG_KIND_TEXT, LOG_KIND_NAME, LOG_KIND_UNSIGNED, LOG_KIND_SIGNED } kind;
    struct span text;
    struct span more; /* of a name */
    uint64_t number;
};

static inline struct log_field log_span(const char *key, struct span s)
{
    return (struct log_field){.key = key, .kind = LOG_KIND_TEXT, .text = s};
}

static inline struct log_field log_str(const char *key, const char *s)
{
    return log_span(key, span_str(s));
}

/* A table: db.name */
static inline struct log_field log_table(struct span db, struct span name)
{
    return (struct log_field){.key = "table", .kind = LOG_KIND_NAME, .text = db, .more = name};
}

static inline struct log_field log_u64(const char *key, uint64_t n)
{
    return (struct log_field){.key = key, .kind = LOG_KIND_UNSIGNED, .number = n};
}

static inline struct log_field log_i64(const char *key, int64_t n)
{
    return (struct log_field){.key = key, .kind = LOG_KIND_SIGNED, .number = (uint64_t)n};
}

/* Behind what the message says, after a colon: a cause, an err's text. */
static inline struct log_field log_detail(const char *text)
{
    return log_str(NULL, text);
}

/* At least one field; log_plain for none. */
#define log_event(id, ...)                                                                                             \
    log_write((id), (const struct log_field[]){__VA_ARGS__},                                                           \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
void log_write(enum message_id id, const struct log_field *fields, size_t count);
void log_plain(enum message_id id);
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The last line of a daemon: "PROGRAM: stopped, exit code N: TEXT", with the id of the cause; before it what has been
 * counted and not told yet. `code` 0 is a stop as asked. */
void log_stop(enum message_id id, const char *program, int code, const char *text);
/* Tell what was counted in bursts that have ended. Any thread, about every LOG_TICK_MS (the control thread does); each
 * line that is logged does it, too. */
#define LOG_TICK_MS 5000
void log_tick(void);

/* What was logged last. */
#define LOG_RECENT_MAX 50
#define LOG_RECENT_LEN 400
struct log_recent {
    uint64_t wall_us;
    enum log_level level;
    enum message_id id;        /* MESSAGE_NONE: a debug line */
    char text[LOG_RECENT_LEN]; /* message and fields in the form of text, cut; printable UTF-8 */
};
/* Oldest first, at most `max` of the last ones. Returns how many. Any thread. */
size_t log_recent(struct log_recent *out, size_t max);

#endif
