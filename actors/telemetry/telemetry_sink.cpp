// SPDX-License-Identifier: Apache-2.0
// Translates spdlog's lines into telemetry calls.
#include "actors/telemetry/telemetry_sink.hpp"

#include <spdlog/details/log_msg.h>
#include <spdlog/logger.h>

#include <array>

namespace holdfast::telemetry {
namespace {

severity severity_of(spdlog::level::level_enum level) {
  switch (level) {
  case spdlog::level::trace:
    return severity::trace;
  case spdlog::level::debug:
    return severity::debug;
  case spdlog::level::info:
    return severity::info;
  case spdlog::level::warn:
    return severity::warn;
  case spdlog::level::err:
    return severity::error;
  default:
    return severity::critical;
  }
}

std::string_view view_of(spdlog::string_view_t text) {
  return {text.data(), text.size()};
}

} // namespace

telemetry_sink::telemetry_sink(std::shared_ptr<persistence::telemetry_writer> writer)
    : writer_{std::move(writer)} {}

void telemetry_sink::log(const spdlog::details::log_msg& line) {
  const auto since =
      std::chrono::duration_cast<std::chrono::microseconds>(line.time.time_since_epoch());
  telemetry_call call{.level = severity_of(line.level),
                      .logger = view_of(line.logger_name),
                      .message = view_of(line.payload),
                      .time = {since.count()}};
  std::array<telemetry_field, 2> place;
  if (!line.source.empty()) {
    place = {{{"file", std::string_view{line.source.filename}},
              {"line", std::int64_t{line.source.line}}}};
    call.fields = place;
  }
  writer_->log(call);
}

std::shared_ptr<spdlog::logger> make_logger(std::string name,
                                            std::shared_ptr<persistence::telemetry_writer> writer) {
  auto made = std::make_shared<spdlog::logger>(std::move(name),
                                               std::make_shared<telemetry_sink>(std::move(writer)));
  made->set_level(spdlog::level::trace);
  made->set_error_handler([](const std::string&) {}); // a bad format string must not reach stderr
  return made;
}

persistence::telemetry_redaction redaction_for_writer(redaction chosen) {
  const auto shared = std::make_shared<const redaction>(std::move(chosen));
  return {.text = [shared](std::string& text) { shared->redact(text); },
          .names_secret = [](std::string_view name) { return redaction::names_secret(name); }};
}

} // namespace holdfast::telemetry
