/* The account's privileges against those that are needed. */
#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/check/grants.h"
#include "common/check/server.h"

static int read_held(struct grants *out, const struct check_place *p, struct err *err)
{
    struct arena a = {0};
    struct db_rows rows;
    int rc = db_query(p->db, &rows, &a, "SHOW GRANTS", err);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++)
        (void)grants_read(out, db_cell(&rows, i, 0));
    arena_free(&a);
    return rc;
}

int check_account_has(struct grants *missing, const struct check_place *p, const char *privilege, struct err *err)
{
    struct grants held = {0}, needed = {0};
    int rc = read_held(&held, p, err);
    if (rc == 0) {
        grants_of_pair(&needed, p->config, privilege);
        grants_missing(missing, &needed, &held);
    }
    grants_free(&held);
    grants_free(&needed);
    return rc;
}

/* Without that one nothing at all can be captured; the rest may be for what never comes. */
static bool stops_capture(const struct grant *g, unsigned roles)
{
    return (roles & GRANTS_CAPTURE) && strcmp(g->privilege, "REPLICATION SLAVE") == 0;
}

static void tell_missing(struct findings *out, const struct check_place *p, const struct grant *g, unsigned roles)
{
    char *what = xasprintf("account %s has not %s ON %s", db_account(p->db), g->privilege, g->place);
    char *fix = xasprintf("GRANT %s ON %s TO %s;", g->privilege, g->place, db_account(p->db));
    check_found(out, "grant_missing", p->region->name, what, fix);
    if (stops_capture(g, roles))
        out->items[out->count - 1].stops = EXIT_DENIED;
}

static void tell_surplus(struct findings *out, const struct check_place *p, const struct grants *surplus,
                         const struct grants *instead)
{
    struct buf what = {0}, fix = {0};
    if (surplus->count == 0)
        return;
    buf_printf(&what, "account %s has more than it needs: ", db_account(p->db));
    grants_put_words(&what, surplus);
    grants_put_line(&fix, instead, db_account(p->db));
    buf_put_str(&fix, instead->count > 0 ? " " : "");
    grants_put_revoke(&fix, surplus, db_account(p->db));
    check_found(out, "grant_surplus", p->region->name, xstrdup(buf_cstr(&what)), xstrdup(buf_cstr(&fix)));
    buf_free(&what);
    buf_free(&fix);
}

int check_server_account(struct findings *out, const struct check_place *p, unsigned roles, bool surplus,
                         struct err *err)
{
    struct grants held = {0}, needed = {0}, all = {0}, missing = {0}, beyond = {0}, instead = {0};
    if (read_held(&held, p, err))
        return -1;
    grants_least(&needed, p->config, p->region, roles, db_flavor(p->db));
    grants_missing(&missing, &needed, &held);
    for (size_t i = 0; i < missing.count; i++)
        tell_missing(out, p, &missing.items[i], roles);
    if (surplus) {
        grants_least(&all, p->config, p->region, roles | GRANTS_OPERATOR | GRANTS_RARELY, db_flavor(p->db));
        grants_surplus(&beyond, &instead, &needed, &all, &held);
        tell_surplus(out, p, &beyond, &instead);
    }
    grants_free(&held);
    grants_free(&needed);
    grants_free(&all);
    grants_free(&missing);
    grants_free(&beyond);
    grants_free(&instead);
    return 0;
}
