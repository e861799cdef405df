/* What the files of repair share. Nobody else includes it. */
#ifndef DRC_RECONCILE_REPAIR_PRIVATE_H
#define DRC_RECONCILE_REPAIR_PRIVATE_H

#include "reconcile/marker.h"
#include "reconcile/repair.h"
#include "reconcile/repair_file.h"

/* Rows for which the links are waited for once; they go out in several transactions, or, where
 * that got stuck, in one. */
#define REPAIR_ROUND 500u

enum repair_outcome {
    OUTCOME_REPAIRED,
    OUTCOME_WRITTEN, /* into the file */
    OUTCOME_WOULD,
    OUTCOME_EQUAL, /* by itself, meanwhile */
    OUTCOME_MOVED,
    OUTCOME_REFUSED,
    OUTCOME_PARKED,
    OUTCOME_UNANSWERED,
    OUTCOME_PASSED_OVER,
    REPAIR_OUTCOMES
};

struct repair_row {
    const struct plan *plan;
    const struct span *key;
    enum difference_class class;
    int winner; /* side; -1: nobody says */
};

/* One that is tried again when all tables are through. */
struct repair_later {
    struct span db;
    struct span table;
    const struct span *key;
    uint16_t key_count;
    enum difference_class class;
    int winner;
};

struct repair {
    struct run *run;
    const struct repair_wishes *wishes;
    struct marker *marker;
    struct links *links;        /* of its own: settle's marks are not to move */
    struct repair_file *sql[2]; /* for the losing side; NULL: none */
    struct repair_file *undo[2];
    struct repair_row noted[REPAIR_ROUND];
    size_t noted_count;
    struct arena noted_arena;
    struct repair_later *later;
    size_t later_count;
    size_t later_cap;
    struct arena later_arena;
    bool parents_too; /* rows that others refer to may go now */
    bool together;    /* as many in one transaction as there may be: values that go round in a circle */
    bool last_pass;
    bool cut_off; /* the links once did not come in time: nobody waits for them again */
    uint64_t counts[REPAIR_OUTCOMES];
};

MUST_CHECK int repair_open_files(struct repair *r, struct err *err);
/* Bring them about, and tell what became of each. */
void repair_batch(struct repair *r, const struct repair_row *rows, size_t n);
void repair_outcome(struct repair *r, const struct repair_row *row, enum repair_outcome o, const char *why);
/* Whose row counts: a side, or -1: nobody says. */
int repair_winner(const struct repair *r, const struct difference *d);
/* Of a table as a whole; `sql` is what can be done about it by hand (empty: nothing). */
void repair_table_outcome(struct repair *r, struct span db, struct span table, enum repair_outcome o, const char *why,
                          struct span sql);
/* repair_table.c: the table is on that side only; and the end of one whose rows were noted as copies. */
void repair_table(struct repair *r, struct span db, struct span table, int side);
void repair_copies_end(struct repair *r, const struct plan *plan);
/* The winner's row in the losing side's terms, in the arena. NULL: it does not fit (ERR_DATA), or an error. */
const struct cell *repair_converted(const struct plan *plan, int winner, const struct cell *row, struct arena *a,
                                    struct err *err);
/* Once more, when all tables are through; in the last pass: refused, for `why`. */
void repair_later(struct repair *r, const struct repair_row *row, const char *why);

#endif
