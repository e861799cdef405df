/* The commands that lead out of each stop of a stream, as its message prints them: one place, so that messages, help
 * and docs/stops.md agree. */
#ifndef DRC_MODEL_WAY_OUT_H
#define DRC_MODEL_WAY_OUT_H

/* Formats; each takes the region's name. Branches: --at where GTIDs were given again to other transactions. */
#define WAY_OUT_REBUILD "drcctl stream rebuild --region %s --from-ledgers --why TEXT"
#define WAY_OUT_REBUILD_OVER "drcctl stream rebuild --region %s --from-ledgers --delete-topic --why TEXT"
#define WAY_OUT_BRANCH "drcctl stream accept-branch --region %s --why TEXT"
#define WAY_OUT_BRANCH_AT "drcctl stream accept-branch --region %s --at POSITION --why TEXT"

#define WAY_OUT_PURGED "drcctl stream accept-branch --region %s --purged --why TEXT"

#endif
