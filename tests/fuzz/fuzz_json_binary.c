/* Any bytes as a document of MySQL's binary JSON: what is taken must be JSON, whatever else reads it. */
#include <jansson.h>
#include <stdlib.h>

#include "common/base/utf8.h"
#include "common/model/json_binary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = {0};
    buf_put_str(&out, "before");
    size_t before = out.len;
    if (json_binary_put_text(span_of(data, size), &out)) {
        struct span text = span_of(out.data + before, out.len - before);
        json_error_t error;
        must(utf8_valid(text));
        json_t *json = json_loadb((const char *)text.p, text.n,
                                  JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
        /* A key with NUL in it is JSON as well, but not to this library. */
        must(json != NULL || json_error_code(&error) == json_error_null_byte_in_key);
        json_decref(json);
    } else {
        must(out.len == before);
    }
    buf_free(&out);
    return 0;
}
