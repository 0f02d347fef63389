// SPDX-License-Identifier: Apache-2.0
// The telemetry writer as an spdlog sink.
#pragma once

#include "actors/telemetry/redaction.hpp"
#include "persistence/telemetry_writer.hpp"

#include <spdlog/sinks/sink.h>

#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace holdfast::telemetry {

/// Hands every line to the writer, which decides whether it waits. Patterns and formatters have no
/// effect, since lines are JSON; `flush` neither, since the writer syncs by rules of its own and a
/// flush would make the caller wait for the disk. Safe for concurrent calls; never throws.
class telemetry_sink final : public spdlog::sinks::sink {
public:
  explicit telemetry_sink(std::shared_ptr<persistence::telemetry_writer> writer);

  void log(const spdlog::details::log_msg& line) override;
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

private:
  std::shared_ptr<persistence::telemetry_writer> writer_;
};

/// A logger of that name that writes to `writer` everything from `trace` on. Not registered with
/// spdlog.
std::shared_ptr<spdlog::logger> make_logger(std::string name,
                                            std::shared_ptr<persistence::telemetry_writer> writer);

/// The redactor in the form in which the writer takes it.
persistence::telemetry_redaction redaction_for_writer(redaction chosen);

} // namespace holdfast::telemetry
