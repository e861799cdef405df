/* Cells of texts and bytes, made those of another column: lengths, character sets, JSON, UUID and addresses, VECTOR. */
#include <arpa/inet.h>
#include <ctype.h>

#include "common/model/charset.h"
#include "common/model/collation.h"
#include "common/model/column_type.h"
#include "common/model/compressed.h"
#include "common/model/json_binary.h"
#include "common/model/json_text.h"
#include "common/target/cell_encode.h"
#include "common/target/convert_cell.h"

#define UUID_BYTES 16

static bool fail(const char **why, const char *phrase)
{
    *why = phrase;
    return false;
}

static bool is_compressed(const struct column *c)
{
    return c->type == COLUMN_VARCHAR_COMPRESSED || c->type == COLUMN_BLOB_COMPRESSED;
}

static bool is_binary(const struct column *c)
{
    return c->collation == COLLATION_BINARY || c->collation == COLLATION_NONE;
}

static uint64_t capacity(const struct column *c)
{
    if (column_info(c)->rule == CELL_BLOB)
        return ((uint64_t)1 << (8 * c->meta)) - 1 - (c->type == COLUMN_BLOB_COMPRESSED ? 1 : 0);
    return c->meta - (c->type == COLUMN_VARCHAR_COMPRESSED && c->meta > 0 ? 1u : 0u);
}

/* The character set's blanks at the end, which are not part of a CHAR. */
static struct span without_blanks(struct span text, const char *charset)
{
    static const struct {
        const char *charset;
        const char *blank;
        size_t n;
    } wide[] = {
        {"ucs2",    "\0 ",     2},
        {"utf16",   "\0 ",     2},
        {"utf16le", " \0",     2},
        {"utf32",   "\0\0\0 ", 4},
        {NULL,      " ",       1}
    };
    size_t i = 0;
    while (wide[i].charset && (!charset || strcmp(wide[i].charset, charset) != 0))
        i++;
    while (text.n >= wide[i].n && memcmp(text.p + text.n - wide[i].n, wide[i].blank, wide[i].n) == 0)
        text.n -= wide[i].n;
    return text;
}

/* What the source's cell holds; `scratch` is behind it, where it is not the cell itself. */
static bool payload_of(const struct convert_pair *p, struct span cell, struct span *out, struct buf *scratch,
                       const char **why)
{
    const struct column *from = &p->from;
    struct cell v = {.data = cell};
    *out = cell_payload(from, &v);
    if (is_compressed(from)) {
        if (!compressed_unpack(*out, scratch))
            return fail(why, "it cannot be unpacked");
        *out = buf_span(scratch);
    } else if (from->type == COLUMN_STRING && is_binary(from) && out->n < from->meta) {
        buf_put_span(scratch, *out);
        memset(buf_grow(scratch, from->meta - out->n), 0, from->meta - out->n);
        *out = buf_span(scratch);
    } else if (from->type == COLUMN_STRING) {
        *out = without_blanks(*out, collation_charset(from->collation));
    }
    return true;
}

static bool put_payload(const struct convert_pair *p, struct span payload, struct buf *out, const char **why)
{
    if (payload.n > capacity(&p->to))
        return fail(why, "it is longer than the target's column");
    cell_encode_bytes(out, &p->to, payload);
    return true;
}

/* From one column's character set to the other's; bytes stay as they are. */
static bool recode(const struct convert_pair *p, struct span *text, struct buf *scratch, const char **why)
{
    const char *there = collation_charset(p->from.collation), *here = collation_charset(p->to.collation);
    if (is_binary(&p->from) || !there || !here || strcmp(there, here) == 0)
        return true;
    if (!charset_convert(scratch, charset_find(here), charset_find(there), *text))
        return fail(why, "it is malformed in its character set");
    *text = buf_span(scratch);
    return true;
}

bool convert_text(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    struct buf plain = {0}, recoded = {0};
    struct span text;
    bool good =
        payload_of(p, cell, &text, &plain, why) && recode(p, &text, &recoded, why) && put_payload(p, text, out, why);
    buf_free(&plain);
    buf_free(&recoded);
    return good;
}

/* ---- text of the target's or the source's column as UTF-8 ---- */

static bool put_utf8(const struct convert_pair *p, struct span utf8, struct buf *out, const char **why)
{
    struct buf text = {0};
    bool good = charset_convert(&text, charset_find(collation_charset(p->to.collation)), charset_find("utf8mb4"), utf8)
                    ? put_payload(p, buf_span(&text), out, why)
                    : fail(why, "it has characters that the target's column has not");
    buf_free(&text);
    return good;
}

static bool take_utf8(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    struct buf plain = {0};
    struct span text;
    bool good = payload_of(p, cell, &text, &plain, why);
    if (good &&
        !charset_convert(out, charset_find("utf8mb4"), charset_find(collation_charset(p->from.collation)), text))
        good = fail(why, "it is malformed in its character set");
    buf_free(&plain);
    return good;
}

/* ---- JSON ---- */

