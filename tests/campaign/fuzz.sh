#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every fuzz target for HOLDFAST_FUZZ_SECONDS (60). A finding is kept in build/fuzz/findings.
#   tests/campaign/fuzz.sh BUILD_DIRECTORY
set -euo pipefail
: "$1" # the release tree: not needed, the fuzzers have a tree of their own
seed=${HOLDFAST_SEED:-$((RANDOM * 32768 + RANDOM))}
echo "seed $seed"
flags=(-fsanitize=address,undefined -fno-sanitize=null -fno-sanitize-recover=undefined)
# No -DNDEBUG: an assertion that fails is a finding.
cmake -S . -B build/fuzz -G Ninja -DCMAKE_BUILD_TYPE=Release -DHOLDFAST_FUZZ=ON \
  -DCMAKE_CXX_COMPILER=clang++-14 -DCMAKE_CXX_FLAGS_RELEASE='-O1 -g1' \
  -DCMAKE_CXX_FLAGS="${flags[*]}"
targets=(canonical mirror record superblock telemetry config csv ndjson request
  otlp_json otlp_protobuf)
cmake --build build/fuzz --target "${targets[@]/#/fuzz_}"
mkdir -p build/fuzz/findings
failed=0
for target in "${targets[@]}"; do
  corpus=$(mktemp -d)
  echo "fuzzing $target"
  "build/fuzz/tests/fuzz/fuzz_$target" -max_total_time="${HOLDFAST_FUZZ_SECONDS:-60}" \
    -seed="$seed" -rss_limit_mb=2000 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/findings/$target-" \
    "$corpus" "tests/fuzz/corpus/$target" || failed=1
  rm -rf "$corpus"
done
exit $failed
