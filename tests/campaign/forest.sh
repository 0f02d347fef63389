#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 20,000 walks through trees of supervisors, and 100 long ones through trees of 200 children, by as
# many processes as there are cores (HOLDFAST_JOBS). HOLDFAST_SEED is the first seed,
# HOLDFAST_WALKS how many. Says which seeds have passed.
#   tests/campaign/forest.sh BUILD_DIRECTORY
set -euo pipefail
cmake --build "$1" --target tests_simulation
seed=${HOLDFAST_SEED:-$((RANDOM * 32768 + RANDOM))}
walks=${HOLDFAST_WALKS:-20000}
export program=$1/tests/simulation/tests_simulation last=$((seed + walks - 1))
echo "seed $seed, $walks walks"

run_some() {
  local count=$((last - $1 + 1 < 400 ? last - $1 + 1 : 400))
  HOLDFAST_SEED=$1 HOLDFAST_WALKS=$count "$program" --run_test='no_walk*' \
    --log_level=error --report_level=no --color_output=no >&2 &&
    echo "seeds $1 to $(($1 + count - 1)): passed"
}
export -f run_some
seq "$seed" 400 "$last" |
  xargs -P "${HOLDFAST_JOBS:-$(nproc)}" -I{} bash -c 'run_some {}'
