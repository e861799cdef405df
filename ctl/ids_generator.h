/* The generator of ids, drc.next_id(), as statements. Pure.
 *
 * docs/ids.md says why it is built as it is. include/drc/id.h has the layout of its ids. */
#ifndef DRC_CTL_IDS_GENERATOR_H
#define DRC_CTL_IDS_GENERATOR_H

#include "common/base/buf.h"
#include "common/model/gtid.h"

#define IDS_FUNCTION "next_id"
#define IDS_TABLE "id_tick"
#define IDS_SLOTS 256u /* sessions that share an index with no other */

/* One statement after the other, without their semicolons. */
enum ids_step { IDS_MAKE_DATABASE, IDS_MAKE_TABLE, IDS_DROP_FUNCTION, IDS_MAKE_FUNCTION, IDS_DROP_TABLE };
void ids_generator_sql(struct buf *out, enum ids_step step, const char *region, unsigned tag);

/* What an installed function says of itself in its comment: its tag. False: it is none of ours, or of another version
 * of this program. */
bool ids_generator_tag(unsigned *tag, struct span comment);
/* The same with the region's name: what an up-to-date function has. */
void ids_generator_comment(struct buf *out, const char *region, unsigned tag);

#endif
