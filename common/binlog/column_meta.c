/* The table of column types: metadata of each, checked on reading, and its reverse. */
#include "common/binlog/column_meta.h"

#include <assert.h>

#define STRING_LEN_BITS 0x30

enum in_list { MARIADB = 1, MYSQL = 2, BOTH = 3 };

struct type_info {
    bool known;
    uint8_t meta_len;
    uint8_t numeric;                                     /* in the list of signs: of which flavour, enum in_list */
    uint8_t text;                                        /* in the list of collations */
    void (*read)(struct column *c, const uint8_t *meta); /* NULL: no metadata */
    void (*put)(const struct column *c, uint8_t *meta);
};

static void read_one_byte(struct column *c, const uint8_t *meta)
{
    c->meta = meta[0];
}

static void put_one_byte(const struct column *c, uint8_t *meta)
{
    meta[0] = (uint8_t)c->meta;
}

static void read_varchar(struct column *c, const uint8_t *meta)
{
    c->meta = (uint16_t)(meta[0] | meta[1] << 8);
}

static void put_varchar(const struct column *c, uint8_t *meta)
{
    meta[0] = (uint8_t)c->meta;
    meta[1] = (uint8_t)(c->meta >> 8);
}

static void read_bit(struct column *c, const uint8_t *meta)
{
    c->meta = (uint16_t)(meta[1] * 8 + meta[0]);
}

static void put_bit(const struct column *c, uint8_t *meta)
{
    meta[0] = (uint8_t)(c->meta % 8);
    meta[1] = (uint8_t)(c->meta / 8);
}

static void read_decimal(struct column *c, const uint8_t *meta)
{
    c->meta = (uint16_t)(meta[0] << 8 | meta[1]);
}

static void put_decimal(const struct column *c, uint8_t *meta)
{
    meta[0] = (uint8_t)(c->meta >> 8);
    meta[1] = (uint8_t)c->meta;
}

/* CHAR, and in its guise ENUM and SET. A CHAR of more than 255 bytes has two bits of its length, inverted, in the type
 * byte. */
static void read_string(struct column *c, const uint8_t *meta)
{
    c->type = meta[0];
    c->meta = meta[1];
    if (c->type == COLUMN_ENUM || c->type == COLUMN_SET)
        return;
    c->type |= STRING_LEN_BITS;
    c->meta |= (uint16_t)((~meta[0] & STRING_LEN_BITS) << 4);
}

static void put_string(const struct column *c, uint8_t *meta)
{
    if (c->type == COLUMN_ENUM || c->type == COLUMN_SET) {
        meta[0] = c->type;
        meta[1] = (uint8_t)c->meta;
        return;
    }
    assert(c->meta < 1024);
    meta[0] = (uint8_t)(COLUMN_STRING ^ (c->meta >> 4 & STRING_LEN_BITS));
    meta[1] = (uint8_t)c->meta;
}

