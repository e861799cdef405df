/* The C library's iconv does it; a table says what it calls the servers' character sets. */
#include "ctl/events_charset.h"

#include <iconv.h>

#include "common/model/collation.h"

#define GROWS_TO 4 /* bytes of UTF-8 that a byte of another character set can become */

static const struct {
    const char *server;
    const char *iconv;
} names[] = {
    {"latin1",   "CP1252"    },
    {"latin2",   "ISO8859-2" },
    {"latin5",   "ISO8859-9" },
    {"latin7",   "ISO8859-13"},
    {"greek",    "ISO8859-7" },
    {"hebrew",   "ISO8859-8" },
    {"cp850",    "CP850"     },
    {"cp852",    "CP852"     },
    {"cp866",    "CP866"     },
    {"cp1250",   "CP1250"    },
    {"cp1251",   "CP1251"    },
    {"cp1256",   "CP1256"    },
    {"cp1257",   "CP1257"    },
    {"koi8r",    "KOI8-R"    },
    {"koi8u",    "KOI8-U"    },
    {"tis620",   "TIS-620"   },
    {"big5",     "BIG5"      },
    {"gbk",      "GBK"       },
    {"gb2312",   "EUC-CN"    },
    {"gb18030",  "GB18030"   },
    {"sjis",     "SJIS"      },
    {"cp932",    "CP932"     },
    {"ujis",     "EUC-JP"    },
    {"eucjpms",  "EUC-JP-MS" },
    {"euckr",    "EUC-KR"    },
    {"macroman", "MACINTOSH" },
    {"ucs2",     "UCS-2BE"   },
    {"utf16",    "UTF-16BE"  },
    {"utf16le",  "UTF-16LE"  },
    {"utf32",    "UTF-32BE"  },
};

static const char *iconv_name(unsigned collation)
{
    const char *charset = collation_charset(collation);
    for (size_t i = 0; charset && i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].server, charset) == 0)
            return names[i].iconv;
    return NULL;
}

bool events_charset_to_utf8(struct buf *out, struct span in, unsigned collation)
{
    const char *from = iconv_name(collation);
    if (!from)
        return false;
    iconv_t converter = iconv_open("UTF-8", from);
    if (converter == (iconv_t)-1)
        return false;
    char *source = (char *)(uintptr_t)in.p;
    size_t left = in.n;
    char *to = (char *)buf_reserve(out, in.n * GROWS_TO + 1);
    size_t room = in.n * GROWS_TO;
    bool good = iconv(converter, &source, &left, &to, &room) != (size_t)-1 && left == 0;
    (void)iconv_close(converter);
    if (good)
        out->len += in.n * GROWS_TO - room;
    return good;
}
