# SPDX-License-Identifier: Apache-2.0
"""A whole pipeline on this machine: sandbox, scratch topics on a genuine Kafka, worker, and a reader of the statuses."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka
from cloudevents.core.formats.json import JSONFormat
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient

ROOT = Path(__file__).resolve().parents[2]
TERMINAL = {"deployed", "failed", "skipped", "superseded"}
TYPE_PREFIX, TYPE_SUFFIX = "dev.slipway.rollout.", ".v1"
#: How long anything may take that the tests wait for, in seconds. Generous: it is only reached when something is broken.
PATIENCE = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Status:
    """One record of the status topic."""

    phase: str
    data: dict[str, Any]
    attributes: dict[str, Any]
    key: str
    partition: int
    offset: int


@dataclass
class Pipeline:
    bootstrap: str
    programs: Path
    folder: Path
    #: Of inbox and journal, and of the other topics: two that differ, so that events are passed on.
    partitions: int = 6
    event_partitions: int = 4
    processes: list[subprocess.Popen] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)

    # Setting up and tearing down

    def __enter__(self) -> Pipeline:
        self.scratch = f"real-input-{uuid.uuid4().hex[:8]}"
        roles = ("events", "inbox", "status", "journal", "commands", "dead")
        self.topics = {name: f"{self.scratch}.{name}" for name in roles}
        self.operations = f"http://127.0.0.1:{free_port()}"
        try:
            self.start_sandbox()
            self.environment = {
                **{name: value for name, value in os.environ.items() if not name.startswith(("SLIPWAY_", "CDSW_"))},
                "SLIPWAY_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
                "SLIPWAY_KAFKA_GROUP_ID": self.scratch,
                "SLIPWAY_WORKBENCH_URL": self.sandbox["url"],
                "SLIPWAY_WORKBENCH_API_KEY": self.sandbox["apiKey"],
                "SLIPWAY_INTAKE_START_FROM": "beginning",
                "SLIPWAY_OPERATIONS_ADDRESS": self.operations.removeprefix("http://"),
                **{f"SLIPWAY_TOPICS_{name.upper()}": topic for name, topic in self.topics.items()},
            }
            counts = ["--partitions", str(self.partitions), "--event-partitions", str(self.event_partitions)]
            self.slipway("topics", "ensure", *counts)
            self.start_worker()
            self.open_reader()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if hasattr(self, "reader"):
            self.reader.close()
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=40)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        existing = admin.list_topics(timeout=10).topics
        doomed = [topic for topic in self.topics.values() if topic in existing]
        for deletion in (admin.delete_topics(doomed) if doomed else {}).values():
            deletion.result()

    def start_sandbox(self) -> None:
        command = [self.programs / "slipway-sandbox", "serve", "--address", "127.0.0.1:0", "--clock", "instant"]
        log = (self.folder / "sandbox.log").open("w")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self.processes.append(process)
        self.sandbox = json.loads(process.stdout.readline())

    def start_worker(self) -> subprocess.Popen:
        log = (self.folder / "worker.log").open("a")
        command = [self.programs / "slipway", "run", "--config", "config/slipway.yaml"]
        process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        self.processes.append(process)
        self.wait_until(lambda: self.is_ready(process), "the worker to be ready")
        return process

    def is_ready(self, worker: subprocess.Popen) -> bool:
        assert worker.poll() is None, f"the worker ended with {worker.returncode}:\n{self.worker_log()}"
        try:
            with urllib.request.urlopen(f"{self.operations}/readyz", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def worker_log(self) -> str:
        return (self.folder / "worker.log").read_text()[-4000:]

    @staticmethod
    def wait_until(condition: Any, what: str) -> None:
        """Asks again and again: processes of their own offer nothing to await."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"gave up waiting for {what}"
            time.sleep(0.05)

    # What people run

    def slipway(self, *arguments: str) -> str:
        command = [str(self.programs / "slipway"), *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"slipway {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}"
        return done.stdout

    def train(self, *arguments: str) -> dict:
        """Runs Examples/train_and_emit.py as its users do, and returns what it says at the end."""
        command = [sys.executable, "Examples/train_and_emit.py", "--project", "real-input", *arguments]
        environment = {**self.environment, "PROJECT_OWNER": self.scratch}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}"
        return json.loads(done.stdout.splitlines()[-1])

    def kcat(self, value: str, key: str) -> None:
        command = ["kcat", "-P", "-b", self.bootstrap, "-t", self.topics["events"], "-k", key]
        subprocess.run(command, input=value, text=True, check=True, timeout=60)

    # What comes out

    def open_reader(self) -> None:
        """Reads all partitions of the status topic from the start, without a group, committed transactions only."""
        self.reader = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": f"{self.scratch}-reader",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
            }
        )
        topic = self.topics["status"]
        partitions = self.reader.list_topics(topic, timeout=10).topics[topic].partitions
        self.reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])

    def read_statuses(self, terminal: int, patience: float = PATIENCE) -> list[Status]:
        """Reads on until that many terminal statuses have been seen in all, then returns everything read so far."""
        deadline = time.monotonic() + patience
        while sum(status.phase in TERMINAL for status in self.statuses) < terminal:
            record = self.reader.poll(1)
            if record is None:
                assert time.monotonic() < deadline, (
                    f"only {[s.phase for s in self.statuses]} after {patience} s\n{self.worker_log()}"
                )
                continue
            assert record.error() is None, record.error()
            self.statuses.append(self.parse(record))
        return self.statuses

    @staticmethod
    def parse(record: Any) -> Status:
        message = KafkaMessage(headers=dict(record.headers() or []), key=record.key(), value=record.value())
        event = from_kafka(message, JSONFormat())
        kind = event.get_type()
        assert kind.startswith(TYPE_PREFIX) and kind.endswith(TYPE_SUFFIX), kind
        return Status(
            phase=kind[len(TYPE_PREFIX) : -len(TYPE_SUFFIX)],
            data=event.get_data(),
            attributes=event.get_attributes(),
            key=record.key().decode(),
            partition=record.partition(),
            offset=record.offset(),
        )

    def get(self, path: str) -> str:
        """A GET on the sandbox, its own controls included."""
        request = urllib.request.Request(
            self.sandbox["url"] + path, headers={"Authorization": f"Bearer {self.sandbox['apiKey']}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def letters(self) -> list[dict[str, str]]:
        """The header fields of all dead letters so far."""
        reader = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": f"{self.scratch}-letters",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
            }
        )
        topic, letters = self.topics["dead"], []
        partitions = reader.list_topics(topic, timeout=10).topics[topic].partitions
        reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
        ends = 0
        while ends < len(partitions):
            record = reader.poll(10)
            assert record is not None, "the dead-letter topic can't be read to its end"
            if record.error() is None:
                letters.append({name: value.decode() for name, value in record.headers()})
            else:
                assert record.error().code() == KafkaError._PARTITION_EOF, record.error()
                ends += 1
        reader.close()
        return letters

    def audit(self) -> list[dict]:
        """Every mutating call that was applied, in order."""
        entries = [json.loads(line) for line in self.get("/sandbox/audit").splitlines()]
        return [entry for entry in entries if entry["applied"]]

    def metrics(self) -> str:
        with urllib.request.urlopen(f"{self.operations}/metrics", timeout=10) as answer:
            return answer.read().decode()
