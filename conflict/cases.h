/* Every kind of conflict under every policy and scope, by asking the judge: the table of docs/conflict-cases.md. */
#ifndef DRC_CONFLICT_CASES_H
#define DRC_CONFLICT_CASES_H

#include <stdio.h>

/* As Markdown. */
void conflict_print_cases(FILE *out);

#endif
