/* Maps and arenas: a map against a naive array, the memory of an arena against what was written into it. */
#include "common/base/map.h"

#include <stdalign.h>

#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

#define KEYS 700

/* Key number i: lengths from 0, some with NUL bytes. */
static struct span key_of(uint8_t out[16], unsigned i)
{
    memset(out, 0, 16);
    memcpy(out, &i, sizeof i);
    return span_of(out, i == 0 ? 0 : 2 + i % 14);
}

static void assert_iterates_all(const struct map *m, void *const model[KEYS])
{
    struct span key;
    void *value;
    bool seen[KEYS] = {false};
    size_t n = 0;
    for (size_t i = 0; map_next(m, &i, &key, &value); n++) {
        unsigned number = 0;
        memcpy(&number, key.p, key.n < sizeof number ? key.n : sizeof number);
        assert_true(number < KEYS);
        assert_false(seen[number]);
        seen[number] = true;
        assert_ptr_equal(value, model[number]);
    }
    assert_int_equal(n, m->count);
}

static void any_history_equals_the_naive_model(void **state)
{
    (void)state;
    struct random rnd = random_start("map");
    struct map m = {0};
    for (int history = 0; history < 30; history++) {
        void *model[KEYS] = {NULL};
        bool present[KEYS] = {false};
        size_t count = 0;
        uint64_t steps = random_below(&rnd, 4000);
        for (uint64_t step = 0; step < steps; step++) {
            uint8_t memory[16];
            unsigned i = (unsigned)random_below(&rnd, KEYS);
            struct span key = key_of(memory, i);
            assert_ptr_equal(map_get(&m, key), model[i]);
            if (random_below(&rnd, 2)) {
                void **ref = map_ref(&m, key);
                assert_ptr_equal(*ref, model[i]);
                *ref = model[i] = (void *)(uintptr_t)random_u64(&rnd);
                count += !present[i];
                present[i] = true;
                memset(memory, 0xee, sizeof memory); /* the key was copied */
            }
        }
        assert_int_equal(m.count, count);
        assert_iterates_all(&m, model);
        map_clear(&m);
        assert_int_equal(m.count, 0);
    }
    map_free(&m);
    assert_null(map_get(&m, span_str("gone")));
}

static void an_arena_keeps_every_byte_apart(void **state)
{
    (void)state;
    struct random rnd = random_start("arena");
    enum { N = 400 };
    struct arena a = {0};
    for (int round = 0; round < 10; round++) {
        struct span got[N];
        for (int i = 0; i < N; i++) {
            size_t n = (size_t)random_below(&rnd, random_below(&rnd, 20) ? 300 : 60000);
            uint8_t *p = arena_alloc(&a, n);
            assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
            memset(p, i & 0xff, n);
            got[i] = span_of(p, n);
        }
        for (int i = 0; i < N; i++) {
            for (size_t k = 0; k < got[i].n; k++)
                assert_int_equal(got[i].p[k], i & 0xff);
        }
        size_t before = a.total;
        arena_reset(&a);
        assert_true(a.total <= before);
    }
    arena_free(&a);
    assert_int_equal(a.total, 0);
}

static void a_reset_arena_does_not_keep_a_giant_block(void **state)
{
    (void)state;
    struct arena a = {0};
    memset(arena_alloc(&a, 9u << 20), 1, 9u << 20);
    assert_string_equal(arena_strdup(&a, span_of("abcd", 3)), "abc");
    assert_true(span_is(arena_copy(&a, span_str("xyz")), "xyz"));
    assert_int_equal(arena_copy(&a, span_of(NULL, 0)).n, 0);
    uint8_t *zeroed = arena_zalloc(&a, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(zeroed[i], 0);
    arena_reset(&a);
    assert_true(a.total <= 2u << 20);
    (void)arena_alloc(&a, 10);
    arena_free(&a);
    arena_reset(&a);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_history_equals_the_naive_model),
        cmocka_unit_test(an_arena_keeps_every_byte_apart),
        cmocka_unit_test(a_reset_arena_does_not_keep_a_giant_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
