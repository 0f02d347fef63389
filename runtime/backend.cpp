// SPDX-License-Identifier: Apache-2.0
// Answers the door's questions from the runtime's parts.
#include "runtime/backend.hpp"

#include "actors/telemetry/redaction.hpp"
#include "messages/learning.hpp"
#include "runtime/core.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/host.hpp"
#include "runtime/version.hpp"

#include <algorithm>
#include <any>
#include <utility>

namespace holdfast {

namespace {

using std::chrono::milliseconds;

/// A disk whose commits take longer is no disk to write to; it comes back by itself.
constexpr milliseconds commit_patience{5000};
constexpr milliseconds look_deadline{1000}; ///< For a look at an actor; then it shows as unknown.

std::string_view name_of(journal::standing where) {
  constexpr std::string_view names[] = {"serving",  "draining", "no_space", "reopening",
                                        "stopping", "stopped",  "gave_up"};
  return names[static_cast<std::size_t>(where)];
}

value report_value(const start_report& report) {
  array repairs;
  for (const auto& one : report.repairs)
    repairs.emplace_back(one);
  object phases;
  for (const auto& [name, took] : report.phases)
    phases[name] = took.count();
  return object{{"clean", report.clean},
                {"created", report.created},
                {"epoch", report.epoch},
                {"head", report.head.value},
                {"anchor", report.anchor.value},
                {"records_verified", report.records_verified},
                {"records_completed", report.records_completed},
                {"records_repaired", report.records_repaired},
                {"repairs", std::move(repairs)},
                {"evidence", report.evidence.string()},
                {"phases_us", std::move(phases)}};
}

value pressure_value(const pressure_reading& reading, const pressure_choices& levels) {
  array consumers;
  for (const auto& one : reading.consumers)
    consumers.push_back(object{{"consumer", one.consumer},
                               {"position", one.position.value},
                               {"bytes", one.bytes},
                               {"events", one.records},
                               {"age_ms", one.age.count()},
                               {"silent", one.silent}});
  return object{
      {"paused", reading.now.paused},           {"cause", to_string(reading.now.cause)},
      {"unprocessed_bytes", reading.now.bytes}, {"unprocessed_events", reading.now.records},
      {"age_ms", reading.now.age.count()},      {"pause_bytes", levels.pause_bytes},
      {"resume_bytes", levels.resume_bytes},    {"consumers", std::move(consumers)}};
}

value telemetry_value(const telemetry_counters& told) {
  return object{{"accepted", told.accepted},    {"written", told.written},
                {"bytes", told.bytes},          {"dropped", told.dropped},
                {"audited", told.audited},      {"write_errors", told.write_errors},
                {"rotations", told.rotations},  {"repaired", told.repaired},
                {"last_error", told.last_error}};
}

value supervisors_value(const std::vector<child_list>& all) {
  array supervisors;
  for (const auto& list : all) {
    array children;
    for (const auto& one : list.children)
      children.push_back(object{{"id", one.id},
                                {"state", to_string(one.state)},
                                {"restarts", one.restarts},
                                {"in_state_ms", one.in_state.count()},
                                {"retry_in_ms", one.retry_in.count()},
                                {"last_cause", one.last_cause}});
    supervisors.push_back(object{{"name", list.supervisor},
                                 {"restarts_used", list.restarts_used},
                                 {"intensity", list.intensity},
                                 {"children", std::move(children)}});
  }
  return supervisors;
}

class backend final : public http::served {
public:
  backend(runtime::core& behind, backend_view shown) : core_{behind}, shown_{std::move(shown)} {
    // Patterns that cannot be used have been refused at the start, where they are used at all.
    if (auto patterns = telemetry::redaction::with(behind.chosen.telemetry.redact))
      redaction_ = *std::move(patterns);
  }

  void append(std::vector<http::submission> events,
              std::function<void(append_result)> then) override {
    const auto& admitted = core_.house->admitted();
    if (admitted.paused()) {
      const fault reason{fault_code::busy,
                         "paused: consumers are too far behind ("
                             + std::string{to_string(admitted.cause())} + ")",
                         "`holdfast status` shows which; send it again later"};
      return then({{}, append_refused{reason, admitted.retry_after()}});
    }
    std::vector<levelled_event> all;
    all.reserve(events.size());
    for (auto& [what, level] : events)
      all.push_back({std::move(what), level});
    core_.append(std::move(all), std::move(then));
  }

