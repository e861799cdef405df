/* The page's tables: stages of the way, conflicts by kind, positions. */
#include <inttypes.h>
#include <string.h>

#include "common/base/html.h"
#include "common/link/metrics.h"
#include "common/link/page_private.h"

/* ---- stages ---- */

static const struct {
    const char *name;
    const char *what;
} stages[] = {
    {"captured",     "from the source's commit to the capture"    },
    {"acknowledged", "from the capture to Kafka's acknowledgement"},
    {"transported",  "from Kafka's producer to the applier"       },
    {"applied",      "from the applier to being visible"          },
    {"total",        "from the source's commit to being visible"  },
};

static void put_stage(struct buf *out, const struct page_member *m, size_t stage, const struct histogram *h)
{
    static const double shares[] = {0.5, 0.95, 0.99};
    buf_printf(out, "<tr%s><th scope=\"row\">", strcmp(stages[stage].name, "total") == 0 ? " class=\"sum\"" : "");
    page_put_member(out, m);
    buf_printf(out, "</th><td><b>%s</b> <span>%s</span></td>", stages[stage].name, stages[stage].what);
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        buf_put_str(out, "<td class=\"n\">");
        page_put_time(out, (uint64_t)histogram_quantile(h, shares[i]));
        buf_put_str(out, "</td>");
    }
    buf_put_str(out, "<td class=\"n soft wide\">");
    html_put_number(out, h->count);
    buf_put_str(out, "</td></tr>\n");
}

void page_put_stages(struct buf *out, const struct page *p)
{
    buf_put_str(out,
                "<section>\n<h2>Lag by stage <span>since each daemon's start</span></h2>\n"
                "<div class=\"scroll\"><table>\n<thead><tr><th>Daemon</th><th>Stage</th><th class=\"n\">50 %</th>"
                "<th class=\"n\">95 %</th><th class=\"n\">99 %</th><th class=\"n wide\">heartbeats</th></tr></thead>\n"
                "<tbody>\n");
    for (size_t i = 0; i < p->count; i++) {
        const json_t *all = json_object_get(p->members[i].status, "stages");
        for (size_t k = 0; k < sizeof stages / sizeof *stages; k++) {
            struct histogram h;
            if (metrics_histogram_read(&h, json_object_get(all, stages[k].name)))
                put_stage(out, &p->members[i], k, &h);
        }
    }
    buf_put_str(out, "</tbody>\n</table></div>\n</section>\n");
}

/* ---- conflicts ---- */

/* The kinds that have been met at all, one row each. */
static void put_kinds(struct buf *out, const struct page_member *m)
{
    const char *kind;
    json_t *count;
    json_t *all = json_object_get(m->status, "conflicts_by_kind");
    uint64_t sum = 0;
    json_object_foreach(all, kind, count)
    {
        uint64_t n = page_number(all, kind);
        sum += n;
        if (n == 0)
            continue;
        buf_put_str(out, "<tr><th scope=\"row\">");
        page_put_member(out, m);
        buf_put_str(out, "</th><td>");
        page_put_text(out, kind);
        buf_put_str(out, "</td><td class=\"n\">");
        html_put_number(out, n);
        buf_put_str(out, "</td></tr>\n");
    }
    if (sum == 0) {
        buf_put_str(out, "<tr class=\"soft\"><th scope=\"row\">");
        page_put_member(out, m);
        buf_put_str(out, "</th><td>none since its start</td><td class=\"n\">0</td></tr>\n");
    }
}

static void put_parked(struct buf *out, const struct page_member *m)
{
    uint64_t n = page_number(m->status, "parked_transactions");
    if (n == 0)
        return;
    buf_put_str(out, "<tr class=\"warn\"><th scope=\"row\">");
    page_put_member(out, m);
    buf_put_str(out, "</th><td>transactions that wait, parked</td><td class=\"n\">");
    html_put_number(out, n);
    buf_put_str(out, "</td></tr>\n");
}

void page_put_conflicts(struct buf *out, const struct page *p)
{
    size_t known = 0;
    for (size_t i = 0; i < p->count; i++)
        known += !p->members[i].is_capture && p->members[i].status;
    if (known == 0)
        return;
    buf_put_str(out, "<section>\n<h2>Conflicts <span>since each applier's start</span></h2>\n"
                     "<div class=\"scroll\"><table>\n<thead><tr><th>Link</th><th>Kind</th><th class=\"n\">Entries</th>"
                     "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < p->count; i++) {
        if (p->members[i].is_capture || !p->members[i].status)
            continue;
        put_kinds(out, &p->members[i]);
        put_parked(out, &p->members[i]);
    }
    buf_put_str(out, "</tbody>\n</table></div>\n</section>\n");
}

/* ---- positions ---- */

static const struct {
    const char *member;
    const char *title;
} facts[] = {
    {"seq",                 "read up to seq"     },
    {"acked_seq",           "acknowledged to seq"},
    {"applied_seq",         "in effect to seq"   },
    {"topic_seq",           "read up to seq"     },
    {"gtid",                "its GTID"           },
    {"position",            "position"           },
    {"binlog_file",         "binlog file"        },
    {"binlog_offset",       "binlog offset"      },
    {"acked_offset",        "topic offset"       },
    {"topic_offset",        "topic offset"       },
    {"queue_items",         "records queued"     },
    {"queued_transactions", "transactions queued"},
    {"epoch",               "epoch"              },
    {"topic",               "topic"              },
    {"stream",              "stream"             },
    {"transactions",        "transactions"       },
    {"rows",                "rows"               },
    {"last_error",          "last error"         },
};

static void put_fact(struct buf *out, const char *title, const json_t *value)
{
    bool number = json_is_integer(value);
    if (!number && (!json_is_string(value) || !*json_string_value(value)))
        return;
    buf_printf(out, "<div><dt>%s</dt><dd>", title);
    if (number)
        html_put_number(out, json_integer_value(value) > 0 ? (uint64_t)json_integer_value(value) : 0);
    else
        page_put_text(out, json_string_value(value));
    buf_put_str(out, "</dd></div>\n");
}

void page_put_positions(struct buf *out, const struct page *p)
{
    buf_put_str(out, "<section>\n<h2>Positions</h2>\n<div class=\"cards\">\n");
    for (size_t i = 0; i < p->count; i++) {
        const struct page_member *m = &p->members[i];
        if (!m->status)
            continue;
        buf_printf(out, "<article><h3>%s ", m->is_capture ? "Capture" : "Applier");
        page_put_member(out, m);
        buf_put_str(out, "</h3>\n<dl>\n");
        for (size_t k = 0; k < sizeof facts / sizeof *facts; k++)
            put_fact(out, facts[k].title, json_object_get(m->status, facts[k].member));
        buf_put_str(out, "</dl>\n</article>\n");
    }
    buf_put_str(out, "</div>\n</section>\n");
}
