/* The canary's row of drc.ledger. */
#include "common/target/ledger_canary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/base/mem.h"
#include "common/target/ledger_rows.h"
#include "common/target/schema.h"

#define NAME "drc-canary"
#define NAME_LEN (sizeof NAME - 1)

void ledger_canary_stream(uint8_t out[STREAM_UUID_LEN], const char *topic)
{
    uint64_t hash = hash64(span_str(topic), 0);
    memcpy(out, NAME, NAME_LEN);
    memcpy(out + NAME_LEN, &hash, STREAM_UUID_LEN - NAME_LEN);
}

bool ledger_is_canary(const uint8_t stream[STREAM_UUID_LEN])
{
    return memcmp(stream, NAME, NAME_LEN) == 0;
}

static int update(struct db *db, const struct ledger_state *state, struct err *err)
{
    struct buf sql = {0};
    buf_printf(&sql,
               "UPDATE `" DRC_DB "`.`" LEDGER_TABLE "` SET `n`=`n`+1, `" LEDGER_WATERMARK "`=%" PRIu64
               ", `connection`=CONNECTION_ID() WHERE `" LEDGER_STREAM "`=X'",
               state->seq);
    buf_put_hex(&sql, span_of(state->stream, STREAM_UUID_LEN));
    buf_put_str(&sql, "' AND `" LEDGER_PART "`=0 AND `" LEDGER_SLOT "`=0");
    int rc = db_exec(db, buf_cstr(&sql), err);
    buf_free(&sql);
    return rc;
}

static int insert(struct db *db, const char *topic, const struct ledger_state *state, struct err *err)
{
    const struct ledger_slot nobody = {0};
    char *name = xasprintf("canary of %s", topic); /* no topic can be called so */
    int rc = ledger_row_insert(db, name, state, &nobody, err);
    free(name);
    return rc;
}

int ledger_canary_write(struct db *db, const char *topic, uint64_t nonce, struct err *err)
{
    struct ledger_state state = {.seq = nonce, .done = {.low = nonce}};
    struct err found = {0};
    ledger_canary_stream(state.stream, topic);
    int rc = update(db, &state, &found);
    if (rc == 0 && db_affected(db) == 0)
        rc = insert(db, topic, &state, &found);
    if (rc == 0)
        return 1;
    if (db_says_absent(&found))
        return 0;
    if (err)
        *err = found;
    return -1;
}
