/* The assembler: raw binlog events in, a flat sequence of items out: what a reader of a source's history acts on.
 *
 * Every group of the binlog (a transaction, a DDL statement, an XA step) gives
 *     BEGIN (ROWS | DDL | SAVEPOINT | ROLLBACK_TO)* (COMMIT | ROLLBACK | XA_PREPARE | XA_COMMIT | XA_ROLLBACK)
 * and between groups come FORMAT, ROTATE, HEARTBEAT and GTIDS. Nothing is kept of a transaction, so memory is bounded
 * by the largest event. Loop of a user: while (source gives raw) { assembler_feed(raw); while ((rc =
 * assembler_next(&item)) == 1) act on item; } One assembler belongs to one thread. All errors are fatal (69) and begin
 * with "file:offset: ". */
#ifndef DRC_BINLOG_ASSEMBLE_H
#define DRC_BINLOG_ASSEMBLE_H

#include "common/binlog/event_gtid.h"
#include "common/model/filter.h"
#include "common/model/position.h"
#include "common/model/record.h"

enum item_kind {
    ITEM_FORMAT = 1, /* a file's format description; also when a dump starts */
    ITEM_ROTATE,     /* the file that the next events are in */
    ITEM_HEARTBEAT,  /* the source has nothing new */
    ITEM_GTIDS,      /* what was executed before this file */
    ITEM_BEGIN,      /* a group begins */
    ITEM_ROWS,       /* rows of one table in it */
    ITEM_XA_START,   /* the group that began is the body of an XA transaction, where its BEGIN did not say so */
    ITEM_DDL, /* a statement that is not about rows; alone in its group, but for CREATE TABLE … SELECT, whose rows
                 follow */
    ITEM_STATEMENT,   /* what made the rows that follow, as it was sent to the server; only where it is asked for */
    ITEM_SAVEPOINT,   /* remember this point of the group under its number */
    ITEM_ROLLBACK_TO, /* everything since the point of that number is undone; the point stays */
    ITEM_COMMIT,      /* the group takes effect */
    ITEM_ROLLBACK,    /* it does not: everything since BEGIN is void */
    ITEM_XA_PREPARE,  /* it waits for the XA_COMMIT of the same XID */
    ITEM_XA_COMMIT,   /* the body prepared earlier under this XID takes effect now; no rows in this group */
    ITEM_XA_ROLLBACK, /* or never */
};
/* err->code of an error that is about one event by itself: the history can be read on behind it. */
#define ASSEMBLER_SKIPPABLE 1

#define ITEM_KIND_COUNT (ITEM_XA_ROLLBACK + 1)

/* Where an item's event stands, for messages: an event inside a payload is where the payload is. */
struct binlog_where {
    const char *file; /* "" until known */
    uint64_t offset;  /* its first byte; 0 for artificial events */
    uint64_t end;     /* the byte after it */
};

struct item_begin {
    struct event_gtid group; /* GTID, flags, commit time, XID */
    uint32_t server_id;      /* of the server that made it, or that the session claimed to be */
};

struct item_place {
    struct span file;
    uint64_t position;
    bool artificial;
};

struct item_commit {
    uint64_t xid;   /* the engine's number, 0 when it ended by a COMMIT statement or has none */
    bool one_phase; /* an XA transaction committed in one phase: what XA_START said does not hold */
};

/* Spans and pointers are valid until the next assembler_feed or assembler_next, but for table definitions: see
 * assembler_generation. */
struct item {
    enum item_kind kind;
    uint32_t timestamp; /* of the event's header */
    struct binlog_where where;
    union {
        const struct event_format *format;
        struct item_place place;      /* ROTATE, HEARTBEAT */
        const struct position *gtids; /* GTIDS */
        struct item_begin begin;
        struct rows rows; /* every cell walked; flags as of enum rows_flags; columns may lack as assembler_ask says */
        struct ddl ddl;
        uint32_t savepoint; /* SAVEPOINT, ROLLBACK_TO: small number, given again when the same name is set again */
        struct item_commit commit;
        struct span statement; /* in the character set of its session */
        struct span xid;       /* XA_*, canonical form of xid.h */
    };
};

struct assembler_counts {
    uint64_t events;
    uint64_t bytes;
    uint64_t rows;        /* an update counts once */
    uint64_t groups;      /* BEGINs */
    uint64_t ignored;     /* events of unknown type that were marked ignorable */
    uint64_t skipped;     /* events passed over by assembler_skip */
    uint64_t maps;        /* TABLE_MAPs */
    uint64_t maps_parsed; /* of them, not found among the definitions already parsed */
};

struct assembler;

struct assembler *assembler_new(void);
void assembler_free(struct assembler **a);

/* Give rows of tables whose TABLE_MAP lacks the column names (struct table_def's nameless) instead of failing. */
void assembler_take_nameless(struct assembler *a);
/* Rows that are not whole, or that cannot be read, are passed over instead of failing where they are of a table that is
 * neither among these nor drc's own. Borrowed for the assembler's life. */
void assembler_limit(struct assembler *a, const struct filter *tables);
/* Give rows that lack columns, the same ones in both images, whatever these are: to who needs no more of them than that
 * they were, or shows what there is. */
void assembler_take_lacking(struct assembler *a);
/* Rows of such a table lack the columns that are not in the bitmap `present`: does the source compute all of these, so
 * that nothing is lost? 1, 0, or -1: error. */
typedef int assembler_computed(void *context, const struct table_def *t, const uint8_t *present, struct err *err);
/* Rows that lack only such columns are given, instead of failing; of tables that matter (assembler_limit) it is asked
 * once for a definition, and again where rows lack others. Nobody to ask: no row may lack a column. */
void assembler_ask(struct assembler *a, assembler_computed *computed, void *context);
/* Pass the event at that place over, if it is one that would stop the assembler with ASSEMBLER_SKIPPABLE. */
void assembler_skip(struct assembler *a, const char *file, uint64_t offset);

/* A dump or file begins (anew): format, open group and table ids are forgotten without an item, definitions are kept.
 * `file` may be "" (the ROTATE at a dump's start says it). */
void assembler_restart(struct assembler *a, const char *file);

/* From now on give ITEM_STATEMENTs too, which servers write when they are told to (binlog_annotate_row_events,
 * binlog_rows_query_log_events). For people. */
void assembler_tell_statements(struct assembler *a);

/* Give the next raw event, as it came from the server or the file; only after assembler_next gave 0. The bytes must
 * live until it gives 0 again. Fails when its header or checksum is wrong. */
MUST_CHECK int assembler_feed(struct assembler *a, struct span raw, struct err *err);
/* 1: an item. 0: feed the next event. -1: stop. */
MUST_CHECK int assembler_next(struct assembler *a, struct item *out, struct err *err);

/* Where the event that was fed last ends; artificial ones and heartbeats leave it where it was. */
struct binlog_where assembler_where(const struct assembler *a);
/* Is a group open, so that stopping here would cut it? */
bool assembler_in_group(const struct assembler *a);
const struct assembler_counts *assembler_counts(const struct assembler *a);
/* Table definitions given in items live as long as this number stays the same. It grows, only at a BEGIN, when very
 * many definitions were seen; a user who keeps pointers between groups must compare it then. */
uint64_t assembler_generation(const struct assembler *a);

/* "BEGIN", "ROWS", …: for tools and tests. */
const char *item_kind_name(enum item_kind k);

#endif
