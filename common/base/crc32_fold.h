/* CRC-32 (IEEE) by carry-less multiplication, where the processor has it: several times what tables reach. Pure. */
#ifndef DRC_BASE_CRC32_FOLD_H
#define DRC_BASE_CRC32_FOLD_H

#include "common/base/span.h"

/* Take whole blocks of 16 bytes off `s` into *crc (as hash_crc32 gives and takes it); what is left, always less than 16
 * bytes where anything was taken, is the caller's. Takes nothing of short inputs, or without the instructions. */
void crc32_fold(uint32_t *crc, struct span *s);

#endif
