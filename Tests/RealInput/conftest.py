# SPDX-License-Identifier: Apache-2.0

import os
from pathlib import Path

import pytest

from pipeline import Pipeline


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    bootstrap, programs = os.environ["KAFKA_BOOTSTRAP"], Path(os.environ["SLIPWAY_BIN"]).resolve()
    with Pipeline(bootstrap, programs, tmp_path_factory.mktemp("pipeline")) as running:
        yield running
