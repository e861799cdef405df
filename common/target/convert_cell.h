/* The values' side of each rule of convert_rules.c: one cell of the source's column into one of the target's. Pure. */
#ifndef DRC_TARGET_CONVERT_CELL_H
#define DRC_TARGET_CONVERT_CELL_H

#include "common/target/convert_rules.h"

bool convert_integer(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);
bool convert_integer_decimal(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);
bool convert_float(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);
bool convert_decimal(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);
bool convert_bit(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);
bool convert_temporal(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);
bool convert_members(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);

bool convert_text(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);
bool convert_json_text(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);
bool convert_text_json(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);
bool convert_uuid_text(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);
bool convert_inet_text(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);
bool convert_text_uuid(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);
bool convert_text_inet(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);
bool convert_fixed_bytes(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);
bool convert_bytes_vector(const struct convert_pair *p, struct span cell, struct buf *out, const char **why);

/* Two JSON texts of the target's column: white space, order of members and ways to write a number do not count. */
bool convert_same_json_text(const struct convert_pair *p, const struct cell *a, const struct cell *b);

#endif
