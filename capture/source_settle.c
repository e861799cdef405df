/* Which of a region's hosts is its source? The first that has all that the topic has. */
#include <inttypes.h>

#include "capture/source_private.h"
#include "common/base/log.h"

/* How it went with all of them. */
struct survey {
    const struct position *tail;
    struct buf missing;     /* which lack something, and how much */
    struct buf unreachable; /* which do not answer, and why */
};

static void note(struct buf *list, const char *text)
{
    buf_printf(list, "%s%s", list->len > 0 ? "; " : "", text);
}

static void note_missing(struct source *s, struct survey *v, const struct position *have)
{
    struct buf text = {0}, at = {0};
    position_put_text(have, &at);
    buf_printf(&text, "%s has come to \"%s\" and lacks %" PRIu64 " transactions", db_server_name(s->db), buf_cstr(&at),
               position_distance(v->tail, have));
    log_event(MSG_SOURCE_NOT_TAKEN, log_str("region", s->region->name), log_detail(buf_cstr(&text)));
    note(&v->missing, buf_cstr(&text));
    buf_free(&text);
    buf_free(&at);
}

static int stay_with(struct source *s, size_t n, struct err *err)
{
    if (s->db && db_server(s->db) != n)
        db_close(&s->db);
    s->server = n;
    return source_connect(s, err);
}

/* 1: this is the one; 0: it is not; -1: it cannot be asked. */
static int look_at(struct source *s, size_t n, struct survey *v, struct err *err)
{
    struct position have = {0};
    if (stay_with(s, n, err) != 0)
        return -1;
    int rc = source_logged(s, &have, err);
    if (rc == 0)
        rc = position_covers(&have, v->tail);
    if (rc == 0)
        note_missing(s, v, &have);
    position_free(&have);
    return rc;
}

/* 1: found; 0: nobody has it; -1: one that might have it cannot be asked. */
static int find(struct source *s, const struct position *tail, struct err *err)
{
    struct survey v = {.tail = tail};
    int rc = 0;
    for (size_t n = 1; rc != 1 && n <= s->region->host_count; n++) {
        struct err why = {0};
        rc = look_at(s, n, &v, &why);
        if (rc < 0)
            note(&v.unreachable, why.text);
    }
    if (rc != 1)
        rc = v.unreachable.len == 0
                 ? 0
                 : err_retry(err, "region %s: no host has all that is published: %s%s%s", s->region->name,
                             buf_cstr(&v.missing), v.missing.len > 0 ? "; " : "", buf_cstr(&v.unreachable));
    buf_free(&v.missing);
    buf_free(&v.unreachable);
    return rc;
}

static int find_writable(struct source *s, struct err *err)
{
    db_close(&s->db);
    s->server = 0;
    s->want_writable = true;
    int rc = source_connect(s, err);
    s->want_writable = false;
    if (rc == 0)
        s->server = db_server(s->db);
    return rc;
}

int source_settle(struct source *s, const struct position *tail, const char *own_host, struct err *err)
{
    if (s->region->host_count < 2)
        return 0;
    int rc = tail ? find(s, tail, err) : find_writable(s, err);
    if (rc == 0 && tail)
        rc = stay_with(s, 1, err);
    if (rc < 0 || source_check(s, own_host, err) != 0)
        return -1;
    log_event(MSG_SOURCE_IS, log_detail(db_server_name(s->db)), log_str("region", s->region->name));
    return 0;
}

size_t source_server(const struct source *s)
{
    return s->server;
}
