# SPDX-License-Identifier: Apache-2.0
"""A mutant counts as seen by what its patch names, and by nothing else that is red. Builds nothing."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MUTANTS = ROOT / "Tests" / "Mutants"


class MutantTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def program(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/bash\n{text}\n")
        path.chmod(0o755)

    def run_mutant(self, script: str, *arguments: str) -> subprocess.CompletedProcess:
        environment = os.environ | {"PATH": f"{self.folder}:{os.environ['PATH']}", "KAFKA_BOOTSTRAP": "127.0.0.1:1"}
        return subprocess.run(
            [MUTANTS / script, *arguments], env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    def drill(self, name: str, *evidence: str) -> subprocess.CompletedProcess:
        """Runs a mutant whose drill says so."""
        self.program("swift", "exit 0")
        ledger = {"clean": False, "wrong": {"outside": 1, "suppressed": 1, "delayed": 1}, "evidence": evidence}
        (self.folder / "ledger").write_text(json.dumps(ledger, separators=(",", ":")) + "\n")
        self.program("slipway-sandbox", f"cat {self.folder}/ledger; exit 1")
        return self.run_mutant("run-hostile", str(self.folder), name)

    def test_a_drill_that_is_red_for_another_reason_has_not_seen_its_mutant(self):
        late = "delayed: honest-run-7 of team-tenant-9007 took 21.4 s"
        seen = "outside: model 'tenant-67' is deployed with 4096.0 of memory"
        result = self.drill("sizes-without-limit", late)
        self.assertEqual((result.returncode, result.stdout.split("\n")[0]), (1, "sizes-without-limit: NOT SEEN"), result.stderr)
        # The column is that of other mutants, too.
        result = self.drill("sizes-without-limit", late, "outside: a model of team-one is called 'tenant-1'")
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        result = self.drill("sizes-without-limit", late, seen)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("sizes-without-limit: seen", result.stdout)

    def suites(self, name: str, *failed: str) -> subprocess.CompletedProcess:
        """Runs a mutant with which those tests fail."""
        lines = "; ".join(f"echo '✘ Test {test}() failed after 0.1 seconds with 1 issue.'" for test in failed)
        self.program("swift", f'[ "$1" = build ] && exit 0; {lines}; exit {1 if failed else 0}')
        return self.run_mutant("run-tests", name)

    def test_another_test_that_fails_has_not_seen_a_mutant(self):
        patch = (MUTANTS / "Tested" / "quota-at-work.patch").read_text().split("\n")
        named = [line.removeprefix("Red: ").split() for line in patch if line.startswith("Red: ")]
        result = self.suites("quota-at-work", "somethingElse")
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertEqual(len(named), 1)
        result = self.suites("quota-at-work", "somethingElse", *named[0][1:])
        self.assertEqual(result.returncode, 1, "one of those that must fail passes")
        result = self.suites("quota-at-work", *named[0])
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
