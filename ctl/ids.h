/* How the regions of a pair come by their ids: what the servers say, what collides, what mends it.
 *
 * ids_read asks the servers; all else is pure. Strings live in the facts' arena. */
#ifndef DRC_CTL_IDS_H
#define DRC_CTL_IDS_H

#include "common/check/finding.h"
#include "common/link/config.h"
#include "common/link/db.h"

#define IDS_HEADROOM 20u /* percent of a type's values: with less left a table is warned of */

/* auto_increment_increment and auto_increment_offset. */
struct ids_settings {
    uint64_t increment;
    uint64_t offset;
};

/* An AUTO_INCREMENT table of the pair at one region. */
struct ids_table {
    const char *db;
    const char *name;
    const char *column;
    const char *type;    /* "int(10) unsigned" */
    const char *comment; /* of the column */
    uint64_t limit;      /* the greatest value of the type */
    uint64_t largest;    /* id in the table; 0: none */
    uint64_t next;       /* that the counter gives, or the next one of the region's class */
    uint64_t *top;       /* by region: the largest id here that is of that region's planned class; 0: none */
};

/* A SEQUENCE of MariaDB in one of the pair's databases. */
struct ids_sequence {
    const char *db;
    const char *name;
    int64_t next; /* not given out, nor kept ready in a cache */
    int64_t min;
    int64_t max;
    int64_t increment; /* 0: by the server's settings */
    bool cycle;
};

/* One of the region's other hosts. */
struct ids_host {
    const char *name;
    const char *error; /* why it could not be asked, or NULL */
    struct ids_settings settings;
};

struct ids_region {
    const char *name;
    const char *server; /* "db1:3306" */
    enum flavor flavor;
    bool writes;                  /* its changes go to a region whose changes come here: both make ids */
    struct ids_settings settings; /* as they are */
    struct ids_settings planned;  /* as they should be: ids_plan_settings */
    unsigned tag;                 /* in the pair file */
    bool generator;               /* drc.next_id() is there */
    bool generator_broken;        /* and its counter, drc.id_tick, is not: every call fails */
    unsigned generator_tag;       /* 0: not ours */
    struct ids_host *hosts;
    size_t host_count;
    struct ids_table *tables;
    size_t table_count;
    struct ids_sequence *sequences;
    size_t sequence_count;
};

struct ids_facts {
    struct arena arena;
    struct ids_region *regions; /* in the pair file's order */
    size_t count;
};

/* Ask every region's server. With `regions` > 0 a plan for that many regions is made, else one that changes as little
 * as can be. Passwords are looked for. Released by ids_free also after an error. */
MUST_CHECK int ids_read(struct ids_facts *out, struct config *config, unsigned regions, struct err *err);
void ids_free(struct ids_facts *f);

/* The greatest value of a column type, "int(11)", "bigint unsigned"; 0: no such type has AUTO_INCREMENT. */
uint64_t ids_type_limit(const char *column_type);

/* Can two servers with these settings give the same id? Also when an offset above its increment makes the server ignore
 * it. */
bool ids_collide(const struct ids_settings *a, const struct ids_settings *b);
/* Fill every region's `planned`. regions > 0: all have that increment and offsets of their own; 0: nothing changes
 * unless regions that write collide. Offsets that fit are kept. */
void ids_plan_settings(struct ids_facts *f, unsigned regions);

/* What is wrong; tables with less than `headroom` percent of their type's values left are warned of. */
void ids_judge(struct findings *out, const struct ids_facts *f, unsigned headroom);
/* Percent of the values that are left. */
double ids_left(uint64_t used, uint64_t limit);
uint64_t ids_used(const struct ids_table *t);
const struct ids_table *ids_find_table(const struct ids_region *r, const char *db, const char *name);
const struct ids_sequence *ids_find_sequence(const struct ids_region *r, const char *db, const char *name);

/* ---- statements that mend; callers free ---- */

char *ids_settings_sql(enum flavor flavor, const struct ids_settings *s);
char *ids_counter_sql(const struct ids_table *t, uint64_t next);
char *ids_widen_sql(const struct ids_table *t);
/* Give the sequence of that name at region `at` the planned class, above what it has given at any region. NULL: it has
 * it, or there is none there. */
char *ids_sequence_sql(const struct ids_facts *f, size_t at, const char *db, const char *name);

#endif
