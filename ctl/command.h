/* The commands of drcctl: one table, one function each; options that all share. */
#ifndef DRC_CTL_COMMAND_H
#define DRC_CTL_COMMAND_H

#include "common/base/err.h"
#include "common/link/command_table.h"
#include "common/link/config.h"
#include "common/link/db.h"
#include "common/link/options.h"

/* Ends with a NULL name. */
extern const struct command commands[];

/* options_config, as the only child of a command's argp. */
extern const struct argp_child command_config_child[];
/* options_config and options_link: the children of a command that is about one link. */
extern const struct argp_child command_link_children[];

/* Load the pair file, or say what is wrong with it: 0, or the exit code. */
int command_load(struct config **out, const char *path);
/* The passwords of a region's database, and with `kafka` of its stream's cluster as well. */
MUST_CHECK int command_secrets(struct config *c, const char *region, bool kafka, struct err *err);
/* Connect to a region's database; `to_write`: to a server that we may write to. */
MUST_CHECK int command_connect(struct db **out, struct config *c, const char *region, bool to_write, struct err *err);
/* "user@host" of whoever runs this. Caller frees. */
char *command_who(void);
/* The reason that --why gives: one line of 1 to ACT_WHY_MOST bytes, or argp_error. */
const char *command_why(const char *arg, const struct argp_state *state);
/* The number that a command is about, its only argument: takes ARGP_KEY_ARG and ARGP_KEY_END. `name`: "ID", "SEQ";
 * `none`: what to say when there is none, NULL: it may be left out. */
error_t command_parse_number(uint64_t *out, const char *name, const char *none, int key, char *arg,
                             struct argp_state *state);
/* Print "drcctl: text" to stderr and give the error's exit code. */
int command_fail(const struct err *err);

/* The commands' own functions, for the table. */
int command_wait(int argc, char **argv, const char *config_path);
int command_status(int argc, char **argv, const char *config_path);
int command_conflicts_list(int argc, char **argv, const char *config_path);
int command_conflicts_cases(int argc, char **argv, const char *config_path);
int command_conflicts_show(int argc, char **argv, const char *config_path);
int command_conflicts_stats(int argc, char **argv, const char *config_path);
int command_conflicts_resolve(int argc, char **argv, const char *config_path);
int command_conflicts_undo(int argc, char **argv, const char *config_path);
int command_parked_list(int argc, char **argv, const char *config_path);
int command_parked_show(int argc, char **argv, const char *config_path);
int command_parked_retry(int argc, char **argv, const char *config_path);
int command_parked_discard(int argc, char **argv, const char *config_path);
int command_config_check(int argc, char **argv, const char *config_path);
int command_check(int argc, char **argv, const char *config_path);
int command_grants(int argc, char **argv, const char *config_path);
int command_explain(int argc, char **argv, const char *config_path);
int command_events(int argc, char **argv, const char *config_path);
int command_ids_check(int argc, char **argv, const char *config_path);
int command_ids_plan(int argc, char **argv, const char *config_path);
int command_ids_install(int argc, char **argv, const char *config_path);
int command_ids_remove(int argc, char **argv, const char *config_path);
int command_ids_parse(int argc, char **argv, const char *config_path);
int command_stream_rebuild(int argc, char **argv, const char *config_path);
int command_stream_accept_branch(int argc, char **argv, const char *config_path);
int command_stream_accept_definition(int argc, char **argv, const char *config_path);
int command_stream_skip(int argc, char **argv, const char *config_path);
int command_positions(int argc, char **argv, const char *config_path);
int command_reload(int argc, char **argv, const char *config_path);
int command_set(int argc, char **argv, const char *config_path);
int command_skip(int argc, char **argv, const char *config_path);
int command_throttle(int argc, char **argv, const char *config_path);
int command_switchover(int argc, char **argv, const char *config_path);
int command_pause(int argc, char **argv, const char *config_path);
int command_resume(int argc, char **argv, const char *config_path);
int command_version(int argc, char **argv, const char *config_path);

#endif
