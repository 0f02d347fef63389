// SPDX-License-Identifier: Apache-2.0
// Turns what happens in a runtime into lines of its log.
#include "runtime/chronicle.hpp"

#include "actors/telemetry/telemetry_sink.hpp"
#include "runtime/os/clock.hpp"

#include <string>
#include <utility>

namespace holdfast {

namespace {

severity level_named(const std::string& name) {
  for (const auto level : {severity::debug, severity::info, severity::warn, severity::error})
    if (to_string(level) == name)
      return level;
  return severity::info;
}

severity gravity_of(supervision_fact what) {
  switch (what) {
  case supervision_fact::gave_up:
  case supervision_fact::abandoned:
  case supervision_fact::child_gave_up:
    return severity::critical;
  case supervision_fact::died:
  case supervision_fact::start_failed:
  case supervision_fact::killed:
  case supervision_fact::restart_due:
  case supervision_fact::start_undone:
  case supervision_fact::hung:
    return severity::warn;
  default:
    return severity::info;
  }
}

} // namespace

result<chronicle> chronicle::open(const options& chosen) {
  chronicle made;
  const auto& wanted = chosen.telemetry;
  if (!wanted.enabled)
    return made;
  auto hidden = telemetry::redaction::with(wanted.redact);
  if (!hidden)
    return hidden.error();
  persistence::telemetry_options to;
  to.directory =
      (wanted.directory.empty() ? chosen.store.data / "telemetry" : wanted.directory).string();
  to.limits.file_bytes = wanted.rotate_bytes;
  to.now = [] { return persistence::telemetry_now{os::wall_now(), os::steady_now()}; };
  to.redaction = telemetry::redaction_for_writer(*std::move(hidden));
  made.writer_ = std::make_shared<persistence::telemetry_writer>(std::move(to));
  made.writer_->start();
  made.trail_ = std::make_shared<audit_trail>(made.writer_);
  made.least_ = level_named(wanted.level);
  return made;
}

void chronicle::tell(severity level, std::string_view logger, std::string_view message,
                     std::initializer_list<telemetry_field> fields) const {
  if (writer_ && level >= least_)
    writer_->log({level, logger, message, std::span{fields.begin(), fields.size()}, {}});
}

void chronicle::tell(const start_report& found) const {
  const auto data = found.data.string();
  tell(severity::info, "runtime", "started",
       {{"data", data},
        {"clean", found.clean},
        {"created", found.created},
        {"epoch", found.epoch},
        {"head", found.head.value},
        {"anchor", found.anchor.value},
        {"verified", found.records_verified},
        {"completed", found.records_completed},
        {"repaired", found.records_repaired}});
  for (const auto& one : found.repairs)
    tell(severity::error, "store", one);
}

void chronicle::tell(const stop_report& ended) const {
  for (const auto& one : ended.stayed)
    tell(severity::error, "runtime", "did not leave in time", {{"who", one}});
  if (!ended.unclean.empty())
    tell(severity::error, "runtime", "the store was not closed cleanly", {{"why", ended.unclean}});
  tell(severity::info, "runtime", "stopped",
       {{"took_ms", static_cast<std::int64_t>(ended.took.count())}});
}

void chronicle::tell(const supervision_event& happened) const {
  tell(gravity_of(happened.what), "supervisor", to_string(happened.what),
       {{"supervisor", happened.supervisor},
        {"child", happened.child},
        {"incarnation", happened.incarnation},
        {"how", to_string(happened.how)},
        {"cause", happened.text},
        {"pause_ms", static_cast<std::int64_t>(happened.pause.count())}});
}

void chronicle::tell(const pressure_changed& now) const {
  tell(now.paused ? severity::warn : severity::info, "pressure",
       now.paused ? "producers are paused" : "producers go on",
       {{"cause", to_string(now.cause)},
        {"consumer", now.consumer},
        {"bytes", now.bytes},
        {"events", now.records}});
}

void chronicle::tell(const pressure_alarm& alarm) const {
  tell(severity::warn, "pressure", alarm.text, {{"consumer", alarm.consumer}});
}

void chronicle::tell(const divergence& found) const {
  tell(severity::error, "checkpoint", "a fold is not deterministic",
       {{"owner", found.owner},
        {"checkpoint", found.checkpoint.value},
        {"event", found.at.value},
        {"detail", found.detail}});
}

void chronicle::tell(const checkpoint_info& damaged) const {
  tell(severity::error, "checkpoint", "a checkpoint does not verify and is passed over",
       {{"owner", damaged.owner}, {"sequence", damaged.covered.value}});
}

void chronicle::tell(wide_event happened) const {
  if (trail_)
    trail_->add(std::move(happened));
}

bool chronicle::end_audit(std::chrono::milliseconds within) const {
  return !trail_ || trail_->stop(within);
}

telemetry_counters chronicle::counters() const {
  return writer_ ? writer_->counters() : telemetry_counters{};
}

} // namespace holdfast
