// SPDX-License-Identifier: Apache-2.0
// The store's options from the configured ones.
#include "tools/store_place.hpp"

#include "runtime/os/host.hpp"

namespace holdfast::tools {

persistence::store_options store_options_of(const options& chosen,
                                            const std::filesystem::path& data,
                                            persistence::disk& files) {
  persistence::store_options made;
  made.directory = data;
  made.files = &files;
  made.boot_id = os::boot_id();
  made.owner = os::process_title();
  made.indexed_streams = chosen.store.indexed_streams;
  made.history = chosen.history;
  made.mirror_segment_bytes = chosen.store.mirror_segment_bytes;
  made.memory_bytes = chosen.store.memory_bytes;
  made.cache_bytes = chosen.store.cache_bytes;
  made.ballast_bytes = chosen.store.ballast_bytes;
  return made;
}

} // namespace holdfast::tools
