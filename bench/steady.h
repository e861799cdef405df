/* A load at a steady rate, and the times at which its transactions came to an end: the half that latency measurements
 * share. */
#ifndef DRC_BENCH_STEADY_H
#define DRC_BENCH_STEADY_H

#include <mysql.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define STEADY_WRITERS 8

struct steady;

struct steady_writer {
    struct steady *load;
    uint32_t index;
    pthread_t thread;
};

/* Transaction k inserts rows (k, 0..rows-1) into bench.latency. Zeroed but for the first block. */
struct steady {
    unsigned port; /* of the server, on 127.0.0.1 */
    const char *user;
    uint32_t rate; /* transactions a second */
    uint32_t rows; /* of each, at most 50 */
    uint32_t total;
    uint32_t skip; /* transactions at the beginning that do not count */

    uint64_t start_ns;              /* when the first is due */
    _Atomic uint64_t *committed_ns; /* by transaction: when COMMIT returned; 0: not yet */
    uint64_t *seen_ns;              /* by transaction: for the watcher to fill */
    uint32_t seen;
    atomic_uint late; /* transactions that could not start within 20 ms of their time */
    atomic_bool failed;
    struct steady_writer writers[STEADY_WRITERS];
};

uint64_t steady_now_ns(void); /* monotonic */
void steady_sleep_until(uint64_t ns);
/* Connect to bench on 127.0.0.1 as `user`; the password is DRC_BENCH_PASSWORD. NULL: said on stderr. */
MYSQL *steady_connect(unsigned port, const char *user);

/* Begin to write in half a second, by threads of its own. */
void steady_start(struct steady *s);
/* The watcher saw transaction k now; again is nothing new. */
void steady_saw(struct steady *s, uint32_t k, uint64_t now_ns);
/* Has the watcher waited long enough? Two minutes more than the load takes. */
bool steady_is_over(const struct steady *s);
/* Wait for the writers, print one JSON object of p50_ms, p99_ms, max_ms, transactions, late (the time from a COMMIT's
 * return to the watcher's seeing it), free. Returns the exit code: 1 when something failed or was not seen. */
int steady_finish(struct steady *s);

#endif
