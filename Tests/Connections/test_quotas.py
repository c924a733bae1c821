# SPDX-License-Identifier: Apache-2.0
"""A route's hour is counted again by whoever comes next: nobody gets more by making workers restart."""

import json

from bed import Bed, Worker, wait_until

QUOTA = 6
#: What may be passed on to a partition before its owner has read its journal: one event a second.
SLACK = 2
ROUTES = f"""
routes:
  - name: bounded
    quota: {{acceptedPerHour: {QUOTA}}}
"""


def accepted(bed: Bed) -> int:
    records = bed.broker.records(bed.topics["status"], "read_committed")
    return sum(json.loads(record.value())["phase"] == "accepted" for record in records)


def wait_held(worker: Worker) -> None:
    """Waits until the worker is ready, and says that the route's quota holds its topic back."""

    def is_held() -> bool:
        worker.assert_running()
        status, body = worker.get("/readyz")
        return status == 200 and "route 'bounded', whose quota is used up" in body

    wait_until(is_held, lambda: f"the quota to be used up: {worker.get('/readyz')}\n{worker.log[-3000:]}")


def test_the_hour_of_a_route_outlasts_a_worker_that_is_killed(bed: Bed):
    routes = bed.folder / "routes.yaml"
    routes.write_text(ROUTES)
    worker = bed.worker(bed.plain(), SLIPWAY_ROUTES=str(routes))
    worker.wait_ready()
    for _ in range(QUOTA + 8):
        assert bed.emit(bed.plain(), bed.run(), "churn").status == 0
    bed.statuses(QUOTA)
    wait_held(worker)
    before = accepted(bed)
    assert before <= QUOTA + SLACK, before
    worker.process.kill()
    worker.process.wait()
    wait_held(bed.worker(bed.plain(), SLIPWAY_ROUTES=str(routes)))
    assert accepted(bed) <= before + SLACK, (before, accepted(bed))
