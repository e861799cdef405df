/* Fuzzes the pair file: any bytes either give a configuration or exactly one line that begins with the file's name. */
#include <assert.h>

#include "common/link/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *c;
    struct err err = {0};
    if (config_parse(&c, "f", span_of(data, size), &err) < 0) {
        assert(!c);
        assert(err.class == ERR_FATAL && err.exit_code == EXIT_BAD_CONFIG);
        assert(strncmp(err.text, "f:", 2) == 0 && !strchr(err.text, '\n'));
    } else {
        assert(c->region_count > 0);
        for (size_t i = 0; i < c->region_count; i++)
            assert(c->regions[i].kafka.bootstrap && c->regions[i].user &&
                   (c->regions[i].hosts || c->regions[i].socket));
    }
    config_free(&c);
    return 0;
}
