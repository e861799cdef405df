/* The table of conversions. The first rule that fits a pair of columns is its rule. */
#include "common/target/convert_rules.h"

#include "common/target/convert_cell.h"
#include "common/target/convert_fit.h"
#include "common/target/target_table_members.h"

/* clang-format off */
static const struct convert_rule rules[] = {
    {"any type", "the same type and character set, as long or longer",
     "copied as it is; an ENUM or SET may have further members behind those of the source",
     convert_fits_same, NULL, NULL},
    {"integer", "integer that has all its values", "wider, sign kept",
     convert_fits_integer, convert_integer, NULL},
    {"integer", "DECIMAL with as many digits before the point", "the same number",
     convert_fits_integer_decimal, convert_integer_decimal, NULL},
    {"FLOAT", "DOUBLE", "the same number",
     convert_fits_float, convert_float, NULL},
    {"DECIMAL", "DECIMAL with as many digits before and behind the point", "the same number",
     convert_fits_decimal, convert_decimal, NULL},
    {"BIT(n)", "BIT of more bits", "zero bits in front",
     convert_fits_bit, convert_bit, NULL},
    {"TIME, DATETIME, TIMESTAMP", "the same with as many digits of a second",
     "zeros behind; the formats of before MariaDB 10.1 and MySQL 5.6 become the present ones, and the other way round",
     convert_fits_temporal, convert_temporal, NULL},
    {"DATE", "DATETIME", "midnight",
     convert_fits_date, convert_temporal, NULL},
    {"ENUM, SET", "the same with all members of the source's, in any order", "by the members' texts",
     convert_fits_members, convert_members, NULL},
    {"UUID, BINARY(16)", "text of exactly 36 characters", "as a UUID is written: 8-4-4-4-12 digits, lower case",
     convert_fits_uuid_text, convert_uuid_text, NULL},
    {"INET6, BINARY(16); INET4, BINARY(4)", "text of exactly 39 or 45 characters; of exactly 15",
     "as an address is written: `2001:db8::1`, `192.0.2.1`",
     convert_fits_inet_text, convert_inet_text, NULL},
    {"text", "UUID", "read; **data error** where it is none",
     convert_fits_text_uuid, convert_text_uuid, NULL},
    {"text", "INET6, INET4", "read; **data error** where it is none",
     convert_fits_text_inet, convert_text_inet, NULL},
    {"VARBINARY, BLOB", "UUID, INET6, INET4", "the bytes; **data error** where they are not exactly 16, or 4",
     convert_fits_fixed_bytes, convert_fixed_bytes, NULL},
    {"CHAR, VARCHAR, TEXT, also COMPRESSED", "VARCHAR, TEXT, also COMPRESSED, CHAR from CHAR; of the same character set, as long or longer",
     "the same text; stored as it is where the target's column is COMPRESSED",
     convert_fits_text, convert_text, NULL},
    {"the same", "of a character set that has all of the source's characters: of ascii ⊂ latin1 ⊂ utf8mb3, ucs2 ⊂ utf8mb4, utf16, utf16le, utf32",
     "the same characters; **data error** where they take more bytes than the column has",
     convert_fits_charset, convert_text, NULL},
    {"BINARY, VARBINARY, BLOB, also COMPRESSED", "VARBINARY, BLOB, also COMPRESSED, BINARY from BINARY; as long or longer",
     "the same bytes; those of BINARY(n) with the zeros at their end",
     convert_fits_bytes, convert_text, NULL},
    {"JSON of MySQL", "text (JSON of MariaDB is LONGTEXT)",
     "the text that MySQL prints; compared by what it says, not by its spaces; **data error** where it is too long",
     convert_fits_json_text, convert_json_text, convert_same_json_text},
    {"text (JSON of MariaDB is LONGTEXT)", "JSON of MySQL",
     "parsed as MySQL does: numbers with a point or beyond 64 bits become doubles, of equal keys the last one counts; **data error** where it is no JSON",
     convert_fits_text_json, convert_text_json, NULL},
    {"VECTOR of MariaDB, VARBINARY of as many bytes", "VECTOR of MariaDB with as many dimensions",
     "the same floats; **data error** where a VARBINARY has another number of bytes",
     convert_fits_own_vector, convert_fixed_bytes, NULL},
    {"VECTOR of MySQL", "VECTOR of MariaDB with as many dimensions; VARBINARY, BLOB as long or longer",
     "the same floats; **data error** where MariaDB's VECTOR has another number of dimensions",
     convert_fits_vector_bytes, convert_fixed_bytes, NULL},
    {"VECTOR of MariaDB, VARBINARY", "VECTOR of MySQL with as many dimensions",
     "the same floats; **data error** where the bytes are none",
     convert_fits_bytes_vector, convert_bytes_vector, NULL},
};
/* clang-format on */

/* Types that have two numbers are told by one of them. */
static struct column settled(struct column c)
{
    static const uint8_t newer[256] = {[COLUMN_VAR_STRING] = COLUMN_VARCHAR,
                                       [COLUMN_TINY_BLOB] = COLUMN_BLOB,
                                       [COLUMN_MEDIUM_BLOB] = COLUMN_BLOB,
                                       [COLUMN_LONG_BLOB] = COLUMN_BLOB,
                                       [COLUMN_NEWDATE] = COLUMN_DATE};
    if (newer[c.type])
        c.type = newer[c.type];
    return c;
}

struct convert_pair convert_pair_of(const struct column *from, const struct column *to, enum read_form form,
                                    struct arena *a)
{
    struct convert_pair p = {.from = settled(*from), .to = settled(*to), .form = form};
    if (!column_same_cells(from, to, NULL)) /* MariaDB tells no characters of four bytes in members, MySQL does */
        p.from = settled(target_members_as_told(from, a));
    return p;
}

const struct convert_rule *convert_rule_for(struct convert_pair *p, struct arena *a, struct buf *why)
{
    struct buf there = {0}, here = {0};
    bool narrow = false;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        enum convert_fit fit = rules[i].fits(p, a);
        if (fit == CONVERT_FITS)
            return &rules[i];
        narrow = narrow || fit == CONVERT_NARROW;
    }
    buf_printf(why, "`%.*s`: %s: %s there, %s here", SPAN_ARG(p->to.name),
               narrow ? "the target's column cannot hold all that the source's can"
                      : "no rule turns one type into the other",
               column_type_text(&p->from, &there), column_type_text(&p->to, &here));
    buf_free(&there);
    buf_free(&here);
    return NULL;
}

void convert_rules_put_markdown(struct buf *out)
{
    buf_put_str(out, "| Source | Target | How |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        buf_printf(out, "| %s | %s | %s |\n", rules[i].from, rules[i].to, rules[i].how);
}
