# SPDX-License-Identifier: Apache-2.0
"""The README's table of rights is enough, and each right in it is needed: a missing one is named and waited out."""

import json

import pytest
from confluent_kafka import Producer

from bed import ROLES, TERMINAL, Bed, Worker, wait_until
from broker import GUEST, Right


def worker_rights(bed: Bed) -> dict[str, Right]:
    """The worker's line of the table."""
    return {
        **{f"{right.operation} events": right for right in bed.topic("events", "READ")},
        **{f"{right.operation} commands": right for right in bed.topic("commands", "READ")},
        **{f"{right.operation} inbox": right for right in bed.topic("inbox", "READ", "WRITE")},
        **{f"{right.operation} journal": right for right in bed.topic("journal", "READ", "WRITE")},
        **{f"{right.operation} status": right for right in bed.topic("status", "WRITE")},
        **{f"{right.operation} dead": right for right in bed.topic("dead", "WRITE")},
        "READ group": Right("GROUP", bed.scratch, "READ"),
        "WRITE transactional id": Right("TRANSACTIONAL_ID", bed.scratch, "WRITE", prefixed=True),
    }


def send_everything(bed: Bed) -> None:
    """Runs that are deployed, one of them by three copies, and an event that nobody can understand."""
    producer = Producer({"bootstrap.servers": bed.broker.plain})
    run, other = bed.run(), bed.run()
    # Its name makes the copies one event.
    headers = {
        "ce_specversion": "1.0",
        "ce_type": "ai.experiment.run.finished.v1",
        "ce_source": "/test",
        "ce_id": "everywhere",
        "content-type": "application/json",
    }
    for partition in range(bed.partitions):
        # Wherever one is read that belongs to a partition of another number, it is passed on.
        event = {**run, "status": "FINISHED", "model": {"name": "everywhere"}}
        producer.produce(bed.topics["events"], json.dumps(event), partition=partition, headers=headers)
    producer.produce(bed.topics["events"], json.dumps({**other, "status": "FINISHED", "model": {"name": "other"}}))
    producer.produce(bed.topics["events"], b"{not JSON", partition=0)
    producer.flush(20)


def assert_everything(bed: Bed) -> None:
    # Copies of an event are known, and get no status of their own.
    ends = [status["phase"] for status in bed.statuses(2) if status["phase"] in TERMINAL]
    assert ends == ["deployed", "deployed"], ends
    assert sum(bed.made().values()) == 2 * 4, bed.made()
    wait_until(lambda: bed.broker.records(bed.topics["dead"]), "the dead letter")


def test_the_table_is_enough_for_a_worker_and_whoever_takes_over_from_it(bed: Bed):
    bed.broker.allow(*worker_rights(bed).values())
    worker = bed.worker(bed.guest())
    worker.wait_ready()
    send_everything(bed)
    assert_everything(bed)
    worker.stop()
    bed.worker(bed.guest()).wait_ready()
    assert "topic settings not checkable" in worker.log, "without DescribeConfigs"


def test_with_describe_configs_settings_are_checked(bed: Bed):
    configs = [right for role in bed.topics for right in bed.topic(role, "DESCRIBE_CONFIGS")]
    bed.broker.allow(*worker_rights(bed).values(), *configs)
    worker = bed.worker(bed.guest())
    worker.wait_ready()
    assert "not checkable" not in worker.log


#: Where a missing right shows: a condition of readiness with words, or the end of a worker that could not start.
WAITS = {
    "READ events": ("journal", "Topic authorization failed", ".events"),
    "READ inbox": ("journal", "Topic authorization failed", ".inbox"),
    "READ commands": ("commands", "Topic authorization failed"),
    "WRITE journal": ("journal", "Topic authorization failed", "the right Write on topic", ".journal"),
    "WRITE status": ("journal", "Topic authorization failed", "the right Write on topic", ".status"),
    "WRITE dead": ("journal", "Topic authorization failed", "the right Write on topic", ".dead"),
    "READ group": ("consumer", "the right Read on the group is missing"),
}


@pytest.mark.parametrize("missing", WAITS)
def test_a_missing_right_is_waited_out_with_its_name(bed: Bed, missing: str):
    rights = worker_rights(bed)
    right = rights.pop(missing)
    # To see a topic comes with every other right on it, and is needed to start at all.
    sight = [Right("TOPIC", right.name, "DESCRIBE")] if right.resource == "TOPIC" else []
    bed.broker.allow(*rights.values(), *sight)
    worker = bed.worker(bed.guest())
    send_everything(bed)
    condition, *words = WAITS[missing]
    worker.wait_cause(condition, *words)
    lines = len(worker.log.splitlines())
    # It stays named, and what can't be done is not tried in a hurry.
    for _ in range(20):
        assert condition in worker.causes(), worker.log[-3000:]
        wait_until(lambda: worker.get("/livez")[0] == 200, "liveness")
    assert len(worker.log.splitlines()) - lines < 200, worker.log[-3000:]
    bed.broker.allow(right)
    assert_everything(bed)
    worker.wait_ready()


