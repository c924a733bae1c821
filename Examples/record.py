#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Record what train_and_emit.py makes, as data for the demo: Examples/recorded/runs.json and events.ndjson.

Runs the training job several times against a workbench (the sandbox will do) and a Kafka topic of this recording's own,
then writes down what API v2 answers about those runs, and the records as they lie in the topic. Two more records are
derived from the first: itself once more, as a producer that tries again sends it, and its value cut short. See
recorded/README.md for the format.

    slipway-sandbox serve --address 127.0.0.1:8080 --api-key demo --seed 7 &
    export SLIPWAY_WORKBENCH_URL=http://127.0.0.1:8080 SLIPWAY_WORKBENCH_API_KEY=demo
    export SLIPWAY_KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:9092 PROJECT_OWNER=alex
    python3 Examples/record.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka
from cloudevents.core.formats.json import JSONFormat
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from train_and_emit import Workbench

HERE = Path(__file__).resolve().parent
PROJECT = "ml-production"
BOOTSTRAP = os.environ["SLIPWAY_KAFKA_BOOTSTRAP_SERVERS"]

#: Arguments of each training job, what becomes of its event, and why. A job marked `long` is still training while
#: the next one starts and ends, so that its event comes after the event of a newer run.
JOBS = [
    ("breast-cancer", ["--dataset", "breast-cancer", "--seed", "1"], "deployed", "a first run of a model"),
    ("wine-long", ["--dataset", "wine", "--seed", "2", "--rounds", "2500"], "superseded", "started before wine, ended after it"),
    ("wine", ["--dataset", "wine", "--seed", "3"], "deployed", "newer than wine-long, whose event comes later"),
    ("iris-structured", ["--dataset", "iris", "--seed", "4", "--structured"], "deployed", "CloudEvent in structured mode"),
    (
        "breast-cancer-stripped",
        ["--dataset", "breast-cancer", "--seed", "5", "--regularisation", "1e-6", "--model", "breast-cancer-small"],
        "skipped",
        "accuracy below 0.9, where the demo's routes have a gate",
    ),
    (
        "wine-no-key",
        ["--dataset", "wine", "--seed", "6", "--model", "wine-keyless", "--no-key"],
        "deployed",
        "no key: the worker forwards the event to the partition that owns the model",
    ),
    (
        "iris-crc32",
        ["--dataset", "iris", "--seed", "7", "--model", "iris-small", "--partitioner", "consistent_random"],
        "deployed",
        "keyed by CRC32, as librdkafka does unless told otherwise",
    ),
    (
        "wine-unbuildable",
        ["--dataset", "wine", "--seed", "8", "--model", "wine-unbuildable", "--tag", "sandbox.fail=build"],
        "failed",
        "the run's tag asks the sandbox to let the build fail",
    ),
]


def train(arguments: list[str], topic: str) -> subprocess.Popen:
    # The script's name is given as it is in a clone, because MLflow records it as the run's source.
    command = [sys.executable, "Examples/train_and_emit.py", "--project", PROJECT, "--topic", topic, *arguments]
    return subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True)


def outcome(job: subprocess.Popen) -> dict:
    output, _ = job.communicate(timeout=300)
    if job.returncode != 0:
        raise SystemExit(f"record: {' '.join(map(str, job.args))} ended with {job.returncode}")
    return json.loads(output.splitlines()[-1])


def run_jobs(topic: str) -> list[tuple[str, str, str, dict]]:
    """Runs the jobs and returns them in the order in which their events were sent."""
    done, long = [], None
    for name, arguments, expected, reason in JOBS:
        job = train(arguments, topic)
        if name.endswith("-long"):
            wait_for_start(name, job)
            long = (name, expected, reason, job)
            continue
        done.append((name, expected, reason, outcome(job)))
        if long:
            if long[3].poll() is not None:
                raise SystemExit("record: the long job ended too early: give it more rounds")
            done.append((*long[:3], outcome(long[3])))
            long = None
    return done


