/* The router's loop: write sets by the target's definitions, loaded anew when they may have changed. */
#include "applier/router.h"

#include "applier/key_tables.h"
#include "common/target/session.h"

#define TAKE_MS 1000

struct router {
    struct router_setup setup;
    struct beat *beat;
    struct db *db; /* NULL: not connected */
    struct key_tables *tables;
    struct writeset set;
    struct cut_gate gate;
};

static void disconnect(struct router *r)
{
    key_tables_free(&r->tables);
    db_close(&r->db);
}

static int connect_target(struct router *r, struct err *err)
{
    if (target_session_open(&r->db, r->setup.target, r->setup.program, err))
        return -1;
    r->tables = key_tables_new(r->db);
    return 0;
}

static int make_set(struct router *r, const struct txn *t, struct err *err)
{
    for (int tries = 0;; tries++) {
        bool fresh = !r->db;
        if (fresh && connect_target(r, err))
            return -1;
        writeset_clear(&r->set);
        if (key_tables_add(r->tables, &r->set, t, err) == 0)
            break;
        if (err->class != ERR_RETRY || fresh || tries > 0)
            return -1;
        disconnect(r); /* the server closes what has been idle for long */
    }
    writeset_seal(&r->set);
    return 0;
}

/* 1: all that the transaction's source knew of is in effect; 0: a stop; -1: error. */
static int await_cut(struct router *r, const struct txn *t, struct err *err)
{
    if (!r->setup.gate.topic)
        return 1;
    for (int tries = 0;; tries++) {
        bool fresh = !r->db;
        if (fresh && connect_target(r, err))
            return -1;
        int rc = cut_gate_pass(&r->gate, r->db, t->head.cut, err);
        if (rc >= 0 || err->class != ERR_RETRY || fresh || tries > 0)
            return rc;
        disconnect(r);
    }
}

static void forget_tables(struct router *r)
{
    if (r->tables)
        key_tables_forget(r->tables);
}

/* 1: put; 0: the schedule is closed; -1: error. Frees what it does not put. */
static int route(struct router *r, struct txn *t, struct err *err)
{
    bool ddl = t->ddl != NULL;
    if (schedule_tables_changed(r->setup.schedule))
        forget_tables(r);
    int passed = await_cut(r, t, err);
    int rc = passed < 0 ? -1 : passed ? make_set(r, t, err) : 0;
    beat_rest(r->beat, BEAT_ANY_TIME); /* the workers make room */
    if (passed <= 0 || rc || schedule_put(r->setup.schedule, t, &r->set)) {
        txn_free(&t);
        return rc;
    }
    if (!ddl)
        return 1;
    /* Definitions are those of after it. */
    forget_tables(r);
    return schedule_drain(r->setup.schedule) ? 0 : 1;
}

int router_run(const struct router_setup *setup, struct err *err)
{
    struct router r = {.setup = *setup, .beat = pulse_join(setup->pulse, "router"), .gate = {.setup = setup->gate}};
    r.gate.beat = r.beat;
    struct err end = {0};
    int rc = 1;
    while (rc > 0 && !inbox_ended(setup->inbox, &end)) {
        beat_on(r.beat);
        struct txn *t = inbox_take(setup->inbox, TAKE_MS);
        if (t)
            rc = route(&r, t, err);
    }
    if (rc > 0)
        schedule_end(setup->schedule, end.class == ERR_NONE ? NULL : &end);
    disconnect(&r);
    writeset_free(&r.set);
    pulse_leave(setup->pulse, &r.beat);
    cut_gate_free(&r.gate);
    return rc < 0 ? -1 : 0;
}
