# SPDX-License-Identifier: Apache-2.0
"""Documents, image files and compose file name only what there is."""

import re
import unittest

import reference
from reference import ROOT


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


class DocumentTests(unittest.TestCase):
    def test_every_make_target_named_exists(self):
        targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.M))
        for document in reference.documents():
            spans = re.findall(r"(?:`|^ {4})make(?: -\S+)* ([a-z][a-z-]*)", document.read_text(encoding="utf-8"), re.M)
            for target in spans:
                with self.subTest(document=document.name, target=target):
                    self.assertIn(target, targets)

    def test_every_path_named_exists(self):
        folders = r"(?:Sources|Tests|Examples|config|\.ci)"
        for document in reference.documents():
            for path in re.findall(rf"`({folders}/[\w./+-]+)`", document.read_text(encoding="utf-8")):
                with self.subTest(document=document.name, path=path):
                    self.assertTrue((ROOT / path).exists())

    def test_every_link_to_a_file_leads_somewhere(self):
        for document in reference.documents():
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
                with self.subTest(document=document.name, target=target):
                    self.assertTrue((document.parent / target).exists())


    def test_every_test_named_beside_a_rule_exists(self):
        declared = {
            name
            for file in (ROOT / "Tests").rglob("*.swift")
            for name in re.findall(r"^(?:@Suite(?:\([^\n]*\))? )?(?:final |private )*(?:struct|class|enum|actor) (\w+)", file.read_text(encoding="utf-8"), re.M)
        }
        for file in (ROOT / "Tests/Packaging").glob("*.py"):
            declared |= set(re.findall(r"^class (\w+)", file.read_text(encoding="utf-8"), re.M))
        for document in ("ARCHITECTURE.md", "THREATMODEL.md"):
            named = set(re.findall(r"`(\w+Tests)`", text(document)))
            folders = {folder.name for folder in (ROOT / "Tests").iterdir()}
            self.assertTrue(named, document)
            for name in sorted(named - folders):
                with self.subTest(document=document, test=name):
                    self.assertIn(name, declared)

    def test_every_threat_has_a_rule_and_a_test_or_says_that_it_has_none(self):
        rows = re.findall(r"^\| (?!\*\*|threat|---)(.*) \|$", text("THREATMODEL.md").split("## Threats", 1)[1], re.M)
        self.assertGreater(len(rows), 20)
        for row in rows:
            threat, rule, tests = row.split(" | ")
            with self.subTest(threat=threat):
                self.assertTrue(rule)
                self.assertRegex(tests, r"`\w+Tests`|^-$")

    def test_every_command_line_shown_is_one_that_the_programs_take(self):
        sources = (reference.shown_in_documents, reference.shown_in_compose, reference.shown_in_dockerfile)
        for source in sources:
            claims = source()
            self.assertTrue(claims, source.__name__)
            for claim in claims:
                with self.subTest(where=claim.where, line=" ".join(claim.words)):
                    self.assertIsNone(claim.problem())

    def test_every_option_named_by_itself_exists(self):
        known = {option for program in reference.PROGRAMS for options in reference.reference(program).values() for option in options}
        for where, option in reference.options_in_documents():
            with self.subTest(where=where):
                self.assertIn(option, known)

    def test_every_variable_named_is_one_that_is_read(self):
        named = reference.named_variables()
        self.assertIn("SLIPWAY_WORKBENCH_URL", named)
        for variable, files in sorted(named.items()):
            with self.subTest(files=files):
                self.assertTrue(reference.is_known(variable), variable)


