/* Command lines: the options that several programs take, and the values that options have.
 *
 * The groups of options are children for a program's argp; on ARGP_KEY_INIT its parser hands each its input. A wrong
 * value is told and ends the program with 64. Main thread. */
#ifndef DRC_LINK_OPTIONS_H
#define DRC_LINK_OPTIONS_H

#include <argp.h>

#include "common/model/filter.h"

/* "--config FILE" and "--help-config[=FORMAT]", which prints the list of keys and ends. Input: a const char ** that
 * holds the path so far. */
extern const struct argp options_config;

/* "--from REGION" and "--to REGION", both required. Input: a struct options_link. */
struct options_link {
    const char *from;
    const char *to;
};
extern const struct argp options_link;

/* What each program does first: our exit code of a wrong command line, what --version prints ("drcctl 1.0"; it must
 * last); and no core of it is ever written, nor may others of its user look into its memory, since there are passwords
 * and rows in it (prctl(2), PR_SET_DUMPABLE). Debug builds leave cores. */
void options_begin(const char *version);

/* Digits from `min` to `max`. */
uint64_t options_number(const char *arg, const char *option, uint64_t min, uint64_t max, struct argp_state *state);
/* A time in seconds, fractions allowed, below a thousand million; in ms. */
uint64_t options_seconds(const char *arg, const char *option, struct argp_state *state);
/* One more pattern of tables. */
void options_table(struct filter *f, const char *arg, struct argp_state *state);

#endif
