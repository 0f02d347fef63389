// SPDX-License-Identifier: Apache-2.0
// Turns wide events into audit lines, many to a sync.
#include "runtime/audit_trail.hpp"

#include "runtime/json.hpp"
#include "runtime/os/clock.hpp"

#include <utility>

namespace holdfast {

namespace {

constexpr std::chrono::seconds sync_interval{1};

/// Lines that come within this are written together: one waking for all of them.
constexpr std::chrono::milliseconds gather_interval{5};

bool is_turned_away(const wide_event& one) {
  return one.status == 401 || one.status == 403;
}

/// A member as a field; what is no text, number or truth is passed over: the record names things.
bool take(telemetry_field& into, const value& held) {
  if (const auto* text = held.as<std::string>())
    into.value = std::string_view{*text};
  else if (const auto* number = held.as<std::int64_t>())
    into.value = *number;
  else if (const auto* large = held.as<std::uint64_t>())
    into.value = *large;
  else if (const auto* truth = held.as<bool>())
    into.value = *truth;
  else
    return false;
  return true;
}

} // namespace

audit_trail::audit_trail(std::shared_ptr<persistence::telemetry_writer> writer)
    : writer_{std::move(writer)}, thread_{"audit", [this] { run(); }} {}

audit_trail::~audit_trail() {
  queue_.change([](queue& q) { q.ended = true; });
}

bool audit_trail::stop(std::chrono::milliseconds within) {
  queue_.change([](queue& q) { q.ended = true; });
  return queue_.wait_until(os::steady_now() + within, [](const queue& q) { return q.done; });
}

void audit_trail::add(wide_event happened) {
  const bool first = queue_.with([&](queue& q) {
    if (q.ended)
      return false;
    if (q.waiting.size() < waiting_max)
      q.waiting.push_back(std::move(happened));
    else
      ++q.shed;
    return q.waiting.size() == 1;
  });
  if (first)
    queue_.change([](queue&) {}); // wakes the thread, which looks for more before it writes
}

void audit_trail::run() {
  bool unsynced = false;
  std::uint64_t refusals = 0; ///< Since the last sync.
  auto sync_at = os::steady_now();
  const auto anything = [](const queue& q) { return q.ended || !q.waiting.empty(); };
  for (;;) {
    if (unsynced)
      queue_.wait_until(sync_at, anything);
    else
      queue_.wait(anything);
    queue_.wait_until(os::steady_now() + gather_interval, [](const queue& q) { return q.ended; });
    const auto taken = queue_.with([](queue& q) {
      return queue{std::exchange(q.waiting, {}), std::exchange(q.shed, 0), q.ended, false};
    });
    for (const auto& one : taken.waiting)
      if (!is_turned_away(one) || ++refusals <= refusals_max)
        write(one);
    if (taken.shed > 0)
      write_count("requests are not listed: too many", taken.shed);
    if (!taken.waiting.empty() && !unsynced) {
      unsynced = true;
      sync_at = os::steady_now() + sync_interval;
    }
    if (unsynced && (taken.ended || os::steady_now() >= sync_at)) {
      if (refusals > refusals_max)
        write_count("refused requests are not listed: too many", refusals - refusals_max);
      refusals = 0;
      writer_->sync_audit();
      unsynced = false;
    }
    if (taken.ended)
      return queue_.change([](queue& q) { q.done = true; });
  }
}

void audit_trail::write_count(std::string_view what, std::uint64_t count) const {
  const telemetry_field field{"count", count};
  writer_->audit_unsynced({severity::audit, "http", what, {&field, 1}, {}});
}

void audit_trail::write(const wide_event& one) const {
  std::vector<telemetry_field> fields{{"path", std::string_view{one.path}},
                                      {"who", std::string_view{one.who}},
                                      {"status", std::uint64_t{one.status}},
                                      {"bytes", one.bytes},
                                      {"took_us", std::int64_t{one.took.count()}}};
  if (!one.trace.empty())
    fields.push_back({"trace", std::string_view{one.trace}});
  for (const auto& [name, held] : one.said) {
    telemetry_field made{name, false};
    if (take(made, held))
      fields.push_back(made);
  }
  writer_->audit_unsynced({severity::audit, "http", one.route, fields, one.when});
}

} // namespace holdfast
