/* The small world's table, and what regions write into it. */
#include "conflict/world_private.h"

#include <assert.h>
#include <stdlib.h>

#include "common/base/mem.h"

/* ---- the table ---- */

static int column_of(struct world *w, const char *name, enum world_role role, int group)
{
    struct table_def *t = w->table;
    int i = table_def_find(t, span_str(name));
    if (i >= 0) {
        if (role == ROLE_VERSION || w->roles[i] == ROLE_PLAIN) {
            w->roles[i] = role;
            w->groups[i] = group;
        }
        return i;
    }
    if (t->column_count == WORLD_COLUMNS)
        return -1;
    i = t->column_count++;
    t->columns[i] = (struct column){
        .name = span_str(name), .type = COLUMN_LONGLONG, .nullable = true, .key_order = i == 0 ? 0 : COLUMN_NO_KEY};
    w->roles[i] = role;
    w->groups[i] = group;
    return i;
}

static bool add_columns(struct world *w, char *const *names, size_t count, enum world_role role, int group)
{
    for (size_t i = 0; i < count; i++)
        if (column_of(w, names[i], role, group) < 0)
            return false;
    return true;
}

static enum world_role role_of(enum policy p)
{
    return p == POLICY_DELTA ? ROLE_COUNTER : ROLE_PLAIN;
}

static bool add_rule_columns(struct world *w)
{
    const struct policy_rule *r = w->setting.rule;
    if (!add_columns(w, r->columns, r->column_count, role_of(r->policy), -1) ||
        !add_columns(w, r->ignore, r->ignore_count, ROLE_PLAIN, -1))
        return false;
    for (size_t i = 0; i < r->group_count; i++) {
        const struct policy_group *g = &r->groups[i];
        if (!add_columns(w, g->columns, g->column_count, role_of(g->policy), (int)i) ||
            !add_columns(w, g->by, g->by_count, ROLE_VERSION, (int)i))
            return false;
    }
    return add_columns(w, r->by, r->by_count, ROLE_VERSION, -1);
}

static bool make_table(struct world *w)
{
    struct table_def *t = arena_zalloc(&w->table_arena, sizeof *t);
    w->table = t;
    t->db = span_str("shop");
    t->name = span_str("item");
    t->columns = arena_zalloc(&w->table_arena, WORLD_COLUMNS * sizeof *t->columns);
    (void)column_of(w, "id", ROLE_KEY, -1);
    if (!add_rule_columns(w) || column_of(w, "x", ROLE_PLAIN, -1) < 0 || column_of(w, "y", ROLE_PLAIN, -1) < 0)
        return false;
    w->counter = -1;
    for (int i = t->column_count - 1; i >= 0; i--)
        if (w->roles[i] == ROLE_COUNTER)
            w->counter = i;
    for (size_t i = 0; i < w->setting.rule->ignore_count; i++)
        w->ignored[table_def_find(t, span_str(w->setting.rule->ignore[i]))] = true;
    table_def_seal(t, &w->table_arena);
    return true;
}

/* ---- its life ---- */

void world_reset(struct world *w)
{
    struct world_row first = {.there = true};
    first.v[0] = 1;
    for (int i = 1; i < w->table->column_count; i++)
        first.v[i] = w->roles[i] == ROLE_VERSION || w->roles[i] == ROLE_COUNTER ? 10 : 0;
    memset(w->sites, 0, sizeof w->sites);
    memset(w->written, 0, sizeof w->written);
    for (size_t r = 0; r < w->setting.region_count; r++)
        w->sites[r].places[0].row = first;
    w->sums[0] = w->counter >= 0 ? first.v[w->counter] : 0;
    w->sums[1] = 0;
    w->journaled = w->silent_losers = 0;
    w->waits = w->judged = false;
    buf_clear(&w->history);
}

struct world *world_new(const struct world_setting *setting)
{
    assert(setting->region_count >= 2 && setting->region_count <= WORLD_REGIONS);
    struct world *w = xcalloc(1, sizeof *w);
    w->setting = *setting;
    if (!make_table(w)) {
        world_free(&w);
        return NULL;
    }
    world_reset(w);
    return w;
}

void world_free(struct world **w)
{
    if (!*w)
        return;
    arena_free(&(*w)->table_arena);
    arena_free(&(*w)->arena);
    buf_free(&(*w)->history);
    free(*w);
    *w = NULL;
}

/* ---- writing ---- */

