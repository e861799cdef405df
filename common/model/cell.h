/* Cells of a row image in the binlog's own encoding: how long each is, what it says, which comes first.
 *
 * Formats: MariaDB sql/log_event*.cc and sql/field.cc (pack), MySQL libs/mysql/binlog; DECIMAL: strings/decimal.c.
 * Pure. */
#ifndef DRC_MODEL_CELL_H
#define DRC_MODEL_CELL_H

#include "common/model/table.h"

/* One value. Not NULL: `data` is the cell as it stands in a rows event, length bytes of strings and blobs included. */
struct cell {
    struct span data;
    bool null;
    bool absent; /* not in the image (source without FULL images, target-only columns) */
};

/* Length of the cell that begins at r (NULL excluded), without reading past r's end; marks r bad and returns 0 when it
 * is not whole. Hot: capture walks every cell with it. */
size_t cell_length(const struct column *c, struct bytes *r);

/* A row image: NULL bitmap of the columns, then the cells of those that are not NULL. Fills cells[column_count]. Marks
 * r bad when malformed. `present`: bitmap of the columns in the image, NULL for all. */
void image_split(struct cell *cells, const struct table_def *t, const uint8_t *present, struct bytes *r);
/* Only walk over it (faster; same checks). */
void image_skip(const struct table_def *t, const uint8_t *present, struct bytes *r);
/* The reverse; of columns in the image no cell may be absent. */
void image_put(const struct cell *cells, const struct table_def *t, const uint8_t *present, struct buf *out);
/* Are all cells equal by value (NULL equals NULL; absent on either side equals anything)? One value has one encoding,
 * but for compressed columns, which are compared unpacked, MySQL's JSON, which is compared as json_binary_same does,
 * and the 0 of FLOAT and DOUBLE, whose sign does not count. Columns that `ignore` (may be NULL, one bool a column)
 * names are left out. */
bool image_equal(const struct cell *a, const struct cell *b, const struct table_def *t, const bool *ignore);
/* The same for one cell. */
bool cell_equal(const struct column *c, const struct cell *a, const struct cell *b);
/* Key bytes of an image: each key cell with its length, unambiguous; equal cells give equal bytes. Not
 * collation-aware. */
void image_put_key(const struct cell *cells, const struct table_def *t, struct buf *out);

/* The value without length bytes: what the string, blob, JSON or geometry holds; of compressed columns the packed form
 * (compressed_unpack). For others the data itself. */
struct span cell_payload(const struct column *c, const struct cell *v);

/* SQL-like text without quotes: "-12.50", "2026-01-31 23:59:59.5", enum text, BIT as a number, MySQL's JSON as text;
 * hex as "0x…" for binary strings (those of BINARY(n) with their trailing zeros) and for character sets other than
 * UTF-8. NULL is "NULL", absent "(absent)". TIMESTAMPs are UTC. ENUM and SET without known members give their number.
 * Returns false when the bytes are not what the type allows (text then is hex of the whole cell). Appends. */
bool cell_put_text(const struct column *c, const struct cell *v, struct buf *out);
/* As a JSON value: numbers of any size as numbers, strings of UTF-8 charsets as text (a JSON column is a string, as it
 * is in MariaDB), other charsets, binary and what the type does not allow as {"hex": "…"}, NULL and absent as null. */
void cell_put_json(const struct column *c, const struct cell *v, struct buf *out);

/* Order of two cells of the same numeric or temporal column: <0, 0, >0, as the server would order them. ENUM and SET
 * compare by number, strings by bytes. NULL (and absent) is less than anything. */
int cell_compare(const struct column *c, const struct cell *a, const struct cell *b);
/* Can cell_compare give the server's order (numbers, temporals, YEAR, BIT)? */
bool cell_is_ordered(const struct column *c);

#endif
