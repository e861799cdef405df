/* An operator's act on the wire, written and read side by side. */
#include "common/model/act.h"

#include "common/base/utf8.h"

void act_put(const struct act *a, struct buf *out)
{
    buf_put_sized(out, a->kind);
    buf_put_sized(out, a->who);
    buf_put_varint(out, a->at_us);
    buf_put_sized(out, a->why);
    buf_put_sized(out, a->details);
}

static bool is_word(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] < 'a' || s.p[i] > 'z') && s.p[i] != '-')
            return false;
    return s.n > 0;
}

static struct span read_text(struct bytes *r, size_t most)
{
    struct span s = bytes_sized(r);
    if (s.n > most || !utf8_valid(s))
        bytes_fail(r);
    return s;
}

void act_read(struct act *out, struct bytes *r)
{
    out->kind = read_text(r, ACT_KIND_MOST);
    out->who = read_text(r, ACT_WHO_MOST);
    out->at_us = bytes_varint(r);
    out->why = read_text(r, ACT_WHY_MOST);
    out->details = read_text(r, ACT_DETAILS_MOST);
    if (!is_word(out->kind) || out->details.n < 2 || out->details.p[0] != '{' || bytes_left(r) > 0)
        bytes_fail(r);
}