  std::shared_ptr<const persistence::reader> read() const override {
    auto reader = core_.read();
    return reader ? *reader : nullptr;
  }

  void await_records(sequence after, std::function<void(bool)> told) override {
    core_.front->await_records(after,
                               [told = std::move(told)](const auto& news) { told(bool(news)); });
  }

  result<consumer_info> commit(commit_consumer place) override {
    return core_.commit(std::move(place));
  }

  result<consumer_info> reset(reset_consumer place) override {
    return core_.reset(std::move(place));
  }

  std::vector<consumer_lag> lags() const override {
    return core_.house->read_pressure(look_deadline).consumers;
  }

  result<checkpoint_info> keep(keep_state taken) override { return core_.keep(std::move(taken)); }

  result<sequence> retire(const raise_floor& asked) override { return core_.retire(asked); }

  result<checkpoint_info> checkpoint(const std::string& owner) override {
    return core_.checkpoint(owner, "demand");
  }

  result<http::served_state> state(const std::string& owner,
                                   const http::moment& when) const override {
    const auto known = core_.fold_named(owner);
    auto at = when.at;
    if (when.time) {
      const auto last = core_.last_before(*when.time);
      if (!last)
        return last.error();
      at = *last;
    }
    if (!known)
      return kept_state(owner, at);
    const auto found = at ? core_.state_then(owner, *at) : core_.state_now(owner);
    if (!found)
      return found.error();
    return http::served_state{known->encode(found->state), found->covered, known->schema};
  }

  value status() const override {
    const auto stats = core_.stats();
    const auto reading = core_.house->read_pressure(look_deadline);
    array tcp;
    if (shown_.addresses)
      for (auto& one : shown_.addresses())
        tcp.emplace_back(std::move(one));
    object store{{"head", stats.head.value},
                 {"anchor", stats.anchor.value},
                 {"frontier", stats.frontier.value},
                 {"floor", stats.floor.value},
                 {"events", stats.events},
                 {"duplicates", stats.duplicates},
                 {"commits", stats.commits},
                 {"disk_bytes", stats.disk_bytes},
                 {"free_bytes", stats.free_bytes},
                 {"standing", name_of(core_.front->where())},
                 {"waiting_events", core_.front->events_held()},
                 {"waiting_bytes", core_.front->bytes_held()},
                 {"events_per_second", core_.front->commit_rate()}};
    return object{{"version", version},
                  {"pid", os::process_id()},
                  {"uptime_ms", uptime().count()},
                  {"data", core_.chosen.store.data.string()},
                  {"socket", shown_.socket.string()},
                  {"tcp", std::move(tcp)},
                  {"resident_bytes", os::resident_bytes()},
                  {"connections", shown_.connections ? shown_.connections() : 0},
                  {"store", std::move(store)},
                  {"start", report_value(core_.report)},
                  {"pressure", pressure_value(reading, core_.chosen.pressure)},
                  {"supervisors", supervisors_value(core_.house->children(look_deadline))},
                  {"telemetry", telemetry_value(core_.log.counters())},
                  {"ready", ready().ready()}};
  }

  http::readiness ready() const override {
    const auto where = core_.front->where();
    const auto began = core_.front->committing_since();
    const auto waited = began ? os::steady_now() - *began : instant::duration{0};
    http::readiness made;
    made.checks.push_back(
        {"recovered", where != journal::standing::reopening && where != journal::standing::gave_up,
         std::string{name_of(where)}});
    made.checks.push_back(
        {"writable", where == journal::standing::serving && waited < commit_patience,
         waited < commit_patience ? std::string{name_of(where)}
                                  : "a commit has been on its way for "
                                        + std::to_string(waited / std::chrono::seconds{1}) + " s"});
    made.checks.push_back({"staying", !core_.stopped && where != journal::standing::stopping, ""});
    return made;
  }

