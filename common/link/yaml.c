/* From libyaml's events to a tree, refusing what the header names. */
#include "common/link/yaml.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>
#include <yaml.h>

#include "common/base/map.h"
#include "common/base/utf8.h"

/* A list or map whose end has not come yet. */
struct level {
    struct yaml_node *node;
    size_t cap;
    uint64_t id;  /* tells the keys of one map from those of another in `seen` */
    bool has_key; /* a map's key was read, its value was not */
    const char *key;
    struct yaml_mark mark; /* of that key */
};

struct builder {
    struct arena *arena;
    const char *file;
    struct yaml_node *root;
    struct level levels[YAML_MAX_DEPTH];
    size_t depth;
    uint64_t maps;   /* how many began */
    struct map seen; /* map id and key -> struct yaml_mark of its first time */
};

#define FAIL_AT(b, at, err, ...) fail_at((b)->file, (at), (err), __VA_ARGS__)

__attribute__((format(printf, 4, 5))) static int fail_at(const char *file, struct yaml_mark at, struct err *err,
                                                         const char *fmt, ...)
{
    char text[sizeof err->text];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_fatal(err, EXIT_BAD_CONFIG, "%s:%d:%d: %s", file, at.line, at.column, text);
}

static struct yaml_mark mark_of(yaml_mark_t m)
{
    return (struct yaml_mark){(int)m.line + 1, (int)m.column + 1};
}

/* libyaml gives marks for all errors but those of its byte reader, which tells an offset. */
static struct yaml_mark mark_of_offset(struct span text, size_t offset)
{
    struct yaml_mark at = {1, 1};
    for (size_t i = 0; i < offset && i < text.n; i++) {
        if (text.p[i] == '\n')
            at = (struct yaml_mark){at.line + 1, 1};
        else if ((text.p[i] & 0xc0) != 0x80) /* continuation bytes are no columns */
            at.column++;
    }
    return at;
}

/* libyaml's index counts characters, not bytes. */
static bool is_tab(struct span text, size_t index)
{
    for (size_t i = 0; i < text.n; i++)
        if ((text.p[i] & 0xc0) != 0x80 && index-- == 0)
            return text.p[i] == '\t';
    return false;
}

static int fail_parser(const struct builder *b, const yaml_parser_t *p, struct span text, struct err *err)
{
    const char *problem = p->problem ? p->problem : "unreadable";
    if (p->error == YAML_READER_ERROR)
        return FAIL_AT(b, mark_of_offset(text, p->problem_offset), err,
                       "not valid UTF-8 text: %s; save the file as UTF-8 without control characters", problem);
    if (p->error == YAML_MEMORY_ERROR)
        return err_fatal(err, EXIT_BUG, "%s: out of memory while reading YAML", b->file);
    struct yaml_mark at = mark_of(p->problem_mark);
    if (is_tab(text, p->problem_mark.index))
        return FAIL_AT(b, at, err, "a tab cannot indent in YAML; use spaces");
    if (!p->context)
        return FAIL_AT(b, at, err, "not valid YAML: %s; look at indentation, quotes and brackets here", problem);
    return FAIL_AT(b, at, err,
                   "not valid YAML: %s, %s that begins in line %d; look at indentation, quotes and brackets", problem,
                   p->context, (int)p->context_mark.line + 1);
}

/* Remember the key of the innermost map; its value comes next. */
static int take_key(struct builder *b, const char *key, struct yaml_mark at, struct err *err)
{
    struct level *l = &b->levels[b->depth - 1];
    struct buf id = {0};
    buf_put_le(&id, l->id, 8);
    buf_put_str(&id, key);
    void **first = map_ref(&b->seen, buf_span(&id));
    buf_free(&id);
    if (*first) {
        const struct yaml_mark *before = *first;
        struct buf name = {0};
        utf8_put_printable(&name, span_str(key), 60);
        (void)FAIL_AT(b, at, err, "key \"%s\" is given twice, first at %d:%d; keep one of them", buf_cstr(&name),
                      before->line, before->column);
        buf_free(&name);
        return -1;
    }
    struct yaml_mark *mark = arena_alloc(b->arena, sizeof *mark);
    *mark = at;
    *first = mark;
    l->has_key = true;
    l->key = key;
    l->mark = at;
    return 0;
}

/* Where the next node goes: the root, the value of the waiting key, or a list's new item. NULL when the innermost map
 * waits for a key. The place is valid until the next node of the same list or map. */
static struct yaml_node *place(struct builder *b, struct yaml_mark at)
{
    if (b->depth == 0) {
        assert(!b->root);
        b->root = arena_zalloc(b->arena, sizeof *b->root);
        return b->root;
    }
    struct level *l = &b->levels[b->depth - 1];
    if (l->node->kind == YAML_MAP && !l->has_key)
        return NULL;
    if (l->node->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 8;
        struct yaml_entry *more = arena_zalloc(b->arena, cap * sizeof *more);
        if (l->cap)
            memcpy(more, l->node->entries, l->cap * sizeof *more);
        l->node->entries = more;
        l->cap = cap;
    }
    struct yaml_entry *e = &l->node->entries[l->node->count++];
    e->key = l->has_key ? l->key : NULL;
    e->mark = l->has_key ? l->mark : at;
    l->has_key = false;
    return &e->value;
}

