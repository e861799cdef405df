/* What capture would make of binlog files: whole, gone on with from any place, torn at any byte, with a gap before. */
#include <unistd.h>

#include "common/stream/history.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/random.h"

#define DATA DRC_TEST_DATA "/binlog/"
#define STEPS 200

static const char *const files[] = {DATA "groups.bin", DATA "mysql_groups.bin", DATA "keys.bin"};

struct world {
    struct config config;
    struct region_config region;
    struct stream reader; /* what a reader of all records so far holds */
    struct history *history;
    char *path;
    /* what came, one entry a step */
    struct span steps[STEPS]; /* a record's bytes; of a group: its GTID and fate, as text */
    size_t count;
    size_t groups; /* among them */
    struct arena arena;
};

static void set_up(struct world *w, const char *path)
{
    struct err err = {0};
    *w = (struct world){0};
    w->config.fragment_bytes = 4096;
    w->region.name = arena_strdup(&w->arena, span_str("eu"));
    w->path = arena_strdup(&w->arena, span_str(path));
    assert_int_equal(filter_add(&w->config.tables, true, "*.*", &err), 0);
    stream_init_at(&w->reader, (const uint8_t[STREAM_UUID_LEN]){0}, 1, 0, 0, 0);
}

static void open_history(struct world *w, const struct stream *state)
{
    const struct history_options options = {
        .config = &w->config, .region = &w->region, .topic = "", .state = state, .max_bytes = 1 << 20};
    w->history = history_new(&options);
    history_read_files(w->history, &w->path, 1);
}

static void tear_down(struct world *w)
{
    history_free(&w->history);
    stream_free(&w->reader);
    filter_free(&w->config.tables);
    arena_free(&w->arena);
}

/* Every record has to be one that readers take. */
static void take(struct world *w, const struct history_step *s)
{
    enum stream_verdict verdict;
    struct err err = {0};
    struct buf text = {0};
    char gtid[GTID_TEXT_LEN];
    assert_true(w->count < STEPS);
    if (s->kind == HISTORY_RECORD) {
        if (stream_accept(&w->reader, &s->rec, &verdict, &err))
            fail_msg("%s", err.text);
        if (s->rec.kind == RECORD_HEARTBEAT)
            return;
        assert_int_equal(verdict, STREAM_TAKE);
        w->steps[w->count++] = arena_copy(&w->arena, s->bytes);
        return;
    }
    buf_printf(&text, "%s %s", gtid_text(gtid, &s->gtid), history_fate_name(s->fate));
    w->steps[w->count++] = arena_copy(&w->arena, buf_span(&text));
    w->groups++;
    buf_free(&text);
}

/* To the end, or until `groups` have ended. */
static int run(struct world *w, size_t groups, struct err *err)
{
    struct history_step step;
    int got = 1;
    while (groups > 0 && (got = history_next(w->history, &step, err)) > 0) {
        take(w, &step);
        groups -= step.kind == HISTORY_GROUP;
    }
    return got;
}

static void run_whole(struct world *w, const char *path)
{
    const struct stream beginning = {.epoch = 1};
    struct err err = {0};
    set_up(w, path);
    open_history(w, &beginning);
    if (run(w, SIZE_MAX, &err))
        fail_msg("%s: %s", path, err.text);
}

static void all_of_a_file_is_a_stream(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        struct world w;
        run_whole(&w, files[f]);
        assert_true(w.groups > 2);
        assert_true(w.reader.seq > 2);
        assert_int_equal(history_seq(w.history), w.reader.seq);
        assert_null(history_torn(w.history));
        assert_null(history_gap(w.history));
        tear_down(&w);
    }
}

/* The state of a reader that has read so many groups, by the heartbeat behind them. */
static void stop_after(struct world *w, const char *path, size_t groups)
{
    const struct stream beginning = {.epoch = 1};
    struct err err = {0};
    set_up(w, path);
    open_history(w, &beginning);
    assert_int_equal(run(w, groups, &err), 1);
    assert_int_equal(history_say_heartbeat(w->history, 1700000000000000u, &err), 0);
    struct history_step step;
    do
        assert_int_equal(history_next(w->history, &step, &err), 1);
    while (step.kind != HISTORY_RECORD || step.rec.kind != RECORD_HEARTBEAT);
    take(w, &step);
}

