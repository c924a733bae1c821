# SPDX-License-Identifier: Apache-2.0
"""An outage of the workbench, whole or in part, whatever it looks like, in the middle of 75 rollouts: it fails nobody."""

import json
import os
import time
from collections import Counter
from dataclasses import dataclass

import pytest
from confluent_kafka import Producer

from bed import TERMINAL, Bed, wait_until

ROLLOUTS = 75
#: Every model is asked, so that the model service is one of the parts.
ROUTES = """
routes:
  - name: verified
    model:
      name: "{experimentId|slug}"
    verify:
      request: {"columns": ["a"], "data": [[1]]}
"""
#: Seconds enough that a second's outage meets rollouts at every step.
CLOCK = {"registering": ["200ms", "2s"], "building": ["1s", "8s"], "deploying": ["500ms", "4s"]}

FORMS = {
    "503": {"fault": "status", "status": 503, "form": "html"},
    "404 text": {"fault": "author", "form": "text", "status": 404},
    "403 page": {"fault": "author", "form": "page", "status": 403},
    "redirect": {"fault": "author", "form": "redirect"},
    "login page": {"fault": "author", "form": "page", "status": 200, "message": "Sign in"},
    "nothing": {"fault": "author", "form": "empty", "status": 200},
    "cut": {"fault": "drop-before"},
    # Longer than anybody waits for an answer; the call is applied.
    "hang": {"fault": "latency", "delay": "60m"},
}
#: What is down, and the condition of readiness that must name it.
PARTS = {
    "whole": ({}, "workbench"),
    "experiments": ({"path": "/api/v2/projects/*/experiments/**"}, "experiments"),
    "models": ({"family": "models"}, "models"),
    "registry": ({"family": "registry"}, "registry"),
    "model service": ({"family": "modelservice"}, "modelService"),
}


@dataclass(frozen=True)
class Outage:
    form: str
    part: str
    seconds: int

    def __str__(self) -> str:
        return f"{self.form} from {self.part} for {self.seconds} s"


#: Each form, part and length at least once; the first ones always, all with OUTAGE_MATRIX=1 (about nine minutes).
OUTAGES = [
    Outage("404 text", "whole", 1),
    Outage("403 page", "models", 1),
    Outage("login page", "whole", 10),
    Outage("redirect", "models", 10),
    Outage("nothing", "registry", 10),
    Outage("cut", "experiments", 10),
    Outage("503", "model service", 60),
    Outage("hang", "models", 60),
    Outage("404 text", "registry", 60),
    Outage("403 page", "whole", 60),
]
ALWAYS = 3


def emit(bed: Bed, runs: list[dict[str, str]]) -> None:
    producer = Producer({"bootstrap.servers": bed.broker.plain})
    for number, run in enumerate(runs):
        event = {**run, "model": {"name": f"m-{run['runId']}"}}
        producer.produce(bed.topics["events"], json.dumps(event), partition=number % bed.partitions)
    assert producer.flush(20) == 0


@pytest.mark.parametrize("outage", OUTAGES if os.environ.get("OUTAGE_MATRIX") else OUTAGES[:ALWAYS], ids=str)
def test_an_outage_of_the_workbench_fails_nobody(make_bed, outage: Outage):
    bed: Bed = make_bed(clock="quick")
    bed.sandbox("PUT", "/sandbox/clock", CLOCK)
    routes = bed.folder / "routes.yaml"
    routes.write_text(ROUTES)
    worker = bed.worker(bed.plain(), SLIPWAY_ROUTES=str(routes))
    worker.wait_ready()
    # Some come while it lasts, so that each part has something to do then.
    runs = [bed.run() for _ in range(ROLLOUTS)]
    early, late = runs[: 2 * ROLLOUTS // 3], runs[2 * ROLLOUTS // 3 :]
    emit(bed, early)
    wait_until(lambda: bed.made().get("CreateModelDeployment"), "rollouts at every step")

    match, condition = PARTS[outage.part]
    bed.sandbox("PUT", "/sandbox/faults", [{"match": match, **FORMS[outage.form]}])
    over, named = time.monotonic() + outage.seconds, Counter()
    emit(bed, late)
    while time.monotonic() < over:
        named.update(worker.causes().keys())
        time.sleep(0.05)
    bed.sandbox("DELETE", "/sandbox/faults")

    ends = [status for status in bed.statuses(ROLLOUTS) if status["phase"] in TERMINAL]
    assert Counter(status["phase"] for status in ends) == {"deployed": ROLLOUTS}, [
        status["cause"] for status in ends if status["phase"] != "deployed"
    ]
    assert len({status["rolloutId"] for status in ends}) == ROLLOUTS
    assert set(bed.made().values()) == {ROLLOUTS}, bed.made()
    assert named[condition], f"readiness has named {dict(named)}"
    worker.wait_ready()
