# SPDX-License-Identifier: Apache-2.0
"""Real producers, a genuine Kafka, the worker, and a real reader: every run deploys once, in order, and says so once."""

import json
import subprocess
from collections import Counter
from dataclasses import dataclass

import pytest
from cloudevents.core.bindings.http import to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import Producer

from hashing import name_hashed_apart, owner_partition
from pipeline import TERMINAL, Pipeline, Status


@dataclass
class Story:
    """What was sent, and what came of it."""

    pipeline: Pipeline
    #: Outcome of each training job by the name that the tests use.
    jobs: dict[str, dict]
    statuses: list[Status]

    def of(self, job: str) -> list[Status]:
        """The statuses of the job's rollout, also those from before its run was resolved."""
        run = self.jobs[job]["runId"]
        rollouts = {status.data["rolloutId"] for status in self.statuses if status.data["run"].get("runId") == run}
        assert len(rollouts) == 1, f"{job}: {rollouts}"
        return [status for status in self.statuses if status.data["rolloutId"] in rollouts]


@pytest.fixture(scope="module")
def story(pipeline: Pipeline) -> Story:
    jobs = {}
    jobs["keyed"] = pipeline.train("--dataset", "wine", "--seed", "1", "--model", "wine")
    jobs["keyless"] = pipeline.train("--dataset", "iris", "--seed", "2", "--model", "iris-keyless", "--no-key")
    crc32 = ["--partitioner", "consistent_random", "--model", name_hashed_apart("iris-crc32", pipeline.event_partitions)]
    jobs["crc32"] = pipeline.train("--dataset", "iris", "--seed", "3", *crc32)
    jobs["second"] = pipeline.train("--dataset", "wine", "--seed", "4", "--model", "wine", "--structured")
    # A plain event that names no run: the newest finished one of its experiment, which nothing else has emitted.
    jobs["plain"] = pipeline.train("--dataset", "breast-cancer", "--seed", "5", "--model", "bc-plain", "--no-event")
    plain = {name: jobs["plain"][name] for name in ("projectId", "experimentId")}
    pipeline.kcat(json.dumps({**plain, "status": "EXPERIMENT_RUN_FINISHED", "model": {"name": "bc-plain"}}), "bc-plain")
    statuses = pipeline.read_statuses(terminal=5)
    return Story(pipeline, jobs, statuses)


JOBS = ["keyed", "keyless", "crc32", "second", "plain"]


@pytest.mark.parametrize("job", JOBS)
def test_a_run_ends_deployed_exactly_once(story: Story, job: str):
    phases = [status.phase for status in story.of(job)]
    assert phases[-1] == "deployed", phases
    assert sum(phase in TERMINAL for phase in phases) == 1, phases


@pytest.mark.parametrize("job", JOBS)
def test_the_statuses_of_a_rollout_share_a_key_and_count_up(story: Story, job: str):
    statuses = story.of(job)
    assert len({status.key for status in statuses}) == 1
    assert len({status.partition for status in statuses}) == 1, "one rollout's statuses must lie in one partition"
    numbers = [status.data["sequence"] for status in statuses]
    assert numbers == sorted(set(numbers)), numbers


def test_every_status_is_a_complete_cloud_event(story: Story):
    identities = Counter()
    for status in story.statuses:
        assert status.attributes["specversion"] == "1.0"
        assert status.attributes["datacontenttype"] == "application/json"
        assert status.attributes["time"].tzinfo is not None
        identities[(status.attributes["source"], status.attributes["id"])] += 1
    assert max(identities.values()) == 1, "source and id together name one event"


def test_no_status_shows_the_key(story: Story):
    secret = story.pipeline.sandbox["apiKey"]
    assert not [status for status in story.statuses if secret in json.dumps(status.data)]
    assert secret not in story.pipeline.worker_log()


def test_the_workbench_was_asked_for_nothing_twice(story: Story):
    made = Counter(entry["operation"] for entry in story.pipeline.audit() if entry["method"] == "POST")
    models = {job["model"] for job in story.jobs.values()}
    assert made["CreateRegisteredModel"] == len(JOBS)
    assert made["CreateModel"] == len(models) == 4, "a second run of a model adds a build, not a model"
    assert made["CreateModelBuild"] == len(JOBS)
    assert made["CreateModelDeployment"] == len(JOBS)


