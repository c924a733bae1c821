# SPDX-License-Identifier: Apache-2.0
"""A worker that dies again and again: what that costs the others is named by them, with what cures it."""

import time

from bed import Bed, Worker, wait_until


def test_a_worker_that_dies_again_and_again_is_named_by_the_others(make_bed):
    bed: Bed = make_bed(clock="quick")
    connection = {**bed.plain(), "session.timeout.ms": "20000"}
    healthy = [bed.worker(connection) for _ in range(2)]
    for worker in healthy:
        worker.wait_ready()
    dead: list[Worker] = []

    def is_named() -> bool:
        # Started again as soon as the one before is a member, which then dies and is waited for.
        if not dead or dead[-1].process.poll() is not None:
            dead.append(bed.worker(connection))
        if '"started"' in dead[-1].log:
            # By then it has asked to join.
            time.sleep(2)
            dead[-1].process.kill()
            dead[-1].process.wait()
        words = ("does not come to rest", "kafka.session.timeout.ms (20000)", "kafka.group.instance.id")
        return any(all(word in worker.causes().get("group", "") for word in words) for worker in healthy)

    wait_until(is_named, lambda: f"the crash loop to be named, is {[worker.causes() for worker in healthy]}")
    if dead[-1].process.poll() is None:
        dead[-1].process.kill()
        dead[-1].process.wait()
    for worker in dead:
        bed.workers.remove(worker)
    for worker in healthy:
        worker.assert_running()
        worker.wait_ready()
        assert "group" not in worker.causes()
