/* Positions against a naive model: an array of what is in them. */
#include "common/model/position.h"

#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

#define SOURCES 6 /* three uuids, each without and with a tag */
#define GNOS 60
#define DOMAINS 8
#define UUID "3e11fa47-71ca-11e1-9e33-c80aa9429562"

/* in[s][n]: MySQL's source s has number n. seq[d]: MariaDB's newest of domain d, 0 for none. */
struct model {
    bool in[SOURCES][GNOS + 2];
    uint64_t seq[DOMAINS];
    uint32_t server[DOMAINS];
};

static struct gtid mysql_gtid(size_t source, uint64_t gno)
{
    struct gtid g = {.flavor = FLAVOR_MYSQL, .mysql = {.gno = gno}};
    memset(g.mysql.uuid, (int)(0x70 + 0x30 * (source / 2)), sizeof g.mysql.uuid);
    if (source % 2)
        memcpy(g.mysql.tag, "drc", 3);
    return g;
}

static struct gtid maria_gtid(uint32_t domain, uint32_t server, uint64_t seq)
{
    return (struct gtid){
        .flavor = FLAVOR_MARIADB, .maria = {domain, server, seq}
    };
}

static void random_add(struct random *rnd, struct position *p, struct model *m)
{
    if (p->flavor == FLAVOR_MYSQL) {
        size_t source = (size_t)random_below(rnd, SOURCES);
        uint64_t first = 1 + random_below(rnd, GNOS), last = first + random_below(rnd, 5);
        if (last > GNOS)
            last = GNOS;
        struct gtid g = mysql_gtid(source, first);
        if (first == last)
            position_add(p, &g);
        else
            position_add_interval(p, g.mysql.uuid, g.mysql.tag, first, last);
        for (uint64_t n = first; n <= last; n++)
            m->in[source][n] = true;
    } else {
        uint32_t domain = (uint32_t)random_below(rnd, DOMAINS), server = (uint32_t)random_below(rnd, 3);
        uint64_t seq = 1 + random_below(rnd, 1000);
        struct gtid g = maria_gtid(domain, server, seq);
        position_add(p, &g);
        m->seq[domain] = seq;
        m->server[domain] = server;
    }
}

static struct position random_position(struct random *rnd, enum flavor flavor, struct model *m)
{
    struct position p;
    position_init(&p, flavor);
    *m = (struct model){0};
    for (uint64_t n = random_below(rnd, 60); n > 0; n--)
        random_add(rnd, &p, m);
    return p;
}

static void assert_has_what_the_model_has(const struct position *p, const struct model *m)
{
    for (size_t s = 0; s < SOURCES; s++) {
        for (uint64_t n = 1; n <= GNOS + 1; n++) {
            struct gtid g = mysql_gtid(s, n);
            assert_int_equal(position_has(p, &g), m->in[s][n]);
        }
    }
    for (uint32_t d = 0; d < DOMAINS; d++) {
        struct gtid there = maria_gtid(d, m->server[d], m->seq[d]), beyond = maria_gtid(d, 0, m->seq[d] + 1);
        assert_int_equal(position_has(p, &there), m->seq[d] > 0);
        assert_false(position_has(p, &beyond));
    }
    if (p->flavor != FLAVOR_MYSQL)
        return;
    for (size_t i = 0; i < p->count; i++) { /* one canonical form */
        for (size_t k = 1; k < p->sources[i].count; k++)
            assert_true(p->sources[i].intervals[k].first >= p->sources[i].intervals[k - 1].last + 2);
    }
}

static uint64_t model_distance(const struct model *m, const struct model *base)
{
    uint64_t n = 0;
    for (size_t s = 0; s < SOURCES; s++) {
        for (size_t k = 1; k <= GNOS; k++)
            n += m->in[s][k] && !base->in[s][k];
    }
    for (size_t d = 0; d < DOMAINS; d++)
        n += m->seq[d] > base->seq[d] ? m->seq[d] - base->seq[d] : 0;
    return n;
}

