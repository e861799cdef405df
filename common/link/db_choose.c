/* Connecting to a region of several hosts: which of them has its data now?
 *
 * The one that can be written to. Where the region is a standby all of them may be read-only: then drc.meta names the
 * server that is written to (DB_STANDBY_SERVER); a native replica has the same row and another identity. */
#include <stdio.h>
#include <string.h>

#include "common/link/db_private.h"

int db_identity(struct db *db, char out[DB_IDENTITY_LEN], struct err *err)
{
    return db_query_text(db, out, DB_IDENTITY_LEN,
                         db->flavor == FLAVOR_MYSQL ? "SELECT CONCAT('mysql server_uuid ', @@GLOBAL.server_uuid)"
                                                    : "SELECT CONCAT('mariadb server_id ', @@GLOBAL.server_id)",
                         err);
}

int db_standby_recorded(struct db *db, char out[DB_IDENTITY_LEN], struct err *err)
{
    struct err why = {0};
    out[0] = '\0';
    if (db_query_text(db, out, DB_IDENTITY_LEN, "SELECT value FROM drc.meta WHERE name = '" DB_STANDBY_SERVER "'",
                      &why) == 0 ||
        db_says_absent(&why))
        return 0;
    *err = why;
    return -1;
}

static int is_on(struct db *db, bool *out, const char *sql, struct err *err)
{
    char value[16];
    if (db_query_text(db, value, sizeof value, sql, err))
        return -1;
    *out = strcmp(value, "0") != 0 && strcmp(value, "OFF") != 0;
    return 0;
}

int db_is_read_only(struct db *db, bool *out, struct err *err)
{
    return is_on(db, out, "SELECT @@GLOBAL.read_only", err);
}

/* A read-only server of a standby region: 0: it is the one. -1: it is not, or not known to be. */
static int is_the_standby(struct db *db, const struct db_options *options, struct err *err)
{
    char own[DB_IDENTITY_LEN];
    char recorded[DB_IDENTITY_LEN];
    bool super = false;
    if (db->flavor == FLAVOR_MYSQL && is_on(db, &super, "SELECT @@GLOBAL.super_read_only", err))
        return -1;
    if (super && options->to_write)
        return err_retry(err,
                         "%s has super_read_only set, under which nobody can write; mend it by: SET GLOBAL "
                         "super_read_only = OFF, read_only = ON;",
                         db->where);
    if (db_identity(db, own, err) || db_standby_recorded(db, recorded, err))
        return -1;
    if (strcmp(own, recorded) == 0 || (options->to_write && recorded[0] == '\0'))
        return 0;
    if (recorded[0] == '\0')
        return err_retry(err, "%s has read_only set, and no applier has written to it yet", db->where);
    return err_retry(
        err,
        "%s has read_only set and is %s, while drc.meta names %s as the standby that is written to; if "
        "this one is to be it from now on, run there: UPDATE drc.meta SET value = '%s' WHERE name = '" DB_STANDBY_SERVER
        "';",
        db->where, own, recorded, own);
}

/* Is this the server that has the region's data? -1: it is of no use. */
static int has_the_data(struct db *db, const struct region_config *region, const struct db_options *options,
                        struct err *err)
{
    bool read_only;
    if (db_is_read_only(db, &read_only, err))
        return -1;
    if (!read_only)
        return 0;
    return region->standby ? is_the_standby(db, options, err) : err_retry(err, "%s has read_only set", db->where);
}

/* Try the n-th. -1: it cannot be reached, or is of no use. */
static int try_host(struct db **out, const struct region_config *region, const struct db_options *options, size_t n,
                    struct err *err)
{
    if (db_connect_to(out, region, options, n, err))
        return -1;
    if (options->read_only_too || has_the_data(*out, region, options, err) == 0)
        return 0;
    db_close(out);
    return -1;
}

int db_connect(struct db **out, const struct region_config *region, const struct db_options *options, struct err *err)
{
    size_t count = region->host_count > 0 ? region->host_count : 1; /* a socket is one, too */
    struct err final = {0};
    struct buf reasons = {0};
    int rc = -1;
    if (options->server > 0 || (count < 2 && !options->to_write))
        return db_connect_to(out, region, options, options->server > 0 ? options->server : 1, err);
    for (size_t n = 1; rc != 0 && n <= count; n++) {
        struct err why = {0};
        rc = try_host(out, region, options, n, &why);
        if (rc != 0)
            buf_printf(&reasons, "%s%s", n > 1 ? "; " : "", why.text);
        if (rc != 0 && (count < 2 || (why.class == ERR_FATAL && final.class == ERR_NONE)))
            final = why;
    }
    /* One that refuses us may be the one; that it does is not mended by trying again. */
    if (rc != 0 && final.class != ERR_NONE && err)
        *err = final;
    else if (rc != 0)
        (void)err_retry(err, "region %s: none of its hosts can be %s: %s", region->name,
                        options->read_only_too ? "reached" : "written to", buf_cstr(&reasons));
    buf_free(&reasons);
    return rc;
}
