/* How one table is compared: which columns count, by which key it is walked, and the SQL for either side. Pure.
 *
 * Columns are matched by name, as the applier matches them; those of both sides that the server does not compute are
 * compared, each pair in a form of its own (value_pair.h). A key's value is a tuple of values as value_put_read gives
 * them. */
#ifndef DRC_RECONCILE_PLAN_H
#define DRC_RECONCILE_PLAN_H

#include "common/target/target_table.h"
#include "reconcile/value.h"

struct plan_column {
    struct value of[2]; /* on each side */
};

/* How the rows of a range are summed up: count, and one value over all of them. The key is in each row's part of it, so
 * that neither two swapped values nor two equal changes leave it as it was. */
enum plan_sum {
    PLAN_SUM_ADD,  /* 64 bits of each row's SHA2-256, added: any server; equal rows do not cancel */
    PLAN_SUM_WIDE, /* all 256 bits, by exclusive or: MySQL, whose BIT_XOR takes them for less than adding costs */
    PLAN_SUM_CRC   /* the product of each row's CRC-32 and CRC-32C, by exclusive or: MariaDB, a third of the cost */
};

struct plan {
    const struct target_table *tables[2]; /* not owned */
    struct plan_column *columns;          /* that are compared */
    uint16_t column_count;
    uint16_t document_count;  /* of them VALUE_DOCUMENT: not in checksums, but told beside them */
    struct plan_column *key;  /* columns of the key by which rows are told apart */
    uint16_t key_count;       /* 0: there is none; rows are compared by count of equal ones */
    const char *key_names[2]; /* of the index, on each side */
    enum plan_sum sum;
    bool apart; /* rows have to be brought together here: the sides' indexes have them in different
                 * orders, or documents are compared */
    struct arena arena;
};

/* A part of the key's order: greater than `lower`, up to `upper`; NULL: open. */
struct plan_range {
    const struct span *lower;
    const struct span *upper;
};

/* Of each column that cannot be compared, or is only on one side, `tell` (with `context`; NULL: nobody) gets a phrase.
 */
void plan_make(struct plan *out, const struct target_table *a, const struct target_table *b,
               void (*tell)(void *context, const char *phrase), void *context);
void plan_free(struct plan *p);
/* The cheapest that a server takes. */
enum plan_sum plan_sum_of(enum flavor flavor, uint32_t version);
/* Use what the servers of both sides take, where no two rows are equal (two equal ones would cancel). */
void plan_sum_by(struct plan *p, const enum plan_sum sides[2]);

/* The row's checksum: 64 hexadecimal digits. */
void plan_put_row_hash(const struct plan *p, int side, struct buf *out);
/* SELECT of what the table holds: count and sum. */
void plan_put_sum(const struct plan *p, int side, struct buf *out);
/* The same of ranges, a row each: its place in the list from 0 on, count, sum. */
void plan_put_sums(const struct plan *p, int side, const struct plan_range *ranges, size_t count, struct buf *out);
/* SELECT of the rows of ranges that have none in common: key columns, and the row's part of the sum, or its checksum
 * where that costs no more. What differs by it differs in the sum. */
void plan_put_lists(const struct plan *p, int side, const struct plan_range *ranges, size_t count, struct buf *out);
/* SELECT of the first `n` rows of a range in the order of the side's index: key columns, the row's checksum, documents.
 */
void plan_put_page(const struct plan *p, int side, const struct plan_range *r, uint64_t n, struct buf *out);
/* SELECT of the key of the n-th row of a range (from 1), in the key's order. No row: the range has fewer. */
void plan_put_nth(const struct plan *p, int side, const struct plan_range *r, uint64_t n, struct buf *out);
/* SELECT of the key of the last row. */
void plan_put_last(const struct plan *p, int side, struct buf *out);
/* The condition that finds a side's row by its key, as the side's columns compare. */
void plan_put_key_is(const struct plan *p, int side, const struct span *key, struct buf *out);
/* SELECT of rows by key: key columns, the row's checksum, then a token for each compared column. */
void plan_put_lookup(const struct plan *p, int side, const struct span *const *keys, size_t count, struct buf *out);
/* The same of rows that meet one of the conditions, which find them by the key's columns. */
void plan_put_lookup_where(const struct plan *p, int side, const struct span *conditions, size_t count,
                           struct buf *out);
/* Put what documents say into the checksums (and tokens) of such rows, in the arena: of page, or of lookup. */
void plan_take_documents(const struct plan *p, struct db_rows *rows, bool lookup, struct arena *a);

/* For rows without a key. Their checksums are told apart by how they begin: `starts` are beginnings, all of one length.
 */
#define PLAN_PARTITION_DIGITS 3
/* SELECT, by the first digits of the checksum: these, number of rows, sum as above. */
void plan_put_partitions(const struct plan *p, int side, struct buf *out);
/* SELECT of each different row that begins so: checksum, number of such rows. */
void plan_put_groups(const struct plan *p, int side, const struct span *starts, size_t count, struct buf *out);
/* The same with the values of every compared column, as plan_put_image_columns, after the checksum instead of the
 * number. */
void plan_put_examples(const struct plan *p, int side, const struct span *starts, size_t count, struct buf *out);

/* What a row holds, to be shown: of each compared column its value as it is read. Of those that may be cut two columns:
 * the value, NULL when it is longer than PLAN_IMAGE_MAX bytes, and then its length and SHA2-256, parted by a space. */
#define PLAN_IMAGE_MAX 65536
bool plan_image_may_be_cut(const struct value *v);
void plan_put_image_columns(const struct plan *p, int side, struct buf *out);
/* SELECT of `number` and a row by its key as above; joined to what `out` holds already by UNION ALL. */
void plan_put_image(const struct plan *p, int side, const struct span *key, size_t number, struct buf *out);

#endif
