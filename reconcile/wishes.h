/* What the operator wishes, in every mode alike: the options that all modes take, as a child of a mode's argp. */
#ifndef DRC_RECONCILE_WISHES_H
#define DRC_RECONCILE_WISHES_H

#include "common/link/options.h"
#include "common/model/mask.h"
#include "reconcile/repair_wishes.h"

struct wishes {
    const char *mode;  /* its name */
    const char *items; /* what it tells, where it compares no rows (report.h); else NULL */
    const char *config_path;
    const char *regions[2];   /* source and target, as differences are told */
    char *pair;               /* holds their names; NULL: not said */
    struct filter tables;     /* of those of the pair only these */
    bool some_tables;         /* --tables was said */
    struct filter named;      /* of them those that name one table: compared although no link carries it */
    struct buf scope;         /* " --tables PATTERN" of each: what of the words decides about what is compared */
    const char *json_path;    /* NULL: none; "-": stdout */
    const char *html_path;    /* NULL: none */
    struct mask mask;         /* columns whose values are told nowhere, beside those of conflicts.mask; ours */
    uint64_t timeout_ms;      /* to wait for the links */
    uint64_t causes_since_us; /* how far back topics are read for causes */
    uint64_t causes_ms;       /* and how long, in all */
    bool quiet;
    struct repair_wishes repair;
    bool no_probe; /* the accounts may only read */
};

/* Rescued binlog files, in their order. */
struct binlog_files {
    char **paths; /* ours; what it holds is argv's */
    size_t count;
};

/* --binlog FILE, or (`more`) a plain argument, as a shell gives them for a pattern behind it: ARGP_ERR_UNKNOWN when no
 * --binlog came before. Behind the first, indexes (file_reader_is_index) are passed over. */
error_t binlog_files_take(struct binlog_files *f, char *arg, bool more);
void binlog_files_free(struct binlog_files *f);

struct wishes wishes_default(const char *mode, const char *config_path);
void wishes_free(struct wishes *w);

/* --mask: one more. */
void wishes_add_mask(struct mask *mask, char *column);
/* The pair file's and the operator's, who own the names; the array is the caller's to free. */
struct mask wishes_join_masks(const struct mask *a, const struct mask *b);

/* The child; its input is a struct wishes. --pair is required. */
extern const struct argp_child wishes_child[];

/* Is this table to be compared? Those of the pair (`carried`, its own filter) that the operator wishes, or all of them;
 * and what --tables names without wildcards, even if no link carries it. */
bool wishes_table(const struct wishes *w, const struct filter *carried, struct span db, struct span table);

#endif
