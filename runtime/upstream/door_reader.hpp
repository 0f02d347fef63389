// SPDX-License-Identifier: Apache-2.0
// Reads a running daemon's store through its door, by the same interface as the store itself.
#pragma once

#include "persistence/reader.hpp"
#include "runtime/upstream/door_client.hpp"

#include <memory>

namespace holdfast::upstream {

/// What a query says of streams, types, times and fields, as `&stream=llm&type=usage...`; its range
/// and its limits are not in it.
std::string choice_of(const event_query& wanted);

/// A reader over HTTP. The daemon has verified what it answers; the chain is not checked again.
/// `raise` and `scan_views` work on records that were fetched whole.
std::unique_ptr<persistence::reader> make_door_reader(std::shared_ptr<const door_client> client);

} // namespace holdfast::upstream
