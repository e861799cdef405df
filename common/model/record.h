/* One Kafka record of a stream: the wire codec, write and read side by side (docs/wire-format.md gives every byte).
 *
 * A record is a whole transaction, a fragment of a big one, a DDL statement, or one of the control records by which a
 * stream is continued exactly once. Little-endian, varints, a version byte, CRC32C over all bytes but its own;
 * unknown extension fields are skipped, an unknown version, kind or flag is refused. Pure. */
#ifndef DRC_MODEL_RECORD_H
#define DRC_MODEL_RECORD_H

#include "common/base/map.h"
#include "common/model/cell.h"
#include "common/model/gtid.h"

#define RECORD_VERSION 1
#define STREAM_UUID_LEN 16

enum record_kind {
    RECORD_DATA = 1,      /* rows of a transaction, or of a fragment of it */
    RECORD_DDL = 2,       /* one statement; takes a seq like a transaction */
    RECORD_EPOCH = 3,     /* a writer announces itself */
    RECORD_RESUME = 4,    /* it says from where it goes on */
    RECORD_HEARTBEAT = 5, /* where the source stands; takes no seq */
    RECORD_XA_END = 6,    /* XA COMMIT or ROLLBACK, naming a held body; takes a seq */
};

enum record_flags {
    RECORD_FIRST = 1,  /* first fragment of its seq */
    RECORD_LAST = 2,   /* last fragment: the transaction is complete */
    RECORD_HELD = 4,   /* body of an XA PREPARE: waits for its RECORD_XA_END */
    RECORD_COMMIT = 8, /* RECORD_XA_END: commit, not rollback */
};

/* What every record says. Spans point into the record's bytes (read) or to the caller's memory (write). */
struct record {
    enum record_kind kind;
    uint8_t flags; /* enum record_flags */
    uint8_t stream[STREAM_UUID_LEN];
    uint64_t epoch;    /* number of the writer's epoch, from 1 */
    uint64_t instance; /* random id of the writer */
    uint64_t seq;      /* DATA, DDL, XA_END: its own, from 1; control records: the last complete one, 0 for none */
    uint64_t chain;    /* chain_next(prev_chain, gtid) for those with a seq of their own; control: of seq */
    uint64_t prev_seq; /* the last complete one before this */
    uint64_t prev_chain;
    struct gtid prev_gtid;
    uint32_t fragment;    /* from 0 */
    struct gtid gtid;     /* its own; control records: that of seq */
    uint64_t commit_us;   /* commit time at the source, µs since 1970; heartbeat, epoch, resume: the source's clock */
    uint64_t stamp;       /* hybrid stamp (clock_stamp): the version of all its changes */
    uint64_t fingerprint; /* LAST fragments, DDL: what the source changed, in the form that capture chose; control: that
                             of seq */
    struct span cut;      /* cut_put form; empty: as before */
    struct span position; /* control records: position_put form: all that was read, skipped included */
    struct span before;   /* control records: position_put form: a dump from here sends the transaction of seq again */
    struct span region;   /* EPOCH: the source's name in the pair; DATA: empty */
    struct span xid;      /* held bodies and XA_END: XID as in the binlog */
    struct span act;      /* RESUME: act_put form; empty: nobody acted */
    struct span permits;  /* RESUME: permits_put form: what stands by an operator's word; empty: nothing */
    struct span behind;   /* HEARTBEAT: record_put_behind form; empty: not at all, or not told */
    struct span session;  /* DDL: ddl_session_put form; empty: of a release that did not tell it */
    struct span body;     /* DATA: items, see record_items; DDL: see struct ddl */
    uint32_t crc;         /* set by record_read: tells a repeated record from a different one */
};

/* chain of a transaction: hash64 of its gtid_put bytes, seeded by the chain before. Chains begin at 0. */
uint64_t chain_next(uint64_t chain, const struct gtid *gtid);

/* Append the record's bytes to out. DDL and XA_END are whole by nature: RECORD_FIRST and RECORD_LAST are set for them.
 * A DATA record has RECORD_FIRST if and only if it is fragment 0. */
void record_write(const struct record *rec, struct buf *out);
/* ERR_FATAL (69) with what is wrong when the bytes are no record of a version that we know. */
MUST_CHECK int record_read(struct record *out, struct span bytes, struct err *err);
/* By how much the writer had not read yet what the source had committed, in µs; read: 0 where it is not told. */
void record_put_behind(uint64_t us, struct buf *out);
uint64_t record_behind_us(const struct record *rec);
/* "data", "ddl", …: for messages and tools. */
const char *record_kind_name(enum record_kind k);

