/* Shortest text of floats and doubles, by trying. */
#include "common/model/number_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool number_put_float(float v, struct buf *out)
{
    char text[32];
    if (!isfinite(v))
        return false;
    for (int digits = 6; digits <= 9; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, (double)v);
        if (strtof(text, NULL) == v)
            break;
    }
    buf_put_str(out, text);
    return true;
}

bool number_put_double(double v, struct buf *out)
{
    char text[32];
    if (!isfinite(v))
        return false;
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    buf_put_str(out, text);
    return true;
}