def test_runs_of_one_model_are_deployed_in_order(story: Story):
    registered = [
        entry["markers"].get("run_id") for entry in story.pipeline.audit() if entry["operation"] == "CreateRegisteredModel"
    ]
    first, second = (registered.index(story.jobs[job]["runId"]) for job in ("keyed", "second"))
    assert first < second
    assert story.of("second")[-1].data["ids"]["modelId"] == story.of("keyed")[-1].data["ids"]["modelId"]


def test_a_key_may_be_hashed_in_any_way(story: Story):
    sent, count = story.jobs["crc32"], story.pipeline.event_partitions
    assert sent["event"]["partition"] != owner_partition(sent["model"], count), "the producer was to hash in another way"
    assert story.of("crc32")[-1].phase == "deployed"


def test_the_same_event_again_has_no_status_of_its_own(story: Story):
    pipeline, job = story.pipeline, story.jobs["keyed"]
    stored = job["event"]
    copied = subprocess.run(
        ["kcat", "-C", "-b", pipeline.bootstrap, "-t", stored["topic"], "-p", str(stored["partition"])]
        + ["-o", str(stored["offset"]), "-c", "1", "-J"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    record = json.loads(copied.stdout)
    command = ["kcat", "-P", "-b", pipeline.bootstrap, "-t", stored["topic"], "-p", str(stored["partition"])]
    for name, value in zip(record["headers"][::2], record["headers"][1::2]):
        command += ["-H", f"{name}={value}"]
    subprocess.run([*command, "-k", record["key"]], input=record["payload"], text=True, check=True, timeout=60)
    # A further run after it: when that one has ended, the repeated event before it has been dealt with.
    before = len(story.of("keyed"))
    after = pipeline.train("--dataset", "wine", "--seed", "6", "--model", "wine")
    pipeline.read_statuses(terminal=6)
    assert story.statuses[-1].data["run"]["runId"] == after["runId"]
    assert len(story.of("keyed")) == before
    made = Counter(entry["operation"] for entry in pipeline.audit() if entry["method"] == "POST")
    assert made["CreateModelDeployment"] == 6


def sent(pipeline: Pipeline, value: bytes, headers: dict[str, str]) -> dict[str, str]:
    """Sends a record that can't be understood; the header fields of the dead letter that it becomes."""
    before = pipeline.letters()
    producer = Producer({"bootstrap.servers": pipeline.bootstrap})
    producer.produce(pipeline.topics["events"], value, headers=headers)
    producer.flush(20)
    pipeline.wait_until(lambda: len(pipeline.letters()) > len(before), "a dead letter")
    return next(letter for letter in pipeline.letters() if letter not in before)


def test_header_names_of_http_are_named_in_the_dead_letter(story: Story):
    """What a bridge from HTTP carries over, as CloudEvents' own SDK writes it; another type of event must not deploy."""
    attributes = {"specversion": "1.0", "id": "1", "source": "/bridge", "type": "com.acme.model.deleted.v1"}
    data = {name: story.jobs["keyed"][name] for name in ("projectId", "experimentId", "runId")}
    message = to_binary(CloudEvent(attributes, data), JSONFormat())
    letter = sent(story.pipeline, bytes(message.body), dict(message.headers))
    assert letter["slipway_class"] == "wrongPrefix", letter
    assert "header 'ce-" in letter["slipway_reason"] and "must be 'ce_" in letter["slipway_reason"], letter


def test_what_python_writes_and_json_does_not_have_is_named_in_the_dead_letter(story: Story):
    value = json.dumps({"experimentId": "e", "auc": float("nan")}).encode()
    assert "NaN is not JSON" in sent(story.pipeline, value, {})["slipway_reason"]
    registered = b"\0" + (7).to_bytes(4, "big") + json.dumps({"experimentId": "e"}).encode()
    assert "schema id 7" in sent(story.pipeline, registered, {})["slipway_reason"]