/* Whatever the topic has already, the rest is what it would have been: the same bytes, the same seqs. */
static void from_any_place_it_goes_on_alike(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        struct world whole;
        run_whole(&whole, files[f]);
        for (size_t k = 1; k < whole.groups; k++) {
            struct world before, after;
            struct err err = {0};
            stop_after(&before, files[f], k);
            set_up(&after, files[f]);
            stream_free(&after.reader);
            after.reader = before.reader;
            before.reader = (struct stream){0};
            open_history(&after, &after.reader);
            if (run(&after, SIZE_MAX, &err))
                fail_msg("%s after %zu groups: %s", files[f], k, err.text);
            assert_int_equal(after.reader.seq, whole.reader.seq);
            assert_int_equal(after.reader.chain, whole.reader.chain);
            size_t left = whole.count - before.count, first = after.count - left;
            assert_true(after.count >= left); /* what comes before it was told to be there already */
            for (size_t i = 0; i < left; i++)
                assert_true(span_eq(after.steps[first + i], whole.steps[before.count + i]));
            tear_down(&before);
            tear_down(&after);
        }
        tear_down(&whole);
    }
}

static struct buf contents_of(const char *path)
{
    struct buf all = {0};
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t got;
    do {
        got = fread(buf_reserve(&all, 65536), 1, 65536, f);
        all.len += got;
    } while (got > 0);
    (void)fclose(f);
    return all;
}

/* As a disk gives it back: what is there is read, and no more; never an error, never a record that is not whole. */
static void torn_at_any_byte_it_is_a_beginning(void **state)
{
    (void)state;
    struct random r = random_start("torn");
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        struct world whole;
        struct buf all = contents_of(files[f]);
        char path[] = "/tmp/drc-history-XXXXXX";
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        run_whole(&whole, files[f]);
        for (int round = 0; round < 60; round++) {
            const struct stream beginning = {.epoch = 1};
            struct err err = {0};
            struct world w;
            size_t n = 600 + random_below(&r, all.len - 600);
            assert_int_equal(ftruncate(fd, 0), 0);
            assert_int_equal(pwrite(fd, all.data, n, 0), n);
            set_up(&w, path);
            open_history(&w, &beginning);
            if (run(&w, SIZE_MAX, &err))
                fail_msg("%s cut at %zu: %s", files[f], n, err.text);
            assert_true(w.count <= whole.count);
            for (size_t i = 0; i < w.count; i++)
                assert_true(span_eq(w.steps[i], whole.steps[i]));
            tear_down(&w);
        }
        close(fd);
        (void)unlink(path);
        buf_free(&all);
        tear_down(&whole);
    }
}

/* The stream ends before what the file says was before it. */
static void what_lies_between_is_a_gap(void **state)
{
    (void)state;
    struct world w;
    struct err err = {0};
    struct stream behind = {.epoch = 1, .based = true};
    const struct gtid two = {
        .flavor = FLAVOR_MARIADB, .maria = {0, 101, 2}
    };
    position_init(&behind.position, FLAVOR_MARIADB);
    position_add(&behind.position, &two);
    set_up(&w, DATA "mariadb118_groups.bin");
    open_history(&w, &behind);
    assert_int_equal(run(&w, SIZE_MAX, &err), 0);
    assert_non_null(history_gap(w.history));
    assert_non_null(strstr(history_gap(w.history), "0-101-4"));
    assert_non_null(strstr(history_gap(w.history), "0-101-2 only"));
    stream_free(&behind);
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_a_file_is_a_stream),
        cmocka_unit_test(from_any_place_it_goes_on_alike),
        cmocka_unit_test(torn_at_any_byte_it_is_a_beginning),
        cmocka_unit_test(what_lies_between_is_a_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
