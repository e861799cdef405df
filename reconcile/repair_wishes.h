/* What the operator wishes to be done about differences: the options of --apply and its like. */
#ifndef DRC_RECONCILE_REPAIR_WISHES_H
#define DRC_RECONCILE_REPAIR_WISHES_H

#include <argp.h>

#include "reconcile/difference.h"

struct repair_wishes {
    bool apply;
    bool dry_run;         /* only say what --apply would do */
    const char *sql_path; /* NULL: none */
    const char *undo_path;
    const char *winner;                        /* region; NULL: by the policy */
    const char *winner_of[DIFFERENCE_CLASSES]; /* of that class; NULL: as above */
    char *texts[DIFFERENCE_CLASSES];           /* hold the names of winner_of */
};

/* Is anything to be done, or written? */
bool repair_wished(const struct repair_wishes *w);
void repair_wishes_free(struct repair_wishes *w);
/* Its input is a struct repair_wishes. */
extern const struct argp repair_wishes_argp;

#endif
