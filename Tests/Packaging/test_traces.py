# SPDX-License-Identifier: Apache-2.0
"""A seed gives one trace, in every process: Swift seeds its hashing at random in each, and a release build is another program."""

import os
import re
import subprocess
import unittest

PROGRAMS = os.environ.get("SLIPWAY_BIN")
RELEASE = os.environ.get("SLIPWAY_RELEASE_BIN")


def trace(programs: str, seeds: str, **variables: str) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "SWIFT_DETERMINISTIC_HASHING"} | variables
    result = subprocess.run(
        [f"{programs}/slipway-sandbox", "simulate", "--seeds", seeds],
        env=environment, capture_output=True, text=True, timeout=300, check=True,
    )
    found = re.search(r"^trace ([0-9a-f]{16})$", result.stdout, re.MULTILINE)
    assert found, result.stdout
    return found[1]


@unittest.skipUnless(PROGRAMS, "SLIPWAY_BIN names no folder of built programs")
class TraceTests(unittest.TestCase):
    def test_two_processes_give_one_trace(self):
        self.assertEqual(trace(PROGRAMS, "1..4"), trace(PROGRAMS, "1..4"))

    def test_another_seed_gives_another_trace(self):
        self.assertNotEqual(trace(PROGRAMS, "1..1"), trace(PROGRAMS, "2..2"))

    @unittest.skipUnless(RELEASE, "SLIPWAY_RELEASE_BIN names no folder of a release build")
    def test_a_release_build_gives_the_same(self):
        self.assertEqual(trace(PROGRAMS, "1..4"), trace(RELEASE, "1..4"))


if __name__ == "__main__":
    unittest.main()
