// SPDX-License-Identifier: Apache-2.0
// Canonical msgpack: one value, one encoding (FORMAT.md, "Canonical values").
#pragma once

#include "messages/fault.hpp"
#include "messages/value.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::persistence {

/// Deepest nesting of arrays and objects that is taken. Deeper values are `invalid`.
inline constexpr std::size_t depth_max = 64;

/// Encodes a value in its only encoding: members in byte order of their names, shortest integers,
/// 64-bit floats, text and bytes kept apart. Answers `invalid` for a number that is not finite,
/// text that is not UTF-8, or nesting beyond `depth_max`; it names the place (".usage.tokens[2]: is
/// not a finite number").
result<std::string> encode_canonical(const value& given);

/// Appends the encoding to `out`, which is unchanged after a fault.
result<void> encode_canonical(const value& given, std::string& out);

/// As above, leaving the named top-level members out.
result<void> encode_canonical_without(const value& given, const std::vector<std::string>& omitted,
                                      std::string& out);

/// Is it well-formed UTF-8? Surrogates and overlong forms are not.
bool is_utf8(std::string_view text);

/// Decodes one value that fills `encoded` exactly. Answers `corrupt` for anything that
/// `encode_canonical` would not have written.
result<value> decode_canonical(std::string_view encoded);

/// As above, using the memory of what `into` holds again: values of one shape, one after the
/// other, cost next to none. After a fault `into` holds some value.
result<void> decode_canonical(std::string_view encoded, value& into);

} // namespace holdfast::persistence
