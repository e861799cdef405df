/* What a target knows of a stream: which seqs its ledger says are in effect, which are parked, given up, or decided by
 * a rule. Read once; numbers only. */
#ifndef DRC_RECONCILE_AUDIT_TARGET_H
#define DRC_RECONCILE_AUDIT_TARGET_H

#include "common/target/ledger.h"

enum audit_fate {
    AUDIT_APPLIED,
    AUDIT_JOURNALED, /* applied but for what a rule decided otherwise: the journal has it */
    AUDIT_PARKED,
    AUDIT_DISCARDED, /* parked, and given up by an operator */
    AUDIT_IN_FLIGHT, /* published, and not in effect yet */
    AUDIT_FATES
};
const char *audit_fate_name(enum audit_fate f);

struct audit_target {
    struct ledger_state ledger;
    bool has_ledger;
    bool other_stream; /* it has one, which is of another stream */
    struct watermark parked;
    struct watermark discarded;
    struct watermark journaled;
};

/* Ledger and parked transactions. */
MUST_CHECK int audit_target_read(struct audit_target *out, struct db *db, const char *topic, struct err *err);
/* Which of the seqs from first to last, by that link, the journal has entries of. Until then none is known. */
MUST_CHECK int audit_target_read_journal(struct audit_target *t, struct db *db, const char *link, uint64_t first,
                                         uint64_t last, struct err *err);
/* It is of another stream: as if nothing were known. */
void audit_target_forget(struct audit_target *t);
void audit_target_free(struct audit_target *t);
enum audit_fate audit_target_fate(const struct audit_target *t, uint64_t seq);

#endif
