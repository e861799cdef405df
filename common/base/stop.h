/* The one way to end a process or a session in order: a flag with a file descriptor that poll() can wait on. */
#ifndef DRC_BASE_STOP_H
#define DRC_BASE_STOP_H

#include <stdbool.h>

struct stop;

struct stop *stop_new(void);
void stop_free(struct stop **s);
/* Any thread, and signal handlers. `reason` must live for ever (a literal); the first one stays. */
void stop_request(struct stop *s, const char *reason);
bool stop_requested(const struct stop *s);
const char *stop_reason(const struct stop *s); /* NULL while it is not requested */
/* Readable once stop was requested. */
int stop_fd(const struct stop *s);
/* Sleep; true as soon as stop is requested. */
bool stop_wait(const struct stop *s, unsigned ms);

#endif
