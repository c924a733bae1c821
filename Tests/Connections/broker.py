# SPDX-License-Identifier: Apache-2.0
"""A genuine Kafka with TLS, SASL and access rules, for the tests of this folder."""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

#: May do everything.
OWNER = ("slipway", "slipway-secret")
#: May do what the access rules of a test say, and nothing else.
GUEST = ("nobody", "nobody-secret")


@dataclass(frozen=True)
class Right:
    """One line of the table of rights in the README: an operation on a topic, a group or a transactional id."""

    resource: str
    name: str
    operation: str
    prefixed: bool = False

    def binding(self) -> AclBinding:
        return AclBinding(
            ResourceType[self.resource],
            self.name,
            ResourcePatternType.PREFIXED if self.prefixed else ResourcePatternType.LITERAL,
            f"User:{GUEST[0]}",
            "*",
            AclOperation[self.operation],
            AclPermissionType.ALLOW,
        )

    def filter(self) -> AclBindingFilter:
        binding = self.binding()
        return AclBindingFilter(
            binding.restype,
            binding.name,
            binding.resource_pattern_type,
            binding.principal,
            binding.host,
            binding.operation,
            binding.permission_type,
        )

    def __str__(self) -> str:
        return f"{self.resource.lower()} {self.name}: {self.operation}"


class Broker:
    """One node, started with `kafka.sh start --secure`; `settings` outrank those of the script."""

    def __init__(self, script: Path, folder: Path | None, settings: str = ""):
        self.script = script
        self.is_ours = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="connections-kafka-"))
        if self.is_ours:
            (self.folder / "settings").write_text(settings)
            options = ["--properties", str(self.folder / "settings")] if settings else []
            self.run("start", "--port", str(self.free_ports()), "--secure", *options)
        facts = dict(line.split("=", 1) for line in (self.folder / "env").read_text().splitlines())
        self.plain, self.ssl, self.sasl = facts["BOOTSTRAP"], facts["BOOTSTRAP_SSL"], facts["BOOTSTRAP_SASL"]
        self.certificates = Path(facts["CERTS"])
        # The plain listener's user may do everything.
        self.admin = AdminClient({"bootstrap.servers": self.plain})

    @staticmethod
    def free_ports() -> int:
        """The first of four ports in a row: clients, controller, TLS, SASL."""
        for _ in range(100):
            first = random.randrange(20000, 32000)
            try:
                for port in range(first, first + 4):
                    with socket.socket() as probe:
                        probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
        raise AssertionError("no four free ports in a row")

    def run(self, verb: str, *arguments: str) -> None:
        command = [self.script, verb, *arguments, "--dir", self.folder]
        # To a file: the broker inherits it, and would keep a pipe open for ever.
        with (self.folder / "kafka.sh.log").open("a") as log:
            done = subprocess.run(command, stdout=log, stderr=log, timeout=120, check=False)
        assert done.returncode == 0, f"kafka.sh {verb}: {(self.folder / 'kafka.sh.log').read_text()[-2000:]}"

    def kill(self) -> None:
        self.run("kill", "1")

    def boot(self) -> None:
        self.run("boot", "1")

    def log(self, topic: str, partition: int) -> Path:
        """The file in which a partition's newest records lie."""
        folder = self.folder / "node1" / "data" / f"{topic}-{partition}"
        self.wait(lambda: list(folder.glob("*.log")), f"{topic}-{partition} to be on disk")
        return max(folder.glob("*.log"))

    def close(self) -> None:
        if self.is_ours:
            self.run("stop")
            shutil.rmtree(self.folder)

    # Topics and access rules

    def create(self, topics: dict[str, str], partitions: int, keeps_batches: bool) -> None:
        """`keeps_batches`: what others write is stored as they packed it, not as `slipway topics ensure` proposes."""
        unpacked = {} if keeps_batches else {"compression.type": "uncompressed"}
        settings = {"journal": {"cleanup.policy": "compact"}, "events": unpacked, "commands": unpacked}
        new = [
            NewTopic(name, 1 if role == "commands" else partitions, 1, config=settings.get(role, {}))
            for role, name in topics.items()
        ]
        for creation in self.admin.create_topics(new).values():
            creation.result()
        names = set(topics.values())
        self.wait(lambda: names <= set(self.admin.list_topics(timeout=20).topics), "the topics")

    def delete(self, topics: dict[str, str]) -> None:
        for deletion in self.admin.delete_topics(list(topics.values())).values():
            try:
                deletion.result()
            except KafkaException as error:
                if error.args[0].name() != "UNKNOWN_TOPIC_OR_PART":
                    raise

    def allow(self, *rights: Right) -> None:
        if rights:
            for creation in self.admin.create_acls([right.binding() for right in rights]).values():
                creation.result()
            self.wait(lambda: all(self.is_allowed(right) for right in rights), "the rules")

    def forbid(self, *rights: Right) -> None:
        if rights:
            for deletion in self.admin.delete_acls([right.filter() for right in rights]).values():
                deletion.result()
            self.wait(lambda: not any(self.is_allowed(right) for right in rights), "the rules to be gone")

    def is_allowed(self, right: Right) -> bool:
        """What the broker goes by; it follows the controller's answer by a moment."""
        return bool(self.admin.describe_acls(right.filter()).result())

    @staticmethod
    def wait(condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, f"gave up waiting for {what}"
            time.sleep(0.02)

    def forbid_everything(self) -> None:
        everything = AclBindingFilter(
            ResourceType.ANY,
            None,
            ResourcePatternType.ANY,
            None,
            None,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        for deletion in self.admin.delete_acls([everything]).values():
            deletion.result()

    def records(self, topic: str, isolation: str = "read_uncommitted") -> list:
        """Every record of a topic: as it lies there, those of aborted transactions too, or what was committed."""
        reader = Consumer(
            {
                "bootstrap.servers": self.plain,
                "group.id": "unused",
                "enable.auto.commit": False,
                "isolation.level": isolation,
                "enable.partition.eof": True,
                # The end is told after a fetch that brings nothing.
                "fetch.wait.max.ms": 10,
            }
        )
        partitions = reader.list_topics(topic, timeout=20).topics[topic].partitions
        reader.assign([TopicPartition(topic, partition, 0) for partition in partitions])
        records, open_partitions = [], set(partitions)
        while open_partitions:
            record = reader.poll(20)
            assert record is not None, f"{topic} could not be read to its end"
            if record.error() is None:
                records.append(record)
            else:
                assert record.error().name() == "_PARTITION_EOF", record.error()
                open_partitions.discard(record.partition())
        reader.close()
        return records
