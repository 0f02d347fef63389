// SPDX-License-Identifier: Apache-2.0
// What handlers read out of requests, and say of them. For runtime/http only.
#pragma once

#include "runtime/http/routes.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::http {

/// The words of a list that commas part; empty ones are left out.
std::vector<std::string> parted(std::string_view list);

/// The answer, with what the audit record says of the request.
response noting(object said, response given);

/// A member that is a whole number; `into` stays as it is when it is not there.
bool take_number(const value& from, std::string_view name, std::optional<std::uint64_t>& into);

/// The body as an object of which every member is one of `known`; the fault says `help`.
result<value> body_of(const call& now, std::initializer_list<std::string_view> known,
                      const std::string& help);

/// A whole number up to `most`, which must be there unless `otherwise` is given.
result<std::uint64_t> need_number(const value& from, std::string_view name,
                                  std::optional<std::uint64_t> otherwise = {},
                                  std::uint64_t most = UINT64_MAX);

/// Why an operator does it. It is kept, so it must be said.
result<std::string> need_reason(const value& from);

} // namespace holdfast::http
