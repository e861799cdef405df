/* GTIDs of both flavours: text, bytes, equality. */
#include "common/model/gtid.h"

#include <assert.h>
#include <stdio.h>

#include "common/model/gtid_text.h"

const char *flavor_name(enum flavor f)
{
    static const char *const names[] = {[FLAVOR_NONE] = "none", [FLAVOR_MARIADB] = "mariadb", [FLAVOR_MYSQL] = "mysql"};
    return (size_t)f < sizeof names / sizeof names[0] ? names[f] : "none";
}

void gtid_uuid_text(char out[GTID_UUID_TEXT_LEN], const uint8_t uuid[16])
{
    static const char digits[] = "0123456789abcdef";
    char *p = out;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = digits[uuid[i] >> 4];
        *p++ = digits[uuid[i] & 15];
    }
    *p = '\0';
}

const char *gtid_text(char out[GTID_TEXT_LEN], const struct gtid *g)
{
    char uuid[GTID_UUID_TEXT_LEN];
    out[0] = '\0';
    if (g->flavor == FLAVOR_MARIADB) {
        (void)snprintf(out, GTID_TEXT_LEN, "%u-%u-%llu", g->maria.domain, g->maria.server,
                       (unsigned long long)g->maria.seq);
    } else if (g->flavor == FLAVOR_MYSQL) {
        gtid_uuid_text(uuid, g->mysql.uuid);
        (void)snprintf(out, GTID_TEXT_LEN, "%s:%s%s%llu", uuid, g->mysql.tag, g->mysql.tag[0] ? ":" : "",
                       (unsigned long long)g->mysql.gno);
    }
    return out;
}

bool gtid_take_char(struct bytes *r, char c)
{
    if (bytes_left(r) == 0 || *r->p != (uint8_t)c)
        return false;
    r->p++;
    return true;
}

