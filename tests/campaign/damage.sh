#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every single bit, every truncation and every removal of every file of small stores.
#   tests/campaign/damage.sh BUILD_DIRECTORY
set -euo pipefail
cmake --build "$1" --target tests_persistence
HOLDFAST_CAMPAIGN=1 exec "$1/tests/persistence/tests_persistence" --run_test='*damage*,*flip*' \
  --log_level=message
