/* The record of the standby server in drc.meta, and the right to write under read_only. */
#include "common/target/standby.h"

#include <string.h>

#include "common/base/log.h"
#include "common/target/schema.h"

#define META "`" DRC_DB "`.`" META_TABLE "`"

const char *standby_privilege(enum flavor flavor)
{
    return flavor == FLAVOR_MYSQL ? "CONNECTION_ADMIN" : "READ_ONLY ADMIN";
}

/* The server refuses a change under read_only before it looks at the table: one of no row tells. */
int standby_check(struct db *db, struct err *err)
{
    struct err why = {0};
    bool read_only;
    if (db_is_read_only(db, &read_only, err))
        return -1;
    if (!read_only || db_exec(db, "UPDATE " META " SET value = value WHERE FALSE", &why) == 0 || db_says_absent(&why))
        return 0;
    if (why.code == DB_READ_ONLY)
        return err_fatal(err, EXIT_DENIED,
                         "the target is a standby, and the account may not write to it while it is read_only. Run: "
                         "GRANT %s ON *.* TO %s;",
                         standby_privilege(db_flavor(db)), db_account(db));
    *err = why;
    return -1;
}

int standby_record(struct db *db, struct err *err)
{
    char own[DB_IDENTITY_LEN];
    char recorded[DB_IDENTITY_LEN];
    if (db_identity(db, own, err) || db_standby_recorded(db, recorded, err))
        return -1;
    if (strcmp(own, recorded) == 0)
        return 0;
    if (db_execf(db, err,
                 "INSERT INTO " META " (name, value) VALUES ('" DB_STANDBY_SERVER "', '%s') "
                 "ON DUPLICATE KEY UPDATE value = VALUES(value)",
                 own))
        return -1;
    log_event(MSG_STANDBY_WRITTEN, log_str("server", db_server_name(db)), log_str("identity", own),
              log_str("former", recorded));
    return 0;
}

int standby_hold(struct db *db, const char *identity, struct err *err)
{
    char recorded[DB_IDENTITY_LEN];
    if (db_query_text(db, recorded, sizeof recorded,
                      "SELECT value FROM " META " WHERE name = '" DB_STANDBY_SERVER "' LOCK IN SHARE MODE", err))
        return -1;
    if (strcmp(recorded, identity) == 0)
        return 0;
    (void)err_retry(err, "%s is %s, while drc.meta names %s as the standby that is written to", db_server_name(db),
                    identity, recorded[0] ? recorded : "none");
    err->code = DB_READ_ONLY;
    return -1;
}
