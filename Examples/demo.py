#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job on this machine: what `make demo` runs.

Starts `slipway-sandbox demo` (a mock Kafka with the topics, and a simulated workbench that holds the recorded runs)
and the worker, each as a process of its own, sends the recorded events with `slipway emit`, and shows `slipway watch`
live. Ctrl-C ends everything.

With ONCE=1 it needs no terminal and ends by itself: `slipway-sandbox tally` waits until every event has its outcome,
compares each with the expected one, and looks in the workbench's audit for anything made twice. The last line of stdout is
its one JSON object with the counts; exit status 0 only if all is as expected.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = Path(os.environ.get("SLIPWAY_BIN", ROOT / ".build/debug"))
RECORDED = ROOT / "Examples/recorded"
#: Seconds between two events for somebody who watches.
PAUSE = 1.0


class Failed(Exception):
    """The demo cannot go on; says why."""


def say(text: str) -> None:
    print(f"demo: {text}", file=sys.stderr, flush=True)


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def recorded_events() -> list[dict]:
    return [json.loads(line) for line in (RECORDED / "events.ndjson").read_text(encoding="utf-8").splitlines()]


class Demo:
    """Host and worker, started in this order and ended in the other."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.processes: list[subprocess.Popen] = []
        # The configuration of whoever runs this stays out of it.
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("SLIPWAY_", "CDSW_"))
        }

    def __enter__(self) -> Demo:
        try:
            self.start_host()
            self.start_worker()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # Nothing may be left running, so a second Ctrl-C does not cut this short; it takes a bounded time.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start_host(self) -> None:
        say("starting a mock Kafka and a simulated workbench: slipway-sandbox demo")
        host = self.start("host", "slipway-sandbox", "demo", "--runs", str(RECORDED / "runs.json"), stdout=subprocess.PIPE)
        line = host.stdout.readline()
        if not line:
            raise Failed(f"the host ended with {host.wait()}:\n{self.log('host')}")
        self.host = json.loads(line)
        self.environment |= {
            "SLIPWAY_KAFKA_BOOTSTRAP_SERVERS": self.host["bootstrapServers"],
            "SLIPWAY_WORKBENCH_URL": self.host["url"],
            "SLIPWAY_WORKBENCH_MODEL_SERVICE_URL": self.host["modelServiceURL"],
            "SLIPWAY_WORKBENCH_API_KEY": self.host["apiKey"],
            "SLIPWAY_OPERATIONS_ADDRESS": free_address(),
            "SLIPWAY_INTAKE_START_FROM": "beginning",
            "SLIPWAY_CONFIG": str(ROOT / "config/slipway.yaml"),
            "SLIPWAY_ROUTES": str(ROOT / "Examples/demo-routes.yaml"),
        }

    def start_worker(self) -> None:
        say("starting the worker: slipway run")
        worker = self.start("worker", "slipway", "run")
        url = f"http://{self.environment['SLIPWAY_OPERATIONS_ADDRESS']}/readyz"
        deadline = time.monotonic() + 60
        cause = ""
        while time.monotonic() < deadline:
            if worker.poll() is not None:
                raise Failed(f"the worker ended with {worker.returncode}:\n{self.log('worker')}")
            try:
                with urllib.request.urlopen(url, timeout=5):
                    return
            except urllib.error.HTTPError as error:
                cause = error.read().decode()
            except OSError as error:
                cause = str(error)
            time.sleep(0.1)
        raise Failed(f"the worker does not get ready: {cause}\n{self.log('worker')}")

    def start(self, name: str, program: str, *arguments: str, stdout: int | None = None) -> subprocess.Popen:
        """In a session of its own: Ctrl-C is for this script, which then ends its processes in order."""
        with (self.folder / f"{name}.log").open("w") as log:
            process = subprocess.Popen(
                [PROGRAMS / program, *arguments],
                env=self.environment, stdout=stdout or log, stderr=log, text=True, start_new_session=True,
            )
        self.processes.append(process)
        return process

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")[-4000:]

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

    def slipway(self, *arguments: str, stdin: str) -> None:
        done = subprocess.run(
            [PROGRAMS / "slipway", *arguments],
            env=self.environment, input=stdin, capture_output=True, text=True, timeout=60, check=False,
        )
        if done.returncode != 0:
            raise Failed(f"slipway {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")

    @contextmanager
    def watch(self, *arguments: str, stdout: int | None = None) -> Iterator[subprocess.Popen]:
        command = [PROGRAMS / "slipway", "watch", "--from", "beginning", *arguments]
        watch = subprocess.Popen(command, env=self.environment, text=True, stdout=stdout)
        try:
            yield watch
        except KeyboardInterrupt:
            # The terminal sent it to `watch` as well, which puts the screen right before it ends.
            with suppress(subprocess.TimeoutExpired):
                watch.wait(timeout=5)
            raise
        finally:
            watch.terminate()
            watch.wait()


def show_live(demo: Demo) -> int:
    """Sends the events one after the other under a live table; the table stays until Ctrl-C."""
    say("sending the recorded events; Ctrl-C ends everything")
    try:
        with demo.watch() as watch:
            for event in recorded_events():
                time.sleep(PAUSE)
                demo.emit(event)
            return watch.wait()
    except KeyboardInterrupt:
        say("ending")
        return 0


def check_once(demo: Demo) -> int:
    """Sends the events, prints each status as it comes, and checks the outcomes."""
    events = recorded_events()
    say(f"sending {len(events)} recorded events: slipway emit")
    started = time.monotonic()
    for event in events:
        demo.emit(event)
    limits = ["--until-idle", "--idle-time", "2s", "--timeout", "60s", "--exit-zero"]
    with demo.watch("--json", *limits, stdout=subprocess.PIPE) as watch:
        for line in watch.stdout:
            status = json.loads(line)["data"]
            detail = status.get("endpointUrl") or status.get("cause", {}).get("class") or ""
            clock = status["time"].split("T")[1].rstrip("Z")
            print(f"  {clock:<12}  {status['model']['name']:<20} {status['phase']:<12} {detail}".rstrip(), flush=True)
    say(f"watched for {time.monotonic() - started:.1f} s; comparing with what is expected: slipway-sandbox tally")
    command = [PROGRAMS / "slipway-sandbox", "tally", "--expect", str(RECORDED / "events.ndjson")]
    code = subprocess.run(command, env=demo.environment, check=False).returncode
    if code != 0:
        say(f"not as expected; the worker's log ends with\n{demo.log('worker')}")
    return code


def main() -> int:
    # Whoever ends this script (a closed terminal, a CI job) ends what it started.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    once = os.environ.get("ONCE", "") not in ("", "0")
    try:
        with tempfile.TemporaryDirectory() as folder, Demo(Path(folder)) as demo:
            return check_once(demo) if once else show_live(demo)
    except Failed as failure:
        say(str(failure))
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main())
