# SPDX-License-Identifier: Apache-2.0
"""Brokers that check no rights: what rests on their rules is open, and somebody must say so."""

import json
import os
from pathlib import Path

import pytest

from bed import Bed
from broker import Broker

WORDS = "the brokers check no rights"


class OpenBroker(Broker):
    def __init__(self, script: Path):
        super().__init__(script, None, "authorizer.class.name=\n")

    def forbid_everything(self) -> None:
        """There are no rules."""


@pytest.fixture
def open_bed(programs, tmp_path):
    broker = OpenBroker(Path(os.environ["KAFKA_SCRIPT"]).resolve())
    with Bed(broker, programs, tmp_path) as bed:
        yield bed
    broker.close()


def warnings(worker) -> list[str]:
    worker.wait_ready()
    return json.loads(worker.get("/readyz")[1]).get("warnings", [])


def test_a_worker_says_so_and_works(open_bed: Bed):
    assert any(line.startswith(WORDS) for line in warnings(open_bed.worker(open_bed.plain())))
    strict = open_bed.slipway(open_bed.plain(), "config", "check", "--strict")
    assert strict.status == 3 and "no authorizer" in strict.stderr, strict


def test_where_rights_are_checked_nobody_says_so(bed: Bed):
    assert not any(WORDS in line for line in warnings(bed.worker(bed.sasl())))
