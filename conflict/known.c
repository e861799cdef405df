/* The newest changes of a key, stream by stream, against what the incoming one knows. */
#include "conflict/known.h"

const struct known_change *known_greatest(const struct known_change *changes, size_t count)
{
    const struct known_change *greatest = NULL;
    for (size_t i = 0; i < count; i++)
        if (changes[i].concurrent &&
            (!greatest || conflict_version_compare(&changes[i].version, &greatest->version) > 0))
            greatest = &changes[i];
    return greatest;
}

static bool has_unseen_delete(const struct known_change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (changes[i].unseen_delete)
            return true;
    return false;
}

void known_tell(struct conflict_case *c, struct known_room *room, const struct known_change *changes, size_t count)
{
    const struct known_change *greatest = known_greatest(changes, count);
    c->incoming_version = &room->incoming;
    c->causality = CAUSALITY_AFTER;
    c->unseen_delete = has_unseen_delete(changes, count);
    if (!greatest)
        return;
    /* It left a row, and there is none: what has ended that since, the incoming change knows of. Unless a delete wins
     * over all that did not know of it: then it may be one that is older, and that the change does not know. */
    bool is_delete = greatest->deleted_seq == greatest->seq;
    bool by_unseen = c->unseen_delete && policy_deletes(c->rule) == DELETE_WINS;
    if (!c->local && !is_delete && !by_unseen)
        return;
    c->causality = CAUSALITY_CONCURRENT;
    room->local = greatest->version;
    c->local_version = &room->local;
    if (c->local)
        return;
    room->tombstone = (struct conflict_tombstone){.version = &room->local};
    c->tombstone = &room->tombstone;
}

/* A row that looks like the incoming one may have been decided column by column: what counts is whose version it
 * stands for; and increments that are in it stay what the incoming change does not know of, though they may be zero
 * together. Where both say the same, the later one's word counts against what is still to come. */
bool known_outdoes(const struct conflict_case *c, const struct conflict_outcome *outcome)
{
    bool adds = c->incoming && policy_adds(c->rule);
    if (c->causality != CAUSALITY_CONCURRENT || outcome->version != c->incoming_version || adds)
        return false;
    return outcome->verdict == VERDICT_INCOMING ||
           (outcome->verdict == VERDICT_SAME && outcome->policy == POLICY_LATEST);
}

bool known_keeps_ends(const struct policy_rule *rule)
{
    return policy_deletes(rule) == DELETE_WINS;
}

bool known_ends_others(const struct conflict_case *c)
{
    return !c->incoming && known_keeps_ends(c->rule) && c->causality != CAUSALITY_IMAGES;
}

bool known_is_ended(const struct conflict_case *c, const struct conflict_outcome *outcome)
{
    return c->incoming && c->unseen_delete && known_keeps_ends(c->rule) && outcome->verdict == VERDICT_LOCAL;
}
