/* Fuzzes the reader of DDL statements, which must take any text that a session may send. */
#include "common/base/arena.h"
#include "common/model/ddl_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct ddl ddl = {.text = span_of(data, size)};
    ddl_text_classify(&ddl, &arena);
    arena_free(&arena);
    return 0;
}