static bool means_nothing(const yaml_event_t *ev, struct span text)
{
    return ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (text.n == 0 || span_is(text, "~") || span_is(text, "null") || span_is(text, "Null") ||
            span_is(text, "NULL"));
}

static int on_scalar(struct builder *b, const yaml_event_t *ev, struct err *err)
{
    struct yaml_mark at = mark_of(ev->start_mark);
    struct span text = span_of(ev->data.scalar.value, ev->data.scalar.length);
    if (text.n && memchr(text.p, 0, text.n))
        return FAIL_AT(b, at, err, "a NUL character cannot stand in any value here; leave it out");
    bool nothing = means_nothing(ev, text);
    struct yaml_node *n = place(b, at);
    if (!n) {
        if (nothing)
            return FAIL_AT(b, at, err, "a key without a name; write \"name: value\"");
        return take_key(b, arena_strdup(b->arena, text), at, err);
    }
    *n = (struct yaml_node){.kind = nothing ? YAML_NONE : YAML_TEXT, .mark = at};
    if (!nothing)
        n->text = arena_strdup(b->arena, text);
    n->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return 0;
}

static int on_begin(struct builder *b, const yaml_event_t *ev, enum yaml_kind kind, struct err *err)
{
    struct yaml_mark at = mark_of(ev->start_mark);
    if (b->depth == YAML_MAX_DEPTH)
        return FAIL_AT(b, at, err, "nested deeper than %d levels; no key of a pair file lies that deep",
                       YAML_MAX_DEPTH);
    struct yaml_node *n = place(b, at);
    if (!n)
        return FAIL_AT(b, at, err, "a key must be plain text, not a list or mapping");
    *n = (struct yaml_node){.kind = kind, .mark = at};
    b->levels[b->depth++] = (struct level){.node = n, .id = b->maps++};
    return 0;
}

/* Anchors and tags can stand at scalars, lists and maps alike. */
static int refuse_marks(const struct builder *b, const yaml_event_t *ev, const yaml_char_t *anchor,
                        const yaml_char_t *tag, struct err *err)
{
    struct yaml_mark at = mark_of(ev->start_mark);
    if (anchor)
        return FAIL_AT(b, at, err, "an anchor (&name) is not allowed in a pair file; write the value out");
    if (tag)
        return FAIL_AT(b, at, err, "a tag (!name) is not allowed in a pair file; write the plain value");
    return 0;
}

static int on_event(struct builder *b, const yaml_event_t *ev, struct err *err)
{
    struct yaml_mark at = mark_of(ev->start_mark);
    switch (ev->type) {
    case YAML_DOCUMENT_START_EVENT:
        return b->root ? FAIL_AT(b, at, err, "a second document begins here; a pair file is one document") : 0;
    case YAML_ALIAS_EVENT:
        return FAIL_AT(b, at, err, "an alias (*name) is not allowed in a pair file; write the value out");
    case YAML_SCALAR_EVENT:
        if (refuse_marks(b, ev, ev->data.scalar.anchor, ev->data.scalar.tag, err) < 0)
            return -1;
        return on_scalar(b, ev, err);
    case YAML_SEQUENCE_START_EVENT:
        if (refuse_marks(b, ev, ev->data.sequence_start.anchor, ev->data.sequence_start.tag, err) < 0)
            return -1;
        return on_begin(b, ev, YAML_LIST, err);
    case YAML_MAPPING_START_EVENT:
        if (refuse_marks(b, ev, ev->data.mapping_start.anchor, ev->data.mapping_start.tag, err) < 0)
            return -1;
        return on_begin(b, ev, YAML_MAP, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        assert(b->depth > 0);
        b->depth--;
        return 0;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return 0;
    }
    return 0;
}

int yaml_parse(struct yaml_node **out, struct arena *a, const char *file, struct span text, struct err *err)
{
    struct builder b = {.arena = a, .file = file};
    yaml_parser_t parser;
    int rc = -1;
    bool end = false;
    *out = NULL;
    if (text.n > YAML_MAX_BYTES)
        return FAIL_AT(&b, mark_of_offset(text, YAML_MAX_BYTES), err,
                       "the file is larger than %zu KiB, the most a pair file may have", YAML_MAX_BYTES >> 10);
    if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
        text = span_of(text.p + 3, text.n - 3); /* libyaml would count it as a column */
    if (!yaml_parser_initialize(&parser))
        return err_fatal(err, EXIT_BUG, "%s: out of memory while reading YAML", file);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, text.n ? text.p : (const uint8_t *)"", text.n);
    while (!end) {
        yaml_event_t ev;
        if (!yaml_parser_parse(&parser, &ev)) {
            (void)fail_parser(&b, &parser, text, err);
            goto out;
        }
        end = ev.type == YAML_STREAM_END_EVENT;
        int failed = on_event(&b, &ev, err);
        yaml_event_delete(&ev);
        if (failed)
            goto out;
    }
    if (!b.root) {
        (void)FAIL_AT(&b, ((struct yaml_mark){1, 1}), err,
                      "the file is empty; `--help-config` tells what a pair file holds");
        goto out;
    }
    *out = b.root;
    rc = 0;
out:
    map_free(&b.seen);
    yaml_parser_delete(&parser);
    return rc;
}

const struct yaml_entry *yaml_find(const struct yaml_node *map, const char *key)
{
    if (!map || map->kind != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->entries[i].key, key) == 0)
            return &map->entries[i];
    return NULL;
}
