/* Is the source set up as a stream needs it? Every finding with the SQL that mends it, out of the flavour's table. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "capture/source_private.h"
#include "capture/source_rules.h"
#include "common/base/clock.h"
#include "common/base/log.h"

#define LISTED_MS 3000u /* how long a replica that has gone may still be listed */

/* What was found: all are logged, the gravest is kept. */
struct findings {
    const char *region;
    struct err first_setting;
    struct err first_grant;
};

static void found(struct findings *f, enum exit_code code, const char *text)
{
    struct err *keep = code == EXIT_DENIED ? &f->first_grant : &f->first_setting;
    log_error("region %s: %s", f->region, text);
    if (keep->class == ERR_NONE)
        (void)err_fatal(keep, code, "region %s: %s", f->region, text);
}

/* Servers say ON and OFF or 1 and 0, and may add SET after a changed session's value. */
static bool same_value(struct span is, const char *wanted)
{
    if (wanted[0] == '>')
        return strtoull((const char *)is.p, NULL, 10) >= strtoull(wanted + 2, NULL, 10); /* cells end with a NUL */
    if (is.n == strlen(wanted) && strncasecmp((const char *)is.p, wanted, is.n) == 0)
        return true;
    return strcmp(wanted, "1") == 0 && is.n == 2 && strncasecmp((const char *)is.p, "ON", 2) == 0;
}

static void check_setting(struct source *s, struct findings *f, const struct setting_rule *rule, const struct span *is)
{
    char text[500];
    if (is ? same_value(*is, rule->wanted) : rule->may_lack)
        return;
    if (is)
        snprintf(text, sizeof text, "%s is %.*s, %s be %s: %s. Run: %s", rule->name, (int)is->n, (const char *)is->p,
                 rule->gravity == RULE_ADVISED ? "should" : "must", rule->wanted, rule->why, rule->fix);
    else
        snprintf(text, sizeof text, "the server does not know %s: %s. Run: %s", rule->name, rule->why, rule->fix);
    if (rule->gravity == RULE_ADVISED || (rule->gravity == RULE_DURABLE && s->region->relaxed))
        log_warn("region %s: %s", f->region, text);
    else
        found(f, EXIT_BAD_CONFIG, text);
}

static int check_settings(struct source *s, struct findings *f, const struct setting_rule *rules, size_t count,
                          struct err *err)
{
    struct db_rows values;
    struct buf sql = {0};
    buf_put_str(&sql, "SHOW GLOBAL VARIABLES WHERE Variable_name IN (''");
    for (size_t i = 0; i < count; i++)
        buf_printf(&sql, ", '%s'", rules[i].name);
    buf_put_str(&sql, ")");
    int rc = source_query(s, &values, buf_cstr(&sql), err);
    buf_free(&sql);
    if (rc != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct span *is = NULL;
        for (size_t j = 0; j < values.row_count; j++)
            if (span_is(db_cell(&values, j, 0), rules[i].name))
                is = &values.cells[j * values.column_count + 1];
        check_setting(s, f, &rules[i], is);
    }
    return 0;
}

/* ---- ids ---- */

static int check_own_id(struct source *s, struct findings *f, struct err *err)
{
    struct db_rows rows;
    char text[300], id[16];
    snprintf(id, sizeof id, "%u", s->region->replica_id);
    if (source_query(s, &rows, "SELECT @@server_id", err) != 0)
        return -1;
    if (rows.row_count != 1 || !span_is(db_cell(&rows, 0, 0), id))
        return 0;
    snprintf(
        text, sizeof text,
        "replica_id %s is the source's own server_id, so that it would send us nothing: give regions.%s.replica_id "
        "another number",
        id, s->region->name);
    found(f, EXIT_BAD_CONFIG, text);
    return 0;
}

/* Another replica that is listed under our id: 1 and its name in `text`; 0: none; -1. */
static int find_double(struct source *s, const char *sql, const char *own_host, char *text, size_t size,
                       struct err *err)
{
    struct db_rows rows;
    char id[16];
    snprintf(id, sizeof id, "%u", s->region->replica_id);
    if (source_query(s, &rows, sql, err) != 0)
        return -1;
    for (size_t i = 0; i < rows.row_count && rows.column_count >= 2; i++) {
        struct span host = db_cell(&rows, i, 1);
        if (!span_is(db_cell(&rows, i, 0), id) || span_is(host, own_host))
            continue;
        snprintf(text, size,
                 "replica_id %s is in use by the replica \"%.*s\": give regions.%s.replica_id another number", id,
                 host.n < 100 ? (int)host.n : 100, (const char *)host.p, s->region->name);
        return 1;
    }
    return 0;
}

/* One that has just gone stays listed until the server has sent it something in vain. */
static int check_replicas(struct source *s, const struct source_rules *rules, const char *own_host, struct findings *f,
                          struct err *err)
{
    char text[300];
    struct err denied = {0};
    uint64_t deadline = clock_mono_ms() + LISTED_MS;
    int rc;
    while ((rc = find_double(s, rules->list_replicas, own_host, text, sizeof text, &denied)) == 1 &&
           clock_mono_ms() < deadline)
        clock_sleep_ms(200);
    if (rc == 1)
        found(f, EXIT_BAD_CONFIG, text);
    if (rc >= 0)
        return 0;
    if (denied.exit_code != EXIT_DENIED) {
        *err = denied;
        return -1;
    }
    log_notice("region %s: whether replica_id %u is free cannot be checked. Run: GRANT %s ON *.* TO %s;", f->region,
               s->region->replica_id, rules->list_grant, db_account(s->db));
    return 0;
}

/* ---- grants ---- */

static bool has_word(struct span text, const char *word)
{
    return memmem(text.p, text.n, word, strlen(word)) != NULL;
}

static bool is_granted(const struct db_rows *rows, const char *privilege)
{
    for (size_t i = 0; i < rows->row_count; i++) {
        struct span line = db_cell(rows, i, 0);
        if (has_word(line, " ON *.*") && (has_word(line, privilege) || has_word(line, "ALL PRIVILEGES")))
            return true;
    }
    return false;
}

static int check_grants(struct source *s, struct findings *f, struct err *err)
{
    struct db_rows rows;
    char text[900];
    if (source_query(s, &rows, "SHOW GRANTS", err) != 0)
        return -1;
    if (!is_granted(&rows, "REPLICATION SLAVE")) {
        snprintf(text, sizeof text, "user %s may not read the binlog. Run: GRANT REPLICATION SLAVE ON *.* TO %s;",
                 s->region->user, db_account(s->db));
        found(f, EXIT_DENIED, text);
    }
    return 0;
}

int source_check(struct source *s, const char *own_host, struct err *err)
{
    struct findings f = {.region = s->region->name};
    if (source_connect(s, err) != 0)
        return -1;
    const struct source_rules *rules = source_rules_of(db_flavor(s->db), db_version(s->db));
    if (check_settings(s, &f, rules->settings, rules->setting_count, err) != 0 ||
        (s->region->semi_sync && check_settings(s, &f, rules->semi_sync, rules->semi_sync_count, err) != 0) ||
        check_own_id(s, &f, err) != 0 || check_replicas(s, rules, own_host, &f, err) != 0 ||
        check_grants(s, &f, err) != 0)
        return -1;
    if (f.first_setting.class == ERR_NONE && f.first_grant.class == ERR_NONE)
        return 0;
    if (err)
        *err = f.first_setting.class != ERR_NONE ? f.first_setting : f.first_grant;
    return -1;
}
