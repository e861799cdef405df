/* One region's server beside another's: ids, clocks, time zones, character sets, the case of names. */
#ifndef DRC_CHECK_REGIONS_H
#define DRC_CHECK_REGIONS_H

#include "common/check/server.h"

/* What of a server is compared. */
struct check_traits {
    const char *region;
    enum flavor flavor;
    char identity[DB_IDENTITY_LEN];
    uint64_t server_id;
    int64_t clock_us;   /* ahead of this host's clock */
    int64_t doubt_us;   /* how wrong that may be at most */
    int64_t offset_s;   /* local time ahead of UTC */
    char time_zone[64]; /* as it is set */
    char charset[64];
    char collation[64];
    uint64_t lower_case;
};

MUST_CHECK int check_traits_read(struct check_traits *out, const struct check_place *p, struct err *err);

/* Each against those before it. Pure. */
void check_regions(struct findings *out, const struct config *c, const struct check_traits *traits, size_t count);

#endif
