/* Converting the texts of ENUM and SET members by the server, which alone knows its character sets. */
#include "common/target/target_table_members.h"

#include "common/model/collation.h"

static void put_conversion(struct buf *sql, struct span member, const char *charset)
{
    buf_put_str(sql, "CAST(CONVERT(_utf8mb4 X'");
    buf_put_hex(sql, member);
    buf_printf(sql, "' USING %s) AS BINARY)", charset);
}

static int convert_column(struct column *c, const char *charset, struct db *db, struct arena *a, struct err *err)
{
    struct buf sql = {0};
    struct db_rows rows;
    int rc = -1;
    for (uint16_t i = 0; i < c->member_count; i++) {
        buf_put_str(&sql, i ? ", " : "SELECT ");
        put_conversion(&sql, c->members[i], charset);
    }
    if (db_query(db, &rows, a, buf_cstr(&sql), err))
        goto out;
    for (uint16_t i = 0; i < c->member_count; i++)
        c->members[i] = db_cell(&rows, 0, i);
    rc = 0;
out:
    buf_free(&sql);
    return rc;
}

int target_members_convert(struct target_table *t, struct table_def *def, struct db *db, struct err *err)
{
    for (uint16_t i = 0; i < def->column_count; i++) {
        struct column *c = &def->columns[i];
        const char *charset = t->columns[i].charset;
        if (c->member_count == 0 || !charset || collation_is_utf8(c->collation))
            continue;
        if (convert_column(c, charset, db, &t->arena, err))
            return -1;
    }
    return 0;
}

static struct span without_four_bytes(struct span text, struct arena *a)
{
    uint8_t *out = arena_alloc(a, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        bool four = text.p[i] >= 0xf0 && text.n - i >= 4;
        out[n++] = four ? '?' : text.p[i];
        i += four ? 3 : 0;
    }
    return span_of(out, n);
}

struct column target_members_as_told(const struct column *source, struct arena *a)
{
    struct column told = *source;
    if (source->member_count == 0 || !collation_is_utf8(source->collation))
        return told;
    told.members = arena_alloc(a, source->member_count * sizeof *told.members);
    for (uint16_t i = 0; i < source->member_count; i++)
        told.members[i] = without_four_bytes(source->members[i], a);
    return told;
}
