/* The commands that lead out of each stop of a stream, as its message prints them: one place, so that messages, help
 * and docs/stops.md, docs/messages.md agree. */
#ifndef DRC_MODEL_WAY_OUT_H
#define DRC_MODEL_WAY_OUT_H

/* Formats; each takes the region's name. Branches: --at where GTIDs were given again to other transactions. */
#define WAY_OUT_REBUILD "drcctl stream rebuild --region %s --from-ledgers --why TEXT"
#define WAY_OUT_REBUILD_OVER "drcctl stream rebuild --region %s --from-ledgers --delete-topic --why TEXT"
#define WAY_OUT_BRANCH "drcctl stream accept-branch --region %s --why TEXT"
#define WAY_OUT_BRANCH_AT "drcctl stream accept-branch --region %s --at POSITION --why TEXT"

#define WAY_OUT_PURGED "drcctl stream accept-branch --region %s --purged --why TEXT"
/* Takes database and table as well (SPAN_ARG each). */
#define WAY_OUT_DEFINITION "drcctl stream accept-definition --region %s --table %.*s.%.*s --why TEXT"
/* Takes the event's place as well. */
#define WAY_OUT_SKIP "drcctl stream skip --region %s --at %s --why TEXT"

#endif
