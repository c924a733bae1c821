# SPDX-License-Identifier: Apache-2.0
"""The broker is killed under a worker and comes back: nothing is lost, nothing spins, nobody has to help."""

import json
import time

from bed import TERMINAL, Bed, wait_until


def test_a_killed_broker_is_waited_out(make_bed, broker):
    bed: Bed = make_bed(clock="quick")
    # Short, since the restarted broker waits for so long for a member that it still remembers.
    worker = bed.worker({**bed.plain(), "session.timeout.ms": "20000"})
    worker.wait_ready()
    models = 6
    for number in range(models):
        assert bed.emit(bed.plain(), bed.run(), f"m{number}").status == 0
    wait_until(lambda: bed.made().get("CreateModelBuild"), "builds under way")
    broker.kill()
    try:
        wait_until(lambda: worker.get("/readyz")[0] == 503, lambda: f"readiness\n{worker.log[-3000:]}")
        cause = " ".join(worker.wait_any_cause().values())
        # Long enough for several of everything that is tried again: time-outs of 10 seconds, pauses of up to 5.
        lines, began = len(worker.log.splitlines()), time.monotonic()
        while time.monotonic() - began < 20:
            worker.assert_running()
            assert worker.get("/livez")[0] == 200
            time.sleep(1)
        assert worker.get("/readyz")[0] == 503, "still not ready, and still said"
        spoken = len(worker.log.splitlines()) - lines
        assert spoken < 20 * 20, f"{spoken} lines in 20 s"
        assert cause, "named"
    finally:
        broker.boot()
    ends = [status for status in bed.statuses(models) if status["phase"] in TERMINAL]
    assert [status["phase"] for status in ends] == ["deployed"] * models, ends
    assert len({status["rolloutId"] for status in ends}) == models
    assert set(bed.made().values()) == {models}, bed.made()
    worker.wait_ready()
    assert len(bed.workers) == 1


def test_a_worker_that_starts_before_its_broker_begins_when_it_comes(bed: Bed, broker):
    assert bed.emit(bed.plain(), bed.run(), "m").status == 0
    broker.kill()
    try:
        worker = bed.worker(bed.plain())
        worker.wait_log("Kafka can't be reached")
        assert worker.get("/livez")[0] == 200 and worker.get("/readyz")[0] == 503
        causes = json.dumps(worker.causes())
        assert "Kafka" in causes or "partitions" in causes, causes
    finally:
        broker.boot()
    assert "deployed" in [status["phase"] for status in bed.statuses(1)]
