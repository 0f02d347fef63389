// SPDX-License-Identifier: Apache-2.0
// Bookkeeping from intake to answer.
#include "actors/journal/requests.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace holdfast::journal {

requests::~requests() {
  lose_all("the journal has ended");
}

std::vector<arrival> requests::add(std::vector<std::unique_ptr<request>> taken) {
  std::vector<arrival> arrived;
  arrived.reserve(taken.size());
  for (auto& next : taken) {
    held_.push_back({.asked = std::move(next), .answers = {}});
    auto& held = held_.back();
    const auto& asked = *held.asked;
    const auto events = asked.drafts.size();
    if (events == 0) {
      deliver(held, {});
      continue;
    }
    arrived.push_back({.request = first_id_ + held_.size() - 1,
                       .events = events,
                       .bytes = asked.bytes,
                       .whole = asked.whole,
                       .early = asked.early});
  }
  drop_answered();
  return arrived;
}

std::vector<persistence::draft> requests::drafts_of(const batch_plan& plan) {
  if (plan.pieces.size() == 1) {
    auto& only = at(plan.pieces.front().request);
    if (plan.pieces.front().events == only.asked->drafts.size()) {
      only.prepared = plan.pieces.front().events;
      return std::exchange(only.asked->drafts, {});
    }
  }
  std::vector<persistence::draft> drafts;
  std::size_t events = 0;
  for (const auto& part : plan.pieces)
    events += part.events;
  drafts.reserve(events);
  for (const auto& part : plan.pieces) {
    auto& held = at(part.request);
    const auto from = held.asked->drafts.begin() + static_cast<std::ptrdiff_t>(held.prepared);
    std::move(from, from + static_cast<std::ptrdiff_t>(part.events), std::back_inserter(drafts));
    held.prepared += part.events;
  }
  return drafts;
}

template <class Each>
void requests::for_pieces(const batch_plan& plan, bool early, Each each) {
  std::size_t offset = 0;
  for (const auto& part : plan.pieces) {
    if (part.early == early)
      each(at(part.request), part.events, offset);
    offset += part.events;
  }
  drop_answered();
}

void requests::answer_early(const batch_plan& plan, const std::vector<append_answer>& answers) {
  for_pieces(plan, true, [&](one& held, std::size_t count, std::size_t offset) {
    answer(held, answers.data() + offset, count);
  });
}

void requests::conclude(const batch_plan& plan, const std::vector<append_answer>& answers) {
  for_pieces(plan, false, [&](one& held, std::size_t count, std::size_t offset) {
    answer(held, answers.data() + offset, count);
  });
}

void requests::lose(const batch_plan& plan, const std::string& why) {
  for_pieces(plan, false, [&](one& held, std::size_t count, std::size_t) {
    const auto from = std::exchange(held.next, held.next + count);
    fill(held, from, count, why);
  });
}

void requests::turn_away(const std::vector<std::uint64_t>& ids, const fault& reason) {
  for (const auto id : ids) {
    auto& held = at(id);
    if (held.prepared == 0)
      deliver(held, {.answers = {},
                     .refused = append_refused{
                         reason, retry_hint(door_->events_held(), door_->commit_rate())}});
    else
      fill(held, held.prepared, held.asked->events - held.prepared, reason.what);
  }
  drop_answered();
}

void requests::lose_all(const std::string& why) {
  for (auto& held : held_) {
    if (!held.asked)
      continue;
    if (held.prepared == 0) {
      deliver(held, {.answers = {}, .refused = append_refused{{fault_code::failed, why, {}}, {}}});
      continue;
    }
    // The tail may have been turned away before; the middle is what was in flight.
    const auto lost = held.asked->events - held.answered;
    fill(held, held.next, lost, why);
  }
  drop_answered();
}

void requests::answer(one& held, const append_answer* answers, std::size_t count) {
  assert(held.asked && held.next + count <= held.asked->events);
  held.answers.resize(held.asked->events);
  std::copy(answers, answers + count,
            held.answers.begin() + static_cast<std::ptrdiff_t>(held.next));
  held.next += count;
  answered(held, count);
}

void requests::fill(one& held, std::size_t from, std::size_t count, const std::string& why) {
  held.answers.resize(held.asked->events);
  std::fill_n(held.answers.begin() + static_cast<std::ptrdiff_t>(from), count,
              append_answer{.what = outcome::unknown, .at = {}, .first_seen = {}, .error = why});
  answered(held, count);
}

void requests::answered(one& held, std::size_t count) {
  held.answered += count;
  if (held.answered == held.asked->events)
    deliver(held, {.answers = std::move(held.answers), .refused = {}});
}

void requests::deliver(one& held, append_result result) {
  const auto asked = std::move(held.asked);
  door_->release(*asked); // before the callback, which may hand in the next request
  asked->done(std::move(result));
}

void requests::drop_answered() {
  while (!held_.empty() && !held_.front().asked) {
    held_.pop_front();
    ++first_id_;
  }
}

} // namespace holdfast::journal
