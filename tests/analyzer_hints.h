/* For the static analyzer only, which sees one file at a time: that the err_* functions always return -1. */
#ifndef DRC_TESTS_ANALYZER_HINTS_H
#define DRC_TESTS_ANALYZER_HINTS_H

#include "common/base/err.h"

#define err_retry(...) (err_retry(__VA_ARGS__), -1)
#define err_data(...) (err_data(__VA_ARGS__), -1)
#define err_fatal(...) (err_fatal(__VA_ARGS__), -1)
#define err_prefix(...) (err_prefix(__VA_ARGS__), -1)

#endif
