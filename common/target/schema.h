/* Our own tables in a target: their names, columns and versions, in one place for applier, capture's loop mark and the
 * tools.
 *
 * drc.meta holds the schema version: an older one is migrated in place, a newer one refused. */
#ifndef DRC_TARGET_SCHEMA_H
#define DRC_TARGET_SCHEMA_H

#include "common/link/db.h"

#define SCHEMA_VERSION 9

#define DRC_DB "drc"
#define LEDGER_TABLE "ledger"
#define JOURNAL_TABLE "conflicts"
#define META_TABLE "meta"
#define PARKED_TABLE "parked"
#define LINKS_TABLE "links"
#define TOMBSTONES_TABLE "tombstones"
#define REPAIR_TABLE "repair"
#define ENDS_TABLE "ends"

/* Columns of drc.ledger that readers of the binlog look at by name. */
#define LEDGER_STREAM "stream"       /* BINARY(16) */
#define LEDGER_PART "part"           /* INT UNSIGNED */
#define LEDGER_SLOT "slot"           /* INT UNSIGNED */
#define LEDGER_WATERMARK "watermark" /* BIGINT UNSIGNED */
#define LEDGER_DONE "done"           /* VARBINARY: watermark_put_ranges form */
#define LEDGER_STAMP "stamp"         /* BIGINT UNSIGNED, from schema version 6 on */

/* Make or migrate schema and tables. Idempotent; a newer version: fatal 78; missing grants: fatal 77 with the GRANTs.
 */
MUST_CHECK int schema_ensure(struct db *db, struct err *err);
/* Only drc.repair, where the schema may be missing or older otherwise: at a source that is no target. The same errors.
 */
MUST_CHECK int schema_ensure_repair(struct db *db, struct err *err);
/* 0 when there is none yet. */
MUST_CHECK int schema_version(struct db *db, unsigned *out, struct err *err);

#endif
