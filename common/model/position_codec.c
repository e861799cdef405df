/* Positions as text, the way the servers write them, and as bytes for the wire. */
#include "common/model/gtid_text.h"
#include "common/model/position.h"

static void put_source_text(const struct position_source *s, bool same_uuid, struct buf *out)
{
    if (!same_uuid) {
        char uuid[GTID_UUID_TEXT_LEN];
        gtid_uuid_text(uuid, s->uuid);
        buf_put_str(out, uuid);
    }
    if (s->tag[0])
        buf_printf(out, ":%s", s->tag);
    for (size_t i = 0; i < s->count; i++) {
        const struct position_interval *v = &s->intervals[i];
        buf_printf(out, ":%llu", (unsigned long long)v->first);
        if (v->last > v->first)
            buf_printf(out, "-%llu", (unsigned long long)v->last);
    }
}

void position_put_text(const struct position *p, struct buf *out)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->flavor == FLAVOR_MARIADB) {
            char text[GTID_TEXT_LEN];
            struct gtid g = {.flavor = FLAVOR_MARIADB, .maria = p->domains[i]};
            buf_printf(out, "%s%s", i ? "," : "", gtid_text(text, &g));
        } else {
            bool same_uuid = i > 0 && memcmp(p->sources[i].uuid, p->sources[i - 1].uuid, 16) == 0;
            if (i > 0 && !same_uuid)
                buf_put_u8(out, ',');
            put_source_text(&p->sources[i], same_uuid, out);
        }
    }
}

