/* The latest look, and the time since. */
#include "common/base/age.h"

void age_note(struct age *a, uint64_t now_us, uint64_t us)
{
    *a = (struct age){true, now_us, us};
}

bool age_now(const struct age *a, uint64_t *us, uint64_t now_us, uint64_t patience_us)
{
    uint64_t since = now_us > a->at_us ? now_us - a->at_us : 0;
    *us = since > patience_us ? a->us + since : a->us;
    return a->known;
}
