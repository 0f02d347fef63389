// SPDX-License-Identifier: Apache-2.0
// The store's options from the configured ones: for the runtime, and for commands on a stopped one.
#pragma once

#include "persistence/store.hpp"
#include "runtime/options.hpp"

namespace holdfast {

/// `files` must outlive whatever is opened with the answer.
persistence::store_options store_options_of(const options& chosen, persistence::disk& files);

} // namespace holdfast
