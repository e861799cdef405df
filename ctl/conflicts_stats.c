/* drcctl conflicts stats: how many entries the journals have, by table, kind and cause, as a table, as bars, as JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "ctl/command.h"
#include "ctl/conflicts.h"
#include "ctl/events.h"

#define BAR_LEAST 10u
#define BAR_MOST 60u
#define LABEL_MOST 40u
#define COUNT_WIDTH 10u
#define TERMINAL_WIDTH 80u

enum state { STATE_OPEN, STATE_NOTED, STATE_RESOLVED, STATE_UNDONE, STATES };

static const char *const state_names[STATES] = {JOURNAL_OPEN, JOURNAL_NOTED, JOURNAL_RESOLVED, JOURNAL_UNDONE};

/* Of one target, table, kind and cause. */
struct line {
    const char *region;
    const char *table; /* "shop.item"; "-": no single table */
    const char *kind;
    const char *cause; /* "": not told */
    uint64_t counts[STATES];
    uint64_t total;
};

struct stats {
    const struct conflicts_arguments *arguments;
    const char *region; /* at hand; in the arena */
    struct line *lines; /* ordered by region, table, kind, cause */
    size_t count;
    size_t cap;
    struct arena arena;
};

/* ---- gathering ---- */

static const char *table_name(struct stats *s, const struct journal_sort *sort)
{
    struct buf name = {0};
    if (sort->tbl.n == 0)
        return "-";
    buf_put_span(&name, sort->db);
    buf_put_u8(&name, '.');
    buf_put_span(&name, sort->tbl);
    const char *copy = arena_strdup(&s->arena, buf_span(&name));
    buf_free(&name);
    return copy;
}

static void add(void *context, const struct journal_sort *sort)
{
    struct stats *s = context;
    struct line *last = s->count ? &s->lines[s->count - 1] : NULL;
    const char *table = table_name(s, sort);
    if (!last || last->region != s->region || strcmp(last->table, table) != 0 || !span_is(sort->kind, last->kind) ||
        !span_is(sort->cause, last->cause)) {
        if (s->count == s->cap) {
            s->cap = s->cap ? 2 * s->cap : 32;
            s->lines = xreallocarray(s->lines, s->cap, sizeof *s->lines);
        }
        last = &s->lines[s->count++];
        *last = (struct line){.region = s->region,
                              .table = table,
                              .kind = arena_strdup(&s->arena, sort->kind),
                              .cause = arena_strdup(&s->arena, sort->cause)};
    }
    for (int i = 0; i < STATES; i++)
        if (span_is(sort->state, state_names[i]))
            last->counts[i] += sort->count;
    last->total += sort->count;
}

static int count_target(void *context, struct db *db, const char *region, const struct config *config, struct err *err)
{
    struct stats *s = context;
    (void)config;
    s->region = arena_strdup(&s->arena, span_str(region));
    return journal_count(db, &s->arguments->query, add, s, err);
}

/* ---- telling ---- */

static void print_json(const struct stats *s)
{
    struct buf out = {0};
    for (size_t i = 0; i < s->count; i++) {
        const struct line *l = &s->lines[i];
        buf_clear(&out);
        buf_put_str(&out, "{");
        events_put_text(&out, "region", span_str(l->region));
        buf_put_str(&out, ", ");
        events_put_text(&out, "table", span_str(l->table));
        buf_put_str(&out, ", ");
        events_put_text(&out, "kind", span_str(l->kind));
        buf_put_str(&out, ", ");
        events_put_text(&out, "cause", span_str(l->cause));
        for (int k = 0; k < STATES; k++)
            buf_printf(&out, ", \"%s\": %" PRIu64, state_names[k], l->counts[k]);
        buf_printf(&out, ", \"total\": %" PRIu64 "}", l->total);
        puts(buf_cstr(&out));
    }
    buf_free(&out);
}

static size_t put_label(struct buf *out, const char *text)
{
    buf_clear(out);
    utf8_put_printable(out, span_str(text), LABEL_MOST);
    return out->len;
}

