// SPDX-License-Identifier: Apache-2.0
// A child's stable address: bounded, counted, and leading to whichever incarnation lives.
#pragma once

#include "actors/address/kinds.hpp"
#include "actors/supervisor/decision.hpp"
#include "messages/actor_reading.hpp"
#include "messages/child_spec.hpp"
#include "messages/fault.hpp"
#include "messages/ids.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/message.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace holdfast::addressing {

/// Two clocks of the same time: one is read for each message and may be some milliseconds late,
/// the other for one message in `sampled_every`.
struct clocks {
  std::function<instant()> coarse;
  std::function<instant()> precise;
};

/// A message that an ended incarnation left behind, or for which there was no place, on its way to
/// the child's hook.
struct left_message {
  std::string child;
  caf::message content;
  std::string why;
  bool in_flight = false; ///< It was being handled when the child failed.
};

/// Runs in any thread, under no lock; must neither block nor throw. Who waits for an answer to the
/// message is told that none will come.
using left_hook = std::function<void(const left_message&)>;

struct settings {
  std::string name;
  leftovers messages{};
  mailbox_bounds mailbox{};
  left_hook hand_over{}; ///< Needed where a fate is `hand_over`.
  clocks time;
};

/// The counters beside an address. Any thread; they stay readable after its end.
class counters {
public:
  counters() = default;
  counters(const counters&) = delete;
  counters& operator=(const counters&) = delete;
  virtual ~counters() = default;

  /// Takes constant time and at most one entry for each kind; never waits for the actor.
  virtual actor_reading read() const = 0;

  /// Tells `to` of every message that is handled from the next one on, over restarts, until it is
  /// over. False, and nothing is told: another trace is not over yet.
  virtual bool attach(std::shared_ptr<class trace> to) const = 0;

  /// For an actor that does long work on a message it sent itself, which no address saw: until
  /// `own_done` it is busy with that, for whoever looks; if it ends before, that is what it was
  /// handling. Changes no count of messages. In its own thread; nothing happens where `whom` is no
  /// incarnation of this address, or handles a message that came through it.
  virtual void own_begun(caf::actor_id whom, kind_number what) const = 0;
  virtual void own_done(caf::actor_id whom) const = 0;
};

/// What clients keep of a child. Messages go straight on to the present incarnation, in the
/// sender's thread: there is no actor between.
///
/// **Nothing vanishes.** Every message that came is, at any time, waiting, being handled, or
/// counted in exactly one of `handled`, `redelivered` (and then waiting again), `refused`,
/// `handed_over` and `dropped`. A refused request is answered with an error that says why; a
/// message that wants no answer is counted.
///
/// **Priorities** are CAF's. Order between two messages of one sender is kept, also over a restart.
///
/// The supervisor's shell owns it and steers it from its own thread; the actor behind `handle()`
/// and the readings belong to any thread. Destroyed, it is closed for ever.
class address {
public:
  address(caf::actor_system& system, settings chosen);
  ~address();
  address(const address&) = delete;
  address& operator=(const address&) = delete;

  /// The address as CAF sees it. It ends, for those that monitor it, when this object does.
  const caf::actor& handle() const { return front_; }

  /// Leads to that incarnation from now on; what was held goes there first.
  void open(const caf::actor& incarnation, std::uint64_t number);

  /// Leads nowhere, or keeps what comes; `why` is what refused senders hear.
  void lead(supervisor::route to, std::string why);

  /// That incarnation has ended: its handle is let go. Answers with the kind of message it was
  /// handling then; empty: none, or not known.
  std::string ended(std::uint64_t number);

  /// Takes what waits from an incarnation that will not end, as if it had: its messages go where
  /// the address leads. What it handles now stays with it, and is counted there.
  void abandon(std::uint64_t number);

  /// New rules, for what comes from now on.
  void change(leftovers messages, mailbox_bounds mailbox);

  std::shared_ptr<const counters> watch() const;

private:
  std::shared_ptr<class desk> desk_;
  caf::actor front_;
};

/// Sends to an address from a thread that is no actor's, and waits for room if the mailbox is full
/// and its policy is `block_producer`; otherwise `busy` says at once that it was refused. Not for
/// actors: they must never wait.
result<void> push(const caf::actor& to, caf::message content, std::chrono::milliseconds within);

} // namespace holdfast::addressing
