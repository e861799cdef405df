/* Readers of the events that steer a dump: where to go on, and what has been executed. */
#include "common/binlog/event_control.h"

#include "common/binlog/gtid_set.h"

#define FIRST_POSITION 4
#define ROTATE_FIXED_LEN 8
#define GTID_LIST_ENTRY_LEN 16
#define GTID_LIST_COUNT_MASK 0x0fffffffu
#define FILE_NAME_MAX 512

int event_read_rotate(struct event_place *out, const struct event *e, const struct event_format *f, struct err *err)
{
    struct bytes r = bytes_of(e->body);
    size_t fixed = event_fixed_len(f, EVENT_ROTATE, ROTATE_FIXED_LEN);
    out->position = bytes_u64(&r);
    bytes_skip(&r, fixed > ROTATE_FIXED_LEN ? fixed - ROTATE_FIXED_LEN : 0);
    if (out->position < FIRST_POSITION)
        out->position = FIRST_POSITION;
    out->file = bytes_take(&r, bytes_left(&r));
    if (r.bad || out->file.n == 0 || out->file.n > FILE_NAME_MAX)
        return event_malformed(e, "no file name", err);
    return 0;
}

/* The second form is a list of numbered fields, so that it can grow; unknown ones are skipped. */
static int read_heartbeat_v2(struct event_place *out, const struct event *e, struct err *err)
{
    enum { FIELD_END = 0, FIELD_FILE = 1, FIELD_POSITION = 2 };
    struct bytes r = bytes_of(e->body);
    while (bytes_left(&r) > 0) {
        uint64_t type = bytes_lenenc(&r);
        if (type == FIELD_END)
            break;
        uint64_t n = bytes_lenenc(&r);
        struct span value = bytes_take(&r, n <= bytes_left(&r) ? (size_t)n : SIZE_MAX);
        struct bytes v = bytes_of(value);
        if (type == FIELD_FILE)
            out->file = value;
        else if (type == FIELD_POSITION)
            out->position = bytes_lenenc(&v);
        if (v.bad)
            bytes_fail(&r);
    }
    if (r.bad || out->file.n > FILE_NAME_MAX)
        return event_malformed(e, "a field", err);
    return 0;
}

int event_read_heartbeat(struct event_place *out, const struct event *e, struct err *err)
{
    struct bytes r = bytes_of(e->body);
    *out = (struct event_place){
        {NULL, 0},
        e->next_pos
    };
    if (e->type == EVENT_HEARTBEAT_V2)
        return read_heartbeat_v2(out, e, err);
    if (e->next_pos == 0) /* beyond 4 GiB the position stands in the body */
        out->position = bytes_u64(&r);
    out->file = bytes_take(&r, bytes_left(&r));
    if (r.bad || out->file.n > FILE_NAME_MAX)
        return event_malformed(e, "no position", err);
    return 0;
}

int event_read_gtid_list(struct position *out, const struct event *e, struct err *err)
{
    struct bytes r = bytes_of(e->body);
    uint32_t count = bytes_u32(&r) & GTID_LIST_COUNT_MASK;
    position_free(out);
    position_init(out, FLAVOR_MARIADB);
    if (r.bad || count > bytes_left(&r) / GTID_LIST_ENTRY_LEN)
        return event_malformed(e, "more GTIDs announced than there are", err);
    for (uint32_t i = 0; i < count; i++) {
        struct gtid g = {.flavor = FLAVOR_MARIADB};
        g.maria.domain = bytes_u32(&r);
        g.maria.server = bytes_u32(&r);
        g.maria.seq = bytes_u64(&r);
        /* A domain has one entry a server; its newest is the last one. */
        position_add(out, &g);
    }
    return 0;
}

int event_read_previous_gtids(struct position *out, const struct event *e, struct err *err)
{
    struct bytes r = bytes_of(e->body);
    gtid_set_read(out, &r);
    return r.bad ? event_malformed(e, "a GTID set", err) : 0;
}

int event_read_xid(uint64_t *out, const struct event *e, const struct event_format *f, struct err *err)
{
    struct bytes r = bytes_of(e->body);
    bytes_skip(&r, f->fixed_len[EVENT_XID]);
    *out = bytes_u64(&r);
    return r.bad ? event_malformed(e, "no number", err) : 0;
}
