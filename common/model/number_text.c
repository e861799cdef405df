/* Shortest text of floats and doubles, by trying; laid out as the servers do. */
#include "common/model/number_text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Where the point may stand, counted from the first digit, before an exponent is written instead. */
#define POINT_MIN (-14)
#define POINT_MAX 15

/* As the servers write it: 1e15, 0.00001, 1.5e-300. `text` is printf's %e form of a finite number. */
static void put_as_servers(const char *text, struct buf *out)
{
    char digits[32];
    int n = 0;
    if (*text == '-')
        buf_put_u8(out, (uint8_t)*text++);
    for (; *text != 'e'; text++)
        if (*text != '.')
            digits[n++] = *text;
    int point = (int)strtol(text + 1, NULL, 10) + 1;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    if (n == 1 && digits[0] == '0')
        point = 1;
    if (point < POINT_MIN || point > POINT_MAX) {
        buf_put(out, digits, 1);
        if (n > 1)
            buf_printf(out, ".%.*s", n - 1, digits + 1);
        buf_printf(out, "e%d", point - 1);
    } else if (point <= 0) {
        buf_printf(out, "0.%.*s%.*s", -point, "00000000000000", n, digits);
    } else {
        for (int i = 0; i < point; i++)
            buf_put_u8(out, i < n ? (uint8_t)digits[i] : '0');
        if (n > point)
            buf_printf(out, ".%.*s", n - point, digits + point);
    }
}

bool number_put_float(float v, struct buf *out)
{
    char text[40];
    if (!isfinite(v))
        return false;
    for (int digits = FLT_DIG; digits <= 9; digits++) {
        (void)snprintf(text, sizeof text, "%.*e", digits - 1, (double)v);
        if (strtof(text, NULL) == v)
            break;
    }
    put_as_servers(text, out);
    return true;
}

bool number_put_double(double v, struct buf *out)
{
    char text[40];
    if (!isfinite(v))
        return false;
    for (int digits = fabs(v) < DBL_MIN ? 1 : DBL_DIG; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*e", digits - 1, v);
        if (strtod(text, NULL) == v)
            break;
    }
    put_as_servers(text, out);
    return true;
}