  inspection::findings look() const override {
    inspection::findings made;
    made.as_of = os::wall_now();
    made.live = true;
    made.began = core_.report.head;
    for (const auto line : household_picture)
      made.picture.emplace_back(line);
    made.tree = core_.house->look(look_deadline);
    inspection::add_waits(made, [this] { return core_.house->look(look_deadline); });
    made.rule = core_.chosen.checkpoint;
    if (const auto reader = read())
      inspection::add_checkpoints(made, *reader);
    return made;
  }

  result<child_answer> order(const actor_ordered& asked) override { return core_.order(asked); }

  result<void> trace(const std::string& actor, std::shared_ptr<addressing::trace> to) override {
    return core_.house->trace(actor, std::move(to));
  }

  std::string actor_of(std::uint64_t number) const override {
    return core_.house->actor_of(number);
  }

  void redact(std::string& text) const override { redaction_.redact(text); }

  inspection::health_report health() const override {
    inspection::health_subject of;
    of.standing = name_of(core_.front->where());
    for (const auto& [name, passes, says] : ready().checks)
      if (name == "writable") {
        of.writable = passes;
        of.writable_says = says;
      }
    of.free_bytes = core_.stats().free_bytes;
    const auto& admitted = core_.house->admitted();
    of.paused = admitted.paused();
    of.pause_cause = to_string(admitted.cause());
    const auto history = core_.history->count();
    of.history_waiting = history.waiting;
    of.history_dropped = history.dropped;
    of.telemetry_dropped = core_.log.counters().dropped;
    return inspection::health_of(look(), of);
  }

  std::string metrics() const override {
    const auto stats = core_.stats();
    metrics_now now;
    now.head = stats.head.value;
    now.events = stats.events;
    now.duplicates = stats.duplicates;
    now.commits = stats.commits;
    now.disk_bytes = stats.disk_bytes;
    now.free_bytes = stats.free_bytes;
    now.unprocessed_bytes = stats.unprocessed_bytes;
    now.unprocessed_events = stats.unprocessed_events;
    now.waiting_events = core_.front->events_held();
    now.telemetry_dropped = core_.log.counters().dropped;
    now.connections = shown_.connections ? shown_.connections() : 0;
    for (const auto& list : core_.house->children(look_deadline))
      for (const auto& one : list.children)
        now.actors += one.state == child_state::running ? 1 : 0;
    now.paused = stats.paused;
    now.writable = ready().passes("writable");
    if (const auto reader = read())
      if (const auto all = reader->checkpoints({}))
        for (const auto& one : *all)
          now.checkpoints[one.owner] = std::max(now.checkpoints[one.owner], one.time);
    if (const auto told = core_.house->state_of("learning", look_deadline))
      if (const auto* known = std::any_cast<learned_usage>(&told->state))
        now.unique_patterns = known->patterns.size();
    now.started_seconds =
        static_cast<double>(os::wall_now().us) / 1e6 - static_cast<double>(uptime().count()) / 1e3;
    now.uptime_seconds = static_cast<double>(uptime().count()) / 1e3;
    return core_.counted.print(now);
  }

  bool alive() const override { return !core_.stopped; }

  durability usual_level() const override { return core_.chosen.events.level; }

private:
  /// Of an owner whose fold lives elsewhere: what it kept, as it kept it.
  result<http::served_state> kept_state(const std::string& owner,
                                        std::optional<sequence> at) const {
    return core_.reading([&](const persistence::reader& reader) -> result<http::served_state> {
      const auto found = reader.newest_checkpoint(owner, at.value_or(sequence{UINT64_MAX}));
      if (!found)
        return found.error();
      return http::served_state{found->state, found->info.covered, found->info.schema};
    });
  }

  milliseconds uptime() const {
    return std::chrono::duration_cast<milliseconds>(os::steady_now() - core_.since);
  }

  runtime::core& core_;
  backend_view shown_;
  telemetry::redaction redaction_;
};

} // namespace

std::unique_ptr<http::served> make_backend(runtime::core& behind, backend_view shown) {
  return std::make_unique<backend>(behind, std::move(shown));
}

} // namespace holdfast
