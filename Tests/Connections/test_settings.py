# SPDX-License-Identifier: Apache-2.0
"""Secrets among the settings: shown nowhere, and refused where others could read them."""

import pytest

from bed import Bed

SECRET = "planted-setting-9Rw"
#: Properties of librdkafka that hold a secret.
PROPERTIES = [
    "sasl.password",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.password",
    "sasl.oauthbearer.config",
]


@pytest.fixture(scope="module")
def bed(broker, programs, leavings):
    """One for all: nothing here gets as far as to a topic."""
    folder = leavings / "settings"
    folder.mkdir()
    with Bed(broker, programs, folder) as bed:
        yield bed


@pytest.mark.parametrize("arguments", [["show"], ["show", "--json"], ["check"]])
def test_the_environment_s_secrets_are_not_shown(bed: Bed, arguments: list[str]):
    connection = {**bed.plain(), **{name: SECRET for name in PROPERTIES}}
    done = bed.slipway(connection, "config", *arguments, SLIPWAY_WORKBENCH_API_KEY=SECRET)
    assert done.status == 0, done
    assert SECRET not in done.stdout + done.stderr
    if arguments[0] == "show":
        for name in [*(f"kafka.{name}" for name in PROPERTIES), "workbench.apiKey"]:
            line = next(line for line in done.stdout.splitlines() if line.startswith((f"{name} ", f'{{"key":"{name}"')))
            assert "<hidden>" in line, line


@pytest.mark.parametrize("key", [*(f"kafka.{name}" for name in PROPERTIES), "workbench.apiKey"])
@pytest.mark.parametrize("command", [["config", "show"], ["config", "check"], ["run"], ["topics", "check"]])
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(bed: Bed, key: str, command: list[str]):
    done = bed.slipway(bed.plain(), *command, "--set", f"{key}={SECRET}")
    assert done.status == 3, done
    assert SECRET not in done.stdout + done.stderr
    assert f"--set: {key}: is a secret" in done.stderr and "SLIPWAY_" in done.stderr, done.stderr


@pytest.mark.parametrize("key", [*(f"kafka.{name}" for name in PROPERTIES), "workbench.apiKey"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(bed: Bed, key: str):
    section, name = key.split(".", 1)
    (bed.folder / "slipway.yaml").write_text(f"routes: ''\n{section}:\n  {name}: {SECRET}\n")
    done = bed.slipway(bed.plain(), "config", "check", "--config", "slipway.yaml")
    (bed.folder / "slipway.yaml").unlink()
    assert done.status == 3 and "slipway.yaml:3" in done.stderr and "is a secret" in done.stderr, done
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["SLIPWAY_WORKBENCH_URL", "SLIPWAY_WORKBENCH_MODEL_SERVICE_URL"])
def test_a_password_in_an_address_is_refused_and_not_repeated(bed: Bed, name: str):
    for command in (["config", "show"], ["config", "check"], ["run"]):
        done = bed.slipway(bed.plain(), *command, **{name: f"https://user:{SECRET}@workbench.invalid"})
        assert done.status == 3 and name in done.stderr, done
        assert SECRET not in done.stdout + done.stderr


def test_a_wrong_value_of_a_secret_is_not_repeated(bed: Bed):
    done = bed.slipway({**bed.plain(), "security.protocol": "SSL", "ssl.key.pem": SECRET}, "topics", "check")
    assert done.status == 3 and "ssl.key.pem" in done.stderr, done
    assert SECRET not in done.stdout + done.stderr


def test_a_proxy_is_named_and_its_password_is_not_shown(bed: Bed):
    done = bed.slipway(
        bed.plain(),
        *("api", "GET", "/projects"),
        SLIPWAY_WORKBENCH_URL="https://workbench.invalid",
        HTTPS_PROXY=f"http://user:{SECRET}@127.0.0.1:1",
    )
    assert done.status == 4 and "through the proxy 127.0.0.1:1 (HTTPS_PROXY)" in done.stderr, done
    assert SECRET not in done.stdout + done.stderr
