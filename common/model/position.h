/* How far a source has been read: MariaDB's newest GTID of each domain, or MySQL's set of executed GTIDs.
 *
 * Pure. Owned memory inside: copy with position_copy, release with position_free; zeroed is "nothing" of no flavour. */
#ifndef DRC_MODEL_POSITION_H
#define DRC_MODEL_POSITION_H

#include "common/model/gtid.h"

struct position_interval {
    uint64_t first;
    uint64_t last; /* inclusive */
};

/* One uuid and tag of a MySQL set with its sorted, disjoint, non-touching intervals. */
struct position_source {
    uint8_t uuid[16];
    char tag[GTID_TAG_MAX + 1];
    struct position_interval *intervals;
    size_t count;
    size_t cap;
};

struct position {
    enum flavor flavor;
    struct gtid_mariadb *domains;    /* MariaDB: sorted by domain */
    struct position_source *sources; /* MySQL: sorted by uuid, tag */
    size_t count;                    /* of domains or sources */
    size_t cap;
};

void position_init(struct position *p, enum flavor flavor);
void position_free(struct position *p);
/* `to` is valid or zeroed; its old content is freed. */
void position_copy(struct position *to, const struct position *from);
/* MariaDB: replaces the domain's GTID (also by a lower seq: a source without strict mode may step back). MySQL:
 * adds. */
void position_add(struct position *p, const struct gtid *g);
/* MySQL: adds first..last of that uuid and tag. */
void position_add_interval(struct position *p, const uint8_t uuid[16], const char *tag, uint64_t first, uint64_t last);
/* MySQL: adds a whole set. MariaDB: adds each domain's GTID of `other`. */
void position_union(struct position *p, const struct position *other);
/* What both have: `to`, valid or zeroed, is replaced. MariaDB: of each domain that both know the lesser GTID. */
void position_meet(struct position *to, const struct position *a, const struct position *b);
/* Is the transaction in it? MariaDB: the domain's seq has been reached. */
bool position_has(const struct position *p, const struct gtid *g);
/* Is everything of `part` in it? The empty position is in every other. */
bool position_covers(const struct position *p, const struct position *part);
bool position_eq(const struct position *a, const struct position *b);
/* Number of transactions of `p` that are not in `base` (MariaDB: by seq differences per domain). For messages and
 * lag. */
uint64_t position_distance(const struct position *p, const struct position *base);

/* Text as the servers write it: "0-1-100,1-2-5"; "uuid:1-5:7:tag:1-3,uuid2:1". "" is the empty position. Parsing and
 * reading replace what `out`, valid or zeroed, held; when they fail it is empty but valid. */
void position_put_text(const struct position *p, struct buf *out);
MUST_CHECK int position_parse(struct position *out, enum flavor flavor, struct span text, struct err *err);
/* Binary, for the wire. Read marks r bad when malformed. */
void position_put(const struct position *p, struct buf *out);
void position_read(struct position *out, struct bytes *r);

#endif
