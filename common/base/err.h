/* What went wrong: filled by the function that failed, acted on only by a thread's top loop. */
#ifndef DRC_BASE_ERR_H
#define DRC_BASE_ERR_H

#include <stdbool.h>

#include "common/base/message.h"

#define MUST_CHECK __attribute__((warn_unused_result))

/* How the one who owns the loop should answer. */
enum err_class {
    ERR_NONE = 0,
    ERR_RETRY, /* the world may mend it: back off and try again */
    ERR_DATA,  /* this row or transaction is at fault, the link is not */
    ERR_FATAL, /* stop; `exit_code` says how */
};

/* Exit codes of every program (DESIGN section 2); reconcile has 0/1/2 besides. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_BAD_USAGE = 64,  /* command line */
    EXIT_UNSAFE = 69,     /* going on would lose, repeat or reorder data */
    EXIT_BUG = 70,        /* our own mistake */
    EXIT_TRY_AGAIN = 75,  /* temporary */
    EXIT_DENIED = 77,     /* grants, authentication, or fenced by a newer instance */
    EXIT_BAD_CONFIG = 78, /* configuration, server settings included */
};

/* A plain value: no ownership, may be copied. Zeroed means no error. `text` is one line, without a secret. */
struct err {
    enum err_class class;
    int exit_code;      /* of an ERR_FATAL */
    int code;           /* the server's or library's own number, 0 when there is none */
    enum message_id id; /* of the cause, for the last line; MESSAGE_NONE: the one for its exit code */
    char text[900];
};

/* Set `e` (may be NULL: the text is lost, the -1 is not) and return -1, so that `return err_retry(e, …)` reads well.
 * Any newline that the arguments bring becomes a space. */
int err_retry(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_data(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_fatal(struct err *e, enum exit_code exit_code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A fatal error with an id of its own: one of the catalogue's stops (message.h), which says the exit code, too. */
int err_stop(struct err *e, enum message_id id, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Put "prefix: " before the text; class and codes stay. Returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Put "; hint" after the text, as far as there is room; class and codes stay. Returns -1. */
int err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "retry", "data", "fatal" or "none". */
const char *err_class_name(enum err_class class);

#endif
