// SPDX-License-Identifier: Apache-2.0
// Names for kinds of messages: numbered once for the process, so that counting one is an index.
#pragma once

#include <caf/type_erased_tuple.hpp>

#include <cstdint>
#include <string>

namespace holdfast::addressing {

/// Stands for a kind of message. `kind_other` where there are too many.
using kind_number = std::uint16_t;

inline constexpr kind_number kind_other = 0;

/// Kinds a process tells apart; all further ones are `kind_other`.
inline constexpr std::size_t kinds_max = 4096;

/// The kind of a message: the types it is made of, and the atom it begins with. Any thread; a kind
/// that was seen before is found without a lock.
kind_number kind_of(const caf::type_erased_tuple& content);

/// As people read it: `do_fail`, `'ping',int32_t`. Any thread.
std::string name_of(kind_number kind);

} // namespace holdfast::addressing
