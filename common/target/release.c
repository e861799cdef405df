/* The numbers by which releases know whether they understand each other. */
#include "common/target/release.h"

#include "common/link/control.h"
#include "common/model/record.h"
#include "common/target/schema.h"

void release_put(const char *program, struct buf *out)
{
    buf_printf(out, "%s %s\ncontrol protocol %d\nschema %d\nrecord format %d\n", program, DRC_VERSION, CONTROL_PROTOCOL,
               SCHEMA_VERSION, RECORD_VERSION);
}
