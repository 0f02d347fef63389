// SPDX-License-Identifier: Apache-2.0
// The journal's decisions.
#include "actors/journal/journal.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace holdfast::journal {

namespace {

constexpr milliseconds hint_min{10};
constexpr milliseconds hint_max{10000};

/// What an operator must decide is not made better by trying again.
bool is_for_good(fault_code code) {
  switch (code) {
  case fault_code::corrupt:
  case fault_code::unsupported:
  case fault_code::invalid:
  case fault_code::not_found:
  case fault_code::denied:
    return true;
  default:
    return false;
  }
}

void earlier(std::optional<instant>& soonest, const std::optional<instant>& other) {
  if (other && (!soonest || *other < *soonest))
    soonest = other;
}

} // namespace

milliseconds retry_hint(std::size_t events_ahead, double per_second) {
  if (per_second <= 0)
    return milliseconds{100};
  const auto wait = 1000.0 * static_cast<double>(events_ahead) / per_second;
  return std::clamp(milliseconds{static_cast<std::int64_t>(std::min(wait, 1e6))}, hint_min,
                    hint_max);
}

journal::journal(limits chosen) : limits_{chosen} {
  assert(limits_.depth_max > 0 && limits_.batch_events_max > 0 && limits_.batch_bytes_max > 0);
}

decision journal::start(std::optional<sequence> head, std::deque<instant> reopenings, instant now) {
  decision made;
  reopenings_ = std::move(reopenings);
  if (head) {
    store_open_ = true;
    standing_ = standing::serving;
    head_ = *head;
  } else {
    reopen(false, now, made);
  }
  return finish(now, made);
}

decision journal::on(const std::vector<arrival>& arrived, instant now) {
  decision made;
  const bool full_or_failed = standing_ == standing::no_space || standing_ == standing::gave_up;
  if (stop_asked_ || full_or_failed) {
    // They slipped through the door while it closed. Those taken before are finished.
    for (const auto& one : arrived)
      made.turned_away.push_back(one.request);
    made.refusal =
        full_or_failed ? *trouble_ : fault{fault_code::busy, "the journal is stopping", {}};
    return made;
  }
  for (const auto& one : arrived) {
    waiting_.push_back(one);
    waiting_events_ += one.events;
  }
  return finish(now, made);
}

decision journal::on(const batch_ended& told, instant now) {
  decision made;
  if (told.batch == 0) {
    syncing_ = false;
    if (told.ok)
      sync_by_.reset();
  } else {
    commit_ended(told, now, made);
  }
  if (!told.ok)
    trouble({told.code, told.what, {}}, made);
  return finish(now, made);
}

void journal::commit_ended(const batch_ended& told, instant now, decision& made) {
  assert(!flying_.empty() && flying_.front().batch == told.batch);
  const auto ended = flying_.front();
  flying_.pop_front();
  // A batch that follows a failed one is not believed even if it says that it succeeded.
  const bool committed = told.ok && standing_ != standing::draining;
  made.concluded = conclusion{.batch = told.batch, .committed = committed};
  if (!committed)
    return;
  const auto since = std::max(ended.since, last_commit_);
  const auto took = std::chrono::duration<double>(now - since).count();
  last_commit_ = now;
  if (took > 0) {
    const auto measured = static_cast<double>(ended.events) / took;
    rate_ = rate_ == 0 ? measured : 0.8 * rate_ + 0.2 * measured;
  }
  if (told.first <= told.last) {
    announce(told.last, made);
    if (!frontier_by_)
      frontier_by_ = now + limits_.frontier_every;
  }
  if (told.level == durability::power)
    sync_by_.reset();
  else if (told.first <= told.last && !sync_by_)
    sync_by_ = now + limits_.sync_within;
  if (told.anchor_due && !anchoring_ && !stop_asked_) {
    anchoring_ = true;
    made.duties.push_back({.what = duty::advance_anchor, .floor = {}});
  }
}

decision journal::on(const store_kept& told, instant now) {
  decision made;
  switch (told.what) {
  case duty::save_frontier:
    saving_frontier_ = false;
    // Without room the frontier waits for the next second, as the mirror holds it meanwhile.
    if (!told.ok && told.code != fault_code::no_space)
      trouble({told.code, told.text, told.help}, made);
    break;
  case duty::advance_anchor:
    anchoring_ = false;
    if (!told.ok && told.code != fault_code::no_space)
      trouble({told.code, told.text, told.help}, made);
    break;
  case duty::probe_space:
    probed(told, now, made);
    break;
  case duty::reopen:
    reopened(told, now, made);
    break;
  case duty::raise_floor:
    raising_ = false;
    floor_.reset();
    made.floor_answer = told;
    if (told.ok)
      announce(told.head, made);
    else if (told.code == fault_code::failed)
      trouble({told.code, told.text, told.help}, made);
    break;
  case duty::close:
    closing_ = false;
    store_open_ = false;
    standing_ = standing::stopped;
    made.stopped = journal_stopped{.clean = told.ok, .what = told.text};
    break;
  }
  return finish(now, made);
}

