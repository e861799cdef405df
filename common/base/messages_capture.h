/* Messages 2000 to 2999: capture. See message.h. */
/* clang-format off */
MESSAGE_EACH(CAPTURE_STARTS, 2001, NOTICE, "capture starts",
    "the daemon was started",
    "none needed")
MESSAGE(KAFKA_NO_ACK, 2002, WARN, "Kafka does not acknowledge",
    "brokers are away, or fewer in-sync replicas than min.insync.replicas are left; what is in flight is kept and sent again",
    "look at the brokers; nothing is lost as long as the source keeps its binlogs (capture.outage)")
MESSAGE(CAPTURE_RETRIES, 2003, WARN, "capture tries again",
    "source or Kafka cannot be reached, or answered with an error that passes",
    "see the cause in the line; it goes on by itself")
MESSAGE_EACH(CAPTURE_LEAVES, 2004, NOTICE, "leaving without waiting longer for an answer from source or Kafka",
    "a stop was asked for while a call hung; what was not acknowledged is read again at the next start",
    "none needed")
MESSAGE_EACH(NO_OVERLAP, 2005, WARN, "dumping from the stream's position itself: its last transaction cannot be compared",
    "the source has purged the binlog of the last published transaction, though nothing after it",
    "keep binlogs longer; a source that was exchanged for another one meanwhile would not be noticed by this check")
MESSAGE(SOURCE_CLOCK, 2006, NOTICE, "the source's clock cannot be asked now",
    "the query for its time failed; the former skew is used",
    "none needed, it is asked again")
MESSAGE_EACH(SOURCE_IS, 2007, NOTICE, "the source is",
    "of the servers in regions.R.host, this one is read",
    "none needed")
MESSAGE(SOURCE_NOT_TAKEN, 2008, WARN, "a host lacks part of what is published: not taken as the source",
    "a replica that lags, or was restored; reading from it would go back in time",
    "wait until it has caught up, or give what it lacks up: `drcctl stream accept-branch --region R --why TEXT`")
MESSAGE_EACH(STREAM_NEW, 2009, NOTICE, "new stream",
    "the topic was empty: capture began where regions.R.start says",
    "none needed, when this is the first start; else the topic was lost: `drcctl stream rebuild --region R --from-ledgers --delete-topic --why TEXT`")
MESSAGE_EACH(STREAM_RESUMED, 2010, NOTICE, "resumed",
    "capture goes on behind what the topic holds",
    "none needed")
MESSAGE_EACH(PUBLISHED_LOST, 2011, ERROR, "published and not in the source",
    "the source lost this transaction, the targets may have it; DRC-2506 follows",
    "see DRC-2506; `drc-reconcile` shows its rows")
MESSAGE(STRANGE_OFFSETS, 2012, WARN, "the topic holds records that were not counted on; none is of a newer instance",
    "Kafka wrote more than it acknowledged, or somebody else writes into the topic",
    "none needed when brokers were just away; else look who writes there (Kafka's ACLs)")
MESSAGE(TOPIC_ADVICE, 2013, WARN, "the topic",
    "a setting of the topic is weaker than the pair file asks for",
    "run the command in the line")
MESSAGE_EACH(TOPIC_MADE, 2014, NOTICE, "making the topic",
    "it was not there",
    "none needed at the first start")
MESSAGE(SENDER_ENDED, 2015, NOTICE, "sending has ended",
    "a stop was asked for while records were in flight; what was not acknowledged is published at the next start",
    "none needed")
MESSAGE(CAPTURE_STATE, 2016, INFO, "state",
    "what capture is doing has changed",
    "none needed")
MESSAGE(WATCH_TOPIC, 2017, WARN, "the topic's settings cannot be looked at now",
    "a broker does not answer, or the account may not describe the topic",
    "give the account DESCRIBE_CONFIGS on the topic; it is asked again every minute")
MESSAGE(WATCH_CANARY, 2018, WARN, "the loop mark cannot be proved now",
    "the canary's transaction could not be written at the source, or was not seen in time",
    "see the cause in the line; it is tried again. Without proof capture goes on until DRC-2520")

MESSAGE_STOP(STOP_TOPIC_GONE, 2501, UNSAFE, "topic T is gone; topic T is empty, but this process has written to it",
    "the topic was deleted while capture ran",
    "`drcctl stream rebuild --region R --from-ledgers --why TEXT`")
MESSAGE_STOP(STOP_TOPIC_RECREATED, 2502, UNSAFE, "topic T was recreated or truncated while it was written to; holds another stream than this process wrote",
    "the topic was deleted and made anew",
    "`drcctl stream rebuild --region R --from-ledgers --delete-topic --why TEXT`")
MESSAGE_STOP(STOP_TOPIC_TRUNCATED, 2503, UNSAFE, "topic T was truncated: its N records are gone; has no record left that says where the stream stands",
    "retention took the topic's last record, or somebody deleted records",
    "`drcctl stream rebuild --region R --from-ledgers --delete-topic --why TEXT`; then a longer kafka.topic.retention")
MESSAGE_STOP(STOP_CAPTURE_FENCED, 2504, DENIED, "fenced by a newer instance: epoch N",
    "another capture, or an operator's `drcctl stream`, has taken the stream over",
    "none needed: the other one runs. Stop one of the two for good")