static void skip_space(struct bytes *r)
{
    while (bytes_left(r) > 0 && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
        r->p++;
}

/* One ":first[-last]". */
static bool take_interval(struct bytes *r, struct position *out, const uint8_t uuid[16], const char *tag)
{
    uint64_t first, last;
    if (!gtid_take_number(r, &first, GTID_GNO_MAX) || first == 0)
        return false;
    last = first;
    skip_space(r);
    if (gtid_take_char(r, '-')) {
        skip_space(r);
        if (!gtid_take_number(r, &last, GTID_GNO_MAX) || last < first)
            return false;
    }
    position_add_interval(out, uuid, tag, first, last);
    return true;
}

/* uuid, then intervals and tags in any order; a tag is for the intervals that follow it. */
static bool take_source(struct bytes *r, struct position *out)
{
    uint8_t uuid[16];
    char tag[GTID_TAG_MAX + 1] = "";
    bool open = true; /* an interval must follow */
    if (!gtid_take_uuid(r, uuid))
        return false;
    for (skip_space(r); gtid_take_char(r, ':'); skip_space(r)) {
        skip_space(r);
        bool number = bytes_left(r) > 0 && *r->p >= '0' && *r->p <= '9';
        if (number ? !take_interval(r, out, uuid, tag) : (open && tag[0]) || !gtid_take_tag(r, tag))
            return false;
        open = !number;
    }
    return !open;
}

static bool take_domain(struct bytes *r, struct position *out)
{
    struct gtid g = {.flavor = FLAVOR_MARIADB};
    size_t before = out->count;
    if (!gtid_take_maria(r, &g.maria))
        return false;
    position_add(out, &g);
    return out->count > before; /* a domain twice is contradictory */
}

int position_parse(struct position *out, enum flavor flavor, struct span text, struct err *err)
{
    struct bytes r = bytes_of(text);
    position_free(out);
    position_init(out, flavor);
    bool good = flavor != FLAVOR_NONE;
    skip_space(&r);
    while (good && bytes_left(&r) > 0) {
        good = flavor == FLAVOR_MARIADB ? take_domain(&r, out) : take_source(&r, out);
        skip_space(&r);
        if (good && bytes_left(&r) > 0) {
            good = gtid_take_char(&r, ',');
            skip_space(&r);
            /* The servers themselves end a set with a comma in places. */
            good = good && (bytes_left(&r) > 0 || flavor == FLAVOR_MYSQL);
        }
    }
    if (good)
        return 0;
    position_free(out);
    position_init(out, flavor);
    return err_data(err, "'%.*s' is no GTID position of a %s server: expected %s", text.n > 200 ? 200 : (int)text.n,
                    (const char *)text.p, flavor_name(flavor),
                    flavor == FLAVOR_MYSQL ? "uuid:first-last[:first-last...],..."
                                           : "domain-server-seq,... with each domain once");
}

/* ---- wire ---- */

/* Each interval as the distance from the last number of the one before (at least 2, from 0 at least 1) and its length
 * less one. */
static void put_source(const struct position_source *s, struct buf *out)
{
    uint64_t before = 0;
    buf_put(out, s->uuid, sizeof s->uuid);
    gtid_put_tag(s->tag, out);
    buf_put_varint(out, s->count);
    for (size_t i = 0; i < s->count; i++) {
        buf_put_varint(out, s->intervals[i].first - before);
        buf_put_varint(out, s->intervals[i].last - s->intervals[i].first);
        before = s->intervals[i].last;
    }
}

void position_put(const struct position *p, struct buf *out)
{
    buf_put_u8(out, (uint8_t)p->flavor);
    buf_put_varint(out, p->count);
    for (size_t i = 0; i < p->count; i++) {
        if (p->flavor == FLAVOR_MARIADB) {
            buf_put_varint(out, p->domains[i].domain);
            buf_put_varint(out, p->domains[i].server);
            buf_put_varint(out, p->domains[i].seq);
        } else {
            put_source(&p->sources[i], out);
        }
    }
}

static void read_domain(struct position *out, struct bytes *r)
{
    struct gtid g = {.flavor = FLAVOR_MARIADB};
    gtid_read_maria(&g.maria, r);
    if (out->count > 0 && g.maria.domain <= out->domains[out->count - 1].domain)
        bytes_fail(r);
    if (!r->bad)
        position_add(out, &g);
}

/* Greater than the newest source of `out`? */
static bool source_follows(const struct position *out, const uint8_t uuid[16], const char *tag)
{
    if (out->count == 0)
        return true;
    const struct position_source *newest = &out->sources[out->count - 1];
    int c = memcmp(uuid, newest->uuid, 16);
    return c > 0 || (c == 0 && strcmp(tag, newest->tag) > 0);
}

static void read_source(struct position *out, struct bytes *r)
{
    char tag[GTID_TAG_MAX + 1];
    struct span uuid = bytes_take(r, 16);
    gtid_read_tag(tag, r);
    uint64_t count = bytes_varint(r), before = 0;
    if (r->bad || count == 0 || !source_follows(out, uuid.p, tag))
        bytes_fail(r);
    for (uint64_t i = 0; i < count && !r->bad; i++) {
        uint64_t gap = bytes_varint(r), more = bytes_varint(r), first = 0, last = 0;
        if (gap < (i ? 2 : 1) || __builtin_add_overflow(before, gap, &first) ||
            __builtin_add_overflow(first, more, &last) || last > GTID_GNO_MAX)
            bytes_fail(r);
        if (!r->bad)
            position_add_interval(out, uuid.p, tag, first, last);
        before = last;
    }
}

void position_read(struct position *out, struct bytes *r)
{
    position_free(out);
    uint8_t flavor = bytes_u8(r);
    uint64_t count = bytes_varint(r);
    if (flavor > FLAVOR_MYSQL || (flavor == FLAVOR_NONE && count > 0))
        bytes_fail(r);
    out->flavor = (enum flavor)flavor;
    /* A count beyond the bytes ends at the first that is missing. */
    for (uint64_t i = 0; i < count && !r->bad; i++) {
        if (flavor == FLAVOR_MARIADB)
            read_domain(out, r);
        else
            read_source(out, r);
    }
    if (r->bad)
        position_free(out);
}
