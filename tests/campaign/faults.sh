#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every fault of tests/faults in its long form. HOLDFAST_SEED repeats a run.
#   tests/campaign/faults.sh BUILD_DIRECTORY [SCENARIO...]
set -euo pipefail
build=$1
shift
cmake --build "$build" --target holdfast holdfast_shim
exec python3 tests/faults/scenarios.py --campaign --binary "$build/tools/holdfast" \
  --shim "$build/tests/faults/libholdfast_shim.so" ${HOLDFAST_SEED:+--seed "$HOLDFAST_SEED"} "$@"
