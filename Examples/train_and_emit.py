#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train a classifier, record the run on a Cloudera AI workbench, and tell Slipway that it is finished.

A complete training job, small enough to copy from:

1. creates the experiment (if it is new) and a run in it, through API v2;
2. trains a scikit-learn pipeline on a data set that scikit-learn ships, tracked with MLflow in a local file store;
3. carries metrics, parameters, tags and the logged model over to the workbench's run, and marks it finished;
4. publishes one CloudEvent to Kafka, keyed by the model's name with Java's murmur2 hash, so that all events of a model
   meet in one partition.

Inside a workbench session the CDSW_* variables give address, key and project. Elsewhere, against `slipway-sandbox`:

    export SLIPWAY_WORKBENCH_URL=http://127.0.0.1:8080 SLIPWAY_WORKBENCH_API_KEY=...
    export SLIPWAY_KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:9092
    python3 train_and_emit.py --project churn --dataset wine --seed 7

The last line of stdout is one JSON object with the ids and where the event was stored.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import uuid
import warnings
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import mlflow
import pandas
import requests
import sklearn
from cloudevents.core.bindings import kafka as kafka_binding
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import Producer
from mlflow.models import Model, infer_signature
from mlflow.tracking import MlflowClient
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss, recall_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

EVENT_TYPE = "ai.experiment.run.finished.v1"
DATASETS = {"breast-cancer": datasets.load_breast_cancer, "wine": datasets.load_wine, "iris": datasets.load_iris}
#: What the workbench takes at most as the value of a parameter, in characters.
LONGEST_PARAMETER = 250


class JobError(Exception):
    """Something outside the job that the user can put right."""


def timestamp(milliseconds: int) -> str:
    """The RFC 3339 form of MLflow's epoch milliseconds."""
    moment = datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Workbench:
    """The few operations of API v2 that a training job needs."""

    def __init__(self, url: str, key: str, ca_bundle: str | None = None):
        self.root = url.rstrip("/") + "/api/v2"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {key}"
        if ca_bundle:
            self.session.verify = ca_bundle

    def call(self, method: str, path: str, accept: tuple[int, ...] = (), **arguments: Any) -> requests.Response:
        """One call; answers that are neither success nor in `accept` end the job with the server's own words."""
        try:
            response = self.session.request(method, self.root + path, timeout=30, **arguments)
        except requests.RequestException as error:
            raise JobError(f"{method} {path}: {error}") from error
        if response.ok or response.status_code in accept:
            return response
        try:
            message = response.json().get("message", "")
        except ValueError:
            message = response.text[:200]
        raise JobError(f"{method} {path}: HTTP {response.status_code}: {message}")

    def find(self, path: str, array: str, name: str) -> dict | None:
        """The object of exactly that name. The server's filter matches substrings, and pages hold 10 by default."""
        token = ""
        while True:
            query = {"search_filter": json.dumps({"name": name}), "page_size": 100, "page_token": token}
            page = self.call("GET", path, params=query).json()
            for item in page.get(array) or []:
                if item.get("name") == name:
                    return item
            token = page.get("next_page_token") or ""
            if not token:
                return None

    def project(self, name: str) -> str:
        found = self.find("/projects", "projects", name)
        return (found or self.call("POST", "/projects", json={"name": name, "template": "blank"}).json())["id"]

    def experiment(self, project: str, name: str) -> str:
        """Creates the experiment. Names are unique in a workspace: 409 says that it is there already."""
        path = f"/projects/{project}/experiments"
        answer = self.call("POST", path, accept=(409,), json={"name": name})
        if answer.status_code != 409:
            return answer.json()["id"]
        found = self.find(path, "experiments", name)
        if not found:
            raise JobError(f"the experiment {name} belongs to another project: choose a name with --experiment")
        return found["id"]


