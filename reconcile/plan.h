/* How one table is compared: which columns count, by which key it is walked, and the SQL for either side. Pure.
 *
 * Both definitions have the same columns in the same order (plan_make says what differs otherwise), so one index names
 * a column of both. A key's value is a tuple of values as value_put_read gives them. */
#ifndef DRC_RECONCILE_PLAN_H
#define DRC_RECONCILE_PLAN_H

#include "common/target/target_table.h"

struct plan {
    const struct target_table *tables[2]; /* not owned */
    uint16_t *columns;                    /* that are compared: all but generated ones */
    uint16_t column_count;
    uint16_t *key;            /* columns of the key by which rows are told apart, the same on both sides */
    uint16_t key_count;       /* 0: there is none; rows are compared by count of equal ones */
    const char *key_names[2]; /* of the index, on each side */
};

/* A part of the key's order: greater than `lower`, up to `upper`; NULL: open. */
struct plan_range {
    const struct span *lower;
    const struct span *upper;
};

/* False, and `why` says what differs, when rows of the two cannot be compared column by column. */
bool plan_make(struct plan *out, const struct target_table *a, const struct target_table *b, struct buf *why);
void plan_free(struct plan *p);

/* The row's checksum: 64 hexadecimal digits. */
void plan_put_row_hash(const struct plan *p, int side, struct buf *out);
/* SELECT of what a range holds: count, and the sum of a 64-bit slice of all row checksums. The key is in each row's
 * checksum, and a sum, unlike XOR, lets no two equal changes cancel. */
void plan_put_sum(const struct plan *p, int side, const struct plan_range *r, struct buf *out);
/* SELECT of the range's rows: key columns, then the row's checksum. */
void plan_put_list(const struct plan *p, int side, const struct plan_range *r, struct buf *out);
/* SELECT of the key of the n-th row of a range (from 1), in the key's order. No row: the range has fewer. */
void plan_put_nth(const struct plan *p, int side, const struct plan_range *r, uint64_t n, struct buf *out);
/* SELECT of rows by key: key columns, the row's checksum, then a token for each compared column. */
void plan_put_lookup(const struct plan *p, int side, const struct span *const *keys, size_t count, struct buf *out);

/* For rows without a key. Their checksums are told apart by how they begin: `starts` are beginnings, all of one length.
 */
#define PLAN_PARTITION_DIGITS 3
/* SELECT, by the first digits of the checksum: these, number of rows, sum as above. */
void plan_put_partitions(const struct plan *p, int side, struct buf *out);
/* SELECT of each different row that begins so: checksum, number of such rows. */
void plan_put_groups(const struct plan *p, int side, const struct span *starts, size_t count, struct buf *out);
/* The same with the values of every compared column, as they are read, after the checksum instead of the number. */
void plan_put_examples(const struct plan *p, int side, const struct span *starts, size_t count, struct buf *out);

/* {"id": 7}: a key's values, or with `all` those of every compared column. */
void plan_put_json(const struct plan *p, const struct span *values, bool all, struct buf *out);

#endif
