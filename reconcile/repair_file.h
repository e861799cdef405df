/* Repairs, and their undoing, as SQL that people can read: each statement changes its row only if it is what it is
 * taken for, so that a file can be run twice, late, or in part. */
#ifndef DRC_RECONCILE_REPAIR_FILE_H
#define DRC_RECONCILE_REPAIR_FILE_H

#include "common/model/cell.h"
#include "reconcile/plan.h"

struct repair_file;

struct repair_file_setup {
    const char *path;
    const char *pair;
    const char *region; /* whose server is to run it */
    const char *what;   /* "repairs", "undoes repairs": in its head */
    bool stopped;       /* the applier there is to be stopped meanwhile */
    bool unlogged;      /* not into that server's binlog, hence over no link */
    bool keeps;         /* a file that is there already is another run's, and is kept as `path`.1, .2, … */
};

/* -1: it cannot be written (fatal 64). */
MUST_CHECK int repair_file_open(struct repair_file **out, const struct repair_file_setup *setup, struct err *err);
void repair_file_close(struct repair_file **f);

/* One row of plan->tables[side]. */
struct repair_change {
    const struct plan *plan;
    int side;
    const struct span *key;
    const struct cell *row;  /* as it is to be, cells of the side's definition; NULL: absent */
    bool is_there;           /* the row to be changed … */
    struct span hash;        /* … has this checksum in the pair's terms */
    const struct cell *from; /* its cells, where they are known: what is equal need not be set; NULL: not known */
};

/* Into the batch at hand. */
void repair_file_put(struct repair_file *f, const struct repair_change *c);
/* Rows of a table without a key that are all equal. */
struct repair_copies {
    const struct plan *plan;
    int side;
    struct span hash;       /* of each, in the pair's terms */
    const struct cell *row; /* one of them, cells of the side's definition */
    uint64_t from;          /* so many are there … */
    uint64_t to;            /* … and so many are to be */
};
void repair_file_put_copies(struct repair_file *f, const struct repair_copies *c);

/* A statement (without its end) as it is, before the batch at hand, `remark` above it (NULL: none). As a comment it is
 * not run. */
void repair_file_put_text(struct repair_file *f, struct span statement, bool as_comment, const char *remark);

/* The batch as one transaction, on the disk when this returns. -1: it cannot be written (fatal 64). */
MUST_CHECK int repair_file_flush(struct repair_file *f, struct err *err);
/* Bytes of the batch at hand. */
size_t repair_file_held(const struct repair_file *f);
/* Undoing begins with what was done last: only then each step finds what was there behind it, where values of unique
 * keys had to make room for each other. At the end; nothing is put behind it. -1: it stays as it was (fatal 64). */
MUST_CHECK int repair_file_turn(struct repair_file *f, struct err *err);
/* Forget the batch. */
void repair_file_drop(struct repair_file *f);

#endif
