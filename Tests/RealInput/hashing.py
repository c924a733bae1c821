# SPDX-License-Identifier: Apache-2.0
"""How producers map keys to partitions: Java's murmur2, librdkafka's CRC32."""

import zlib


def murmur2(key: bytes) -> int:
    """MurmurHash2 as Kafka's Java client computes it: 32 bits, signed, fixed seed."""
    mask, multiplier = 0xFFFFFFFF, 0x5BD1E995
    value = (0x9747B28C ^ len(key)) & mask
    whole = len(key) & ~3
    for start in range(0, whole, 4):
        word = int.from_bytes(key[start : start + 4], "little") * multiplier & mask
        word = (word ^ (word >> 24)) * multiplier & mask
        value = (value * multiplier & mask) ^ word
    if len(key) > whole:
        value = (value ^ int.from_bytes(key[whole:], "little")) * multiplier & mask
    value = (value ^ (value >> 13)) * multiplier & mask
    value ^= value >> 15
    return value - (1 << 32) if value >> 31 else value


def owner_partition(model: str, count: int) -> int:
    return (murmur2(model.encode()) & 0x7FFFFFFF) % count


def crc32_partition(key: str, count: int) -> int:
    return zlib.crc32(key.encode()) % count


def name_hashed_apart(prefix: str, count: int) -> str:
    """A key that the two hashes send to different partitions."""
    for number in range(1000):
        name = f"{prefix}-{number}"
        if owner_partition(name, count) != crc32_partition(name, count):
            return name
    raise AssertionError("no such name found")
