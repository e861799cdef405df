/* Column types as a TABLE_MAP writes them: how many bytes of metadata each has, and what they say. Both directions.
 * Pure. */
#ifndef DRC_BINLOG_COLUMN_META_H
#define DRC_BINLOG_COLUMN_META_H

#include "common/model/gtid.h"
#include "common/model/table.h"

/* Take a type's metadata off `meta`; fills type, meta and the collation that goes without saying. False when the type
 * is unknown, or the metadata is short or says what cannot be. */
bool column_meta_read(struct column *c, uint8_t type, struct bytes *meta);
/* The reverse: the type byte, and its metadata appended to `meta`. */
uint8_t column_meta_put(const struct column *c, struct buf *meta);

/* Which columns the optional metadata's lists go over: signs; collations; collations and members of ENUM and SET. The
 * two flavours differ. */
bool column_meta_numeric(const struct column *c, enum flavor flavor);
bool column_meta_text(const struct column *c, enum flavor flavor);
bool column_meta_members(const struct column *c, enum flavor flavor);

#endif