static void assert_survives_text_and_bytes(const struct position *p)
{
    struct buf out = {0};
    struct position back = {0};
    struct err err = {0};
    position_put_text(p, &out);
    assert_int_equal(position_parse(&back, p->flavor, buf_span(&out), &err), 0);
    assert_true(position_eq(p, &back));
    buf_clear(&out);
    position_put(p, &out);
    struct bytes r = bytes_of(buf_span(&out));
    position_read(&back, &r);
    assert_true(!r.bad && bytes_left(&r) == 0);
    assert_true(position_eq(p, &back));
    for (size_t n = 0; n < out.len; n++) {
        r = bytes_of(span_of(out.data, n));
        position_read(&back, &r);
        assert_true(r.bad && back.count == 0);
    }
    position_free(&back);
    buf_free(&out);
}

static void assert_meets(const struct position *a, const struct position *b, const struct model *ma,
                         const struct model *mb)
{
    struct position met = {0};
    struct model m = {0};
    for (size_t s = 0; s < SOURCES; s++) {
        for (size_t n = 1; n <= GNOS; n++)
            m.in[s][n] = ma->in[s][n] && mb->in[s][n];
    }
    for (size_t d = 0; d < DOMAINS; d++) {
        const struct model *less = ma->seq[d] < mb->seq[d] ? ma : mb;
        m.seq[d] = less->seq[d];
        m.server[d] = less->server[d];
    }
    position_meet(&met, a, b);
    assert_has_what_the_model_has(&met, &m);
    assert_true(position_covers(a, &met) && position_covers(b, &met));
    position_free(&met);
}

static void any_history_equals_the_naive_model(void **state)
{
    (void)state;
    struct random rnd = random_start("position");
    for (int i = 0; i < 600; i++) {
        struct model ma, mb;
        enum flavor flavor = i % 2 ? FLAVOR_MYSQL : FLAVOR_MARIADB;
        struct position a = random_position(&rnd, flavor, &ma), b = random_position(&rnd, flavor, &mb), c = {0};
        assert_has_what_the_model_has(&a, &ma);
        assert_survives_text_and_bytes(&a);
        assert_int_equal(position_distance(&a, &b), model_distance(&ma, &mb));
        assert_meets(&a, &b, &ma, &mb);
        assert_int_equal(position_covers(&b, &a), model_distance(&ma, &mb) == 0);
        assert_int_equal(position_eq(&a, &b), memcmp(&ma, &mb, sizeof ma) == 0);
        position_copy(&c, &b);
        assert_true(position_eq(&c, &b));
        position_union(&c, &a);
        for (size_t s = 0; s < SOURCES; s++) {
            for (size_t n = 1; n <= GNOS; n++)
                mb.in[s][n] = mb.in[s][n] || ma.in[s][n];
        }
        for (size_t d = 0; d < DOMAINS; d++) {
            mb.seq[d] = ma.seq[d] ? ma.seq[d] : mb.seq[d];
            mb.server[d] = ma.seq[d] ? ma.server[d] : mb.server[d];
        }
        assert_has_what_the_model_has(&c, &mb);
        assert_true(position_covers(&c, &a));
        position_copy(&c, &a);
        assert_true(position_eq(&c, &a));
        position_free(&a);
        position_free(&b);
        position_free(&c);
    }
}

static void assert_text(enum flavor flavor, const char *text, const char *canonical)
{
    struct position p = {0};
    struct buf out = {0};
    struct err err = {0};
    assert_int_equal(position_parse(&p, flavor, span_str(text), &err), 0);
    position_put_text(&p, &out);
    assert_string_equal(buf_cstr(&out), canonical);
    position_free(&p);
    buf_free(&out);
}

