// SPDX-License-Identifier: Apache-2.0
// What becomes of each message on its way, under one brief lock.
#include "actors/address/desk.hpp"

#include "actors/shell.hpp"

#include <caf/actor_cast.hpp>
#include <caf/atom.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/system_messages.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace holdfast::addressing {

namespace {

using std::chrono::milliseconds;
using supervisor::route;

/// What an actor finds in place of a message that was taken from it: a timeout nobody set, which
/// event-based actors pass over.
caf::mailbox_element& nothing() {
  static auto* const made =
      caf::make_mailbox_element(
          nullptr, caf::make_message_id(), {},
          caf::timeout_msg{caf::atom("receive"), std::numeric_limits<std::uint64_t>::max()})
          .release();
  return *made;
}

/// Above any tick of a coarse clock.
constexpr milliseconds long_enough{8};

/// Whether an actor waits for its next message. True while it looks busy means that it has put the
/// message back (`skip`, or it waits for an answer first). Any thread: one atomic load.
bool is_waiting(const caf::actor& whom) {
  auto* const scheduled =
      dynamic_cast<caf::scheduled_actor*>(caf::actor_cast<caf::abstract_actor*>(whom));
  return scheduled != nullptr && scheduled->mailbox().blocked();
}

/// Who waits for the answer to a message; 0: nobody.
caf::actor_id asker_of(const caf::mailbox_element& what) {
  return what.mid.is_request() && what.sender ? what.sender->id() : 0;
}

void subtract(std::vector<std::pair<kind_number, std::uint64_t>>& from, kind_number kind) {
  for (auto& [which, count] : from)
    if (which == kind && count > 0)
      --count;
}

/// Whether the message it was handling may be what ended it: not if it was told to end.
bool is_failure(const caf::error& reason) {
  return reason && reason != caf::exit_reason::user_shutdown && reason != caf::exit_reason::kill;
}

} // namespace

// ---- one message ------------------------------------------------------------------------------

void tracked::wrap(kept_message one) {
  mid = one.what->mid;
  stages = std::move(one.what->stages);
  next = nullptr;
  one_ = std::move(one);
  lost_ = false;
  state_.store(state::queued, std::memory_order_relaxed);
}

void tracked::empty() {
  sender = nullptr;
  stages.clear();
  one_.what = nullptr;
  spare_ = {};
}

caf::type_erased_tuple& tracked::content() {
  with_->at_->begin(*this);
  return std::as_const(state_) == state::taken ? nothing().content() : one_.what->content();
}

const caf::type_erased_tuple& tracked::content() const {
  return state_ == state::taken ? nothing().content() : std::as_const(*one_.what).content();
}

caf::message tracked::move_content_to_message() {
  return one_.what->move_content_to_message();
}

caf::message tracked::copy_content_to_message() const {
  return one_.what->copy_content_to_message();
}

void tracked::request_deletion(bool) const noexcept {
  with_->at_->release(const_cast<tracked&>(*this)); // made by `new`, never constant
}

// ---- one incarnation --------------------------------------------------------------------------

stay::stay(std::shared_ptr<desk> at, caf::actor whom, std::uint64_t number, instant now)
    : at_{std::move(at)}, whom_{std::move(whom)}, actor_{whom_.id()}, number_{number}, since_{now} {
}

void stay::link(tracked& one) {
  one.before_ = newest_;
  one.behind_ = nullptr;
  (newest_ != nullptr ? newest_->behind_ : oldest_) = &one;
  newest_ = &one;
}

void stay::unlink(tracked& one) {
  (one.before_ != nullptr ? one.before_->behind_ : oldest_) = one.behind_;
  (one.behind_ != nullptr ? one.behind_->before_ : newest_) = one.before_;
}

// ---- what arrives -----------------------------------------------------------------------------

desk::desk(settings chosen) : settings_{std::move(chosen)} {
  keeps_spare_ = settings_.messages.in_flight != message_fate::refuse;
}

desk::~desk() {
  while (spare_shells_ != nullptr)
    delete std::exchange(spare_shells_, spare_shells_->settled_);
}

