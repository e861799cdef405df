/* The session's connections to the target, and its place by the ledger. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "applier/session_private.h"
#include "applier/start.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/check/grants.h"
#include "common/check/lookout.h"
#include "common/check/tables.h"
#include "common/target/link_row.h"
#include "common/target/schema.h"
#include "common/target/session.h"
#include "common/target/standby.h"
#include "common/target/tombstone.h"

static void show_connection(struct applier *a, uint32_t worker, struct db *db)
{
    pthread_mutex_lock(&a->lock);
    a->dbs[worker] = db;
    pthread_mutex_unlock(&a->lock);
}

/* Our own schema, and BINLOG: what the account lacks of either is told at once, not one at each start. */
static int check_rights(const struct applier *a, struct sink *s, struct err *err)
{
    struct err schema = {0};
    int rc = schema_ensure(s->db, &schema);
    if (rc == 0 && a->to->standby)
        rc = standby_record(s->db, &schema);
    if (rows_writer_open(&s->writer, s->db, a->link->writer, err)) {
        if (rc)
            log_event(MSG_SCHEMA_DENIED, log_detail(schema.text));
        return -1;
    }
    if (rc)
        *err = schema;
    return rc;
}

/* Another server than before has the region's data: what this instance holds, it holds at the former one. */
static int meet_server(struct applier *a, struct db *db, struct err *err)
{
    char server[DB_IDENTITY_LEN];
    if (db_identity(db, server, err))
        return -1;
    if (a->holds && strcmp(server, a->server) != 0) {
        log_event(MSG_TARGET_CHANGED, log_str("server", db_server_name(db)), log_str("identity", server),
                  log_str("former", a->server));
        a->holds = false;
        a->moved = true;
    }
    memcpy(a->server, server, sizeof a->server);
    return 0;
}

static int look_at_tables(const struct applier *a, struct findings *found, const struct check_place *to,
                          struct err *err)
{
    const struct db_options options = {.program = a->name, .connect_timeout_s = 3, .read_timeout_s = 30};
    struct check_place from = {.config = a->config, .region = a->from};
    struct err why = {0};
    if (check_tables(found, to, err))
        return -1;
    if (!a->from->password)
        return 0;
    if (db_connect(&from.db, a->from, &options, &why)) {
        log_event(MSG_NOT_COMPARED, log_str("region", a->link->from), log_detail(why.text));
        return 0;
    }
    int rc = check_link_tables(found, &from, to, err);
    db_close(&from.db);
    return rc;
}

/* Workers that connect anew do so at the same time. What was found of the tables stands until the lookout's next round.
 */
static int tell_findings(struct applier *a, struct findings *found, struct err *err)
{
    pthread_mutex_lock(&a->lock);
    findings_copy(found, &a->tables);
    findings_tell(&a->told, found);
    pthread_mutex_unlock(&a->lock);
    return findings_stop(found, err);
}

/* The server each time; its tables once, and against the source where its password is on this host: what the stream
 * brings tells the same, later. */
static int check_target(struct applier *a, struct db *db, struct err *err)
{
    struct findings found = {0};
    const struct check_place to = {.db = db,
                                   .config = a->config,
                                   .region = a->to,
                                   .roles = check_roles_of(a->config, a->to) & (CHECK_TARGET | CHECK_FED)};
    int rc = lookout_look(&found, &to, GRANTS_APPLIER, err);
    if (rc == 0 && !a->checked) {
        findings_free(&a->tables);
        rc = look_at_tables(a, &a->tables, &to, err);
    }
    if (rc == 0)
        rc = tell_findings(a, &found, err);
    if (rc == 0 && !a->checked) /* by the session's own thread, before there are others */
        a->checked = true;
    findings_free(&found);
    return rc;
}

#define MOST_PATIENCE_S (7u * 24 * 3600)

