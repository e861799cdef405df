/* Progress on a terminal: a bar with rate and time to go, one line on stderr, rewritten now and then; nothing where
 * stderr is no terminal. */
#ifndef DRC_RECONCILE_METER_H
#define DRC_RECONCILE_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/span.h"

struct meter;

struct meter *meter_new(bool quiet);
void meter_free(struct meter **m);

/* All tables together have about so many rows. */
void meter_all(struct meter *m, uint64_t about_rows);
/* A table begins, of about so many rows. */
void meter_table(struct meter *m, struct span db, struct span table, uint64_t about_rows);
/* Rows compared of it so far; `doing` is a word for what goes on ("comparing", "settling 12 suspects"). */
void meter_show(struct meter *m, uint64_t rows, const char *doing);
/* Take the line away, before something else is printed. */
void meter_clear(struct meter *m);

#endif
