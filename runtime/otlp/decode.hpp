// SPDX-License-Identifier: Apache-2.0
// The bodies of OTLP/HTTP requests, in either encoding, to plain structs.
#pragma once

#include "messages/fault.hpp"
#include "runtime/otlp/telemetry.hpp"

#include <string_view>

namespace holdfast::otlp {

// Pure, any thread. A broken item is counted as rejected and costs no other. `invalid` when the
// body is no such document at all, or where a resource or scope is broken: then nothing is taken.
// Both encodings of one request give equal batches.

result<batch<span>> traces_from_protobuf(std::string_view body, const limits& allowed = {});
result<batch<log_record>> logs_from_protobuf(std::string_view body, const limits& allowed = {});
result<batch<metric>> metrics_from_protobuf(std::string_view body, const limits& allowed = {});

result<batch<span>> traces_from_json(std::string_view body, const limits& allowed = {});
result<batch<log_record>> logs_from_json(std::string_view body, const limits& allowed = {});
result<batch<metric>> metrics_from_json(std::string_view body, const limits& allowed = {});

} // namespace holdfast::otlp