MESSAGE_STOP(STOP_DUMP_REFUSED, 2505, UNSAFE, "the source refuses the dump",
    "the source has purged what capture needs next, or its history is another one",
    "a server that still has it in regions.R.host; else `drcctl stream accept-branch --region R --purged --why TEXT`, then drc-reconcile; where histories parted `drcctl stream accept-branch --region R --at POSITION --why TEXT`")
MESSAGE_STOP(STOP_SOURCE_LOST, 2506, UNSAFE, "the source lost transactions: topic T has come to X, the source only to Y",
    "a power cut, a restored backup, a promoted replica that lagged, RESET MASTER; each transaction has a line of its own before (DRC-2011)",
    "a server that has them in regions.R.host; else `drcctl stream accept-branch --region R --why TEXT`")
MESSAGE_STOP(STOP_SOURCE_BRANCHED, 2507, UNSAFE, "the source lost transactions: GTID (seq N, the last one in the topic) is not what the source has in its place",
    "as DRC-2506, and the GTIDs were given again to other transactions",
    "`drcctl stream accept-branch --region R --at POSITION --why TEXT`, the last position that both share; `--at none` after RESET MASTER")
MESSAGE_STOP(STOP_GTID_TWICE, 2508, UNSAFE, "a GTID was used twice or out of order",
    "two servers with one server id, or gtid_strict_mode=0",
    "no position of that binlog can be trusted: [a new stream](stops.md#beginning-a-new-stream)")
MESSAGE_STOP(STOP_GTID_FOREIGN, 2509, UNSAFE, "GTID G is of domain D, which regions.R.gtid_domains does not list",
    "somebody writes with a GTID domain or tag that the pair does not expect",
    "add it to the list, or take its writer off; start again")
MESSAGE_STOP(STOP_NO_COLUMN_NAMES, 2510, UNSAFE, "table D.T: the binlog lacks its column names",
    "binlog_row_metadata was MINIMAL for a while",
    "`SET GLOBAL binlog_row_metadata='FULL'`, then `drcctl stream accept-definition --region R --table D.T --why TEXT`")
MESSAGE_STOP(STOP_EVENT, 2511, UNSAFE, "event of type N, which this program does not know; INCIDENT event; is in the binlog as a statement",
    "an event of a newer server, an incident, or a change that was logged as a statement",
    "an unknown event: a newer release of drc; else `drcctl stream skip --region R --at FILE:OFFSET --why TEXT`, then drc-reconcile")
MESSAGE_STOP(STOP_ROW_IMAGE, 2512, UNSAFE, "a row image is not whole; row N of a ROWS event is not what its columns say",
    "rows of the pair's tables were written by a session with a binlog_row_image of its own, or cannot be read (only generated columns may be missing)",
    "let the session have FULL; `drcctl stream skip --region R --at FILE:OFFSET --why TEXT` for each such event, then drc-reconcile")
MESSAGE_STOP(STOP_OLD_FRACTION, 2513, UNSAFE, "a fraction of a second in the format of before MariaDB 10.1",
    "columns that were made by an old server; the binlog does not tell their length",
    "the statements in the line; `drcctl stream skip --region R --at FILE:OFFSET --why TEXT` for each event that was written before them, then drc-reconcile")
MESSAGE_STOP(STOP_NO_GTID, 2514, UNSAFE, "a transaction without GTID; has transactions without GTID in its binlog",
    "MySQL's gtid_mode was not ON for a while",
    "the statements in the line; compare with drc-reconcile, then [a new stream](stops.md#beginning-a-new-stream)")
MESSAGE_STOP(STOP_FLAVOR, 2516, UNSAFE, "the stream's position is one of a … server",
    "regions.R.host leads to a server of the other flavour than the stream is of",
    "the right server in regions.R.host")
MESSAGE_STOP(STOP_LEDGER_ROWS, 2517, UNSAFE, "which the ledger does not know; has not the columns of drc's ledger",
    "rows of drc.ledger, or the table itself, were changed by hand at the source, or by a newer release",
    "bring drc.ledger back from a backup")
MESSAGE_STOP(STOP_LOOP, 2518, UNSAFE, "loop: the source's ledger has this stream itself",
    "transactions of this region come back to it",
    "find the way by which they come (two links, a server that belongs to two regions), take it away, start again")
MESSAGE_STOP(STOP_LOOP_FUSE, 2519, UNSAFE, "loop fuse: transaction G changes drc.ledger after rows of D.T",
    "a trigger or the like writes before the loop mark, so that a replayed transaction looks like a local one",
    "take away what the line names, then leave that table out by tables.exclude until capture has passed")
MESSAGE_STOP(STOP_LOOP_MARK, 2520, UNSAFE, "the loop mark does not reach the binlog",
    "a binlog filter, or an init_connect that sets sql_log_bin, hides changes of drc.ledger",
    "take away what hides them, then start again")
MESSAGE_STOP(STOP_TWO_SERVERS, 2521, UNSAFE, "a change of drc.ledger committed at region R is not in the binlog that is read",
    "the region's address leads to more than one server",
    "give the servers' own addresses in regions.R.host, then start again")
