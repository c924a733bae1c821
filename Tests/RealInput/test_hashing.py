# SPDX-License-Identifier: Apache-2.0
"""The hashes that the other tests reckon with, against values published by Kafka and zlib."""

import pytest

from hashing import crc32_partition, murmur2


# From org.apache.kafka.common.utils.UtilsTest of Apache Kafka.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_murmur2_is_java_s(text, expected):
    assert murmur2(text.encode()) == expected


def test_crc32_partition_is_librdkafka_s():
    assert crc32_partition("123456789", 1000) == 0xCBF43926 % 1000
