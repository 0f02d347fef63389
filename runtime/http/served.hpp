// SPDX-License-Identifier: Apache-2.0
// What the door needs of the runtime behind it.
#pragma once

#include "actors/address/trace.hpp"
#include "messages/checkpoint.hpp"
#include "messages/commit.hpp"
#include "messages/event.hpp"
#include "messages/pressure.hpp"
#include "persistence/reader.hpp"
#include "runtime/inspection/verdict.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::http {

/// One event and the level its request asks for.
struct submission {
  event what;
  durability level = durability::power;
};

/// Where in the life of a state: now, at a sequence, or at a time.
struct moment {
  std::optional<sequence> at;
  std::optional<wall_time> time;
};

/// A state as a value and the sequence it is the fold of.
struct served_state {
  value state;
  sequence covered;
  std::uint16_t schema = 1;
};

/// Whether the runtime can do its work, with the reason of each check.
struct readiness {
  struct check {
    std::string name;
    bool passes = false;
    std::string says;
  };
  std::vector<check> checks;

  bool ready() const { return std::ranges::all_of(checks, &check::passes); }

  bool passes(std::string_view name) const {
    return std::ranges::any_of(checks,
                               [&](const check& one) { return one.name == name && one.passes; });
  }
};

/// The runtime behind the door. Any thread. Only `append`, `usual_level` and `alive` may be called
/// where nothing may block, and `actor_of` and `redact` in an actor's thread; the others read the
/// disk or wait for an actor.
class served {
public:
  virtual ~served() = default;

  /// `then` is called exactly once, from any thread, and must not block.
  virtual void append(std::vector<submission> events, std::function<void(append_result)> then) = 0;

  /// Reads the store for one page; null while it is being reopened.
  virtual std::shared_ptr<const persistence::reader> read() const = 0;

  /// Calls `told` once, from any thread: with true as soon as there are records beyond `after`,
  /// with false when nobody can say. Does not block.
  virtual void await_records(sequence after, std::function<void(bool)> told) = 0;

  virtual result<consumer_info> commit(commit_consumer place) = 0;

  virtual result<consumer_info> reset(reset_consumer place) = 0;

  /// How far every consumer is behind, as far as pressure knows; empty when nobody answers.
  virtual std::vector<consumer_lag> lags() const = 0;

  /// Keeps a state of an owner outside; `conflict` for the name of a persistent actor.
  virtual result<checkpoint_info> keep(keep_state taken) = 0;

  /// Takes a checkpoint now; `not_found` when no persistent actor has that name.
  virtual result<checkpoint_info> checkpoint(const std::string& owner) = 0;

  /// Retires records up to a floor; the rules are the store's (`persistence::store::raise_floor`).
  virtual result<sequence> retire(const raise_floor& asked) = 0;
  virtual result<served_state> state(const std::string& owner, const moment& when) const = 0;

  /// Everything `holdfast status` shows.
  virtual value status() const = 0;
  virtual readiness ready() const = 0;

  /// Everybody, with the newest checkpoints; lives are the caller's to add.
  virtual inspection::findings look() const = 0;
  virtual inspection::health_report health() const = 0;

  /// Carries out a person's order to an actor; `conflict` where it cannot be done now.
  virtual result<child_answer> order(const actor_ordered& asked) = 0;

  /// Tells `to` of what an actor handles from now on; `not_found`, or `busy` while another trace of
  /// it is not over.
  virtual result<void> trace(const std::string& actor, std::shared_ptr<addressing::trace> to) = 0;

  /// The actor of that number, as CAF numbers them; empty: none that anybody would know.
  virtual std::string actor_of(std::uint64_t number) const = 0;

  /// Takes secrets out of a text, as out of the log.
  virtual void redact(std::string& text) const = 0;

  virtual std::string metrics() const = 0;

  /// The threads of this process get on; asks no disk and no actor that may wait for one.
  virtual bool alive() const = 0;

  virtual durability usual_level() const = 0;
};

} // namespace holdfast::http
