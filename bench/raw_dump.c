/* The reference of the capture benchmark: a binlog dump that reads every packet and decodes nothing.
 *
 * raw_dump HOST PORT USER FILE: dumps from the beginning of that binlog file to the present end of the binlog, then
 * prints one JSON object: seconds, events, bytes. MariaDB and MySQL. The password is taken from the environment,
 * DRC_BENCH_PASSWORD. */
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

static int request_dump(MYSQL *my, const char *file)
{
    /* What each flavour needs to send events as it has them; the other one takes it for a variable like any. */
    static const char *const settings[] = {
        "SET @mariadb_slave_capability=4",
        "SET @master_binlog_checksum='CRC32'",
        "SET @source_binlog_checksum='CRC32'",
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (mysql_query(my, settings[i]))
            return -1;
    unsigned char command[300] = {4, 0, 0, 0, DUMP_NON_BLOCK, 0, 0xe7, 0x03, 0, 0}; /* position, flags, server id 999 */
    size_t n = strlen(file);
    if (n > sizeof command - 10)
        return -1;
    memcpy(command + 10, file, n);
    return my->methods->db_command(my, COM_BINLOG_DUMP, (const char *)command, 10 + n, 1, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: raw_dump HOST PORT USER FILE\n");
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
