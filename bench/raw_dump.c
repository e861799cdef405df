/* The reference of the capture benchmark: a MariaDB binlog dump that reads every packet and decodes nothing.
 *
 * raw_dump HOST PORT USER GTID: dumps from GTID ("" is the beginning) to the present end of the binlog, then prints one
 * JSON object: seconds, events, bytes. The password is taken from the environment, DRC_BENCH_PASSWORD. */
#include <mysql.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DUMP_NON_BLOCK 1 /* the server ends the stream where the binlog ends */

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int fail(MYSQL *my, const char *what)
{
    fprintf(stderr, "raw_dump: %s: %s\n", what, my ? mysql_error(my) : "no memory");
    return 1;
}

static int request_dump(MYSQL *my, const char *gtid)
{
    char sql[512];
    const char *settings[] = {
        "SET @mariadb_slave_capability=4",
        "SET @master_binlog_checksum=@@global.binlog_checksum",
        "SET @slave_gtid_strict_mode=0",
        "SET @slave_gtid_ignore_duplicates=0",
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (mysql_query(my, settings[i]))
            return -1;
    snprintf(sql, sizeof sql, "SET @slave_connect_state='%s'", gtid);
    if (mysql_query(my, sql))
        return -1;
    unsigned char command[10] = {4, 0,    0,    0, DUMP_NON_BLOCK,
                                 0, 0xe7, 0x03, 0, 0}; /* position 4, flags, server id 999 */
    return my->methods->db_command(my, COM_BINLOG_DUMP, (const char *)command, sizeof command, 1, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: raw_dump HOST PORT USER GTID\n");
        return 64;
    }
    MYSQL *my = mysql_init(NULL);
    if (!my || !mysql_real_connect(my, argv[1], argv[3], getenv("DRC_BENCH_PASSWORD"), NULL,
                                   (unsigned)strtoul(argv[2], NULL, 10), NULL, 0))
        return fail(my, "connect");
    double start = seconds_now();
    if (request_dump(my, argv[4]))
        return fail(my, "dump");
    uint64_t events = 0, bytes = 0;
    for (;;) {
        unsigned long n = mysql_net_read_packet(my);
        if (n == packet_error)
            return fail(my, "read");
        if (n < 8 && my->net.read_pos[0] == 0xfe)
            break;
        events++;
        bytes += n - 1;
    }
    printf("{\"seconds\": %.6f, \"events\": %llu, \"bytes\": %llu}\n", seconds_now() - start,
           (unsigned long long)events, (unsigned long long)bytes);
    mysql_close(my);
    return 0;
}