def wait_for_start(name: str, job: subprocess.Popen) -> None:
    """Waits until the job's run is on the workbench: later jobs are to start later there, too."""
    bench = Workbench(os.environ["SLIPWAY_WORKBENCH_URL"], os.environ["SLIPWAY_WORKBENCH_API_KEY"])
    while job.poll() is None:
        project = bench.find("/projects", "projects", PROJECT)
        experiments = bench.call("GET", f"/projects/{project['id']}/experiments").json()["experiments"] if project else []
        for experiment in experiments:
            runs = bench.call("GET", f"/projects/{project['id']}/experiments/{experiment['id']}/runs").json()
            if any(run["status"] == "EXPERIMENT_RUN_RUNNING" for run in runs["experiment_runs"]):
                return
    raise SystemExit(f"record: {name} ended before its run was seen running")


def read_back(jobs: list[tuple[str, str, str, dict]]) -> dict:
    """The project, experiments and runs as the workbench's GET operations answer them."""
    bench = Workbench(os.environ["SLIPWAY_WORKBENCH_URL"], os.environ["SLIPWAY_WORKBENCH_API_KEY"])
    project = jobs[0][3]["projectId"]
    root = f"/projects/{project}"
    experiments = sorted({job[3]["experimentId"] for job in jobs})
    return {
        "projects": [bench.call("GET", root).json()],
        "experiments": [bench.call("GET", f"{root}/experiments/{e}").json() for e in experiments],
        "runs": [
            bench.call("GET", f"{root}/experiments/{job[3]['experimentId']}/runs/{job[3]['runId']}").json() for job in jobs
        ],
    }


def read_record(topic: str, partition: int, offset: int) -> dict:
    consumer = Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": "recorder", "enable.auto.commit": False})
    try:
        consumer.assign([TopicPartition(topic, partition, offset)])
        record = consumer.poll(20)
        if record is None or record.error():
            raise SystemExit(f"record: {topic}/{partition}/{offset} could not be read")
        key = record.key()
        return {
            "key": key.decode() if key is not None else None,
            "headers": {name: value.decode() for name, value in record.headers() or []},
            "value": record.value().decode(),
        }
    finally:
        consumer.close()


def cloud_event(event: dict) -> str:
    """The recorded event as one line of JSON in CloudEvents' structured mode, as `slipway emit FILE` takes it."""
    headers = {name: text.encode() for name, text in event["headers"].items()}
    message = KafkaMessage(headers=headers, key=None, value=event["value"].encode())
    return JSONFormat().write(from_kafka(message, JSONFormat())).decode() + "\n"


def main() -> None:
    topic = f"recording-{uuid.uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": BOOTSTRAP})
    admin.create_topics([NewTopic(topic, num_partitions=6, replication_factor=1)])[topic].result()
    try:
        jobs = run_jobs(topic)
        events = []
        for name, expected, reason, result in jobs:
            stored = result["event"]
            record = read_record(topic, stored["partition"], stored["offset"])
            record["partitioner"] = "crc32" if name.endswith("crc32") else "murmur2"
            events.append({"name": name, "expected": expected, "reason": reason, **record})
    finally:
        admin.delete_topics([topic])[topic].result()
    first = events[0]
    again = {**first, "name": "breast-cancer-again", "expected": "duplicate", "reason": "the same event, sent twice"}
    cut = {**first, "name": "cut-short", "expected": "deadLettered", "reason": "the value's first 60 characters only"}
    cut["value"] = first["value"][:60]
    cut["headers"] = {**first["headers"], "ce_id": "cut-short"}
    events += [again, cut]
    folder = HERE / "recorded"
    folder.mkdir(exist_ok=True)
    (folder / "runs.json").write_text(json.dumps(read_back(jobs), indent=1) + "\n", encoding="utf-8")
    lines = "".join(json.dumps(event) + "\n" for event in events)
    (folder / "events.ndjson").write_text(lines, encoding="utf-8")
    (folder / "cloudevents.ndjson").write_text("".join(map(cloud_event, events[:-1])), encoding="utf-8")
    print(f"recorded {len(jobs)} runs and {len(events)} events in {folder}")


if __name__ == "__main__":
    main()
