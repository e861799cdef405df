/* Messages 3000 to 3999: the applier. See message.h. */
/* clang-format off */
MESSAGE_EACH(LINK_GOES_ON, 3001, NOTICE, "the link goes on",
    "the applier has a connection and its ledger rows, and reads on behind them",
    "none needed")
MESSAGE_EACH(LINK_FIRST_START, 3002, NOTICE, "first start of the link",
    "the target's ledger had no row of it: it began where links[].start says",
    "none needed when it is the first one; else the ledger was lost: stop, and bring drc.ledger back from a backup")
MESSAGE_EACH(TARGET_BEHIND, 3003, WARN, "the target is behind",
    "a replica that lagged took the former target's place; the transactions between are read again from the topic",
    "none needed; what was written at the former target alone is lost there: drc-reconcile")
MESSAGE_EACH(TARGET_CHANGED, 3004, WARN, "the target is another server now",
    "a failover, or the address leads to another server; its own ledger says what is in effect there",
    "none needed after a failover")
MESSAGE_EACH(SCHEMA_DENIED, 3005, ERROR, "drc's own tables cannot be made or read at the target",
    "the account lacks privileges; told beside another lack, so that both can be mended at once",
    "run the GRANT in the line")
MESSAGE(NOT_COMPARED, 3006, INFO, "definitions are not compared with the source's",
    "the source cannot be reached from here now",
    "none needed; `drcctl check` compares them, where both can be reached")
MESSAGE(LINK_STARTING, 3010, NOTICE, "the link is starting",
    "the applier connects, or looks for its place in the topic",
    "none needed")
MESSAGE(LINK_RUNNING, 3011, NOTICE, "the link is running",
    "transactions are applied",
    "none needed")
MESSAGE(LINK_WAITING, 3012, WARN, "the link is waiting",
    "it cannot go on before somebody or something else has acted: a schema change at the target, another link",
    "as the cause says; it goes on by itself then")
MESSAGE(LINK_RETRYING, 3013, WARN, "the link is retrying",
    "target or Kafka cannot be reached, or answered with an error that passes",
    "see the cause in the line; it goes on by itself")
MESSAGE(LINK_THROTTLED, 3014, NOTICE, "the link is throttled",
    "the target is busier than regions.R.throttle allows, its replicas lag, or the flag file is there",
    "none needed; raise the bounds if the lag matters more")
MESSAGE(LINK_PAUSED, 3015, NOTICE, "the link is paused",
    "an operator said drcctl pause",
    "drcctl resume")
MESSAGE(LINK_STOPPING, 3016, NOTICE, "the link is stopping",
    "a stop was asked for, or the link has found what it cannot pass",
    "see the last line")
MESSAGE_EACH(PACE_SET, 3017, NOTICE, "an operator throttles the link, or lifts that",
    "drcctl throttle",
    "none needed; it ends by --release, and with the applier's next start")
MESSAGE_EACH(TOPIC_BEGIN, 3020, NOTICE, "the ledger's offset is not in the topic any more, reading from the log's start",
    "retention passed it while the applier was away, or the topic was rebuilt",
    "none needed if it goes on; a longer kafka.topic.retention keeps an outage from losing records")
MESSAGE(TOPIC_READABLE, 3021, NOTICE, "the topic is readable again",
    "what DRC-3022 told of is over",
    "none needed")
MESSAGE(TOPIC_UNREADABLE, 3022, WARN, "the topic cannot be read; trying again",
    "brokers are away, or refuse the account",
    "look at the brokers; it goes on by itself")
MESSAGE_EACH(ENDS_BEFORE, 3023, ERROR, "what comes before it is applied, then the link stops",
    "a record cannot be passed; the last line says the same again",
    "see the last line")
MESSAGE_EACH(REJOIN_SEEKS, 3024, NOTICE, "looking for the ledger's place from the log's start on",
    "the topic was rebuilt: offsets are others, the stream is the same",
    "none needed")
MESSAGE_EACH(REJOINED, 3025, NOTICE, "the ledger's place is found again, with the ledger's chain",
    "the rebuilt topic holds the stream that was applied; nothing is applied twice",
    "none needed")
MESSAGE(WORKER_RECONNECTS, 3030, WARN, "a worker has lost its connection, the others go on",
    "the target ended it: a restart, a KILL, wait_timeout, a network that was cut",
    "none needed; if it comes often, look at the target's error log")
