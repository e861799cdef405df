/* A liar for tests: reads a data record on stdin and writes the one that would follow it, with rows of another table.
 *
 * forge DB TABLE [keep]: the rows of the record's last item under that name; with `keep`, behind the record's own rows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/model/record.h"

static struct buf read_all(void)
{
    struct buf in = {0};
    size_t n;
    while ((n = fread(buf_reserve(&in, 65536), 1, 65536, stdin)) > 0)
        (void)buf_grow(&in, n);
    return in;
}

static int fail(const struct err *err)
{
    fprintf(stderr, "forge: %s\n", err->text);
    return 1;
}

/* The body's rows, and the last of them once more for the other table. */
static int forge_body(struct buf *out, struct span body, const char *db, const char *name, bool keep, struct err *err)
{
    static struct arena arena;
    static struct table_cache cache;
    struct body_reader reader;
    struct body_writer writer = {0};
    struct rows rows = {0};
    struct rows last = {0};
    int more;
    body_start(&writer, out);
    body_open(&reader, body, &cache, &arena);
    while ((more = body_next(&reader, &rows, err)) > 0) {
        if (keep)
            body_put_rows(&writer, &rows);
        last = rows;
    }
    if (more < 0)
        return -1;
    struct table_def *other = table_def_copy(last.table, &arena);
    other->db = span_str(db);
    other->name = span_str(name);
    table_def_seal(other, &arena);
    last.table = other;
    body_put_rows(&writer, &last);
    body_free(&writer);
    return 0;
}

/* What comes after a record that was complete: the next seq, chained to it. */
static void step(struct record *rec)
{
    rec->prev_seq = rec->seq;
    rec->prev_chain = rec->chain;
    rec->prev_gtid = rec->gtid;
    rec->seq++;
    rec->gtid.maria.seq++;
    rec->chain = chain_next(rec->prev_chain, &rec->gtid);
    rec->stamp++;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct record rec;
    struct buf in = read_all();
    struct buf body = {0};
    struct buf out = {0};
    if (argc < 3)
        return fail(&(struct err){.text = "DB and TABLE are needed"});
    if (record_read(&rec, buf_span(&in), &err) ||
        forge_body(&body, rec.body, argv[1], argv[2], argc > 3 && strcmp(argv[3], "keep") == 0, &err))
        return fail(&err);
    rec.body = buf_span(&body);
    step(&rec);
    record_write(&rec, &out);
    return fwrite(out.data, 1, out.len, stdout) == out.len ? 0 : 1;
}
