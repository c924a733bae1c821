# SPDX-License-Identifier: Apache-2.0

import os
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from bed import Bed
from broker import Broker


def pytest_configure():
    # Told to end, it ends what it has started; the broker would outlive it.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("told to end", returncode=143))


def pytest_collection_modifyitems(items):
    """What looks for leaked secrets looks at everything that the other tests have left."""
    items.sort(key=lambda item: item.path.name == "test_secrets.py")


@pytest.fixture(scope="session")
def broker():
    folder = os.environ.get("KAFKA_SECURE_DIR")
    broker = Broker(Path(os.environ["KAFKA_SCRIPT"]).resolve(), Path(folder) if folder else None)
    yield broker
    broker.close()


@pytest.fixture(scope="session")
def programs():
    return Path(os.environ["SLIPWAY_BIN"]).resolve()


@pytest.fixture(scope="session")
def leavings(tmp_path_factory):
    """Everything that programs, topics and audits of all tests have left, one folder a bed."""
    return tmp_path_factory.mktemp("leavings")


@pytest.fixture
def make_bed(broker, programs, leavings, request):
    """Makes beds that end with the test."""
    with ExitStack() as stack:

        def make(**settings):
            folder = leavings / f"{request.node.name.replace('/', '-')}-{len(list(leavings.iterdir()))}"
            folder.mkdir()
            return stack.enter_context(Bed(broker, programs, folder, **settings))

        yield make


@pytest.fixture
def bed(make_bed):
    return make_bed()
