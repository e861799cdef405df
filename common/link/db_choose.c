/* Connecting to a region of several hosts: which of them has its data now? */
#include <stdio.h>
#include <string.h>

#include "common/link/db_private.h"

static int is_writable(struct db *db, bool *out, struct err *err)
{
    char value[16];
    if (db_query_text(db, value, sizeof value, "SELECT @@GLOBAL.read_only", err))
        return -1;
    *out = strcmp(value, "0") == 0 || strcmp(value, "OFF") == 0;
    return 0;
}

/* Try the n-th. -1: it cannot be reached, or is of no use. */
static int try_host(struct db **out, const struct region_config *region, const struct db_options *options, size_t n,
                    struct err *err)
{
    bool writable = true;
    if (db_connect_to(out, region, options, n, err))
        return -1;
    if (options->read_only_too || (is_writable(*out, &writable, err) == 0 && writable))
        return 0;
    if (!writable)
        (void)err_retry(err, "%s has read_only set", (*out)->where);
    db_close(out);
    return -1;
}

int db_connect(struct db **out, const struct region_config *region, const struct db_options *options, struct err *err)
{
    struct err final = {0};
    struct buf reasons = {0};
    int rc = -1;
    if (options->server > 0 || region->host_count < 2)
        return db_connect_to(out, region, options, options->server > 0 ? options->server : 1, err);
    for (size_t n = 1; rc != 0 && n <= region->host_count; n++) {
        struct err why = {0};
        rc = try_host(out, region, options, n, &why);
        if (rc != 0)
            buf_printf(&reasons, "%s%s", n > 1 ? "; " : "", why.text);
        if (rc != 0 && why.class == ERR_FATAL && final.class == ERR_NONE)
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
