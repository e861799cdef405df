"""Kafka administration from Python, through librdkafka, which the programs under test need anyway.

Only what tests ask for: brokers, topics, leaders, offsets, create and delete a topic, delete records. Every call makes its own
short-lived handle.
"""

import contextlib
import ctypes
import ctypes.util
import time

_ERROR_SIZE = 512
_PRODUCER = 0
_TOPIC = 2
_NO_ERROR = 0
_LEADER_CHANGES = (5, 6)  # leader not available, not leader for partition: both pass

_ptr, _int, _i64, _str = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64, ctypes.c_char_p


class AdminError(RuntimeError):
    """What librdkafka or the broker answered."""


class _Broker(ctypes.Structure):
    _fields_ = [("id", ctypes.c_int32), ("host", _str), ("port", _int)]


class _Partition(ctypes.Structure):
    _fields_ = [
        ("id", ctypes.c_int32),
        ("err", _int),
        ("leader", ctypes.c_int32),
        ("replica_cnt", _int),
        ("replicas", _ptr),
        ("isr_cnt", _int),
        ("isrs", _ptr),
    ]


class _Topic(ctypes.Structure):
    _fields_ = [("topic", _str), ("partition_cnt", _int), ("partitions", ctypes.POINTER(_Partition)), ("err", _int)]


class _Metadata(ctypes.Structure):
    _fields_ = [
        ("broker_cnt", _int),
        ("brokers", ctypes.POINTER(_Broker)),
        ("topic_cnt", _int),
        ("topics", ctypes.POINTER(_Topic)),
        ("orig_broker_id", ctypes.c_int32),
        ("orig_broker_name", _str),
    ]


class _TopicPartition(ctypes.Structure):
    _fields_ = [
        ("topic", _str),
        ("partition", ctypes.c_int32),
        ("offset", _i64),
        ("metadata", _ptr),
        ("metadata_size", ctypes.c_size_t),
        ("opaque", _ptr),
        ("err", _int),
        ("_private", _ptr),
    ]


class _TopicPartitionList(ctypes.Structure):
    _fields_ = [("cnt", _int), ("size", _int), ("elems", ctypes.POINTER(_TopicPartition))]


