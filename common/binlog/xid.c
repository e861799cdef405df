/* XA names: canonical form, and their shape in the statements that servers log. */
#include "common/binlog/xid.h"

#include <inttypes.h>
#include <strings.h>

#define PART_MAX 64

struct span xid_read(struct bytes *r)
{
    const uint8_t *start = r->p;
    bytes_skip(r, 4);
    uint8_t gtrid = bytes_u8(r);
    uint8_t bqual = bytes_u8(r);
    if (gtrid > PART_MAX || bqual > PART_MAX)
        bytes_fail(r);
    bytes_skip(r, (size_t)gtrid + bqual);
    return r->bad ? (struct span){NULL, 0} : span_of(start, (size_t)(r->p - start));
}

void xid_put(struct buf *out, int32_t format_id, struct span gtrid, struct span bqual)
{
    buf_put_le(out, (uint32_t)format_id, 4);
    buf_put_u8(out, (uint8_t)gtrid.n);
    buf_put_u8(out, (uint8_t)bqual.n);
    buf_put_span(out, gtrid);
    buf_put_span(out, bqual);
}

static void skip_blanks(struct bytes *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
        r->p++;
}

static bool take_word(struct bytes *r, const char *word)
{
    size_t n = strlen(word);
    skip_blanks(r);
    if (bytes_left(r) < n || strncasecmp((const char *)r->p, word, n) != 0)
        return false;
    r->p += n;
    return true;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* X'6162' or 0x6162 into part[64]; -1 when it is neither. */
static int take_hex(uint8_t part[PART_MAX], struct bytes *r)
{
    bool quoted = take_word(r, "X'");
    if (!quoted && !take_word(r, "0x"))
        return -1;
    int n = 0;
    while (bytes_left(r) >= 2 && hex_digit(r->p[0]) >= 0 && hex_digit(r->p[1]) >= 0) {
        if (n == PART_MAX)
            return -1;
        part[n++] = (uint8_t)(hex_digit(r->p[0]) << 4 | hex_digit(r->p[1]));
        r->p += 2;
    }
    return quoted && bytes_u8(r) != '\'' ? -1 : n;
}

/* A decimal number; false when there is none or it does not fit an XID's format id (-1 … 2^31-1, written unsigned by
 * some). */
static bool take_number(int32_t *out, struct bytes *r)
{
    skip_blanks(r);
    bool negative = bytes_left(r) > 0 && *r->p == '-';
    if (negative)
        r->p++;
    int64_t v = 0;
    const uint8_t *start = r->p;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9' && r->p - start < 11)
        v = v * 10 + (*r->p++ - '0');
    if (r->p == start || v > UINT32_MAX)
        return false;
    *out = (int32_t)(uint32_t)(negative ? -v : v);
    return true;
}

bool xid_from_statement(struct buf *out, struct span sql)
{
    static const char *const verbs[] = {"START", "BEGIN", "END", "PREPARE", "COMMIT", "ROLLBACK"};
    struct bytes r = bytes_of(sql);
    if (!take_word(&r, "XA"))
        return false;
    bool known = false;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0] && !known; i++)
        known = take_word(&r, verbs[i]);
    uint8_t gtrid[PART_MAX], bqual[PART_MAX];
    int gtrid_len = known ? take_hex(gtrid, &r) : -1;
    int bqual_len = 0;
    int32_t format_id = 1;
    if (gtrid_len < 0)
        return false;
    if (take_word(&r, ",") && (bqual_len = take_hex(bqual, &r)) < 0)
        return false;
    if (take_word(&r, ",") && !take_number(&format_id, &r))
        return false;
    xid_put(out, format_id, span_of(gtrid, (size_t)gtrid_len), span_of(bqual, (size_t)bqual_len));
    return true;
}

void xid_put_text(struct buf *out, struct span xid)
{
    struct bytes r = bytes_of(xid);
    int32_t format_id = (int32_t)bytes_u32(&r);
    size_t gtrid = bytes_u8(&r);
    size_t bqual = bytes_u8(&r);
    buf_put_str(out, "X'");
    buf_put_hex(out, bytes_take(&r, gtrid));
    buf_put_str(out, "',X'");
    buf_put_hex(out, bytes_take(&r, bqual));
    buf_printf(out, "',%" PRId32, format_id);
}
