/* The table of statements: what each means for the tables of a pair, under each policy. */
#include "common/model/ddl_plan.h"

#include "common/model/collation.h"
#include "common/model/table.h"

const char *ddl_policy_name(enum ddl_policy p)
{
    static const char *const names[] = {[DDL_PAUSE] = "pause", [DDL_APPLY] = "apply", [DDL_IGNORE] = "ignore"};
    return names[p];
}

/* Which of the named tables does it change? */
enum changed { NOTHING, FIRST_ONLY, ALL };

struct form_rule {
    enum changed changed;
    enum ddl_action paused; /* what policy pause does: rows of a new definition wait by themselves */
    enum ddl_action applied;
    enum ddl_sign sign;
    const char *why; /* it is waited for, or passed */
};

static const char no_rows[] = "it changes rows without saying which";
static const char definition[] = "rows of a new definition wait by themselves";
static const char not_ours[] = "it is not about tables of the pair";

static const struct form_rule rules[DDL_FORM_COUNT] = {
    [DDL_FORM_OTHER] = {NOTHING,    DDL_ACT_PASS, DDL_ACT_PASS, DDL_SIGN_NONE,    "it is not about tables"            },
    [DDL_FORM_UNREAD] = {NOTHING,    DDL_ACT_WAIT, DDL_ACT_WAIT, DDL_SIGN_NONE,    "it cannot be read"                 },
    [DDL_FORM_CREATE] = {FIRST_ONLY, DDL_ACT_PASS, DDL_ACT_RUN,  DDL_SIGN_MADE,    definition                          },
    [DDL_FORM_LIKE] = {FIRST_ONLY, DDL_ACT_PASS, DDL_ACT_RUN,  DDL_SIGN_MADE,    definition                          },
    [DDL_FORM_SELECT] = {FIRST_ONLY, DDL_ACT_PASS, DDL_ACT_WAIT, DDL_SIGN_MADE,
                        "its query would run again, and its rows come as rows too: make the table without the query"  },
    [DDL_FORM_REPLACE] = {FIRST_ONLY, DDL_ACT_WAIT, DDL_ACT_RUN,  DDL_SIGN_NONE,    no_rows                             },
    [DDL_FORM_ALTER] = {ALL,        DDL_ACT_PASS, DDL_ACT_RUN,  DDL_SIGN_NONE,    definition                          },
    [DDL_FORM_MOVE] = {ALL,        DDL_ACT_WAIT, DDL_ACT_RUN,  DDL_SIGN_MOVED,   "rows behind it are another table's"},
    [DDL_FORM_PARTITION] = {ALL,        DDL_ACT_WAIT, DDL_ACT_RUN,  DDL_SIGN_NONE,    no_rows                             },
    [DDL_FORM_EXCHANGE] = {ALL,        DDL_ACT_WAIT, DDL_ACT_RUN,  DDL_SIGN_NONE,    no_rows                             },
    [DDL_FORM_TABLESPACE] = {ALL,        DDL_ACT_WAIT, DDL_ACT_WAIT, DDL_SIGN_NONE,
                        "it is about files of the source, which are not here"                                         },
    [DDL_FORM_RENAME] = {ALL,        DDL_ACT_WAIT, DDL_ACT_RUN,  DDL_SIGN_MOVED,   "rows behind it are another table's"},
    [DDL_FORM_DROP] = {ALL,        DDL_ACT_WAIT, DDL_ACT_RUN,  DDL_SIGN_GONE,    no_rows                             },
    [DDL_FORM_TRUNCATE] = {ALL,        DDL_ACT_WAIT, DDL_ACT_RUN,  DDL_SIGN_EMPTY,   no_rows                             },
    [DDL_FORM_CREATE_DATABASE] = {ALL,        DDL_ACT_PASS, DDL_ACT_RUN,  DDL_SIGN_MADE,    definition                          },
    [DDL_FORM_ALTER_DATABASE] = {ALL,        DDL_ACT_PASS, DDL_ACT_RUN,  DDL_SIGN_NONE,    definition                          },
    [DDL_FORM_DROP_DATABASE] = {ALL,        DDL_ACT_WAIT, DDL_ACT_RUN,  DDL_SIGN_NO_BASE, no_rows                             },
};

