# SPDX-License-Identifier: Apache-2.0
"""Batches that can't be read, bombs among them: what is behind them is served, and what is lost with them is told."""

import gzip
import json
import re
import uuid
from pathlib import Path

import pytest
from confluent_kafka import Producer

import batches
from bed import TERMINAL, Bed, Worker, wait_until

#: What a worker may take, in MiB, whatever a producer compresses.
MEMORY = 300
FAST = {"SLIPWAY_PROGRESS_STALL_AFTER": "5s"}


def event(run: dict[str, str], model: str) -> bytes:
    return json.dumps({**run, "status": "FINISHED", "model": {"name": model}}).encode()


def send(bed: Bed, model: str, partition: int = 0) -> None:
    """One honest event."""
    producer = Producer({"bootstrap.servers": bed.broker.plain})
    producer.produce(bed.topics["events"], event(bed.run(), model), partition=partition)
    assert producer.flush(20) == 0


def send_batch(bed: Bed, records: bytes, role: str = "events") -> int:
    return batches.produce(bed.broker.plain, bed.topics[role], 0, records)


def deployed(bed: Bed, count: int) -> set[str]:
    return {status["model"]["name"] for status in bed.statuses(count) if status["phase"] == "deployed"}


def letters(bed: Bed) -> list[dict[str, str]]:
    records = bed.broker.records(bed.topics["dead"], "read_committed")
    return [{name: (value or b"").decode() for name, value in record.headers() or []} for record in records]


