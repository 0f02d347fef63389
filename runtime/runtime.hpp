// SPDX-License-Identifier: Apache-2.0
// Holdfast inside your program: one store, its actors, and nothing it acknowledged forgotten.
#pragma once

#include "messages/checkpoint.hpp"
#include "messages/event.hpp"
#include "runtime/options.hpp"
#include "runtime/persistent.hpp"

#include <any>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast {

/// What a start found and did.
struct start_report {
  std::filesystem::path data; ///< Absolute.
  bool created = false;       ///< The store was made by this start.
  bool clean = false;         ///< The last writer stopped cleanly.
  sequence head;
  sequence anchor;                    ///< Verification began after this one.
  std::uint64_t epoch = 0;            ///< How many times the store was opened for writing.
  std::uint64_t records_verified = 0; ///< From anchor to head.
  std::uint64_t records_completed = 0;
  std::uint64_t records_repaired = 0;
  std::vector<std::string> repairs; ///< One sentence each.
  std::filesystem::path evidence;   ///< Quarantined copy of what was damaged; empty: none.
  std::vector<std::pair<std::string, std::chrono::microseconds>> phases;
};

/// Numbers of a running runtime.
struct runtime_stats {
  sequence head;
  sequence anchor;
  sequence frontier; ///< What survives power loss.
  sequence floor;
  std::uint64_t events = 0; ///< Ever stored.
  std::uint64_t duplicates = 0;
  std::uint64_t commits = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t free_bytes = 0;
  std::uint64_t unprocessed_bytes = 0;
  std::uint64_t unprocessed_events = 0;
  bool paused = false;
  bool no_space = false;
  bool failed = false;
};

/// How a stop ended. `stayed` names who would not leave within the deadline; empty: all left.
struct stop_report {
  std::vector<std::string> stayed;
  std::string unclean; ///< Why the store was not closed cleanly; the next start verifies more.
  std::chrono::milliseconds took{0};
};

/// Chooses what a subscriber hears.
struct subscription_choice {
  sequence from{1};      ///< The first sequence it wants; go on from `position + 1`.
  std::string stream;    ///< Exact, or a prefix that ends in `*`; empty: every event.
  bool internal = false; ///< Also Holdfast's own records.
};

/// A running subscription. Ends when it is destroyed or the runtime stops; after `end` returns the
/// callback is not running and will not be called again (except when called from the callback
/// itself: then it is not called again).
class subscription {
public:
  subscription() = default;
  subscription(subscription&&) noexcept;
  subscription& operator=(subscription&&) noexcept;
  ~subscription();

  /// No further event is delivered until `resume`. Nothing is lost and nothing is held in memory.
  void pause();
  void resume();
  void end();

  /// The last sequence whose event was delivered or not wanted. Any thread.
  sequence position() const;

  /// Why it stopped by itself (a damaged record, a callback that threw); no value: it runs.
  std::optional<fault> problem() const;

  struct core;

private:
  friend class runtime;
  explicit subscription(std::shared_ptr<core> made) : core_{std::move(made)} {}
  std::shared_ptr<core> core_;
};

/// One store, its journal and its persistent actors, in this process. Several runtimes may live in
/// one process, each with its own data directory.
///
/// Every function may be called from any thread, but none from a callback given to `on_pressure`
/// or from `apply`. No function throws. Callbacks come from threads of the runtime and must not
/// block for long: an append's callback holds up the answers behind it, a subscription's only
/// itself.
class runtime {
public:
  /// Opens the store (makes it where `chosen.initialise` says so and the directory is absent or
  /// empty), verifies it, and starts. Answers the fault of `persistence::store::open` unchanged:
  /// `conflict` while another process holds it, `corrupt` when acknowledged records cannot be
  /// served.
  static result<runtime> start(options chosen);

  /// The same with the options of a TOML file, the environment (`HOLDFAST_*`) counting more.
  static result<runtime> start(const std::filesystem::path& config_file);

  runtime(runtime&&) noexcept;
  runtime& operator=(runtime&&) noexcept;
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  /// Stops with the configured deadline.
  ~runtime();

  /// Appends events in their order; the answer leaves when each is as durable as `level` says.
  /// Canonicalises and hashes on the calling thread. An unknown outcome is no failure to write:
  /// sending the same events again is always safe.
  std::future<append_result> append(std::vector<event> events,
                                    durability level = durability::power);

