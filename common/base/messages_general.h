/* Messages 1000 to 1999: what any program may say. See message.h. */
/* clang-format off */
MESSAGE_EACH(STOPPED, 1001, NOTICE, "PROGRAM: stopped: REASON",
    "somebody or something asked for it: a signal, systemd, drcctl",
    "none needed")
MESSAGE_EACH(NO_MEMORY, 1002, ERROR, "out of memory",
    "the process could not have more memory; it ends at once (75), and systemd starts it again",
    "give the host or the unit (MemoryMax=) more, or lower limits.queue_bytes and apply.workers")
MESSAGE_EACH(NO_DESCRIPTOR, 1003, ERROR, "no file descriptor to be had",
    "the process or the host has too many files open; it ends at once (75)",
    "raise LimitNOFILE= of the unit, or look who uses them all up")
MESSAGE_EACH(NO_SIGNAL_THREAD, 1004, ERROR, "the thread for signals cannot be started",
    "the process or the host has too many threads; it ends at once (75)",
    "raise TasksMax= of the unit, or look who uses them all up")
MESSAGE_EACH(NOT_ENCRYPTED, 1005, WARN, "a database connection is not protected",
    "to a server that is not on loopback tls.mode is off, and insecure: true accepts it; or it is required, which encrypts "
    "and looks at no certificate",
    "set up tls for the region with mode verify-full, then take insecure away")
MESSAGE_EACH(KAFKA_INSECURE, 1006, WARN, "a connection to Kafka is not protected",
    "kafka.properties gives TLS or the check of certificates up, and insecure: true accepts it",
    "set up ssl or sasl_ssl with verification, then take insecure away")
MESSAGE(CONTROL_TURNED_AWAY, 1007, WARN, "somebody was turned away from the control socket",
    "a process of another user than the daemon's or root asked for something; uid and pid are in the line",
    "ask as root or as the daemon's user; if nobody should have asked, look who that user is")
MESSAGE(CONTROL_NO_CLIENT, 1008, WARN, "the control socket cannot take a client",
    "the process has too many files open",
    "raise LimitNOFILE= of the unit; the daemon goes on, drcctl tries again")
MESSAGE(NOTE_NOT_LEFT, 1009, WARN, "a note for drcctl cannot be left beside the control socket",
    "the directory of control.socket is full or may not be written to",
    "make room there, or correct its owner; only drcctl status of a daemon that has ended knows less")
MESSAGE(KAFKA_CLIENT, 1010, WARN, "Kafka's client library reports",
    "what the library tells of itself: a broker that cannot be reached, a handshake that failed",
    "look at that broker, or at the certificates; the daemon tries again for ever")
MESSAGE(NO_PROGRESS, 1011, ERROR, "no progress: the watchdog is not fed",
    "a thread of the daemon hangs in a call or a loop; systemd ends it after WatchdogSec= and starts it anew",
    "nothing is lost; if it comes again, report it with the names of the threads in the line")
MESSAGE(PROGRESS_AGAIN, 1012, NOTICE, "all threads get on again",
    "what DRC-1011 told of is over",
    "none needed")
MESSAGE(HTTP_LISTENS, 1013, NOTICE, "metrics and the status page are to be had",
    "the pair file gives this daemon an address for HTTP",
    "none needed")
MESSAGE(HTTP_NO_ADDRESS, 1014, ERROR, "metrics and the status page are not to be had, and tried again",
    "the address of `metrics` is in use, or is none of this host's; the daemon goes on without",
    "give each daemon of a host a port of its own in the pair file; look who has it with `ss -ltnp`")
MESSAGE(HTTP_IN_THE_OPEN, 1015, WARN, "metrics and the status page can be read by whoever reaches the address",
    "the address of `metrics` is not of loopback; what is told there is neither encrypted nor asked a password for",
    "let only the monitoring reach it, or use a port of loopback behind what encrypts and authenticates")
MESSAGE_EACH(FINDING_ERROR, 1020, ERROR, "check",
    "a rule of check.md is broken in a way that can lose or corrupt data, or stop a daemon; the line has rule, reason and cure",
    "run what the line says; `drcctl check` shows all findings")
MESSAGE_EACH(FINDING_WARNING, 1021, WARN, "check",
    "a rule of check.md is broken; the line has rule, reason and cure",
    "run what the line says; `drcctl check` shows all findings")
MESSAGE_EACH(FINDING_NOTE, 1022, NOTICE, "check",
    "something that check.md has a rule for is worth knowing",
    "none needed, the line says what could be done")
