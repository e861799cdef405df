/* Asking the servers of a pair how they make ids.
 *
 * Order matters: the largest ids are read at every region before any counter is, so that an id that is made and arrives
 * meanwhile does not look like one that is still to be given. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/model/table.h"
#include "common/target/schema.h"
#include "ctl/ids.h"
#include "ctl/ids_generator.h"

#define READ_TIMEOUT_S 300
#define HOST_TIMEOUT_S 5
/* How far from a table's end the largest id of a class is looked for: the classes take turns. */
#define NEWEST_IDS "10000"

static const char *text_of(struct ids_facts *f, struct span cell)
{
    return arena_strdup(&f->arena, cell);
}

static uint64_t number_of(struct span cell)
{
    char text[32];
    if (!cell.p || cell.n == 0 || cell.p[0] == '-')
        return 0;
    (void)snprintf(text, sizeof text, "%.*s", SPAN_ARG(cell));
    return strtoull(text, NULL, 10);
}

static int64_t signed_of(struct span cell)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.*s", SPAN_ARG(cell));
    return strtoll(text, NULL, 10);
}

/* ---- servers ---- */

static int read_settings(struct db *db, struct ids_settings *out, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    int rc = db_query(db, &rows, &a, "SELECT @@GLOBAL.auto_increment_increment, @@GLOBAL.auto_increment_offset", err);
    if (rc == 0)
        *out = (struct ids_settings){number_of(db_cell(&rows, 0, 0)), number_of(db_cell(&rows, 0, 1))};
    arena_free(&a);
    return rc;
}

/* An account that may not read it cannot tell, and lets it pass. */
static int read_counter(struct db *db, bool *missing, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    struct err found = {0};
    int rc = db_query(db, &rows, &a, "SELECT 1 FROM " DRC_DB "." IDS_TABLE " LIMIT 0", &found);
    *missing = rc != 0 && db_says_absent(&found);
    arena_free(&a);
    if (rc == 0 || *missing || (found.class == ERR_FATAL && found.exit_code == EXIT_DENIED))
        return 0;
    *err = found;
    return -1;
}

static int read_generator(struct db *db, struct ids_region *r, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    int rc = db_query(db, &rows, &a,
                      "SELECT ROUTINE_COMMENT FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '" DRC_DB
                      "' AND ROUTINE_NAME = '" IDS_FUNCTION "'",
                      err);
    r->generator = rc == 0 && rows.row_count > 0;
    if (r->generator && !ids_generator_tag(&r->generator_tag, db_cell(&rows, 0, 0)))
        r->generator_tag = 0;
    arena_free(&a);
    return r->generator ? read_counter(db, &r->generator_broken, err) : rc;
}

/* What of the region's other hosts can be reached. */
static void read_hosts(struct ids_facts *f, struct ids_region *r, const struct region_config *config, size_t own)
{
    size_t count = config->socket ? 0 : config->host_count;
    r->hosts = arena_zalloc(&f->arena, (count + 1) * sizeof *r->hosts);
    for (size_t n = 1; n <= count; n++) {
        const struct db_options options = {
            .program = "drcctl", .server = n, .connect_timeout_s = HOST_TIMEOUT_S, .read_timeout_s = HOST_TIMEOUT_S};
        struct ids_host *h = &r->hosts[r->host_count];
        struct err err = {0};
        struct db *db = NULL;
        char name[300];
        if (n == own)
            continue;
        (void)snprintf(name, sizeof name, "%s:%u", config->hosts[n - 1].name, config->hosts[n - 1].port);
        h->name = text_of(f, span_str(name));
        if (db_connect(&db, config, &options, &err) || read_settings(db, &h->settings, &err))
            h->error = text_of(f, span_str(err.text));
        db_close(&db);
        r->host_count++;
    }
}

/* ---- tables and sequences ---- */

