// SPDX-License-Identifier: Apache-2.0
// Reads a store: the live one, a stopped one, or another process's while it writes.
#pragma once

#include "messages/checkpoint.hpp"
#include "messages/event.hpp"
#include "persistence/disk.hpp"
#include "persistence/record.hpp"
#include "persistence/values.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::persistence {

/// What the journal amounts to at its newest record.
struct journal_head {
  sequence last;
  chain_digest chain{};
  sequence floor;               ///< Records up to here were retired; 0: none.
  std::uint64_t events = 0;     ///< Producers' events ever stored.
  std::uint64_t duplicates = 0; ///< Duplicates answered, as of the last commit.
};

/// Raises a body from one schema version to the next. Pure.
using upcaster = std::function<value(const value&)>;

/// Upcasters by type and the version they start from.
class upcasters {
public:
  void add(std::string type, std::uint16_t from, upcaster raise);

  /// The newest version known of a type; 0: the type is not registered and passes as it is.
  std::uint16_t newest(const std::string& type) const;

  /// Raises the body to the newest version. Answers `unsupported` when it is newer than that.
  result<void> apply(recorded_event& record) const;

private:
  std::map<std::pair<std::string, std::uint16_t>, upcaster> steps_;
};

/// Reads records, checkpoints, consumers and control values. Every record is checked against its
/// content digest; what does not fit is answered as `corrupt` with its range and never served.
/// Safe from any thread.
class reader {
public:
  virtual ~reader() = default;

  virtual result<journal_head> head() const = 0;
  virtual result<recorded_event> record(sequence at) const = 0;

  /// One page, in order. The chain is checked between neighbours that are both read.
  virtual result<event_page> events(const event_query& query) const = 0;

  /// Calls `take` for every record from `from` to `to`, in order, with the chain checked; ends
  /// early when it answers false. The record is there only during the call.
  virtual result<void> scan(sequence from, sequence to,
                            const std::function<bool(const recorded_event&)>& take) const = 0;

  /// As `scan`, without decoding bodies; the record's text is there only during the call.
  virtual result<void>
  scan_views(sequence from, sequence to,
             const std::function<result<bool>(sequence, const record_view&)>& take) const = 0;

  /// Makes `into` the whole record of a view that `scan_views` gave, upcasters applied. The memory
  /// that `into` holds is used again.
  virtual result<void> raise(sequence at, const record_view& record,
                             recorded_event& into) const = 0;

  /// The first record recorded at or after that time; beyond the head when there is none. Found by
  /// halving, so exact as long as the clock did not go back.
  virtual result<sequence> at_time(wall_time when) const = 0;

  /// Newest first. An empty owner: all owners.
  virtual result<std::vector<checkpoint_info>> checkpoints(const std::string& owner) const = 0;

  /// The newest checkpoint at or before `at` that verifies. `damaged` receives those that do not.
  virtual result<checkpoint>
  newest_checkpoint(const std::string& owner, sequence at,
                    std::vector<checkpoint_info>* damaged = nullptr) const = 0;

  virtual result<std::vector<consumer_info>> consumers() const = 0;
  virtual result<consumer_info> consumer(const std::string& name) const = 0;
  virtual result<value> control(const std::string& name) const = 0;
  virtual result<std::vector<std::pair<std::string, value>>>
  controls(const std::string& prefix) const = 0;

  /// Calls `take` for the `seen` entry of every event at or before the floor. The journal does not
  /// hold those events any more, so this is the only place where it is written that they were.
  virtual result<void>
  scan_retired(const std::function<result<void>(const digest&, const seen_value&)>& take) const = 0;

  /// Brings a secondary up to the writer's newest record; nothing to do for others.
  virtual result<void> catch_up() = 0;
};

} // namespace holdfast::persistence
