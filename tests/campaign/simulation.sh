#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 10,000 histories of the whole runtime, by as many processes as there are cores (HOLDFAST_JOBS).
# HOLDFAST_SEED is the first seed, HOLDFAST_HISTORIES how many. Says which seeds have passed.
#   tests/campaign/simulation.sh BUILD_DIRECTORY
set -euo pipefail
cmake --build "$1" --target tests_simulation
seed=${HOLDFAST_SEED:-$((RANDOM * 32768 + RANDOM))}
histories=${HOLDFAST_HISTORIES:-10000}
export program=$1/tests/simulation/tests_simulation last=$((seed + histories - 1))
echo "seed $seed, $histories histories"

run_some() {
  local count=$((last - $1 + 1 < 200 ? last - $1 + 1 : 200))
  HOLDFAST_SEED=$1 HOLDFAST_HISTORIES=$count "$program" --run_test='every_history*' \
    --log_level=error --report_level=no --color_output=no >&2 &&
    echo "seeds $1 to $(($1 + count - 1)): passed"
}
export -f run_some
seq "$seed" 200 "$last" |
  xargs -P "${HOLDFAST_JOBS:-$(nproc)}" -I{} bash -c 'run_some {}'
