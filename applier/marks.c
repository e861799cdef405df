/* Locking what is asked for, weighing it by versions, and answering; marks_repair.c writes. */
#include <stdio.h>
#include <string.h>

#include "applier/apply_private.h"
#include "applier/marks_private.h"
#include "applier/row_walk.h"
#include "applier/writeset.h"
#include "common/base/log.h"
#include "common/target/local_row.h"
#include "common/target/session.h"

void mark_say(struct marked *m, enum repair_answer answer, const char *why)
{
    m->reply.answer = answer;
    (void)snprintf(m->reply.why, sizeof m->reply.why, "%s", why);
}

/* ---- looking ---- */

/* How its rows come into the table, or why they do not; it never makes the link wait. -1: error. */
static int find_table(struct sink *s, struct marked *m, struct err *err)
{
    struct apply_outcome out = {0};
    int rc = apply_table(s, &m->mark->rows, &m->plan, &out, err);
    if (rc == 0) {
        buf_put_u8(&out.why, '\0');
        mark_say(m, REPAIR_REFUSED, (const char *)out.why.data);
    } else if (rc == 1 && m->plan->table->def->key_count == 0) {
        mark_say(m, REPAIR_REFUSED, "the table has no primary key");
    }
    apply_outcome_free(&out);
    return rc < 0 ? -1 : 0;
}

static int convert(struct marked *m, struct arena *a, struct err *err)
{
    struct rows converted;
    struct row_walk walk;
    struct row_step row;
    struct err found = {0};
    if (convert_rows(&converted, m->plan, &m->mark->rows, a, &found)) {
        if (found.class != ERR_DATA) {
            *err = found;
            return -1;
        }
        mark_say(m, REPAIR_REFUSED, found.text);
        return 0;
    }
    row_walk_start(&walk, &converted, a);
    (void)row_walk_next(&walk, &row);
    m->wanted = row.after;
    m->key = row.after ? row.after : row.before;
    return 0;
}

int mark_read_local(struct sink *s, struct marked *m, struct arena *a, struct err *err)
{
    struct local_rows found;
    if (local_rows_by_key(&found, s->db, m->plan->table, &m->key, 1, LOCAL_FOR_UPDATE, a, err))
        return -1;
    m->local = found.count ? found.rows[0] : NULL;
    repair_hash_row(&m->reply.there, m->plan->table->def, m->local);
    return 0;
}

static bool is_causal(const struct sink *s, const struct marked *m)
{
    return s->causal && policy_of_table(s, m->plan->table->def)->versions == VERSIONS_CAUSAL;
}

/* Lock the row that it is about. */
static int look(struct sink *s, struct marked *m, bool *causal, struct arena *a, struct err *err)
{
    if (m->mark->refused) {
        log_event(MSG_MARK_REFUSED, log_str("link", s->link), log_detail(m->mark->refused));
        mark_say(m, REPAIR_REFUSED, m->mark->refused);
    }
    if (m->reply.answer == REPAIR_NONE && find_table(s, m, err))
        return -1;
    if (m->reply.answer == REPAIR_NONE && convert(m, a, err))
        return -1;
    if (m->reply.answer != REPAIR_NONE)
        return 0;
    *causal = *causal || is_causal(s, m);
    return mark_read_local(s, m, a, err);
}

/* ---- weighing ---- */

/* Does the asking side know of all that was written to the row here? */
static enum mark_known weigh(struct sink *s, const struct marked *m, struct span cut)
{
    const struct table_def *def = m->plan->table->def;
    struct buf scratch = {0};
    if (!config_two_way(s->config, s->from, s->to))
        return MARK_KNOWN;
    if (!is_causal(s, m))
        return MARK_UNTOLD;
    uint64_t table = writeset_table_id(def->db, def->name);
    struct versions_question q[2] = {
        {.key = version_key_of(table, def, m->key, &scratch), .cut = cut}
    };
    size_t count = 1;
    if (m->local) { /* its key may be spelled otherwise */
        q[1] = (struct versions_question){.key = version_key_of(table, def, m->local, &scratch), .cut = cut};
        count++;
    }
    buf_free(&scratch);
    struct err ignored = {0};
    if (causal_ask(s->causal, s->db, q, count, &ignored))
        return MARK_UNTOLD;
    enum mark_known known = MARK_KNOWN;
    for (size_t i = 0; i < count; i++) {
        if (versions_are_contested(&q[i]))
            known = MARK_CONCURRENT;
        else if (q[i].answer == VERSIONS_LOST && known == MARK_KNOWN)
            known = MARK_UNTOLD;
    }
    return known;
}

