# SPDX-License-Identifier: Apache-2.0
"""How the worker gets to a workbench behind TLS, and what it says while it doesn't: it waits, and names the cause."""

from pathlib import Path

import pytest

from bed import API_KEY, Bed, Worker, wait_until
from front import Authority, Front

FIRST_KEY, SECOND_KEY = "planted-first-key-Lq3", "planted-second-key-Vb8"


@pytest.fixture
def make_front(bed: Bed):
    fronts: list[Front] = []

    def make(**certificate) -> tuple[Front, Path]:
        authority = Authority(bed.folder / f"authority-{len(fronts)}")
        front = Front(bed.url, API_KEY, FIRST_KEY, authority.certificate(**certificate))
        fronts.append(front)
        return front, authority.path

    yield make
    for front in fronts:
        front.close()


def worker_behind(bed: Bed, front: Front, **more: str) -> Worker:
    settings = {
        "SLIPWAY_WORKBENCH_URL": front.url,
        "SLIPWAY_WORKBENCH_MODEL_SERVICE_URL": f"{front.url}/modelservice",
        "SLIPWAY_WORKBENCH_API_KEY": FIRST_KEY,
        **more,
    }
    return bed.worker(bed.plain(), **settings)


def assert_deployed(bed: Bed, count: int = 1) -> None:
    assert [status["phase"] for status in bed.statuses(count)].count("deployed") == count
    assert sum(bed.made().values()) == 4 * count, bed.made()


def test_a_private_authority_is_trusted_when_it_is_given(bed: Bed, make_front):
    front, authority = make_front()
    worker = worker_behind(bed, front, SLIPWAY_WORKBENCH_CA_BUNDLE=str(authority))
    worker.wait_ready()
    bed.emit(bed.plain(), bed.run(), "m")
    assert_deployed(bed)


#: Certificates that are not accepted, and words of what is said: what is wrong and what to change.
WRONG = {
    "authority that is not given": ({}, False, ["give the authority", "CA bundle"]),
    "expired certificate": ({"expired": True}, True, ["expired", "renew the server's certificate"]),
    "certificate of another host": ({"name": "DNS:elsewhere.invalid"}, True, ["host name"]),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_certificate_that_is_not_accepted_is_an_outage_that_is_named_at_start(bed: Bed, make_front, wrong: str):
    certificate, is_given, words = WRONG[wrong]
    front, authority = make_front(**certificate)
    more = {"SLIPWAY_WORKBENCH_CA_BUNDLE": str(authority)} if is_given else {}
    worker = worker_behind(bed, front, **more)
    # Before any event: what is wrong with the connection is known at start.
    worker.wait_cause("workbench", "no TLS connection", *words)
    bed.emit(bed.plain(), bed.run(), "m")
    wait_until(lambda: "waiting" in [status["phase"] for status in bed.statuses(0)], "a status that says that it waits")
    assert not bed.made()
    asked = bed.slipway(
        bed.plain(), "api", "GET", "/projects", SLIPWAY_WORKBENCH_URL=front.url, SLIPWAY_WORKBENCH_API_KEY=FIRST_KEY, **more
    )
    assert asked.status == 4 and all(word in asked.stderr for word in words), asked.stderr


def test_a_wrong_key_is_named_at_start(bed: Bed):
    worker = bed.worker(bed.plain(), SLIPWAY_WORKBENCH_API_KEY="planted-wrong-key")
    worker.wait_cause("workbench", "unauthorized", "Renew the API key")


def test_a_key_file_that_is_not_there_is_named_at_start_and_read_when_it_comes(bed: Bed):
    path = bed.folder / "key"
    worker = bed.worker(bed.plain(), SLIPWAY_WORKBENCH_API_KEY="", SLIPWAY_WORKBENCH_API_KEY_FILE=str(path))
    worker.wait_cause("workbench", str(path), "no such file")
    path.write_text(f"{API_KEY}\n")
    worker.wait_ready()


def test_a_revoked_key_is_waited_out_and_a_rotated_one_needs_no_restart(bed: Bed, make_front):
    front, authority = make_front()
    key_file = bed.folder / "key"
    key_file.write_text(f"{FIRST_KEY}\n")
    worker = worker_behind(
        bed,
        front,
        SLIPWAY_WORKBENCH_CA_BUNDLE=str(authority),
        SLIPWAY_WORKBENCH_API_KEY="",
        SLIPWAY_WORKBENCH_API_KEY_FILE=str(key_file),
        SLIPWAY_ROLLOUT_MAXIMUM_ATTEMPTS="2",
    )
    worker.wait_ready()
    bed.emit(bed.plain(), bed.run(), "before")
    assert_deployed(bed)
    # Rotated in order: the new key is in the file before the old one ends, and nobody notices.
    key_file.write_text(f"{SECOND_KEY}\n")
    front.accepted = SECOND_KEY
    bed.emit(bed.plain(), bed.run(), "rotated")
    assert_deployed(bed, 2)
    # Revoked: work waits, however often the key is refused.
    front.accepted = None
    bed.emit(bed.plain(), bed.run(), "revoked")
    worker.wait_cause("workbench", "unauthorized")
    refused = front.refused
    wait_until(lambda: front.refused >= refused + 5, "further probes")
    assert "failed" not in [status["phase"] for status in bed.statuses(2)]
    # Renewed under the same file: no restart.
    key_file.write_text("planted-third-key-Mx1\n")
    front.accepted = "planted-third-key-Mx1"
    assert_deployed(bed, 3)
    worker.wait_ready()
    assert worker.process.poll() is None and len(bed.workers) == 1
