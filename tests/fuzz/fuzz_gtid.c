/* Fuzzes GTIDs and positions in both flavours, as text and as bytes: what is taken must come back the same. */
#include <assert.h>

#include "common/model/position.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_text(enum flavor flavor, struct span text)
{
    struct position first = {0}, second = {0};
    struct buf printed = {0};
    struct err err = {0};
    if (position_parse(&first, flavor, text, &err) == 0) {
        position_put_text(&first, &printed);
        assert(position_parse(&second, flavor, buf_span(&printed), &err) == 0);
        assert(position_eq(&first, &second));
    }
    position_free(&first);
    position_free(&second);
    buf_free(&printed);
}

static void as_bytes(struct span bytes)
{
    struct position first = {0}, second = {0};
    struct buf written = {0};
    struct bytes r = bytes_of(bytes);
    position_read(&first, &r);
    if (!r.bad) {
        position_put(&first, &written);
        r = bytes_of(buf_span(&written));
        position_read(&second, &r);
        assert(!r.bad && position_eq(&first, &second));
    }
    position_free(&first);
    position_free(&second);
    buf_free(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gtid gtid;
    struct err err = {0};
    struct span all = span_of(data, size);
    (void)!gtid_parse(&gtid, FLAVOR_MARIADB, all, &err);
    (void)!gtid_parse(&gtid, FLAVOR_MYSQL, all, &err);
    as_text(FLAVOR_MARIADB, all);
    as_text(FLAVOR_MYSQL, all);
    as_bytes(all);
    return 0;
}
