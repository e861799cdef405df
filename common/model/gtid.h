/* One global transaction identifier of either flavour. Pure values, no ownership.
 *
 * Formats: MariaDB "domain-server-seq"; MySQL "uuid:gno" or "uuid:tag:gno" (tags since 8.3). */
#ifndef DRC_MODEL_GTID_H
#define DRC_MODEL_GTID_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/err.h"

enum flavor {
    FLAVOR_NONE = 0,
    FLAVOR_MARIADB = 1,
    FLAVOR_MYSQL = 2,
};

/* "mariadb", "mysql" or "none". */
const char *flavor_name(enum flavor f);

#define GTID_TAG_MAX 32

struct gtid_mysql {
    uint8_t uuid[16];
    char tag[GTID_TAG_MAX + 1]; /* "" when there is none; lower case, NUL-padded */
    uint64_t gno;
};

struct gtid_mariadb {
    uint32_t domain;
    uint32_t server;
    uint64_t seq;
};

struct gtid {
    enum flavor flavor; /* FLAVOR_NONE: no GTID */
    union {
        struct gtid_mariadb maria;
        struct gtid_mysql mysql;
    };
};

#define GTID_TEXT_LEN 96
/* NUL-terminated text into out; "" for none. Returns out. */
const char *gtid_text(char out[GTID_TEXT_LEN], const struct gtid *g);
MUST_CHECK int gtid_parse(struct gtid *out, enum flavor flavor, struct span text, struct err *err);
bool gtid_eq(const struct gtid *a, const struct gtid *b);
/* Canonical bytes: what chains are computed over and what the wire carries. Read marks r bad when malformed. */
void gtid_put(const struct gtid *g, struct buf *out);
void gtid_read(struct gtid *out, struct bytes *r);

#endif
