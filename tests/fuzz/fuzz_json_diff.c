/* Any bytes as a JSON document of MySQL and changes of it: what comes out is no longer than what went in allows, and
 * can be changed again. */
#include <stdlib.h>

#include "common/base/bytes.h"
#include "common/model/json_binary.h"
#include "common/model/json_diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* No changes: another form of the same document. */
static void check_unchanged(struct span doc)
{
    struct arena arena = {0};
    struct buf same = {0}, text = {0}, again = {0};
    if (json_binary_put_text(doc, &text) && json_diff_apply(&same, doc, (struct span){0}, &arena)) {
        /* Bytes behind the document are left out: with them, values that overlap may just be let through. */
        must(!json_binary_put_text(buf_span(&same), &again) || span_eq(buf_span(&text), buf_span(&again)));
        must(again.len > 0 || same.len < doc.n);
    }
    buf_free(&same);
    buf_free(&text);
    buf_free(&again);
    arena_free(&arena);
}

/* A document's length, the document, changes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct buf out = {0}, twice = {0}, text = {0};
    struct bytes r = bytes_of(span_of(data, size));
    struct span doc = bytes_sized(&r);
    struct span changes = bytes_take(&r, bytes_left(&r));
    buf_put_str(&out, "before");
    size_t before = out.len;
    check_unchanged(doc);
    if (json_diff_apply(&out, doc, changes, &arena)) {
        struct span changed = span_of(out.data + before, out.len - before);
        must(changed.n <= 16 + 2 * (doc.n + changes.n));
        (void)json_binary_put_text(changed, &text);
        (void)!json_diff_apply(&twice, changed, changes, &arena);
    } else {
        must(out.len == before);
    }
    buf_free(&out);
    buf_free(&twice);
    buf_free(&text);
    arena_free(&arena);
    return 0;
}
