// SPDX-License-Identifier: Apache-2.0
// The simulated world of one process: actors in one thread, time that moves only when told to.
#pragma once

#include "messages/fault.hpp"
#include "messages/ids.hpp"
#include "runtime/os/fiber.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::rehearsal {

/// Messages that are handled at most before everything must have come to rest.
inline constexpr std::uint64_t messages_max = 10000000;

struct stage_config : caf::actor_system_config {
  stage_config();
};

/// An actor system under CAF's test coordinator, in which a handler may also hang: it stops on its
/// own stack, so that its actor is busy for all who look, and everybody else goes on.
///
/// The stage ends by letting everything happen that is still to happen: release who hangs and end
/// all actors before.
class stage {
public:
  stage();
  ~stage();
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;

  caf::actor_system& system() { return system_; }
  caf::scoped_actor& self() { return self_; }

  instant now() const { return clock_.now(); }

  /// Runs every message that can be handled without time moving.
  result<void> settle();

  /// Lets time go by, from one moment at which something is due to the next, unless it `is_over`
  /// before.
  result<void> pass(std::chrono::nanoseconds time, const std::function<bool()>& is_over);

  /// Called in a handler: returns when that time has passed, or when it is released. Left out:
  /// only then.
  void hang(std::string who, std::optional<std::chrono::milliseconds> time);

  /// That handler, or all that hang, go on with the next `settle`. Whether there was one.
  bool release(const std::optional<std::string>& who);

private:
  struct hanging {
    std::unique_ptr<os::fiber> where;
    std::string who;
    std::optional<instant> until;
  };

  bool run_one();
  bool resume_one();
  void go_on(std::unique_ptr<os::fiber> where);

  stage_config config_;
  caf::actor_system system_{config_};
  caf::scoped_actor self_{system_, true};
  caf::scheduler::test_coordinator& scheduler_;
  caf::detail::test_actor_clock& clock_;

  std::unique_ptr<os::fiber> free_; ///< Runs one message after the other, as long as none hangs.
  bool done_ = false;               ///< The fiber that was resumed last is free again.
  std::vector<hanging> hanging_;
  hanging next_; ///< Of the handler that is about to hang.
};

} // namespace holdfast::rehearsal