static int read_tables(struct ids_facts *f, struct ids_region *r, struct db *db, const struct filter *tables,
                       struct err *err)
{
    struct db_rows rows;
    if (db_query(db, &rows, &f->arena,
                 "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, COLUMN_COMMENT "
                 "FROM information_schema.COLUMNS WHERE EXTRA LIKE '%auto_increment%' ORDER BY 1, 2",
                 err))
        return -1;
    r->tables = arena_zalloc(&f->arena, (rows.row_count + 1) * sizeof *r->tables);
    for (size_t i = 0; i < rows.row_count; i++) {
        if (!filter_match(tables, db_cell(&rows, i, 0), db_cell(&rows, i, 1)))
            continue;
        struct ids_table *t = &r->tables[r->table_count++];
        t->db = text_of(f, db_cell(&rows, i, 0));
        t->name = text_of(f, db_cell(&rows, i, 1));
        t->column = text_of(f, db_cell(&rows, i, 2));
        t->type = text_of(f, db_cell(&rows, i, 3));
        t->comment = text_of(f, db_cell(&rows, i, 4));
        t->limit = ids_type_limit(t->type);
        t->top = arena_zalloc(&f->arena, f->count * sizeof *t->top);
    }
    return 0;
}

static int read_sequence(struct ids_sequence *s, struct db *db, struct err *err)
{
    struct arena a = {0};
    struct buf sql = {0};
    struct db_rows rows;
    buf_put_str(&sql, "SELECT next_not_cached_value, minimum_value, maximum_value, increment, cycle_option FROM ");
    db_put_name(&sql, span_str(s->db));
    buf_put_str(&sql, ".");
    db_put_name(&sql, span_str(s->name));
    int rc = db_query(db, &rows, &a, buf_cstr(&sql), err);
    if (rc == 0 && rows.row_count > 0) {
        s->next = signed_of(db_cell(&rows, 0, 0));
        s->min = signed_of(db_cell(&rows, 0, 1));
        s->max = signed_of(db_cell(&rows, 0, 2));
        s->increment = signed_of(db_cell(&rows, 0, 3));
        s->cycle = number_of(db_cell(&rows, 0, 4)) > 0;
    }
    buf_free(&sql);
    arena_free(&a);
    return rc;
}

/* Of the pair's databases, also those that its tables leave out: they are not replicated either way. */
static int read_sequences(struct ids_facts *f, struct ids_region *r, struct db *db, const struct filter *tables,
                          struct err *err)
{
    struct db_rows rows;
    if (r->flavor != FLAVOR_MARIADB)
        return 0;
    if (db_query(db, &rows, &f->arena,
                 "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'SEQUENCE' "
                 "ORDER BY 1, 2",
                 err))
        return -1;
    r->sequences = arena_zalloc(&f->arena, (rows.row_count + 1) * sizeof *r->sequences);
    for (size_t i = 0; i < rows.row_count; i++) {
        struct ids_sequence *s = &r->sequences[r->sequence_count];
        if (!filter_match_db(tables, db_cell(&rows, i, 0)))
            continue;
        s->db = text_of(f, db_cell(&rows, i, 0));
        s->name = text_of(f, db_cell(&rows, i, 1));
        if (read_sequence(s, db, err))
            return -1;
        r->sequence_count++;
    }
    return 0;
}

/* ---- ids ---- */

/* The largest id of the table, and of each class among its newest. */
static void put_largest(struct buf *sql, const struct ids_facts *f, const struct ids_table *t)
{
    struct buf column = {0}, table = {0};
    db_put_name(&column, span_str(t->column));
    db_put_name(&table, span_str(t->db));
    buf_put_str(&table, ".");
    db_put_name(&table, span_str(t->name));
    buf_printf(sql, "SELECT (SELECT MAX(%s) FROM %s)", buf_cstr(&column), buf_cstr(&table));
    for (size_t i = 0; i < f->count; i++) {
        const struct ids_settings *class = &f->regions[i].planned;
        buf_printf(sql,
                   ", (SELECT MAX(id) FROM (SELECT %s AS id FROM %s ORDER BY %s DESC LIMIT " NEWEST_IDS
                   ") AS newest WHERE id > 0 AND MOD(id, %" PRIu64 ") = %" PRIu64 ")",
                   buf_cstr(&column), buf_cstr(&table), buf_cstr(&column), class->increment,
                   class->offset % class->increment);
    }
    buf_free(&column);
    buf_free(&table);
}

