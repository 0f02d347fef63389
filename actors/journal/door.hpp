// SPDX-License-Identifier: Apache-2.0
// Where producers hand in events, from any thread, without ever waiting: admission and intake.
#pragma once

#include "actors/journal/journal.hpp"
#include "actors/journal/mailbag.hpp"
#include "actors/journal/store_slot.hpp"
#include "messages/commit.hpp"
#include "persistence/draft.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace holdfast::journal {

/// Called exactly once for each request taken, on the journal's thread: it must not block, throw
/// or call back into anything that waits for the journal. Handing in the next request is fine.
using completion = std::function<void(append_result)>;

/// Called exactly once, on the journal's thread or, when refused at once, on the caller's. A
/// fault (`busy`, or `failed` when the journal ended) means: ask again a little later.
using watcher = std::function<void(result<records_committed>)>;

/// One append on its way through the journal.
struct request {
  std::vector<persistence::draft> drafts;
  completion done;
  std::size_t events = 0;
  std::size_t bytes = 0;
  bool whole = false; ///< All in one batch.
  bool early = false; ///< Every event is of level `none`.
};

/// Wants to know of records beyond `after`.
struct watch {
  sequence after;
  watcher told;
};

/// The journal's door. It outlives the journal's actors, so producers keep it while they restart.
/// Its limit holds across everything taken and not answered, wherever it waits. Any thread, except
/// where marked.
class door {
public:
  door(limits chosen, std::shared_ptr<store_slot> slot);
  ~door();
  door(const door&) = delete;
  door& operator=(const door&) = delete;

  /// Hands in events; `done` gets the answers. A refusal is returned instead: then `drafts` are
  /// untouched, nothing was taken and `done` is never called. One request larger than the whole
  /// limit is taken when nothing else is here. `whole`: all in one commit, or none.
  [[nodiscard]] std::optional<append_refused> append(std::vector<persistence::draft>& drafts,
                                                     completion done, bool whole = false);

  /// Tells `told` once, as soon as there are records beyond `after`.
  void await_records(sequence after, watcher told);

  /// Reads the store; null while it is being reopened: answer `busy`. Hold it for one page only.
  std::shared_ptr<const persistence::reader> read() const { return slot_->read(); }

  standing where() const { return standing_.load(std::memory_order_relaxed); }
  std::size_t events_held() const { return events_.load(std::memory_order_relaxed); }
  std::size_t bytes_held() const { return bytes_.load(std::memory_order_relaxed); }
  double commit_rate() const { return rate_.load(std::memory_order_relaxed); }

  /// Since when the oldest batch is on its way to the disk; nothing: none is. A disk that hangs
  /// answers nothing, so this is how it shows.
  std::optional<instant> committing_since() const {
    const auto since = since_.load(std::memory_order_relaxed);
    return since == instant{} ? std::nullopt : std::optional{since};
  }
  const limits& bounds() const { return limits_; }

  // The journal's side.

  store_slot& slot() { return *slot_; }

  /// `wake` is called from any thread when something waits, until the next `attach` or `detach`.
  void attach(std::function<void()> wake);
  void detach();

  std::vector<std::unique_ptr<request>> take_requests() { return requests_.take(); }
  std::vector<std::unique_ptr<watch>> take_watches() { return watches_.take(); }

  /// The request is answered: its room is free again.
  void release(const request& answered);

  void publish(const journal& now);
  void publish(standing now);

private:
  std::optional<append_refused> refusal(std::size_t events_ahead) const;
  void wake();

  const limits limits_;
  std::shared_ptr<store_slot> slot_;
  std::atomic<std::size_t> events_{0};
  std::atomic<std::size_t> bytes_{0};
  std::atomic<standing> standing_{standing::reopening};
  std::atomic<double> rate_{0};
  std::atomic<instant> since_{};
  mailbag<request> requests_;
  mailbag<watch> watches_;
  std::atomic<std::shared_ptr<const std::function<void()>>> wake_;
};

} // namespace holdfast::journal
