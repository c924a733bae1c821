# SPDX-License-Identifier: Apache-2.0
"""A commands topic that is deleted and made anew under a running worker: waited out by name, and nothing is left behind by tries."""

from collections import Counter
from pathlib import Path
import time

from bed import Bed, Worker, wait_until

FAST = {"SLIPWAY_PROGRESS_STALL_AFTER": "5s"}
#: Threads of one client and its reader, with one broker: main, bootstrap, broker, reader, and one that asks for an offset or ends.
ONE_READER = 6


def threads(worker: Worker) -> Counter[str]:
    """The names of the worker's threads; one that has just ended is left out."""
    names = []
    for task in Path(f"/proc/{worker.process.pid}/task").iterdir():
        try:
            names.append((task / "comm").read_text().strip())
        except OSError:
            continue
    return Counter(names)


def watch(worker: Worker, seconds: float) -> list[Counter[str]]:
    """What threads there were, five times a second: nothing tells of a client that is left to itself."""
    seen, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        worker.assert_running()
        seen.append(threads(worker))
        time.sleep(0.2)
    return seen


def assert_nothing_is_left(worker: Worker, before: Counter[str]) -> None:
    """Tries follow each other within a few seconds at most: one client left behind by each would soon be dozens of threads."""
    seen = watch(worker, 40)
    last = min(seen[len(seen) // 2 :], key=Counter.total)
    assert last.total() <= before.total(), last - before
    assert max(seen, key=Counter.total).total() <= before.total() + ONE_READER, max(seen, key=Counter.total) - before


def test_a_commands_topic_that_goes_and_comes_leaves_no_client_behind(bed: Bed):
    commands = {"commands": bed.topics["commands"]}
    worker = bed.worker(bed.plain(), **FAST)
    worker.wait_ready()
    before = max(watch(worker, 3), key=Counter.total)
    bed.broker.delete(commands)
    worker.wait_cause("commands")
    assert_nothing_is_left(worker, before)
    bed.broker.create(commands, 1, False)
    wait_until(lambda: "commands" not in worker.causes(), lambda: f"the topic to be read again: {worker.causes()}")
    after = min(watch(worker, 3), key=Counter.total)
    assert after.total() <= before.total(), after - before


def test_a_commands_topic_that_is_another_one_leaves_no_client_behind(bed: Bed):
    commands = {"commands": bed.topics["commands"]}
    worker = bed.worker(bed.plain(), **FAST)
    worker.wait_ready()
    assert bed.emit(bed.plain(), bed.run(), "again").status == 0
    bed.statuses(1)
    done = bed.slipway(bed.plain(), "replay", "--model", "again", "--apply", "--reason", "once more", "--wait", "60s")
    assert done.status == 0, done
    before = max(watch(worker, 3), key=Counter.total)
    bed.broker.delete(commands)
    worker.wait_cause("commands")
    bed.broker.create(commands, 1, False)
    worker.wait_cause("commands", "made anew", "slipway journal forget position:commands")
    assert_nothing_is_left(worker, before)
