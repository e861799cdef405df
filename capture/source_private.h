/* What the source's files share. Nobody else includes it. */
#ifndef DRC_CAPTURE_SOURCE_PRIVATE_H
#define DRC_CAPTURE_SOURCE_PRIVATE_H

#include "capture/source.h"
#include "common/check/finding.h"

struct source {
    const struct config *config;
    const struct region_config *region;
    const char *program;
    struct db *db;
    size_t server;      /* which of the region's hosts; 0: not settled yet */
    bool want_writable; /* while it is not */
    struct arena arena; /* of the last result */
    struct {
        uint8_t uuid[16];
    } * streams; /* that the ledger is known to have */
    size_t stream_count;
    struct findings_told told;
};

/* A small result, valid until the next query; connects where there is no connection. */
MUST_CHECK int source_query(struct source *s, struct db_rows *out, const char *sql, struct err *err);

#endif
