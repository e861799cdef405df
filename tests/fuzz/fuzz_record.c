/* Fuzzes what an applier reads from a topic: a record, its position and cut, its rows or its DDL statement.
 *
 * The checksum of each input is set right first, or hardly any would get past it. */
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/hash.h"
#include "common/base/mem.h"
#include "common/model/cut.h"
#include "common/model/position.h"
#include "common/model/record.h"

#define CRC_OFFSET 4 /* magic, version, kind and flags stand before it (docs/wire-format.md) */
#define CRC_END 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *with_checksum(const uint8_t *data, size_t size)
{
    uint8_t *copy = xmalloc(size);
    memcpy(copy, data, size);
    uint32_t crc = hash_crc32c(hash_crc32c(0, span_of(copy, CRC_OFFSET)), span_of(copy + CRC_END, size - CRC_END));
    for (unsigned i = 0; i < 4; i++)
        copy[CRC_OFFSET + i] = (uint8_t)(crc >> (8 * i));
    return copy;
}

static void read_positions(const struct record *rec)
{
    struct position position = {0};
    struct cut cut = {0};
    struct bytes r = bytes_of(rec->position);
    position_read(&position, &r);
    r = bytes_of(rec->cut);
    cut_read(&cut, &r);
    position_free(&position);
    cut_free(&cut);
}

static void read_body(const struct record *rec)
{
    struct arena arena = {0};
    struct table_cache cache = {0};
    struct body_reader body;
    struct rows rows;
    struct ddl ddl;
    struct err err = {0};
    if (rec->kind == RECORD_DATA) {
        body_open(&body, rec->body, &cache, &arena);
        while (body_next(&body, &rows, &err) == 1)
            continue;
    } else if (rec->kind == RECORD_DDL) {
        (void)!ddl_read(&ddl, rec->body, &arena, &err);
    }
    table_cache_free(&cache);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record rec;
    struct err err = {0};
    if (size < CRC_END)
        return 0;
    uint8_t *copy = with_checksum(data, size);
    if (record_read(&rec, span_of(copy, size), &err) == 0) {
        read_positions(&rec);
        read_body(&rec);
    }
    free(copy);
    return 0;
}