bool gtid_take_number(struct bytes *r, uint64_t *out, uint64_t max)
{
    uint64_t v = 0;
    const uint8_t *start = r->p;
    for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
        uint64_t digit = (uint64_t)(*r->p - '0');
        if (v > (max - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return r->p > start && v <= max;
}

bool gtid_take_maria(struct bytes *r, struct gtid_mariadb *out)
{
    uint64_t domain, server, seq;
    if (!gtid_take_number(r, &domain, UINT32_MAX) || !gtid_take_char(r, '-') ||
        !gtid_take_number(r, &server, UINT32_MAX) || !gtid_take_char(r, '-') || !gtid_take_number(r, &seq, UINT64_MAX))
        return false;
    *out = (struct gtid_mariadb){(uint32_t)domain, (uint32_t)server, seq};
    return true;
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool gtid_take_uuid(struct bytes *r, uint8_t out[16])
{
    for (size_t i = 0; i < 16; i++) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && !gtid_take_char(r, '-'))
            return false;
        struct span pair = bytes_take(r, 2);
        if (pair.n != 2 || hex_value(pair.p[0]) < 0 || hex_value(pair.p[1]) < 0)
            return false;
        out[i] = (uint8_t)(hex_value(pair.p[0]) << 4 | hex_value(pair.p[1]));
    }
    return true;
}

/* First a letter or underscore, then digits as well. */
static bool is_tag_char(uint8_t c, size_t at)
{
    return (c >= 'a' && c <= 'z') || c == '_' || (at > 0 && c >= '0' && c <= '9');
}

bool gtid_take_tag(struct bytes *r, char out[GTID_TAG_MAX + 1])
{
    size_t n = 0;
    memset(out, 0, GTID_TAG_MAX + 1);
    for (; r->p < r->end; r->p++, n++) {
        uint8_t c = *r->p >= 'A' && *r->p <= 'Z' ? *r->p | 0x20 : *r->p;
        if (!is_tag_char(c, n))
            break;
        if (n == GTID_TAG_MAX)
            return false;
        out[n] = (char)c;
    }
    return n > 0;
}

static bool take_mysql(struct bytes *r, struct gtid_mysql *out)
{
    *out = (struct gtid_mysql){0};
    if (!gtid_take_uuid(r, out->uuid) || !gtid_take_char(r, ':'))
        return false;
    if (bytes_left(r) > 0 && !(*r->p >= '0' && *r->p <= '9')) {
        if (!gtid_take_tag(r, out->tag) || !gtid_take_char(r, ':'))
            return false;
    }
    return gtid_take_number(r, &out->gno, GTID_GNO_MAX) && out->gno > 0;
}

int gtid_parse(struct gtid *out, enum flavor flavor, struct span text, struct err *err)
{
    struct bytes r = bytes_of(text);
    int shown = text.n > 100 ? 100 : (int)text.n;
    *out = (struct gtid){.flavor = flavor};
    bool good = flavor == FLAVOR_MARIADB ? gtid_take_maria(&r, &out->maria)
                : flavor == FLAVOR_MYSQL ? take_mysql(&r, &out->mysql)
                                         : false;
    if (good && bytes_left(&r) == 0)
        return 0;
    *out = (struct gtid){0};
    return err_data(err, "'%.*s' is no GTID of a %s server: expected %s", shown, (const char *)text.p,
                    flavor_name(flavor),
                    flavor == FLAVOR_MYSQL ? "uuid:number or uuid:tag:number" : "domain-server-seq");
}

bool gtid_eq(const struct gtid *a, const struct gtid *b)
{
    if (a->flavor != b->flavor)
        return false;
    if (a->flavor == FLAVOR_MARIADB)
        return a->maria.domain == b->maria.domain && a->maria.server == b->maria.server && a->maria.seq == b->maria.seq;
    if (a->flavor == FLAVOR_MYSQL)
        return a->mysql.gno == b->mysql.gno && memcmp(a->mysql.uuid, b->mysql.uuid, sizeof a->mysql.uuid) == 0 &&
               strcmp(a->mysql.tag, b->mysql.tag) == 0;
    return true;
}

void gtid_put_tag(const char *tag, struct buf *out)
{
    buf_put_sized(out, span_str(tag));
}

void gtid_read_tag(char out[GTID_TAG_MAX + 1], struct bytes *r)
{
    struct span tag = bytes_sized(r);
    memset(out, 0, GTID_TAG_MAX + 1);
    bool good = tag.n <= GTID_TAG_MAX;
    for (size_t i = 0; good && i < tag.n; i++) {
        good = is_tag_char(tag.p[i], i);
        out[i] = (char)tag.p[i];
    }
    if (!good) {
        memset(out, 0, GTID_TAG_MAX + 1);
        bytes_fail(r);
    }
}

void gtid_put(const struct gtid *g, struct buf *out)
{
    buf_put_u8(out, (uint8_t)g->flavor);
    if (g->flavor == FLAVOR_MARIADB) {
        buf_put_varint(out, g->maria.domain);
        buf_put_varint(out, g->maria.server);
        buf_put_varint(out, g->maria.seq);
    } else if (g->flavor == FLAVOR_MYSQL) {
        buf_put(out, g->mysql.uuid, sizeof g->mysql.uuid);
        gtid_put_tag(g->mysql.tag, out);
        buf_put_varint(out, g->mysql.gno);
    }
}

void gtid_read_maria(struct gtid_mariadb *out, struct bytes *r)
{
    uint64_t domain = bytes_varint(r);
    uint64_t server = bytes_varint(r);
    uint64_t seq = bytes_varint(r);
    if (domain > UINT32_MAX || server > UINT32_MAX)
        bytes_fail(r);
    *out = (struct gtid_mariadb){(uint32_t)domain, (uint32_t)server, seq};
}

void gtid_read(struct gtid *out, struct bytes *r)
{
    uint8_t flavor = bytes_u8(r);
    *out = (struct gtid){.flavor = (enum flavor)flavor};
    if (flavor == FLAVOR_MARIADB) {
        gtid_read_maria(&out->maria, r);
    } else if (flavor == FLAVOR_MYSQL) {
        struct span uuid = bytes_take(r, sizeof out->mysql.uuid);
        if (uuid.n > 0)
            memcpy(out->mysql.uuid, uuid.p, uuid.n);
        gtid_read_tag(out->mysql.tag, r);
        out->mysql.gno = bytes_varint(r);
        if (out->mysql.gno == 0 || out->mysql.gno > GTID_GNO_MAX)
            bytes_fail(r);
    } else if (flavor != FLAVOR_NONE) {
        bytes_fail(r);
    }
    if (r->bad)
        *out = (struct gtid){0};
}
