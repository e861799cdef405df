/* One line an event to stderr: a journald priority ("<6>"), UTC time unless journald adds its own, message, key=value.
 *
 * Each thread may log; a line is written by one write(). The level and format are set once, before threads start, by
 * log_setup (the only mutable global of the project, with the reason: a logger that had to be handed to every function
 * would be in every signature). No secret may be passed in: there is nothing here that could filter it. */
#ifndef DRC_BASE_LOG_H
#define DRC_BASE_LOG_H

enum log_level { LOG_ERROR = 3, LOG_WARN = 4, LOG_NOTICE = 5, LOG_INFO = 6, LOG_DEBUG = 7 };

void log_setup(enum log_level level);
/* "error", "warning", "notice", "info", "debug"; -1 for anything else. */
int log_level_parse(const char *name);

void log_at(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)
#define log_notice(...) log_at(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)

#endif
