/* The modes of drc-reconcile: one table, one function each. */
#ifndef DRC_RECONCILE_MODE_H
#define DRC_RECONCILE_MODE_H

#include "common/link/command_table.h"

/* Ends with a NULL name. */
extern const struct command modes[];

/* The modes' own functions, for the table: argv[0] is "drc-reconcile NAME"; each returns the exit code. */
int mode_full(int argc, char **argv, const char *config_path);
int mode_audit(int argc, char **argv, const char *config_path);
int mode_incident(int argc, char **argv, const char *config_path);
int mode_lost_tail(int argc, char **argv, const char *config_path);

#endif
