/* The index of newest versions against a plain list of all that was put. */
#include "tests/unit/cmocka_all.h"

#include "applier/version_index.h"
#include "tests/unit/random.h"

#define KEYS 600u
#define PLACES 64u
#define FILTER ((size_t)PLACES * 32)
#define BLOCK ((size_t)PLACES * 40)

struct model {
    bool there;
    struct version newest;
};

static struct version_key key_of(uint64_t n)
{
    return (struct version_key){n * 0x9e3779b97f4a7c15u, n + 1};
}

static struct version_index *small_index(size_t blocks)
{
    const struct version_index_setup setup = {
        .memory_bytes = FILTER + blocks * BLOCK, .block_versions = PLACES, .directory = "/tmp"};
    return version_index_new(&setup);
}

static void put(struct version_index *ix, struct model *m, uint64_t key, uint64_t seq, bool deletes)
{
    struct err err = {0};
    struct version_key k = key_of(key);
    if (version_index_put(ix, &k, seq, 10 * seq, deletes, &err))
        fail_msg("%s", err.text);
    uint64_t deleted = deletes ? seq : m[key].there ? m[key].newest.deleted_seq : 0;
    m[key] = (struct model){
        true, {.seq = seq, .stamp = 10 * seq, .deleted_seq = deleted}
    };
}

/* Above what was let go everything is found as it is; below, what is found is never newer than it was. */
static void check(const struct version_index *ix, const struct model *m, uint64_t low)
{
    for (uint64_t i = 0; i < KEYS; i++) {
        struct version found = {0};
        struct version_key k = key_of(i);
        bool there = version_index_find(ix, &k, &found);
        if (!m[i].there) {
            assert_false(there);
            continue;
        }
        if (m[i].newest.seq <= low && !there)
            continue;
        assert_true(there);
        assert_int_equal(found.seq, m[i].newest.seq);
        assert_int_equal(found.stamp, m[i].newest.stamp);
        assert_int_equal(found.outdone, m[i].newest.outdone);
        if (m[i].newest.deleted_seq > low)
            assert_int_equal(found.deleted_seq, m[i].newest.deleted_seq);
    }
}

static void run(struct random *r, size_t blocks)
{
    struct model m[KEYS] = {0};
    struct version_index *ix = small_index(blocks);
    uint64_t seq = 0, low = 0;
    for (int step = 0; step < 9000; step++) {
        uint64_t key = random_below(r, random_below(r, 2) ? KEYS : 10);
        switch (random_below(r, 20)) {
        case 0:
            low = random_below(r, seq + 1) > low ? random_below(r, seq - low + 1) + low : low;
            version_index_let_go(ix, low);
            break;
        case 1:
        case 2: {
            struct version_key k = key_of(key);
            bool right = random_below(r, 2);
            uint64_t meant = m[key].newest.seq + !right;
            struct version found;
            version_index_outdo(ix, &k, meant);
            if (right && m[key].there && version_index_find(ix, &k, &found))
                m[key].newest.outdone = true;
            break;
        }
        default:
            put(ix, m, key, seq += random_below(r, 2), random_below(r, 8) == 0);
        }
        if (step % 50 == 0)
            check(ix, m, low);
        assert_true(version_index_bytes(ix) <= FILTER + blocks * BLOCK);
    }
    check(ix, m, low);
    version_index_clear(ix);
    assert_int_equal(version_index_count(ix) + version_index_bytes(ix) + version_index_spilled(ix), 0);
    version_index_free(&ix);
}

static void test_it_finds_what_a_list_finds(void **state)
{
    (void)state;
    struct random r = random_start("version_index");
    for (int i = 0; i < 60; i++)
        run(&r, 1 + random_below(&r, 4));
}

static void test_the_bound_on_memory_holds_and_the_file_is_used_again(void **state)
{
    (void)state;
    static struct model m[KEYS];
    struct version_index *ix = small_index(2);
    for (uint64_t round = 0; round < 20; round++) {
        for (uint64_t i = 0; i < KEYS; i++)
            put(ix, m, i, round * KEYS + i + 1, false);
        assert_true(version_index_bytes(ix) <= FILTER + 2 * BLOCK);
        assert_true(version_index_spilled(ix) > 0);
        check(ix, m, round * KEYS);
        version_index_let_go(ix, (round + 1) * KEYS);
        assert_int_equal(version_index_count(ix), 0);
    }
    version_index_free(&ix);
}

