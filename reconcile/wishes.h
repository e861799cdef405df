/* What the operator wishes, in every mode alike: the options that all modes take, as a child of a mode's argp. */
#ifndef DRC_RECONCILE_WISHES_H
#define DRC_RECONCILE_WISHES_H

#include "common/link/options.h"
#include "common/model/mask.h"
#include "reconcile/repair_wishes.h"

struct wishes {
    const char *mode; /* its name */
    const char *config_path;
    const char *regions[2]; /* source and target, as differences are told */
    char *pair;             /* holds their names; NULL: not said */
    struct filter tables;   /* of those of the pair only these */
    bool some_tables;       /* --tables was said */
    struct buf scope;       /* " --tables PATTERN" of each: what of the words decides about what is compared */
    const char *json_path;  /* NULL: none; "-": stdout */
    const char *html_path;  /* NULL: none */
    struct mask mask;       /* columns whose values are told nowhere, beside those of conflicts.mask; ours */
    uint64_t timeout_ms;    /* to wait for the links */
    bool quiet;
    struct repair_wishes repair;
    bool no_probe; /* the accounts may only read */
};

struct wishes wishes_default(const char *mode, const char *config_path);
void wishes_free(struct wishes *w);

/* --mask: one more. */
void wishes_add_mask(struct mask *mask, char *column);
/* The pair file's and the operator's, who own the names; the array is the caller's to free. */
struct mask wishes_join_masks(const struct mask *a, const struct mask *b);

/* The child; its input is a struct wishes. --pair is required. */
extern const struct argp_child wishes_child[];

/* Does the operator want this table of the pair compared? The pair's own filter is another matter. */
bool wishes_table(const struct wishes *w, struct span db, struct span table);

#endif
