// SPDX-License-Identifier: Apache-2.0
// Who listens to a runtime: one thread each, so that a slow one holds up only itself.
#pragma once

#include "actors/journal/door.hpp"
#include "runtime/os/guarded.hpp"
#include "runtime/os/threads.hpp"
#include "runtime/runtime.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace holdfast {

/// Of a read: the store is being reopened, or the journal restarted. Look again a little later.
inline bool passes(const fault& problem) {
  return problem.code == fault_code::busy || problem.code == fault_code::failed;
}

/// Reads page after page and hands on one event at a time; at the head it waits to be told of
/// records. Holds the store for one page only.
struct subscription::core : std::enable_shared_from_this<subscription::core> {
  core(std::shared_ptr<journal::door> front, subscription_choice wanted,
       std::function<void(const recorded_event&)> take);

  void begin();
  void end();

  struct standing {
    bool ended = false;
    bool paused = false;
    bool news = false; ///< Records, or a reason to look again.
    std::optional<fault> problem;
  };

  std::shared_ptr<journal::door> front;
  const subscription_choice wanted;
  const std::function<void(const recorded_event&)> take;
  os::guarded<standing> now;
  std::atomic<std::uint64_t> position;
  os::named_thread thread;

private:
  void run();
  bool deliver(const event_page& page);
  void await_records();
  void fail(const fault& problem);
};

/// Those that still run, so that a stop ends them.
class subscriptions {
public:
  void add(const std::shared_ptr<subscription::core>& one);
  void end_all();

private:
  os::guarded<std::vector<std::weak_ptr<subscription::core>>> all_;
};

} // namespace holdfast
