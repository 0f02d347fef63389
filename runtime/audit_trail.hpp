// SPDX-License-Identifier: Apache-2.0
// Writes one audit line for each request that changes something, without holding up its answer.
#pragma once

#include "messages/ids.hpp"
#include "messages/value.hpp"
#include "persistence/telemetry_writer.hpp"
#include "runtime/os/guarded.hpp"
#include "runtime/os/threads.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// One request that changes something, or would have, and what became of it.
struct wide_event {
  std::string route;
  std::string path;
  std::string who;
  unsigned status = 0;
  std::uint64_t bytes = 0; ///< Of its body.
  std::chrono::microseconds took{0};
  std::string trace; ///< Empty: none.
  object said;       ///< Counts of outcomes, names, places, the reason.
  wall_time when;
  instant began; ///< Where `took` is counted from.
};

/// Takes events from any thread and writes them on one of its own: into the file within a few
/// milliseconds, to the disk within a second. A crash may cost as much; what the requests did is in
/// the journal. When `waiting_max` wait, the next are counted, and the count is a line. So it is
/// with callers turned away (401, 403) beyond `refusals_max` between two syncs: whoever may not ask
/// must not be able to fill the disk by asking.
class audit_trail {
public:
  static constexpr std::size_t waiting_max = 20000;
  static constexpr std::uint64_t refusals_max = 10;

  /// Needs: `writer` is not null.
  explicit audit_trail(std::shared_ptr<persistence::telemetry_writer> writer);

  ~audit_trail();

  void add(wide_event happened);

  /// Writes and syncs what waits; later events are passed over. Answers false when the disk did not
  /// let it within that time: then it must be left to itself. Safe to call again, from one thread.
  bool stop(std::chrono::milliseconds within);

private:
  struct queue {
    std::vector<wide_event> waiting;
    std::uint64_t shed = 0;
    bool ended = false;
    bool done = false; ///< Nothing more is written.
  };

  void run();
  void write(const wide_event& one) const;
  void write_count(std::string_view what, std::uint64_t count) const;

  const std::shared_ptr<persistence::telemetry_writer> writer_;
  os::guarded<queue> queue_;
  os::named_thread thread_;
};

} // namespace holdfast
