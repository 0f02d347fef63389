// SPDX-License-Identifier: Apache-2.0
// Reads telemetry files, compressed or not, and proves what is missing or changed.
#pragma once

#include "messages/telemetry.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::persistence {

/// What a line turned out to be.
enum class telemetry_finding : std::uint8_t { line, bad, tail };

/// Calls `visit(finding, number, text)` for every line of a file from 1, without its line end.
/// `tail` is what follows the last line end. Lines beyond 1 MiB come in pieces, as `bad`.
/// Stops when `visit` answers false.
result<void> read_telemetry_file(
    const std::string& directory, std::string_view file,
    const std::function<bool(telemetry_finding, std::uint64_t, std::string_view)>& visit);

/// The chain after the last whole line of an audit file; nothing when it has none that is right.
std::optional<digest> last_telemetry_chain(const std::string& directory, std::string_view file);

/// Reads the whole directory: every CRC, the numbers of every writer, every audit chain.
/// Safe while writers write: what they have not finished is `writing`, not `torn`; a number just
/// below a living writer's newest may be missing for the moment.
result<telemetry_report> verify_telemetry(const std::string& directory);

} // namespace holdfast::persistence
