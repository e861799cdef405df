/* Which tables belong to the pair: include and exclude patterns, decided once per definition. Pure.
 *
 * A pattern is "db.table", each part with * (any text) and ? (one character), or a part in back quotes when the name
 * holds a dot, a back quote (doubled), or a * or ? that is meant as such; "*.*" is every table outside the reserved
 * schemas (table_is_reserved), which never match. A table belongs to the pair iff some include pattern and no exclude
 * pattern matches. Names are compared byte by byte: where a server folds table names (lower_case_table_names), patterns
 * are to be written as the server stores them. */
#ifndef DRC_MODEL_FILTER_H
#define DRC_MODEL_FILTER_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/span.h"

struct filter_pattern;

/* Zeroed: matches nothing. */
struct filter {
    struct filter_pattern *include;
    size_t include_count;
    struct filter_pattern *exclude;
    size_t exclude_count;
    bool reserved; /* reserved schemas may match too: for tools that only look */
};

/* ERR_FATAL (78) with what would be right when the pattern has not two parts, or includes a reserved schema by name. */
MUST_CHECK int filter_add(struct filter *f, bool include, const char *pattern, struct err *err);
/* The two names of a pattern without wildcards, appended: what names one table. -1: it does not. */
MUST_CHECK int filter_table_name(struct buf *db, struct buf *table, const char *pattern);
bool filter_match(const struct filter *f, struct span db, struct span table);
/* Could any table of that database match? For statements about a database. */
bool filter_match_db(const struct filter *f, struct span db);
/* The database part of the include pattern number `i`; `literal`: * and ? in it mean themselves. False past the last.
 */
bool filter_include_db(struct span *db, bool *literal, const struct filter *f, size_t i);
void filter_free(struct filter *f);

#endif
