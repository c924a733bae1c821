#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Holds the sandbox against the workbench's own definition of API v2, with schemathesis.
#
#   Tests/Contract/run.sh SWAGGER.json
#
# SWAGGER.json is what a workbench serves at /api/v2/swagger.json; it is not part of this repository.
# SANDBOX names the binary (default: .build/debug/slipway-sandbox), EXAMPLES the test cases per operation (default 20).
# Ends with 0 if every reply fits the definition or is a departure listed in departures.toml.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
swagger=${1:?usage: Tests/Contract/run.sh SWAGGER.json}
sandbox=${SANDBOX:-$here/../../.build/debug/slipway-sandbox}
environment=${TMPDIR:-/tmp}/slipway-contract-venv

if [[ ! -x $environment/bin/schemathesis ]]; then
    python3 -m venv "$environment"
    "$environment/bin/pip" --quiet install --requirement "$here/requirements.txt"
fi

work=$(mktemp -d)
touch "$work/used" "$work/succeeded"
SLIPWAY_SANDBOX_API_KEY=contract "$sandbox" serve --seed 1 >"$work/ready" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" || true; rm -rf "$work"' EXIT

for _ in $(seq 100); do
    [[ -s $work/ready ]] && break
    sleep 0.1
done
url=$("$environment/bin/python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["url"])' "$work/ready")

cd "$work"
status=0
SANDBOX_URL=$url SANDBOX_KEY=contract DEPARTURES_USED=$work/used OPERATIONS_SUCCEEDED=$work/succeeded \
    PYTHONPATH=$here SCHEMATHESIS_HOOKS=hooks \
    PYTHONDONTWRITEBYTECODE=1 \
    timeout 600 "$environment/bin/schemathesis" --config-file "$here/schemathesis.toml" run "$swagger" \
    --url "$url" --header 'Authorization: Bearer contract' --max-examples "${EXAMPLES:-20}" || status=$?

echo "Departures met:"
sort "$work/used" | uniq -c
"$environment/bin/python" - "$url" "$work/succeeded" <<'CHECK' || status=1
import json, sys, urllib.request

paths = json.load(urllib.request.urlopen(sys.argv[1] + "/api/v2/swagger.json"))["paths"]
operations = {operation["operationId"] for path in paths.values() for operation in path.values()}
missing = operations - set(open(sys.argv[2]).read().split())
if missing:
    sys.exit(f"never seen to succeed: {', '.join(sorted(missing))}")
print(f"All {len(operations)} operations were seen to succeed.")
CHECK
if ! kill -0 "$server" 2>/dev/null; then
    echo "the sandbox has died" >&2
    status=1
fi
exit "$status"
