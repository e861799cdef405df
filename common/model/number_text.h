/* Floating-point numbers as the shortest text that reads back as the same number, laid out as both servers do (1e15,
 * 0.00001). Pure. */
#ifndef DRC_MODEL_NUMBER_TEXT_H
#define DRC_MODEL_NUMBER_TEXT_H

#include "common/base/buf.h"

/* False, and nothing appended, for infinities and NaN, which no column holds. */
bool number_put_float(float v, struct buf *out);
bool number_put_double(double v, struct buf *out);

#endif
