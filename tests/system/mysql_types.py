"""Every column type of MySQL 9.7 with values at its extremes, as SQL."""

from system import apply_types

# What MariaDB alone has.
_OTHERS = ("uuid_", "inet6", "inet4", "varchar_z", "varbinary_z", "blob_z", "longtext_z", "varchar_uca", "json_", "point")

DEEP = 100  # levels that the server itself allows
JSON = [
    "'null'",
    "'true'",
    "'\"text\"'",
    "'{}'",
    "'[]'",
    "CAST(-9223372036854775808 AS JSON)",
    "CAST(18446744073709551615 AS JSON)",
    "CAST(9223372036854775807 AS JSON)",
    "JSON_ARRAY(-32768, 32767, 32768, 65535, 65536, -2147483648, 2147483647, 4294967295, 4294967296)",
    "JSON_ARRAY(0e0, -1.5e0, 1e100, 1.7976931348623157e308, 2.2250738585072014e-308, 5e-324, 1e15, 0.1e0)",
    "JSON_ARRAY(CAST(1.50 AS DECIMAL(10,2)), CAST(-0.000001 AS DECIMAL(20,6)), " + "9" * 65 + ")",
    "JSON_ARRAY(CAST('2026-01-31' AS DATE), CAST('-12:34:56.789' AS TIME(3)), CAST('2026-01-31 23:59:59.123456' AS DATETIME(6)))",
    "JSON_ARRAY(TIMESTAMP'1970-01-01 00:00:01', CAST('0000-00-00' AS DATE), CAST('-838:59:59' AS TIME))",
    "JSON_OBJECT('bin', X'00FF10', 'bit', b'101', 'blob', CAST(REPEAT('x', 300) AS BINARY))",
    "JSON_OBJECT('year', CAST(2026 AS YEAR), 'geo', ST_GeomFromText('POINT(1 2)'))",
    "'{\"ä€😀\": \"ä€😀 \\\\u0001 \\\\\" \\\\\\\\\", \"\": 1, \"b\": {\"aa\": 1, \"a\": 2, \"B\": 3}}'",
    "CONCAT(REPEAT('[', 99), '1', REPEAT(']', 99))",
    "CONCAT(REPEAT('{\"k\":', 99), '1', REPEAT('}', 99))",
    "CONCAT('[\"', REPEAT('j', 70000), '\", {\"k\": 70000, \"n\": [1, -70000, 65536]}]')",
    "CONCAT('{\"', REPEAT('k', 60000), '\": \"', REPEAT('v', 60000), '\"}')",
    "(SELECT JSON_ARRAYAGG(n) FROM (WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 1000) SELECT n FROM s) d)",
    "(SELECT JSON_OBJECTAGG(CONCAT('key', n), REPEAT('z', n)) FROM (WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 900) SELECT n FROM s) d)",
]

TYPES = {
    **{name: entry for name, entry in apply_types.TYPES.items() if name not in _OTHERS},
    "varchar_0900": ("VARCHAR(50) COLLATE utf8mb4_0900_ai_ci", apply_types.unicode(50)),
    "varchar_gb18030": ("VARCHAR(50) CHARACTER SET gb18030", [*apply_types.texts(50), "'中文😀'"]),
    "json_": ("JSON", JSON),
    "point": ("POINT", ["POINT(0, 0)", "POINT(-1.5, 1e300)", "ST_GeomFromText('POINT(1 2)', 4326)"]),
    "point_srid": ("POINT SRID 4326", ["ST_GeomFromText('POINT(1 2)', 4326)"]),
    "linestring": ("LINESTRING", ["ST_GeomFromText('LINESTRING(0 0,1 1,2 -2)')"]),
    "multi": ("MULTIPOLYGON", ["ST_GeomFromText('MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))')"]),
    "collection": ("GEOMETRYCOLLECTION", ["ST_GeomFromText('GEOMETRYCOLLECTION EMPTY')"]),
    "vector_1": ("VECTOR(1)", ["TO_VECTOR('[0]')", "TO_VECTOR('[-3.402823e38]')"]),
    "vector_": ("VECTOR(2048)", ["TO_VECTOR(CONCAT('[', REPEAT('1.5,', 2047), '-1]'))"]),
}
