# SPDX-License-Identifier: Apache-2.0
"""The scripts behind the Makefile say what is wrong, and what to do, where a machine lacks something."""

import os
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Machine:
    """A PATH with stand-ins before the system's own tools."""

    def __init__(self, folder: str):
        self.folder = Path(folder)

    def tool(self, name: str, body: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/bash\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess:
        environment = {"PATH": f"{self.folder}:/usr/bin:/bin", "HOME": str(self.folder), **variables}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


class SetupTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.machine = Machine(folder.name)
        self.machine.tool("swift", "echo 'Swift version 6.3.1 (swift-6.3.1-RELEASE)'")
        self.machine.tool("pkg-config", '[ "$1" = --modversion ] && echo 9.9; exit 0')

    def lack(self, module: str) -> None:
        self.machine.tool("pkg-config", f'case "$*" in *{module}*) exit 1;; esac; [ "$1" = --modversion ] && echo 9.9; exit 0')

    def test_nothing_missing_installs_nothing(self):
        self.machine.tool("apt-get", "echo 'apt-get was called' >&2; exit 9")
        result = self.machine.run(".ci/setup")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("Swift 6.3.1, rdkafka 9.9", result.stderr)

    def test_an_older_swift_is_refused_with_what_is_needed(self):
        self.machine.tool("swift", "echo 'Swift version 6.2.9 (swift-6.2.9-RELEASE)'")
        result = self.machine.run(".ci/setup")
        self.assertEqual(result.returncode, 1)
        self.assertIn("Swift 6.2.9 is too old: 6.3 or newer", result.stderr)

    def test_a_newer_swift_is_taken(self):
        self.machine.tool("swift", "echo 'Swift version 6.10 (swift-6.10-RELEASE)'")
        self.assertEqual(self.machine.run(".ci/setup").returncode, 0)

    def test_without_rights_the_command_to_run_is_named(self):
        self.lack("rdkafka")
        self.machine.tool("apt-get", "echo 'apt-get was called' >&2; exit 9")
        self.machine.tool("id", "echo 1000")
        self.machine.tool("sudo", "exit 1")
        result = self.machine.run(".ci/setup")
        self.assertEqual(result.returncode, 1)
        self.assertIn("sudo apt-get install --yes librdkafka-dev", result.stderr)
        self.assertNotIn("apt-get was called", result.stderr)

    def test_root_installs_what_is_missing_after_one_update(self):
        self.lack("yaml-0.1")
        log = self.machine.folder / "log"
        self.machine.tool("id", "echo 0")
        self.machine.tool("apt-get", f'echo "$*" >>{log}')
        result = self.machine.run(".ci/setup")
        self.assertEqual(result.returncode, 1, "the stand-in installs nothing, which must not pass for success")
        self.assertIn("still missing after the installation: libyaml-dev", result.stderr)
        calls = log.read_text().splitlines()
        self.assertEqual([call.split()[0] for call in calls], ["update", "install"])
        self.assertTrue(calls[1].endswith("libyaml-dev"), calls[1])


class TestKafkaTests(unittest.TestCase):
    def test_without_a_broker_it_fails_and_says_how_to_give_one(self):
        with tempfile.TemporaryDirectory() as folder:
            result = Machine(folder).run(".ci/test-kafka", KAFKA_SCRIPT=os.path.join(folder, "none"))
        self.assertEqual(result.returncode, 2)
        self.assertIn("make test-kafka KAFKA_BOOTSTRAP=host:port", result.stderr)


if __name__ == "__main__":
    unittest.main()
