/* MySQL's encoding of a set of GTIDs: a count, then each uuid (and tag) with its intervals, whose ends are exclusive.
 */
#include "common/binlog/gtid_set.h"

#include <assert.h>

#define FORM_SHIFT 56 /* the count's last byte tells the form; the tagged one repeats it in the first */
#define FORM_TAGGED 1u
#define TAGGED_COUNT_MASK 0xffffffffffffu
#define INTERVAL_LEN 16

static bool has_tags(const struct position *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->sources[i].tag[0])
            return true;
    return false;
}

/* A tag's length is a variable-length integer that always fits one byte: the value is above the lowest bit. */
static void put_tag(struct buf *out, const char *tag)
{
    size_t n = strlen(tag);
    assert(n <= GTID_TAG_MAX);
    buf_put_u8(out, (uint8_t)(n * 2));
    buf_put(out, tag, n);
}

static void read_tag(char out[GTID_TAG_MAX + 1], struct bytes *r)
{
    uint8_t n = bytes_u8(r);
    if ((n & 1) || n / 2 > GTID_TAG_MAX)
        bytes_fail(r);
    struct span tag = bytes_take(r, n / 2);
    if (tag.n)
        memcpy(out, tag.p, tag.n);
}

void gtid_set_put(struct buf *out, const struct position *set)
{
    assert(set->flavor == FLAVOR_MYSQL || set->count == 0);
    bool tagged = has_tags(set);
    uint64_t form = (uint64_t)FORM_TAGGED << FORM_SHIFT | FORM_TAGGED;
    buf_put_le(out, tagged ? form | (uint64_t)set->count << 8 : set->count, 8);
    for (size_t i = 0; i < set->count; i++) {
        const struct position_source *s = &set->sources[i];
        buf_put(out, s->uuid, sizeof s->uuid);
        if (tagged)
            put_tag(out, s->tag);
        buf_put_le(out, s->count, 8);
        for (size_t k = 0; k < s->count; k++) {
            buf_put_le(out, s->intervals[k].first, 8);
            buf_put_le(out, s->intervals[k].last + 1, 8);
        }
    }
}

static void read_source(struct position *out, struct bytes *r, bool tagged)
{
    uint8_t uuid[16] = {0};
    char tag[GTID_TAG_MAX + 1] = "";
    struct span s = bytes_take(r, sizeof uuid);
    if (s.n)
        memcpy(uuid, s.p, s.n);
    if (tagged)
        read_tag(tag, r);
    uint64_t count = bytes_u64(r);
    if (count > bytes_left(r) / INTERVAL_LEN)
        bytes_fail(r);
    for (uint64_t i = 0; i < count && !r->bad; i++) {
        uint64_t first = bytes_u64(r);
        uint64_t end = bytes_u64(r);
        if (r->bad || first == 0 || end <= first || end > INT64_MAX)
            bytes_fail(r);
        else
            position_add_interval(out, uuid, tag, first, end - 1);
    }
}

void gtid_set_read(struct position *out, struct bytes *r)
{
    uint64_t count = bytes_u64(r);
    position_free(out);
    position_init(out, FLAVOR_MYSQL);
    bool tagged = count >> FORM_SHIFT == FORM_TAGGED;
    if (tagged)
        count = count >> 8 & TAGGED_COUNT_MASK;
    else if (count >> FORM_SHIFT)
        bytes_fail(r);
    for (uint64_t i = 0; i < count && !r->bad; i++)
        read_source(out, r, tagged);
}