/* What took longer than the last connection would wait is given longer by the next. */
static int open_session(struct applier *a, struct sink *s, uint32_t worker, struct err *err)
{
    const unsigned first = (unsigned)(a->link->answer_timeout_ms / 1000);
    s->patience_s = a->patience_s[worker] > first ? a->patience_s[worker] : first;
    s->before = s->counts.transactions;
    if (target_session_open_patient(&s->db, a->to, a->name, s->patience_s, err))
        return -1;
    show_connection(a, worker, s->db);
    return 0;
}

/* A connection by which something came into effect was patient enough for that: what was cut then may be the network.
 */
static void learn_patience(struct applier *a, const struct sink *s, uint32_t worker)
{
    const bool useful = s->counts.transactions != s->before;
    if (!db_gave_up(s->db)) {
        a->patience_s[worker] = 0;
        return;
    }
    a->patience_s[worker] = useful                                ? s->patience_s
                            : s->patience_s > MOST_PATIENCE_S / 2 ? MOST_PATIENCE_S
                                                                  : 2 * s->patience_s;
    log_event(MSG_NO_ANSWER, log_str("link", s->link), log_u64("worker", worker + 1),
              log_u64("waited_s", s->patience_s), log_u64("next_s", a->patience_s[worker]));
}

static int connect_target(struct applier *a, struct sink *s, struct err *err)
{
    if (open_session(a, s, 0, err))
        return -1;
    if (meet_server(a, s->db, err))
        return -1;
    if (check_target(a, s->db, err))
        return -1;
    return check_rights(a, s, err);
}

/* ---- the place in the stream ---- */

/* A link that the ledger does not know begins where the pair file says. */
static int first_start(struct applier *a, struct db *db, struct err *err)
{
    struct ledger_state start;
    if (start_find(&start, &a->from->kafka, a->topic, &a->link->start, a->stop, err))
        return -1;
    int rc = ledger_create(db, a->topic, &start, err);
    if (rc == 0)
        log_event(MSG_LINK_FIRST_START, log_str("program", a->name), log_u64("after_seq", start.done.low));
    ledger_state_free(&start);
    return rc;
}

/* This instance has the ledger already; only the connection is new. */
static int resume_hold(struct session *n, struct db *db, struct err *err)
{
    struct applier *a = n->applier;
    if (ledger_settle(db, a->topic, a->slots, a->link->workers, err))
        return -1;
    return ledger_find(db, a->topic, &n->state, err) < 0 ? -1 : 0;
}

static int take_hold(struct session *n, struct db *db, struct err *err)
{
    struct applier *a = n->applier;
    int found = ledger_find(db, a->topic, &n->state, err);
    ledger_state_free(&n->state);
    if (found == 0 && a->moved)
        return err_stop(err, MSG_STOP_NO_COPY,
                        "%s became the target of this link, but its drc.ledger has no row of it: it is no copy of the "
                        "former target; take it out of regions.%s.host, or give it a copy",
                        db_server_name(db), a->to->name);
    if (found < 0 || (found == 0 && first_start(a, db, err)))
        return -1;
    if (ledger_take_over(db, a->topic, a->link->workers, a->slots, &n->state, err))
        return -1;
    a->holds = true;
    if (a->moved && n->state.done.low < a->applied_seq)
        log_event(MSG_TARGET_BEHIND, log_str("server", db_server_name(db)), log_u64("seq", n->state.done.low),
                  log_u64("former_seq", a->applied_seq), log_u64("read_again", a->applied_seq - n->state.done.low));
    a->moved = false;
    return 0;
}

