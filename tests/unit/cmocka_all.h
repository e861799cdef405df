/* cmocka.h with the headers that it wants before it. */
#ifndef DRC_TESTS_UNIT_CMOCKA_ALL_H
#define DRC_TESTS_UNIT_CMOCKA_ALL_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#endif