bool ddl_plan_is_ours(const struct ddl_plan *p, const struct filter *f, size_t i)
{
    const struct ddl_table *t = &p->ddl.tables[i];
    if (table_is_reserved(t->db))
        return false;
    return t->name.n > 0 ? filter_match(f, t->db, t->name) : filter_match_db(f, t->db);
}

bool ddl_plan_finds_rows(const struct ddl_plan *p)
{
    const struct form_rule *rule = &rules[p->reading.form];
    bool of_database = p->reading.form == DDL_FORM_CREATE_DATABASE || p->reading.form == DDL_FORM_ALTER_DATABASE;
    return (rule->changed == ALL && !of_database) || p->reading.form == DDL_FORM_REPLACE;
}

static bool is_move(const struct ddl_plan *p)
{
    return p->reading.form == DDL_FORM_RENAME || p->reading.form == DDL_FORM_MOVE;
}

static bool same_table(const struct ddl_table *a, const struct ddl_table *b)
{
    return span_eq(a->db, b->db) && span_eq(a->name, b->name);
}

/* Tables of a move stand in pairs: from, to. */
static bool stands_at(const struct ddl_plan *p, size_t i, size_t side)
{
    for (size_t k = side; is_move(p) && k < p->ddl.table_count; k += 2)
        if (same_table(&p->ddl.tables[k], &p->ddl.tables[i]))
            return true;
    return false;
}

bool ddl_plan_moves_from(const struct ddl_plan *p, size_t i)
{
    return stands_at(p, i, 0);
}

bool ddl_plan_moves_to(const struct ddl_plan *p, size_t i)
{
    return stands_at(p, i, 1);
}

/* ---- what to do ---- */

static void read_text(struct ddl *d, struct ddl_reading *out, enum flavor flavor, struct arena *a)
{
    ddl_text_read(d, out, flavor, a);
    for (size_t i = 0; i < d->table_count; i++)
        if (d->tables[i].db.n == 0)
            d->tables[i].db = d->db;
}

static bool read_alike(const struct ddl_plan *p, const struct ddl *other, const struct ddl_reading *reading)
{
    if (p->reading.form != reading->form || p->ddl.table_count != other->table_count)
        return false;
    for (size_t i = 0; i < other->table_count; i++)
        if (!same_table(&p->ddl.tables[i], &other->tables[i]))
            return false;
    return true;
}

static bool is_ascii(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 0x80)
            return false;
    return true;
}

/* Names are compared as UTF-8, and come in the session's character set. */
static bool names_are_known(const struct ddl_plan *p)
{
    bool ascii = true;
    for (size_t i = 0; i < p->ddl.table_count; i++)
        ascii = ascii && is_ascii(p->ddl.tables[i].db) && is_ascii(p->ddl.tables[i].name);
    return ascii || collation_is_utf8(p->ddl.charset_client);
}

struct scope {
    size_t ours;
    size_t others;
};

static struct scope scope_of(const struct ddl_plan *p, const struct filter *f, enum changed changed)
{
    struct scope s = {0};
    size_t count = changed == ALL ? p->ddl.table_count : changed == FIRST_ONLY ? 1 : 0;
    for (size_t i = 0; i < count; i++) {
        if (ddl_plan_is_ours(p, f, i))
            s.ours++;
        else
            s.others++;
    }
    return s;
}

static void wait_for(struct ddl_plan *p, enum ddl_sign sign, const char *why)
{
    p->action = DDL_ACT_WAIT;
    p->sign = sign;
    p->why = why;
}

/* Does a table come in whose rows never came? Then it is no sign that the name is there. */
static bool brings_in(const struct ddl_plan *p, const struct filter *f)
{
    for (size_t i = 0; is_move(p) && i + 1 < p->ddl.table_count; i += 2)
        if (!ddl_plan_is_ours(p, f, i) && ddl_plan_is_ours(p, f, i + 1))
            return true;
    return false;
}

