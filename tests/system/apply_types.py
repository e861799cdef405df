"""Every column type of MariaDB 10.11 with values at its extremes, as SQL: what test_apply_types.py sends round."""

MAX_SET = ",".join(f"'m{n}'" for n in range(64))
MANY_MEMBERS = ",".join(f"'e{n}'" for n in range(300))


def texts(length):
    """Values for a string column of at least `length` characters."""
    return ["''", "'a'", "'Z '", "'  '", f"REPEAT('x', {length})", f"REPEAT('y', {length - 1})"]


def unicode(length):
    return [*texts(length), "'ä€😀'", f"REPEAT('😀', {length})", "'\\0\\n\\'`\\\\'"]


def bytes_(length):
    return ["''", "X'00'", "X'FF'", "X'0061'", "X'6100'", f"REPEAT(X'00', {length})", f"REPEAT(X'FE', {length})"]


# name -> (definition, values); a type that cannot be NULL here or cannot be a primary key is told below.
TYPES = {
    "tinyint": ("TINYINT", ["-128", "-1", "0", "127"]),
    "tinyint_u": ("TINYINT UNSIGNED", ["0", "128", "255"]),
    "smallint": ("SMALLINT", ["-32768", "0", "32767"]),
    "smallint_u": ("SMALLINT UNSIGNED", ["0", "65535"]),
    "mediumint": ("MEDIUMINT", ["-8388608", "-1", "0", "8388607"]),
    "mediumint_u": ("MEDIUMINT UNSIGNED", ["0", "16777215"]),
    "int_": ("INT", ["-2147483648", "-1", "0", "2147483647"]),
    "int_u": ("INT UNSIGNED ZEROFILL", ["0", "7", "4294967295"]),
    "bigint": ("BIGINT", ["-9223372036854775808", "-1", "0", "9223372036854775807"]),
    "bigint_u": ("BIGINT UNSIGNED", ["0", "9223372036854775808", "18446744073709551615"]),
    "bool_": ("BOOL", ["TRUE", "FALSE"]),
    "bit1": ("BIT(1)", ["b'0'", "b'1'"]),
    "bit9": ("BIT(9)", ["b'0'", "b'1'", "b'111111111'", "b'100000000'"]),
    "bit64": ("BIT(64)", ["0", "1", "18446744073709551615", "9223372036854775808"]),
    "float_": ("FLOAT", ["0", "-0e0", "1.1", "-3.402823466E+38", "3.402823466E+38", "1.175494351E-38", "1e-45", "16777217"]),
    "float_md": ("FLOAT(7,3)", ["0", "1234.567", "-9999.999"]),
    "double_": ("DOUBLE", ["0", "-0e0", "0.1", "-1.7976931348623157E+308", "1.7976931348623157E+308", "2.2250738585072014E-308", "4.9e-324", "0.30000000000000004"]),
    "double_md": ("DOUBLE(20,5)", ["0", "123456789012345.12345", "-1.00001"]),
    "decimal_65_30": ("DECIMAL(65,30)", ["0", "0.000000000000000000000000000001", "-99999999999999999999999999999999999.999999999999999999999999999999", "1.5"]),
    "decimal_65_0": ("DECIMAL(65,0)", ["0", "-1", "9" * 65, "-" + "9" * 65]),
    "decimal_10_2_u": ("DECIMAL(10,2) UNSIGNED", ["0", "0.01", "99999999.99"]),
    "decimal_5_5": ("DECIMAL(5,5)", ["0", "-0.99999", "0.00001"]),
    "decimal_18_9": ("DECIMAL(18,9)", ["0", "-1.000000001", "999999999.999999999"]),
    "date_": ("DATE", ["'0000-00-00'", "'1000-01-01'", "'2024-02-29'", "'9999-12-31'", "'2024-05-00'"]),
    "time_": ("TIME", ["'00:00:00'", "'-838:59:59'", "'838:59:59'", "'-00:00:01'"]),
    "time_1": ("TIME(1)", ["'00:00:00.1'", "'-838:59:59.9'", "'-00:00:00.1'"]),
    "time_3": ("TIME(3)", ["'00:00:00.001'", "'-838:59:59.999'", "'12:34:56.789'", "'-00:00:00.001'"]),
    "time_6": ("TIME(6)", ["'00:00:00'", "'-838:59:59.999999'", "'838:59:59.999999'", "'-00:00:00.000001'", "'-01:00:00'"]),
    "datetime_": ("DATETIME", ["'0000-00-00 00:00:00'", "'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'", "'2024-00-15 01:02:03'"]),
    "datetime_2": ("DATETIME(2)", ["'0000-00-00 00:00:00'", "'2024-02-29 12:34:56.78'"]),
    "datetime_4": ("DATETIME(4)", ["'1000-01-01 00:00:00.0001'", "'9999-12-31 23:59:59.9999'"]),
    "datetime_6": ("DATETIME(6)", ["'0000-00-00 00:00:00'", "'1000-01-01 00:00:00.000001'", "'9999-12-31 23:59:59.999999'"]),
    "timestamp_": ("TIMESTAMP", ["'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'"]),
    "timestamp_5": ("TIMESTAMP(5)", ["'1970-01-01 00:00:01.00001'", "'2038-01-19 03:14:07.99999'"]),
    "timestamp_6": ("TIMESTAMP(6)", ["'0000-00-00 00:00:00'", "'1970-01-01 00:00:01.000001'", "'2038-01-19 03:14:07.999999'"]),
    "year_": ("YEAR", ["0", "1901", "2155"]),
    "char_1": ("CHAR(1)", ["''", "'a'", "'ä'", "'😀'"]),
    "char_255": ("CHAR(255)", unicode(255)),
    "char_latin1": ("CHAR(40) CHARACTER SET latin1", [*texts(40), "'äöü'"]),
    "char_utf16": ("CHAR(40) CHARACTER SET utf16", unicode(40)),
    "char_utf32": ("CHAR(40) CHARACTER SET utf32", unicode(40)),
    "char_ucs2": ("CHAR(40) CHARACTER SET ucs2", [*texts(40), "'ä€'"]),
    "char_0": ("CHAR(0)", ["''"]),
    "varchar_10": ("VARCHAR(10)", unicode(10)),
    "varchar_63": ("VARCHAR(63)", unicode(63)),
    "varchar_64": ("VARCHAR(64)", unicode(64)),
    "varchar_300": ("VARCHAR(300)", unicode(300)),
    "varchar_16000": ("VARCHAR(16000)", unicode(16000)),
    "varchar_latin1": ("VARCHAR(255) CHARACTER SET latin1 COLLATE latin1_bin", [*texts(255), "'äöü'"]),
    "varchar_cp1251": ("VARCHAR(50) CHARACTER SET cp1251", [*texts(50), "'Привет'"]),
    "varchar_sjis": ("VARCHAR(50) CHARACTER SET sjis", [*texts(50), "'表示'"]),
    "varchar_gbk": ("VARCHAR(50) CHARACTER SET gbk", [*texts(50), "'中文'"]),
    "varchar_utf16le": ("VARCHAR(50) CHARACTER SET utf16le", unicode(50)),
    "varchar_bin": ("VARCHAR(50) COLLATE utf8mb4_bin", unicode(50)),
    "varchar_uca": ("VARCHAR(50) COLLATE utf8mb4_uca1400_ai_ci", unicode(50)),
    "binary_1": ("BINARY(1)", ["''", "X'00'", "X'20'", "X'FF'"]),
    "binary_16": ("BINARY(16)", bytes_(16)),
    "binary_255": ("BINARY(255)", bytes_(255)),
    "varbinary_10": ("VARBINARY(10)", bytes_(10)),
    "varbinary_60000": ("VARBINARY(60000)", bytes_(60000)),
    "tinyblob": ("TINYBLOB", bytes_(255)),
    "blob_": ("BLOB", bytes_(65535)),
    "mediumblob": ("MEDIUMBLOB", bytes_(70000)),
    "longblob": ("LONGBLOB", bytes_(400000)),
    "tinytext": ("TINYTEXT", unicode(60)),
    "text_": ("TEXT", unicode(16000)),
    "mediumtext": ("MEDIUMTEXT", unicode(20000)),
    "longtext": ("LONGTEXT CHARACTER SET latin1", [*texts(200000), "'äöü'"]),
    "enum_": ("ENUM('a','b','ß','with ''quote')", ["'a'", "'b'", "'ß'", "'with ''quote'", "''", "'no such member'"]),
    "enum_300": (f"ENUM({MANY_MEMBERS})", ["'e0'", "'e255'", "'e256'", "'e299'"]),
    "enum_latin1": ("ENUM('ä','ö') CHARACTER SET latin1", ["'ä'", "'ö'"]),
    "enum_4": ("ENUM('😀','a😀b','c') COLLATE utf8mb4_bin", ["'😀'", "'a😀b'", "'c'"]),
    "enum_utf16": ("ENUM('a','ж','€') CHARACTER SET utf16", ["'a'", "'ж'", "'€'", "''"]),
    "set_cp1251": ("SET('a','ж') CHARACTER SET cp1251", ["''", "'a'", "'ж'", "'a,ж'"]),
    "set_": ("SET('a','b','c')", ["''", "'a'", "'a,c'", "'a,b,c'"]),
    "set_64": (f"SET({MAX_SET})", ["''", "'m0'", "'m63'", "18446744073709551615"]),
    "json_": ("JSON", ["'{}'", "'{\"a\": [1, 2.5, null, \"ä😀\"]}'", "CONCAT('[\"', REPEAT('j', 70000), '\"]')"]),
    "uuid_": ("UUID", ["'00000000-0000-0000-0000-000000000000'", "'123e4567-e89b-12d3-a456-426655440000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "'01890a5d-ac96-774b-bcce-b302099a8057'", "'6ccd780c-baba-1026-9564-5b8c656024db'"]),
    "inet6": ("INET6", ["'::'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'", "'::ffff:192.0.2.1'", "'2001:db8::'"]),
    "inet4": ("INET4", ["'0.0.0.0'", "'255.255.255.255'", "'192.0.2.0'"]),
    "point": ("POINT", ["POINT(0, 0)", "POINT(-1.5, 1e300)", "ST_GeomFromText('POINT(1 2)', 4326)"]),
    "geometry": ("GEOMETRY", ["ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))')", "POINT(0, 0)"]),
    "polygon": ("POLYGON", ["ST_GeomFromText('POLYGON((0 0,10 0,10 10,0 10,0 0),(5 5,7 5,7 7,5 7,5 5))')"]),
    "varchar_z": ("VARCHAR(1000) COMPRESSED", unicode(900)),
    "varbinary_z": ("VARBINARY(1000) COMPRESSED", bytes_(900)),
    "blob_z": ("BLOB COMPRESSED", bytes_(60000)),
    "longtext_z": ("LONGTEXT COMPRESSED", unicode(100000)),
}

# Types that a key can be made of as a whole: every row is then found by a literal of the type.
KEYS = [
    "tinyint", "tinyint_u", "smallint", "mediumint", "mediumint_u", "int_", "int_u", "bigint", "bigint_u", "bit9", "bit64",
    "float_", "double_", "decimal_65_30", "decimal_10_2_u", "decimal_5_5", "date_", "time_", "time_3", "time_6", "datetime_",
    "datetime_6", "timestamp_", "timestamp_6", "year_", "char_255", "char_latin1", "char_utf16", "char_ucs2", "varchar_63",
    "varchar_300", "varchar_cp1251", "varchar_sjis", "varchar_gbk", "varchar_bin", "varchar_uca", "varchar_utf16le", "binary_1",
    "binary_16", "binary_255", "varbinary_10", "enum_", "enum_300", "enum_latin1", "set_", "set_64", "uuid_", "inet6", "inet4",
]  # fmt: skip