static int find_place(struct session *n, struct db *db, struct err *err)
{
    struct applier *a = n->applier;
    if (a->holds ? resume_hold(n, db, err) : take_hold(n, db, err))
        return -1;
#ifdef DRC_FAULT_NO_DEDUPE
    if (start_forget_some(&n->state, &a->from->kafka, a->topic, err))
        return -1;
#endif
    struct link_row row;
    if (link_row_read(&row, db, a->topic, n->state.part, err))
        return -1;
    hold_load(a->hold, row.paused);
    link_row_free(&row);
    log_event(MSG_LINK_GOES_ON, log_str("program", a->name), log_u64("after_seq", n->state.seq),
              log_str("gtid", n->state.gtid), log_i64("offset", n->state.offset),
              log_str("server", db_version_text(db)), log_u64("workers", a->link->workers));
    return 0;
}

/* ---- the other workers ---- */

/* Where a region has several hosts, all of a link's writers are at one of them. */
static int connect_beside(struct applier *a, struct sink *s, uint32_t worker, struct err *err)
{
    char server[DB_IDENTITY_LEN];
    if (open_session(a, s, worker, err))
        return -1;
    if (db_identity(s->db, server, err))
        return -1;
    if (strcmp(server, a->server) != 0)
        return err_retry(err, "another server has become the target: %s", db_server_name(s->db));
    return rows_writer_open(&s->writer, s->db, a->link->writer, err);
}

static void disconnect(struct applier *a, struct sink *s, uint32_t worker)
{
    show_connection(a, worker, NULL);
    if (s->db)
        learn_patience(a, s, worker);
    sink_forget_tables(s);
    rows_writer_free(&s->writer);
    db_close(&s->db);
}

int session_reopen_sink(void *session, uint32_t worker, struct err *err)
{
    struct session *n = session;
    struct applier *a = n->applier;
    struct sink *s = &n->sinks[worker];
    disconnect(a, s, worker);
    return connect_beside(a, s, worker, err) || check_target(a, s->db, err) || ledger_attach(s->db, &s->slot, err) ||
                   ledger_settle_slot(s->db, s->stream, s->part, &s->slot, err)
               ? -1
               : 0;
}

int session_open_sinks(struct session *n, struct err *err)
{
    struct applier *a = n->applier;
    if (connect_target(a, &n->sinks[0], err) || find_place(n, n->sinks[0].db, err))
        return -1;
    for (uint32_t i = 0; i < a->link->workers; i++) {
        struct sink *s = &n->sinks[i];
        if (i > 0 && connect_beside(a, s, i, err))
            return -1;
        s->slot = a->slots[i];
        if (ledger_attach(s->db, &s->slot, err))
            return -1;
    }
    return 0;
}

void session_init_sinks(struct session *n)
{
    const struct applier *a = n->applier;
    n->sinks = xcalloc(a->link->workers, sizeof *n->sinks);
    for (uint32_t i = 0; i < a->link->workers; i++)
        n->sinks[i] = (struct sink){
            .config = a->config,
            .from = a->link->from,
            .to = a->link->to,
            .link = xasprintf("%s:%s", a->link->from, a->link->to),
            .slot = a->slots[i],
            .ground = &ground_target,
            .exact_path = a->link->exact_path,
            .standby = a->to->standby ? a->server : NULL,
            .counts = a->counts[i],
            .one_way = config_one_way(a->config, a->link->from, a->link->to),
            .buries = a->config->tombstone_keep_ms > 0 && config_two_way(a->config, a->link->from, a->link->to),
        };
}

void session_close_sinks(struct session *n)
{
    struct applier *a = n->applier;
    for (uint32_t i = 0; i < a->link->workers; i++) {
        struct sink *s = &n->sinks[i];
        if (memcmp(s->slot.owner, a->slots[i].owner, sizeof s->slot.owner) == 0)
            a->slots[i].n = s->slot.n;
        a->counts[i] = s->counts;
        disconnect(a, s, i);
        map_free(&s->tables);
        map_free(&s->plans);
        map_free(&s->columns);
        map_free(&s->touched);
        buf_free(&s->image);
        tombstone_batch_free(&s->tombstones);
        causal_free(&s->causal);
        free(s->link);
    }
    free(n->sinks);
}
