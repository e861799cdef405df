/* Is the source set up as a stream needs it? By the rules of common/check. */
#include "capture/source_private.h"
#include "common/check/grants.h"
#include "common/check/server.h"

static int look(struct source *s, const char *own_host, struct findings *found, struct err *err)
{
    const struct check_place p = {
        .db = s->db,
        .config = s->config,
        .region = s->region,
        .roles = check_roles_of(s->config, s->region) & (CHECK_SOURCE | CHECK_SEMI_SYNC),
        .own_host = own_host,
    };
    if (check_server_settings(found, &p, err) || check_server_replicas(found, &p, err))
        return -1;
    return check_server_account(found, &p, GRANTS_CAPTURE, false, err);
}

int source_check(struct source *s, const char *own_host, struct err *err)
{
    struct findings found = {0};
    struct err why = {0};
    int rc = -1;
    if (source_connect(s, err) != 0)
        return -1;
    if (look(s, own_host, &found, &why) == 0) {
        findings_tell(&s->told, &found);
        rc = findings_stop(&found, &why);
    } else if (why.class == ERR_RETRY) {
        db_close(&s->db);
    }
    findings_free(&found);
    if (rc != 0 && err)
        *err = why;
    return rc;
}