bool convert_json_text(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    struct cell v = {.data = cell};
    struct buf text = {0};
    bool good = json_binary_put_text(cell_payload(&p->from, &v), &text) ? put_utf8(p, buf_span(&text), out, why)
                                                                        : fail(why, "its JSON is malformed");
    buf_free(&text);
    return good;
}

bool convert_text_json(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    struct buf text = {0}, doc = {0};
    bool good = take_utf8(p, cell, &text, why) && json_text_to_binary(buf_span(&text), &doc, why) &&
                put_payload(p, buf_span(&doc), out, why);
    buf_free(&text);
    buf_free(&doc);
    return good;
}

/* A cell of the target's column, as a binary document. */
static bool document_of(const struct convert_pair *p, const struct cell *v, struct buf *out)
{
    const struct convert_pair back = {.from = p->to, .to = p->from};
    struct buf text = {0};
    const char *why;
    bool good = take_utf8(&back, v->data, &text, &why) && json_text_to_binary(buf_span(&text), out, &why);
    buf_free(&text);
    return good;
}

bool convert_same_json_text(const struct convert_pair *p, const struct cell *a, const struct cell *b)
{
    struct buf x = {0}, y = {0};
    bool same = span_eq(a->data, b->data) ||
                (document_of(p, a, &x) && document_of(p, b, &y) && json_binary_same(buf_span(&x), buf_span(&y)));
    buf_free(&x);
    buf_free(&y);
    return same;
}

/* ---- UUID and addresses ---- */

static void put_uuid(struct buf *out, const uint8_t *bytes)
{
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            buf_put_u8(out, '-');
        buf_put_hex(out, span_of(bytes + i, 1));
    }
}

bool convert_uuid_text(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    struct buf padded = {0}, text = {0};
    struct span bytes;
    bool good = payload_of(p, cell, &bytes, &padded, why);
    if (good) {
        put_uuid(&text, bytes.p);
        good = put_utf8(p, buf_span(&text), out, why);
    }
    buf_free(&padded);
    buf_free(&text);
    return good;
}

bool convert_inet_text(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    struct buf padded = {0};
    char text[INET6_ADDRSTRLEN];
    struct span bytes;
    bool good = payload_of(p, cell, &bytes, &padded, why);
    if (good)
        good = inet_ntop(p->from.meta == 4 ? AF_INET : AF_INET6, bytes.p, text, sizeof text)
                   ? put_utf8(p, span_str(text), out, why)
                   : fail(why, "it is no address");
    buf_free(&padded);
    return good;
}

/* 32 digits; hyphens may stand between them. */
static bool read_uuid(struct span text, uint8_t *out)
{
    size_t digits = 0;
    memset(out, 0, UUID_BYTES);
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == '-' && digits > 0 && digits < 2 * UUID_BYTES)
            continue;
        if (!isxdigit(c) || digits == 2 * UUID_BYTES)
            return false;
        uint8_t digit = (uint8_t)(isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
        out[digits / 2] = (uint8_t)(out[digits / 2] << 4 | digit);
        digits++;
    }
    return digits == 2 * UUID_BYTES;
}

bool convert_text_uuid(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    struct buf text = {0};
    uint8_t bytes[UUID_BYTES];
    bool good = take_utf8(p, cell, &text, why);
    if (good)
        good = read_uuid(buf_span(&text), bytes) ? put_payload(p, span_of(bytes, sizeof bytes), out, why)
                                                 : fail(why, "it is no UUID");
    buf_free(&text);
    return good;
}

bool convert_text_inet(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    struct buf text = {0};
    uint8_t bytes[16];
    bool good = take_utf8(p, cell, &text, why);
    if (good)
        good = inet_pton(p->form == READ_INET4 ? AF_INET : AF_INET6, buf_cstr(&text), bytes) == 1 &&
                       strlen(buf_cstr(&text)) == text.len
                   ? put_payload(p, span_of(bytes, p->to.meta), out, why)
                   : fail(why, "it is no address");
    buf_free(&text);
    return good;
}

/* Into a column whose values all have the same number of bytes: UUID, addresses, MariaDB's VECTOR; or, of a VECTOR,
 * into one as long or longer. */
bool convert_fixed_bytes(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    struct buf plain = {0};
    struct span bytes;
    bool fixed = p->form != READ_PLAIN || p->to.subtype > 0;
    bool good = payload_of(p, cell, &bytes, &plain, why);
    if (good && fixed && bytes.n != p->to.meta)
        good = fail(why, "it has another number of bytes than every value of the target's column");
    good = good && put_payload(p, bytes, out, why);
    buf_free(&plain);
    return good;
}

bool convert_bytes_vector(const struct convert_pair *p, struct span cell, struct buf *out, const char **why)
{
    struct buf plain = {0};
    struct span bytes;
    bool good = payload_of(p, cell, &bytes, &plain, why);
    if (good && (bytes.n == 0 || bytes.n % sizeof(float) || (p->to.subtype && bytes.n / sizeof(float) > p->to.subtype)))
        good = fail(why, "it is no vector that the target's column can hold");
    good = good && put_payload(p, bytes, out, why);
    buf_free(&plain);
    return good;
}
