/* Queues under threads: nothing lost, nothing twice, order per producer kept, bounds kept, nobody left waiting. */
#include "common/base/queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

#define PRODUCERS 3
#define CONSUMERS 3
#define EACH 20000
#define MAX_ITEMS 7
#define MAX_BYTES 100

struct item {
    int producer;
    int number;
};

struct shared {
    struct queue *q;
    struct item items[PRODUCERS][EACH];
    _Atomic int taken[PRODUCERS][EACH];
    uint64_t seeds[PRODUCERS];
    _Atomic bool out_of_bounds;
    _Atomic bool out_of_order;
};

struct worker {
    struct shared *shared;
    int id;
};

static void *produce(void *arg)
{
    struct worker *w = arg;
    struct random rnd = {w->shared->seeds[w->id]};
    for (int i = 0; i < EACH; i++) {
        w->shared->items[w->id][i] = (struct item){w->id, i};
        /* One in a hundred is larger than the queue. */
        size_t bytes = (size_t)(random_below(&rnd, 100) ? random_below(&rnd, MAX_BYTES + 1) : 10 * MAX_BYTES);
        assert_int_equal(queue_push(w->shared->q, &w->shared->items[w->id][i], bytes), 0);
    }
    return NULL;
}

static void *consume(void *arg)
{
    struct worker *w = arg;
    int newest[PRODUCERS] = {-1, -1, -1};
    for (;;) {
        struct item *it = queue_pop(w->shared->q, w->id == 0 ? 1 : -1);
        if (!it && queue_closed(w->shared->q) && queue_items(w->shared->q) == 0)
            return NULL;
        if (!it)
            continue;
        if (queue_items(w->shared->q) > MAX_ITEMS || queue_bytes(w->shared->q) > 10 * MAX_BYTES)
            w->shared->out_of_bounds = true;
        if (it->number <= newest[it->producer])
            w->shared->out_of_order = true;
        newest[it->producer] = it->number;
        atomic_fetch_add(&w->shared->taken[it->producer][it->number], 1);
    }
}

static void every_item_arrives_once_and_in_order(void **state)
{
    (void)state;
    struct random rnd = random_start("queue");
    struct shared *s = calloc(1, sizeof *s);
    pthread_t producers[PRODUCERS], consumers[CONSUMERS];
    struct worker workers[PRODUCERS];
    s->q = queue_new(MAX_ITEMS, MAX_BYTES);
    for (int i = 0; i < PRODUCERS; i++) {
        s->seeds[i] = random_u64(&rnd);
        workers[i] = (struct worker){s, i};
        assert_int_equal(pthread_create(&producers[i], NULL, produce, &workers[i]), 0);
        assert_int_equal(pthread_create(&consumers[i], NULL, consume, &workers[i]), 0);
    }
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(producers[i], NULL);
    queue_close(s->q);
    for (int i = 0; i < CONSUMERS; i++)
        pthread_join(consumers[i], NULL);
    for (int p = 0; p < PRODUCERS; p++) {
        for (int i = 0; i < EACH; i++)
            assert_int_equal(s->taken[p][i], 1);
    }
    assert_false(s->out_of_bounds);
    assert_false(s->out_of_order);
    assert_int_equal(queue_bytes(s->q), 0);
    queue_free(&s->q, NULL);
    assert_null(s->q);
    free(s);
}

static void *close_later(void *arg)
{
    clock_sleep_ms(30);
    queue_close(arg);
    return NULL;
}

static void closing_wakes_both_sides(void **state)
{
    (void)state;
    int item = 1;
    pthread_t closer;
    struct queue *q = queue_new(1, 10);
    assert_int_equal(queue_push(q, &item, 1), 0);
    assert_int_equal(pthread_create(&closer, NULL, close_later, q), 0);
    assert_int_equal(queue_push(q, &item, 1), -1); /* waits for room, then learns of the end */
    pthread_join(closer, NULL);
    assert_ptr_equal(queue_pop(q, -1), &item); /* what is in it can still be had */
    assert_null(queue_pop(q, -1));
    assert_true(queue_closed(q));
    queue_close(q);
    queue_free(&q, NULL);

    q = queue_new(1, 10);
    assert_int_equal(pthread_create(&closer, NULL, close_later, q), 0);
    assert_null(queue_pop(q, -1));
    pthread_join(closer, NULL);
    queue_free(&q, NULL);
    queue_free(&q, NULL);
}

static void a_pop_waits_no_longer_than_told(void **state)
{
    (void)state;
    struct queue *q = queue_new(1, 10);
    uint64_t start = clock_mono_ms();
    assert_null(queue_pop(q, 0));
    assert_true(clock_mono_ms() - start < 1000);
    assert_null(queue_pop(q, 40));
    assert_true(clock_mono_ms() - start >= 39);
    assert_false(queue_closed(q));
    queue_free(&q, NULL);
}

static void count_drop(void *item)
{
    ++*(int *)item;
}

static void what_is_left_is_dropped(void **state)
{
    (void)state;
    int dropped[3] = {0, 0, 0};
    struct queue *q = queue_new(3, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(queue_push(q, &dropped[i], 1), 0);
    assert_int_equal(queue_items(q), 3);
    queue_free(&q, count_drop);
    for (int i = 0; i < 3; i++)
        assert_int_equal(dropped[i], 1);
}

static void many_are_popped_up_to_a_count_and_a_size(void **state)
{
    (void)state;
    int items[6] = {0};
    const size_t sizes[6] = {4, 4, 4, 90, 1, 1};
    void *out[6] = {0};
    struct queue *q = queue_new(8, 1000);
    for (int i = 0; i < 6; i++)
        assert_int_equal(queue_push(q, &items[i], sizes[i]), 0);
    assert_int_equal(queue_pop_many(q, out, 2, 100, 0), 2); /* the count */
    assert_ptr_equal(out[0], &items[0]);
    assert_ptr_equal(out[1], &items[1]);
    assert_int_equal(queue_pop_many(q, out, 6, 10, 0), 1); /* the next would be too much */
    assert_ptr_equal(out[0], &items[2]);
    assert_int_equal(queue_pop_many(q, out, 6, 10, 0), 1); /* larger than that, but alone */
    assert_ptr_equal(out[0], &items[3]);
    assert_int_equal(queue_pop_many(q, out, 6, 2, 0), 2); /* exactly as much */
    assert_ptr_equal(out[1], &items[5]);
    assert_int_equal(queue_bytes(q), 0);
    assert_int_equal(queue_pop_many(q, out, 6, 10, 0), 0);
    queue_free(&q, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_arrives_once_and_in_order),     cmocka_unit_test(closing_wakes_both_sides),
        cmocka_unit_test(a_pop_waits_no_longer_than_told),          cmocka_unit_test(what_is_left_is_dropped),
        cmocka_unit_test(many_are_popped_up_to_a_count_and_a_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