decision journal::on(const raise_floor& asked, instant now) {
  decision made;
  if (standing_ != standing::serving || floor_) {
    made.floor_answer = store_kept{.what = duty::raise_floor,
                                   .code = fault_code::busy,
                                   .text = "the journal is not free to raise its floor",
                                   .help = "try again a little later"};
    return made;
  }
  floor_ = asked;
  return finish(now, made);
}

decision journal::on(const stop_journal& asked, instant now) {
  decision made;
  if (standing_ == standing::stopped) {
    made.stopped = journal_stopped{.clean = true, .what = "it had stopped before"};
    return made;
  }
  stop_asked_ = true;
  stop_by_ = now + asked.within;
  if (standing_ == standing::serving)
    standing_ = standing::stopping;
  else
    turn_away({fault_code::busy, "the journal is stopping", {}}, made);
  return finish(now, made);
}

decision journal::on(const journal_due&, instant now) {
  decision made;
  if (armed_ && now >= *armed_)
    armed_.reset();
  if (stop_by_ && now >= *stop_by_ && standing_ != standing::stopped) {
    stop_by_.reset();
    standing_ = standing::stopped;
    turn_away({fault_code::busy, "the journal has stopped", {}}, made);
    made.stopped = journal_stopped{.clean = false, .what = "not everything ended in time"};
    return made;
  }
  duties_due(now, made);
  return finish(now, made);
}

void journal::duties_due(instant now, decision& made) {
  // The keeper has the store for itself while it closes it.
  const bool serves =
      (standing_ == standing::serving || standing_ == standing::stopping) && !closing_;
  if (serves && sync_by_ && now >= *sync_by_ && !syncing_ && !raising_) {
    syncing_ = true;
    made.sync = true;
  }
  if (serves && frontier_by_ && now >= *frontier_by_ && !saving_frontier_) {
    frontier_by_.reset();
    saving_frontier_ = true;
    made.duties.push_back({.what = duty::save_frontier, .floor = {}});
  }
  if (!act_at_ || now < *act_at_)
    return;
  act_at_.reset();
  if (standing_ == standing::no_space && !probing_) {
    probing_ = true;
    made.duties.push_back({.what = duty::probe_space, .floor = {}});
  } else if (standing_ == standing::reopening && !opening_) {
    // Waiting for readers belongs to the attempt that is counted already.
    reopen(!readers_by_.has_value(), now, made);
  }
}

void journal::plan_batches(instant now, decision& made) {
  if ((standing_ != standing::serving && standing_ != standing::stopping) || floor_)
    return;
  while (!waiting_.empty() && flying_.size() < limits_.depth_max) {
    // A small batch gains nothing by being prepared early, and would keep later requests out.
    if (!flying_.empty() && waiting_events_ < limits_.batch_worth)
      return;
    made.batches.push_back(next_batch(now));
  }
}

batch_plan journal::next_batch(instant now) {
  batch_plan plan{.batch = ++last_batch_, .pieces = {}};
  std::size_t events = 0;
  std::size_t bytes = 0;
  while (!waiting_.empty()) {
    auto& next = waiting_.front();
    const auto each = std::max<std::size_t>(1, next.bytes / std::max<std::size_t>(1, next.events));
    const auto room =
        std::min(limits_.batch_events_max - std::min(limits_.batch_events_max, events),
                 (limits_.batch_bytes_max - std::min(limits_.batch_bytes_max, bytes)) / each);
    if (next.events > room && !plan.pieces.empty() && (next.whole || room == 0))
      break;
    const auto taken =
        next.whole ? next.events : std::min(next.events, std::max<std::size_t>(1, room));
    plan.pieces.push_back({.request = next.request, .events = taken, .early = next.early});
    const auto weight = taken == next.events ? next.bytes : taken * each;
    events += taken;
    bytes += weight;
    waiting_events_ -= taken;
    next.events -= taken;
    next.bytes -= std::min(next.bytes, weight);
    if (next.events > 0)
      break;
    waiting_.pop_front();
  }
  flying_.push_back({.batch = plan.batch, .events = events, .since = now});
  return plan;
}

void journal::turn_away(fault reason, decision& made) {
  for (const auto& one : waiting_)
    made.turned_away.push_back(one.request);
  made.refusal = std::move(reason);
  waiting_.clear();
  waiting_events_ = 0;
}

void journal::announce(sequence last, decision& made) {
  if (last <= head_)
    return;
  made.announced = records_committed{.first = head_ + 1, .last = last};
  head_ = last;
}

void journal::trouble(fault problem, decision& made) {
  if (standing_ != standing::serving && standing_ != standing::stopping)
    return; // The first failure says what went wrong; those behind it only follow.
  standing_ = standing::draining;
  made.troubled = problem;
  trouble_ = std::move(problem);
  sync_by_.reset();
  frontier_by_.reset();
  if (floor_ && !raising_) {
    made.floor_answer =
        store_kept{.what = duty::raise_floor, .code = trouble_->code, .text = trouble_->what};
    floor_.reset();
  }
}

