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
PROGRAMS = ("slipway", "slipway-sandbox", "slipway-bench")
OPTION = re.compile(r"(?<![\w-])--(?:\[no-\])?[a-z][a-z0-9.-]*")
VARIABLE = re.compile(r"\bSLIPWAY_[A-Z0-9_]*[A-Z0-9]\b")


def run(program: str, *words: str, **variables: str) -> subprocess.CompletedProcess:
    binary = Path(os.environ["SLIPWAY_BIN"]) / program
    environment = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run([binary, *words], capture_output=True, text=True, timeout=30, check=False, env=environment)


@cache
def markdown(program: str) -> str:
    """The program's own reference."""
    done = run(program, "help", "--markdown")
    done.check_returncode()
    return done.stdout


@cache
def reference(program: str) -> dict[tuple[str, ...], set[str]]:
    """The options of each command; a command's path is the key."""
    commands: dict[tuple[str, ...], set[str]] = {}
    current: tuple[str, ...] = ()
    for line in markdown(program).splitlines():
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
        is_group = any(len(other) > len(path) and other[: len(path)] == path for other in known)
        if rest and is_group and not rest[0].startswith("-"):
            return f"no command '{' '.join((*path, rest[0]))}'"
        options = known[path] | known.get((), set()) | {"--help", "--version"}
        for word in rest:
            option = word.split("=")[0]
            if OPTION.fullmatch(option) and option not in options:
                return f"'{program} {' '.join(path)}' has no {option}"
        return None


def files(*patterns: str) -> list[Path]:
    names = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.splitlines()]


def documents() -> list[Path]:
    return files("*.md")


def spans_in_documents() -> list[tuple[str, str]]:
    """Where each code span and each line of a code block stands, and its text."""
    found = []
    for document in documents() + files("Examples/*.py"):
        text = re.sub(r"\\\n\s*", " ", document.read_text(encoding="utf-8"))
        spans = re.findall(r"`([^`\n]+)`", text) + re.findall(r"^(?: {4}|\t)\s*(.+)$", text, re.M)
        spans += [line for block in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S) for line in block.splitlines()]
        found += [(str(document.relative_to(ROOT)), span) for span in spans]
    return found


def shown_in_documents() -> list[Claim]:
    """Command lines in code blocks and code spans. An upper-case word or an ellipsis stands for a value."""
    return [claim for where, span in spans_in_documents() for claim in claims_in(where, span)]


def options_in_documents() -> list[tuple[str, str]]:
    """Where a code span is an option without its command, and the option."""
    return [(where, span.split()[0].split("=")[0]) for where, span in spans_in_documents() if OPTION.match(span)]


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


def named_variables() -> dict[str, set[str]]:
    """Our environment variables that documents, examples, image files and configuration name, each with where."""
    named: dict[str, set[str]] = {}
    for file in documents() + files("Dockerfile", "docker-compose.yml", "Examples/*.py", "config/*.yaml"):
        for variable in VARIABLE.findall(file.read_text(encoding="utf-8")):
            named.setdefault(variable, set()).add(str(file.relative_to(ROOT)))
    return named


def is_known(variable: str) -> bool:
    """Whether a program, or the Makefile for our scripts, goes by a variable."""
    told = [markdown(program) for program in PROGRAMS] + [(ROOT / "Makefile").read_text(encoding="utf-8")]
    if any(variable in VARIABLE.findall(text) for text in told):
        return True
    if not variable.startswith("SLIPWAY_KAFKA_"):
        return False
    # A property of librdkafka, which only the program can tell. The value may be a wrong one for it.
    return "unknown" not in run("slipway", "config", "check", **{variable: "x"}).stderr
