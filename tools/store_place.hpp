// SPDX-License-Identifier: Apache-2.0
// The store's options from the configured ones, for commands that work on a stopped store.
#pragma once

#include "persistence/store.hpp"
#include "runtime/options.hpp"

#include <filesystem>

namespace holdfast::tools {

/// `files` must outlive the store.
persistence::store_options store_options_of(const options& chosen,
                                            const std::filesystem::path& data,
                                            persistence::disk& files);

} // namespace holdfast::tools