_FACES = {
    "rd_kafka_conf_new": (_ptr, []),
    "rd_kafka_conf_set": (_int, [_ptr, _str, _str, _str, ctypes.c_size_t]),
    "rd_kafka_new": (_ptr, [_int, _ptr, _str, ctypes.c_size_t]),
    "rd_kafka_destroy": (None, [_ptr]),
    "rd_kafka_err2str": (_str, [_int]),
    "rd_kafka_metadata": (_int, [_ptr, _int, _ptr, ctypes.POINTER(ctypes.POINTER(_Metadata)), _int]),
    "rd_kafka_metadata_destroy": (None, [ctypes.POINTER(_Metadata)]),
    "rd_kafka_query_watermark_offsets": (
        _int,
        [_ptr, _str, ctypes.c_int32, ctypes.POINTER(_i64), ctypes.POINTER(_i64), _int],
    ),
    "rd_kafka_queue_new": (_ptr, [_ptr]),
    "rd_kafka_queue_destroy": (None, [_ptr]),
    "rd_kafka_queue_poll": (_ptr, [_ptr, _int]),
    "rd_kafka_event_error": (_int, [_ptr]),
    "rd_kafka_event_error_string": (_str, [_ptr]),
    "rd_kafka_event_destroy": (None, [_ptr]),
    "rd_kafka_NewTopic_new": (_ptr, [_str, _int, _int, _str, ctypes.c_size_t]),
    "rd_kafka_NewTopic_set_config": (_int, [_ptr, _str, _str]),
    "rd_kafka_NewTopic_destroy": (None, [_ptr]),
    "rd_kafka_CreateTopics": (None, [_ptr, ctypes.POINTER(_ptr), ctypes.c_size_t, _ptr, _ptr]),
    "rd_kafka_event_CreateTopics_result": (_ptr, [_ptr]),
    "rd_kafka_CreateTopics_result_topics": (ctypes.POINTER(_ptr), [_ptr, ctypes.POINTER(ctypes.c_size_t)]),
    "rd_kafka_DeleteTopic_new": (_ptr, [_str]),
    "rd_kafka_DeleteTopic_destroy": (None, [_ptr]),
    "rd_kafka_DeleteTopics": (None, [_ptr, ctypes.POINTER(_ptr), ctypes.c_size_t, _ptr, _ptr]),
    "rd_kafka_event_DeleteTopics_result": (_ptr, [_ptr]),
    "rd_kafka_DeleteTopics_result_topics": (ctypes.POINTER(_ptr), [_ptr, ctypes.POINTER(ctypes.c_size_t)]),
    "rd_kafka_topic_result_error": (_int, [_ptr]),
    "rd_kafka_topic_result_error_string": (_str, [_ptr]),
    "rd_kafka_topic_partition_list_new": (ctypes.POINTER(_TopicPartitionList), [_int]),
    "rd_kafka_topic_partition_list_add": (
        ctypes.POINTER(_TopicPartition),
        [ctypes.POINTER(_TopicPartitionList), _str, ctypes.c_int32],
    ),
    "rd_kafka_topic_partition_list_destroy": (None, [ctypes.POINTER(_TopicPartitionList)]),
    "rd_kafka_DeleteRecords_new": (_ptr, [ctypes.POINTER(_TopicPartitionList)]),
    "rd_kafka_DeleteRecords_destroy": (None, [_ptr]),
    "rd_kafka_DeleteRecords": (None, [_ptr, ctypes.POINTER(_ptr), ctypes.c_size_t, _ptr, _ptr]),
    "rd_kafka_event_DeleteRecords_result": (_ptr, [_ptr]),
    "rd_kafka_ConfigResource_new": (_ptr, [_int, _str]),
    "rd_kafka_ConfigResource_destroy": (None, [_ptr]),
    "rd_kafka_ConfigResource_set_config": (_int, [_ptr, _str, _str]),
    "rd_kafka_ConfigResource_error": (_int, [_ptr]),
    "rd_kafka_AlterConfigs": (None, [_ptr, ctypes.POINTER(_ptr), ctypes.c_size_t, _ptr, _ptr]),
    "rd_kafka_event_AlterConfigs_result": (_ptr, [_ptr]),
    "rd_kafka_AlterConfigs_result_resources": (ctypes.POINTER(_ptr), [_ptr, ctypes.POINTER(ctypes.c_size_t)]),
    "rd_kafka_AclBinding_new": (_ptr, [_int, _str, _int, _str, _str, _int, _int, ctypes.c_char_p, ctypes.c_size_t]),
    "rd_kafka_AclBinding_destroy": (None, [_ptr]),
    "rd_kafka_CreateAcls": (None, [_ptr, ctypes.POINTER(_ptr), ctypes.c_size_t, _ptr, _ptr]),
    "rd_kafka_DeleteRecords_result_offsets": (ctypes.POINTER(_TopicPartitionList), [_ptr]),
}


def _load():
    library = ctypes.CDLL("librdkafka.so.1")
    for name, (result, arguments) in _FACES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


_rk = _load()


def _check(code, what):
    if code != _NO_ERROR:
        raise AdminError(f"{what}: {_rk.rd_kafka_err2str(code).decode()}")


@contextlib.contextmanager
def _handle(bootstrap):
    error = ctypes.create_string_buffer(_ERROR_SIZE)
    conf = _rk.rd_kafka_conf_new()
    for name, value in {"bootstrap.servers": ",".join(bootstrap), "log_level": "0"}.items():
        if _rk.rd_kafka_conf_set(conf, name.encode(), value.encode(), error, _ERROR_SIZE) != 0:
            raise AdminError(error.value.decode())
    handle = _rk.rd_kafka_new(_PRODUCER, conf, error, _ERROR_SIZE)
    if not handle:
        raise AdminError(error.value.decode())
    try:
        yield handle
    finally:
        _rk.rd_kafka_destroy(handle)


