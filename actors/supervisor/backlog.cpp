// SPDX-License-Identifier: Apache-2.0
// Keeps what waits for the journal, and counts what had to go.
#include "actors/supervisor/backlog.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::supervisor {

namespace {

bool is_restart(const supervision_fate& what) {
  const auto* event = std::get_if<supervision_event>(&what);
  return event != nullptr && event->what == supervision_fact::restart_due;
}

} // namespace

backlog::backlog(supervision_run of, std::size_t kept_max)
    : run_{std::move(of)}, kept_max_{kept_max} {}

void backlog::add(supervision_fate what, wall_time at, instant ticks) {
  auto& into = is_restart(what) ? restarts_ : others_;
  into.push_back({run_, ++numbers_, at, ticks, std::move(what)});
  if (restarts_.size() + others_.size() > kept_max_)
    drop();
}

void backlog::drop() {
  auto& from = others_.empty() ? restarts_ : others_;
  const auto number = from.front().number;
  from.pop_front();
  gap_.from = gap_.count == 0 ? number : std::min(gap_.from, number);
  gap_.to = std::max(gap_.to, number);
  ++gap_.count;
  ++dropped_;
}

const std::vector<supervision_record>& backlog::next() {
  if (!sending_.empty())
    return sending_;
  if (gap_.count > 0) {
    const auto& oldest = others_.empty() ? restarts_ : others_;
    sending_.push_back({run_, 0, oldest.empty() ? wall_time{} : oldest.front().at,
                        oldest.empty() ? instant{} : oldest.front().ticks,
                        std::exchange(gap_, {})});
  }
  while (sending_.size() < batch_max && !(restarts_.empty() && others_.empty())) {
    const bool restart =
        others_.empty()
        || (!restarts_.empty() && restarts_.front().number < others_.front().number);
    auto& from = restart ? restarts_ : others_;
    sending_.push_back(std::move(from.front()));
    from.pop_front();
  }
  return sending_;
}

} // namespace holdfast::supervisor
