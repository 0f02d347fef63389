// SPDX-License-Identifier: Apache-2.0
// Behind an address: what waits, what is held, who lives, and what became of every message.
#pragma once

#include "actors/address/address.hpp"
#include "actors/address/handling_times.hpp"
#include "actors/address/kinds.hpp"
#include "actors/address/trace.hpp"

#include <caf/mailbox_element.hpp>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::addressing {

/// Held for a few dozen instructions at a time, by producers and now and then by the actor; never
/// while a message is handled or anything else is called. Whoever finds it taken tries again a
/// little and then sleeps: its holder may have been taken off its core.
class brief_lock {
public:
  void lock() {
    for (int spins = 0; spins < 100; ++spins)
      if (auto was = free; held_.compare_exchange_weak(was, taken, std::memory_order_acquire,
                                                       std::memory_order_relaxed))
        return;
    while (held_.exchange(wanted, std::memory_order_acquire) != free)
      held_.wait(wanted, std::memory_order_relaxed);
  }
  void unlock() {
    if (held_.exchange(free, std::memory_order_release) == wanted)
      held_.notify_one();
  }

private:
  static constexpr std::uint32_t free = 0;
  static constexpr std::uint32_t taken = 1;
  static constexpr std::uint32_t wanted = 2;
  std::atomic<std::uint32_t> held_{free};
};

/// Empty shells of messages that an address keeps for the next ones, at most.
inline constexpr std::size_t shells_kept = 256;

/// So many handled messages are taken off the books together, under one lock.
inline constexpr std::size_t settled_together = 32;

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
/// actor takes it up, and lets it go when it was handled, or when the mailbox dies with its actor:
/// that is how everything about it is known without the actor's help.
class tracked final : public caf::mailbox_element {
public:
  caf::type_erased_tuple& content() override;
  const caf::type_erased_tuple& content() const override;
  caf::message move_content_to_message() override;
  caf::message copy_content_to_message() const override;
  void request_deletion(bool decremented) const noexcept override;

private:
  friend class stay;
  friend class desk;

  enum class state : std::uint8_t {
    queued,
    begun,
    done, ///< Handled, and not yet off the books.
    taken ///< Its message went elsewhere; what is left of it is passed over.
  };

  /// Takes a message in, anew.
  void wrap(kept_message one);
  /// Lets go of everything it has.
  void empty();

  /// Wins it for the one who takes it up or takes it away.
  bool become(state wanted) {
    auto was = state::queued;
    return state_.compare_exchange_strong(was, wanted, std::memory_order_acq_rel);
  }

  stay* with_ = nullptr;
  kept_message one_;
  caf::message spare_;        ///< As it came, where it may have to be given to somebody else.
  tracked* before_ = nullptr; ///< In the order of arrival, until it is off the books.
  tracked* behind_ = nullptr;
  tracked* settled_ = nullptr; ///< The next of those that are done.
  bool lost_ = false;          ///< Counted as in the hands of an incarnation that would not end.
  std::atomic<state> state_{state::queued};
};

/// The message being handled, and who is told of it.
struct traced_handling {
  std::shared_ptr<trace> to;
  traced_message what;
  instant since;
};

/// One incarnation, as its address knows it. It lives as long as a message of its mailbox.
class stay {
public:
  stay(std::shared_ptr<desk> at, caf::actor whom, std::uint64_t number, instant now);

private:
  friend class tracked;
  friend class desk;

  enum class end : std::uint8_t { none, clean, failed };
  enum class work : std::uint8_t { none, message, own };

  // Under the desk's lock.
  void link(tracked& one);
  void unlink(tracked& one);

  const std::shared_ptr<desk> at_;
  caf::actor whom_; ///< Under the desk's lock. Let go when it has ended: it may keep a thread.
  const caf::actor_id actor_;
  const std::uint64_t number_;
  const instant since_;
  tracked* oldest_ = nullptr;
  tracked* newest_ = nullptr;
  std::uint64_t shells_ = 0; ///< In its mailbox, or done and not off the books.
  bool closed_ = false;      ///< Its mailbox takes nothing any more.
  std::atomic<bool> abandoned_{false};

