/* Words for the source that wait for the records before them: "your binlog is safe up to there" may be said only when
 * all that was made of it is in the topic. Pure; one thread. */
#ifndef DRC_CAPTURE_PROMISES_H
#define DRC_CAPTURE_PROMISES_H

#include <stddef.h>
#include <stdint.h>

struct promise {
    uint64_t after; /* so many records must have been acknowledged */
    char *file;
    uint64_t offset;
};

/* Zeroed is empty. In order of `after`. */
struct promises {
    struct promise *list;
    size_t first;
    size_t end;
    size_t cap;
    struct promise kept; /* what promises_keep gave last */
};

void promises_free(struct promises *p);
/* Takes `file` over. `after` is not lower than before. */
void promises_add(struct promises *p, uint64_t after, char *file, uint64_t offset);
/* With so many records acknowledged: the last word that may be said, which includes the earlier ones, or NULL when
 * there is no new one. Valid until the next call. */
const struct promise *promises_keep(struct promises *p, uint64_t acknowledged);

#endif