static int read_largest(struct ids_facts *f, struct ids_region *r, struct db *db, struct err *err)
{
    for (size_t i = 0; i < r->table_count; i++) {
        struct ids_table *t = &r->tables[i];
        struct arena a = {0};
        struct buf sql = {0};
        struct db_rows rows;
        put_largest(&sql, f, t);
        int rc = db_query(db, &rows, &a, buf_cstr(&sql), err);
        buf_free(&sql);
        if (rc == 0) {
            t->largest = number_of(db_cell(&rows, 0, 0));
            for (size_t k = 0; k < f->count; k++)
                t->top[k] = number_of(db_cell(&rows, 0, k + 1));
        }
        arena_free(&a);
        if (rc)
            return err_prefix(err, "%s.%s", t->db, t->name);
    }
    return 0;
}

static int read_next(struct ids_region *r, struct db *db, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    int rc = -1;
    if (r->flavor == FLAVOR_MYSQL && db_exec(db, "SET SESSION information_schema_stats_expiry = 0", err))
        goto out;
    if (db_query(db, &rows, &a,
                 "SELECT TABLE_SCHEMA, TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES "
                 "WHERE AUTO_INCREMENT IS NOT NULL",
                 err))
        goto out;
    for (size_t i = 0; i < rows.row_count; i++)
        for (size_t t = 0; t < r->table_count; t++)
            if (span_is(db_cell(&rows, i, 1), r->tables[t].name) && span_is(db_cell(&rows, i, 0), r->tables[t].db))
                r->tables[t].next = number_of(db_cell(&rows, i, 2));
    rc = 0;
out:
    arena_free(&a);
    return rc;
}

/* ---- all of it ---- */

static int read_region(struct ids_facts *f, size_t i, struct db **db, struct config *config, struct err *err)
{
    const struct db_options options = {.program = "drcctl", .read_timeout_s = READ_TIMEOUT_S, .read_only_too = true};
    const struct region_config *known = &config->regions[i];
    struct ids_region *r = &f->regions[i];
    if (config_password(config, known->name, err) || db_connect(db, known, &options, err))
        return -1;
    r->name = text_of(f, span_str(known->name));
    r->server = text_of(f, span_str(db_server_name(*db)));
    r->flavor = db_flavor(*db);
    r->tag = known->id_tag;
    for (size_t k = 0; k < config->link_count; k++)
        if (strcmp(config->links[k].from, known->name) == 0 && config_two_way(config, known->name, config->links[k].to))
            r->writes = true;
    if (read_settings(*db, &r->settings, err) || read_generator(*db, r, err) ||
        read_tables(f, r, *db, &config->tables, err) || read_sequences(f, r, *db, &config->tables, err))
        return -1;
    read_hosts(f, r, known, db_server(*db));
    return 0;
}

int ids_read(struct ids_facts *out, struct config *config, unsigned regions, struct err *err)
{
    struct db **dbs = xcalloc(config->region_count, sizeof(struct db *));
    int rc = 0;
    size_t at = 0;
    *out = (struct ids_facts){.count = config->region_count};
    out->regions = arena_zalloc(&out->arena, out->count * sizeof *out->regions);
    for (size_t i = 0; i < out->count && rc == 0; i++)
        rc = read_region(out, at = i, &dbs[i], config, err);
    if (rc == 0)
        ids_plan_settings(out, regions);
    for (size_t i = 0; i < out->count && rc == 0; i++)
        rc = read_largest(out, &out->regions[at = i], dbs[i], err);
    for (size_t i = 0; i < out->count && rc == 0; i++)
        rc = read_next(&out->regions[at = i], dbs[i], err);
    if (rc)
        (void)err_prefix(err, "%s", config->regions[at].name);
    for (size_t i = 0; i < out->count; i++)
        db_close(&dbs[i]);
    free(dbs);
    return rc;
}

void ids_free(struct ids_facts *f)
{
    arena_free(&f->arena);
    *f = (struct ids_facts){0};
}