static const struct type_info types[256] = {
    [COLUMN_TINY] = {true, 0, BOTH, 0,       NULL,          NULL        },
    [COLUMN_SHORT] = {true, 0, BOTH, 0,       NULL,          NULL        },
    [COLUMN_INT24] = {true, 0, BOTH, 0,       NULL,          NULL        },
    [COLUMN_LONG] = {true, 0, BOTH, 0,       NULL,          NULL        },
    [COLUMN_LONGLONG] = {true, 0, BOTH, 0,       NULL,          NULL        },
    [COLUMN_FLOAT] = {true, 1, BOTH, 0,       read_one_byte, put_one_byte},
    [COLUMN_DOUBLE] = {true, 1, BOTH, 0,       read_one_byte, put_one_byte},
    [COLUMN_NEWDECIMAL] = {true, 2, BOTH, 0,       read_decimal,  put_decimal },
    [COLUMN_YEAR] = {true, 0, BOTH, 0,       NULL,          NULL        },
    [COLUMN_BIT] = {true, 2, 0,    0,       read_bit,      put_bit     },
    [COLUMN_DATE] = {true, 0, 0,    0,       NULL,          NULL        },
    [COLUMN_NEWDATE] = {true, 0, 0,    0,       NULL,          NULL        },
    [COLUMN_TIME] = {true, 0, 0,    0,       NULL,          NULL        },
    [COLUMN_DATETIME] = {true, 0, 0,    0,       NULL,          NULL        },
    [COLUMN_TIMESTAMP] = {true, 0, 0,    0,       NULL,          NULL        },
    [COLUMN_TIME2] = {true, 1, 0,    0,       read_one_byte, put_one_byte},
    [COLUMN_DATETIME2] = {true, 1, 0,    0,       read_one_byte, put_one_byte},
    [COLUMN_TIMESTAMP2] = {true, 1, 0,    0,       read_one_byte, put_one_byte},
    [COLUMN_VARCHAR] = {true, 2, 0,    BOTH,    read_varchar,  put_varchar },
    [COLUMN_VAR_STRING] = {true, 2, 0,    BOTH,    read_varchar,  put_varchar },
    [COLUMN_VARCHAR_COMPRESSED] = {true, 2, 0,    MARIADB, read_varchar,  put_varchar },
    [COLUMN_STRING] = {true, 2, 0,    BOTH,    read_string,   put_string  },
    [COLUMN_ENUM] = {true, 2, 0,    0,       read_string,   put_string  },
    [COLUMN_SET] = {true, 2, 0,    0,       read_string,   put_string  },
    [COLUMN_TINY_BLOB] = {true, 1, 0,    BOTH,    read_one_byte, put_one_byte},
    [COLUMN_MEDIUM_BLOB] = {true, 1, 0,    BOTH,    read_one_byte, put_one_byte},
    [COLUMN_LONG_BLOB] = {true, 1, 0,    BOTH,    read_one_byte, put_one_byte},
    [COLUMN_BLOB] = {true, 1, 0,    BOTH,    read_one_byte, put_one_byte},
    [COLUMN_BLOB_COMPRESSED] = {true, 1, 0,    MARIADB, read_one_byte, put_one_byte},
    [COLUMN_GEOMETRY] = {true, 1, 0,    MARIADB, read_one_byte, put_one_byte},
    [COLUMN_JSON] = {true, 1, 0,    0,       read_one_byte, put_one_byte},
    [COLUMN_VECTOR] = {true, 1, 0,    MYSQL,   read_one_byte, put_one_byte},
};

bool column_meta_read(struct column *c, uint8_t type, struct bytes *meta)
{
    const struct type_info *info = &types[type];
    if (!info->known)
        return false;
    c->type = type;
    struct span s = bytes_take(meta, info->meta_len);
    if (meta->bad)
        return false;
    if (info->read)
        info->read(c, s.p);
    if (c->type == COLUMN_GEOMETRY || c->type == COLUMN_VECTOR)
        c->collation = COLLATION_BINARY;
    return types[c->type].known && column_valid(c);
}

uint8_t column_meta_put(const struct column *c, struct buf *meta)
{
    const struct type_info *info = &types[c->type];
    assert(info->known);
    if (info->put)
        info->put(c, buf_grow(meta, info->meta_len));
    return c->type == COLUMN_ENUM || c->type == COLUMN_SET ? COLUMN_STRING : c->type;
}

static bool in_list(uint8_t list, enum flavor flavor)
{
    return list & (flavor == FLAVOR_MARIADB ? MARIADB : MYSQL);
}

bool column_meta_numeric(const struct column *c, enum flavor flavor)
{
    return in_list(types[c->type].numeric, flavor);
}

bool column_meta_text(const struct column *c, enum flavor flavor)
{
    return in_list(types[c->type].text, flavor);
}

bool column_meta_members(const struct column *c, enum flavor flavor)
{
    (void)flavor;
    return c->type == COLUMN_ENUM || c->type == COLUMN_SET;
}