/* ---- the body of a DATA record: definitions and rows, in source order ---- */

enum rows_op { ROWS_INSERT = 1, ROWS_UPDATE = 2, ROWS_DELETE = 3 };
const char *rows_op_name(enum rows_op op);

enum rows_flags {
    ROWS_STMT_END = 1,
    ROWS_NO_FOREIGN_KEY_CHECKS = 2,
    ROWS_NO_UNIQUE_CHECKS = 4, /* RELAXED_UNIQUE_CHECKS of the event */
};

/* Rows of one table by one operation: image bytes as in a rows event, after its column bitmaps. */
struct rows {
    const struct table_def *table;
    enum rows_op op;
    uint16_t flags;     /* enum rows_flags */
    uint32_t count;     /* rows; an update's before and after image are one row */
    struct span images; /* UPDATE: before, after, before, after … */
    /* Bitmaps of columns in the images, NULL for all. In a stream, what is not there is computed by the source. */
    const uint8_t *present_before;
    const uint8_t *present_after;
};

/* Of rows whose two images have the same columns: the bitmap of these, or NULL for all. */
static inline const uint8_t *rows_columns(const struct rows *r)
{
    return r->op == ROWS_DELETE ? r->present_before : r->present_after;
}

/* Definitions already in the body under construction; they must outlive it. Zeroed is valid; body_start begins each
 * body. Kept for a writer's life: the bytes of each definition are made once. */
struct body_writer {
    struct buf *out;
    const struct table_def **tables;
    size_t count;
    size_t cap;
    struct map written; /* 8 bytes of fingerprint -> struct span *, the definition's bytes */
    struct arena arena;
};

void body_start(struct body_writer *w, struct buf *out);
/* Append rows (one at least); the definition goes before them when it is not in this body yet. `images` is copied. */
void body_put_rows(struct body_writer *w, const struct rows *rows);
void body_free(struct body_writer *w); /* the writer's own memory, not out */

/* Parsed definitions by fingerprint and length, kept for a reader's life: each is parsed once. Not shared between
 * threads. */
struct table_cache {
    struct map tables; /* 8 bytes of fingerprint, 8 of length -> struct table_def * */
    struct arena arena;
};
void table_cache_free(struct table_cache *c);

/* Walk a body. Start with record_items(); body_next gives 1 and the next rows, 0 at the end, -1 when malformed (fatal,
 * 69). The rows' images are checked to hold `count` whole rows and nothing more; table pointers live as long as the
 * cache. */
struct body_reader {
    struct bytes r;
    struct table_cache *cache;
    const struct table_def **tables; /* of this body; in `arena` */
    size_t count;
    size_t cap;
    struct arena *arena;
};
void body_open(struct body_reader *b, struct span body, struct table_cache *cache, struct arena *arena);
MUST_CHECK int body_next(struct body_reader *b, struct rows *out, struct err *err);

/* ---- the body of a DDL record ---- */

enum ddl_class { DDL_OTHER = 0, DDL_CREATE, DDL_ALTER, DDL_RENAME, DDL_DROP, DDL_TRUNCATE };
const char *ddl_class_name(enum ddl_class c);

struct ddl_table {
    struct span db; /* empty: the statement's default database */
    struct span name;
};

struct ddl {
    enum ddl_class class;
    struct span db;   /* default database of the session */
    struct span text; /* in the session's character set */
    uint64_t sql_mode;
    uint16_t charset_client;
    uint16_t collation_connection;
    uint16_t collation_server;
    struct ddl_table *tables; /* that it names, in order; in the arena on reading */
    size_t table_count;
    /* The rest of the session, apart from the body. */
    uint64_t at_us;        /* when it began, µs since 1970: what NOW() is for it; 0: not told */
    bool no_foreign_keys;  /* foreign_key_checks was off */
    bool no_unique_checks; /* unique_checks likewise */
    struct span time_zone; /* of the session, where the statement depends on it; empty: not told */
};

void ddl_put(const struct ddl *d, struct buf *out);
MUST_CHECK int ddl_read(struct ddl *out, struct span body, struct arena *a, struct err *err);
/* What ddl_put leaves out, for the record's field `session`. Reading fills that part of `d`; what later releases add
 * behind it is passed over. */
void ddl_session_put(const struct ddl *d, struct buf *out);
MUST_CHECK int ddl_session_read(struct ddl *d, struct span session, struct err *err);

#endif
