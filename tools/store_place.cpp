// SPDX-License-Identifier: Apache-2.0
// The store's options for a directory that a person named.
#include "tools/store_place.hpp"

#include "runtime/store_options.hpp"

namespace holdfast::tools {

persistence::store_options store_options_of(const options& chosen,
                                            const std::filesystem::path& data,
                                            persistence::disk& files) {
  auto made = holdfast::store_options_of(chosen, files);
  made.directory = data;
  return made;
}

} // namespace holdfast::tools
