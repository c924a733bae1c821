# SPDX-License-Identifier: Apache-2.0
"""A sandbox, topics and the programs as people run them, for one test; everything that they say is kept."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

from broker import GUEST, OWNER, Broker, Right


ROLES = ("events", "inbox", "status", "journal", "commands", "dead")
TERMINAL = {"deployed", "failed", "skipped", "superseded"}
#: How long anything may take that the tests wait for, in seconds. Generous: it is only reached when something is broken.
PATIENCE = float(os.environ.get("CONNECTIONS_PATIENCE", "90"))
#: The API key of every sandbox, recognisable wherever it should leak.
API_KEY = "planted-api-key-7Q2xW9"
#: For tests, with short waits.
PACE = {
    "SLIPWAY_ROLLOUT_SETTLE": "1s",
    "SLIPWAY_ROLLOUT_BACKOFF_BASE": "50ms",
    "SLIPWAY_ROLLOUT_BACKOFF_CAP": "500ms",
    "SLIPWAY_POLLING_MINIMUM": "20ms",
    "SLIPWAY_POLLING_MAXIMUM": "200ms",
    "SLIPWAY_WORKBENCH_REQUEST_TIMEOUT": "5s",
    "SLIPWAY_WORKBENCH_MAXIMUM_CALLS_PER_SECOND": "0",
    "SLIPWAY_LOG_FORMAT": "json",
    "SLIPWAY_LOG_LEVEL": "debug",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition: Callable[[], Any], what: Callable[[], str] | str) -> Any:
    """Asks again and again: processes of their own offer nothing to await."""
    deadline = time.monotonic() + PATIENCE
    while not (result := condition()):
        assert time.monotonic() < deadline, f"gave up waiting for {what() if callable(what) else what}"
        time.sleep(0.05)
    return result


@dataclass
class Done:
    """What a command said."""

    status: int
    stdout: str
    stderr: str


class Worker:
    """`slipway run` as a process."""

    def __init__(self, program: Path, environment: dict[str, str], log: Path):
        port = free_port()
        self.operations = f"http://127.0.0.1:{port}"
        self.log_path = log
        environment = {**environment, "SLIPWAY_OPERATIONS_ADDRESS": f"127.0.0.1:{port}"}
        with log.open("w") as output:
            self.process = subprocess.Popen([program, "run"], env=environment, cwd=log.parent, stdout=output, stderr=output)

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of an answer; (0, why) without one."""
        try:
            with urllib.request.urlopen(self.operations + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (urllib.error.URLError, OSError) as error:
            return 0, str(error)

    def causes(self) -> dict[str, str]:
        """Why the worker is not ready, by condition."""
        _, body = self.get("/readyz")
        try:
            conditions = json.loads(body)["conditions"]
        except (ValueError, KeyError):
            return {}
        return {condition["name"]: condition["cause"] for condition in conditions if condition.get("cause")}

    def assert_running(self) -> None:
        assert self.process.poll() is None, f"the worker ended with {self.process.returncode}:\n{self.log[-3000:]}"

    def wait_ready(self) -> None:
        def is_ready() -> bool:
            self.assert_running()
            return self.get("/readyz")[0] == 200

        wait_until(is_ready, lambda: f"the worker to be ready: {self.causes()}\n{self.log[-3000:]}")

    def wait_cause(self, condition: str, *words: str) -> str:
        """Waits until readiness names a condition with all of these words."""

        def cause() -> str | None:
            self.assert_running()
            text = self.causes().get(condition, "")
            return text if text and all(word in text for word in words) else None

        return wait_until(cause, lambda: f"{condition}: {words}, is {self.causes()}\n{self.log[-3000:]}")

    def wait_any_cause(self) -> dict[str, str]:
        return wait_until(self.causes, lambda: f"a cause\n{self.log[-3000:]}")

    def wait_log(self, *words: str) -> str:
        """Waits for a line with all of these words."""

        def line() -> str | None:
            return next((line for line in self.log.splitlines() if all(word in line for word in words)), None)

        return wait_until(line, lambda: f"a line with {words}\n{self.log[-3000:]}")

    def wait_end(self) -> int:
        try:
            return self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the worker did not end: {self.causes()}\n{self.log[-3000:]}") from None

    def stop(self) -> None:
        if self.process.poll() is None:
            for page in ("metrics", "readyz"):
                (self.log_path.parent / f"{self.log_path.stem}-{page}").write_text(self.get(f"/{page}")[1])
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@dataclass
class Bed:
    broker: Broker
    programs: Path
    folder: Path
    partitions: int = 3
    clock: str = "instant"
    #: Roles of topics that hold what no client can read, so that they are not searched for secrets.
    unkept: tuple[str, ...] = ()
    #: Whether the broker stores what others write as they packed it, with which it takes what no client can read.
    keeps_batches: bool = False
    workers: list[Worker] = field(default_factory=list)
    commands: int = 0
    is_closed: bool = False

    def __enter__(self) -> Bed:
        self.scratch = f"connections-{uuid.uuid4().hex[:8]}"
        self.topics = {role: f"{self.scratch}.{role}" for role in ROLES}
        self.start_sandbox()
        self.broker.create(self.topics, self.partitions, self.keeps_batches)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends everything, and keeps what there is to be searched for secrets; once."""
        if self.is_closed:
            return
        self.is_closed = True
        for worker in self.workers:
            worker.stop()
        self.keep_access_keys()
        (self.folder / "audit").write_text(self.sandbox("GET", "/sandbox/audit"))
        self.keep_topics()
        self.sandbox_process.terminate()
        self.sandbox_process.wait(timeout=40)
        self.broker.forbid_everything()
        self.broker.delete(self.topics)

    def keep_access_keys(self) -> None:
        """The secrets of the models that were made: what must be found nowhere else."""
        keys = []
        for line in self.sandbox("GET", "/sandbox/audit").splitlines():
            entry = json.loads(line)
            if entry["operation"] == "CreateModel" and entry["applied"]:
                path = entry["path"].removeprefix("/api/v2")
                keys.append(self.api("GET", f"{path}/{entry['ids']['model_id']}")["access_key"])
        (self.folder / "access-keys").write_text("\n".join(keys))

    def keep_topics(self) -> None:
        for role, topic in self.topics.items():
            if role in self.unkept:
                continue
            with (self.folder / f"topic-{role}").open("wb") as kept:
                for record in self.broker.records(topic):
                    for part in (record.key(), record.value(), *(value for _, value in record.headers() or [])):
                        kept.write((part or b"") + b"\n")

    # Workbench

    def start_sandbox(self) -> None:
        command = [self.programs / "slipway-sandbox", "serve", "--address", "127.0.0.1:0", "--clock", self.clock]
        command += ["--api-key", API_KEY, "--audit-file", self.folder / "audit-file"]
        log = (self.folder / "sandbox.log").open("w")
        self.sandbox_process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self.url = json.loads(self.sandbox_process.stdout.readline())["url"]

    def sandbox(self, method: str, path: str, body: Any = None) -> str:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def api(self, method: str, path: str, body: Any = None) -> dict:
        return json.loads(self.sandbox(method, f"/api/v2{path}", body))

    def run(self, tags: dict[str, str] | None = None) -> dict[str, str]:
        """A finished run in an experiment and a project of its own, as an event names it."""
        name = f"p-{uuid.uuid4().hex[:8]}"
        project = self.api("POST", "/projects", {"name": name})["id"]
        experiment = self.api("POST", f"/projects/{project}/experiments", {"name": name})["id"]
        path = f"/projects/{project}/experiments/{experiment}/runs"
        run = self.api("POST", path, {"run_name": name, "start_time": "2026-01-01T00:00:00Z"})["id"]
        history = {"mlflow.log-model.history": '[{"artifact_path":"artifacts"}]', **(tags or {})}
        self.api("POST", f"{path}/{run}:logbatch", {"tags": [{"key": key, "value": history[key]} for key in history]})
        end = {"status": "EXPERIMENT_RUN_FINISHED", "end_time": "2026-01-01T01:00:00Z"}
        self.api("PATCH", f"{path}/{run}", end)
        return {"projectId": project, "experimentId": experiment, "runId": run}

    def made(self) -> dict[str, int]:
        """Objects made, by the operation that made them."""
        made: dict[str, int] = {}
        for line in self.sandbox("GET", "/sandbox/audit").splitlines():
            entry = json.loads(line)
            if entry["applied"] and entry["operation"].startswith(("CreateRegistered", "CreateModel")):
                made[entry["operation"]] = made.get(entry["operation"], 0) + 1
        return made

    # What people run

    def environment(self, connection: dict[str, str], **more: str) -> dict[str, str]:
        """The environment of a program; `connection` holds librdkafka's properties."""
        inherited = {name: text for name, text in os.environ.items() if not name.startswith(("SLIPWAY_", "CDSW_"))}
        properties = {f"SLIPWAY_KAFKA_{name.upper().replace('.', '_')}": text for name, text in connection.items()}
        return {
            **inherited,
            **PACE,
            "SLIPWAY_KAFKA_GROUP_ID": self.scratch,
            "SLIPWAY_KAFKA_TRANSACTIONAL_ID_PREFIX": self.scratch,
            "SLIPWAY_WORKBENCH_URL": self.url,
            "SLIPWAY_WORKBENCH_MODEL_SERVICE_URL": f"{self.url}/modelservice",
            "SLIPWAY_WORKBENCH_API_KEY": API_KEY,
            "SLIPWAY_INTAKE_START_FROM": "beginning",
            **{f"SLIPWAY_TOPICS_{role.upper()}": topic for role, topic in self.topics.items()},
            **properties,
            **more,
        }

    def worker(self, connection: dict[str, str], **more: str) -> Worker:
        log = self.folder / f"worker-{len(self.workers) + 1}.log"
        worker = Worker(self.programs / "slipway", self.environment(connection, **more), log)
        self.workers.append(worker)
        return worker

    def slipway(self, connection: dict[str, str], *arguments: str, stdin: str = "", **more: str) -> Done:
        """A command of `slipway`, to its end."""
        command = [str(self.programs / "slipway"), *arguments]
        environment = self.environment(connection, **more)
        done = subprocess.run(
            command, env=environment, cwd=self.folder, input=stdin, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        self.commands += 1
        kept = self.folder / f"command-{self.commands}.log"
        kept.write_text(f"{arguments[0]}\n{done.stdout}\n{done.stderr}\n")
        return Done(done.returncode, done.stdout, done.stderr)

    def emit(self, connection: dict[str, str], run: dict[str, str], model: str) -> Done:
        arguments = ["--project", run["projectId"], "--experiment", run["experimentId"], "--run", run["runId"]]
        return self.slipway(connection, "emit", *arguments, "--model", model)

    # What comes out

    def statuses(self, ended: int) -> list[dict]:
        """Waits until so many rollouts have ended; the data of all statuses, in order within each rollout."""

        def read() -> list[dict] | None:
            # What an aborted transaction left behind was never told to anybody who reads as the documents say.
            records = self.broker.records(self.topics["status"], "read_committed")
            found = [status for record in records if "phase" in (status := json.loads(record.value()))]
            return found if sum(status["phase"] in TERMINAL for status in found) >= ended else None

        return wait_until(read, lambda: f"{ended} ends\n{self.workers[-1].log[-3000:] if self.workers else ''}")

    # Ways to the broker

    def plain(self) -> dict[str, str]:
        return {"bootstrap.servers": self.broker.plain}

    def mutual_tls(self) -> dict[str, str]:
        certificates = self.broker.certificates
        return {
            "bootstrap.servers": self.broker.ssl,
            "security.protocol": "SSL",
            "ssl.ca.location": str(certificates / "ca.pem"),
            "ssl.certificate.location": str(certificates / "client.pem"),
            "ssl.key.location": str(certificates / "client.key"),
        }

    def sasl(self, user: tuple[str, str] = OWNER, mechanism: str = "PLAIN") -> dict[str, str]:
        return {
            "bootstrap.servers": self.broker.sasl,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": mechanism,
            "sasl.username": user[0],
            "sasl.password": user[1],
            "ssl.ca.location": str(self.broker.certificates / "ca.pem"),
        }

    def guest(self) -> dict[str, str]:
        return self.sasl(GUEST)

    # The README's table of rights, in the names of this bed

    def topic(self, role: str, *operations: str) -> list[Right]:
        return [Right("TOPIC", self.topics[role], operation) for operation in operations]