void desk::take(caf::mailbox_element_ptr what, caf::execution_unit* host) {
  kept_message one;
  one.kind = kind_of(std::as_const(*what).content());
  one.what = std::move(what);
  one.came = settings_.time.coarse();
  tracked* made = nullptr;
  caf::actor to;
  errands all;
  {
    const std::lock_guard lock{lock_};
    one.number = ++arrivals_;
    if (lives() && !is_full()) {
      made = shell_for(std::move(one));
      enter(*made);
      to = now_->whom_;
    } else {
      arrive(std::move(one), all);
    }
  }
  if (made != nullptr)
    to->enqueue(caf::mailbox_element_ptr{made}, host);
  else
    run(std::move(all), host);
}

void desk::arrive(kept_message one, errands& into) {
  switch (route_) {
  case route::open:
  case route::holding:
    if (is_full())
      return overrun(std::move(one), into);
    if (route_ == route::holding)
      return hold(std::move(one));
    return leave(std::move(one), settings_.messages.queued, false, into);
  case route::handing:
    return hand(std::move(one), why_, false, into);
  default:
    return refuse(std::move(one), why_, into);
  }
}

/// What was taken up is not in the way of others, though it is on the books for a while.
bool desk::is_full() const {
  auto all = queued_ + held_.size();
  if (all < settings_.mailbox.messages_max)
    return false;
  for (const auto& one : present_)
    all -= one->begun_.load(std::memory_order_relaxed) + one->done_.load(std::memory_order_relaxed);
  return all >= settings_.mailbox.messages_max;
}

std::string desk::full_text() const {
  return "its mailbox is full: " + std::to_string(settings_.mailbox.messages_max) + " messages";
}

void desk::overrun(kept_message one, errands& into) {
  switch (settings_.mailbox.when_full) {
  case overflow::drop_newest:
    ++left_.dropped;
    into.push_back({errand::kind::refuse, std::move(one.what), {}, full_text()});
    return;
  case overflow::drop_oldest:
    drop_oldest(into);
    if (is_full())
      break; // an incarnation that is ending has them all, and they are not ours to drop
    return lives() ? deliver(std::move(one), into) : hold(std::move(one));
  default:
    break;
  }
  refuse(std::move(one), full_text(), into);
}

void desk::drop_oldest(errands& into) {
  const auto drop = [&](kept_message oldest) {
    ++left_.dropped;
    into.push_back({errand::kind::refuse, std::move(oldest.what), {}, full_text()});
  };
  for (auto* one = now_ ? now_->oldest_ : nullptr; one != nullptr; one = one->behind_)
    if (one->become(tracked::state::taken))
      return drop(taken_from(*one));
  if (held_.empty())
    return;
  auto oldest = std::move(held_.front());
  held_.pop_front();
  count(oldest.kind, -1);
  drop(std::move(oldest));
}

/// Off the books.
void desk::strike(tracked& one) {
  one.with_->unlink(one);
  --queued_;
  count(one.one_.kind, -1);
}

/// Out of a mailbox, where an empty shell stays. Needs: whoever asks has won it.
kept_message desk::taken_from(tracked& one) {
  strike(one);
  one.one_.what->stages = std::move(one.stages);
  return std::move(one.one_);
}

/// Onto the books of the present incarnation.
void desk::enter(tracked& one) {
  one.with_ = now_.get();
  one.one_.again = true; // should it come back
  now_->link(one);
  ++now_->shells_;
  ++queued_;
  count(one.one_.kind, 1);
}

tracked* desk::shell_for(kept_message one) {
  auto* made = spare_shells_;
  if (made != nullptr) {
    spare_shells_ = made->settled_;
    --spare_count_;
  } else {
    made = new tracked;
  }
  made->wrap(std::move(one));
  return made;
}

/// Answers with those that are too many.
tracked* desk::keep_shells(tracked* done) {
  while (done != nullptr && spare_count_ < shells_kept) {
    auto* const next = done->settled_;
    done->settled_ = std::exchange(spare_shells_, done);
    ++spare_count_;
    done = next;
  }
  return done;
}

void desk::deliver(kept_message one, errands& into) {
  auto* const made = shell_for(std::move(one));
  enter(*made);
  into.push_back({errand::kind::deliver, caf::mailbox_element_ptr{made}, now_->whom_});
}

/// An incarnation that has left the address, with its last message.
void desk::let_go(stay& with, stays& into) {
  if (with.shells_ > 0 || now_.get() == &with)
    return;
  const auto found = std::find_if(present_.begin(), present_.end(),
                                  [&](const auto& one) { return one.get() == &with; });
  if (found == present_.end())
    return;
  waited_ += instant::duration{with.waited_.load(std::memory_order_relaxed)};
  into.push_back(std::move(*found));
  present_.erase(found);
}

