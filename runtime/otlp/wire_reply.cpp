// SPDX-License-Identifier: Apache-2.0
// Answers as protobuf and as JSON.
#include "runtime/json.hpp"
#include "runtime/otlp/reply.hpp"

#include <otlp/wire/reply.pb.h>

namespace holdfast::otlp {

std::string print_success(encoding form, std::string_view rejected_name, std::uint64_t rejected,
                          std::string_view why) {
  if (form == encoding::json) {
    object partial{{"errorMessage", why}};
    if (rejected > 0)
      partial.emplace(rejected_name, std::to_string(rejected));
    object made;
    if (rejected > 0 || !why.empty())
      made.emplace("partialSuccess", std::move(partial));
    return json::print(made);
  }
  wire::ExportServiceResponse made;
  if (rejected > 0 || !why.empty()) {
    auto& partial = *made.mutable_partial_success();
    partial.set_rejected(static_cast<std::int64_t>(rejected));
    partial.set_error_message(std::string{why});
  }
  return made.SerializeAsString();
}

std::string print_status(encoding form, int code, std::string_view message) {
  if (form == encoding::json)
    return json::print(object{{"code", code}, {"message", message}});
  wire::Status made;
  made.set_code(code);
  made.set_message(std::string{message});
  return made.SerializeAsString();
}

} // namespace holdfast::otlp
