// SPDX-License-Identifier: Apache-2.0
// The embedding API: what a program sees of a runtime.
#include "runtime/runtime.hpp"

#include "runtime/config.hpp"
#include "runtime/core.hpp"

#include <exception>
#include <utility>

namespace holdfast {

namespace {

/// Holdfast's own failures are faults; what is left is memory or a library, and crosses no wall.
template <class Work>
auto walled(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& thrown) {
    return fault{fault_code::undone, thrown.what(), ""};
  }
}

} // namespace

runtime::runtime(std::unique_ptr<core> made) : core_{std::move(made)} {}
runtime::runtime(runtime&&) noexcept = default;

runtime& runtime::operator=(runtime&& other) noexcept {
  core::end(std::exchange(core_, std::move(other.core_)));
  return *this;
}

runtime::~runtime() {
  core::end(std::move(core_));
}

result<runtime> runtime::start(options chosen) {
  return walled([&]() -> result<runtime> {
    auto made = core::begin(std::move(chosen));
    if (!made)
      return made.error();
    return runtime{*std::move(made)};
  });
}

result<runtime> runtime::start(const std::filesystem::path& config_file) {
  return walled([&]() -> result<runtime> {
    auto chosen = config::checked(config::of_this_machine(config_file));
    if (!chosen)
      return chosen.error();
    return start(*std::move(chosen));
  });
}

std::future<append_result> runtime::append(std::vector<event> events, durability level) {
  auto told = std::make_shared<std::promise<append_result>>();
  auto coming = told->get_future();
  append(std::move(events), level,
         [told](append_result answer) { told->set_value(std::move(answer)); });
  return coming;
}

void runtime::append(std::vector<event> events, durability level,
                     std::function<void(append_result)> then) {
  std::vector<levelled_event> all;
  all.reserve(events.size());
  for (auto& one : events)
    all.push_back({std::move(one), level});
  core_->append(std::move(all), std::move(then));
}

result<subscription> runtime::subscribe(subscription_choice wanted,
                                        std::function<void(const recorded_event&)> take) {
  return walled([&]() -> result<subscription> {
    if (auto open = core_->read(); !open && open.error().code == fault_code::failed)
      return open.error();
    auto made =
        std::make_shared<subscription::core>(core_->front, std::move(wanted), std::move(take));
    core_->listening.add(made);
    made->begin();
    return subscription{std::move(made)};
  });
}

result<void> runtime::add(fold actor) {
  return walled([&] { return core_->add(std::move(actor)); });
}

result<state_at<std::any>> runtime::state_any(const std::string& actor) const {
  return walled([&] { return core_->state_now(actor); });
}

result<state_at<std::any>> runtime::state_any(const std::string& actor, sequence at) const {
  return walled([&] { return core_->state_then(actor, at); });
}

result<state_at<std::any>> runtime::state_any(const std::string& actor, wall_time at) const {
  return walled([&]() -> result<state_at<std::any>> {
    const auto last = core_->last_before(at);
    if (!last)
      return last.error();
    return core_->state_then(actor, *last);
  });
}

result<state_at<value>> runtime::encoded(const std::string& actor,
                                         result<state_at<std::any>> found) const {
  if (!found)
    return found.error();
  const auto known = core_->fold_named(actor);
  if (!known)
    return fault{fault_code::not_found, "no persistent actor has the name " + actor, ""};
  return walled([&]() -> result<state_at<value>> {
    return state_at<value>{known->encode(found->state), found->covered};
  });
}

result<state_at<value>> runtime::state_value(const std::string& actor) const {
  return encoded(actor, state_any(actor));
}

result<state_at<value>> runtime::state_value(const std::string& actor, sequence at) const {
  return encoded(actor, state_any(actor, at));
}

result<state_at<value>> runtime::state_value(const std::string& actor, wall_time at) const {
  return encoded(actor, state_any(actor, at));
}

result<checkpoint_info> runtime::checkpoint(const std::string& actor) {
  return walled([&] { return core_->checkpoint(actor, "demand"); });
}

result<event_page> runtime::events(const event_query& wanted) const {
  return walled([&] {
    return core_->reading([&](const persistence::reader& reader) { return reader.events(wanted); });
  });
}

result<recorded_event> runtime::event_at(sequence at) const {
  return walled([&] {
    return core_->reading([&](const persistence::reader& reader) { return reader.record(at); });
  });
}

result<std::vector<checkpoint_info>> runtime::checkpoints(const std::string& owner) const {
  return walled([&] {
    return core_->reading(
        [&](const persistence::reader& reader) { return reader.checkpoints(owner); });
  });
}

result<consumer_info> runtime::commit(commit_consumer place) {
  return walled([&] { return core_->commit(std::move(place)); });
}

result<consumer_info> runtime::consumer(const std::string& name) const {
  return walled([&] {
    return core_->reading([&](const persistence::reader& reader) { return reader.consumer(name); });
  });
}

result<std::vector<consumer_info>> runtime::consumers() const {
  return walled([&] {
    return core_->reading([](const persistence::reader& reader) { return reader.consumers(); });
  });
}

result<consumer_info> runtime::reset(reset_consumer place) {
  return walled([&] { return core_->reset(std::move(place)); });
}

result<checkpoint_info> runtime::keep(keep_state taken) {
  return walled([&] { return core_->keep(std::move(taken)); });
}

result<checkpoint> runtime::newest_checkpoint(const std::string& owner, sequence at) const {
  return walled([&] {
    return core_->reading(
        [&](const persistence::reader& reader) { return reader.newest_checkpoint(owner, at); });
  });
}

bool runtime::paused() const {
  return !core_->stopped && core_->house->admitted().paused();
}

void runtime::on_pressure(std::function<void(bool)> told) {
  core_->pressed.with([&](auto& all) { all.push_back(std::move(told)); });
}

runtime_stats runtime::stats() const {
  return core_->stats();
}

const start_report& runtime::report() const {
  return core_->report;
}

stop_report runtime::stop() {
  return core_->stop(core_->chosen.stop_deadline);
}

stop_report runtime::stop(std::chrono::milliseconds deadline) {
  return core_->stop(deadline);
}

} // namespace holdfast