void desk::hold(kept_message one) {
  count(one.kind, 1);
  auto at = held_.end();
  while (at != held_.begin() && std::prev(at)->number > one.number)
    --at;
  held_.insert(at, std::move(one));
}

void desk::refuse(kept_message one, std::string why, errands& into) {
  ++left_.refused;
  into.push_back({errand::kind::refuse, std::move(one.what), {}, std::move(why)});
}

void desk::hand(kept_message one, std::string why, bool in_flight, errands& into) {
  if (!settings_.hand_over)
    return refuse(std::move(one), std::move(why), into);
  ++left_.handed_over;
  into.push_back({errand::kind::hand_over, std::move(one.what), {}, std::move(why), in_flight});
}

void desk::count(kind_number kind, std::int64_t by) {
  const auto found = std::find_if(kinds_.begin(), kinds_.end(),
                                  [&](const auto& one) { return one.first == kind; });
  if (found != kinds_.end())
    found->second += static_cast<std::uint64_t>(by);
  else
    kinds_.emplace_back(kind, static_cast<std::uint64_t>(by));
}

// ---- what an actor does with a message ---------------------------------------------------------

void desk::begin(tracked& one) {
  auto& with = *one.with_;
  if (with.current_ == &one)
    return;
  const auto now = settings_.time.coarse();
  if (one.become(tracked::state::begun)) {
    with.begun_.store(with.begun_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    with.waited_.store(with.waited_.load(std::memory_order_relaxed) + (now - one.one_.came).count(),
                       std::memory_order_relaxed);
    if (keeps_spare_.load(std::memory_order_relaxed) && !one.mid.is_request())
      one.spare_ = one.one_.what->copy_content_to_message();
    if (waiters_ > 0) {
      const std::lock_guard lock{room_};
      has_room_.notify_all();
    }
  } else if (one.state_.load(std::memory_order_acquire) == tracked::state::taken) {
    return;
  }
  // Hidden until now, so that a mailbox that dies does not answer what another will.
  one.sender = one.one_.what->sender;
  with.current_ = &one;
  with.for_whom_.store(asker_of(*one.one_.what), std::memory_order_relaxed);
  with.doing_.store(one.one_.kind, std::memory_order_relaxed);
  with.busy_since_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  with.busy_.store(stay::work::message, std::memory_order_release);
  with.sampling_ = with.until_sample_ == 0;
  with.until_sample_ = with.sampling_ ? sampled_every - 1 : with.until_sample_ - 1;
  if (with.sampling_)
    with.exact_since_ = settings_.time.precise();
  if (is_traced_.load(std::memory_order_relaxed))
    follow(one, now);
}

/// In the actor's thread: how long it took.
void desk::finish(stay& with) const {
  with.current_ = nullptr;
  with.busy_.store(stay::work::none, std::memory_order_relaxed);
  if (with.traced_)
    tell(with);
  if (with.sampling_) {
    const auto took = settings_.time.precise() - with.exact_since_;
    return with.times_.add(took, took >= long_enough ? 1 : sampled_every);
  }
  time_long(with);
}

/// What was not sampled counts if it was long enough for the coarse clock.
void desk::time_long(stay& with) const {
  const instant began{instant::duration{with.busy_since_.load(std::memory_order_relaxed)}};
  if (const auto took = settings_.time.coarse() - began; took >= long_enough)
    with.times_.add(took, 1);
}

/// The message leaves the mailbox. Mostly it was handled, and waits to be taken off the books with
/// others; if not, it is decided at once what becomes of it. Only for what came back from a closed
/// mailbox is this another thread than the actor's.
void desk::release(tracked& one) {
  auto& with = *one.with_;
  const auto was_current = with.current_ == &one;
  if (was_current)
    finish(with);
  const auto ended = with.ended_.load(std::memory_order_relaxed);
  if (was_current && ended == stay::end::none) {
    one.empty();
    const auto done = with.done_.load(std::memory_order_relaxed);
    with.done_kinds_[done].store(one.one_.kind, std::memory_order_relaxed);
    one.settled_ = std::exchange(with.settled_, &one);
    one.state_.store(tracked::state::done, std::memory_order_release);
    with.begun_.store(with.begun_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    with.done_.store(done + 1, std::memory_order_release);
    if (done + 1 == settled_together)
      settle(with);
    return;
  }
  const std::unique_ptr<tracked> gone{&one};
  stays left;
  errands all;
  {
    const std::lock_guard lock{lock_};
    --with.shells_;
    if (one.become(tracked::state::taken)) {
      with.closed_ = true; // it ends, and says so a moment later
      leave(taken_from(one), settings_.messages.queued, false, all);
    } else if (one.state_.load(std::memory_order_relaxed) == tracked::state::begun) {
      auto kept = taken_from(one);
      if (was_current && !one.spare_.empty())
        kept.what = caf::make_mailbox_element(kept.what->sender, kept.what->mid, {}, one.spare_);
      with.begun_.store(with.begun_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
      with_lost_ -= one.lost_ ? 1 : 0;
      if (was_current && ended != stay::end::failed)
        ++handled_;
      else if (one.mid.is_request())
        ++left_.refused; // CAF has answered it with the reason
      else
        leave(std::move(kept),
              was_current ? settings_.messages.in_flight : settings_.messages.queued, was_current,
              all);
    }
    let_go(with, left);
  }
  run(std::move(all));
}

/// Takes what is done off the books.
void desk::settle(stay& with) {
  auto* done = std::exchange(with.settled_, nullptr);
  stays left;
  {
    const std::lock_guard lock{lock_};
    for (auto* one = done; one != nullptr; one = one->settled_) {
      strike(*one);
      --with.shells_;
      ++handled_;
      with_lost_ -= one->lost_ ? 1 : 0;
    }
    with.done_.store(0, std::memory_order_relaxed);
    done = keep_shells(done);
    let_go(with, left);
  }
  while (done != nullptr)
    delete std::exchange(done, done->settled_);
}

/// The actor's thread, almost the last it does: what it still holds is the message it handled.
void desk::note_end(stay& with, const caf::error& reason) {
  settle(with);
  with.ended_busy_ = with.busy_ != stay::work::none;
  with.ended_.store(is_failure(reason) ? stay::end::failed : stay::end::clean,
                    std::memory_order_release);
}

std::shared_ptr<stay> desk::stay_of(caf::actor_id whom) const {
  const std::lock_guard lock{lock_};
  const auto found = std::find_if(present_.begin(), present_.end(),
                                  [&](const auto& one) { return one->actor_ == whom; });
  return found == present_.end() ? nullptr : *found;
}

void desk::own_begun(caf::actor_id whom, kind_number what) const {
  const auto with = stay_of(whom);
  if (!with || with->busy_ != stay::work::none)
    return;
  with->for_whom_.store(0, std::memory_order_relaxed);
  with->doing_.store(what, std::memory_order_relaxed);
  with->busy_since_.store(settings_.time.coarse().time_since_epoch().count(),
                          std::memory_order_relaxed);
  with->busy_.store(stay::work::own, std::memory_order_release);
}

void desk::own_done(caf::actor_id whom) const {
  const auto with = stay_of(whom);
  if (!with || with->busy_ != stay::work::own)
    return;
  with->busy_.store(stay::work::none, std::memory_order_relaxed);
  time_long(*with);
}

// ---- what an incarnation leaves behind ---------------------------------------------------------

bool desk::lives() const {
  return route_ == route::open && now_->whom_ && !now_->closed_
         && now_->ended_.load(std::memory_order_relaxed) == stay::end::none;
}

void desk::leave(kept_message one, message_fate fate, bool in_flight, errands& into) {
  std::string why = in_flight ? "the actor failed while it handled this"
                              : "the actor ended before it handled this";
  one.failures += in_flight ? 1 : 0;
  if (fate == message_fate::hand_over)
    return hand(std::move(one), std::move(why), in_flight, into);
  if (fate == message_fate::refuse || route_ == route::closed)
    return refuse(std::move(one), std::move(why), into);
  if (one.failures > settings_.messages.redeliveries_max)
    return refuse(std::move(one), why + ", for the " + std::to_string(one.failures) + ". time",
                  into);
  if (is_full())
    return refuse(std::move(one), full_text(), into);
  if (!lives())
    return hold(std::move(one));
  left_.redelivered += one.again ? 1 : 0;
  deliver(std::move(one), into);
}

/// Its sender is told, if it waits for an answer.
void desk::excuse(const caf::mailbox_element& what, const std::string& done,
                  caf::execution_unit* host) const {
  if (what.sender && what.mid.is_request() && !what.mid.is_answered())
    what.sender->enqueue(
        nullptr, what.mid.response_id(),
        caf::make_message(to_error(
            {fault_code::busy, "'" + settings_.name + "' " + done, "send it again later"})),
        host);
}

void desk::run(errands all, caf::execution_unit* host) const {
  for (auto& one : all) {
    switch (one.how) {
    case errand::kind::deliver:
      one.to->enqueue(std::move(one.what), host);
      break;
    case errand::kind::refuse:
      excuse(*one.what, "refused: " + one.why, host);
      break;
    case errand::kind::hand_over:
      // The hook gets what was asked, and cannot answer.
      excuse(*one.what, "will not answer: " + one.why, host);
      settings_.hand_over(
          {settings_.name, one.what->move_content_to_message(), std::move(one.why), one.in_flight});
      break;
    }
  }
}

// ---- what the supervisor says ------------------------------------------------------------------

// Whatever is let go under the lock is destroyed after it: an actor's end destroys its mailbox, and
// that comes back here.

void desk::open(const caf::actor& incarnation, std::uint64_t number) {
  auto next =
      std::make_shared<stay>(shared_from_this(), incarnation, number, settings_.time.precise());
  incarnation->attach_functor(
      [next](const caf::error& reason) { next->at_->note_end(*next, reason); });
  stays left;
  {
    const std::lock_guard lock{lock_};
    present_.push_back(next);
    const auto before = std::exchange(now_, next);
    route_ = route::holding;
    if (before) {
      left.push_back(before);
      let_go(*before, left);
    }
  }
  for (auto opened = false; !opened;) {
    errands all;
    {
      const std::lock_guard lock{lock_};
      // What an incarnation that has ended meanwhile gave back waits for the next: to it, it would
      // come back for ever.
      const auto ended = next->closed_ || next->ended_ != stay::end::none;
      // While there is something to deliver, what comes is kept behind it.
      opened = ended || held_.empty();
      route_ = opened ? route::open : route::holding;
      if (ended)
        break;
      for (auto& one : held_) {
        count(one.kind, -1);
        left_.redelivered += one.again ? 1 : 0;
        deliver(std::move(one), all);
      }
      held_.clear();
    }
    run(std::move(all));
  }
}

void desk::lead(route to, std::string why) {
  errands all;
  {
    const std::lock_guard lock{lock_};
    route_ = to;
    why_ = std::move(why);
    if (to == route::holding)
      return;
    for (auto& one : held_) {
      count(one.kind, -1);
      if (to == route::handing)
        hand(std::move(one), why_, false, all);
      else
        refuse(std::move(one), why_, all);
    }
    held_.clear();
  }
  run(std::move(all));
}

/// Answers with the kind of message that incarnation was handling when it ended; empty: none.
std::string desk::ended(std::uint64_t number) {
  std::shared_ptr<stay> with;
  caf::actor whom;
  {
    const std::lock_guard lock{lock_};
    if (!now_ || now_->number_ != number)
      return {};
    with = now_;
    whom.swap(now_->whom_);
  }
  const auto has_ended = with->ended_.load(std::memory_order_acquire) != stay::end::none;
  return has_ended && with->ended_busy_ ? name_of(with->doing_) : std::string{};
}

void desk::abandon(std::uint64_t number) {
  errands all;
  caf::actor whom;
  {
    const std::lock_guard lock{lock_};
    if (!now_ || now_->number_ != number || now_->abandoned_)
      return;
    now_->abandoned_ = true;
    now_->closed_ = true;
    whom.swap(now_->whom_);
    for (auto* one = now_->oldest_; one != nullptr;) {
      auto* const next = one->behind_;
      if (one->become(tracked::state::taken)) {
        leave(taken_from(*one), settings_.messages.queued, false, all);
      } else if (one->state_.load(std::memory_order_acquire) == tracked::state::begun) {
        one->lost_ = true;
        ++with_lost_;
      }
      one = next;
    }
  }
  run(std::move(all));
}

void desk::change(leftovers messages, mailbox_bounds mailbox) {
  const std::lock_guard lock{lock_};
  settings_.messages = messages;
  settings_.mailbox = mailbox;
  keeps_spare_ = messages.in_flight != message_fate::refuse;
}

void desk::close() {
  lead(route::closed, "it was removed");
  stays left;
  std::shared_ptr<trace> traced;
  {
    const std::lock_guard lock{lock_};
    traced.swap(trace_);
    if (const auto last = std::exchange(now_, nullptr)) {
      left.push_back(last);
      let_go(*last, left);
    }
  }
  if (traced)
    traced->end(trace_end::gone);
}

// ---- what anyone may ask -----------------------------------------------------------------------

actor_reading desk::read() const {
  const auto now = settings_.time.precise();
  const auto since = [&](instant then) { return std::max(now - then, instant::duration{0}); };
  actor_reading made;
  std::shared_ptr<stay> with;
  caf::actor whom;
  std::vector<std::pair<kind_number, std::uint64_t>> kinds;
  std::optional<instant> oldest;
  {
    const std::lock_guard lock{lock_};
    read_books(made, kinds, oldest);
    with = now_;
    if (with)
      whom = with->whom_;
  }
  const auto doing = with && with->ended_ == stay::end::none && !(whom && is_waiting(whom))
                         ? with->busy_.load(std::memory_order_acquire)
                         : stay::work::none;
  const auto current = doing != stay::work::none
                           ? std::optional{with->doing_.load(std::memory_order_relaxed)}
                           : std::nullopt;
  if (doing == stay::work::message && made.queued > 0) {
    --made.queued; // it was counted with those that are on the books
    subtract(kinds, *current);
  }
  for (const auto& [kind, count] : kinds)
    if (count > 0)
      made.kinds.push_back({name_of(kind), count});
  if (oldest)
    made.oldest = std::chrono::duration_cast<milliseconds>(since(*oldest));
  if (!with || with->ended_ != stay::end::none)
    return made;
  made.incarnation = with->number_;
  made.actor = whom ? whom.id() : 0;
  std::chrono::nanoseconds busy = with->times_.total();
  if (current) {
    const instant began{instant::duration{with->busy_since_.load(std::memory_order_relaxed)}};
    made.current = {name_of(*current), std::chrono::duration_cast<milliseconds>(since(began))};
    busy += since(began);
    if (const auto asker = with->for_whom_.load(std::memory_order_relaxed); asker != 0)
      made.askers.push_back(asker);
  }
  const std::chrono::nanoseconds lived = since(with->since_);
  made.busy = std::chrono::duration_cast<std::chrono::microseconds>(std::min(busy, lived));
  made.idle = std::chrono::duration_cast<std::chrono::microseconds>(lived) - made.busy;
  with->times_.read(made);
  return made;
}

/// Everything that stands under the lock, without what is done already.
void desk::read_books(actor_reading& into, kind_counts& kinds,
                      std::optional<instant>& oldest) const {
  into.received = arrivals_;
  into.handled = handled_;
  into.queued = queued_ - with_lost_;
  into.held = held_.size();
  into.with_lost = with_lost_;
  into.left = left_;
  into.queued_max = settings_.mailbox.messages_max;
  auto waited = waited_;
  kinds = kinds_;
  for (const auto& with : present_) {
    waited += instant::duration{with->waited_.load(std::memory_order_relaxed)};
    const auto done = with->done_.load(std::memory_order_acquire);
    into.handled += done;
    into.queued -= done;
    for (std::size_t i = 0; i < done; ++i)
      subtract(kinds, with->done_kinds_[i].load(std::memory_order_relaxed));
  }
  into.waited = std::chrono::duration_cast<std::chrono::microseconds>(waited);
  std::size_t seen = 0;
  for (const auto* one = now_ ? now_->oldest_ : nullptr; one != nullptr && seen < askers_max;
       one = one->behind_) {
    if (one->state_.load(std::memory_order_acquire) != tracked::state::queued)
      continue;
    ++seen;
    if (!oldest)
      oldest = one->one_.came;
    if (const auto asker = asker_of(*one->one_.what); asker != 0)
      into.askers.push_back(asker);
  }
  if (!oldest && !held_.empty())
    oldest = held_.front().came;
}

bool desk::blocks_producers() const {
  const std::lock_guard lock{lock_};
  return settings_.mailbox.when_full == overflow::block_producer;
}

bool desk::await_room(milliseconds within) {
  const auto has_room = [this] {
    const std::lock_guard lock{lock_};
    return !is_full();
  };
  std::unique_lock lock{room_};
  ++waiters_;
  const auto found = has_room_.wait_for(lock, within, has_room);
  --waiters_;
  return found;
}

} // namespace holdfast::addressing
