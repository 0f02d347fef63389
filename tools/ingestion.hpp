// SPDX-License-Identifier: Apache-2.0
// Pours items into a sink: batches, several on their way at once, sent again until answered.
#pragma once

#include "messages/event.hpp"
#include "runtime/intake.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::tools {

/// Where events go. Not for concurrent use.
class event_sink {
public:
  virtual ~event_sink() = default;

  /// Sends one batch; its answer comes with a later `receive`, in the order of the sends.
  virtual result<void> send(const std::vector<event>& batch, durability level) = 0;

  /// The answer to the oldest batch not answered. A fault says that nobody knows what became of
  /// every batch on its way: `reopen`, and send them again.
  virtual result<append_result> receive() = 0;

  /// Gets ready again after a fault; whatever was on its way is forgotten here.
  virtual result<void> reopen() = 0;
};

struct ingestion_limits {
  std::size_t batch_events = 1000;
  std::size_t batch_bytes = 512U << 10U;       ///< Of bodies, roughly.
  std::size_t on_their_way = 4;                ///< Batches sent and not answered.
  std::chrono::milliseconds retry_for{60'000}; ///< How long one batch may stay unanswered.
  std::size_t problems_kept = 10;
};

/// How it went.
struct ingestion_tally {
  std::uint64_t lines = 0; ///< Items read, good or bad.
  std::uint64_t sent = 0;  ///< Events, each counted once.
  std::uint64_t resent = 0;
  std::uint64_t stored = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t rejected = 0;
  std::uint64_t reconnects = 0;
  std::vector<std::pair<std::string, std::string>> problems; ///< The first: place, reason.

  std::uint64_t acknowledged() const { return stored + duplicates; }
};

class ingestion {
public:
  struct world {
    std::function<instant()> now;
    std::function<void(std::chrono::milliseconds)> wait;
    std::function<bool()> stopped; ///< True: give up waiting for a sink that does not answer.
    /// Told of every acknowledged event: its place, its answer.
    std::function<void(const std::string& place, const append_answer& answer)> acknowledged;
  };

  /// `to` must outlive it. `level`: of items that name none.
  ingestion(event_sink& to, ingestion_limits limits, durability level, world around);

  /// One item of the input called `file`. A fault ends the ingestion: what was sent and not
  /// answered is `unanswered()`.
  result<void> take(intake::item one, const std::string& file);

  /// Sends what is left and waits for every answer.
  result<void> finish();

  const ingestion_tally& tally() const { return tally_; }
  std::uint64_t unanswered() const;

private:
  struct batch {
    std::vector<event> events;
    std::vector<std::string> places;
    durability level = durability::power;
    std::size_t bytes = 0;
    std::optional<instant> first_sent;
  };

  result<void> send_collected();
  result<void> send(batch one);
  result<void> settle_oldest();
  result<void> recover(fault lost);
  void note_answers(batch& answered, const std::vector<append_answer>& answers, batch& again);
  void note_problem(const std::string& place, std::string why);
  result<void> again_later(batch refused, std::chrono::milliseconds after, const fault& why);

  event_sink& to_;
  ingestion_limits limits_;
  durability level_;
  world around_;
  batch collected_;
  std::deque<batch> sent_;
  ingestion_tally tally_;
};

} // namespace holdfast::tools
