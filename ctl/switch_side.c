/* Setting read_only, by the words of each flavour, and putting it back. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/mem.h"
#include "ctl/command.h"
#include "ctl/switchover.h"

#define READ_TIMEOUT_S 120
#define PROGRAM "drc-reconcile"

/* ---- connecting ---- */

/* Another account, in a configuration of its own. */
static int take_account(struct config *config, struct region_config *r, const char *user, const char *password_file,
                        struct err *err)
{
    free(r->user);
    r->user = xstrdup(user);
    free(r->secret.file);
    free(r->secret.credential);
    r->secret = (struct secret_config){.file = xstrdup(password_file), .line = r->line, .column = 1};
    return config_password(config, r->name, err);
}

static struct region_config *find(struct config *config, const char *name)
{
    for (size_t i = 0; i < config->region_count; i++)
        if (strcmp(config->regions[i].name, name) == 0)
            return &config->regions[i];
    return NULL;
}

static void keep_host(struct region_config *r, size_t server)
{
    if (r->host_count < 2 || server == 0)
        return;
    struct host_config kept = r->hosts[server - 1];
    r->hosts[server - 1] = r->hosts[0];
    r->hosts[0] = kept;
    for (size_t i = 1; i < r->host_count; i++)
        free(r->hosts[i].name);
    r->host_count = 1;
}

static int connect_side(struct switch_side *s, const struct region_config *r, struct err *err)
{
    const struct db_options options = {.program = "drcctl", .read_timeout_s = READ_TIMEOUT_S, .read_only_too = true};
    return s->db ? 0 : db_connect(&s->db, r, &options, err);
}

static int read_state(struct switch_side *s, struct err *err)
{
    uint64_t n;
    if (db_query_u64(s->db, &n, "SELECT @@GLOBAL.read_only", err))
        return -1;
    s->read_only = n != 0;
    n = 0;
    if (db_flavor(s->db) == FLAVOR_MYSQL && db_query_u64(s->db, &n, "SELECT @@GLOBAL.super_read_only", err))
        return -1;
    s->super = n != 0;
    return 0;
}

int switch_open(struct switch_side *s, struct config *config, const char *region, const char *user,
                const char *password_file, struct err *err)
{
    struct region_config *kept = find(config, region);
    s->name = kept->name;
    if (user && config_load(&s->own, config->path, err))
        return -1;
    struct region_config *r = user ? find(s->own, region) : kept;
    if (!r)
        return err_retry(err, "%s is being changed", config->path);
    s->region = r;
    if ((user && take_account(s->own, r, user, password_file, err)) || connect_side(s, r, err) || read_state(s, err))
        return -1;
    (void)snprintf(s->host, sizeof s->host, "%s", db_server_name(s->db));
    keep_host(r, db_server(s->db));
    if (r != kept)
        keep_host(kept, db_server(s->db));
    return 0;
}

void switch_end(struct switch_side *s)
{
    db_close(&s->db);
    config_free(&s->own);
}

/* ---- read_only ---- */

/* The privilege that is missing, by name. */
static int denied(const struct switch_side *s, struct err *err)
{
    if (err->exit_code != EXIT_DENIED)
        return -1;
    return err_hint(err, "run there as an administrator: GRANT %s ON *.* TO %s; or name an account by --user",
                    db_flavor(s->db) == FLAVOR_MYSQL ? "SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN" : "READ_ONLY ADMIN",
                    db_account(s->db));
}

static void put_statement(struct switch_side *s, bool read_only, bool super)
{
    bool mysql = db_flavor(s->db) == FLAVOR_MYSQL;
    (void)snprintf(s->statement, sizeof s->statement, "SET GLOBAL %s = %s",
                   mysql && super == read_only ? "super_read_only" : "read_only", read_only ? "ON" : "OFF");
}

/* super_read_only=ON brings read_only=ON, read_only=OFF brings super_read_only=OFF. */
static int set_state(struct switch_side *s, bool read_only, bool super, struct err *err)
{
    bool mysql = db_flavor(s->db) == FLAVOR_MYSQL;
    put_statement(s, read_only, super);
    if (mysql && super && read_only)
        return db_exec(s->db, "SET GLOBAL super_read_only = ON", err) ? denied(s, err) : 0;
    if (mysql && read_only && db_exec(s->db, "SET GLOBAL super_read_only = OFF", err))
        return denied(s, err);
    return db_execf(s->db, err, "SET GLOBAL read_only = %s", read_only ? "ON" : "OFF") ? denied(s, err) : 0;
}

int switch_close(struct switch_side *s, uint64_t timeout_ms, struct err *err)
{
    uint64_t seconds = timeout_ms / 1000 + 1;
    if (db_execf(s->db, err, "SET SESSION lock_wait_timeout = %llu",
                 (unsigned long long)(seconds < READ_TIMEOUT_S ? seconds : READ_TIMEOUT_S - 1)))
        return -1;
    s->changed = true; /* also where the answer is lost */
    return set_state(s, true, !s->keep_super_off, err);
}

int switch_let(struct switch_side *s, struct err *err)
{
    s->changed = true;
    return set_state(s, false, false, err);
}

int switch_restore(struct switch_side *s, struct err *err)
{
    if (set_state(s, s->read_only, s->super, err) == 0)
        return 0;
    db_close(&s->db);
    *err = (struct err){0};
    return connect_side(s, s->region, err) ? -1 : set_state(s, s->read_only, s->super, err);
}

const char *switch_state(const struct switch_side *s)
{
    return s->read_only ? "read-only" : "writable";
}

const char *switch_statement(struct switch_side *s)
{
    return s->statement;
}

/* ---- reconcile ---- */

/* Beside this program, where it was built or installed; else by PATH. Caller frees. */
static char *find_program(void)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return xstrdup(PROGRAM);
    self[n] = '\0';
    char *slash = strrchr(self, '/');
    char *beside = xasprintf("%.*s" PROGRAM, slash ? (int)(slash - self + 1) : 0, self);
    if (access(beside, X_OK) == 0)
        return beside;
    free(beside);
    return xstrdup(PROGRAM);
}

int switch_reconcile(const char *config_path, const char *from, const char *to, const struct stop *stop)
{
    char *program = find_program();
    char *pair = xasprintf("%s,%s", from, to);
    const char *const words[] = {program, "full", "--config", config_path, "--pair", pair, "--no-probe", NULL};
    pid_t pid;
    int status = -1;
    posix_spawnattr_t attributes;
    sigset_t none;
    (void)sigemptyset(&none);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    int failed = posix_spawnp(&pid, program, NULL, &attributes, (char *const *)words, environ);
    (void)posix_spawnattr_destroy(&attributes);
    while (!failed && waitpid(pid, &status, WNOHANG) == 0)
        if (stop_wait(stop, 100))
            (void)kill(pid, SIGTERM);
    free(pair);
    free(program);
    return failed || !WIFEXITED(status) ? -1 : WEXITSTATUS(status);
}
