/* Reading what a target knows of a stream. */
#include "reconcile/audit_target.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/target/journal.h"
#include "common/target/parked.h"

#define JOURNAL_PAGE 10000u /* entries in one statement */

const char *audit_fate_name(enum audit_fate f)
{
    static const char *const names[AUDIT_FATES] = {"applied", "journaled", "parked", "discarded", "in_flight"};
    return names[f];
}

static int note_parked(void *context, const struct parked_row *row, struct span record, struct err *err)
{
    struct audit_target *t = context;
    bool given_up = strcmp(row->state, PARKED_DISCARDED) == 0;
    (void)record;
    (void)err;
    (void)watermark_add(given_up ? &t->discarded : &t->parked, row->seq, row->seq);
    return 0;
}

static uint64_t number(struct span text)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        n = n * 10 + (uint64_t)(text.p[i] - '0');
    return n;
}

/* By the index over seq, page by page. What operators did is in the journal, too, and changes no row. */
int audit_target_read_journal(struct audit_target *t, struct db *db, const char *link, uint64_t first, uint64_t last,
                              struct err *err)
{
    struct arena arena = {0};
    struct buf sql = {0};
    uint64_t after = first > 0 ? first - 1 : 0;
    size_t got = JOURNAL_PAGE;
    int rc = 0;
    while (rc == 0 && got == JOURNAL_PAGE) {
        struct db_rows rows;
        buf_clear(&sql);
        buf_printf(&sql, "SELECT DISTINCT seq FROM drc.conflicts WHERE seq > %" PRIu64 " AND seq <= %" PRIu64, after,
                   last);
        buf_put_str(&sql, " AND link = ");
        db_put_string(&sql, span_str(link));
        buf_printf(&sql, " AND kind NOT IN ('" JOURNAL_OPERATOR_ACT "', '" JOURNAL_PARKED "') ORDER BY seq LIMIT %u",
                   JOURNAL_PAGE);
        arena_reset(&arena);
        rc = db_query(db, &rows, &arena, buf_cstr(&sql), err);
        got = rc ? 0 : rows.row_count;
        for (size_t i = 0; i < got; i++) {
            after = number(db_cell(&rows, i, 0));
            (void)watermark_add(&t->journaled, after, after);
        }
    }
    buf_free(&sql);
    arena_free(&arena);
    return rc;
}

int audit_target_read(struct audit_target *out, struct db *db, const char *topic, struct err *err)
{
    const struct parked_query all = {.topic = topic, .discarded_too = true};
    *out = (struct audit_target){0};
    int found = ledger_find(db, topic, &out->ledger, err);
    out->has_ledger = found > 0;
    if (found <= 0)
        return found;
    return parked_read(db, &all, note_parked, out, err);
}

void audit_target_free(struct audit_target *t)
{
    ledger_state_free(&t->ledger);
    watermark_free(&t->parked);
    watermark_free(&t->discarded);
    watermark_free(&t->journaled);
}

void audit_target_forget(struct audit_target *t)
{
    audit_target_free(t);
    *t = (struct audit_target){.other_stream = true};
}

enum audit_fate audit_target_fate(const struct audit_target *t, uint64_t seq)
{
    if (watermark_has(&t->parked, seq))
        return AUDIT_PARKED;
    if (watermark_has(&t->discarded, seq))
        return AUDIT_DISCARDED;
    if (!t->has_ledger || !watermark_has(&t->ledger.done, seq))
        return AUDIT_IN_FLIGHT;
    return watermark_has(&t->journaled, seq) ? AUDIT_JOURNALED : AUDIT_APPLIED;
}
