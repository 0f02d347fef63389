#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every single bit, every truncation and every removal of every file of small stores, after a clean
# stop and after kill -9; and a store that dies at every operation of every job. In 40 parts, by as
# many processes as there are cores (HOLDFAST_JOBS). HOLDFAST_SEED repeats a run.
#   tests/campaign/damage.sh BUILD_DIRECTORY [PART...]
set -euo pipefail
cmake --build "$1" --target tests_persistence
export program=$1/tests/persistence/tests_persistence
shift
export HOLDFAST_CAMPAIGN=1 HOLDFAST_PARTS=40
export HOLDFAST_SEED=${HOLDFAST_SEED:-$((RANDOM * 32768 + RANDOM))}
echo "seed $HOLDFAST_SEED"
(($# > 0)) || set -- dies $(seq 0 $((HOLDFAST_PARTS - 1)))

run_part() {
  if [ "$1" = dies ]; then
    "$program" --run_test='a_store_that_dies' --log_level=message --color_output=no
  else
    HOLDFAST_PART=$1 "$program" --run_test='a_damaged_store' --log_level=message --color_output=no
  fi >&2 && echo "part $1: passed"
}
export -f run_part
printf '%s\n' "$@" | xargs -P "${HOLDFAST_JOBS:-$(nproc)}" -I{} bash -c 'run_part {}'
