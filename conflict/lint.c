/* Searching the small world for a history that leaves the regions different. */
#include "conflict/lint.h"

/* SplitMix64: the same everywhere for the same seed. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The last three delete. */
#define OPS_WITHOUT_DELETES 5

static enum world_op draw_op(uint64_t *state, bool deletes)
{
    static const uint8_t ops[] = {WORLD_INSERT, WORLD_UPDATE, WORLD_UPDATE, WORLD_UPDATE,
                                  WORLD_BOTH,   WORLD_DELETE, WORLD_DELETE, WORLD_MOVE};
    return (enum world_op)ops[draw(state) % (deletes ? sizeof ops : OPS_WITHOUT_DELETES)];
}

/* A history on its way. */
struct play {
    struct world *w;
    size_t regions;
    uint64_t state;
    size_t down; /* the link whose applier is down; as many as there are: none */
};

/* Deliver one that can be, from a link on that is drawn. False: there is none. */
static bool deliver_any(struct play *p)
{
    size_t links = p->regions * p->regions, first = draw(&p->state) % links;
    for (size_t i = 0; i < links; i++) {
        size_t link = (first + i) % links, from = link / p->regions, to = link % p->regions;
        if (link == p->down || !world_can_deliver(p->w, from, to))
            continue;
        world_deliver(p->w, from, to);
        return true;
    }
    return false;
}

/* The applier of some link begins anew. */
static void restart_any(struct play *p)
{
    size_t link = draw(&p->state) % (p->regions * p->regions);
    if (link / p->regions != link % p->regions)
        world_restart(p->w, link / p->regions, link % p->regions);
}

/* One goes down for a while, or the one that was comes back. */
static void disturb(struct play *p)
{
    size_t links = p->regions * p->regions;
    restart_any(p);
    p->down = p->down == links ? draw(&p->state) % links : links;
}

#define DISTURBED_ONCE_IN 6 /* steps */

void lint_play(struct world *w, const struct world_setting *setting, unsigned changes, uint64_t seed)
{
    struct play p = {.w = w, .regions = setting->region_count, .state = seed};
    uint64_t lag = 1 + draw(&p.state) % 4;         /* how seldom something arrives while there is writing */
    unsigned hot = (unsigned)(draw(&p.state) % 4); /* 0: both rows are written */
    p.down = p.regions * p.regions;
    world_reset(w);
    while (changes > 0 && !world_waits_for_operator(w)) {
        if (draw(&p.state) % DISTURBED_ONCE_IN == 0)
            disturb(&p);
        if (draw(&p.state) % (lag + 1) == 0 && deliver_any(&p))
            continue;
        size_t region = draw(&p.state) % p.regions, key = hot == 0 ? draw(&p.state) % WORLD_KEYS : 0;
        enum world_op op = draw_op(&p.state, setting->deletes);
        if (!world_write(w, region, op, key, draw(&p.state)))
            break;
        changes--;
    }
    p.down = p.regions * p.regions;
    while (!world_waits_for_operator(w) && deliver_any(&p))
        if (draw(&p.state) % DISTURBED_ONCE_IN == 0)
            restart_any(&p);
}

void lint_finding_free(struct lint_finding *f)
{
    buf_free(&f->history);
    *f = (struct lint_finding){0};
}

static void keep_shorter(struct lint_finding *out, const struct world *w)
{
    struct buf history = {0};
    world_put_history(w, &history);
    if (out->diverges && history.len >= out->history.len) {
        buf_free(&history);
        return;
    }
    buf_free(&out->history);
    out->history = history;
    out->diverges = true;
}

void lint_rule(struct lint_finding *out, const struct world_setting *setting, unsigned longest, unsigned histories,
               uint64_t seed)
{
    struct world *w = world_new(setting);
    *out = (struct lint_finding){0};
    for (unsigned changes = 1; w && changes <= longest && !out->diverges; changes++) {
        for (unsigned i = 0; i < histories; i++) {
            out->seed = seed + ((uint64_t)changes << 32) + i;
            out->histories++;
            lint_play(w, setting, changes, out->seed);
            if (!world_waits_for_operator(w) && !world_is_equal(w))
                keep_shorter(out, w);
        }
    }
    world_free(&w);
}
