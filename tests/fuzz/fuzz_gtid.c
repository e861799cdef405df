/* Fuzzes GTIDs and positions in both flavours, as text and as bytes: what is taken must come back the same. */
#include <stdlib.h>

#include "common/binlog/gtid_set.h"
#include "common/model/position.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void as_text(enum flavor flavor, struct span text)
{
    struct position first = {0}, second = {0};
    struct buf printed = {0};
    struct err err = {0};
    if (position_parse(&first, flavor, text, &err) == 0) {
        position_put_text(&first, &printed);
        must(position_parse(&second, flavor, buf_span(&printed), &err) == 0);
        must(position_eq(&first, &second));
    }
    position_free(&first);
    position_free(&second);
    buf_free(&printed);
}

/* What holds of any two sets. */
static void check_both(const struct position *a, const struct position *b)
{
    struct position both = {0}, copy = {0}, met = {0};
    position_copy(&copy, a);
    must(position_eq(&copy, a) && position_covers(a, &copy) && position_distance(a, &copy) == 0);
    position_union(&copy, a);
    must(position_eq(&copy, a));
    position_copy(&both, a);
    position_union(&both, b);
    must(position_covers(&both, b) && position_distance(b, &both) == 0);
    if (a->flavor == FLAVOR_MYSQL) {
        must(position_covers(&both, a));
        must(position_distance(&both, a) == position_distance(b, a));
    }
    for (size_t i = 0; i < b->count; i++) {
        struct gtid g = {.flavor = b->flavor};
        if (b->flavor == FLAVOR_MARIADB) {
            g.maria = b->domains[i];
        } else {
            memcpy(g.mysql.uuid, b->sources[i].uuid, sizeof g.mysql.uuid);
            memcpy(g.mysql.tag, b->sources[i].tag, sizeof g.mysql.tag);
            g.mysql.gno = b->sources[i].intervals[b->sources[i].count - 1].last;
        }
        must(position_has(b, &g) && position_has(&both, &g));
    }
    position_meet(&met, a, b);
    must(position_covers(a, &met) && position_covers(b, &met));
    position_free(&both);
    position_free(&copy);
    position_free(&met);
}

/* Two sets with a bar between. */
static void as_two(enum flavor flavor, struct span text)
{
    const uint8_t *bar = text.n > 0 ? memchr(text.p, '|', text.n) : NULL;
    struct position a = {0}, b = {0};
    struct err err = {0};
    if (!bar)
        return;
    size_t n = (size_t)(bar - text.p);
    if (position_parse(&a, flavor, span_of(text.p, n), &err) == 0 &&
        position_parse(&b, flavor, span_of(bar + 1, text.n - n - 1), &err) == 0) {
        check_both(&a, &b);
        check_both(&b, &a);
    }
    position_free(&a);
    position_free(&b);
}

/* One GTID, in every form. */
static void as_one(enum flavor flavor, struct span text)
{
    struct gtid gtid, back;
    struct err err = {0};
    struct buf bytes = {0};
    char printed[GTID_TEXT_LEN];
    if (gtid_parse(&gtid, flavor, text, &err) == 0) {
        gtid_put(&gtid, &bytes);
        struct bytes r = bytes_of(buf_span(&bytes));
        gtid_read(&back, &r);
        must(!r.bad && bytes_left(&r) == 0 && gtid_eq(&gtid, &back));
        must(gtid_parse(&back, flavor, span_str(gtid_text(printed, &gtid)), &err) == 0 && gtid_eq(&gtid, &back));
    } else {
        must(gtid.flavor == FLAVOR_NONE && err.text[0]);
    }
    struct bytes r = bytes_of(text);
    gtid_read(&back, &r);
    must(!r.bad || back.flavor == FLAVOR_NONE);
    buf_free(&bytes);
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
        must(!r.bad && position_eq(&first, &second));
    }
    position_free(&first);
    position_free(&second);
    buf_free(&written);
}

/* As MySQL itself writes a set. */
static void as_server_set(struct span bytes)
{
    struct position first = {0}, second = {0};
    struct buf written = {0};
    struct bytes r = bytes_of(bytes);
    gtid_set_read(&first, &r);
    if (!r.bad) {
        gtid_set_put(&written, &first);
        r = bytes_of(buf_span(&written));
        gtid_set_read(&second, &r);
        must(!r.bad && bytes_left(&r) == 0 && position_eq(&first, &second));
    }
    position_free(&first);
    position_free(&second);
    buf_free(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span all = span_of(data, size);
    as_one(FLAVOR_MARIADB, all);
    as_one(FLAVOR_MYSQL, all);
    as_two(FLAVOR_MARIADB, all);
    as_two(FLAVOR_MYSQL, all);
    as_text(FLAVOR_MARIADB, all);
    as_text(FLAVOR_MYSQL, all);
    as_bytes(all);
    as_server_set(all);
    return 0;
}
