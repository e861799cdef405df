/* A load at a steady rate, and the times at which its transactions came to an end. */
#include "bench/steady.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LATE_NS 20000000u
#define SECOND_NS 1000000000u
#define PATIENCE_NS (120ull * SECOND_NS)

uint64_t steady_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

void steady_sleep_until(uint64_t ns)
{
    struct timespec t = {(time_t)(ns / SECOND_NS), (long)(ns % SECOND_NS)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

MYSQL *steady_connect(unsigned port, const char *user)
{
    MYSQL *my = mysql_init(NULL);
    if (my && mysql_real_connect(my, "127.0.0.1", user, getenv("DRC_BENCH_PASSWORD"), "bench", port, NULL, 0))
        return my;
    fprintf(stderr, "port %u: %s\n", port, my ? mysql_error(my) : "no memory");
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

static uint64_t due_ns(const struct steady *s, uint32_t k)
{
    return s->start_ns + (uint64_t)k * SECOND_NS / s->rate;
}

static void *write_share(void *arg)
{
    struct steady_writer *w = arg;
    struct steady *s = w->load;
    MYSQL *my = steady_connect(s->port, s->user);
    for (uint32_t k = w->index; my && k < s->total && !s->failed; k += STEADY_WRITERS) {
        steady_sleep_until(due_ns(s, k));
        if (steady_now_ns() > due_ns(s, k) + LATE_NS)
            atomic_fetch_add(&s->late, 1);
        if (insert_transaction(my, k, s->rows)) {
            fprintf(stderr, "port %u: %s\n", s->port, mysql_error(my));
            s->failed = true;
        }
        s->committed_ns[k] = steady_now_ns();
    }
    if (!my)
        s->failed = true;
    else
        mysql_close(my);
    return NULL;
}

void steady_start(struct steady *s)
{
    s->committed_ns = calloc(s->total, sizeof *s->committed_ns);
    s->seen_ns = calloc(s->total, sizeof *s->seen_ns);
    s->start_ns = steady_now_ns() + SECOND_NS / 2;
    for (uint32_t i = 0; i < STEADY_WRITERS; i++) {
        s->writers[i] = (struct steady_writer){.load = s, .index = i};
        pthread_create(&s->writers[i].thread, NULL, write_share, &s->writers[i]);
    }
}

void steady_saw(struct steady *s, uint32_t k, uint64_t now_ns)
{
    if (k >= s->total || s->seen_ns[k])
        return;
    s->seen_ns[k] = now_ns;
    s->seen++;
}

bool steady_is_over(const struct steady *s)
{
    return s->seen == s->total || s->failed || steady_now_ns() > due_ns(s, s->total) + PATIENCE_NS;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_result(const struct steady *s)
{
    uint32_t n = 0;
    double *ms = calloc(s->total, sizeof *ms);
    for (uint32_t k = s->skip; k < s->total; k++) {
        uint64_t committed = s->committed_ns[k], seen = s->seen_ns[k];
        ms[n++] = seen > committed ? (double)(seen - committed) / 1e6 : 0;
    }
    qsort(ms, n, sizeof *ms, by_value);
    printf("{\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"transactions\": %u, \"late\": %u}\n", ms[n / 2],
           ms[(uint64_t)n * 99 / 100], ms[n - 1], n, s->late);
    free(ms);
}

int steady_finish(struct steady *s)
{
    bool whole = s->seen == s->total;
    if (!whole)
        s->failed = true;
    for (uint32_t i = 0; i < STEADY_WRITERS; i++)
        pthread_join(s->writers[i].thread, NULL);
    if (s->failed)
        fprintf(stderr, "%u of %u transactions were seen\n", s->seen, s->total);
    else
        print_result(s);
    free(s->committed_ns);
    free(s->seen_ns);
    return s->failed ? 1 : 0;
}
