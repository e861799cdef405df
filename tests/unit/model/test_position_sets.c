/* MySQL's sets and MariaDB's positions against naive models: numbers of any size, texts in any form, algebra. */
#include <ctype.h>

#include "common/model/gtid_text.h"
#include "common/model/position.h"

#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

#define SOURCES 4
#define SEGMENTS 12
#define ROUNDS 400

/* The numbers from 1 on are cut at random places; a set has each segment or not. Nothing else of it is known. */
struct model {
    bool in[SOURCES][SEGMENTS];
};

struct scale {
    uint64_t cut[SEGMENTS + 1]; /* segment i is cut[i] .. cut[i + 1] - 1 */
};

static const char *const tags[] = {"", "a_tag"};

static void uuid_of(uint8_t uuid[16], size_t source)
{
    memset(uuid, 0xa0 + (int)(source / 2), 16);
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Of any magnitude, up to the greatest number that there is; segments of one number among them. */
static struct scale random_scale(struct random *rnd)
{
    struct scale s;
    for (bool again = true; again;) {
        s.cut[0] = 1;
        for (size_t i = 1; i < SEGMENTS; i++)
            s.cut[i] = random_below(rnd, 3) ? 2 + random_any_size(rnd) % (GTID_GNO_MAX - 2) : s.cut[i - 1] + 1;
        s.cut[SEGMENTS] = GTID_GNO_MAX + 1;
        qsort(s.cut, SEGMENTS + 1, sizeof s.cut[0], by_size);
        again = false;
        for (size_t i = 0; i < SEGMENTS; i++)
            again = again || s.cut[i] == s.cut[i + 1];
    }
    return s;
}

static struct model random_model(struct random *rnd)
{
    struct model m;
    uint64_t density = 1 + random_below(rnd, 4);
    for (size_t s = 0; s < SOURCES; s++)
        for (size_t i = 0; i < SEGMENTS; i++)
            m.in[s][i] = random_below(rnd, 5) < density;
    return m;
}

/* Its segments in any order, some of them twice, some joined. */
static void build(struct position *p, const struct model *m, const struct scale *scale, struct random *rnd)
{
    position_init(p, FLAVOR_MYSQL);
    for (size_t k = 0; k < 3 * SOURCES * SEGMENTS; k++) {
        /* At random first, then all that is missing. */
        size_t at =
            k < 2 * SOURCES * SEGMENTS ? (size_t)random_below(rnd, SOURCES * SEGMENTS) : k - 2 * SOURCES * SEGMENTS;
        size_t s = at / SEGMENTS, from = at % SEGMENTS, to = from;
        uint8_t uuid[16];
        if (!m->in[s][from])
            continue;
        while (random_below(rnd, 2) && to + 1 < SEGMENTS && m->in[s][to + 1])
            to++;
        uuid_of(uuid, s);
        position_add_interval(p, uuid, tags[s % 2], scale->cut[from], scale->cut[to + 1] - 1);
    }
}

static void assert_is(const struct position *p, const struct model *m, const struct scale *scale)
{
    for (size_t s = 0; s < SOURCES; s++) {
        struct gtid g = {.flavor = FLAVOR_MYSQL};
        uuid_of(g.mysql.uuid, s);
        memcpy(g.mysql.tag, tags[s % 2], strlen(tags[s % 2]));
        for (size_t i = 0; i < SEGMENTS; i++) {
            g.mysql.gno = scale->cut[i];
            assert_int_equal(position_has(p, &g), m->in[s][i]);
            g.mysql.gno = scale->cut[i + 1] - 1;
            assert_int_equal(position_has(p, &g), m->in[s][i]);
        }
    }
}

static uint64_t count(const struct model *m, const struct model *without, const struct scale *scale)
{
    unsigned __int128 n = 0;
    for (size_t s = 0; s < SOURCES; s++)
        for (size_t i = 0; i < SEGMENTS; i++)
            if (m->in[s][i] && !(without && without->in[s][i]))
                n += scale->cut[i + 1] - scale->cut[i];
    return n > UINT64_MAX ? UINT64_MAX : (uint64_t)n;
}

static struct model both(const struct model *a, const struct model *b)
{
    struct model m;
    for (size_t s = 0; s < SOURCES; s++)
        for (size_t i = 0; i < SEGMENTS; i++)
            m.in[s][i] = a->in[s][i] || b->in[s][i];
    return m;
}

static struct model common(const struct model *a, const struct model *b)
{
    struct model m;
    for (size_t s = 0; s < SOURCES; s++)
        for (size_t i = 0; i < SEGMENTS; i++)
            m.in[s][i] = a->in[s][i] && b->in[s][i];
    return m;
}

static struct position united(const struct position *a, const struct position *b)
{
    struct position p = {0};
    position_copy(&p, a);
    position_union(&p, b);
    return p;
}

static void sets_of_any_size_equal_the_naive_model(void **state)
{
    (void)state;
    struct random rnd = random_start("sets");
    for (int round = 0; round < ROUNDS; round++) {
        struct scale scale = random_scale(&rnd);
        struct model ma = random_model(&rnd), mb = random_model(&rnd), mu = both(&ma, &mb), mc = random_model(&rnd);
        struct position a, b, c, none = {0};
        build(&a, &ma, &scale, &rnd);
        build(&b, &mb, &scale, &rnd);
        build(&c, &mc, &scale, &rnd);
        assert_is(&a, &ma, &scale);
        assert_true(position_distance(&a, &none) == count(&ma, NULL, &scale));
        assert_true(position_distance(&a, &b) == count(&ma, &mb, &scale));
        assert_int_equal(position_covers(&b, &a), count(&ma, &mb, &scale) == 0);
        assert_int_equal(position_covers(&a, &b) && position_covers(&b, &a), position_eq(&a, &b));

        struct position ab = united(&a, &b), ba = united(&b, &a);
        assert_is(&ab, &mu, &scale);
        assert_true(position_eq(&ab, &ba));
        assert_true(position_covers(&ab, &a) && position_covers(&ab, &b));
        assert_true(position_distance(&ab, &b) == count(&ma, &mb, &scale));
        struct model mm = common(&ma, &mb);
        struct position met = {0}, met_again = {0};
        position_meet(&met, &a, &b);
        assert_is(&met, &mm, &scale);
        assert_true(position_distance(&met, &none) == count(&mm, NULL, &scale));
        assert_true(position_covers(&a, &met) && position_covers(&b, &met));
        position_meet(&met_again, &b, &a);
        assert_true(position_eq(&met, &met_again));
        position_meet(&met_again, &ab, &a);
        assert_true(position_eq(&met_again, &a));
        struct position bc = united(&b, &c), ab_c = united(&ab, &c), a_bc = united(&a, &bc);
        assert_true(position_eq(&ab_c, &a_bc));
        struct position *all[] = {&a, &b, &c, &ab, &ba, &bc, &ab_c, &a_bc, &met, &met_again};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
            position_free(all[i]);
    }
}

/* ---- texts ---- */

static void put_blanks(struct buf *out, struct random *rnd)
{
    static const char blanks[] = " \t\n\r";
    while (random_below(rnd, 4) == 0)
        buf_put_u8(out, (uint8_t)blanks[random_below(rnd, 4)]);
}

/* One segment as the servers let people write it: any case, blanks, after other intervals of its uuid or anew. */
static void put_segment(struct buf *out, struct random *rnd, size_t source, uint64_t first, uint64_t last)
{
    char text[GTID_UUID_TEXT_LEN];
    uint8_t uuid[16];
    uuid_of(uuid, source);
    gtid_uuid_text(text, uuid);
    for (char *c = text; *c; c++)
        *c = random_below(rnd, 2) ? (char)toupper(*c) : *c;
    if (out->len > 0)
        buf_put_str(out, ",");
    put_blanks(out, rnd);
    buf_put_str(out, text);
    put_blanks(out, rnd);
    if (tags[source % 2][0])
        buf_printf(out, ":%s", random_below(rnd, 2) ? "a_tag" : "A_Tag");
    put_blanks(out, rnd);
    buf_put_str(out, ":");
    put_blanks(out, rnd);
    buf_printf(out, "%llu", (unsigned long long)first);
    if (last > first || random_below(rnd, 2)) {
        put_blanks(out, rnd);
        buf_put_str(out, "-");
        put_blanks(out, rnd);
        buf_printf(out, "%llu", (unsigned long long)last);
    }
    put_blanks(out, rnd);
}

static void any_text_of_a_set_gives_it(void **state)
{
    (void)state;
    struct random rnd = random_start("texts of sets");
    for (int round = 0; round < ROUNDS; round++) {
        struct scale scale = random_scale(&rnd);
        struct model m = random_model(&rnd);
        struct position expected, p = {0};
        struct buf text = {0}, canonical = {0}, again = {0};
        struct err err = {0};
        build(&expected, &m, &scale, &rnd);
        size_t begin = (size_t)random_below(&rnd, SOURCES * SEGMENTS);
        for (size_t k = 0; k < SOURCES * SEGMENTS;
             k++) { /* all of them, in another order: the step has no common factor */
            size_t at = (begin + k * 5) % (SOURCES * SEGMENTS), s = at / SEGMENTS, i = at % SEGMENTS;
            if (m.in[s][i])
                put_segment(&text, &rnd, s, scale.cut[i], scale.cut[i + 1] - 1);
        }
        if (position_parse(&p, FLAVOR_MYSQL, buf_span(&text), &err))
            fail_msg("%s", err.text);
        assert_true(position_eq(&p, &expected));
        position_put_text(&p, &canonical);
        position_put_text(&expected, &again);
        assert_true(span_eq(buf_span(&canonical), buf_span(&again)));
        assert_int_equal(position_parse(&p, FLAVOR_MYSQL, buf_span(&canonical), &err), 0);
        assert_true(position_eq(&p, &expected));
        position_free(&p);
        position_free(&expected);
        buf_free(&text);
        buf_free(&canonical);
        buf_free(&again);
    }
}

/* A text that was damaged in one byte either is refused and leaves nothing, or is another position that prints. */
static void damaged_texts_are_refused_or_mean_something(void **state)
{
    (void)state;
    struct random rnd = random_start("damaged texts");
    static const char *const texts[] = {"0-1-100,1-22-5,4294967295-1-18446744073709551615",
                                        "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7:tag:1-3,"
                                        "3e11fa47-71ca-11e1-9e33-c80aa9429563:9223372036854775806"};
    static const char bytes[] = "0123456789abcdefg-:, \n*";
    for (int round = 0; round < 20 * ROUNDS; round++) {
        size_t which = (size_t)random_below(&rnd, 2);
        enum flavor flavor = which ? FLAVOR_MYSQL : FLAVOR_MARIADB;
        struct buf text = {0}, printed = {0};
        struct position p = {0}, back = {0};
        struct err err = {0};
        buf_put_str(&text, texts[which]);
        text.data[random_below(&rnd, text.len)] = (uint8_t)bytes[random_below(&rnd, sizeof bytes - 1)];
        if (position_parse(&p, flavor, buf_span(&text), &err) == 0) {
            position_put_text(&p, &printed);
            assert_int_equal(position_parse(&back, flavor, buf_span(&printed), &err), 0);
            assert_true(position_eq(&p, &back));
        } else {
            assert_int_equal(err.class, ERR_DATA);
            assert_int_equal(p.count, 0);
        }
        position_free(&p);
        position_free(&back);
        buf_free(&text);
        buf_free(&printed);
    }
}

/* ---- MariaDB ---- */

#define DOMAINS 16

/* Newest seq by domain; 0 for none. Domains are spread over all their numbers. */
static uint32_t domain_number(size_t i)
{
    return (uint32_t)i * 0x11111111u;
}

static void positions_equal_the_naive_model(void **state)
{
    (void)state;
    struct random rnd = random_start("positions");
    for (int round = 0; round < ROUNDS; round++) {
        struct gtid newest[DOMAINS] = {0};
        struct position p = {0}, parsed = {0};
        struct buf text = {0};
        struct err err = {0};
        for (uint64_t n = random_below(&rnd, 40); n > 0; n--) {
            size_t d = (size_t)random_below(&rnd, DOMAINS);
            newest[d] = (struct gtid){
                .flavor = FLAVOR_MARIADB,
                .maria = {domain_number(d), (uint32_t)random_any_size(&rnd), 1 + (random_any_size(&rnd) >> 1)}
            };
            position_add(&p, &newest[d]);
        }
        size_t begin = (size_t)random_below(&rnd, DOMAINS);
        for (size_t k = 0; k < DOMAINS; k++) {
            const struct gtid *g = &newest[(begin + 3 * k) % DOMAINS];
            char one[GTID_TEXT_LEN];
            if (g->flavor != FLAVOR_NONE)
                buf_printf(&text, "%s%s", text.len ? "," : "", gtid_text(one, g));
        }
        assert_int_equal(position_parse(&parsed, FLAVOR_MARIADB, buf_span(&text), &err), 0);
        assert_true(position_eq(&p, &parsed) || p.count + parsed.count == 0);
        for (size_t d = 0; d < DOMAINS; d++) {
            struct gtid g = newest[d];
            bool there = g.flavor != FLAVOR_NONE;
            g.flavor = FLAVOR_MARIADB;
            g.maria.domain = domain_number(d);
            assert_int_equal(position_has(&p, &g), there);
            g.maria.seq++;
            assert_false(position_has(&p, &g));
            g.maria.seq = 1;
            assert_int_equal(position_has(&p, &g), there);
        }
        position_free(&p);
        position_free(&parsed);
        buf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_of_any_size_equal_the_naive_model),
        cmocka_unit_test(any_text_of_a_set_gives_it),
        cmocka_unit_test(damaged_texts_are_refused_or_mean_something),
        cmocka_unit_test(positions_equal_the_naive_model),
    };
    return cmocka_run_group_tests_name("position_sets", tests, NULL, NULL);
}