def test_the_right_to_pass_events_on_is_waited_out_with_its_name(bed: Bed):
    rights = worker_rights(bed)
    right = rights.pop("WRITE inbox")
    bed.broker.allow(*rights.values(), Right("TOPIC", right.name, "DESCRIBE"))
    # A worker alone owns all models, and passes nothing on.
    workers = [bed.worker(bed.guest()) for _ in range(2)]
    for worker in workers:
        worker.wait_ready()
    send_everything(bed)
    words = ("Topic authorization failed", "the right Write on topic", ".inbox")

    def is_named() -> bool:
        return any(all(word in worker.causes().get("journal", "") for word in words) for worker in workers)

    wait_until(is_named, lambda: f"the right to be named, is {[worker.causes() for worker in workers]}")
    bed.broker.allow(right)
    assert_everything(bed)
    for worker in workers:
        worker.wait_ready()


def test_a_journal_that_may_not_be_read_is_not_taken_for_an_empty_one(bed: Bed):
    rights = worker_rights(bed)
    bed.broker.allow(*rights.values())
    worker = bed.worker(bed.guest())
    worker.wait_ready()
    send_everything(bed)
    assert_everything(bed)
    worker.stop()
    bed.broker.forbid(rights["READ journal"])
    follower = bed.worker(bed.guest())
    follower.wait_cause("partitions", "Topic authorization failed", bed.topics["journal"])
    bed.broker.allow(rights["READ journal"])
    follower.wait_ready()
    assert_everything(bed)


def assert_ends(worker: Worker, status: int, *words: str) -> None:
    assert worker.wait_end() == status, worker.log
    line = [line for line in worker.log.splitlines() if not line.startswith("{")][-1]
    assert line.startswith("slipway run: ") and all(word in line for word in words), line


def test_a_transactional_id_that_may_not_be_used_is_named_at_start(bed: Bed):
    rights = worker_rights(bed)
    del rights["WRITE transactional id"]
    bed.broker.allow(*rights.values())
    assert_ends(bed.worker(bed.guest()), 4, "transactional ids that begin with kafka.transactional.id.prefix")


@pytest.mark.parametrize("role", ROLES)
def test_a_topic_that_may_not_even_be_seen_is_named_at_start(bed: Bed, role: str):
    bed.broker.allow(*(right for right in worker_rights(bed).values() if right.name != bed.topics[role]))
    assert_ends(bed.worker(bed.guest()), 1, "no right to see it", f"'{bed.topics[role]}'")


@pytest.mark.parametrize("lost", ["WRITE status", "READ group", "READ events", "READ inbox"])
def test_a_right_that_is_taken_away_while_work_is_under_way_is_waited_out(make_bed, lost: str):
    bed = make_bed(clock="quick")
    rights = worker_rights(bed)
    bed.broker.allow(*rights.values())
    worker = bed.worker(bed.guest())
    worker.wait_ready()
    send_everything(bed)
    wait_until(lambda: bed.made().get("CreateModelBuild"), "a build under way")
    bed.broker.forbid(rights[lost])
    worker.wait_any_cause()
    bed.broker.allow(rights[lost])
    assert_everything(bed)
    worker.wait_ready()


def test_rights_that_are_too_wide_are_named_with_topic_and_principal(bed: Bed):
    # The owner is a super user, who needs no rule to see them.
    writes = [right for role in ("events", "journal", "status", "dead") for right in bed.topic(role, "WRITE")]
    bed.broker.allow(*writes, *bed.topic("inbox", "READ"))
    done = bed.slipway(bed.sasl(), "config", "check", "--strict")
    assert done.status == 3, done
    for role in ("journal", "status", "dead"):
        words = f"topic {bed.topics[role]} ({role}): User:{GUEST[0]} may write events and this topic too"
        assert words in done.stderr, done.stderr
    assert f"topic {bed.topics['inbox']}" not in done.stderr, done.stderr
    # Who may not see the rules is told so.
    blind = bed.slipway(bed.guest(), "config", "check", "--strict")
    assert "needs the right Describe on the cluster" in blind.stdout + blind.stderr, blind


#: The lines of the table for commands: what is enough, and that each of it is needed.
COMMANDS = {
    "emit": (["emit", "--project", "p", "--experiment", "e", "--run", "r", "--model", "m"], {"events": ["WRITE"]}),
    "watch": (["watch", "--from", "beginning", "--timeout", "1s"], {"status": ["READ"]}),
    "replay, a look": (["replay", "--model", "m", "--since", "1h"], {"events": ["READ"]}),
    "replay": (
        ["replay", "--model", "m", "--since", "1h", "--apply", "--reason", "test", "--no-wait"],
        {"events": ["READ"], "commands": ["WRITE"]},
    ),
    "topics check": (["topics", "check"], {role: ["DESCRIBE_CONFIGS", "DESCRIBE"] for role in ROLES}),
    "journal check": (["journal", "check"], {"journal": ["READ"], "inbox": ["DESCRIBE"]}),
}


