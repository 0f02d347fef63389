// SPDX-License-Identifier: Apache-2.0
// Behind an address: what waits, what is held, who lives, and what became of every message.
#pragma once

#include "actors/address/address.hpp"
#include "actors/address/handling_times.hpp"
#include "actors/address/kinds.hpp"

#include <caf/mailbox_element.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::addressing {

/// Held for a few dozen instructions at a time, by producers and by the actor; never while a
/// message is handled or anything else is called.
class brief_lock {
public:
  void lock() {
    unsigned spins = 0;
    while (held_.exchange(true, std::memory_order_acquire))
      while (held_.load(std::memory_order_relaxed))
        if (++spins > 64)
          std::this_thread::yield(); // whoever holds it was taken off its core
  }
  void unlock() { held_.store(false, std::memory_order_release); }

private:
  std::atomic<bool> held_{false};
};

class desk;
class stay;

/// A message, wherever it is kept.
struct kept_message {
  caf::mailbox_element_ptr what;
  kind_number kind = kind_other;
  std::uint64_t number = 0; ///< In the order of arrival, which holds wherever it is kept.
  instant came{};
  std::uint32_t failures = 0; ///< Of actors that were handling it.
  bool again = false;         ///< It was in a mailbox before.
};

/// A message on its way through the mailbox of one incarnation. CAF asks for its content when the
/// actor takes it up, and destroys it when it was handled, or when the mailbox dies with its actor:
/// that is how everything about it is known without the actor's help.
class tracked final : public caf::mailbox_element {
public:
  tracked(std::shared_ptr<stay> with, kept_message one);
  ~tracked() override;

  caf::type_erased_tuple& content() override;
  const caf::type_erased_tuple& content() const override;
  caf::message move_content_to_message() override;
  caf::message copy_content_to_message() const override;

private:
  friend class stay;
  friend class desk;

  enum class state : std::uint8_t {
    queued,
    begun,
    taken ///< Its message went elsewhere; what is left of it is passed over.
  };

  std::shared_ptr<stay> with_;
  kept_message one_;
  caf::message spare_;        ///< As it came, where it may have to be given to somebody else.
  tracked* before_ = nullptr; ///< In the order of arrival, while it is queued.
  tracked* behind_ = nullptr;
  state state_ = state::queued;
};

/// One incarnation, as its address knows it.
class stay {
public:
  stay(std::shared_ptr<desk> at, caf::actor whom, std::uint64_t number, instant now);

private:
  friend class tracked;
  friend class desk;

  enum class end : std::uint8_t { none, clean, failed };

  /// The actor's thread, as the last it does.
  void note_end(const caf::error& reason);

  // Under the desk's lock.
  void link(tracked& one);
  void unlink(tracked& one);

  const std::shared_ptr<desk> at_;
  caf::actor whom_; ///< Under the desk's lock. Let go when it has ended: it may keep a thread.
  const std::uint64_t number_;
  const instant since_;
  tracked* oldest_ = nullptr;
  tracked* newest_ = nullptr;
  std::uint64_t begun_ = 0; ///< Taken up and not done with: the one it handles, and those it skips.
  bool abandoned_ = false;
  bool closed_ = false; ///< Its mailbox takes nothing any more.

  // Written by the actor's thread alone.
  const tracked* current_ = nullptr;
  bool sampling_ = false;
  std::uint32_t until_sample_ = 0;
  instant exact_since_{};
  std::atomic<kind_number> doing_{kind_other};
  std::atomic<bool> is_busy_{false};
  std::atomic<caf::actor_id> for_whom_{0}; ///< Whose request it handles; 0: nobody waits.
  std::atomic<instant::rep> busy_since_{0};
  handling_times times_;
  bool ended_busy_ = false;
  std::atomic<end> ended_{end::none};
};

class desk final : public counters, public std::enable_shared_from_this<desk> {
public:
  explicit desk(settings chosen) : settings_{std::move(chosen)} {}

  /// What to do with a message that comes; called by its sender.
  void take(caf::mailbox_element_ptr what, caf::execution_unit* host);

  // The supervisor's thread.
  void open(const caf::actor& incarnation, std::uint64_t number);
  void lead(supervisor::route to, std::string why);
  std::string ended(std::uint64_t number);
  void abandon(std::uint64_t number);
  void change(leftovers messages, mailbox_bounds mailbox);
  void close();

  actor_reading read() const override;

  bool blocks_producers() const;
  /// Whether there was room within the time.
  bool await_room(std::chrono::milliseconds within);

private:
  friend class tracked;

  /// What is done once the lock is free again: nobody is called under it.
  struct errand {
    enum class kind : std::uint8_t { deliver, refuse, hand_over };

    kind how;
    caf::mailbox_element_ptr what;
    caf::actor to{};
    std::string why{};
    bool in_flight = false;
  };
  using errands = std::vector<errand>;

  void begin(tracked& one);
  void end(tracked& one);
  void finish(stay& with, instant coarse) const;
  void run(errands all, caf::execution_unit* host = nullptr) const;

  // Under the lock.
  bool is_full() const;
  bool lives() const;
  void arrive(kept_message one, errands& into);
  void overrun(kept_message one, errands& into);
  void deliver(kept_message one, errands& into);
  void hold(kept_message one);
  void leave(kept_message one, message_fate fate, bool in_flight, errands& into);
  void refuse(kept_message one, std::string why, errands& into);
  void hand(kept_message one, std::string why, bool in_flight, errands& into);
  void drop_oldest(errands& into);
  kept_message taken_from(tracked& one);
  void count(kind_number kind, std::int64_t by);
  std::vector<std::uint64_t> askers() const;
  std::string full_text() const;

  mutable brief_lock lock_;
  settings settings_; ///< Name, hook and clocks never change.
  supervisor::route route_ = supervisor::route::closed;
  std::string why_ = "it was not started yet";
  std::shared_ptr<stay> now_; ///< The incarnation the address leads to, or led to last.
  std::deque<kept_message> held_;
  std::uint64_t arrivals_ = 0;
  std::uint64_t queued_ = 0; ///< In mailboxes, also of an incarnation that is ending.
  std::uint64_t begun_ = 0;  ///< Of all incarnations but the lost ones.
  std::uint64_t with_lost_ = 0;
  std::uint64_t handled_ = 0;
  message_counts left_;
  std::chrono::nanoseconds waited_{0};
  std::vector<std::pair<kind_number, std::uint64_t>> kinds_;

  std::atomic<std::uint32_t> waiters_{0};
  std::mutex room_;
  std::condition_variable has_room_;
};

} // namespace holdfast::addressing