@dataclass
class WorkbenchRun:
    """A run on the workbench that this job fills and finishes."""

    workbench: Workbench
    project: str
    experiment: str
    run: str
    artifact_uri: str

    @classmethod
    def start(cls, workbench: Workbench, project: str, experiment: str, name: str) -> WorkbenchRun:
        path = f"/projects/{project}/experiments/{experiment}/runs"
        started = timestamp(int(datetime.now(timezone.utc).timestamp() * 1000))
        run = workbench.call("POST", path, json={"run_name": name, "start_time": started}).json()
        return cls(workbench, project, experiment, run["id"], run.get("artifact_uri", ""))

    @property
    def path(self) -> str:
        return f"/projects/{self.project}/experiments/{self.experiment}/runs/{self.run}"

    def record(self, tracked: TrackedRun) -> None:
        self.workbench.call("POST", f"{self.path}:logbatch", json=tracked.batch())
        # In a session the run's artifact folder is on the project's disk, and a build takes the model from there.
        folder = Path(self.artifact_uri)
        if folder.is_absolute() and folder.parent.is_dir():
            shutil.copytree(tracked.artifacts, folder, dirs_exist_ok=True)

    def end(self, status: str, files: list[dict] | None = None) -> None:
        body: dict = {
            "status": f"EXPERIMENT_RUN_{status}",
            "end_time": timestamp(int(datetime.now(timezone.utc).timestamp() * 1000)),
        }
        if files:
            body["data"] = {"files": files}
        self.workbench.call("PATCH", self.path, json=body)


class TrackedRun:
    """What MLflow recorded, in the words of API v2."""

    def __init__(self, client: MlflowClient, run_id: str, model_path: str):
        self.client = client
        self.info = client.get_run(run_id)
        self.artifacts = Path(self.info.info.artifact_uri.removeprefix("file://"))
        self.model = Model.load(str(self.artifacts / model_path))

    @property
    def metrics(self) -> dict[str, float]:
        return dict(self.info.data.metrics)

    def batch(self) -> dict:
        history = [
            {"key": m.key, "value": m.value, "timestamp": timestamp(m.timestamp), "step": str(m.step)}
            for key in self.info.data.metrics
            for m in self.client.get_metric_history(self.info.info.run_id, key)
        ]
        return {
            "metrics": history,
            "params": [{"key": k, "value": v[:LONGEST_PARAMETER]} for k, v in self.info.data.params.items()],
            "tags": [{"key": k, "value": v} for k, v in self.info.data.tags.items()],
            "model_json": self.model.to_json(),
        }

    def files(self) -> list[dict]:
        found = sorted(self.artifacts.rglob("*"))
        return [
            {
                "path": path.relative_to(self.artifacts).as_posix(),
                "is_dir": path.is_dir(),
                "file_size": "0" if path.is_dir() else str(path.stat().st_size),
            }
            for path in found
        ]


def train(options: argparse.Namespace, store: Path, run_name: str) -> TrackedRun:
    """Fits the pipeline in steps, so that MLflow gets a loss curve, and logs the model with its signature."""
    data = DATASETS[options.dataset](as_frame=True)
    train_x, test_x, train_y, test_y = train_test_split(
        data.data, data.target, test_size=options.test_size, random_state=options.seed, stratify=data.target
    )
    mlflow.set_tracking_uri(store.as_uri())
    mlflow.set_experiment(options.experiment)
    with mlflow.start_run(run_name=run_name) as run:
        mlflow.set_tags({"dataset": options.dataset, "row_count": len(data.data)})
        mlflow.set_tags(dict(tag.split("=", 1) for tag in options.tag))
        if options.user:
            mlflow.set_tag("mlflow.user", options.user)
        classifier = LogisticRegression(C=options.regularisation, max_iter=options.steps, warm_start=True)
        pipeline = make_pipeline(StandardScaler(), classifier)
        mlflow.log_params(
            {
                "estimator": "StandardScaler+LogisticRegression",
                "C": options.regularisation,
                "steps": options.steps,
                "seed": options.seed,
                "test_size": options.test_size,
            }
        )
        for step in range(options.rounds):
            with warnings.catch_warnings():
                # A round is meant to stop before it has converged: the next one goes on from there.
                warnings.simplefilter("ignore", ConvergenceWarning)
                pipeline.fit(train_x, train_y)
            mlflow.log_metric("training_loss", log_loss(train_y, pipeline.predict_proba(train_x)), step=step)
        predicted = pipeline.predict(test_x)
        mlflow.log_metrics(
            {
                "accuracy": accuracy_score(test_y, predicted),
                "recall": recall_score(test_y, predicted, average="macro"),
                "f1": f1_score(test_y, predicted, average="macro"),
            }
        )
        mlflow.sklearn.log_model(
            pipeline,
            options.artifact_path,
            signature=infer_signature(test_x, predicted),
            pip_requirements=[f"scikit-learn=={sklearn.__version__}", f"pandas=={pandas.__version__}"],
        )
    return TrackedRun(MlflowClient(), run.info.run_id, options.artifact_path)


