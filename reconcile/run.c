/* Beginning and end of a run. */
#include "reconcile/run.h"

#include <stdlib.h>

#include "common/base/mem.h"
#include "reconcile/cause_feed.h"
#include "reconcile/interrupt.h"
#include "reconcile/marker.h"
#include "reconcile/ready.h"
#include "reconcile/repair.h"
#include "reconcile/state.h"
#include "reconcile/throttle.h"

#define CHUNK_MS 250
#define LOOK_MS 15000 /* a row written on both sides several times a second is equal now and then */

/* Passwords of both sides, of all regions whose links write to them, and of those regions' clusters. */
static int load_secrets(struct config *c, const struct wishes *w, struct err *err)
{
    for (int side = 0; side < 2; side++)
        if (config_password(c, w->regions[side], err))
            return -1;
    for (size_t i = 0; i < c->link_count; i++) {
        const struct link_config *l = &c->links[i];
        if (strcmp(l->to, w->regions[0]) != 0 && strcmp(l->to, w->regions[1]) != 0)
            continue;
        if (config_password(c, l->from, err) || config_kafka_password(c, l->from, err))
            return -1;
    }
    return 0;
}

static int check_pair(const struct config *c, const struct wishes *w, const struct region_config *regions[2],
                      struct err *err)
{
    const struct link_config *link;
    struct err other = {0};
    if (config_region(c, w->regions[0], &regions[0], err) || config_region(c, w->regions[1], &regions[1], err))
        return -1;
    if (config_link(c, w->regions[0], w->regions[1], &link, err) &&
        config_link(c, w->regions[1], w->regions[0], &link, &other))
        return -1;
    return 0;
}

/* What can be found wrong before a database is asked. */
static int prepare(struct run *run, const struct region_config *regions[2], struct err *err)
{
    const struct wishes *w = run->wishes;
    const struct report_options report = {
        .mode = w->mode,
        .regions = {w->regions[0], w->regions[1]},
        .json_path = w->json_path,
        .html_path = w->html_path,
        .mask = &run->mask,
        .quiet = w->quiet,
        .items = w->items,
    };
    if (config_load(&run->config, w->config_path, err))
        return -1;
    run->mask = wishes_join_masks(&run->config->conflict_mask, &w->mask);
    if (check_pair(run->config, w, regions, err) || load_secrets(run->config, w, err) ||
        report_open(&run->report, &report, err))
        return -1;
    return 0;
}

int run_open(struct run *out, const struct wishes *wishes)
{
    const struct region_config *regions[2];
    struct err err = {0};
    *out = (struct run){.wishes = wishes, .timeout_ms = wishes->timeout_ms};
    out->stop = interrupt_begin();
    out->causes = (struct causes){.since_us = wishes->causes_since_us, .most_ms = wishes->causes_ms};
    if (prepare(out, regions, &err)) {
        fprintf(stderr, "drc-reconcile: %s\n", err.text);
        run_close(out);
        return err.exit_code;
    }
    out->regions[0] = regions[0];
    out->regions[1] = regions[1];
    out->max_differences = UINT64_MAX;
    out->chunk_ms = CHUNK_MS;
    out->look_ms = wishes->timeout_ms < LOOK_MS ? wishes->timeout_ms : LOOK_MS;
    out->meter = meter_new(wishes->quiet);
    out->links = links_new(out->config, wishes->regions, out->stop);
    out->marker = wishes->no_probe ? NULL : marker_new(out->config, wishes->regions, out->stop);
    for (int side = 0; side < 2; side++) {
        out->sides[side] = side_new(regions[side], out->stop);
        out->scans[side] = side_new(regions[side], out->stop);
    }
    if (repair_open(&out->repair, out, &err) == 0)
        return 0;
    fprintf(stderr, "drc-reconcile: %s\n", err.text);
    run_close(out);
    return err.exit_code;
}

void run_close(struct run *run)
{
    ready_free(&run->ready);
    cause_feed_close(&run->causes.feed);
    throttle_free(&run->throttle);
    state_close(&run->state);
    for (int side = 0; side < 2; side++) {
        side_free(&run->scans[side]);
        side_free(&run->sides[side]);
    }
    repair_free(&run->repair);
    marker_free(&run->marker);
    links_free(&run->links);
    meter_free(&run->meter);
    report_close(&run->report);
    free(run->mask.names);
    run->mask = (struct mask){0};
    config_free(&run->config);
}

const char *run_end_text(const struct run *run)
{
    return run_stopped(run) ? "it was stopped by a signal" : "as many differences as --max-diffs asks for were found";
}

size_t run_wants(const struct run *run, const struct table_counts *counts)
{
    if (run_stopped(run))
        return 0;
    uint64_t told = run->told_before + (counts ? table_counts_found(counts) : 0);
    return told < run->max_differences ? run->max_differences - told : 0;
}
