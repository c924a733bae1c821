# SPDX-License-Identifier: Apache-2.0
"""How the programs get to the brokers, and what they say when they don't."""

import json
import subprocess

import pytest

from bed import Bed, Worker
from broker import OWNER

WRONG_PASSWORD = "planted-wrong-password-4Zk"
PASSPHRASE = "planted-key-passphrase-8Hd"
#: Each command that talks to Kafka, with what it needs to get that far.
COMMANDS = {
    "topics": ("topics", "check"),
    "emit": ("emit", "--project", "p", "--experiment", "e", "--run", "r", "--model", "m"),
    "watch": ("watch", "--timeout", "30s"),
    "replay": ("replay", "--model", "m", "--since", "1h"),
}


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


def encrypted_key(bed: Bed) -> str:
    path = bed.folder / "client.key"
    source = bed.broker.certificates / "client.key"
    openssl("pkey", "-in", str(source), "-aes256", "-passout", f"pass:{PASSPHRASE}", "-out", str(path))
    return str(path)


def other_authority(bed: Bed) -> str:
    path = bed.folder / "other-ca.pem"
    key = str(bed.folder / "other-ca.key")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=another", "-keyout", key, "-out", str(path))
    return str(path)


WAYS = {
    "mutual TLS": Bed.mutual_tls,
    "mutual TLS, encrypted key": lambda bed: {
        **bed.mutual_tls(),
        "ssl.key.location": encrypted_key(bed),
        "ssl.key.password": PASSPHRASE,
    },
    "mutual TLS, PEM in the environment": lambda bed: {
        **{name: text for name, text in bed.mutual_tls().items() if not name.endswith(("key.location", "certificate.location"))},
        "ssl.certificate.pem": (bed.broker.certificates / "client.pem").read_text(),
        "ssl.key.pem": (bed.broker.certificates / "client.key").read_text(),
    },
    "SASL PLAIN over TLS": Bed.sasl,
}


@pytest.mark.parametrize("way", WAYS)
def test_every_program_works_this_way(bed: Bed, way: str):
    connection = WAYS[way](bed)
    assert bed.slipway(connection, "topics", "check").status == 0
    worker = bed.worker(connection)
    run = bed.run()
    emitted = bed.emit(connection, run, "m")
    assert emitted.status == 0, emitted.stderr
    watched = bed.slipway(connection, "watch", "--from", "beginning", "--until", "1", "--timeout", "60s", "--json")
    assert watched.status == 0, watched.stderr
    assert json.loads(watched.stdout.splitlines()[-1])["data"]["phase"] == "deployed"
    replayed = bed.slipway(connection, "replay", "--run", run["runId"])
    assert replayed.status == 0 and run["runId"] in replayed.stdout, replayed.stderr
    worker.wait_ready()


#: A wrong way, and the words that its one clear line must have: what is wrong, and what to change.
WRONG_WAYS = {
    "wrong password": (lambda bed: bed.sasl((OWNER[0], WRONG_PASSWORD)), ["Authentication failed", "sasl.password"]),
    "unknown user": (lambda bed: bed.sasl(("somebody", WRONG_PASSWORD)), ["Authentication failed", "sasl.username"]),
    "unknown authority": (
        lambda bed: {**bed.sasl(), "ssl.ca.location": other_authority(bed)},
        ["certificate", "ssl.ca.location"],
    ),
    "no client certificate": (
        lambda bed: {n: t for n, t in bed.mutual_tls().items() if n not in ("ssl.certificate.location", "ssl.key.location")},
        ["certificate", "ssl.certificate.location"],
    ),
    "client certificate of another authority": (
        lambda bed: {**bed.mutual_tls(), **self_signed(bed)},
        ["certificate", "ssl.certificate.location"],
    ),
    "mechanism that the brokers don't have": (
        lambda bed: {
            **bed.sasl(mechanism="OAUTHBEARER"),
            "enable.sasl.oauthbearer.unsecure.jwt": "true",
            "sasl.oauthbearer.config": "principal=somebody",
        },
        ["mechanism", "check kafka.sasl.mechanism"],
    ),
}


#: What is seen to be wrong before anything is connected.
WRONG_FILES = {
    "wrong passphrase": (
        lambda bed: {**bed.mutual_tls(), "ssl.key.location": encrypted_key(bed), "ssl.key.password": WRONG_PASSWORD},
        ["ssl.key.location", "kafka.ssl.key.password"],
    ),
    "missing authorities": (
        lambda bed: {**bed.mutual_tls(), "ssl.ca.location": str(bed.folder / "nothing.pem")},
        ["ssl.ca.location", "nothing.pem"],
    ),
}


def self_signed(bed: Bed) -> dict[str, str]:
    key, certificate = str(bed.folder / "self.key"), str(bed.folder / "self.pem")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=client", "-keyout", key, "-out", certificate)
    return {"ssl.certificate.location": certificate, "ssl.key.location": key}


@pytest.mark.parametrize("wrong", WRONG_WAYS)
def test_a_worker_that_cannot_get_in_ends_with_one_clear_line(bed: Bed, wrong: str):
    connection, words = WRONG_WAYS[wrong][0](bed), WRONG_WAYS[wrong][1]
    assert_ends(bed.worker(connection), 4, words)


def assert_ends(worker: Worker, status: int, words: list[str]) -> None:
    assert worker.wait_end() == status, worker.log
    plain = [line for line in worker.log.splitlines() if not line.startswith("{")]
    assert len(plain) == 1 and plain[0].startswith("slipway run: "), worker.log
    assert all(word in plain[0] for word in words), plain[0]


@pytest.mark.parametrize("wrong", WRONG_FILES)
def test_a_file_that_cannot_be_used_is_a_mistake_in_the_configuration(bed: Bed, wrong: str):
    connection, words = WRONG_FILES[wrong][0](bed), WRONG_FILES[wrong][1]
    assert_ends(bed.worker(connection), 3, words)
    for command in COMMANDS.values():
        done = bed.slipway(connection, *command)
        assert done.status == 3, done.stderr
        assert all(word in done.stderr for word in words), done.stderr


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("wrong", ["wrong password", "unknown authority", "no client certificate"])
def test_a_command_that_cannot_get_in_says_so(bed: Bed, wrong: str, command: str):
    connection, words = WRONG_WAYS[wrong][0](bed), WRONG_WAYS[wrong][1]
    done = bed.slipway(connection, *COMMANDS[command])
    assert done.status == 4, done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def test_scram_on_an_old_librdkafka_names_that_and_not_the_credentials(bed: Bed):
    version = bed.slipway(bed.plain(), "--version").stdout
    linked = tuple(int(part) for part in version.split("librdkafka ", 1)[1].split()[0].strip(",;)").split(".")[:3])
    connection = bed.sasl(mechanism="SCRAM-SHA-256")
    if linked >= (2, 6, 1):
        worker = bed.worker(connection)
        worker.wait_ready()
        return
    worker = bed.worker(connection)
    assert worker.wait_end() == 4, worker.log
    line = next(line for line in worker.log.splitlines() if line.startswith("slipway run: "))
    assert "librdkafka" in line and "2.6.1" in line and "SASL PLAIN" in line, line
    done = bed.slipway(connection, "topics", "check")
    assert done.status == 4 and "2.6.1" in done.stderr, done.stderr


def test_a_plain_client_on_a_tls_listener_waits_and_says_what_may_be_wrong(bed: Bed):
    worker = bed.worker({"bootstrap.servers": bed.broker.ssl})
    worker.wait_log("security.protocol")
    worker.assert_running()
    assert worker.causes(), "not ready"
