/* Small binlogs of real servers (tests/data/make_binlogs.py), decoded whole and held against what is expected. */
#include "tests/unit/cmocka_all.h"

#include <unistd.h>

#include "common/binlog/event.h"
#include "tests/unit/binlog/items_text.h"
#include "tests/unit/random.h"

#define DATA DRC_TEST_DATA "/binlog/"

static void read_file(struct buf *out, const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t got;
    do {
        got = fread(buf_reserve(out, 65536), 1, 65536, f);
        out->len += got;
    } while (got > 0);
    (void)fclose(f);
}

static void write_file(const char *path, struct span bytes)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    assert_int_equal(fclose(f), 0);
}

/* The first line in which they differ is shown. */
static void assert_same_text(const char *name, struct buf *got, struct buf *expected)
{
    size_t line = 1;
    size_t i = 0;
    while (i < got->len && i < expected->len && got->data[i] == expected->data[i])
        line += got->data[i++] == '\n';
    if (i == got->len && i == expected->len)
        return;
    while (i > 0 && got->data[i - 1] != '\n')
        i--;
    fail_msg("%s differs from line %zu on; it says:\n%.400s", name, line, buf_cstr(got) + i);
}

static void file_gives_its_text(void **state)
{
    const char *name = *state;
    struct items_text x = {0};
    struct assembler *a = assembler_new();
    char path[512];
    (void)snprintf(path, sizeof path, DATA "%s.bin", name);
    (void)items_text_of_file(&x, a, path);
    (void)snprintf(path, sizeof path, DATA "%s.txt", name);
    if (getenv("DRC_WRITE_EXPECTED"))
        write_file(path, buf_span(&x.out));
    struct buf expected = {0};
    read_file(&expected, path);
    assert_same_text(name, &x.out, &expected);
    buf_free(&expected);
    assembler_free(&a);
    items_text_free(&x);
}

/* ---- every value of every type against the text that the server itself gave of it ---- */

/* Texts by "table<TAB>id". */
static void note_images(struct map *texts, struct arena *arena, const struct rows *rows)
{
    struct cell cells[2];
    struct bytes r = bytes_of(rows->images);
    struct buf text = {0};
    while (r.p < r.end) {
        if (rows->op == ROWS_UPDATE)
            image_skip(rows->table, NULL, &r);
        image_split(cells, rows->table, NULL, &r);
        assert_false(r.bad);
        buf_clear(&text);
        buf_printf(&text, "%.*s\t", SPAN_ARG(rows->table->name));
        assert_true(cell_put_text(&rows->table->columns[0], &cells[0], &text));
        void **slot = map_ref(texts, buf_span(&text));
        buf_clear(&text);
        if (!cell_put_text(&rows->table->columns[1], &cells[1], &text))
            fail_msg("%.*s has a cell that its type does not allow: %s", SPAN_ARG(rows->table->name), buf_cstr(&text));
        *slot = arena_strdup(arena, buf_span(&text));
    }
    buf_free(&text);
}

static void note_file(struct map *texts, struct arena *arena, const char *path)
{
    struct file_reader *reader;
    struct assembler *a = assembler_new();
    struct span raw;
    struct item item;
    struct err err = {0};
    int rc;
    assert_int_equal(file_reader_open(&reader, path, &err), 0);
    while ((rc = file_reader_next(reader, &raw, NULL, &err)) == 1) {
        assert_int_equal(assembler_feed(a, raw, &err), 0);
        while ((rc = assembler_next(a, &item, &err)) == 1)
            if (item.kind == ITEM_ROWS)
                note_images(texts, arena, &item.rows);
        assert_int_equal(rc, 0);
    }
    assert_int_equal(rc, 0);
    assembler_free(&a);
    file_reader_close(&reader);
}

