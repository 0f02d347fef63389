// SPDX-License-Identifier: Apache-2.0
// Options of a small runtime in a directory of the test's own.
#pragma once

#include "runtime/options.hpp"
#include "tests/runtime/scratch.hpp"

inline holdfast::options small_options(const scratch& place, const char* name = "data") {
  holdfast::options chosen;
  chosen.store.data = place.path() / name;
  chosen.store.mirror_segment_bytes = 4U << 20U;
  chosen.store.memory_bytes = 4U << 20U;
  chosen.store.cache_bytes = 1U << 20U;
  chosen.store.ballast_bytes = 0;
  chosen.telemetry.enabled = false;
  chosen.initialise = true;
  return chosen;
}

inline holdfast::event usage(int number) {
  holdfast::event made;
  made.stream = "llm.usage";
  made.body = holdfast::object{{"n", number}, {"model", "m"}};
  return made;
}
