# SPDX-License-Identifier: Apache-2.0
"""What the built programs say of themselves, and what documents and image files claim about them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("slipway", "slipway-sandbox")
OPTION = re.compile(r"(?<![\w-])--(?:\[no-\])?[a-z][a-z0-9.-]*")


@cache
def reference(program: str) -> dict[tuple[str, ...], set[str]]:
    """The options of each command, from the program's own reference; a command's path is the key."""
    binary = Path(os.environ["SLIPWAY_BIN"]) / program
    text = subprocess.run([binary, "help", "--markdown"], capture_output=True, text=True, timeout=30, check=True).stdout
    commands: dict[tuple[str, ...], set[str]] = {}
    current: tuple[str, ...] = ()
    for line in text.splitlines():
        heading = re.match(rf"#+ `?{program}((?: [a-z][a-z-]*)*)`?(?:[^\w-]|$)", line)
        if heading:
            current = tuple(heading[1].split())
            commands.setdefault(current, set())
        elif line.startswith("| `"):
            for option in OPTION.findall(line.split("|")[1]):
                plain = option.replace("[no-]", "")
                commands.setdefault(current, set()).update({plain, plain.replace("--", "--no-", 1)} if option != plain else {plain})
    return commands


@dataclass(frozen=True)
class Claim:
    """A command line that a file shows."""

    where: str
    words: tuple[str, ...]

    def problem(self) -> str | None:
        """What is wrong with it according to the program's reference, if anything."""
        program, *rest = self.words
        known = reference(program)
        path: tuple[str, ...] = ()
        while rest and (*path, rest[0]) in known:
            path += (rest.pop(0),)
        if rest and not path and not rest[0].startswith("-"):
            return f"no command '{rest[0]}'"
        options = known[path] | known.get((), set()) | {"--help", "--version"}
        for word in rest:
            option = word.split("=")[0]
            if OPTION.fullmatch(option) and option not in options:
                return f"'{program} {' '.join(path)}' has no {option}"
        return None


def documents() -> list[Path]:
    names = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.splitlines()]


def shown_in_documents() -> list[Claim]:
    """Command lines in code blocks and code spans. An upper-case word or an ellipsis stands for a value."""
    claims = []
    for document in documents():
        text = re.sub(r"\\\n\s*", " ", document.read_text(encoding="utf-8"))
        spans = re.findall(r"`([^`\n]+)`", text) + re.findall(r"^(?: {4}|\t)\s*(.+)$", text, re.M)
        spans += [line for block in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S) for line in block.splitlines()]
        for span in spans:
            claims += claims_in(str(document.relative_to(ROOT)), span)
    return claims


def claims_in(where: str, line: str) -> list[Claim]:
    claims = []
    for part in re.split(r"\s*(?:\||&&|;|&$|\s#\s)\s*", line.strip().removeprefix("$ ")):
        try:
            words = shlex.split(part)
        except ValueError:
            continue
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words.pop(0)
        if words and words[0].split("/")[-1] in PROGRAMS and len(words) > 1:
            claims.append(Claim(where, (words[0].split("/")[-1], *words[1:])))
    return claims


def shown_in_compose() -> list[Claim]:
    """The `command:` of each service. Services of the sandbox's image run the sandbox, all others of ours the worker."""
    claims, program = [], ""
    for line in (ROOT / "docker-compose.yml").read_text(encoding="utf-8").splitlines():
        if re.match(r"  [a-z]+:$", line) or line.startswith("x-"):
            program = ""
        if "*slipway" in line or "image: slipway:" in line:
            program = "slipway"
        if "image: slipway-sandbox:" in line:
            program = "slipway-sandbox"
        command = re.match(r"\s+command: (\[.*\])$", line)
        if command and program:
            claims.append(Claim("docker-compose.yml", (program, *json.loads(command[1]))))
    return claims


def shown_in_dockerfile() -> list[Claim]:
    claims, program = [], ""
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        entry = re.match(r"ENTRYPOINT (\[.*\])", line)
        if entry:
            program = json.loads(entry[1])[0]
        command = re.match(r"CMD (\[.*\])", line)
        if command and program:
            claims.append(Claim("Dockerfile", (program, *json.loads(command[1]))))
    return claims


def configuration_variables() -> set[str]:
    """The environment name of every key that config/slipway.yaml documents, set or commented out."""
    names, path = set(), []
    for line in (ROOT / "config/slipway.yaml").read_text(encoding="utf-8").splitlines():
        found = re.match(r"^(?:# ?)?( *)([A-Za-z][\w.]*):(?: |$)", line)
        if not found:
            continue
        depth = len(found[1]) // 2
        path = [*path[:depth], found[2]]
        key = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", ".".join(path)).replace(".", "_")
        names.add("SLIPWAY_" + key.upper())
    return names