@contextlib.contextmanager
def _metadata(handle, timeout):
    found = ctypes.POINTER(_Metadata)()
    _check(_rk.rd_kafka_metadata(handle, 1, None, ctypes.byref(found), int(timeout * 1000)), "metadata")
    try:
        yield found.contents
    finally:
        _rk.rd_kafka_metadata_destroy(found)


def brokers(bootstrap, timeout=60):
    """The ids of the brokers that are up."""
    with _handle(bootstrap) as handle, _metadata(handle, timeout) as metadata:
        return {metadata.brokers[i].id for i in range(metadata.broker_cnt)}


def topics(bootstrap, timeout=60):
    """Topic name -> number of partitions."""
    with _handle(bootstrap) as handle, _metadata(handle, timeout) as metadata:
        found = [metadata.topics[i] for i in range(metadata.topic_cnt)]
        return {topic.topic.decode(): topic.partition_cnt for topic in found}


def leader(bootstrap, topic, timeout=60):
    """(node that leads partition 0, -1 while there is none; how many copies are in sync)."""
    with _handle(bootstrap) as handle, _metadata(handle, timeout) as metadata:
        for found in (metadata.topics[i] for i in range(metadata.topic_cnt)):
            if found.topic.decode() == topic and found.partition_cnt > 0:
                return found.partitions[0].leader, found.partitions[0].isr_cnt
    return -1, 0


def offsets(bootstrap, topic, partition=0, timeout=60):
    """(first offset kept, offset that the next record gets). While a leader is being chosen it asks again."""
    low, high = _i64(), _i64()
    deadline = time.monotonic() + timeout
    with _handle(bootstrap) as handle:
        while True:
            code = _rk.rd_kafka_query_watermark_offsets(
                handle, topic.encode(), partition, ctypes.byref(low), ctypes.byref(high), int(timeout * 1000)
            )
            if code not in _LEADER_CHANGES or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        _check(code, f"offsets of {topic}")
    return low.value, high.value


@contextlib.contextmanager
def _answer(handle, call, request, what, timeout):
    """Send one admin request and yield the event that answers it."""
    queue = _rk.rd_kafka_queue_new(handle)
    try:
        call(handle, (_ptr * 1)(request), 1, None, queue)
        event = _rk.rd_kafka_queue_poll(queue, int(timeout * 1000))
        if not event:
            raise AdminError(f"{what}: no answer within {timeout} s")
        try:
            if _rk.rd_kafka_event_error(event) != _NO_ERROR:
                raise AdminError(f"{what}: {_rk.rd_kafka_event_error_string(event).decode()}")
            yield event
        finally:
            _rk.rd_kafka_event_destroy(event)
    finally:
        _rk.rd_kafka_queue_destroy(queue)


def _check_topic_result(results, what):
    result = results[0]
    if _rk.rd_kafka_topic_result_error(result) != _NO_ERROR:
        text = _rk.rd_kafka_topic_result_error_string(result)
        raise AdminError(f"{what}: {text.decode() if text else 'refused'}")


def create_topic(bootstrap, name, partitions, replication, config, timeout=60):
    what, count = f"create topic {name}", ctypes.c_size_t()
    error = ctypes.create_string_buffer(_ERROR_SIZE)
    with _handle(bootstrap) as handle:
        request = _rk.rd_kafka_NewTopic_new(name.encode(), partitions, replication, error, _ERROR_SIZE)
        if not request:
            raise AdminError(f"{what}: {error.value.decode()}")
        try:
            for key, value in config.items():
                _check(_rk.rd_kafka_NewTopic_set_config(request, key.encode(), str(value).encode()), what)
            with _answer(handle, _rk.rd_kafka_CreateTopics, request, what, timeout) as event:
                result = _rk.rd_kafka_event_CreateTopics_result(event)
                _check_topic_result(_rk.rd_kafka_CreateTopics_result_topics(result, ctypes.byref(count)), what)
        finally:
            _rk.rd_kafka_NewTopic_destroy(request)


