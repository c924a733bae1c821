#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the tests of this folder in a virtual environment under .build.
# Needs KAFKA_BOOTSTRAP, and SLIPWAY_BIN: the folder of the built programs. Further arguments go to pytest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
: "${KAFKA_BOOTSTRAP:?give the broker: KAFKA_BOOTSTRAP=host:port}"
: "${SLIPWAY_BIN:?give the folder of the built programs: SLIPWAY_BIN=\$(swift build --show-bin-path)}"

command -v kcat >/dev/null || .ci/setup kcat
python3 -c 'import ensurepip' 2>/dev/null || .ci/setup python3-venv

requirements=(Examples/requirements.txt Tests/RealInput/requirements.txt)
digest=$(cat "${requirements[@]}" | sha256sum | cut -c 1-12)
environment=.build/python/real-input-$digest
if [ ! -f "$environment/complete" ]; then
    echo "real-input: installing the Python packages" >&2
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check "${requirements[@]/#/--requirement=}"
    touch "$environment/complete"
fi
exec "$environment/bin/python" -m pytest -p no:cacheprovider --durations=5 -ra Tests/RealInput "$@"
