// SPDX-License-Identifier: Apache-2.0
// The sinks of `ingest`: a runtime in this process over a stopped store, or a daemon's door.
#pragma once

#include "runtime/options.hpp"
#include "tools/ingestion.hpp"

#include <chrono>
#include <filesystem>
#include <memory>

namespace holdfast::tools {

/// Opens the store for writing in this process; it is closed with the sink.
result<std::unique_ptr<event_sink>> open_store_sink(const options& chosen);

/// Sends over the socket, one request after the other. Connects with the first use.
std::unique_ptr<event_sink> make_door_sink(const std::filesystem::path& socket,
                                           std::chrono::milliseconds timeout);

} // namespace holdfast::tools
