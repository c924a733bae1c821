#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the tests of this folder in a virtual environment under .build.
# Needs KAFKA_SCRIPT, a kafka.sh that can start a broker with --secure, and SLIPWAY_BIN: the folder of the built programs.
# The broker is started for these tests and ended with them; KAFKA_SECURE_DIR names the folder of one that runs already.
# Further arguments go to pytest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
: "${KAFKA_SCRIPT:?give the script that runs brokers: KAFKA_SCRIPT=.../kafka.sh}"
: "${SLIPWAY_BIN:?give the folder of the built programs: SLIPWAY_BIN=\$(swift build --show-bin-path)}"

command -v openssl >/dev/null || .ci/setup openssl
python3 -c 'import ensurepip' 2>/dev/null || .ci/setup python3-venv

digest=$(sha256sum Tests/Connections/requirements.txt | cut -c 1-12)
environment=.build/python/connections-$digest
if [ ! -f "$environment/complete" ]; then
    echo "connections: installing the Python packages" >&2
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement Tests/Connections/requirements.txt
    touch "$environment/complete"
fi
exec "$environment/bin/python" -m pytest -p no:cacheprovider --durations=5 -ra Tests/Connections "$@"
