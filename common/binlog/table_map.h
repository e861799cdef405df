/* TABLE_MAP events: table id and definition, out of its types, metadata and optional metadata (FULL is required). Pure.
 */
#ifndef DRC_BINLOG_TABLE_MAP_H
#define DRC_BINLOG_TABLE_MAP_H

#include "common/binlog/event.h"
#include "common/model/table.h"

#define TABLE_MAP_VECTOR_DIMENSIONS 13 /* field of the optional metadata; the only one that appliers want */

struct table_map {
    uint64_t id;
    uint16_t flags;
    struct span definition; /* all that follows id and flags: equal bytes mean equal definitions */
};

/* Split the event; nothing is parsed of the definition. Fails (fatal, 69) when too short. */
MUST_CHECK int table_map_read(struct table_map *out, const struct event *e, const struct event_format *f,
                              struct err *err);
/* Parse a definition into the arena, sealed. Fails (fatal, 69) when it is malformed or has a column type that we do not
 * know. One that lacks what binlog_row_metadata=FULL brings is `nameless`. */
MUST_CHECK int table_map_parse(struct table_def **out, struct span definition, enum flavor flavor, struct arena *a,
                               struct err *err);
/* The error about a nameless one (fatal, 69), which says how to set binlog_row_metadata. Returns -1. */
int table_map_lacks_names(const struct table_def *t, struct err *err);
/* Parse only what every TABLE_MAP has: names of database and table, types, metadata, which columns may be NULL; not
 * sealed, its columns have no names. */
MUST_CHECK int table_map_parse_bare(struct table_def **out, struct bytes *definition, struct arena *a, struct err *err);

#endif
