/* The set of permits, and its form on the wire. */
#include "common/model/permit.h"

#include <stdlib.h>

#include "common/base/mem.h"

#define FILE_MOST 512u

void permits_free(struct permits *p)
{
    for (size_t i = 0; i < p->count; i++)
        position_free(&p->list[i].until);
    free(p->list);
    arena_free(&p->arena);
    *p = (struct permits){0};
}

static struct permit *append(struct permits *p, enum permit_kind kind)
{
    if (p->count == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 4;
        p->list = xreallocarray(p->list, p->cap, sizeof *p->list);
    }
    p->list[p->count] = (struct permit){.kind = kind};
    return &p->list[p->count++];
}

void permits_add_definition(struct permits *p, const struct table_def *table, const struct position *until)
{
    struct permit *one = append(p, PERMIT_DEFINITION);
    one->table = table_def_copy(table, &p->arena);
    position_copy(&one->until, until);
}

void permits_add_skip(struct permits *p, const char *file, uint64_t offset, const struct position *until)
{
    struct permit *one = append(p, PERMIT_SKIP);
    one->file = arena_strdup(&p->arena, span_str(file));
    one->offset = offset;
    position_copy(&one->until, until);
}

void permits_drop_passed(struct permits *p, const struct position *reached)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->count; i++) {
        if (position_covers(reached, &p->list[i].until))
            position_free(&p->list[i].until);
        else
            p->list[kept++] = p->list[i];
    }
    p->count = kept;
}

const struct table_def *permits_definition(const struct permits *p, struct span db, struct span name)
{
    for (size_t i = p->count; i > 0; i--) {
        const struct permit *one = &p->list[i - 1];
        if (one->kind == PERMIT_DEFINITION && span_eq(one->table->db, db) && span_eq(one->table->name, name))
            return one->table;
    }
    return NULL;
}

bool permits_skip(const struct permits *p, const char *file, uint64_t offset)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct permit *one = &p->list[i];
        if (one->kind == PERMIT_SKIP && one->offset == offset && strcmp(one->file, file) == 0)
            return true;
    }
    return false;
}

/* ---- on the wire: each a kind, its position sized, then what the kind has ---- */

void permits_put(const struct permits *p, struct buf *out)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct permit *one = &p->list[i];
        struct buf part = {0};
        buf_put_u8(out, (uint8_t)one->kind);
        position_put(&one->until, &part);
        buf_put_sized(out, buf_span(&part));
        buf_clear(&part);
        if (one->kind == PERMIT_DEFINITION) {
            table_def_put(one->table, &part);
        } else {
            buf_put_sized(&part, span_str(one->file));
            buf_put_varint(&part, one->offset);
        }
        buf_put_sized(out, buf_span(&part));
        buf_free(&part);
    }
}

static void read_part(struct permits *p, struct permit *one, struct bytes *r)
{
    if (one->kind == PERMIT_DEFINITION) {
        one->table = table_def_read(r, &p->arena);
    } else {
        struct span file = bytes_sized(r);
        if (file.n == 0 || file.n > FILE_MOST || memchr(file.p, 0, file.n))
            bytes_fail(r);
        one->file = arena_strdup(&p->arena, r->bad ? (struct span){0} : file);
        one->offset = bytes_varint(r);
    }
    if (bytes_left(r) > 0)
        bytes_fail(r);
}

void permits_read(struct permits *p, struct bytes *r)
{
    while (bytes_left(r) > 0) {
        unsigned kind = bytes_u8(r);
        struct bytes until = bytes_of(bytes_sized(r));
        struct bytes part = bytes_of(bytes_sized(r));
        if (kind != PERMIT_DEFINITION && kind != PERMIT_SKIP)
            bytes_fail(r);
        if (r->bad)
            return;
        struct permit *one = append(p, (enum permit_kind)kind);
        position_read(&one->until, &until);
        read_part(p, one, &part);
        if (until.bad || part.bad || bytes_left(&until) > 0) {
            bytes_fail(r);
            position_free(&one->until);
            p->count--;
        }
    }
}
