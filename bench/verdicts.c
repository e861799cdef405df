/* The judge alone: conflicts of every kind under every policy, ten columns and about 200 bytes a row, on one core.
 *
 * verdicts [SECONDS]: prints one JSON object: verdicts, seconds of the processor, and how many of each verdict. One
 * thread. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/arena.h"
#include "conflict/judge.h"

#define COLUMNS 10
#define CASES 4096 /* in memory at once: some megabytes, more than the nearest caches hold */
#define KINDS CONFLICT_KIND_COUNT
#define POLICIES (POLICY_STOP + 1)
#define UTF8MB4 45

struct shape {
    const char *name;
    uint8_t type;
    uint16_t meta;
    uint16_t bytes; /* of a cell, its length bytes included */
    uint8_t length_bytes;
};

static const struct shape shapes[COLUMNS] = {
    {"id",    COLUMN_LONGLONG,   0,           8,   0},
    {"kind",  COLUMN_LONG,       0,           4,   0},
    {"stock", COLUMN_LONG,       0,           4,   0},
    {"total", COLUMN_LONGLONG,   0,           8,   0},
    {"price", COLUMN_NEWDECIMAL, 12 << 8 | 2, 6,   0},
    {"made",  COLUMN_DATETIME2,  3,           7,   0},
    {"seen",  COLUMN_TIMESTAMP2, 6,           7,   0},
    {"code",  COLUMN_VARCHAR,    160,         12,  1},
    {"name",  COLUMN_VARCHAR,    240,         41,  1},
    {"note",  COLUMN_VARCHAR,    480,         102, 2},
};
enum { COLUMN_MADE = 5 };

static struct table_def *make_table(struct arena *a)
{
    struct table_def *t = arena_zalloc(a, sizeof *t);
    t->db = span_str("bench");
    t->name = span_str("item");
    t->column_count = COLUMNS;
    t->columns = arena_zalloc(a, COLUMNS * sizeof *t->columns);
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct shape *s = &shapes[i];
        t->columns[i] = (struct column){.name = span_str(s->name), .type = s->type, .meta = s->meta};
        t->columns[i].collation = s->length_bytes > 0 ? UTF8MB4 : COLLATION_NONE;
        t->columns[i].key_order = i == 0 ? 0 : COLUMN_NO_KEY;
    }
    table_def_seal(t, a);
    return t;
}

/* 2026-01-02 03:04 and `seconds` and `millis`, as DATETIME(3). */
static void put_made(uint8_t *p, unsigned seconds, unsigned millis)
{
    uint64_t date = ((uint64_t)(2026 * 13 + 1) << 5 | 2) << 17 | (uint64_t)3 << 12 | (uint64_t)4 << 6 | seconds;
    uint64_t packed = date | (uint64_t)1 << 39;
    for (size_t i = 0; i < 5; i++)
        p[i] = (uint8_t)(packed >> (8 * (4 - i)));
    p[5] = (uint8_t)(millis * 10 >> 8);
    p[6] = (uint8_t)(millis * 10);
}

/* Row `id` as of `version`: another number and another text with each. */
static struct cell *make_image(struct arena *a, uint32_t id, unsigned version)
{
    struct cell *cells = arena_zalloc(a, COLUMNS * sizeof *cells);
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct shape *s = &shapes[i];
        uint8_t *p = arena_zalloc(a, s->bytes);
        size_t text = (size_t)(s->bytes - s->length_bytes);
        if (s->length_bytes > 0) {
            p[0] = (uint8_t)text;
            memset(p + s->length_bytes, (int)('a' + version), text);
        } else if (i == COLUMN_MADE) {
            put_made(p, version, id % 1000);
        } else {
            memcpy(p, &id, sizeof id < s->bytes ? sizeof id : s->bytes);
            p[s->bytes - 1] = i == 0 ? 0 : (uint8_t)version;
        }
        cells[i].data = span_of(p, s->bytes);
    }
    return cells;
}