  /// The same; `then` is called exactly once.
  void append(std::vector<event> events, durability level, std::function<void(append_result)> then);

  /// Calls `take` for every event from `wanted.from`, in order, one at a time, past and future.
  /// A callback that throws ends the subscription, see `problem`.
  result<subscription> subscribe(subscription_choice wanted,
                                 std::function<void(const recorded_event&)> take);

  /// Adds a persistent actor: restored from its newest good checkpoint and the records after it,
  /// then folding as records arrive, with checkpoints as the rule says. Answers `conflict` when
  /// the name is taken.
  template <class State>
  result<void> add(persistent<State> actor) {
    return add(to_fold(std::move(actor)));
  }
  result<void> add(fold actor);

  /// The state of a persistent actor. Without a place: now, which includes every append answered
  /// before the call. `State` must be the type it was added with.
  template <class State>
  result<state_at<State>> state(const std::string& actor) const {
    return typed<State>(state_any(actor));
  }
  template <class State>
  result<state_at<State>> state(const std::string& actor, sequence at) const {
    return typed<State>(state_any(actor, at));
  }
  /// As of the last record at or before that time.
  template <class State>
  result<state_at<State>> state(const std::string& actor, wall_time at) const {
    return typed<State>(state_any(actor, at));
  }

  result<state_at<std::any>> state_any(const std::string& actor) const;
  result<state_at<std::any>> state_any(const std::string& actor, sequence at) const;
  result<state_at<std::any>> state_any(const std::string& actor, wall_time at) const;

  /// The same as a value, in the encoding of the checkpoints.
  result<state_at<value>> state_value(const std::string& actor) const;
  result<state_at<value>> state_value(const std::string& actor, sequence at) const;
  result<state_at<value>> state_value(const std::string& actor, wall_time at) const;

  /// Takes a checkpoint now; answers when it is on disk.
  result<checkpoint_info> checkpoint(const std::string& actor);

  result<event_page> events(const event_query& wanted) const;
  result<recorded_event> event_at(sequence at) const;
  result<std::vector<checkpoint_info>> checkpoints(const std::string& owner = {}) const;

  /// Commits a consumer's position and, if given, its state: both or neither. Answers `conflict`
  /// when the place is not the expected one, `invalid` when it would go backwards or beyond the
  /// head.
  result<consumer_info> commit(commit_consumer place);
  result<consumer_info> consumer(const std::string& name) const;
  result<std::vector<consumer_info>> consumers() const;

  /// Puts a consumer's place elsewhere. Answers `not_found` for a name that never committed.
  result<consumer_info> reset(reset_consumer place);

  /// Keeps a state that was folded outside. Answers `conflict` for the name of a persistent actor.
  result<checkpoint_info> keep(keep_state taken);

  /// The newest checkpoint of an owner at or before `at` that verifies, with its state as a value.
  result<holdfast::checkpoint> newest_checkpoint(const std::string& owner,
                                                 sequence at = sequence{UINT64_MAX}) const;

  /// True while producers should wait: consumers are too far behind. Costs one atomic read.
  bool paused() const;

  /// Calls `told` with true when producers should wait and false when they may go on.
  void on_pressure(std::function<void(bool)> told);

  runtime_stats stats() const;
  const start_report& report() const;

  /// Takes no more appends, answers those taken, saves a checkpoint of each actor, closes the
  /// store. Safe to call again. After it every other function answers `failed`.
  stop_report stop();
  stop_report stop(std::chrono::milliseconds deadline);

  struct core;

  /// For the daemon's door, which is part of the runtime.
  core& inside() { return *core_; }

private:
  explicit runtime(std::unique_ptr<core> made);

  result<state_at<value>> encoded(const std::string& actor, result<state_at<std::any>> found) const;

  template <class State>
  static result<state_at<State>> typed(result<state_at<std::any>> found) {
    if (!found)
      return found.error();
    auto* state = std::any_cast<State>(&found->state);
    if (state == nullptr)
      return fault{fault_code::invalid, "the actor's state is of another type", ""};
    return state_at<State>{std::move(*state), found->covered};
  }

  std::unique_ptr<core> core_;
};

} // namespace holdfast
