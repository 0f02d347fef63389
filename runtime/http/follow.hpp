// SPDX-License-Identifier: Apache-2.0
// Followers of the journal: server-sent events, each at its own pace, all woken by one watch.
#pragma once

#include "messages/event.hpp"
#include "persistence/reader.hpp"
#include "runtime/http/message.hpp"
#include "runtime/os/guarded.hpp"
#include "runtime/os/threads.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace holdfast::http {

/// What following needs of the world. Any thread; nothing here may block.
struct follow_parts {
  /// The reader for one page; null while the store is being reopened.
  std::function<std::shared_ptr<const persistence::reader>()> read;
  /// Calls `told` once: with true when there are records beyond `after`, with false when nobody can
  /// say and the question should be put again a little later.
  std::function<void(sequence after, std::function<void(bool)> told)> await_records;
  /// Runs the job on a thread that may read the disk; false: not now, and the job is not taken.
  std::function<bool(std::function<void()>)> submit;
  std::function<instant()> now;
  std::chrono::milliseconds heartbeat{15000};
};

class follower;

/// A follower that has seen everything waits here, without a thread and without a page. One that
/// has not is read for by a job, one page (about 256 KiB) at a time and only when its client has
/// taken the page before.
class follow_hub : public std::enable_shared_from_this<follow_hub> {
public:
  explicit follow_hub(follow_parts given);
  ~follow_hub();

  /// A body of server-sent events with the records that `wanted` chooses, from `wanted.from` on and
  /// without end; its limits are not looked at. `continues`: the client has seen everything before
  /// `wanted.from`, so records that were retired since must not be passed over in silence.
  ///
  /// It ends by itself, with `event: end` and a reason, when the next record was retired or cannot
  /// be served.
  std::shared_ptr<piece_source> follow(event_query wanted, bool continues);

  /// Gives what is due, and tries again what could not be done. Answers when to come again.
  instant tick();

  /// Calls `tick` when it is due, on a thread of its own, until `stop`.
  void keep_time();
  void stop();

private:
  friend class follower;

  /// Waits at the head: everything up to `seen` is known not to concern it, or was given.
  struct waiting {
    std::shared_ptr<follower> who;
    sequence seen;
    instant beat_at;
  };

  struct standing {
    std::deque<std::shared_ptr<follower>> ready; ///< Something may be there for them.
    std::vector<waiting> idle;
    std::size_t jobs = 0;                ///< Submitted and not at their end.
    std::optional<sequence> watched;     ///< The journal will tell of records beyond it.
    instant not_before = instant::min(); ///< Something could not be done; it is tried again then.
    instant due = instant::max();        ///< Of the next tick.
    bool stopped = false;
  };

  void make_ready(std::shared_ptr<follower> one);
  void wait_at_head(std::shared_ptr<follower> one, sequence seen, instant beat_at);
  void watch(sequence after);
  void on_records(bool there_are);
  void hold_back(standing& all) const;
  void put_to_work();
  void work();
  void serve(const std::shared_ptr<follower>& one);

  const follow_parts world_;
  os::guarded<standing> now_;
  os::named_thread clock_;
};

} // namespace holdfast::http
