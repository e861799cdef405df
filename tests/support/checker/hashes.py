"""CRC-32C and XXH64 of the wire format, written out: neither is in Python's own library."""

import struct

_CASTAGNOLI = 0x82F63B78
_MASK = 2**64 - 1
_P1, _P2, _P3, _P4, _P5 = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)


def _bits(value, count):
    for _ in range(count):
        value = (value >> 1) ^ (_CASTAGNOLI if value & 1 else 0)
    return value


_BY_BYTE = [_bits(i, 8) for i in range(256)]
_BY_WORD = [_BY_BYTE[(crc := _BY_BYTE[i & 0xFF]) & 0xFF ^ i >> 8] ^ crc >> 8 for i in range(65536)]


def crc32c(data):
    crc, table = 0xFFFFFFFF, _BY_WORD
    even = len(data) & ~1
    for word in struct.unpack(f"<{even // 2}H", data[:even]):
        crc = table[(crc ^ word) & 0xFFFF] ^ crc >> 16
    for byte in data[even:]:
        crc = _BY_BYTE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _rotl(value, count):
    return (value << count | value >> (64 - count)) & _MASK


def _round(lane, word):
    return _rotl(lane + word * _P2 & _MASK, 31) * _P1 & _MASK


def _merge(value, lane):
    return ((value ^ _round(0, lane)) * _P1 + _P4) & _MASK


def _stripes(data, seed):
    lanes = [(seed + _P1 + _P2) & _MASK, (seed + _P2) & _MASK, seed, (seed - _P1) & _MASK]
    for at in range(0, len(data) - 31, 32):
        lanes = [_round(lane, word) for lane, word in zip(lanes, struct.unpack_from("<4Q", data, at))]
    value = sum(_rotl(lane, turn) for lane, turn in zip(lanes, (1, 7, 12, 18))) & _MASK
    for lane in lanes:
        value = _merge(value, lane)
    return value


def xxh64(data, seed=0):
    value = _stripes(data, seed) if len(data) >= 32 else (seed + _P5) & _MASK
    value = (value + len(data)) & _MASK
    at = len(data) & ~31
    while at + 8 <= len(data):
        value = (_rotl(value ^ _round(0, struct.unpack_from("<Q", data, at)[0]), 27) * _P1 + _P4) & _MASK
        at += 8
    if at + 4 <= len(data):
        value = (_rotl(value ^ struct.unpack_from("<I", data, at)[0] * _P1 & _MASK, 23) * _P2 + _P3) & _MASK
        at += 4
    for byte in data[at:]:
        value = _rotl(value ^ byte * _P5 & _MASK, 11) * _P1 & _MASK
    value = (value ^ value >> 33) * _P2 & _MASK
    value = (value ^ value >> 29) * _P3 & _MASK
    return value ^ value >> 32