def delete_topic(bootstrap, name, timeout=60):
    what, count = f"delete topic {name}", ctypes.c_size_t()
    with _handle(bootstrap) as handle:
        request = _rk.rd_kafka_DeleteTopic_new(name.encode())
        try:
            with _answer(handle, _rk.rd_kafka_DeleteTopics, request, what, timeout) as event:
                result = _rk.rd_kafka_event_DeleteTopics_result(event)
                _check_topic_result(_rk.rd_kafka_DeleteTopics_result_topics(result, ctypes.byref(count)), what)
        finally:
            _rk.rd_kafka_DeleteTopic_destroy(request)


def delete_records(bootstrap, topic, partition, before, timeout=60):
    what = f"delete records of {topic} below {before}"
    wanted = _rk.rd_kafka_topic_partition_list_new(1)
    _rk.rd_kafka_topic_partition_list_add(wanted, topic.encode(), partition).contents.offset = before
    request = _rk.rd_kafka_DeleteRecords_new(wanted)
    _rk.rd_kafka_topic_partition_list_destroy(wanted)
    try:
        with _handle(bootstrap) as handle, _answer(handle, _rk.rd_kafka_DeleteRecords, request, what, timeout) as event:
            result = _rk.rd_kafka_event_DeleteRecords_result(event)
            _check(_rk.rd_kafka_DeleteRecords_result_offsets(result).contents.elems[0].err, what)
    finally:
        _rk.rd_kafka_DeleteRecords_destroy(request)


def alter_topic(bootstrap, name, config, timeout=60):
    what, count = f"alter topic {name}", ctypes.c_size_t()
    request = _rk.rd_kafka_ConfigResource_new(_TOPIC, name.encode())
    try:
        for key, value in config.items():
            _check(_rk.rd_kafka_ConfigResource_set_config(request, key.encode(), str(value).encode()), what)
        with _handle(bootstrap) as handle, _answer(handle, _rk.rd_kafka_AlterConfigs, request, what, timeout) as event:
            result = _rk.rd_kafka_event_AlterConfigs_result(event)
            resources = _rk.rd_kafka_AlterConfigs_result_resources(result, ctypes.byref(count))
            _check(_rk.rd_kafka_ConfigResource_error(resources[0]), what)
    finally:
        _rk.rd_kafka_ConfigResource_destroy(request)


_OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8, "DescribeConfigs": 10}


def let_write(bootstrap, topic, principal):
    """An ACL by which `principal` ("User:drc") may write to the topic; wants an authorizer."""
    let(bootstrap, principal, ["Write"], topic)


def let(bootstrap, principal, operations, topic=None):
    """The same of operations by kafka-acls.sh's names; without a topic they are about the cluster."""
    for operation in operations:
        _let(bootstrap, principal, _OPERATIONS[operation], topic)


def _let(bootstrap, principal, operation, topic, timeout=60):
    literal, allow, cluster = 3, 3, 4
    resource, name = (_TOPIC, topic) if topic else (cluster, "kafka-cluster")
    error = ctypes.create_string_buffer(_ERROR_SIZE)
    with _handle(bootstrap) as handle:
        request = _rk.rd_kafka_AclBinding_new(
            resource, name.encode(), literal, principal.encode(), b"*", operation, allow, error, _ERROR_SIZE
        )
        try:
            with _answer(handle, _rk.rd_kafka_CreateAcls, request, f"ACL of {name}", timeout):
                pass
        finally:
            _rk.rd_kafka_AclBinding_destroy(request)
