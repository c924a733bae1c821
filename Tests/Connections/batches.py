# SPDX-License-Identifier: Apache-2.0
"""Record batches as no ordinary client makes them, and the Produce request that brings them to a broker."""

from __future__ import annotations

import gzip
import io
import socket
import struct
import time

#: Codecs of a batch, by the bits that name them.
NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)


def varint(number: int) -> bytes:
    """A number as records have it: zigzag, seven bits a byte."""
    number = (number << 1) ^ (number >> 63)
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def record(delta: int, value: bytes | None, key: bytes | None = None) -> bytes:
    def field(text: bytes | None) -> bytes:
        return varint(-1) if text is None else varint(len(text)) + text

    body = b"\0" + varint(0) + varint(delta) + field(key) + field(value) + varint(0)
    return varint(len(body)) + body


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _crc_table() -> list[int]:
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
        table.append(number)
    return table


CRC_TABLE = _crc_table()


def batch(records: bytes, count: int, codec: int = NONE) -> bytes:
    """A batch of format 2; `records` are what is in it, compressed already."""
    now = int(time.time() * 1000)
    body = struct.pack(">hiqqqhii", codec, count - 1, now, now, -1, -1, -1, count) + records
    inner = struct.pack(">ibI", -1, 2, crc32c(body)) + body
    return struct.pack(">qi", 0, len(inner)) + inner


def zeros(size: int) -> bytes:
    """A record of so many zeros, compressed by gzip; in pieces, so that a gigabyte of it takes no gigabyte."""
    body = b"\0" + varint(0) + varint(0) + varint(-1) + varint(size)
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9) as file:
        file.write(varint(len(body) + size + 1) + body)
        piece = bytes(1 << 20)
        left = size
        while left:
            left -= file.write(piece[: min(left, len(piece))])
        file.write(varint(0))
    return out.getvalue()


def produce(address: str, topic: str, partition: int, records: bytes) -> int:
    """Sends one batch by a Produce request of version 7; the broker's error code."""

    def text(word: str) -> bytes:
        return struct.pack(">h", len(word)) + word.encode()

    request = struct.pack(">hhi", 0, 7, 1) + text("batches") + struct.pack(">h", -1)
    request += struct.pack(">hii", -1, 30_000, 1) + text(topic) + struct.pack(">ii", 1, partition)
    request += struct.pack(">i", len(records)) + records
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        with connection.makefile("rb") as answer:
            (size,) = struct.unpack(">i", answer.read(4))
            body = answer.read(size)
    # Correlation id, one topic, its name, one partition, its number: then the code.
    (code,) = struct.unpack_from(">h", body, 4 + 4 + 2 + len(topic.encode()) + 4 + 4)
    return code