MESSAGE_EACH(FINDING_GONE, 1023, NOTICE, "no longer so",
    "what a finding told of has been mended",
    "none needed")
MESSAGE(EPOCH_ABOVE, 1030, INFO, "another instance announced an epoch, going above it",
    "two writers began at the same time; the one with the higher epoch goes on, the other one is fenced",
    "none needed; if it comes again and again, two captures run for one region: stop one for good")
MESSAGE(STANDBY_WRITTEN, 1031, NOTICE, "a standby is the server that is written to from now on",
    "the region's former server is read-only or away, and another one of regions.R.host takes its place",
    "none needed after a planned failover; else see what became of the former server")

MESSAGE_EACH(RELOADED, 1040, NOTICE, "the pair file was read again",
    "SIGHUP, drcctl reload, set or reset; the line says what differs, and nothing else does",
    "none needed; it is in force with DRC-1042, at the latest when the transaction in hand has ended")
MESSAGE_EACH(RELOAD_REFUSED, 1041, WARN, "the configuration stays as it is",
    "the pair file is wrong, or a key needs a restart that the line names with both values; nothing of it was taken up",
    "mend the file, or restart the daemon; `drcctl reload --check` says what would change")
MESSAGE_EACH(RELOAD_IN_FORCE, 1042, NOTICE, "the configuration as it was read again is in force",
    "the session before has ended, and the next one begins with it",
    "none needed")
MESSAGE_STOP(STOP_USAGE, 1064, BAD_USAGE, "stopped, exit code 64",
    "the command line is not right",
    "see --help, or the man page")
MESSAGE_STOP(STOP_UNSAFE, 1069, UNSAFE, "stopped, exit code 69",
    "going on would lose, repeat or reorder data, for a reason that has no id of its own; it is in the line",
    "as the line says; else `drcctl check`, and compare with drc-reconcile before anything is changed")
MESSAGE_STOP(STOP_BUG, 1070, BUG, "stopped, exit code 70",
    "a mistake in drc: something came out that its own code rules out",
    "it is started again by systemd; report the line with the version, and what led to it")
MESSAGE_STOP(STOP_TRY_AGAIN, 1075, TRY_AGAIN, "stopped, exit code 75",
    "something that passes: no memory, no thread, or a command that gave up waiting",
    "it is started again by systemd; run a command again")
MESSAGE_STOP(STOP_DENIED, 1077, DENIED, "stopped, exit code 77",
    "authentication failed, or the account lacks a privilege; the line has the GRANT",
    "run the GRANT, or all of `drcctl grants`; correct user or password; then start the daemon")
MESSAGE_STOP(STOP_CONFIG, 1078, BAD_CONFIG, "stopped, exit code 78",
    "the pair file, a server's setting or a topic's is not as it must be; the line says where and what",
    "as the line says: edit the pair file, or run the statement; `drcctl check` finds the rest; then start the daemon")

MESSAGE_STOP(STOP_SECOND_INSTANCE, 1101, UNSAFE, "another instance runs here: somebody listens at SOCKET",
    "a second daemon for the same region or link was started on this host",
    "none needed: the other one runs")
MESSAGE_STOP(STOP_RECORD_FOREIGN, 1110, UNSAFE, "the record is damaged; not a record of ours",
    "somebody else writes into the topic, or its log is damaged",
    "find out who writes there (Kafka's ACLs); `drcctl stream rebuild --region R --from-ledgers --delete-topic --why TEXT`")
MESSAGE_STOP(STOP_RECORD_NEWER, 1111, UNSAFE, "the record has format version N, this program reads version M only",
    "the writer of the topic is of a newer release",
    "install that release here, too")
MESSAGE_STOP(STOP_RECORDS_MISSING, 1112, UNSAFE, "records are missing",
    "the topic lacks records in the middle: retention was shorter than an outage, or records were deleted",
    "`drcctl stream rebuild --region R --from-ledgers --delete-topic --why TEXT`; then a longer kafka.topic.retention")
MESSAGE_STOP(STOP_OTHER_HISTORY, 1113, UNSAFE, "another history; tells another history; it would repeat",
    "the topic holds the stream of another past than the reader has applied",
    "`drcctl stream rebuild --region R --from-ledgers --delete-topic --why TEXT`")
MESSAGE_STOP(STOP_OTHER_STREAM, 1114, UNSAFE, "another stream than the ledger's; another stream UUID than ours",
    "the topic was deleted and made anew, or two sources write into it",
    "`drcctl stream rebuild --region R --from-ledgers --delete-topic --why TEXT`")
