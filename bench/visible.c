/* Commit-to-visible latency: writes transactions at a steady rate to one server and watches for them on another.
 *
 * visible SOURCE_PORT TARGET_PORT USER RATE ROWS SECONDS SKIP: both servers on 127.0.0.1 hold table bench.latency; RATE
 * transactions a second of ROWS rows each for SECONDS seconds; the first SKIP do not count. Prints what steady_finish
 * says; time counts to the poll that saw a row, and polls come about every millisecond. Password: DRC_BENCH_PASSWORD.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/steady.h"

#define POLL_NS 1000000u
#define WINDOW 20000 /* transactions looked for in one poll */

/* Look at the rows from *low on, which is moved to the lowest transaction not seen. */
static int poll_once(MYSQL *my, struct steady *s, uint32_t *low)
{
    char sql[160];
    int n = snprintf(sql, sizeof sql, "SELECT k FROM latency WHERE r=%u AND k BETWEEN %u AND %u", s->rows - 1, *low,
                     *low + WINDOW);
    if (mysql_real_query(my, sql, (unsigned long)n)) {
        fprintf(stderr, "visible: %s\n", mysql_error(my));
        return -1;
    }
    uint64_t seen = steady_now_ns();
    MYSQL_RES *result = mysql_store_result(my);
    MYSQL_ROW row;
    while (result && (row = mysql_fetch_row(result)))
        steady_saw(s, (uint32_t)strtoul(row[0], NULL, 10), seen);
    mysql_free_result(result);
    while (*low < s->total && s->seen_ns[*low])
        (*low)++;
    return 0;
}

static void watch(struct steady *s, unsigned port)
{
    MYSQL *my = steady_connect(port, s->user);
    uint32_t low = 0;
    while (my && !steady_is_over(s)) {
        uint64_t began = steady_now_ns();
        if (poll_once(my, s, &low))
            break;
        steady_sleep_until(began + POLL_NS);
    }
    if (my)
        mysql_close(my);
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
    struct steady s = {.port = number(argv[1]), .user = argv[3], .rate = number(argv[4]), .rows = number(argv[5])};
    s.total = s.rate * number(argv[6]);
    s.skip = s.rate * number(argv[7]);
    if (s.rows == 0 || s.rows > 50 || s.total <= s.skip) {
        fprintf(stderr, "visible: RATE and ROWS (at most 50) are to be positive, SECONDS greater than SKIP\n");
        return 64;
    }
    mysql_library_init(0, NULL, NULL);
    steady_start(&s);
    watch(&s, number(argv[2]));
    return steady_finish(&s);
}
