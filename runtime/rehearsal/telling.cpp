// SPDX-License-Identifier: Apache-2.0
// One line for each thing that happened.
#include "runtime/rehearsal/telling.hpp"

#include <string_view>

namespace holdfast::rehearsal {

namespace {

std::string ms(std::chrono::milliseconds time) {
  return std::to_string(time.count()) + " ms";
}

std::string numbered(const std::string& child, std::uint64_t incarnation) {
  return incarnation == 0 ? child : child + '/' + std::to_string(incarnation);
}

std::string with_text(const std::string& text) {
  return text.empty() ? "" : ": " + text;
}

std::string handling(const std::string& message) {
  return message.empty() ? "" : ", handling " + message;
}

/// CAF's name for a reason, where there is nothing more to say.
bool says_only(ending how, const std::string& text) {
  return (how == ending::killed && text == "kill")
         || (how == ending::shutdown && text == "user_shutdown")
         || (how == ending::normal && text == "normal");
}

std::string name_of(supervision_outcome how) {
  constexpr std::string_view names[] = {"stopped", "gave_up", "undone", "ended_itself"};
  return std::string{names[static_cast<std::size_t>(how) - 1]};
}

std::string name_of(restart_type type) {
  constexpr std::string_view names[] = {"permanent", "transient", "temporary"};
  return std::string{names[static_cast<std::size_t>(type) - 1]};
}

std::string name_of(child_type type) {
  return type == child_type::supervisor ? "supervisor" : "worker";
}

std::string name_of(report_level level) {
  constexpr std::string_view names[] = {"debug", "info", "error"};
  return std::string{names[static_cast<std::size_t>(level) - 1]};
}

} // namespace

std::string told(const supervision_event& event) {
  auto said = event.supervisor + ": ";
  if (!event.child.empty())
    said += numbered(event.child, event.incarnation) + ' ';
  said += to_string(event.what);
  switch (event.what) {
  case supervision_fact::restart_due:
    said += " in " + ms(event.pause);
    if (event.failures > 1)
      said += ", failures in a row: " + std::to_string(event.failures);
    return said;
  case supervision_fact::died:
  case supervision_fact::stopped:
    said += " (" + std::string{to_string(event.how)} + ')';
    break;
  default:
    break;
  }
  if (!says_only(event.how, event.text))
    said += with_text(event.text);
  return said + handling(event.last_message);
}

std::string told(const supervision_report& report) {
  auto said =
      report.supervisor + ": " + name_of(report.level) + ' '
      + std::string{to_string(report.context)} + ", "
      + (report.children == 1 ? numbered(report.child, report.incarnation)
                              : std::to_string(report.children) + " children of " + report.child)
      + " (" + name_of(report.restart) + ' ' + name_of(report.type)
      + (report.significant ? ", significant" : "") + ", shutdown "
      + (report.shutdown == shutdown_without_limit ? "infinity" : ms(report.shutdown)) + ')';
  return said + with_text(report.reason);
}

std::string told(const child_answer& answer) {
  auto said = std::string{to_string(answer.what)};
  if (answer.incarnation != 0)
    said += ' ' + numbered(answer.child, answer.incarnation);
  return said + with_text(answer.text) + (answer.spec ? " (with its spec)" : "");
}

std::string told(const child_status& status) {
  auto said = numbered(status.id, status.incarnation) + ' ' + std::string{to_string(status.state)}
              + ", " + name_of(status.restart) + ' ' + name_of(status.type);
  if (status.restarts > 0)
    said += ", restarts: " + std::to_string(status.restarts);
  if (status.state == child_state::backoff)
    said += ", starts in " + ms(status.retry_in);
  if (status.lost > 0)
    said += ", lost: " + std::to_string(status.lost);
  if (!status.last_cause.empty())
    said += ", last cause: " + status.last_cause;
  return said;
}

std::string told(const child_counts& counts) {
  return "specs " + std::to_string(counts.specs) + ", active " + std::to_string(counts.active)
         + ", supervisors " + std::to_string(counts.supervisors) + ", workers "
         + std::to_string(counts.workers);
}

std::string told(const actor_reading& reading) {
  auto said = "received " + std::to_string(reading.received) + ", handled "
              + std::to_string(reading.handled) + ", queued " + std::to_string(reading.queued)
              + ", held " + std::to_string(reading.held) + ", redelivered "
              + std::to_string(reading.left.redelivered) + ", refused "
              + std::to_string(reading.left.refused) + ", handed over "
              + std::to_string(reading.left.handed_over) + ", dropped "
              + std::to_string(reading.left.dropped);
  if (reading.with_lost > 0)
    said += ", with lost ones " + std::to_string(reading.with_lost);
  if (reading.current)
    said += ", handles " + reading.current->kind + " for " + ms(reading.current->handling);
  return said;
}

std::vector<std::string> told(const supervision_ended& ended) {
  std::vector<std::string> lines{"ended (" + name_of(ended.outcome) + ')' + with_text(ended.text)};
  for (const auto& one : ended.causes) {
    auto said = "  cause: " + one.supervisor + ", " + numbered(one.child, one.incarnation) + ' '
                + std::string{to_string(one.how)} + with_text(one.text)
                + handling(one.last_message);
    for (const auto& before : one.earlier)
      said += "; before: " + before;
    lines.push_back(said);
  }
  for (const auto& one : ended.stayed)
    lines.push_back(
        "  stayed: " + one.supervisor + ", " + numbered(one.child, one.incarnation)
        + (one.message.empty() ? "" : handling(one.message) + " for " + ms(one.handling))
        + ", asked to leave " + ms(one.leaving) + " ago");
  return lines;
}

std::string budget_of(const child_status& status) {
  auto said = status.id + ": failures in a row " + std::to_string(status.failures);
  if (status.budget)
    said += ", own budget used " + std::to_string(status.budget_used) + " of "
            + std::to_string(*status.budget);
  return said;
}

} // namespace holdfast::rehearsal
