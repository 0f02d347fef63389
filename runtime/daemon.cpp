// SPDX-License-Identifier: Apache-2.0
// Starts in order, waits for a reason to stop, and stops in the opposite order.
#include "runtime/daemon.hpp"

#include "actors/learning/learning.hpp"
#include "runtime/backend.hpp"
#include "runtime/core.hpp"
#include "runtime/http/door.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/host.hpp"
#include "runtime/os/signals.hpp"
#include "runtime/version.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>

namespace holdfast {

namespace {

/// Why the daemon ends; the first reason counts.
struct end_reason {
  bool asked = false;
  std::optional<fault> problem;
};

using end_cell = os::guarded<end_reason>;

std::string sentence(const start_report& found) {
  auto text = "start: "
              + std::string{found.created ? "new store"
                            : found.clean ? "clean"
                                          : "recovered"}
              + ", records 1 to " + std::to_string(found.head.value) + ", "
              + std::to_string(found.records_verified) + " verified after anchor "
              + std::to_string(found.anchor.value);
  if (found.records_completed > 0)
    text += ", " + std::to_string(found.records_completed) + " completed from the mirror";
  if (found.records_repaired > 0)
    text += ", " + std::to_string(found.records_repaired) + " repaired from the mirror";
  std::int64_t total = 0;
  for (const auto& [_, took] : found.phases)
    total += took.count();
  text += ", " + std::to_string(total / 1000) + " ms (";
  for (const auto& [name, took] : found.phases)
    text += (&name == &found.phases.front().first ? "" : ", ") + name + " "
            + std::to_string(took.count() / 1000);
  return text + ")";
}

void report_start(const options& chosen, const start_report& found, const daemon_outlets& to) {
  to.say("holdfast " + std::string{version} + ", pid " + std::to_string(os::process_id()));
  to.say("data:   " + found.data.string());
  to.say("socket: " + chosen.door.socket.string());
  to.say(sentence(found));
  for (const auto& one : found.repairs)
    to.say("repair: " + one);
  if (!found.evidence.empty())
    to.say("evidence of the damage is kept in " + found.evidence.string());
}

/// The door that is open now, for whoever asks about it.
class shown_door {
public:
  void show(std::shared_ptr<const http::door> door) {
    door_.with([&](auto& shown) { shown = std::move(door); });
  }
  /// Not any more, unless another is shown already.
  void hide(const http::door* door) {
    door_.with([&](auto& shown) {
      if (shown.get() == door)
        shown = nullptr;
    });
  }
  std::size_t connections() const {
    const auto door = now();
    return door ? door->connections() : 0;
  }
  std::vector<std::string> addresses() const {
    const auto door = now();
    return door ? door->addresses() : std::vector<std::string>{};
  }

private:
  std::shared_ptr<const http::door> now() const {
    return door_.with([](const auto& shown) { return shown; });
  }

  os::guarded<std::shared_ptr<const http::door>> door_;
};

/// The door as its doorkeeper has it.
class daemon_door final : public doorkeeping::kept_door {
public:
  daemon_door(std::shared_ptr<http::door> open, std::shared_ptr<http::served> behind,
              std::shared_ptr<shown_door> shown)
      : behind_{std::move(behind)}, open_{std::move(open)}, shown_{std::move(shown)} {
    shown_->show(open_);
  }

  ~daemon_door() override {
    close(std::chrono::milliseconds{0});
    shown_->hide(open_.get());
  }

