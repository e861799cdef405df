/* What a forecast has found: conflicts by table, kind and cause, counted, with the first keys of each. Pure. */
#ifndef DRC_APPLIER_TALLY_H
#define DRC_APPLIER_TALLY_H

#include "common/base/buf.h"

#define TALLY_EXAMPLES 5

struct tally;

struct tally *tally_new(void);
void tally_free(struct tally **t);

/* A conflict; what it points to is copied. */
struct tally_note {
    struct span db; /* empty: of no single table */
    struct span table;
    const char *kind;    /* as the journal has it */
    const char *cause;   /* likewise; NULL: as "" */
    const char *verdict; /* likewise */
    const char *why;
    struct span key; /* JSON object; empty: no row */
    uint64_t seq;
};
/* Put down, and to be kept or undone. */
void tally_put(struct tally *t, const struct tally_note *note);
size_t tally_mark(const struct tally *t);
void tally_undo(struct tally *t, size_t mark);
void tally_keep(struct tally *t);

/* One table, kind and cause. */
struct tally_example {
    const char *key; /* "": no row */
    const char *why;
    uint64_t seq;
};
struct tally_verdict {
    const char *name;
    uint64_t count;
};
struct tally_line {
    const char *table; /* "shop.item"; "": of no single one */
    const char *kind;
    const char *cause; /* "": not told */
    uint64_t count;
    struct tally_verdict verdicts[8]; /* until a NULL name */
    struct tally_example examples[TALLY_EXAMPLES];
    size_t example_count;
};
/* Of what has been kept, by table, kind and cause; valid until the next tally_keep. */
const struct tally_line *tally_lines(struct tally *t, size_t *count);
uint64_t tally_total(const struct tally *t);

#endif
