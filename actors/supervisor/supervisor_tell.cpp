// SPDX-License-Identifier: Apache-2.0
// What a supervisor says: records, reports, routes, answers, and how its children are.
#include "actors/supervisor/supervisor.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::supervisor {

namespace {

using std::chrono::milliseconds;

milliseconds between(instant then, instant now) {
  return std::chrono::duration_cast<milliseconds>(now - then);
}

route planned(message_fate fate) {
  switch (fate) {
  case message_fate::redeliver:
    return route::holding;
  case message_fate::hand_over:
    return route::handing;
  default:
    return route::refusing;
  }
}

} // namespace

supervision_event& supervisor::record(decision& made, supervision_fact what, const child_ref& whom,
                                      instant now, std::string text) const {
  supervision_event event;
  event.what = what;
  event.supervisor = flags_.name;
  event.child = whom.id;
  event.incarnation = whom.incarnation;
  event.text = std::move(text);
  event.at = now;
  made.events.push_back(std::move(event));
  return made.events.back();
}

void supervisor::report(decision& made, report_context context, const slot& one, std::string reason,
                        report_level level) const {
  supervision_report said;
  said.context = context;
  said.level = level;
  said.supervisor = flags_.name;
  said.reason = std::move(reason);
  said.child = one.id;
  said.incarnation = one.incarnation;
  said.restart = one.spec->restart;
  said.type = one.spec->type;
  said.significant = one.spec->significant;
  said.shutdown = shutdown_of(*one.spec);
  made.reports.push_back(std::move(said));
}

void supervisor::lead(decision& made, slot& one, route to) const {
  if (one.leads == to)
    return;
  one.leads = to;
  made.routes.push_back({one.ref(), to});
}

/// It will run again: its messages wait, or learn that they must come again.
void supervisor::lead_back(decision& made, slot& one) const {
  lead(made, one, planned(one.spec->messages.queued));
}

void supervisor::answer(decision& made, std::vector<caller>& to, child_verdict what,
                        const slot& one, const std::string& text, bool with_spec) const {
  for (const auto& whom : to) {
    child_answer said{what, one.id, one.incarnation, text, {}};
    if (with_spec)
      said.spec = *one.spec;
    made.replies.push_back({whom, std::move(said)});
  }
  to.clear();
}

child_list supervisor::list(instant now) const {
  child_list all;
  all.supervisor = flags_.name;
  all.restarts_used = static_cast<std::uint32_t>(restarts_.count(now));
  all.intensity = flags_.intensity;
  for (auto one = children_.rbegin(); one != children_.rend(); ++one)
    all.children.push_back(describe(one->second, now));
  return all;
}

child_status supervisor::describe(const slot& one, instant now) const {
  child_status status;
  status.id = one.id;
  status.state = one.state;
  status.restart = one.spec->restart;
  status.type = one.spec->type;
  status.incarnation = one.incarnation;
  status.restarts = one.restarts;
  if (one.epoch != 0)
    status.in_state = between(one.since, now);
  if (one.state == child_state::backoff)
    status.retry_in = std::max(between(now, one.retry_at), milliseconds{0});
  status.last_cause = one.last_cause;
  status.failures = one.failures;
  if (one.own) {
    status.budget = one.spec->budget->intensity;
    status.budget_used = static_cast<std::uint32_t>(one.own->count(now));
  }
  status.lost = static_cast<std::uint64_t>(std::count_if(
      lost_.begin(), lost_.end(), [&](const lost_child& it) { return it.child.id == one.id; }));
  status.messages = one.messages;
  return status;
}

child_counts supervisor::count() const {
  child_counts counts;
  counts.specs = is_simple() ? 1 : children_.size();
  for (const auto& [order, one] : children_) {
    if (is_alive(one.state) && one.state != child_state::starting)
      ++counts.active;
    ++(one.spec->type == child_type::supervisor ? counts.supervisors : counts.workers);
  }
  return counts;
}

result<child_status> supervisor::status_of(std::string_view id, instant now) const {
  if (const auto* one = find(id))
    return describe(*one, now);
  return fault{fault_code::not_found, "no child '" + std::string{id} + "'", {}};
}

result<child_spec> supervisor::spec_of(std::string_view id) const {
  if (const auto* one = find(id))
    return *one->spec;
  if (template_ && template_->id == id)
    return *template_;
  return fault{fault_code::not_found, "no child '" + std::string{id} + "'", {}};
}

value supervisor::arguments_of(std::string_view id) const {
  const auto* one = find(id);
  return one != nullptr && one->arguments ? *one->arguments : value{};
}

} // namespace holdfast::supervisor
