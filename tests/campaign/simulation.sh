#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 10,000 histories of the whole runtime. HOLDFAST_SEED is the first seed.
#   tests/campaign/simulation.sh BUILD_DIRECTORY
set -euo pipefail
cmake --build "$1" --target tests_simulation
seed=${HOLDFAST_SEED:-$((RANDOM * 32768 + RANDOM))}
echo "seed $seed"
HOLDFAST_SEED=$seed HOLDFAST_HISTORIES=${HOLDFAST_HISTORIES:-10000} \
  exec "$1/tests/simulation/tests_simulation" --log_level=error