def peak(worker: Worker) -> int:
    """The most memory that it has ever taken, in MiB."""
    text = Path(f"/proc/{worker.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) // 1024


def metric(worker: Worker, line: str) -> float:
    found = re.search(rf"^{re.escape(line)} (\S+)$", worker.get("/metrics")[1], re.MULTILINE)
    return float(found[1]) if found else 0


def bomb(bed: Bed, role: str = "events") -> None:
    """More zeros than librdkafka decompresses, in 5 kB."""
    producer = Producer(
        {"bootstrap.servers": bed.broker.plain, "compression.type": "zstd", "message.max.bytes": 200_000_000}
    )
    failures = []
    producer.produce(
        bed.topics[role], bytes(150 << 20), partition=0, on_delivery=lambda error, _: failures.append(error)
    )
    assert producer.flush(60) == 0 and failures == [None], failures


def damage(bed: Bed, at: int, by: bytes, codec: int = batches.NONE, role: str = "events") -> None:
    """A batch of three records that a disk has damaged afterwards: brokers hand it out as it lies there."""
    log = bed.broker.log(bed.topics[role], 0)
    start = log.stat().st_size
    inner = b"".join(batches.record(number, b"x" * 300) for number in range(3))
    packed = gzip.compress(inner) if codec == batches.GZIP else inner
    assert send_batch(bed, batches.batch(packed, 3, codec), role) == 0
    with log.open("r+b") as file:
        file.seek(start + at)
        file.write(by)


#: Batches that librdkafka can't read, by how they come about, and how many records they hold.
UNREADABLE = {
    "a bomb": (bomb, 1),
    "compressed bytes that are damaged": (
        lambda bed, role="events": damage(bed, 61 + 12, b"\xff" * 8, batches.GZIP, role), 3
    ),
    "a codec that nobody knows": (lambda bed, role="events": damage(bed, 22, b"\x05", role=role), 3),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_batch_that_cannot_be_read_is_stepped_over_and_told(make_bed, kind: str):
    make, count = UNREADABLE[kind]
    bed = make_bed(unkept=("events",), keeps_batches=True)
    send(bed, "before")
    make(bed)
    send(bed, "behind")
    send(bed, "beside", partition=1)
    worker = bed.worker(bed.plain(), **FAST)
    assert deployed(bed, 3) == {"before", "behind", "beside"}
    letter, = wait_until(lambda: letters(bed), "the dead letter")
    assert letter["slipway_class"] == "unreadableBatch", letter
    assert (letter["slipway_origin_partition"], letter["slipway_origin_offset"]) == ("0", "1"), letter
    assert letter["slipway_origin_until"] == str(1 + count), letter
    last = count if count > 1 else 1
    assert (f"offsets 1 to {last}" if count > 1 else "offset 1") in letter["slipway_reason"], letter
    assert metric(worker, 'slipway_dead_letters_total{class="unreadableBatch"}') == 1
    assert metric(worker, "slipway_events_unreadable_total") == count
    line = json.loads(worker.wait_log("was passed over", "unreadableBatch"))
    assert (line["offset"], line["until"]) == (1, 1 + count), line
    worker.wait_ready()
    # Whoever takes over has nothing to do with it any more.
    worker.stop()
    send(bed, "later")
    bed.worker(bed.plain(), **FAST)
    assert "later" in deployed(bed, 4)
    assert len(letters(bed)) == 1


@pytest.mark.parametrize("kind", UNREADABLE)
def test_commands_that_cannot_be_read_are_stepped_over_and_told(make_bed, kind: str):
    make, count = UNREADABLE[kind]
    bed = make_bed(unkept=("commands",), keeps_batches=True)
    send(bed, "again")
    worker = bed.worker(bed.plain(), **FAST)
    assert deployed(bed, 1) == {"again"}
    # A worker that waits at the end would read the batch before it is damaged.
    worker.stop()
    make(bed, "commands")
    worker = bed.worker(bed.plain(), **FAST)
    # What is asked for behind it is answered and done.
    done = bed.slipway(bed.plain(), "replay", "--model", "again", "--apply", "--reason", "once more", "--wait", "60s")
    assert done.status == 0 and "accepted" in done.stdout, done
    letter, = wait_until(lambda: letters(bed), "the dead letter")
    assert letter["slipway_class"] == "unreadableBatch", letter
    assert letter["slipway_origin_topic"] == bed.topics["commands"], letter
    assert (letter["slipway_origin_offset"], letter["slipway_origin_until"]) == ("0", str(count)), letter
    assert metric(worker, "slipway_commands_unreadable_total") == count
    assert metric(worker, "slipway_events_unreadable_total") == 0
    worker.wait_ready()
    # Whoever takes over knows the topic again, and has nothing to do with the batch any more.
    worker.stop()
    other = bed.worker(bed.plain(), **FAST)
    done = bed.slipway(bed.plain(), "replay", "--model", "again", "--apply", "--reason", "twice more", "--wait", "60s")
    assert done.status == 0, done
    other.wait_ready()
    assert len(letters(bed)) == 1


@pytest.mark.parametrize("kind", UNREADABLE)
def test_replay_names_what_it_cannot_read_and_goes_on(make_bed, kind: str):
    make, count = UNREADABLE[kind]
    bed = make_bed(unkept=("events",), keeps_batches=True)
    send(bed, "before")
    make(bed)
    send(bed, "behind")
    send(bed, "beside", partition=1)
    done = bed.slipway(bed.plain(), "replay", "--since", "1h", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row.get("model") for row in rows if row["action"] == "wouldSend"} == {"before", "behind", "beside"}, done
    left, = [row for row in rows if row["action"] == "left"]
    assert (left["partition"], left["offset"], left["reason"]["class"]) == (0, 1, "unreadableBatch"), left
    place = f"offsets 1 to {count}" if count > 1 else "offset 1"
    assert place in left["reason"]["message"] and "compression.type=uncompressed" in left["reason"]["message"], left
    assert done.status == 0, done


def make_topics(bed: Bed) -> None:
    """The topics as operators make them."""
    bed.broker.delete(bed.topics)
    wait_until(lambda: not set(bed.topics.values()) & set(bed.broker.admin.list_topics(timeout=20).topics), "deletion")
    made = bed.slipway(bed.plain(), "topics", "ensure", "--partitions", "3", "--event-partitions", "3")
    assert made.status == 0, made


def test_what_topics_ensure_makes_takes_no_bomb_and_no_batch_that_ends_a_worker(bed: Bed):
    make_topics(bed)
    worker = bed.worker(bed.plain(), **FAST)
    send(bed, "before")
    # A gigabyte in a megabyte: the broker unpacks it, and refuses it.
    assert send_batch(bed, batches.batch(batches.zeros(1 << 30), 1, batches.GZIP)) != 0
    # 9 MB in 15 kB: too large for a batch of this topic.
    large = b"".join(batches.record(number, bytes(9_000)) for number in range(1_000))
    assert send_batch(bed, batches.batch(gzip.compress(large), 1_000, batches.GZIP)) == 10
    # librdkafka ends its process at an empty first member; the broker writes it anew.
    two = gzip.compress(b"") + gzip.compress(batches.record(0, event(bed.run(), "two members")))
    assert send_batch(bed, batches.batch(two, 1, batches.GZIP)) == 0
    send(bed, "behind")
    assert deployed(bed, 3) == {"before", "two members", "behind"}
    assert peak(worker) < MEMORY, peak(worker)
    assert letters(bed) == []
    worker.wait_ready()


def test_a_topic_that_brokers_do_not_unpack_is_named(make_bed):
    bed = make_bed(keeps_batches=True)
    words = ("compression.type is 'producer'", "must be 'uncompressed'")
    checked = bed.slipway(bed.plain(), "topics", "check")
    assert checked.status == 1 and all(word in checked.stdout + checked.stderr for word in words), checked
    worker = bed.worker(bed.plain())
    worker.wait_ready()
    line = worker.wait_log(*words, bed.topics["events"])
    assert "slipway topics ensure --alter" in line, line


def test_reading_that_stands_still_without_a_word_is_named(make_bed):
    bed = make_bed(unkept=("events",), keeps_batches=True)
    # A record's length that a disk has damaged: librdkafka tells nothing, and fetches it again for ever.
    damage(bed, 61, b"\x7f\x7f\x7f")
    send(bed, "behind")
    send(bed, "beside", partition=1)
    worker = bed.worker(bed.plain(), **FAST)
    assert deployed(bed, 1) == {"beside"}
    cause = worker.wait_cause("reading", "partition 0", bed.topics["events"], "stands at offset 0")
    assert "kafka-dump-log" in cause, cause
    assert metric(worker, "slipway_partitions_standing") == 1
