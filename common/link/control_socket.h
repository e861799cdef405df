/* Where a control socket lies: addresses, and taking the place for a daemon. Private to control*.c. */
#ifndef DRC_LINK_CONTROL_SOCKET_H
#define DRC_LINK_CONTROL_SOCKET_H

#include <stdint.h>
#include <sys/un.h>

#include "common/base/err.h"

/* How the line begins that a client gets instead of the greeting when it is turned away. */
#define CONTROL_DENIED "denied: "
#define CONTROL_BUSY "busy: "

/* ERR_FATAL (78) when the path is too long for a socket. */
MUST_CHECK int control_address(struct sockaddr_un *out, const char *path, struct err *err);
/* A socket that listens at `path`, mode 0600, made as control_start says. The caller closes it, after unlinking the
 * path. */
MUST_CHECK int control_listen(int *out, const char *path, struct err *err);

/* The note of control.h: written at a fatal end, removed at the next start. */
void control_note_write(const char *socket_path, const struct err *err);
void control_note_remove(const char *socket_path);

/* The number of control_mark. */
void control_mark_write(const char *socket_path, uint64_t instance);
void control_mark_remove(const char *socket_path);

#endif