void journal::after_draining(instant now, decision& made) {
  if (standing_ != standing::draining || !idle() || raising_)
    return;
  if (trouble_->code != fault_code::no_space)
    return reopen(true, now, made);
  standing_ = standing::no_space;
  pause_longer(now);
  act_at_ = now + probe_pause_;
  turn_away(*trouble_, made);
}

/// A disk that fills up again as soon as it has room is asked less and less often.
void journal::pause_longer(instant now) {
  const bool again = probe_pause_ > milliseconds{0} && now - space_back_ < 2 * limits_.probe_max;
  probe_pause_ = again ? std::min(2 * probe_pause_, limits_.probe_max) : limits_.probe_min;
}

void journal::probed(const store_kept& told, instant now, decision& made) {
  probing_ = false;
  if (standing_ != standing::no_space)
    return;
  if (told.ok && !stop_asked_)
    return reopen(false, now, made);
  act_at_ = now + probe_pause_;
}

void journal::reopen(bool counted, instant now, decision& made) {
  if (counted) {
    while (!reopenings_.empty() && now - reopenings_.front() >= limits_.reopenings_within)
      reopenings_.pop_front();
    if (reopenings_.size() >= limits_.reopenings_max)
      return give_up(trouble_.value_or(fault{fault_code::failed, "the store cannot be opened", {}}),
                     made);
    reopenings_.push_back(now);
    unnoted_ = true;
  }
  standing_ = standing::reopening;
  store_open_ = false;
  opening_ = true;
  made.duties.push_back({.what = duty::reopen, .floor = {}, .counted = unnoted_});
}

void journal::reopened(const store_kept& told, instant now, decision& made) {
  opening_ = false;
  if (told.ok) {
    unnoted_ = false;
    store_open_ = true;
    standing_ = stop_asked_ ? standing::stopping : standing::serving;
    if (trouble_ && trouble_->code == fault_code::no_space)
      space_back_ = now;
    trouble_.reset();
    readers_by_.reset();
    failures_in_row_ = 0;
    last_commit_ = now;
    // What was in flight may be in the log after all, and whoever waits for records must see it.
    announce(told.head, made);
    return;
  }
  if (told.code == fault_code::busy) {
    if (!readers_by_)
      readers_by_ = now + limits_.reader_patience;
    if (now < *readers_by_) {
      act_at_ = now + limits_.reader_pause;
      return;
    }
  }
  readers_by_.reset();
  unnoted_ = false;
  if (is_for_good(told.code))
    return give_up({told.code, told.text, told.help}, made);
  if (told.code == fault_code::no_space) {
    trouble_ = fault{told.code, told.text, told.help};
    standing_ = standing::no_space;
    pause_longer(now);
    act_at_ = now + probe_pause_;
    return turn_away(*trouble_, made);
  }
  trouble_ = fault{told.code, told.text, told.help};
  act_at_ = now + limits_.reopen_pause * (1U << std::min(failures_in_row_++, 6U));
}

void journal::give_up(fault problem, decision& made) {
  // A disk that forbids the journal something forbids the caller nothing.
  if (problem.code != fault_code::corrupt)
    problem.code = fault_code::failed;
  standing_ = standing::gave_up;
  trouble_ = problem;
  act_at_.reset();
  turn_away(problem, made);
  made.gave_up = std::move(problem);
}

void journal::stop_if_done(decision& made) {
  if (!stop_asked_ || standing_ == standing::stopped || closing_)
    return;
  if (standing_ == standing::stopping) {
    if (!idle() || !waiting_.empty() || saving_frontier_ || anchoring_ || raising_)
      return;
    closing_ = true;
    made.duties.push_back({.what = duty::close, .floor = {}});
    return;
  }
  // Without a store that works there is nothing to finish and nothing to close cleanly.
  if (!idle() || opening_ || probing_)
    return;
  standing_ = standing::stopped;
  turn_away({fault_code::busy, "the journal has stopped", {}}, made);
  made.stopped =
      journal_stopped{.clean = false, .what = trouble_ ? trouble_->what : "the store was not open"};
}

std::optional<instant> journal::next_deadline() const {
  std::optional<instant> soonest = stop_by_;
  earlier(soonest, act_at_);
  if ((standing_ == standing::serving || standing_ == standing::stopping) && !closing_) {
    if (!syncing_ && !raising_)
      earlier(soonest, sync_by_);
    if (!saving_frontier_)
      earlier(soonest, frontier_by_);
  }
  return soonest;
}

decision& journal::finish(instant now, decision& made) {
  if (standing_ == standing::stopped)
    return made;
  plan_batches(now, made);
  if (floor_ && !raising_ && idle() && !anchoring_) {
    raising_ = true;
    made.duties.push_back({.what = duty::raise_floor, .floor = *floor_});
  }
  after_draining(now, made);
  stop_if_done(made);
  const auto next = next_deadline();
  if (next && (!armed_ || *next < *armed_)) {
    armed_ = next;
    made.wake_at = next;
  }
  return made;
}

} // namespace holdfast::journal
