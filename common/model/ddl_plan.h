/* What a link does about a DDL statement of its source, and how what it did is told from the target's definitions.
 * Pure.
 *
 * The names of tables in a record are not trusted: the text is what would be run, so it is the text that is read. */
#ifndef DRC_MODEL_DDL_PLAN_H
#define DRC_MODEL_DDL_PLAN_H

#include "common/model/ddl_text.h"
#include "common/model/filter.h"

/* links[].ddl of the pair file. */
enum ddl_policy {
    DDL_PAUSE,  /* wait until the target fits, or somebody says resume */
    DDL_APPLY,  /* run it */
    DDL_IGNORE, /* put it into the journal and go on */
};
const char *ddl_policy_name(enum ddl_policy p);

enum ddl_action {
    DDL_ACT_PASS,    /* nothing that the link has to do with */
    DDL_ACT_JOURNAL, /* not run, and put down */
    DDL_ACT_WAIT,    /* the target has to be brought there by somebody else */
    DDL_ACT_RUN,
};

/* By what a target shows that it has got there without us: what ends the waiting. */
enum ddl_sign {
    DDL_SIGN_NONE,    /* nothing: somebody has to say so */
    DDL_SIGN_GONE,    /* the pair's tables that it names are not there */
    DDL_SIGN_EMPTY,   /* they have no row, or are not there */
    DDL_SIGN_MOVED,   /* names that it leaves free are, names that it fills are there */
    DDL_SIGN_MADE,    /* its first table is there */
    DDL_SIGN_NO_BASE, /* the database is not there, or has no table of the pair */
};

struct ddl_plan {
    enum ddl_action action;
    enum ddl_sign sign;
    const char *why;     /* of PASS, WAIT and JOURNAL: a phrase behind the statement */
    bool whole_database; /* RUN: only if every table of the database at the target is of the pair, else WAIT */
    struct ddl ddl;      /* the statement; tables by its text, each with its database */
    struct ddl_reading reading;
};

/* `from`, `to`: the flavours of source and target, which may read comments differently: where they do not read the
 * same, it is not run. Names are in the arena. */
void ddl_plan_make(struct ddl_plan *out, const struct ddl *d, enum flavor from, enum flavor to, const struct filter *f,
                   enum ddl_policy policy, struct arena *a);

/* Is the i-th table of the plan the pair's? A database counts when it can have tables of the pair. */
bool ddl_plan_is_ours(const struct ddl_plan *p, const struct filter *f, size_t i);
/* Is it about rows that its tables had before? What only makes a table, or a database, is not. */
bool ddl_plan_finds_rows(const struct ddl_plan *p);
/* May a table's rows be other rows behind the statement: does a name stand among those that it moves from, or to? */
bool ddl_plan_moves_from(const struct ddl_plan *p, size_t i);
bool ddl_plan_moves_to(const struct ddl_plan *p, size_t i);

enum ddl_effect {
    DDL_EFFECT_NONE, /* it has not run, or running it again does the same */
    DDL_EFFECT_DONE,
    DDL_EFFECT_UNKNOWN,
};

/* Somebody began to run it and did not say that it ended. `before`, `now`: a number for each table's definition, 0 for
 * one that is not there, as the tables of the plan. */
enum ddl_effect ddl_plan_effect(const struct ddl_plan *p, const uint64_t *before, const uint64_t *now);

#endif
