# SPDX-License-Identifier: Apache-2.0
"""No secret in anything that the programs of this suite have said or written; runs after all other tests of the folder."""

import json
from pathlib import Path

import pytest
from confluent_kafka import Producer

from bed import API_KEY, ROLES, Bed, wait_until
from broker import GUEST, OWNER
from test_kafka import PASSPHRASE, encrypted_key

#: A model name, so a text that goes everywhere: what the search below must find.
LEAK = "leaked-on-purpose-5Tn"
ROUTES = """
routes:
  - name: verified
    model:
      name: "{experimentId|slug}"
    verify:
      request: {"columns": ["a"], "data": [[1]]}
      expect: EXPECTED
"""
#: Written by the tests themselves, and read by the programs: here secrets belong.
OWN_FILES = ("*.key", "key", "*.pem", "access-keys")


def search(folder: Path, secrets: list[bytes]) -> dict[str, list[str]]:
    """The files in which each secret occurs."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or any(path.match(pattern) for pattern in OWN_FILES) or "authority-" in str(path.parent):
            continue
        content = path.read_bytes()
        for secret in secrets:
            if secret in content:
                found.setdefault(secret.decode(), []).append(str(path.relative_to(folder)))
    return found


def test_the_search_sees_what_goes_everywhere(make_bed, leavings):
    bed: Bed = make_bed()
    # Two, so that what one reads and the other owns goes through the inbox.
    workers = [bed.worker(bed.plain()), bed.worker(bed.plain())]
    for worker in workers:
        worker.wait_ready()
    run = bed.run()
    assert bed.emit(bed.plain(), run, LEAK).status == 0
    producer = Producer({"bootstrap.servers": bed.broker.plain})
    producer.produce(bed.topics["events"], f"{{ {LEAK}")
    producer.flush(20)

    def forwarded() -> bool:
        event = json.dumps({**run, "status": "FINISHED", "model": {"name": LEAK}})
        for partition in range(bed.partitions):
            producer.produce(bed.topics["events"], event, partition=partition)
        producer.flush(20)
        return bool(bed.broker.records(bed.topics["inbox"]))

    wait_until(forwarded, "an event of the one worker in the inbox of the other")
    bed.statuses(1)
    replay = ("replay", "--run", run["runId"], "--apply", "--reason", LEAK, "--no-wait")
    assert bed.slipway(bed.plain(), *replay).status == 0
    bed.close()
    names = {Path(path).name for path in search(bed.folder, [LEAK.encode()])[LEAK]}
    assert names >= {"audit", "audit-file", *(f"topic-{role}" for role in ROLES)}
    assert names & {"worker-1.log", "worker-2.log"}, names


@pytest.mark.parametrize(
    ("expected", "phase", "cause"), [("[1]", "deployed", None), ("[2]", "failed", "verification")], ids=["right", "wrong"]
)
def test_a_worker_that_says_all_it_can_verifies_models(make_bed, expected: str, phase: str, cause: str | None):
    """Leaves the most talkative logs there are: everything of librdkafka's, and a model's access key in use."""
    bed: Bed = make_bed()
    routes = bed.folder / "routes.yaml"
    routes.write_text(ROUTES.replace("EXPECTED", expected))
    connection = {**bed.mutual_tls(), "ssl.key.location": encrypted_key(bed), "ssl.key.password": PASSPHRASE, "debug": "all"}
    worker = bed.worker(connection, SLIPWAY_ROUTES=str(routes), SLIPWAY_LOG_LEVEL="trace")
    bed.worker({**bed.sasl(), "debug": "all"}, SLIPWAY_ROUTES=str(routes), SLIPWAY_LOG_LEVEL="trace")
    worker.wait_ready()
    run = bed.run()
    event = {**run, "status": "FINISHED"}
    producer = Producer({"bootstrap.servers": bed.broker.plain})
    producer.produce(bed.topics["events"], json.dumps(event))
    producer.flush(20)
    statuses = bed.statuses(1)
    assert [status["phase"] for status in statuses][-2:] == ["verifying", phase], statuses
    assert statuses[-1].get("cause", {}).get("class") == cause, statuses


def test_no_secret_is_found_anywhere(leavings, broker):
    key_lines = (broker.certificates / "client.key").read_text().splitlines()
    access_keys = {line for path in leavings.rglob("access-keys") for line in path.read_text().split()}
    assert access_keys, "models were made, and have keys"
    secrets = [API_KEY, "planted-", OWNER[1], GUEST[1], key_lines[1], *sorted(access_keys)]
    assert len(list(leavings.rglob("worker-*.log"))) >= 2 and len(list(leavings.rglob("*-metrics"))) >= 2
    assert search(leavings, [secret.encode() for secret in secrets]) == {}