  // Written by the actor's thread alone.
  const tracked* current_ = nullptr;
  tracked* settled_ = nullptr;
  bool sampling_ = false;
  std::uint32_t until_sample_ = 0;
  instant exact_since_{};
  std::atomic<std::uint32_t> begun_{0}; ///< The one it handles, and those it skips.
  std::atomic<std::uint32_t> done_{0};
  std::array<std::atomic<kind_number>, settled_together> done_kinds_{};
  std::atomic<kind_number> doing_{kind_other};
  std::atomic<instant::rep> waited_{0}; ///< All that were taken up, together.
  std::atomic<work> busy_{work::none};
  std::atomic<instant::rep> busy_since_{0};
  std::atomic<caf::actor_id> for_whom_{0}; ///< Whose request it handles; 0: nobody waits.
  handling_times times_;
  std::unique_ptr<traced_handling> traced_;
  bool ended_busy_ = false;
  std::atomic<end> ended_{end::none};
};

class desk final : public counters, public std::enable_shared_from_this<desk> {
public:
  explicit desk(settings chosen);
  ~desk() override;

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
  bool attach(std::shared_ptr<trace> to) const override;
  void own_begun(caf::actor_id whom, kind_number what) const override;
  void own_done(caf::actor_id whom) const override;

  bool blocks_producers() const;
  /// Whether there was room within the time.
  bool await_room(std::chrono::milliseconds within);

private:
  friend class tracked;

  using stays = std::vector<std::shared_ptr<stay>>;
  using kind_counts = std::vector<std::pair<kind_number, std::uint64_t>>;

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

  // The actor's thread.
  void begin(tracked& one);
  void release(tracked& one);
  void finish(stay& with) const;
  void follow(tracked& one, instant now) const;
  void tell(stay& with) const;
  void time_long(stay& with) const;
  std::shared_ptr<stay> stay_of(caf::actor_id whom) const;
  void settle(stay& with);
  void note_end(stay& with, const caf::error& reason);

  void run(errands all, caf::execution_unit* host = nullptr) const;
  void excuse(const caf::mailbox_element& what, const std::string& done,
              caf::execution_unit* host) const;

  // Under the lock.
  bool is_full() const;
  bool lives() const;
  void arrive(kept_message one, errands& into);
  void overrun(kept_message one, errands& into);
  void enter(tracked& one);
  tracked* shell_for(kept_message one);
  void deliver(kept_message one, errands& into);
  void hold(kept_message one);
  void leave(kept_message one, message_fate fate, bool in_flight, errands& into);
  void refuse(kept_message one, std::string why, errands& into);
  void hand(kept_message one, std::string why, bool in_flight, errands& into);
  void drop_oldest(errands& into);
  void strike(tracked& one);
  kept_message taken_from(tracked& one);
  void let_go(stay& with, stays& into);
  tracked* keep_shells(tracked* done);
  void count(kind_number kind, std::int64_t by);
  void read_books(actor_reading& into, kind_counts& kinds, std::optional<instant>& oldest) const;
  std::string full_text() const;

  mutable brief_lock lock_;
  settings settings_; ///< Name, hook and clocks never change.
  supervisor::route route_ = supervisor::route::closed;
  std::string why_ = "it was not started yet";
  std::shared_ptr<stay> now_; ///< The incarnation the address leads to, or led to last.
  std::deque<kept_message> held_;
  std::uint64_t arrivals_ = 0;
  tracked* spare_shells_ = nullptr; ///< Linked by `settled_`.
  std::size_t spare_count_ = 0;
  stays present_;            ///< Those with something in their mailboxes, and `now_`.
  std::uint64_t queued_ = 0; ///< On the books of all of them.
  std::uint64_t with_lost_ = 0;
  std::uint64_t handled_ = 0;
  message_counts left_;
  instant::duration waited_{0}; ///< Before incarnations that are gone.
  kind_counts kinds_;
  std::atomic<bool> keeps_spare_{false};
  mutable std::shared_ptr<trace> trace_;
  mutable std::atomic<bool> is_traced_{false};

  std::atomic<std::uint32_t> waiters_{0};
  std::mutex room_;
  std::condition_variable has_room_;
};

} // namespace holdfast::addressing
