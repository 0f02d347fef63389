// SPDX-License-Identifier: Apache-2.0
// Starts processes of a history, crashes them, and finds who runs in them.
#include "runtime/rehearsal/play.hpp"

#include "actors/shell.hpp"
#include "runtime/rehearsal/telling.hpp"

#include <caf/actor_cast.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <cstdio>
#include <stdexcept>
#include <utility>

namespace holdfast::rehearsal {

namespace {

std::string clock_text(std::chrono::nanoseconds time) {
  const auto all = std::chrono::duration_cast<milliseconds>(time).count();
  char text[32];
  std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(all / 1000),
                static_cast<long long>(all % 1000));
  return text;
}

} // namespace

play::play() {
  company_->said = &said;
  company_->say = [this](const std::string& what) { say(what); };
}

play::~play() {
  crash_process();
}

std::vector<std::string> play::take_lines() {
  return std::exchange(lines_, {});
}

std::vector<std::string> play::take_reports() {
  return std::exchange(reports_, {});
}

void play::say(const std::string& what) {
  if (muted_)
    return;
  const auto here = stage_ ? stage_->now() - began_ : std::chrono::nanoseconds{0};
  lines_.push_back(clock_text(before_ + here) + "  " + what);
}

wall_time play::wall() const {
  const auto here = stage_ ? stage_->now() - began_ : std::chrono::nanoseconds{0};
  return {std::chrono::duration_cast<std::chrono::microseconds>(before_ + here).count()};
}

void play::record(const supervision_event& event) {
  if (muted_)
    return;
  recorded_.apply(event, wall());
  say(told(event));
}

supervisor::surroundings play::around(const std::string& name) {
  supervisor::surroundings given;
  given.history = [this](const supervision_event& event) { record(event); };
  given.jitter = [this] { return chance; };
  given.book = book_;
  given.exit_process = [this](const std::string& reason) {
    say("the process ends: " + reason);
    muted_ = true; // in a real one nothing would follow
    exits_ = true;
  };
  given.reports = [this](const supervision_report& report) { reports_.push_back(told(report)); };
  // Later incarnations in the same process begin afresh, as their supervisor decided.
  if (recovered_.insert(name).second)
    given.past = recorded_.recall(name, wall());
  return given;
}

supervisor::child play::child_of(const std::string& id) {
  supervisor::child made;
  made.spec.id = id;
  if (const auto found = said.children.find(id); found != said.children.end())
    made.spec = found->second.spec;
  made.hand_over = [this](const addressing::left_message& left) {
    say(left.child + ": handed over '" + caf::to_string(left.content) + "', "
        + (left.in_flight ? "which it was handling: " : "") + left.why);
  };
  if (said.supervisors.count(id) == 0) {
    made.start = scripted_child(company_, id);
    return made;
  }
  made.start = [this, id](caf::actor_system& system) {
    say(id + ": begins");
    const auto begun =
        supervisor::spawn_supervisor(system, flags_of(id), children_of(id), around(id));
    if (!begun)
      throw std::runtime_error{begun.error().what};
    const auto actor = caf::actor_cast<caf::actor>(*begun);
    company_->newest[id] = caf::actor_cast<caf::weak_actor_ptr>(actor);
    return actor;
  };
  return made;
}

supervisor_flags play::flags_of(const std::string& name) const {
  return said.supervisors.find(name)->second.flags;
}

std::vector<supervisor::child> play::children_of(const std::string& name) {
  std::vector<supervisor::child> all;
  for (const auto& id : said.supervisors.find(name)->second.children)
    all.push_back(child_of(id));
  return all;
}

result<void> play::start() {
  stage_ = std::make_unique<stage>();
  began_ = stage_->now();
  company_->on = stage_.get();
  recovered_.clear();
  auto made = supervisor::spawn_supervisor(stage_->system(), flags_of(said.root),
                                           children_of(said.root), around(said.root));
  if (!made) {
    say("refused: " + made.error().what);
    crash_process(); // there is nobody in it
    return {};
  }
  root_ = *std::move(made);
  root_->attach_functor([this](const caf::error& reason) { root_ended(reason); });
  return settle();
}

/// In the root's last moment.
void play::root_ended(const caf::error& reason) {
  const auto name = said.root + ' ';
  if (const auto ended = supervisor::ended_of(reason)) {
    for (const auto& line : told(*ended))
      say(line.starts_with(' ') ? line : name + line);
    return;
  }
  say(name + "ended (" + std::string{to_string(supervisor::ending_of(reason))} + ')');
}

void play::crash_process() {
  if (!stage_)
    return;
  before_ += stage_->now() - began_;
  muted_ = true;
  clients_.clear();
  stage_->release({});
  if (root_)
    caf::anon_send_exit(root_, caf::exit_reason::kill);
  root_ = nullptr;
  std::ignore = stage_->settle();
  company_->newest.clear();
  company_->starts.clear();
  stage_.reset();
  book_->clear();
  company_->on = nullptr;
  muted_ = false;
}

void play::end_if_told() {
  if (std::exchange(exits_, false))
    crash_process();
}

result<void> play::pass(milliseconds time) {
  if (!stage_) {
    before_ += time;
    return {};
  }
  const auto end = stage_->now() + time;
  auto done = stage_->pass(time, [this] { return exits_; });
  const auto rest = end - stage_->now();
  end_if_told();
  if (!stage_)
    before_ += rest;
  return done;
}

result<void> play::settle() {
  if (!stage_)
    return {};
  auto done = stage_->settle();
  end_if_told();
  return done;
}

result<supervisor::handle> play::supervisor_of(const std::string& name) {
  if (!root_)
    return fault{fault_code::invalid, "nothing runs", "start"};
  if (name == said.root)
    return root_;
  if (said.supervisors.count(name) == 0)
    return fault{fault_code::invalid, "there is no supervisor '" + name + "'", "declare it first"};
  if (auto found = book_->find(name))
    return caf::actor_cast<supervisor::handle>(std::move(found));
  return fault{fault_code::busy, "supervisor '" + name + "' does not run", {}};
}

result<caf::actor> play::address_of(const std::string& id) {
  if (auto found = book_->find(id))
    return clients_[id] = std::move(found);
  // Instances of simple_one_for_one are not in the book.
  if (const auto of = said.children.find(id.substr(0, id.find('#')));
      id.find('#') != id.npos && of != said.children.end())
    if (auto above = supervisor_of(of->second.of))
      if (auto found = ask_now<caf::actor>(*above, find_child{id}))
        return clients_[id] = *std::move(found);
  if (const auto kept = clients_.find(id); kept != clients_.end())
    return kept->second;
  return fault{fault_code::not_found, "nobody knows an address of '" + id + "'", {}};
}

} // namespace holdfast::rehearsal