static void values_are_the_servers(void **state)
{
    const char *name = *state;
    struct map texts = {0};
    struct arena arena = {0};
    struct buf values = {0};
    char path[512];
    (void)snprintf(path, sizeof path, DATA "%s.bin", name);
    note_file(&texts, &arena, path);
    (void)snprintf(path, sizeof path, DATA "%s.values", name);
    read_file(&values, path);
    size_t count = 0;
    char *rest = NULL;
    (void)buf_cstr(&values);
    for (char *line = strtok_r((char *)values.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *tab = strchr(strchr(line, '\t') + 1, '\t');
        const char *got = map_get(&texts, span_of(line, (size_t)(tab - line)));
        assert_non_null(got);
        if (strcmp(got, tab + 1) != 0)
            fail_msg("%.*s: decoded \"%s\", the server says \"%s\"", (int)(tab - line), line, got, tab + 1);
        count++;
    }
    assert_true(count > 140);
    buf_free(&values);
    arena_free(&arena);
    map_free(&texts);
}

/* ---- damaged files ---- */

/* A name in the temporary directory. */
static void temporary(char path[64])
{
    strcpy(path, "/tmp/drc-test-files-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
}

static void a_file_cut_off_anywhere_says_so(void **state)
{
    (void)state;
    char path[64];
    struct buf whole = {0};
    read_file(&whole, DATA "unchecked.bin");
    temporary(path);
    for (size_t n = 0; n < whole.len; n++) {
        struct file_reader *reader;
        struct span raw;
        struct err err = {0};
        bool truncated = false;
        size_t events = 0;
        int rc;
        write_file(path, span_of(whole.data, n));
        if (n < 4) {
            assert_int_equal(file_reader_open(&reader, path, &err), -1);
            assert_non_null(strstr(err.text, "is no binlog file"));
            continue;
        }
        assert_int_equal(file_reader_open(&reader, path, &err), 0);
        uint64_t end = 4;
        while ((rc = file_reader_next(reader, &raw, &truncated, &err)) == 1) {
            assert_int_equal(file_reader_offset(reader), end);
            end += raw.n;
            events++;
        }
        assert_int_equal(truncated, end != n);
        assert_int_equal(rc, end == n ? 0 : -1);
        file_reader_close(&reader);
    }
    unlink(path);
    buf_free(&whole);
}

static void a_flipped_bit_is_noticed(void **state)
{
    (void)state;
    struct random rnd = random_start("flipped bits");
    char path[64];
    struct buf whole = {0};
    read_file(&whole, DATA "keys.bin");
    struct bytes size = bytes_of(span_of(whole.data + 4 + 9, 4));
    size_t algorithm = 4 + bytes_u32(&size) - EVENT_CHECKSUM_LEN - 1;
    temporary(path);
    for (int round = 0; round < 400; round++) {
        size_t at = 4 + (size_t)random_below(&rnd, whole.len - 4);
        uint8_t bit = (uint8_t)(1u << random_below(&rnd, 8));
        if ((at == 4 + 17 && bit == 1) || (at == algorithm && bit == 1))
            continue; /* "in use", which the checksum leaves out, and "there are checksums" itself */
        whole.data[at] ^= bit;
        write_file(path, buf_span(&whole));
        whole.data[at] ^= bit;
        struct items_text x = {0};
        struct assembler *a = assembler_new();
        if (items_text_of_file(&x, a, path) != -1)
            fail_msg("bit %u of byte %zu was flipped and nothing noticed", bit, at);
        assembler_free(&a);
        items_text_free(&x);
    }
    unlink(path);
    buf_free(&whole);
}

static void foreign_and_encrypted_files_are_refused(void **state)
{
    (void)state;
    char path[64];
    struct file_reader *reader;
    struct span raw;
    struct err err = {0};
    temporary(path);
    write_file(path, span_of("\xfd"
                             "binxxxx",
                             8));
    assert_int_equal(file_reader_open(&reader, path, &err), -1);
    assert_null(reader);
    assert_non_null(strstr(err.text, "is encrypted"));
    uint8_t started[4 + 40] = {0xfe, 'b', 'i', 'n'};
    started[4 + 4] = EVENT_START_ENCRYPTION;
    started[4 + 9] = 40;
    write_file(path, span_of(started, sizeof started));
    assert_int_equal(file_reader_open(&reader, path, &err), 0);
    assert_int_equal(file_reader_next(reader, &raw, NULL, &err), -1);
    assert_non_null(strstr(err.text, ":4: is encrypted from here on"));
    assert_int_equal(err.exit_code, EXIT_UNSAFE);
    file_reader_close(&reader);
    unlink(path);
    assert_int_equal(file_reader_open(&reader, path, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_USAGE);
}

/* A second file goes on where the first one ended, with definitions that are known already. */
static void definitions_are_parsed_once(void **state)
{
    (void)state;
    struct items_text x = {0};
    struct assembler *a = assembler_new();
    assert_int_equal(items_text_of_file(&x, a, DATA "keys.bin"), 0);
    struct assembler_counts first = *assembler_counts(a);
    assert_true(first.maps_parsed < first.maps && first.maps_parsed > 0);
    assert_int_equal(items_text_of_file(&x, a, DATA "keys.bin"), 0);
    const struct assembler_counts *both = assembler_counts(a);
    assert_int_equal(both->maps_parsed, first.maps_parsed);
    assert_int_equal(both->maps, 2 * first.maps);
    assert_int_equal(both->rows, 2 * first.rows);
    assert_int_equal(assembler_generation(a), 0);
    assert_false(assembler_in_group(a));
    assembler_free(&a);
    items_text_free(&x);
}

#define OF_FILE(name)                                                                                                  \
    {                                                                                                                  \
        "decoded: " name, file_gives_its_text, NULL, NULL, (void *)(name)                                              \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        OF_FILE("types"),
        OF_FILE("groups"),
        OF_FILE("keys"),
        OF_FILE("shapes"),
        OF_FILE("compressed"),
        OF_FILE("unchecked"),
        OF_FILE("bad_metadata"),
        OF_FILE("bad_image"),
        OF_FILE("bad_format"),
        OF_FILE("mysql_types"),
        OF_FILE("mysql_groups"),
        OF_FILE("mysql_partial"),
        OF_FILE("mariadb118_types"),
        OF_FILE("mariadb118_groups"),
        {"values of MariaDB",      values_are_the_servers, NULL, NULL, (void *)"types"           },
        {"values of MySQL",        values_are_the_servers, NULL, NULL, (void *)"mysql_types"     },
        {"values of MariaDB 11.8", values_are_the_servers, NULL, NULL, (void *)"mariadb118_types"},
        cmocka_unit_test(a_file_cut_off_anywhere_says_so),
        cmocka_unit_test(a_flipped_bit_is_noticed),
        cmocka_unit_test(foreign_and_encrypted_files_are_refused),
        cmocka_unit_test(definitions_are_parsed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
