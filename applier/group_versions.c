/* The versions of a group: which local changes do its own not know of?
 *
 * The usual group meets nothing: its rows are written, which takes the locks of all of them, then it is asked once
 * whether anything local has been there that a change does not know of. If so, or if a row is not as expected, all is
 * rolled back, and it is asked before anything is judged, with what was read under lock. What was not there to be
 * locked is asked again when it has been written. */
#include "applier/group.h"

#include "common/base/mem.h"

/* Is the row's answer final, since it was locked when the versions were asked? */
static bool is_settled(const struct group *g, const struct key_entry *e)
{
    return g->weighed && e->read && e->there;
}

static bool is_doubtful(const struct key_entry *e)
{
    return e->way != KEY_CLEAN || (e->read && !e->as_expected);
}

typedef bool key_choice(const struct group *g, const struct key_entry *e);

static bool every_key(const struct group *g, const struct key_entry *e)
{
    (void)g;
    (void)e;
    return true;
}

static bool unsettled_key(const struct group *g, const struct key_entry *e)
{
    return !is_settled(g, e);
}

/* The keys that are to be asked for; NULL at the end. Start with *table 0, *e NULL. */
static struct key_entry *next_key(struct group *g, key_choice *chosen, size_t *table, struct key_entry *e)
{
    for (; *table < g->table_count; (*table)++, e = NULL) {
        const struct group_table *t = &g->tables[*table];
        if (!t->causal || t->target->def->key_count == 0)
            continue;
        e = e ? e->next : g->keys.tables[t->keys].entries;
        while (e && !chosen(g, e))
            e = e->next;
        if (e)
            return e;
    }
    return NULL;
}

/* A question for each of them, in that order. The first transaction that touches a key knows the least. */
static struct versions_question *make_questions(struct group *g, key_choice *chosen, size_t *count)
{
    size_t table = 0, cap = 0;
    struct versions_question *list = NULL;
    *count = 0;
    for (struct key_entry *e = NULL; (e = next_key(g, chosen, &table, e));) {
        if (*count == cap) {
            size_t more = cap ? 2 * cap : 256;
            struct versions_question *grown = arena_alloc(&g->arena, more * sizeof *grown);
            if (cap > 0)
                memcpy(grown, list, cap * sizeof *grown);
            list = grown;
            cap = more;
        }
        list[(*count)++] = (struct versions_question){
            .key = e->version, .cut = g->txns[e->txn]->head.cut, .keeps_ends = known_keeps_ends(g->tables[table].rule)};
    }
    return list;
}

static bool has_doubt(struct group *g)
{
    size_t table = 0;
    for (size_t i = 0; i < g->count; i++)
        if (g->exact[i])
            return true;
    for (struct key_entry *e = NULL; (e = next_key(g, every_key, &table, e));)
        if (is_doubtful(e))
            return true;
    return false;
}

int group_weigh(struct group *g, struct err *err)
{
    size_t count = 0, table = 0, i = 0;
    if (!g->sink->causal)
        return 1;
    if (!g->careful) /* it is asked once more, with all that inserts expect */
        return has_doubt(g) ? group_doubt(g, g->count) : 1;
    struct versions_question *questions = make_questions(g, every_key, &count);
    if (count == 0)
        return 1;
    struct causal *causal = g->sink->causal;
    if (causal_wait(causal, g->sink->db, err) || causal_ask(causal, g->sink->db, questions, count, err))
        return -1;
    for (struct key_entry *e = NULL; (e = next_key(g, every_key, &table, e));)
        e->question = &questions[i++];
    g->weighed = true;
    return 1;
}

static int came_between(struct group *g, struct err *err)
{
    if (!g->weighed)
        return group_doubt(g, g->count);
    return err_retry(err, "a local writer took the key of a row in between");
}

int group_confirm(struct group *g, struct err *err)
{
    size_t count = 0, table = 0, i = 0;
    if (!g->sink->causal)
        return 1;
    struct versions_question *questions = make_questions(g, unsettled_key, &count);
    if (count == 0)
        return 1;
    struct causal *causal = g->sink->causal;
    if (causal_wait_last(causal, g->sink->db, err) || causal_ask(causal, g->sink->db, questions, count, err))
        return -1;
    for (struct key_entry *e = NULL; (e = next_key(g, unsettled_key, &table, e)); i++) {
        static const struct known_change nothing[VERSIONS_STREAMS];
        if (versions_have_moved(&questions[i], e->question ? e->question->found : nothing))
            return came_between(g, err);
    }
    return 1;
}