static void print_table(const struct stats *s)
{
    struct buf label = {0};
    size_t width = strlen("TABLE");
    for (size_t i = 0; i < s->count; i++) {
        size_t n = put_label(&label, s->lines[i].table);
        width = n > width ? n : width;
    }
    printf("%-10s %-*s %-16s %-13s", "TARGET", (int)width, "TABLE", "KIND", "CAUSE");
    printf(" %10s %10s %10s %10s %10s\n", "OPEN", "NOTED", "RESOLVED", "UNDONE", "TOTAL");
    for (size_t i = 0; i < s->count; i++) {
        const struct line *l = &s->lines[i];
        (void)put_label(&label, l->table);
        printf("%-10s %-*s %-16s %-13s", l->region, (int)width, buf_cstr(&label), l->kind,
               l->cause[0] ? l->cause : "-");
        for (int k = 0; k < STATES; k++)
            printf(" %10" PRIu64, l->counts[k]);
        printf(" %10" PRIu64 "\n", l->total);
    }
    buf_free(&label);
}

/* What lines have in common, and their sum. */
struct bar {
    const char *label;
    uint64_t count;
};

static int longest_first(const void *a, const void *b)
{
    const struct bar *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : strcmp(x->label, y->label);
}

enum by { BY_TABLE, BY_KIND, BY_CAUSE, BYS };

static const char *const by_names[BYS] = {[BY_TABLE] = "table", [BY_KIND] = "kind", [BY_CAUSE] = "cause"};

static const char *label_of(const struct line *l, enum by by)
{
    const char *const labels[BYS] = {[BY_TABLE] = l->table, [BY_KIND] = l->kind, [BY_CAUSE] = l->cause};
    return labels[by];
}

/* What has no such label is in no bar. */
static size_t gather(const struct stats *s, enum by by, struct bar *bars)
{
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) {
        const char *label = label_of(&s->lines[i], by);
        size_t at = 0;
        if (!label[0])
            continue;
        while (at < n && strcmp(bars[at].label, label) != 0)
            at++;
        if (at == n)
            bars[n++] = (struct bar){.label = label};
        bars[at].count += s->lines[i].total;
    }
    qsort(bars, n, sizeof *bars, longest_first);
    return n;
}

static size_t terminal_width(void)
{
    struct winsize size = {0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : TERMINAL_WIDTH;
}

static void print_bars(const struct stats *s, enum by by)
{
    struct bar *bars = xcalloc(s->count, sizeof *bars);
    struct buf label = {0};
    size_t n = gather(s, by, bars);
    size_t width = 0;
    for (size_t i = 0; i < n; i++) {
        size_t len = put_label(&label, bars[i].label);
        width = len > width ? len : width;
    }
    size_t taken = width + COUNT_WIDTH + 4, all = terminal_width();
    size_t room = all > taken + BAR_LEAST ? all - taken : BAR_LEAST;
    room = room < BAR_MOST ? room : BAR_MOST;
    if (n > 0)
        printf("\nby %s\n", by_names[by]);
    for (size_t i = 0; i < n; i++) {
        uint64_t length = (bars[i].count * room + bars[0].count - 1) / bars[0].count;
        (void)put_label(&label, bars[i].label);
        printf("  %-*s %*" PRIu64 " ", (int)width, buf_cstr(&label), (int)COUNT_WIDTH, bars[i].count);
        for (uint64_t k = 0; k < length; k++)
            putchar('#');
        putchar('\n');
    }
    buf_free(&label);
    free(bars);
}

int command_conflicts_stats(int argc, char **argv, const char *config_path)
{
    static const char doc[] = "Count the entries of the conflict journals, by table, kind and cause.";
    const struct argp argp = {NULL, NULL, NULL, doc, conflicts_filter_child, NULL, NULL};
    struct conflicts_arguments a = {.config_path = config_path};
    struct stats s = {.arguments = &a};
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    int code = conflicts_targets(&a, count_target, &s);
    if (a.json) {
        print_json(&s);
    } else if (s.count > 0) {
        print_table(&s);
        for (int by = 0; by < BYS; by++)
            print_bars(&s, (enum by)by);
    } else if (code == 0) {
        puts("no conflicts");
    }
    free(s.lines);
    arena_free(&s.arena);
    filter_free(&a.tables);
    return code;
}