static uint64_t draw(uint64_t *dice, uint64_t sides)
{
    uint64_t v = *dice % sides;
    *dice = *dice / sides ^ (*dice << 7) * 0x9e3779b97f4a7c15u;
    return v;
}

/* A version rises above what its writer can see of the row, be it gone. */
static int64_t next_version(const struct world_place *p, const struct world_row *before, size_t i, uint64_t *dice)
{
    int64_t seen = before->there ? before->v[i] : 0;
    if (p->tombstone.there && p->tombstone.columns.v[i] > seen)
        seen = p->tombstone.columns.v[i];
    return seen + 1 + (int64_t)draw(dice, 3);
}

/* The row as it is written: some plain columns change, among few values, so that they come back. */
static struct world_row write_row(struct world *w, const struct world_place *p, const struct world_row *before,
                                  size_t key, uint64_t *dice)
{
    struct world_row after = *before;
    bool touched[WORLD_COLUMNS] = {false}; /* a group, by its number + 1 */
    size_t columns = w->table->column_count, must = 1 + draw(dice, columns - 1);
    after.there = true;
    after.v[0] = (int64_t)key + 1;
    for (size_t i = 1; i < columns; i++) {
        if (w->roles[i] == ROLE_VERSION || (before->there && i != must && draw(dice, 3) != 0))
            continue;
        int64_t value = (int64_t)draw(dice, 4);
        after.v[i] = w->roles[i] == ROLE_COUNTER && before->there ? before->v[i] + value - 1 : value;
        touched[w->groups[i] + 1] = true;
    }
    for (size_t i = 1; i < columns; i++)
        if (w->roles[i] == ROLE_VERSION && (w->groups[i] < 0 || touched[w->groups[i] + 1] || !before->there))
            after.v[i] = next_version(p, before, i, dice);
    return after;
}

static void bury(struct world_place *p, const struct world_txn *t, const struct world_row *row)
{
    p->tombstone = (struct world_tombstone){.there = true, .version = t->version, .columns = *row};
}

static void commit_change(struct world *w, struct world_txn *t, size_t key, const struct world_row *after)
{
    struct world_place *p = &w->sites[t->region].places[key];
    struct world_change *c = &t->changes[t->count++];
    *c = (struct world_change){.key = key, .before = p->row, .after = *after};
    p->newest[t->region] = t->number;
    if (w->counter >= 0 && after->there)
        w->sums[key] += after->v[w->counter] - (p->row.there ? p->row.v[w->counter] : 0);
    if (!after->there) {
        p->newest_delete[t->region] = t->number;
        if (!w->setting.unaware)
            bury(p, t, &p->row);
    }
    p->row = *after;
}

static void move_row(struct world *w, struct world_txn *t, size_t key, uint64_t *dice)
{
    const struct world_place *to = &w->sites[t->region].places[1 - key];
    struct world_row none = {0}, row = w->sites[t->region].places[key].row;
    commit_change(w, t, key, &none);
    row.v[0] = (int64_t)(1 - key) + 1;
    for (size_t i = 1; i < w->table->column_count; i++)
        if (w->roles[i] == ROLE_VERSION)
            row.v[i] = next_version(to, &row, i, dice);
    commit_change(w, t, 1 - key, &row);
}

static void write_key(struct world *w, struct world_txn *t, size_t key, uint64_t *dice)
{
    const struct world_place *p = &w->sites[t->region].places[key];
    struct world_row after = write_row(w, p, &p->row, key, dice);
    commit_change(w, t, key, &after);
}

bool world_write(struct world *w, size_t region, enum world_op op, size_t key, uint64_t dice)
{
    struct world_site *s = &w->sites[region];
    const struct world_row none = {0};
    if (w->written[region] == WORLD_CHANGES)
        return false;
    struct world_txn *t = &w->streams[region][w->written[region]++];
    s->stamp += 1 + draw(&dice, 3);
    *t = (struct world_txn){
        .version = {.stamp = s->stamp << 12, .region = w->setting.regions[region]},
        .region = region,
        .number = w->written[region]
    };
    memcpy(t->cut, s->in_effect, sizeof t->cut);
    s->in_effect[region] = t->number;
    bool there = s->places[key].row.there;
    if (op == WORLD_DELETE && there) {
        commit_change(w, t, key, &none);
    } else if (op == WORLD_MOVE && there && !s->places[1 - key].row.there) {
        move_row(w, t, key, &dice);
    } else {
        write_key(w, t, key, &dice);
        if (op == WORLD_BOTH)
            write_key(w, t, 1 - key, &dice);
    }
    world_say_write(w, t);
    return true;
}