def finished_event(options: argparse.Namespace, run: WorkbenchRun, tracked: TrackedRun) -> CloudEvent:
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "type": EVENT_TYPE,
        "source": f"/projects/{run.project}/experiments/{run.experiment}",
        # Names this try: sent again, it is the same event; another try is another one.
        "id": str(uuid.uuid4()),
        "subject": run.run,
        "time": datetime.fromtimestamp(tracked.info.info.end_time / 1000, tz=timezone.utc),
        "datacontenttype": "application/json",
    }
    if not options.no_key:
        attributes["partitionkey"] = options.model
    data = {
        "projectId": run.project,
        "experimentId": run.experiment,
        "experimentName": options.experiment,
        "runId": run.run,
        "status": "EXPERIMENT_RUN_FINISHED",
        "model": {
            "name": options.model,
            "artifactPath": options.artifact_path,
            "description": f"{options.dataset} classifier, scikit-learn",
        },
    }
    return CloudEvent(attributes=attributes, data=data)


def publish(options: argparse.Namespace, event: CloudEvent) -> dict:
    """Sends the event and waits until the brokers have it."""
    to_message = kafka_binding.to_structured_event if options.structured else kafka_binding.to_binary_event
    message = to_message(event)
    settings = {
        "bootstrap.servers": options.bootstrap,
        "client.id": "train-and-emit",
        "enable.idempotence": True,
        # For readers that go by partitions, as Java's clients hash keys; librdkafka's own default is CRC32. Slipway takes
        # events from any partition.
        "partitioner": options.partitioner,
        **dict(setting.split("=", 1) for setting in options.kafka_property),
    }
    stored: dict = {}

    def delivered(error: Any, record: Any) -> None:
        stored.update({"error": str(error)} if error else {"partition": record.partition(), "offset": record.offset()})

    producer = Producer(settings)
    producer.produce(
        options.topic, key=message.key, value=message.value, headers=dict(message.headers), on_delivery=delivered
    )
    producer.flush(options.kafka_timeout)
    if "offset" not in stored:
        raise JobError(f"the event was not stored: {stored.get('error', 'no answer from ' + options.bootstrap)}")
    return {"topic": options.topic, **stored}


def workbench_address() -> str | None:
    """The workbench's address as a session's variables or Slipway's own give it."""
    if url := os.environ.get("SLIPWAY_WORKBENCH_URL"):
        return url
    if legacy := os.environ.get("CDSW_API_URL"):
        return legacy.split("/api/")[0]
    domain = os.environ.get("CDSW_DOMAIN")
    return f"https://{domain}" if domain else None


def workbench_key(options: argparse.Namespace) -> str:
    if options.api_key_file:
        return Path(options.api_key_file).read_text(encoding="utf-8").strip()
    key = os.environ.get("SLIPWAY_WORKBENCH_API_KEY") or os.environ.get("CDSW_APIV2_KEY")
    if not key:
        raise JobError("no API key: set CDSW_APIV2_KEY or SLIPWAY_WORKBENCH_API_KEY, or give --api-key-file")
    return key