/* Some of its tables are the pair's, some are not. */
static void plan_mixed(struct ddl_plan *p, const struct filter *f)
{
    if (brings_in(p, f))
        wait_for(p, DDL_SIGN_NONE,
                 "it brings a table in whose rows were not the pair's: bring the target's table to the new definition, "
                 "with the rows that it has now");
    else
        wait_for(p, p->sign, "it is also about tables that are not the pair's");
}

static bool looks_outside(const struct ddl_plan *p, const struct filter *f)
{
    return p->reading.form == DDL_FORM_LIKE && !ddl_plan_is_ours(p, f, 1);
}

static void plan_by_form(struct ddl_plan *p, const struct filter *f, enum ddl_policy policy)
{
    const struct form_rule *rule = &rules[p->reading.form];
    struct scope scope = scope_of(p, f, rule->changed);
    p->action = policy == DDL_APPLY ? rule->applied : rule->paused;
    p->sign = rule->sign;
    p->why = rule->why;
    if (scope.ours == 0 && rule->changed != NOTHING) {
        p->action = DDL_ACT_PASS;
        p->why = not_ours;
    } else if (scope.others > 0 && p->action != DDL_ACT_PASS) {
        plan_mixed(p, f);
    } else if (p->action == DDL_ACT_RUN && looks_outside(p, f)) {
        wait_for(p, p->sign, "it is made after a table that is not the pair's");
    }
    p->whole_database = p->action == DDL_ACT_RUN && p->reading.form == DDL_FORM_DROP_DATABASE;
}

void ddl_plan_make(struct ddl_plan *out, const struct ddl *d, enum flavor from, enum flavor to, const struct filter *f,
                   enum ddl_policy policy, struct arena *a)
{
    struct ddl_reading there;
    struct ddl read_there = *d;
    *out = (struct ddl_plan){.ddl = *d};
    read_text(&out->ddl, &out->reading, from, a);
    read_text(&read_there, &there, to, a);
    plan_by_form(out, f, policy);
    if (policy == DDL_IGNORE && out->why != not_ours && out->reading.form != DDL_FORM_OTHER) {
        out->action = DDL_ACT_JOURNAL;
        out->why = "links[].ddl is ignore";
    } else if (out->action == DDL_ACT_RUN && !read_alike(out, &read_there, &there)) {
        wait_for(out, DDL_SIGN_NONE, "its comments mean other things to the target than to the source");
    } else if (out->action != DDL_ACT_PASS && !names_are_known(out)) {
        wait_for(out, DDL_SIGN_NONE, "its names are not in UTF-8");
    }
}

/* ---- what it did ---- */

static bool all_are(const struct ddl_plan *p, const uint64_t *now, bool there)
{
    for (size_t i = 0; i < p->ddl.table_count; i++)
        if ((now[i] != 0) != there)
            return false;
    return true;
}

static size_t place_of(const struct ddl_plan *p, size_t i)
{
    size_t k = 0;
    while (!same_table(&p->ddl.tables[k], &p->ddl.tables[i]))
        k++;
    return k;
}

/* Only the first place of a name counts. */
static bool differs(const struct ddl_plan *p, const uint64_t *a, const uint64_t *b, bool existence)
{
    for (size_t i = 0; i < p->ddl.table_count; i++)
        if (place_of(p, i) == i && (existence ? (a[i] != 0) != (b[i] != 0) : a[i] != b[i]))
            return true;
    return false;
}

/* Moves the numbers as the statement moves the tables. A move may change a definition's text a little (names of foreign
 * keys follow the table), so that it is told by which names are there, if that tells it. */
