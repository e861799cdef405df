/* Messages 4000 to 4999: conflicts, parked transactions, DDL, repairs. See message.h. */
/* clang-format off */
MESSAGE(CONFLICT, 4001, NOTICE, "conflict",
    "a change met a row that is not as its source saw it; it was decided by the policy of its table",
    "none needed; every one is in the journal: `drcctl conflicts list`")
MESSAGE(VERSION_SKEW, 4002, WARN, "the clocks behind version columns differ by more than max_skew",
    "what is later by the columns need not have been written later",
    "mend the clocks of the applications' hosts (NTP); see conflicts.md")
MESSAGE_EACH(JOURNAL_FAILED, 4003, ERROR, "what stops the link could not be written to the journal",
    "the target refused the journal's row while the link was stopping",
    "see both causes in the lines")
MESSAGE(JOURNAL_AGES, 4004, WARN, "the conflict journal nears the end of conflicts.retention: its oldest entries go soon",
    "entries are about as old as conflicts.retention, and some are open",
    "`drcctl conflicts list --state open`, and decide them; or raise conflicts.retention")
MESSAGE(JOURNAL_REMOVED, 4005, NOTICE, "entries of the conflict journal are removed",
    "they were older than conflicts.retention",
    "none needed")
MESSAGE_EACH(RULE_STOPS, 4006, WARN, "a conflict will stop the link, as long as the table has no rule of its own in conflicts.tables",
    "the default rule does not fit the table",
    "a rule for the table in conflicts.tables")
MESSAGE_EACH(RULE_MISSES_DELETES, 4007, WARN, "a conflict rule cannot judge writes that meet a delete",
    "it goes by a version column in a pair that is linked both ways; the line has a history that leaves the sides different",
    "versions: causal with delete: delete_wins; or delete: never, if no row is deleted")
MESSAGE(PARKED, 4101, WARN, "a transaction is parked",
    "the target refuses one of its rows; later ones that touch the same keys are parked behind it",
    "`drcctl parked list`; mend what is refused, then `drcctl parked retry`; or `drcctl parked discard`")
MESSAGE(PARKED_BEHIND, 4102, NOTICE, "a transaction is parked behind another one",
    "it touches keys of one that is parked",
    "mend the one in front; the rest follows in order")
MESSAGE_EACH(PARKED_THERE, 4103, WARN, "the link has parked transactions: see drcctl parked list",
    "they were parked before this start",
    "`drcctl parked list`; mend what was refused, then `drcctl parked retry` or `discard`")
MESSAGE(PARKED_DONE, 4104, NOTICE, "a parked transaction is in effect now",
    "it was tried again, and the target took it",
    "none needed")
MESSAGE(PARKED_STAYS, 4105, WARN, "a parked transaction stays parked",
    "it was tried again, and is refused as before",
    "see the cause in the line")
MESSAGE_EACH(PARKED_GIVEN_UP, 4106, NOTICE, "a parked transaction was given up by the operator",
    "somebody ran drcctl parked discard; it is in the journal",
    "none needed")
MESSAGE(BIG_PARKED, 4107, NOTICE, "a big transaction is refused by the target: reading it again, to park it",
    "one of its rows is refused",
    "as for DRC-4101")
MESSAGE_EACH(SKIPPED, 4108, WARN, "a transaction of the source is skipped",
    "drcctl skip: it blocked the link, and an operator has had it left out; it is kept in drc.parked and drc.conflicts",
    "compare both sides by drc-reconcile")
MESSAGE_EACH(DDL_DONE, 4201, NOTICE, "ddl of the source is in effect at the target",
    "links[].ddl: apply ran it, or found it done",
    "none needed")
MESSAGE_EACH(DDL_RUNS_ON, 4202, NOTICE, "stopped while the target runs ddl: the next start sees what became of it",
    "a stop was asked for during a long ALTER",
    "none needed")
MESSAGE_EACH(DDL_AGAIN, 4203, NOTICE, "ddl of the source was begun before and not done",
    "the applier was cut off before the target had run it; it is run now",
    "none needed")
MESSAGE_EACH(DDL_PASSED, 4204, NOTICE, "ddl of the source is passed",
    "an operator said drcctl resume --gtid, or the target was brought there by hand",
    "none needed; compare the definitions with `drcctl check`")
MESSAGE_EACH(DDL_THERE, 4205, NOTICE, "ddl of the source, where the target is already",
    "the target's definitions are what it would have made of them",
    "none needed")
MESSAGE_EACH(DDL_NOT_RUN, 4206, NOTICE, "ddl of the source is not run here",
    "it is not about the pair's tables, or changes nothing that rows depend on",
    "none needed, unless the target should have it: run it there by hand")
MESSAGE_EACH(DDL_IGNORED, 4207, NOTICE, "ddl of the source is ignored",
    "links[].ddl: ignore",
    "run it at the target by hand, where it should have it")
MESSAGE(MARK_REFUSED, 4301, WARN, "a mark of reconcile is refused",
    "what drc-reconcile asked for does not fit the target as it is now",
    "see the cause in the line, and run drc-reconcile again")
MESSAGE(ROWS_REPAIRED, 4302, NOTICE, "rows are repaired as reconcile asked",
    "somebody ran drc-reconcile with --repair",
    "none needed")

MESSAGE_STOP(STOP_CONFLICT, 4501, UNSAFE, "conflict K on …",
    "a conflict that nobody may decide: policy stop, or a row that the policy cannot decide",
    "mend one side by hand, start again; see [conflicts.md](conflicts.md)")
MESSAGE_STOP(STOP_ROW_REFUSED, 4502, UNSAFE, "cannot be written at the target",
    "the target refuses a row, and apply.on_data_error is stop",
    "mend one side by hand, start again; or apply.on_data_error: park")