def parse(arguments: list[str]) -> argparse.Namespace:
    environment = os.environ.get
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    job = parser.add_argument_group("training")
    job.add_argument("--dataset", choices=sorted(DATASETS), default="breast-cancer")
    job.add_argument("--seed", type=int, default=1, help="of the train/test split (default 1)")
    job.add_argument("--regularisation", type=float, default=1.0, metavar="C", help="smaller is stronger (default 1)")
    job.add_argument("--steps", type=int, default=5, help="solver iterations a round (default 5)")
    job.add_argument("--rounds", type=int, default=8, help="rounds, each with its loss logged (default 8)")
    job.add_argument("--test-size", type=float, default=0.3, help="share held back for testing (default 0.3)")
    job.add_argument("--tag", action="append", default=[], metavar="NAME=VALUE", help="a tag of the run; may be repeated")
    names = parser.add_argument_group("names")
    names.add_argument("--experiment", help="default DATASET-OWNER, OWNER being PROJECT_OWNER")
    names.add_argument("--model", help="name of the model to deploy, also the event's key (default DATASET-clf)")
    names.add_argument("--artifact-path", default="artifacts", help="where MLflow logs the model (default artifacts)")
    bench = parser.add_argument_group("workbench")
    bench.add_argument("--workbench-url", default=workbench_address(), help="default SLIPWAY_WORKBENCH_URL or CDSW_*")
    bench.add_argument("--api-key-file", help="default: the key in SLIPWAY_WORKBENCH_API_KEY or CDSW_APIV2_KEY")
    bench.add_argument("--ca-bundle", help="certificates of a private CA (PEM)")
    bench.add_argument("--project-id", default=environment("CDSW_PROJECT_ID"), help="default CDSW_PROJECT_ID")
    bench.add_argument("--project", metavar="NAME", help="instead of an id; created if there is none of that name")
    kafka = parser.add_argument_group("Kafka")
    kafka.add_argument("--bootstrap", default=environment("SLIPWAY_KAFKA_BOOTSTRAP_SERVERS"), metavar="HOST:PORT,...")
    kafka.add_argument("--topic", default=environment("SLIPWAY_TOPICS_EVENTS", "experiments.finished"))
    kafka.add_argument("--kafka-property", action="append", default=[], metavar="NAME=VALUE", help="any of librdkafka's")
    kafka.add_argument("--kafka-timeout", type=float, default=30, metavar="SECONDS")
    kafka.add_argument("--structured", action="store_true", help="the whole CloudEvent as JSON instead of headers")
    kafka.add_argument("--partitioner", default="murmur2_random", help="default murmur2_random, as Java's clients hash")
    kafka.add_argument("--no-key", action="store_true", help="leave the key out, as careless producers do")
    kafka.add_argument("--no-event", action="store_true", help="record the run only")
    options = parser.parse_args(arguments)
    options.user = environment("PROJECT_OWNER")
    options.experiment = options.experiment or f"{options.dataset}-{options.user or 'slipway'}"
    options.model = options.model or f"{options.dataset}-clf"
    if not options.workbench_url:
        parser.error("no workbench: give --workbench-url, or run inside a session")
    if not (options.project_id or options.project):
        parser.error("no project: give --project or --project-id, or run inside a session")
    if not (options.bootstrap or options.no_event):
        parser.error("no Kafka: give --bootstrap or set SLIPWAY_KAFKA_BOOTSTRAP_SERVERS (or say --no-event)")
    return options


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    try:
        workbench = Workbench(options.workbench_url, workbench_key(options), options.ca_bundle)
        project = workbench.project(options.project) if options.project else options.project_id
        experiment = workbench.experiment(project, options.experiment)
        run_name = f"{options.dataset}-{options.seed}"
        run = WorkbenchRun.start(workbench, project, experiment, run_name)
        try:
            with tempfile.TemporaryDirectory() as folder:
                tracked = train(options, Path(folder), run_name)
                run.record(tracked)
                run.end("FINISHED", tracked.files())
        except BaseException:
            run.end("FAILED")
            raise
        event = finished_event(options, run, tracked)
        outcome: dict = {"projectId": project, "experimentId": experiment, "runId": run.run, "model": options.model}
        outcome["metrics"] = tracked.metrics
        if not options.no_event:
            outcome["event"] = publish(options, event)
    except JobError as error:
        print(f"train_and_emit: {error}", file=sys.stderr)
        return 1
    print(json.dumps(outcome))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