MESSAGE_EACH(LAST_ROLLBACK, 3031, NOTICE, "the transaction in hand does not end in time: rolling it back",
    "a stop was asked for and the target did not answer within the time that is allowed",
    "none needed: it is applied at the next start")
MESSAGE(SERIAL_TABLE, 3032, NOTICE, "changes of a table are applied one after another",
    "it has no unique key, or one whose values cannot be told apart by what their collation says",
    "give it a primary key, or accept that its changes are slow")
MESSAGE(VERSIONS_REREAD, 3033, INFO, "a topic is read again from further back",
    "versions of keys are needed that were left behind",
    "none needed")
MESSAGE(VERSIONS_RETRY, 3034, INFO, "a topic that versions come from cannot be read; trying again",
    "brokers are away",
    "look at the brokers; it goes on by itself")
MESSAGE(FORECAST_RETRY, 3035, NOTICE, "the forecast tries again",
    "target or Kafka cannot be reached, or has not come far enough",
    "none needed")
MESSAGE(FRAGMENTS_VOID, 3036, NOTICE, "a fragmented transaction is void",
    "its writer was replaced before it was complete; the new one publishes it whole",
    "none needed")
MESSAGE(BIG_ALONE, 3037, NOTICE, "a big transaction is in the way of an earlier one: reading it again, to go alone",
    "they share a key, and the earlier one came to it later",
    "none needed")
MESSAGE_EACH(OPERATOR_ACT, 3038, NOTICE, "operator's act",
    "somebody ran a command of drcctl stream; it is in the journal, too",
    "none needed")

MESSAGE_EACH(NO_ANSWER, 3039, WARN, "the target has not answered a statement in time; the next connection waits longer",
    "the server hangs, or has to look for a row in a large table without a key",
    "none needed: the link goes on when the answer comes; give the table that DRC-3030 or status names a key")
MESSAGE_STOP(STOP_XA_BODY, 3510, UNSAFE, "its body, prepared as seq N …, is not in the topic any more",
    "a prepared XA transaction was decided after retention had taken its body",
    "`drcctl stream rebuild --region R --from-ledgers --delete-topic --why TEXT`: it is captured again")
MESSAGE_STOP(STOP_XA_BEFORE, 3511, UNSAFE, "it was prepared before the stream or this link began",
    "XA COMMIT of what was prepared before the link's first start",
    "as the line says")
MESSAGE_STOP(STOP_BEGINS_LATE, 3512, UNSAFE, "no longer holds its beginning; was rebuilt and begins after seq N; begins after links[].start.gtid",
    "a link starts for the first time, and the topic does not reach back to where it should begin",
    "copy the source's data, `links[].start: {gtid: …}` of the copy")
MESSAGE_STOP(STOP_FORGED, 3513, UNSAFE, "a schema that is never replicated; not among the pair's tables",
    "a record that capture would not have written: somebody else writes into the topic, or tables.include was narrowed",
    "find out who writes there; for a table that was taken out of tables.include put it back until the link has passed")
MESSAGE_STOP(STOP_LEDGER_CHANGED, 3514, UNSAFE, "slot N of this link is gone; somebody changed it",
    "rows of drc.ledger were changed by hand at the target",
    "bring the row back from a backup")
MESSAGE_STOP(STOP_APPLIER_FENCED, 3515, DENIED, "fenced by a newer instance: slot N",
    "another applier has taken the link over",
    "none needed: the other one runs")
MESSAGE_STOP(STOP_PARK_FULL, 3516, UNSAFE, "above apply.park.max_rows; above apply.park.max_bytes",
    "more transactions are parked than the pair file allows",
    "mend what was refused, then `drcctl parked retry` or `discard`; or raise the bound; start again")
MESSAGE_STOP(STOP_NO_COPY, 3517, UNSAFE, "its drc.ledger has no row of it: it is no copy of the former target",
    "another server became the target, and nothing says what is in effect there",
    "take it out of regions.R.host, or give it a copy of the former target")
MESSAGE_STOP(STOP_VERSIONS_GAP, 3518, UNSAFE, "whether changes of region R between them are concurrent cannot be told any more",
    "a topic that versions come from has lost records that are needed",
    "as the line says; a longer kafka.topic.retention keeps it from coming again")