static enum ddl_effect effect_of_moves(const struct ddl_plan *p, const uint64_t *before, const uint64_t *now)
{
    enum ddl_effect effect = DDL_EFFECT_UNKNOWN;
    struct arena a = {0};
    uint64_t *after = arena_alloc(&a, p->ddl.table_count * sizeof *after);
    for (size_t i = 0; i < p->ddl.table_count; i++)
        after[i] = before[i];
    for (size_t i = 0; i + 1 < p->ddl.table_count; i += 2) {
        size_t from = place_of(p, i), to = place_of(p, i + 1);
        after[to] = after[from];
        after[from] = 0;
    }
    bool visible = differs(p, before, after, true);
    if (visible && !differs(p, now, after, true))
        effect = DDL_EFFECT_DONE;
    else if (!visible && differs(p, before, after, false) && !differs(p, now, after, false))
        effect = DDL_EFFECT_DONE;
    else if (differs(p, before, after, false) && !differs(p, now, before, false))
        effect = DDL_EFFECT_NONE;
    arena_free(&a);
    return effect;
}

static enum ddl_effect effect_of_making(const struct ddl_plan *p, const uint64_t *before, const uint64_t *now)
{
    (void)p;
    if (now[0] == before[0])
        return DDL_EFFECT_NONE;
    return before[0] == 0 ? DDL_EFFECT_DONE : DDL_EFFECT_UNKNOWN;
}

/* It leaves the same table however often it is run, and none only if it was cut in the middle. */
static enum ddl_effect effect_of_replacing(const struct ddl_plan *p, const uint64_t *before, const uint64_t *now)
{
    (void)p;
    return now[0] == before[0] || now[0] == 0 ? DDL_EFFECT_NONE : DDL_EFFECT_DONE;
}

/* What changes no definition does the same when it is run again: nothing of the link came in between. */
static enum ddl_effect effect_of_altering(const struct ddl_plan *p, const uint64_t *before, const uint64_t *now)
{
    if (!differs(p, before, now, false))
        return DDL_EFFECT_NONE;
    return now[0] != 0 ? DDL_EFFECT_DONE : DDL_EFFECT_UNKNOWN;
}

static enum ddl_effect effect_of_dropping(const struct ddl_plan *p, const uint64_t *before, const uint64_t *now)
{
    if (!differs(p, before, now, true))
        return DDL_EFFECT_NONE;
    return all_are(p, now, false) ? DDL_EFFECT_DONE : DDL_EFFECT_UNKNOWN;
}

static enum ddl_effect effect_of_emptying(const struct ddl_plan *p, const uint64_t *before, const uint64_t *now)
{
    return differs(p, before, now, true) ? DDL_EFFECT_UNKNOWN : DDL_EFFECT_NONE;
}

/* Done twice it is undone, and no definition tells. */
static enum ddl_effect effect_of_exchanging(const struct ddl_plan *p, const uint64_t *before, const uint64_t *now)
{
    (void)p, (void)before, (void)now;
    return DDL_EFFECT_UNKNOWN;
}

typedef enum ddl_effect effect_fn(const struct ddl_plan *p, const uint64_t *before, const uint64_t *now);

/* Forms that are run; nothing is known of any other. */
static effect_fn *const effects[DDL_FORM_COUNT] = {
    [DDL_FORM_CREATE] = effect_of_making,
    [DDL_FORM_LIKE] = effect_of_making,
    [DDL_FORM_REPLACE] = effect_of_replacing,
    [DDL_FORM_ALTER] = effect_of_altering,
    [DDL_FORM_MOVE] = effect_of_moves,
    [DDL_FORM_PARTITION] = effect_of_altering,
    [DDL_FORM_EXCHANGE] = effect_of_exchanging,
    [DDL_FORM_RENAME] = effect_of_moves,
    [DDL_FORM_DROP] = effect_of_dropping,
    [DDL_FORM_TRUNCATE] = effect_of_emptying,
    [DDL_FORM_CREATE_DATABASE] = effect_of_making,
    [DDL_FORM_ALTER_DATABASE] = effect_of_altering,
    [DDL_FORM_DROP_DATABASE] = effect_of_dropping,
};

enum ddl_effect ddl_plan_effect(const struct ddl_plan *p, const uint64_t *before, const uint64_t *now)
{
    effect_fn *effect = effects[p->reading.form];
    return effect ? effect(p, before, now) : DDL_EFFECT_UNKNOWN;
}
