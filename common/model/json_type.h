/* The kinds of values of MySQL's binary JSON, as they are numbered in it. For the files that read and write it. */
#ifndef DRC_MODEL_JSON_TYPE_H
#define DRC_MODEL_JSON_TYPE_H

#include <stdbool.h>
#include <stdint.h>

enum json_type {
    JSON_SMALL_OBJECT = 0,
    JSON_LARGE_OBJECT = 1,
    JSON_SMALL_ARRAY = 2,
    JSON_LARGE_ARRAY = 3,
    JSON_LITERAL = 4,
    JSON_INT16 = 5,
    JSON_UINT16 = 6,
    JSON_INT32 = 7,
    JSON_UINT32 = 8,
    JSON_INT64 = 9,
    JSON_UINT64 = 10,
    JSON_DOUBLE = 11,
    JSON_STRING = 12,
    JSON_OPAQUE = 15,
    JSON_TYPES = 16,
};

#define JSON_MAX_DEPTH 100

/* Does a value of the type stand in its entry of the container, instead of an offset? `large`: the container's form. */
static inline bool json_is_inline(uint8_t type, bool large)
{
    return type == JSON_LITERAL || type == JSON_INT16 || type == JSON_UINT16 ||
           (large && (type == JSON_INT32 || type == JSON_UINT32));
}

#endif
