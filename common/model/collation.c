/* Collation numbers to character sets: a table of those that have numbers of their own, blocks for the rest. */
#include "common/model/collation.h"

#include <stddef.h>
#include <string.h>

#define NOPAD 1024

/* Numbers below 100, which follow no rule. */
static const char *const singles[100] = {
    [1] = "big5",      [2] = "latin2",    [3] = "dec8",      [4] = "cp850",     [5] = "latin1",  [6] = "hp8",
    [7] = "koi8r",     [8] = "latin1",    [9] = "latin2",    [10] = "swe7",     [11] = "ascii",  [12] = "ujis",
    [13] = "sjis",     [14] = "cp1251",   [15] = "latin1",   [16] = "hebrew",   [18] = "tis620", [19] = "euckr",
    [20] = "latin7",   [21] = "latin2",   [22] = "koi8u",    [23] = "cp1251",   [24] = "gb2312", [25] = "greek",
    [26] = "cp1250",   [27] = "latin2",   [28] = "gbk",      [29] = "cp1257",   [30] = "latin5", [31] = "latin1",
    [32] = "armscii8", [33] = "utf8mb3",  [34] = "cp1250",   [35] = "ucs2",     [36] = "cp866",  [37] = "keybcs2",
    [38] = "macce",    [39] = "macroman", [40] = "cp852",    [41] = "latin7",   [42] = "latin7", [43] = "macce",
    [44] = "cp1250",   [45] = "utf8mb4",  [46] = "utf8mb4",  [47] = "latin1",   [48] = "latin1", [49] = "latin1",
    [50] = "cp1251",   [51] = "cp1251",   [52] = "cp1251",   [53] = "macroman", [54] = "utf16",  [55] = "utf16",
    [56] = "utf16le",  [57] = "cp1256",   [58] = "cp1257",   [59] = "cp1257",   [60] = "utf32",  [61] = "utf32",
    [62] = "utf16le",  [63] = "binary",   [64] = "armscii8", [65] = "ascii",    [66] = "cp1250", [67] = "cp1256",
    [68] = "cp866",    [69] = "dec8",     [70] = "greek",    [71] = "hebrew",   [72] = "hp8",    [73] = "keybcs2",
    [74] = "koi8r",    [75] = "koi8u",    [76] = "utf8mb3",  [77] = "latin2",   [78] = "latin5", [79] = "latin7",
    [80] = "cp850",    [81] = "cp852",    [82] = "swe7",     [83] = "utf8mb3",  [84] = "big5",   [85] = "euckr",
    [86] = "gb2312",   [87] = "gbk",      [88] = "sjis",     [89] = "tis620",   [90] = "ucs2",   [91] = "ujis",
    [92] = "geostd8",  [93] = "geostd8",  [94] = "latin1",   [95] = "cp932",    [96] = "cp932",  [97] = "eucjpms",
    [98] = "eucjpms",  [99] = "cp1250",
};

static const struct {
    unsigned first;
    unsigned last;
    const char *charset;
} blocks[] = {
    {101,  127,  "utf16"  },
    {128,  159,  "ucs2"   },
    {160,  191,  "utf32"  },
    {192,  223,  "utf8mb3"},
    {224,  247,  "utf8mb4"},
    {248,  250,  "gb18030"},
    {255,  323,  "utf8mb4"},
    {576,  607,  "utf8mb3"},
    {608,  639,  "utf8mb4"},
    {640,  671,  "ucs2"   },
    {672,  703,  "utf16"  },
    {736,  767,  "utf32"  },
    {2048, 2303, "utf8mb3"},
    {2304, 2559, "utf8mb4"},
    {2560, 2815, "ucs2"   },
    {2816, 3071, "utf16"  },
    {3072, 3327, "utf32"  },
};

const char *collation_charset(unsigned collation)
{
    if (collation > NOPAD && collation < NOPAD + 248)
        collation -= NOPAD;
    if (collation < sizeof singles / sizeof singles[0])
        return singles[collation];
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        if (collation >= blocks[i].first && collation <= blocks[i].last)
            return blocks[i].charset;
    }
    return NULL;
}

bool collation_is_utf8(unsigned collation)
{
    const char *charset = collation_charset(collation);
    return charset && (strncmp(charset, "utf8", 4) == 0 || strcmp(charset, "ascii") == 0);
}
