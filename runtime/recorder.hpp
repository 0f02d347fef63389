// SPDX-License-Identifier: Apache-2.0
// Writes what supervisors did into the journal, behind them: they never wait for it.
#pragma once

#include "actors/journal/door.hpp"
#include "actors/supervisor/backlog.hpp"
#include "messages/supervision_history.hpp"
#include "runtime/os/guarded.hpp"
#include "runtime/os/threads.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace holdfast {

/// What a recorder is given of the world. Any thread; must neither block nor throw.
struct recorder_world {
  /// Hands drafts to the journal, as `journal::door::append` does.
  std::function<std::optional<append_refused>(std::vector<persistence::draft>&,
                                              journal::completion)>
      append;
  std::function<wall_time()> wall;
  std::function<instant()> ticks;
};

/// Takes what happened from any thread and writes it on one of its own, in order, at the level
/// `power`. While the journal is down, reopening or full it keeps `backlog::kept_max_usual` records
/// and tries again a few times a second; what had to go is counted in a record of its own. What
/// nobody can say the outcome of is sent again, under the same number, and counts once.
class recorder {
public:
  recorder(recorder_world given, supervision_run of,
           std::size_t kept_max = supervisor::backlog::kept_max_usual);

  /// What is not written by then is lost.
  ~recorder();

  /// Never waits for the journal.
  void note(supervision_fate what);

  /// Waits until everything noted before is on disk; false: it was not within that time.
  bool settle(std::chrono::milliseconds within) const;

  /// As `settle`; later events are passed over. Safe to call again.
  bool stop(std::chrono::milliseconds within);

  struct counts {
    std::uint64_t written = 0;
    std::uint64_t waiting = 0;
    std::uint64_t dropped = 0;
    std::string last_error; ///< Of the last attempt, if it failed.
  };
  counts count() const;

private:
  struct state {
    state(supervision_run of, std::size_t kept_max) : waiting{std::move(of), kept_max} {}

    supervisor::backlog waiting;
    std::uint64_t written = 0;
    std::string last_error;
    bool closed = false; ///< Nothing more is taken.
    bool ended = false;  ///< The thread is to end, whatever waits.
    bool answered = false;
    bool stored = false;
  };
  using shared = std::shared_ptr<os::guarded<state>>;

  void run();
  bool write();

  const recorder_world world_;
  const shared state_; ///< Shared with answers that come after the end.
  os::named_thread thread_;
};

} // namespace holdfast
