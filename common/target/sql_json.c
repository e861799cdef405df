/* Writing documents by JSON_OBJECT, JSON_ARRAY and CAST: only what holds opaque values; the rest goes as text. */
#include "common/target/sql_json.h"

#include "common/base/bytes.h"
#include "common/model/decimal.h"
#include "common/model/json_binary.h"
#include "common/model/json_tree.h"
#include "common/model/json_type.h"
#include "common/model/table.h"
#include "common/model/temporal.h"

static bool is_container(const struct json_node *n)
{
    return json_node_is_object(n) || json_node_is_array(n);
}

static bool is_opaque(struct json_node *n, unsigned depth, struct arena *a)
{
    if (!is_container(n) || depth > JSON_MAX_DEPTH)
        return n->type == JSON_OPAQUE;
    if (!json_node_open(n, a))
        return false;
    for (size_t i = 0; i < n->count; i++)
        if (is_opaque(&n->children[i].node, depth + 1, a))
            return true;
    return false;
}

/* Most documents hold no such byte at all. What has a text has bounds: only then is it walked as a tree. */
bool sql_json_is_opaque(struct span doc, struct arena *a)
{
    struct json_node root;
    struct buf text = {0};
    bool may_be = doc.n > 0 && memchr(doc.p, JSON_OPAQUE, doc.n) && json_binary_put_text(doc, &text);
    buf_free(&text);
    return may_be && json_tree_read(&root, doc) && is_opaque(&root, 0, a);
}

/* ---- values ---- */

static void put_hex(struct buf *out, const char *introducer, struct span bytes)
{
    buf_printf(out, "%s X'", introducer);
    buf_put_hex(out, bytes);
    buf_put_u8(out, '\'');
}

static bool put_decimal(struct buf *out, struct span s)
{
    if (s.n < 2)
        return false;
    buf_put_str(out, "CAST('");
    bool good = decimal_put_text(span_of(s.p + 2, s.n - 2), s.p[0], s.p[1], out);
    buf_printf(out, "' AS DECIMAL(%u,%u))", s.p[0], s.p[1]);
    return good;
}

static bool put_temporal(struct buf *out, uint8_t column, struct span s)
{
    struct bytes r = bytes_of(s);
    struct temporal t;
    int64_t packed = (int64_t)bytes_u64(&r);
    bool time = column == COLUMN_TIME;
    if (r.bad || !(time ? temporal_from_packed_time(&t, packed) : temporal_from_packed_datetime(&t, packed)))
        return false;
    buf_put_str(out, "CAST('");
    if (time)
        temporal_put_time(&t, 6, out);
    else if (column == COLUMN_DATE)
        temporal_put_date(&t, out);
    else
        temporal_put_datetime(&t, 6, out);
    buf_put_str(out, time ? "' AS TIME(6))" : column == COLUMN_DATE ? "' AS DATE)" : "' AS DATETIME(6))");
    return true;
}

/* The column type that the value had, then its bytes with their length. */
static bool put_opaque(struct buf *out, struct span raw)
{
    struct bytes r = bytes_of(raw);
    uint8_t column = bytes_u8(&r);
    struct span data = bytes_sized(&r);
    if (r.bad)
        return false;
    switch (column) {
    case COLUMN_NEWDECIMAL:
        return put_decimal(out, data);
    case COLUMN_TIME:
    case COLUMN_DATE:
    case COLUMN_DATETIME:
    case COLUMN_TIMESTAMP:
        return put_temporal(out, column, data);
    default:
        put_hex(out, "_binary", data);
        return true;
    }
}

static bool put_text(struct buf *out, const struct json_node *n)
{
    struct buf doc = {0}, text = {0};
    buf_put_u8(&doc, n->type);
    buf_put_span(&doc, n->raw);
    bool good = json_binary_put_text(buf_span(&doc), &text);
    buf_put_str(out, "CAST(");
    put_hex(out, "_utf8mb4", buf_span(&text));
    buf_put_str(out, " AS JSON)");
    buf_free(&doc);
    buf_free(&text);
    return good;
}

static bool put_node(struct buf *out, struct json_node *n, unsigned depth, struct arena *a)
{
    struct json_node look = *n; /* an open one has no raw form to take its text from */
    if (n->type == JSON_OPAQUE)
        return put_opaque(out, n->raw);
    if (!is_opaque(&look, depth, a))
        return put_text(out, n);
    if (depth > JSON_MAX_DEPTH || !json_node_open(n, a))
        return false;
    bool object = json_node_is_object(n);
    buf_put_str(out, object ? "JSON_OBJECT(" : "JSON_ARRAY(");
    for (size_t i = 0; i < n->count; i++) {
        buf_put_str(out, i ? ", " : "");
        if (object) {
            put_hex(out, "_utf8mb4", n->children[i].key);
            buf_put_str(out, ", ");
        }
        if (!put_node(out, &n->children[i].node, depth + 1, a))
            return false;
    }
    buf_put_u8(out, ')');
    return true;
}

bool sql_json_put(struct buf *out, struct span doc, struct arena *a)
{
    struct json_node root;
    if (!json_tree_read(&root, doc))
        return false;
    bool lone = root.type == JSON_OPAQUE;
    buf_put_str(out, lone ? "CAST(" : "");
    bool good = put_node(out, &root, 0, a);
    buf_put_str(out, lone ? " AS JSON)" : "");
    return good;
}