static void texts_of_the_servers_are_read(void **state)
{
    (void)state;
    assert_text(FLAVOR_MARIADB, "", "");
    assert_text(FLAVOR_MARIADB, "1-2-5,0-1-100", "0-1-100,1-2-5");
    assert_text(FLAVOR_MARIADB, " 0-1-100 , 4294967295-2-5 ", "0-1-100,4294967295-2-5");
    assert_text(FLAVOR_MYSQL, " ", "");
    assert_text(FLAVOR_MYSQL, UUID ":1-5", UUID ":1-5");
    assert_text(FLAVOR_MYSQL, UUID ":7:1-3:4-5", UUID ":1-5:7");
    assert_text(FLAVOR_MYSQL, UUID ":1-5:7:tag:1-3:u:9,\n00000000-71ca-11e1-9e33-c80aa9429562:1",
                "00000000-71ca-11e1-9e33-c80aa9429562:1," UUID ":1-5:7:tag:1-3:u:9");
    assert_text(FLAVOR_MYSQL, UUID ":TAG:2-2, " UUID ":1,", UUID ":1:tag:2");
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const maria[] = {"0-1-100,", ",", "0-1-100,0-2-5", "0-1-1;1-1-1", "0-1-100 1-1-1", UUID ":1"};
    static const char *const mysql[] = {UUID,         UUID ":",        UUID ":0",
                                        UUID ":5-3",  UUID ":1-",      UUID ":1:",
                                        UUID ":tag",  UUID ":tag:u:1", UUID ":1-9223372036854775807",
                                        UUID ":1 2",  "0-1-100",       UUID ":1,,",
                                        UUID ":1:tag"};
    struct position p = {0};
    struct err err;
    for (size_t i = 0; i < sizeof maria / sizeof maria[0]; i++) {
        assert_int_equal(position_parse(&p, FLAVOR_MARIADB, span_str(maria[i]), &err), -1);
        assert_int_equal(p.count, 0);
    }
    for (size_t i = 0; i < sizeof mysql / sizeof mysql[0]; i++) {
        assert_int_equal(position_parse(&p, FLAVOR_MYSQL, span_str(mysql[i]), &err), -1);
        assert_int_equal(p.count, 0);
    }
    assert_int_equal(position_parse(&p, FLAVOR_NONE, span_str(""), &err), -1);
    position_free(&p);
}

static void flavours_do_not_mix(void **state)
{
    (void)state;
    struct position none = {0}, maria = {0}, mysql = {0};
    struct gtid g = maria_gtid(0, 1, 5), h = mysql_gtid(0, 5), nothing = {0};
    position_add(&maria, &g);
    position_add(&mysql, &h);
    assert_int_equal(maria.flavor, FLAVOR_MARIADB);
    assert_false(position_covers(&maria, &mysql));
    assert_false(position_covers(&mysql, &maria));
    assert_true(position_covers(&mysql, &none));
    assert_true(position_covers(&none, &none));
    assert_false(position_covers(&none, &mysql));
    assert_false(position_has(&maria, &h));
    assert_false(position_has(&none, &nothing));
    assert_false(position_eq(&maria, &mysql));
    assert_int_equal(position_distance(&maria, &none), 5);
    position_free(&maria);
    position_free(&mysql);
}

static void a_domain_may_step_back(void **state)
{
    (void)state;
    struct position p = {0};
    struct gtid high = maria_gtid(3, 1, 100), low = maria_gtid(3, 2, 50);
    position_add(&p, &high);
    position_add(&p, &low);
    assert_int_equal(p.count, 1);
    assert_false(position_has(&p, &high));
    assert_true(position_has(&p, &low));
    struct position huge = {0};
    for (uint32_t d = 0; d < 3; d++) {
        struct gtid g = maria_gtid(d, 1, UINT64_MAX);
        position_add(&huge, &g);
    }
    assert_true(position_distance(&huge, &p) == UINT64_MAX); /* saturates */
    position_free(&p);
    position_free(&huge);
}

static void malformed_bytes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
    } bad[] = {
        {"\x03\x00",                                                      2 },
        {"\x00\x01",                                                      2 },
        {"\x01\x02\x01\x01\x05\x01\x01\x06",                              8 }, /* a domain twice */
        {"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",                  11}, /* more domains than bytes */
        {"\x02\x01"
         "0123456789abcdef"
         "\x00\x00",                                             20}, /* no interval */
        {"\x02\x01"
         "0123456789abcdef"
         "\x00\x01\x00\x00",                                     22}, /* number 0 */
        {"\x02\x01"
         "0123456789abcdef"
         "\x00\x02\x01\x00\x01\x00",                             24}, /* intervals touch */
        {"\x02\x01"
         "0123456789abcdef"
         "\x00\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 31}, /* wraps */
        {"\x02\x02"
         "0123456789abcdef"
         "\x00\x01\x01\x00"
         "0123456789abcdef"
         "\x00\x01\x01\x00",                                     42}, /* twice */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct position p = {0};
        struct bytes r = bytes_of(span_of(bad[i].bytes, bad[i].n));
        position_read(&p, &r);
        assert_true(r.bad);
        assert_int_equal(p.count, 0);
        position_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_history_equals_the_naive_model),
        cmocka_unit_test(texts_of_the_servers_are_read),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(flavours_do_not_mix),
        cmocka_unit_test(a_domain_may_step_back),
        cmocka_unit_test(malformed_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
