#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 100,000 crashes of a thousand children on real threads, under ASan and UBSan where BUILD_DIRECTORY
# is the sanitizer tree's. Then each actor of a runtime crashes
# under load. HOLDFAST_SEED, HOLDFAST_CRASHES and HOLDFAST_ROUNDS choose another run.
#   tests/campaign/supervision.sh BUILD_DIRECTORY
set -euo pipefail
cmake --build "$1" --target tests_stress
export HOLDFAST_SEED=${HOLDFAST_SEED:-$((RANDOM * 32768 + RANDOM))}
export HOLDFAST_CRASHES=${HOLDFAST_CRASHES:-100000}
echo "seed $HOLDFAST_SEED, $HOLDFAST_CRASHES crashes"
"$1/tests/stress/tests_stress" --color_output=no --report_level=short
echo "each actor of a runtime crashes, in ${HOLDFAST_ROUNDS:=20} runtimes"
for ((round = 0; round < HOLDFAST_ROUNDS; ++round)); do
  "$1/tests/stress/tests_stress" --color_output=no --report_level=short --run_test=every_actor
done
