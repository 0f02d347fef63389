// SPDX-License-Identifier: Apache-2.0
// Names each choice in the store's own words.
#include "runtime/store_options.hpp"

#include "runtime/os/clock.hpp"
#include "runtime/os/host.hpp"

namespace holdfast {

persistence::store_options store_options_of(const options& chosen, persistence::disk& files) {
  persistence::store_options made;
  made.directory = chosen.store.data;
  made.files = &files;
  made.boot_id = os::boot_id();
  made.owner = os::process_title();
  made.ticks = os::steady_now;
  for (const auto& [type, from, raise] : chosen.upcasts)
    made.raise.add(type, from, raise);
  made.indexed_streams = chosen.store.indexed_streams;
  // A start reads it, and whoever asks why an actor died: neither may walk through everything.
  made.indexed_streams.emplace_back(persistence::supervision_stream);
  made.history = chosen.history;
  made.mirror_segment_bytes = chosen.store.mirror_segment_bytes;
  made.memory_bytes = chosen.store.memory_bytes;
  made.cache_bytes = chosen.store.cache_bytes;
  made.ballast_bytes = chosen.store.ballast_bytes;
  return made;
}

} // namespace holdfast
