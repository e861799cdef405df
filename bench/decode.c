/* The decoder alone: binlog files, read into memory first, through the assembler: checksums verified, every cell
 * walked.
 *
 * decode FILE…: prints one JSON object: rows (an update counts once), seconds, bytes. One thread. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/binlog/assemble.h"
#include "common/binlog/file_reader.h"

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Each event behind its length, so that reading files is not in the time taken. */
static int load(struct buf *out, const char *path, struct err *err)
{
    struct file_reader *reader;
    struct span raw;
    int rc;
    if (file_reader_open(&reader, path, err) != 0)
        return -1;
    while ((rc = file_reader_next(reader, &raw, NULL, err)) == 1) {
        buf_put_le(out, raw.n, 4);
        buf_put_span(out, raw);
    }
    file_reader_close(&reader);
    return rc;
}

static int decode(struct assembler *a, struct span events, struct err *err)
{
    struct bytes r = bytes_of(events); /* of our own making */
    struct item item;
    int rc = 0;
    assembler_restart(a, "");
    while (rc == 0 && bytes_left(&r) > 0) {
        struct span raw = bytes_take(&r, bytes_u32(&r));
        rc = assembler_feed(a, raw, err);
        while (rc == 0 && (rc = assembler_next(a, &item, err)) == 1)
            rc = 0;
    }
    return rc;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct assembler *a = assembler_new();
    double seconds = 0;
    int rc = argc < 2 ? -1 : 0;
    if (argc < 2)
        fprintf(stderr, "usage: decode FILE...\n");
    for (int i = 1; rc == 0 && i < argc; i++) {
        struct buf events = {0};
        rc = load(&events, argv[i], &err);
        double began = seconds_now();
        if (rc == 0)
            rc = decode(a, buf_span(&events), &err);
        seconds += seconds_now() - began;
        buf_free(&events);
    }
    const struct assembler_counts *counts = assembler_counts(a);
    if (rc == 0)
        printf("{\"rows\": %llu, \"seconds\": %.6f, \"bytes\": %llu}\n", (unsigned long long)counts->rows, seconds,
               (unsigned long long)counts->bytes);
    else if (argc >= 2)
        fprintf(stderr, "decode: %s\n", err.text);
    assembler_free(&a);
    return rc == 0 ? 0 : 1;
}