/* Which images a conflict of a kind has. */
static const struct images {
    bool before, incoming, local;
} images_of[KINDS] = {
    [CONFLICT_INSERT_EXISTS] = {false, true,  true },
      [CONFLICT_INSERT_DELETED] = {false, true,  false},
    [CONFLICT_UPDATE_CHANGED] = {true,  true,  true },
      [CONFLICT_UPDATE_MISSING] = {true,  true,  false},
    [CONFLICT_UPDATE_DELETED] = {true,  true,  false},
      [CONFLICT_DELETE_CHANGED] = {true,  false, true },
    [CONFLICT_DELETE_MISSING] = {true,  false, false},
      [CONFLICT_UNIQUE_CLASH] = {false, true,  true },
    [CONFLICT_NO_PARENT] = {false, true,  false},
      [CONFLICT_HAS_CHILD] = {true,  false, true },
    [CONFLICT_REFUSED] = {true,  true,  true },
      [CONFLICT_FOREIGN_WRITE] = {true,  true,  true },
    [CONFLICT_ORDER_VIOLATED] = {true,  true,  true },
      [CONFLICT_WITH_LOSER] = {true,  true,  true },
};

static void make_cases(struct conflict_case *cases, struct arena *a, const struct table_def *t,
                       const struct policy_rule *rules)
{
    for (uint32_t i = 0; i < CASES; i++) {
        struct conflict_case *c = &cases[i];
        unsigned turn =
            i / (KINDS * POLICIES) % 3; /* the local row is older, newer, as new: and then the region says */
        *c = (struct conflict_case){.kind = (enum conflict_kind)(i % KINDS), .table = t, .from = "eu", .to = "us"};
        c->rule = &rules[i / KINDS % POLICIES];
        struct images has = images_of[c->kind];
        c->before = has.before ? make_image(a, i, 1) : NULL;
        c->incoming = has.incoming ? make_image(a, i, 10) : NULL;
        c->local = has.local ? make_image(a, i, 9 + turn) : NULL;
        if (c->local && turn == 1) { /* as new, and another row */
            struct cell *note = &((struct cell *)(uintptr_t)c->local)[COLUMNS - 1];
            *note = make_image(a, i, 20)[COLUMNS - 1];
        }
    }
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int judge_for(double limit, const struct conflict_case *cases, uint64_t *counts, double *seconds)
{
    struct arena arena = {0}; /* of one verdict */
    double began = seconds_now();
    int rc = 0;
    do {
        for (size_t i = 0; i < CASES; i++) {
            struct conflict_outcome out;
            struct err err = {0};
            if (conflict_judge(&cases[i], &out, &arena, &err)) {
                fprintf(stderr, "verdicts: %s: %s\n", conflict_kind_name(cases[i].kind), err.text);
                rc = -1;
                break;
            }
            counts[out.verdict]++;
            arena_reset(&arena);
        }
        *seconds = seconds_now() - began;
    } while (rc == 0 && *seconds < limit);
    arena_free(&arena);
    return rc;
}

static void print(const uint64_t *counts, double seconds)
{
    uint64_t all = 0;
    for (int v = 0; v <= VERDICT_MERGED; v++)
        all += counts[v];
    printf("{\"verdicts\": %" PRIu64 ", \"seconds\": %.6f", all, seconds);
    for (int v = 0; v <= VERDICT_MERGED; v++)
        printf(", \"%s\": %" PRIu64, conflict_verdict_name((enum conflict_verdict)v), counts[v]);
    printf("}\n");
}

int main(int argc, char **argv)
{
    char made[] = "made", stock[] = "stock", eu[] = "eu", us[] = "us";
    char *by[] = {made}, *tie[] = {eu, us}, *columns[] = {stock};
    uint64_t counts[VERDICT_MERGED + 1] = {0};
    struct arena arena = {0};
    struct policy_rule *rules = arena_zalloc(&arena, POLICIES * sizeof *rules);
    struct conflict_case *cases = arena_zalloc(&arena, CASES * sizeof *cases);
    double limit = argc > 1 ? strtod(argv[1], NULL) : 2, seconds = 0;
    for (size_t i = 0; i < POLICIES; i++)
        rules[i] = (struct policy_rule){.policy = (enum policy)i,
                                        .by = by,
                                        .by_count = 1,
                                        .tie = tie,
                                        .tie_count = 2,
                                        .order = tie,
                                        .order_count = 2,
                                        .columns = columns,
                                        .column_count = i == POLICY_MAX || i == POLICY_MIN || i == POLICY_DELTA,
                                        .allow_divergence = true};
    make_cases(cases, &arena, make_table(&arena), rules);
    int rc = judge_for(limit, cases, counts, &seconds);
    if (rc == 0)
        print(counts, seconds);
    arena_free(&arena);
    return rc == 0 ? 0 : 1;
}
