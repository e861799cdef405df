/* drcctl status as text for people and as JSON for programs. */
#include <inttypes.h>
#include <string.h>

#include "ctl/status.h"

/* The first link of a source region tells of its capture. */
static bool tells_of_capture(const struct pair_status *s, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (strcmp(s->links[j].link->from, s->links[i].link->from) == 0)
            return false;
    return true;
}

static void print_captures(const struct pair_status *s, FILE *out)
{
    struct buf source = {0}, published = {0};
    fprintf(out, "%-10s %-10s %-12s %-10s %-30s %s\n", "CAPTURE", "STATE", "TOPIC SEQ", "LAG", "PUBLISHED", "SOURCE");
    for (size_t i = 0; i < s->count; i++) {
        const struct link_status *l = &s->links[i];
        if (!tells_of_capture(s, i))
            continue;
        char lag[40] = "-";
        uint64_t us;
        buf_clear(&source);
        buf_clear(&published);
        if (daemon_state_number(&us, &l->capture, "lag_us"))
            snprintf(lag, sizeof lag, "%.1f s", (double)us / 1e6);
        position_put_text(&l->view.source, &source);
        position_put_text(&l->view.published, &published);
        fprintf(out, "%-10s %-10s ", l->link->from, l->capture_state);
        if (l->view.has_topic)
            fprintf(out, "%-12" PRIu64 " %-10s %-30s ", l->view.published_seq, lag, buf_cstr(&published));
        else
            fprintf(out, "%-12s %-10s %-30s ", "-", lag, "-");
        fprintf(out, "%s\n", l->view.has_source ? buf_cstr(&source) : "-");
        if (l->capture_error)
            fprintf(out, "           %s\n", l->capture_error);
    }
    buf_free(&source);
    buf_free(&published);
}

static void print_links(const struct pair_status *s, FILE *out)
{
    fprintf(out, "%-10s %-10s %-12s %-12s %-10s %s\n", "LINK", "STATE", "TOPIC SEQ", "APPLIED SEQ", "LAG", "LAG BYTES");
    for (size_t i = 0; i < s->count; i++) {
        const struct link_status *l = &s->links[i];
        char name[200], topic[24] = "-", applied[24] = "-", lag[40] = "-", bytes[24] = "-";
        snprintf(name, sizeof name, "%s:%s", l->link->from, l->link->to);
        if (l->view.has_topic)
            snprintf(topic, sizeof topic, "%" PRIu64, l->view.published_seq);
        if (l->view.has_ledger)
            snprintf(applied, sizeof applied, "%" PRIu64, l->view.ledger.done.low);
        if (l->has_lag)
            snprintf(lag, sizeof lag, "%.1f s", l->lag_seconds);
        if (l->view.has_unread)
            snprintf(bytes, sizeof bytes, "%" PRIu64, l->view.unread_bytes);
        fprintf(out, "%-10s %-10s %-12s %-12s %-10s %s\n", name, l->state, topic, applied, lag, bytes);
        if (l->error)
            fprintf(out, "           %s\n", l->error);
    }
}

void status_print_text(const struct pair_status *s, FILE *out)
{
    fprintf(out, "pair %s (%s)\n", s->config->pair, s->config->path);
    print_captures(s, out);
    print_links(s, out);
}

/* ---- JSON ---- */

static json_t *json_text_or_null(const char *text)
{
    json_t *made = text ? json_string(text) : NULL;
    return made ? made : json_null();
}

static json_t *json_position(bool known, const struct position *p)
{
    if (!known)
        return json_null();
    struct buf text = {0};
    position_put_text(p, &text);
    json_t *made = json_string(buf_cstr(&text));
    buf_free(&text);
    return made;
}

static json_t *json_number_or_null(bool known, uint64_t n)
{
    return known ? json_integer((json_int_t)n) : json_null();
}

static json_t *json_daemon(const struct daemon_state *d)
{
    return d->all ? json_incref(d->all) : json_null();
}

static json_t *json_capture(const struct link_status *l)
{
    const struct progress_view *v = &l->view;
    json_t *o = json_object();
    json_object_set_new(o, "region", json_string(l->link->from));
    json_object_set_new(o, "state", json_string(l->capture_state));
    json_object_set_new(o, "source_gtid", json_position(v->has_source, &v->source));
    json_object_set_new(o, "published_gtid", json_position(v->has_topic, &v->published));
    json_object_set_new(o, "topic_seq", json_number_or_null(v->has_topic, v->published_seq));
    json_object_set_new(o, "last_error", json_text_or_null(l->capture_error));
    json_object_set_new(o, "daemon", json_daemon(&l->capture));
    return o;
}

static json_t *json_link(const struct link_status *l)
{
    const struct progress_view *v = &l->view;
    json_t *o = json_object();
    json_object_set_new(o, "from", json_string(l->link->from));
    json_object_set_new(o, "to", json_string(l->link->to));
    json_object_set_new(o, "state", json_string(l->state));
    json_object_set_new(o, "source_gtid", json_position(v->has_source, &v->source));
    json_object_set_new(o, "topic_seq", json_number_or_null(v->has_topic, v->published_seq));
    json_object_set_new(o, "applied_seq", json_number_or_null(v->has_ledger, v->ledger.done.low));
    json_object_set_new(o, "applied_gtid", json_text_or_null(v->has_ledger ? v->ledger.gtid : NULL));
    json_object_set_new(o, "parked_transactions", json_number_or_null(v->has_ledger, v->parked.transactions));
    json_object_set_new(o, "parked_rows", json_number_or_null(v->has_ledger, v->parked.rows));
    json_object_set_new(o, "lag_seconds", l->has_lag ? json_real(l->lag_seconds) : json_null());
    json_object_set_new(o, "lag_bytes", json_number_or_null(v->has_unread, v->unread_bytes));
    json_object_set_new(o, "last_error", json_text_or_null(l->error));
    json_object_set_new(o, "daemon", json_daemon(&l->applier));
    return o;
}

void status_print_json(const struct pair_status *s, FILE *out)
{
    json_t *all = json_object();
    json_t *captures = json_array();
    json_t *links = json_array();
    for (size_t i = 0; i < s->count; i++) {
        if (tells_of_capture(s, i))
            json_array_append_new(captures, json_capture(&s->links[i]));
        json_array_append_new(links, json_link(&s->links[i]));
    }
    json_object_set_new(all, "pair", json_string(s->config->pair));
    json_object_set_new(all, "captures", captures);
    json_object_set_new(all, "links", links);
    json_dumpf(all, out, JSON_COMPACT | JSON_REAL_PRECISION(9));
    fputc('\n', out);
    json_decref(all);
}