/* Many blocks, some of them let go: the numbers of those that share a filter do not begin with its first bit then. */
static void test_hundreds_of_blocks(void **state)
{
    (void)state;
    struct version_index *ix = small_index(20);
    struct version found;
    struct err err = {0};
    uint64_t count = 0, low = 0;
    while (count < 20000) {
        for (uint64_t end = count + 1900; count < end; count++) {
            struct version_key k = key_of(count);
            assert_int_equal(version_index_put(ix, &k, count + 1, count, false, &err), 0);
        }
        low += 1300;
        version_index_let_go(ix, low);
        assert_true(version_index_bytes(ix) <= FILTER + 20 * BLOCK);
        for (uint64_t i = low; i < count; i++) {
            struct version_key k = key_of(i);
            assert_true(version_index_find(ix, &k, &found));
            assert_int_equal(found.seq, i + 1);
        }
        for (uint64_t i = low > 48 ? low - 48 : 0; i-- > 0;) {
            struct version_key k = key_of(i);
            assert_false(version_index_find(ix, &k, &found));
        }
    }
    version_index_let_go(ix, count);
    assert_int_equal(version_index_count(ix), 0);
    version_index_free(&ix);
}

/* What a million versions cost is a figure of the product. */
static void test_a_million_versions_take_64_mib_at_most(void **state)
{
    (void)state;
    const struct version_index_setup setup = {.memory_bytes = 1u << 30, .directory = "/tmp"};
    struct version_index *ix = version_index_new(&setup);
    struct err err = {0};
    for (uint64_t i = 0; i < 1000000; i++) {
        struct version_key k = key_of(i);
        assert_int_equal(version_index_put(ix, &k, i + 1, i + 1, false, &err), 0);
    }
    assert_int_equal(version_index_count(ix), 1000000);
    assert_true(version_index_bytes(ix) <= 64u << 20);
    version_index_free(&ix);
}

static void test_a_file_that_cannot_be_made_is_an_error(void **state)
{
    (void)state;
    const struct version_index_setup setup = {
        .memory_bytes = BLOCK, .block_versions = PLACES, .directory = "/nonexistent"};
    struct version_index *ix = version_index_new(&setup);
    struct err err = {0};
    int rc = 0;
    for (uint64_t i = 0; rc == 0 && i < 200; i++) {
        struct version_key k = key_of(i);
        rc = version_index_put(ix, &k, i + 1, 1, false, &err);
    }
    assert_int_equal(rc, -1);
    assert_int_equal(err.class, ERR_RETRY);
    assert_non_null(strstr(err.text, "/nonexistent"));
    version_index_free(&ix);
}

/* The same value of one key gives one hash, another value, table or split of it another one. */
static void test_keys(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf scratch = {0};
    struct column columns[2] = {
        {.name = span_str("a"), .type = COLUMN_VARCHAR, .meta = 100, .collation = 45, .key_order = 0},
        {.name = span_str("b"), .type = COLUMN_VARCHAR, .meta = 100, .collation = 45, .key_order = 1},
    };
    struct table_def t = {.db = span_str("shop"), .name = span_str("item"), .columns = columns, .column_count = 2};
    table_def_seal(&t, &a);
    assert_int_equal(t.key_count, 2);
    const struct cell one[2] = {{.data = span_of("\2ab", 3)}, {.data = span_of("\1c", 2)}};
    const struct cell same[2] = {{.data = span_of("\2ab", 3)}, {.data = span_of("\1c", 2)}};
    const struct cell other[2] = {{.data = span_of("\1a", 2)}, {.data = span_of("\2bc", 3)}};
    struct version_key k = version_key_of(7, &t, one, &scratch), again = version_key_of(7, &t, same, &scratch);
    struct version_key moved = version_key_of(7, &t, other, &scratch), table = version_key_of(8, &t, one, &scratch);
    assert_true(k.a == again.a && k.b == again.b);
    assert_true(k.a != moved.a && k.b != moved.b);
    assert_true(k.a != table.a && k.b != table.b);
    buf_free(&scratch);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_finds_what_a_list_finds),
        cmocka_unit_test(test_hundreds_of_blocks),
        cmocka_unit_test(test_the_bound_on_memory_holds_and_the_file_is_used_again),
        cmocka_unit_test(test_a_million_versions_take_64_mib_at_most),
        cmocka_unit_test(test_a_file_that_cannot_be_made_is_an_error),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
