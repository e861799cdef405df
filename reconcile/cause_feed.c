/* One scan for each region with a link to either side. */
#include "reconcile/cause_feed.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"

#define READ_TIMEOUT_S 60

static bool has(const struct cause_feed *f, const struct region_config *region)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->streams[i].region == region)
            return true;
    return false;
}

static int open_stream(struct cause_feed *f, const struct config *config, const char *from, struct err *err)
{
    const struct region_config *region;
    if (config_region(config, from, &region, err))
        return -1;
    if (has(f, region))
        return 0;
    struct cause_feed_stream *s = &f->streams[f->count++];
    *s = (struct cause_feed_stream){.region = region, .topic = config_topic(config, from)};
    return scan_open(&s->scan, &region->kafka, s->topic, err);
}

static int open_all(struct cause_feed *f, const struct config *config, const char *const regions[2], struct err *err)
{
    const struct db_options options = {
        .program = "drc-reconcile", .read_timeout_s = READ_TIMEOUT_S, .read_only_too = true};
    f->streams = xcalloc(config->link_count, sizeof *f->streams);
    for (size_t i = 0; i < config->link_count; i++) {
        const struct link_config *l = &config->links[i];
        if ((strcmp(l->to, regions[0]) == 0 || strcmp(l->to, regions[1]) == 0) && open_stream(f, config, l->from, err))
            return -1;
    }
    for (int side = 0; side < 2; side++) {
        const struct region_config *region;
        if (config_region(config, regions[side], &region, err) || db_connect(&f->dbs[side], region, &options, err))
            return -1;
    }
    return 0;
}

int cause_feed_open(struct cause_feed **out, const struct config *config, const char *const regions[2], struct err *err)
{
    struct cause_feed *f = xcalloc(1, sizeof *f);
    if (open_all(f, config, regions, err)) {
        cause_feed_close(&f);
        return -1;
    }
    *out = f;
    return 0;
}

void cause_feed_close(struct cause_feed **feed)
{
    struct cause_feed *f = *feed;
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++) {
        scan_close(&f->streams[i].scan);
        free(f->streams[i].topic);
    }
    free(f->streams);
    db_close(&f->dbs[0]);
    db_close(&f->dbs[1]);
    free(f);
    *feed = NULL;
}
