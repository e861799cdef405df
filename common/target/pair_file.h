/* Reading the pair file as the programs of a pair do: with a look at whether its conflict rules converge. */
#ifndef DRC_TARGET_PAIR_FILE_H
#define DRC_TARGET_PAIR_FILE_H

#include "common/link/config.h"

/* config_load, then pair_rules_converge. On error one line, ERR_FATAL 78. */
MUST_CHECK int pair_load(struct config **out, const char *path, struct err *err);

/* Refuse rules that can leave regions that are linked both ways different for good, with a history after which they
 * are: unless the pair file allows that. */
MUST_CHECK int pair_rules_converge(const struct config *c, struct err *err);

/* What a rule that is not refused leaves to the operator to know: under versions: column, rows that are deleted. One
 * line each, with a history. */
typedef void pair_warning_fn(void *context, const char *text);
void pair_rules_warn(const struct config *c, pair_warning_fn *each, void *context);

#endif
