#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job on this machine: what `make demo` runs.

Starts `slipway-sandbox demo` (a mock Kafka with the four topics, and a simulated workbench that holds the recorded runs)
and the worker as a process of its own, sends the recorded events, and shows `slipway watch`. Ctrl-C ends it.

With ONCE=1 it needs no terminal: it ends when every rollout has ended, compares each outcome with the expected one, and
its last line of stdout is one JSON object with the counts. Exit status 0 only if all were as expected and the sandbox's
audit shows nothing made twice.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zlib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = Path(os.environ.get("SLIPWAY_BIN", ROOT / ".build/debug"))
RECORDED = ROOT / "Examples/recorded"
TERMINAL = ("deployed", "skipped", "failed", "superseded")
#: Operations of the sandbox that make something, each with what tells one thing from another in its audit.
CREATING = {
    "CreateRegisteredModel": ("model_name", "run_id"),
    "CreateModel": ("name",),
    "CreateModelBuild": ("comment",),
    "CreateModelDeployment": ("build",),
}


def say(text: str) -> None:
    print(f"demo: {text}", file=sys.stderr, flush=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url: str, key: str = "") -> str:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"} if key else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


class Demo:
    """Host and worker, started in this order and ended in the other."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.processes: list[subprocess.Popen] = []
        self.operations = f"127.0.0.1:{free_port()}"

    def __enter__(self) -> Demo:
        try:
            say("starting the mock Kafka and the simulated workbench")
            command = [PROGRAMS / "slipway-sandbox", "demo", "--runs", RECORDED / "runs.json"]
            self.host = json.loads(self.start(command, os.environ, "host", stdout=subprocess.PIPE).stdout.readline())
            self.environment = {
                **{name: value for name, value in os.environ.items() if not name.startswith(("SLIPWAY_", "CDSW_"))},
                "SLIPWAY_KAFKA_BOOTSTRAP_SERVERS": self.host["bootstrapServers"],
                "SLIPWAY_WORKBENCH_URL": self.host["url"],
                "SLIPWAY_WORKBENCH_API_KEY": self.host["apiKey"],
                "SLIPWAY_OPERATIONS_ADDRESS": self.operations,
                "SLIPWAY_INTAKE_START_FROM": "beginning",
                "SLIPWAY_ROUTES": str(ROOT / "Examples/demo-routes.yaml"),
            }
            say("starting the worker")
            command = [PROGRAMS / "slipway", "run", "--config", ROOT / "config/slipway.yaml"]
            self.worker = self.start(command, self.environment, "worker")
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, command: list, environment: dict, name: str, stdout: int | None = None) -> subprocess.Popen:
        """In a session of its own: Ctrl-C is for this script, which then ends its processes in order."""
        log = (self.folder / f"{name}.log").open("w")
        process = subprocess.Popen(
            command, env=environment, stdout=stdout or log, stderr=log, text=True, start_new_session=True
        )
        self.processes.append(process)
        return process

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        cause = "no answer"
        while time.monotonic() < deadline:
            if self.worker.poll() is not None:
                raise SystemExit(f"demo: the worker ended with {self.worker.returncode}:\n{self.log('worker')}")
            try:
                get(f"http://{self.operations}/readyz")
                return
            except urllib.error.HTTPError as error:
                cause = error.read().decode()
            except OSError as error:
                cause = str(error)
            time.sleep(0.1)
        raise SystemExit(f"demo: the worker does not get ready: {cause}\n{self.log('worker')}")

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")[-4000:]

    def slipway(self, *arguments: str, stdin: str | None = None) -> str:
        """Runs one command of the worker's command line and returns its stdout."""
        command = [PROGRAMS / "slipway", *arguments]
        done = subprocess.run(
            command, env=self.environment, input=stdin, stdout=subprocess.PIPE, text=True, timeout=180, check=False
        )
        if done.returncode != 0:
            raise SystemExit(f"demo: slipway {' '.join(arguments)} ended with {done.returncode}\n{self.log('worker')}")
        return done.stdout

    def emit(self, event: dict) -> None:
        """Sends a recorded record again, with the same content mode, and to where its producer's hash put it."""
        headers, value, where = event["headers"], event["value"], []
        if event["key"] is None or event["partitioner"] == "crc32":
            where = ["--partition", str(zlib.crc32((event["key"] or "").encode()) % self.host["partitions"])]
        if event["expected"] == "deadLettered":
            self.slipway("emit", "--no-check", "--key", event["key"], "-", stdin=value)
        elif "ce_id" in headers:
            attributes = {name[3:]: text for name, text in headers.items() if name.startswith("ce_")}
            self.slipway("emit", *where, "-", stdin=json.dumps({**attributes, "data": json.loads(value)}))
        else:
            self.slipway("emit", "--structured", *where, "-", stdin=value)

    def counter(self, name: str) -> int:
        """The sum of a metric over its labels."""
        text = get(f"http://{self.operations}/metrics")
        return round(sum(float(value) for value in re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", text, re.M)))

    def made_twice(self) -> int:
        lines = [json.loads(line) for line in get(f"{self.host['url']}/sandbox/audit", self.host["apiKey"]).splitlines()]
        made: Counter = Counter()
        for line in lines:
            if line["applied"] and line["operation"] in CREATING:
                marks = {**line["markers"], "build": line["path"]}
                made[(line["operation"], *(marks.get(name, "") for name in CREATING[line["operation"]]))] += 1
        return sum(count - 1 for count in made.values())


def events() -> list[dict]:
    lines = (RECORDED / "events.ndjson").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def run_of(event: dict) -> str:
    value = json.loads(event["value"])
    return (value.get("data") or value)["runId"]


def check(demo: Demo, started: float) -> bool:
    """Waits until all rollouts have ended, prints what came of each and the counts, and tells whether all is well."""
    outcomes: dict[str, str] = {}
    for line in demo.slipway("watch", "--json", "--until-idle").splitlines():
        status = json.loads(line)
        if status["phase"] in TERMINAL:
            outcomes[status["run"]["runId"]] = status["phase"]
    sent = events()
    surprises = 0
    for event in sent:
        if event["expected"] not in TERMINAL:
            continue
        got = outcomes.get(run_of(event), "nothing")
        surprises += got != event["expected"]
        mark = "ok" if got == event["expected"] else f"EXPECTED {event['expected']}"
        print(f"  {event['name']:<24} {got:<11} {event['reason']}  [{mark}]")
    counts = Counter(outcomes.values())
    summary = {
        "events": len(sent),
        **{phase: counts[phase] for phase in TERMINAL},
        "duplicates": demo.counter("slipway_events_duplicate_total"),
        "deadLettered": demo.counter("slipway_events_dead_lettered_total"),
        "duplicatesInAudit": demo.made_twice(),
        "seconds": round(time.monotonic() - started, 1),
    }
    expected = Counter(event["expected"] for event in sent)
    counted = summary["duplicates"] == expected["duplicate"] and summary["deadLettered"] == expected["deadLettered"]
    adds_up = sum(summary[name] for name in (*TERMINAL, "duplicates", "deadLettered")) == len(sent)
    print(json.dumps(summary))
    return surprises == 0 and counted and adds_up and summary["duplicatesInAudit"] == 0


def main() -> int:
    once = os.environ.get("ONCE", "") not in ("", "0")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Demo(Path(folder)) as demo:
        for event in events():
            demo.emit(event)
        say(f"sent {len(events())} recorded events")
        if once:
            return 0 if check(demo, started) else 1
        say(f"workbench {demo.host['url']}, worker http://{demo.operations}/readyz, Kafka {demo.host['bootstrapServers']}")
        try:
            subprocess.run([PROGRAMS / "slipway", "watch"], env=demo.environment, check=False)
        except KeyboardInterrupt:
            say("ending")
    return 0


if __name__ == "__main__":
    sys.exit(main())
