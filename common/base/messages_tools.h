/* Messages 5000 to 5999: drcctl and drc-reconcile, to stderr. See message.h. */
/* clang-format off */
MESSAGE(PROBE_FAILED, 5001, WARN, "rows that keep changing cannot be asked for",
    "a marker row could not be written, or its answer did not come: the link is stopped, or lags",
    "start the links, let them catch up, run drc-reconcile again; without, such rows are `unsettled`")
MESSAGE(COMPARE_RETRIES, 5002, WARN, "trying again",
    "a server cannot be reached, or answered with an error that passes",
    "see the cause in the line; it goes on by itself")
MESSAGE(COMPARE_WAITS, 5003, WARN, "the comparison waits",
    "a server is busier than the throttle allows, or its replicas lag",
    "none needed; raise the bounds if the comparison matters more")