  std::size_t close(std::chrono::milliseconds within) override { return open_->stop(within); }

private:
  std::shared_ptr<http::served> behind_; ///< The door answers through it to its end.
  std::shared_ptr<http::door> open_;
  std::shared_ptr<shown_door> shown_;
};

http::door_observer observer_of(runtime::core& behind, const daemon_outlets& to) {
  return {[&behind](const std::string& route, unsigned status) {
            behind.counted.answered(route, status);
          },
          [&behind](http::rejection why) { behind.counted.rejected(std::string{to_string(why)}); },
          [&behind](const std::string& id, const std::string& what) {
            behind.log.tell(severity::error, "door", what, {{"incident", id}});
          },
          [&behind](const http::caller& who, const std::string& path) {
            behind.log.tell(severity::warn, "door", "a follower did not read and was cut off",
                            {{"caller", who.print()}, {"path", path}});
          },
          [&behind](const result<void>& changed) {
            if (changed)
              behind.log.tell(severity::info, "door", "the tokens were read again");
            else
              behind.log.tell(severity::error, "door",
                              "the token file cannot be used, the tokens read last stay good",
                              {{"why", changed.error().what}});
          },
          to.credentials,
          [&behind](wide_event happened) { behind.log.tell(std::move(happened)); }};
}

void ask_to_end(const std::shared_ptr<end_cell>& end, std::optional<fault> problem) {
  end->change([&](end_reason& reason) {
    if (!reason.asked)
      reason = {true, std::move(problem)};
  });
}

/// Takes everything down; what will not go ends with the process.
result<void> stop_all(runtime::core& behind, const daemon_outlets& to) {
  const auto deadline = os::steady_now() + behind.chosen.stop_deadline;
  const auto cut = behind.house->close_door(behind.chosen.stop_deadline / 4);
  if (cut > 0)
    to.say(std::to_string(cut) + " requests were cut off");
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - os::steady_now());
  const auto stopped = behind.stop(std::max(left, std::chrono::milliseconds{100}));
  for (const auto& one : stopped.stayed)
    to.say("did not leave in time: " + one);
  if (!stopped.stayed.empty())
    os::leave_now(1);
  to.say("stopped in " + std::to_string(stopped.took.count()) + " ms");
  if (!stopped.unclean.empty())
    return fault{fault_code::failed, "the store was not closed cleanly: " + stopped.unclean,
                 "what was acknowledged is kept, and the next start verifies it"};
  return {};
}

} // namespace

result<void> run_daemon(options chosen, const daemon_outlets& to) {
  os::use_little_memory();
  if (chosen.store.data.empty())
    return fault{fault_code::invalid, "no data directory is named",
                 "name one with --data DIR, HOLDFAST_STORE_DATA or `data` under [store]"};
  chosen.store.data = os::absolute(chosen.store.data);
  chosen.door.socket = chosen.door.socket.empty() ? chosen.store.data / "holdfast.sock"
                                                  : os::absolute(chosen.door.socket);
  const auto end = std::make_shared<end_cell>();
  // Nothing is acknowledged before the door opens, and a start may be cut off anywhere: it is not
  // waited for, as it may be the disk that it waits for.
  std::atomic<bool> starting{true};
  // Before any other thread, so that all of them leave the signals to this one.
  std::optional<os::stop_signals> signals;
  if (to.signals)
    signals.emplace([&to, &starting, end](int, int count) {
      if (count > 1) {
        to.say("forced");
        os::leave_now(130);
      }
      if (starting) {
        to.say("stopped while it was starting");
        os::leave_now(130);
      }
      to.say("stopping; once more forces it");
      ask_to_end(end, std::nullopt);
    });
  auto made = runtime::core::begin(chosen);
  if (!made)
    return made.error();
  auto& behind = **made;
  behind.on_gave_up.with(
      [&](auto& told) { told = [end](const fault& problem) { ask_to_end(end, problem); }; });
  report_start(chosen, behind.report, to);
  if (auto added = behind.add(learning::learning_fold()); !added)
    return added.error();
  const auto shown = std::make_shared<shown_door>();
  const std::shared_ptr<http::served> backend =
      make_backend(behind, {chosen.door.socket, [shown] { return shown->connections(); },
                            [shown] { return shown->addresses(); }});
  starting = false;
  auto opened = behind.house->open_door(
      [=, &behind, &to]() -> result<std::unique_ptr<doorkeeping::kept_door>> {
        auto made_door = http::door::open(behind.chosen.door, *backend, observer_of(behind, to));
        if (!made_door)
          return made_door.error();
        std::unique_ptr<doorkeeping::kept_door> kept =
            std::make_unique<daemon_door>(*std::move(made_door), backend, shown);
        return kept;
      });
  if (!opened)
    return opened.error();
  for (const auto& one : shown->addresses())
    to.say("tcp:    " + one + (chosen.door.tls_certificate.empty() ? "" : " (TLS)"));
  to.say("serving");
  if (to.serving)
    to.serving([end] { ask_to_end(end, std::nullopt); });
  end->wait([](const end_reason& reason) { return reason.asked; });
  const auto stopped = stop_all(behind, to);
  const auto problem = end->with([](const end_reason& reason) { return reason.problem; });
  return problem ? result<void>{*problem} : stopped;
}

} // namespace holdfast
