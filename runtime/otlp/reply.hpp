// SPDX-License-Identifier: Apache-2.0
// The bodies an OTLP server answers with, in the encoding of the request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::otlp {

enum class encoding : std::uint8_t { protobuf, json };

/// What a request that was taken is answered. `rejected_name` is what JSON calls the count. With
/// nothing rejected a `why` is a warning; with nothing at all to say the message is empty.
std::string print_success(encoding form, std::string_view rejected_name, std::uint64_t rejected,
                          std::string_view why);

/// google.rpc.Status; `code` as gRPC numbers them.
std::string print_status(encoding form, int code, std::string_view message);

} // namespace holdfast::otlp