def command_rights(bed: Bed, command: str) -> list[Right]:
    rights = [right for role, operations in COMMANDS[command][1].items() for right in bed.topic(role, *operations)]
    # It asks where the group stands.
    return rights + [Right("GROUP", bed.scratch, "DESCRIBE")] * command.startswith("journal")


def send_one(bed: Bed) -> None:
    assert bed.emit(bed.plain(), bed.run(), "m").status == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_the_table_is_enough_for_a_command(bed: Bed, command: str):
    send_one(bed)
    bed.broker.allow(*command_rights(bed, command))
    done = bed.slipway(bed.guest(), *COMMANDS[command][0])
    assert "authorization" not in done.stderr, done.stderr
    assert done.status == 0 or (command == "watch" and "authorization" not in done.stdout), (done.status, done.stderr)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_without_one_of_its_rights_names_it(bed: Bed, command: str):
    send_one(bed)
    rights = command_rights(bed, command)
    for missing in rights:
        bed.broker.forbid(*rights)
        bed.broker.allow(*(right for right in rights if right != missing))
        done = bed.slipway(bed.guest(), *COMMANDS[command][0])
        told = done.stdout + done.stderr
        assert missing.name in told or "the right Write on the topic is missing" in told, (str(missing), done)
        words = ("authorization failed", "don't tell its settings", "there is no such topic", "there is no topic")
        words += ("the right Describe on the group may be missing",)
        assert any(word in told for word in words), (str(missing), done)


def test_the_table_is_enough_to_leave_for_a_static_member_and_each_right_is_needed(bed: Bed):
    name = "stopped-for-good"
    worker = bed.worker(bed.plain(), SLIPWAY_KAFKA_GROUP_INSTANCE_ID=name, SLIPWAY_KAFKA_SESSION_TIMEOUT_MS="300000")
    worker.wait_ready()
    worker.stop()
    leave = ("group", "leave", name, "--apply")
    group, inbox = Right("GROUP", bed.scratch, "READ"), bed.topic("inbox", "DESCRIBE")[0]
    seen = Right("GROUP", bed.scratch, "DESCRIBE")
    for missing, given in ((group, [inbox]), (group, [inbox, seen]), (inbox, [group])):
        bed.broker.allow(*given)
        refused = bed.slipway(bed.guest(), *leave)
        words = missing.name, "the right Read on the group is missing"
        assert refused.status != 0 and any(word in refused.stderr for word in words), (str(missing), refused)
        assert "authorization failed" in refused.stderr, (str(missing), refused)
        bed.broker.forbid(*given)
    bed.broker.allow(group, inbox)
    left = bed.slipway(bed.guest(), *leave)
    assert left.status == 0 and f"member '{name}'" in left.stdout and "has left" in left.stdout, left
    again = bed.slipway(bed.guest(), *leave)
    assert again.status == 1 and "has no static member" in again.stderr, again


def test_the_table_is_enough_to_make_the_topics(bed: Bed):
    bed.broker.delete(bed.topics)
    wait_until(lambda: not set(bed.topics.values()) & set(bed.broker.admin.list_topics(timeout=20).topics), "deletion")
    rights = [right for role in bed.topics for right in bed.topic(role, "CREATE", "DESCRIBE", "DESCRIBE_CONFIGS")]
    creation = [right for right in rights if right.operation == "CREATE"]
    bed.broker.allow(*(right for right in rights if right not in creation))
    refused = bed.slipway(bed.guest(), "topics", "ensure", "--partitions", "3", "--event-partitions", "3")
    assert refused.status == 1 and "authorization failed" in refused.stderr.lower(), refused
    bed.broker.allow(*creation)
    made = bed.slipway(bed.guest(), "topics", "ensure", "--partitions", "3", "--event-partitions", "3")
    assert made.status == 0 and made.stdout.count("created with 3 partitions") == len(ROLES) - 1, made
    assert "created with 1 partition" in made.stdout, made


def test_the_table_is_enough_to_change_settings(bed: Bed):
    rights = [right for role in bed.topics for right in bed.topic(role, "DESCRIBE", "DESCRIBE_CONFIGS")]
    bed.broker.allow(*rights)
    # The brokers keep events for a week.
    horizon = {"SLIPWAY_JOURNAL_DEDUPE_HORIZON": "1d"}
    alter = ("topics", "ensure", "--alter", "--shorten-retention")
    refused = bed.slipway(bed.guest(), *alter, **horizon)
    assert refused.status == 1 and "authorization failed" in refused.stderr.lower(), refused
    assert any(name in refused.stderr for name in bed.topics.values()), refused
    bed.broker.allow(*(right for role in bed.topics for right in bed.topic(role, "ALTER_CONFIGS")))
    changed = bed.slipway(bed.guest(), *alter, **horizon)
    assert changed.status == 0 and f"{bed.topics['events']}: set retention.ms=" in changed.stdout, changed