class TargetTests(unittest.TestCase):
    def setUp(self):
        body = text("Package.swift").split("targets: [", 1)[1]
        found = re.findall(r'\bpart\(\s*"(\w+)"(?:,\s*\[(.*?)\])?\s*\)', body, re.S)
        self.declared = {name: set(re.findall(r'"(\w+)"', targets)) for name, targets in found}
        self.names = set(self.declared) | set(re.findall(r'(?:library|systemLibrary)\((?:name: )?"(\w+)"', body))

    def test_the_table_of_targets_says_what_the_package_says(self):
        rows = dict(re.findall(r"^\| `(\w+)` \| .*? \| ([^|]*) \|$", text("ARCHITECTURE.md"), re.M))
        self.assertTrue(self.declared)
        for name, targets in self.declared.items():
            with self.subTest(target=name):
                self.assertEqual(set(re.findall(r"\w+", rows[name])), targets)

    def test_no_target_declares_what_it_does_not_import(self):
        for name, targets in self.declared.items():
            files = (ROOT / "Sources" / name).rglob("*.swift")
            imports = r"^(?:package |public )?import (\w+)"
            found = {module for file in files for module in re.findall(imports, file.read_text(encoding="utf-8"), re.M)}
            with self.subTest(target=name):
                self.assertEqual(found & self.names, targets)


class PortTests(unittest.TestCase):
    def setUp(self):
        stages = re.split(r"^FROM ", text("Dockerfile"), flags=re.M)
        self.stages = {re.match(r"\S+ AS (\S+)", stage)[1]: stage for stage in stages if " AS " in stage}
        self.compose = text("docker-compose.yml")

    def exposed(self, stage: str) -> str:
        return re.search(r"^EXPOSE (\d+)$", self.stages[stage], re.M)[1]

    def test_each_image_listens_where_it_says_and_where_it_is_checked(self):
        for stage, listens in (("slipway", r"OPERATIONS_ADDRESS=0\.0\.0\.0:(\d+)"), ("slipway-sandbox", r'"0\.0\.0\.0:(\d+)"')):
            with self.subTest(stage=stage):
                port = self.exposed(stage)
                self.assertEqual(re.findall(listens, self.stages[stage]), [port])
                self.assertRegex(self.stages[stage], rf'\n    CMD \["{stage}", "health"')
        # The worker's own check reads its address where the worker does.
        self.assertEqual(re.findall(r"127\.0\.0\.1:(\d+)", self.stages["slipway-sandbox"]), [self.exposed("slipway-sandbox")])

    def test_the_images_need_no_program_but_their_own(self):
        self.assertNotIn("curl ", text("Dockerfile").replace("libcurl", ""))

    def test_the_compose_file_uses_the_ports_that_the_images_expose(self):
        sandbox = self.exposed("slipway-sandbox")
        self.assertEqual(set(re.findall(r"http://sandbox:(\d+)", self.compose)), {sandbox})
        self.assertEqual(set(re.findall(r'"0\.0\.0\.0:(\d+)"', self.compose)), {sandbox})
        published = set(re.findall(r'"127\.0\.0\.1:\d*:(\d+)"', self.compose))
        self.assertEqual(published, {sandbox, self.exposed("slipway"), "9094"})

    def test_the_operations_address_that_is_told_is_the_default(self):
        told = re.findall(r"`operations\.address` \(([\d.:]+)\)", text("README.md"))
        row = re.search(r"^\| `operations\.address` \|.*$", reference.markdown("slipway"), re.M)[0]
        self.assertEqual([f"`{address}`" for address in told], [row.split(" | ")[3]])

    def test_clients_reach_kafka_where_it_listens(self):
        listeners = dict(re.findall(r"(\w+)://:(\d+)", re.search(r"KAFKA_LISTENERS: (.*)", self.compose)[1]))
        advertised = dict(re.findall(r"(\w+)://\w+:(\d+)", re.search(r"KAFKA_ADVERTISED_LISTENERS: (.*)", self.compose)[1]))
        self.assertEqual({name: listeners[name] for name in advertised}, advertised)
        self.assertIn(f"BOOTSTRAP_SERVERS: kafka:{advertised['PLAINTEXT']}", self.compose)

    def test_versions_are_pinned(self):
        self.assertNotIn(":latest", re.sub(r"image: slipway(-sandbox)?:latest", "", self.compose))
        self.assertRegex(self.stages["build"], r"^swift:6\.3\.\d+-bookworm ")


if __name__ == "__main__":
    unittest.main()
