/* Commit-to-visible latency: writes transactions at a steady rate to one server and watches for them on another.
 *
 * visible SOURCE_PORT TARGET_PORT USER RATE ROWS SECONDS SKIP: both servers on 127.0.0.1 hold table bench.latency; RATE
 * transactions a second of ROWS rows each for SECONDS seconds; the first SKIP do not count. Prints one JSON object:
 * p50_ms, p99_ms, max_ms, transactions, late (those that a writer could not start within 20 ms of their time). Time
 * counts from the return of COMMIT to the poll that saw the row; polls come about every millisecond. Password:
 * DRC_BENCH_PASSWORD. */
#include <mysql.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WRITERS 8

struct run {
    unsigned source_port;
    unsigned target_port;
    const char *user;
    uint32_t rate;
    uint32_t rows;
    uint32_t total;
    uint32_t skip; /* transactions */
    uint64_t start_ns;
    _Atomic uint64_t *committed_ns; /* by transaction; 0: not yet */
    uint64_t *visible_ns;
    atomic_uint late;
    atomic_bool failed;
};

struct writer {
    struct run *run;
    uint32_t index;
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
    struct timespec t = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static MYSQL *open_server(unsigned port, const char *user)
{
    MYSQL *my = mysql_init(NULL);
    if (my && mysql_real_connect(my, "127.0.0.1", user, getenv("DRC_BENCH_PASSWORD"), "bench", port, NULL, 0))
        return my;
    fprintf(stderr, "visible: port %u: %s\n", port, my ? mysql_error(my) : "no memory");
    return NULL;
}

static int insert_transaction(MYSQL *my, uint32_t k, uint32_t rows)
{
    char sql[16384];
    int n = snprintf(sql, sizeof sql, "INSERT INTO latency VALUES ");
    for (uint32_t r = 0; r < rows; r++)
        n += snprintf(sql + n, sizeof sql - (size_t)n, "%s(%u,%u,REPEAT('x',180))", r ? "," : "", k, r);
    return mysql_real_query(my, sql, (unsigned long)n);
}

static void *write_share(void *arg)
{
    struct writer *w = arg;
    struct run *run = w->run;
    MYSQL *my = open_server(run->source_port, run->user);
    for (uint32_t k = w->index; my && k < run->total && !run->failed; k += WRITERS) {
        uint64_t due = run->start_ns + (uint64_t)k * 1000000000u / run->rate;
        sleep_until(due);
        if (now_ns() > due + 20000000u)
            atomic_fetch_add(&run->late, 1);
        if (insert_transaction(my, k, run->rows)) {
            fprintf(stderr, "visible: %s\n", mysql_error(my));
            run->failed = true;
        }
        run->committed_ns[k] = now_ns();
    }
    if (!my)
        run->failed = true;
    else
        mysql_close(my);
    return NULL;
}

/* Look at the rows from `low` on; returns the new lowest transaction not seen, or -1. */
static int64_t poll_once(MYSQL *my, struct run *run, uint32_t low)
{
    char sql[160];
    int n = snprintf(sql, sizeof sql, "SELECT k FROM latency WHERE r=%u AND k BETWEEN %u AND %u", run->rows - 1, low,
                     low + 20000);
    if (mysql_real_query(my, sql, (unsigned long)n))
        return -1;
    uint64_t seen = now_ns();
    MYSQL_RES *result = mysql_store_result(my);
    MYSQL_ROW row;
    while (result && (row = mysql_fetch_row(result))) {
        uint32_t k = (uint32_t)strtoul(row[0], NULL, 10);
        if (k < run->total && !run->visible_ns[k])
            run->visible_ns[k] = seen;
    }
    mysql_free_result(result);
    while (low < run->total && run->visible_ns[low])
        low++;
    return low;
}

static int watch(struct run *run)
{
    MYSQL *my = open_server(run->target_port, run->user);
    uint64_t give_up = run->start_ns + (uint64_t)run->total * 1000000000u / run->rate + 120000000000u;
    int64_t low = my ? 0 : -1;
    while (low >= 0 && low < run->total && !run->failed && now_ns() < give_up) {
        uint64_t began = now_ns();
        low = poll_once(my, run, (uint32_t)low);
        sleep_until(began + 1000000u);
    }
    if (low < 0 && my)
        fprintf(stderr, "visible: %s\n", mysql_error(my));
    if (my)
        mysql_close(my);
    return low == run->total ? 0 : -1;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_result(struct run *run)
{
    uint32_t n = 0;
    double *ms = calloc(run->total, sizeof *ms);
    for (uint32_t k = run->skip; k < run->total; k++) {
        uint64_t committed = run->committed_ns[k], visible = run->visible_ns[k];
        ms[n++] = visible > committed ? (double)(visible - committed) / 1e6 : 0;
    }
    qsort(ms, n, sizeof *ms, by_value);
    printf("{\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"transactions\": %u, \"late\": %u}\n", ms[n / 2],
           ms[(uint64_t)n * 99 / 100], ms[n - 1], n, run->late);
    free(ms);
}

static uint32_t number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
    if (argc != 8) {
        fprintf(stderr, "usage: visible SOURCE_PORT TARGET_PORT USER RATE ROWS SECONDS SKIP\n");
        return 64;
    }
    struct run run = {.source_port = number(argv[1]),
                      .target_port = number(argv[2]),
                      .user = argv[3],
                      .rate = number(argv[4]),
                      .rows = number(argv[5])};
    uint32_t seconds = number(argv[6]), skip = number(argv[7]);
    if (!run.rate || !run.rows || run.rows > 50 || seconds <= skip) {
        fprintf(stderr, "visible: RATE and ROWS (at most 50) are to be positive, SECONDS greater than SKIP\n");
        return 64;
    }
    mysql_library_init(0, NULL, NULL);
    run.total = run.rate * seconds;
    run.skip = run.rate * skip;
    run.committed_ns = calloc(run.total, sizeof *run.committed_ns);
    run.visible_ns = calloc(run.total, sizeof *run.visible_ns);
    run.start_ns = now_ns() + 500000000u;
    pthread_t threads[WRITERS];
    struct writer writers[WRITERS];
    for (uint32_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){&run, i};
        pthread_create(&threads[i], NULL, write_share, &writers[i]);
    }
    int rc = watch(&run);
    if (rc)
        run.failed = true;
    for (uint32_t i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    if (rc || run.failed)
        fprintf(stderr, "visible: not every transaction was seen at the target\n");
    else
        print_result(&run);
    free(run.committed_ns);
    free(run.visible_ns);
    return rc || run.failed ? 1 : 0;
}