/* Every column of the two rows, also those whose differences are no conflict; but not what the target computes. */
static bool is_same(const struct marked *m)
{
    if (!m->wanted || !m->local)
        return !m->wanted && !m->local;
    return convert_same(m->plan, m->wanted, m->local);
}

static void answer_probe(struct marked *m, bool parked)
{
    static const enum repair_answer by_known[] = {
        [MARK_KNOWN] = REPAIR_DIFFERS, [MARK_UNTOLD] = REPAIR_UNLIKE, [MARK_CONCURRENT] = REPAIR_CONCURRENT};
    m->reply.answer = is_same(m) ? REPAIR_EQUAL : by_known[m->known];
    if (m->reply.answer != REPAIR_EQUAL && parked)
        mark_say(m, REPAIR_PARKED, "changes of the row are parked at the target");
}

/* What may be written stays without an answer. */
static void allow_repair(struct marked *m, bool parked)
{
    if (is_same(m))
        m->reply.answer = REPAIR_EQUAL;
    else if (parked)
        mark_say(m, REPAIR_PARKED, "changes of the row are parked at the target");
    else if (!repair_hash_eq(&m->reply.there, &m->mark->seen))
        mark_say(m, REPAIR_MOVED, "the row has been changed since it was compared");
    else if (m->known == MARK_CONCURRENT)
        mark_say(m, REPAIR_MOVED, "a change of the row here is on its way to the other side");
}

/* A row that was not there could not be locked. */
static int decide(struct sink *s, struct marked *m, const struct txn *txn, struct arena *a, struct err *err)
{
    if (m->reply.answer != REPAIR_NONE || (!m->local && mark_read_local(s, m, a, err)))
        return m->reply.answer != REPAIR_NONE ? 0 : -1;
    m->known = weigh(s, m, txn->head.cut);
    if (m->mark->kind == REPAIR_PROBE)
        answer_probe(m, txn->marks_parked);
    else
        allow_repair(m, txn->marks_parked);
    return 0;
}

/* ---- all of them ---- */

static size_t gather(struct marked *out, const struct sink *s, const struct txn *txn)
{
    size_t n = 0;
    for (size_t i = 0; i < txn->mark_count; i++)
        if (span_is(txn->marks[i].asked, s->to))
            out[n++] = (struct marked){.mark = &txn->marks[i]};
    return n;
}

static int write_replies(struct sink *s, const struct marked *list, size_t n, struct err *err)
{
    size_t done = 0;
    if (target_session_now(s->db, err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (repair_write_reply(s->db, list[i].mark, &list[i].reply, err))
            return -1;
        done += list[i].reply.answer == REPAIR_DONE;
    }
    if (done > 0)
        log_event(MSG_ROWS_REPAIRED, log_str("link", s->link), log_u64("rows", done));
    return 0;
}

int marks_answer(struct sink *s, const struct txn *txn, struct err *err)
{
    struct arena arena = {0};
    bool causal = false;
    int rc = 0;
    if (txn->mark_count == 0)
        return 0;
    struct marked *list = arena_zalloc(&arena, txn->mark_count * sizeof *list);
    size_t n = gather(list, s, txn);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = look(s, &list[i], &causal, &arena, err);
    if (rc == 0 && causal)
        rc = causal_wait(s->causal, s->db, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = decide(s, &list[i], txn, &arena, err);
    if (rc == 0)
        rc = marks_repair(s, txn, list, n, err);
    if (rc == 0 && n > 0)
        rc = write_replies(s, list, n, err);
    arena_free(&arena);
    return rc;
}
