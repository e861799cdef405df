/* What the assembler knows between events, shared by its parts (assemble*.c) and by nobody else. */
#ifndef DRC_BINLOG_ASSEMBLE_STATE_H
#define DRC_BINLOG_ASSEMBLE_STATE_H

#include "common/base/map.h"
#include "common/binlog/assemble.h"
#include "common/binlog/payload.h"

#define MEMO_COUNT 64 /* a power of two */

enum group_state {
    GROUP_NONE,   /* between groups */
    GROUP_SINGLE, /* a GTID was read: one statement, or the BEGIN of more */
    GROUP_INSIDE, /* rows may come */
};

/* A definition that was parsed, and the bytes that it came from. */
struct definition {
    struct span bytes;
    const struct table_def *table;
    uint8_t *computed; /* bitmap of columns: the source computes the others; NULL: nobody has been asked */
};

struct mapped_table {
    uint64_t id;
    struct definition *definition;
};

struct assembler {
    const struct filter *limit; /* NULL: every table matters */
    bool take_nameless;
    bool take_lacking;
    bool tell_statements;
    assembler_computed *computed; /* NULL: nobody to ask */
    void *computed_context;
    struct assembler_place {
        char *file;
        uint64_t offset;
    } * skips; /* events to be passed over */
    size_t skip_count;

    struct event_format format;
    struct event_format inner; /* the same without checksums, for events inside a payload */
    char file[513];
    uint64_t offset; /* of the event at hand; 0 when artificial */
    uint64_t end;

    struct event event; /* at hand */
    bool pending;       /* it was fed and not looked at yet */
    bool again;         /* it gives another item */
    struct payload *payload;
    bool in_payload;
    enum item_kind finish; /* the item by which the group ends, to be given next; 0: none */

    enum group_state group;
    struct event_gtid gtid; /* of the open group; its xid is not kept */
    struct buf xid;         /* of the open group, canonical; empty: not known */
    struct arena names;     /* of savepoints */
    struct span *savepoints;
    size_t savepoint_count;
    size_t savepoint_cap;

    struct mapped_table *mapped; /* of the open statement */
    size_t mapped_count;
    size_t mapped_cap;
    struct mapped_table memo[MEMO_COUNT]; /* by id: spares hashing the definition that an id had before */
    struct map definitions;               /* 8 bytes of hash -> struct definition * */
    struct arena definition_arena;
    uint64_t generation;

    struct buf scratch;   /* what an event's compressed part holds, or what its rows are made of */
    struct arena partial; /* of a row of a PARTIAL_UPDATE_ROWS event */
    struct arena ddl;     /* of the item at hand */
    struct position gtids;
    struct assembler_counts counts;
};

/* One handler an event type: 1 with an item (kind and union are set; the rest is done by the caller), 0 without, -1. */
typedef int assembler_handler(struct assembler *a, const struct event *e, struct item *out, struct err *err);

assembler_handler assemble_format, assemble_rotate, assemble_heartbeat, assemble_gtid_list, assemble_previous_gtids;
assembler_handler assemble_gtid_mariadb, assemble_gtid_mysql, assemble_gtid_tagged;
assembler_handler assemble_query, assemble_xid, assemble_xa_prepare;
assembler_handler assemble_table_map, assemble_rows;

/* Is the event at hand one that assembler_skip names? Then it counts as passed over. */
bool assemble_passes(struct assembler *a);
/* An event that stops us, but could be passed over: 0 when it shall be, else -1 with err marked. */
int assemble_stop_at(struct assembler *a, struct err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The open statement's tables are forgotten. */
void assemble_statement_end(struct assembler *a);
/* The open group is over. */
void assemble_group_end(struct assembler *a);
/* Between groups: forget definitions when they have become very many. */
void assemble_trim_definitions(struct assembler *a);

#endif
