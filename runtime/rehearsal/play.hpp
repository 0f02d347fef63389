// SPDX-License-Identifier: Apache-2.0
// A history under way: a process that runs supervisors, may crash, and is started again.
#pragma once

#include "actors/address_book.hpp"
#include "actors/shell.hpp"
#include "actors/supervisor/supervisor_actor.hpp"
#include "runtime/rehearsal/declarations.hpp"
#include "runtime/rehearsal/players.hpp"
#include "runtime/rehearsal/stage.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace holdfast::rehearsal {

/// Everything that commands work on. What happens is said in lines, each with its time.
class play {
public:
  play();
  ~play();
  play(const play&) = delete;
  play& operator=(const play&) = delete;

  declarations said;
  double chance = 0; ///< The random number of every pause.

  /// What was said since this was asked last.
  std::vector<std::string> take_lines();
  std::vector<std::string> take_reports();
  void say(const std::string& what);

  bool has_process() const { return stage_ != nullptr; }

  /// Starts the process, and the root in it; what the history has recorded is taken back.
  result<void> start();

  /// The process ends between two instructions: nobody is asked, nothing more is recorded.
  void crash_process();

  result<void> pass(milliseconds time);
  result<void> settle();

  /// The running supervisor of that name, or the reason why there is none.
  result<supervisor::handle> supervisor_of(const std::string& name);

  /// The stable address clients keep of a child.
  result<caf::actor> address_of(const std::string& id);

  /// Sends a request in the name of nobody; `then` is called with the answer or the refusal, now or
  /// while a later command is carried out.
  template <class Answer, class Handle, class Message>
  void ask(const Handle& whom, Message what, std::function<void(const Answer&)> then,
           std::function<void(const caf::error&)> refused);

  /// The same where the answer comes without time moving.
  template <class Answer, class Message>
  result<Answer> ask_now(const supervisor::handle& whom, Message what);

  supervisor::child child_of(const std::string& id);
  supervisor_flags flags_of(const std::string& name) const;
  std::vector<supervisor::child> children_of(const std::string& name);

  company& players() { return *company_; }
  stage& world() { return *stage_; }
  const address_book& book() const { return *book_; }

private:
  supervisor::surroundings around(const std::string& name);
  void record(const supervision_event& event);
  wall_time wall() const;
  void root_ended(const caf::error& reason);
  /// Carries out what `exit_process` asked for.
  void end_if_told();

  std::vector<std::string> lines_;
  std::vector<std::string> reports_;
  std::chrono::nanoseconds before_{0}; ///< Time that passed in earlier processes.
  instant began_{};
  supervisor::history recorded_;
  std::set<std::string> recovered_; ///< Supervisors that took back their history in this process.
  bool muted_ = false;
  bool exits_ = false;

  std::shared_ptr<company> company_ = std::make_shared<company>();
  std::shared_ptr<address_book> book_ = std::make_shared<address_book>();
  std::unique_ptr<stage> stage_;
  supervisor::handle root_;
  std::map<std::string, caf::actor, std::less<>> clients_; ///< Addresses that are kept.
};

template <class Answer, class Handle, class Message>
void play::ask(const Handle& whom, Message what, std::function<void(const Answer&)> then,
               std::function<void(const caf::error&)> refused) {
  stage_->system().spawn(
      [=](caf::event_based_actor* self, const Handle& to) {
        furnish(self);
        self->request(to, caf::infinite, what)
            .then([=](const Answer& answer) { then(answer); },
                  [=](const caf::error& problem) { refused(problem); });
      },
      whom);
}

template <class Answer, class Message>
result<Answer> play::ask_now(const supervisor::handle& whom, Message what) {
  result<Answer> got{fault{fault_code::timed_out, "no answer without time moving", {}}};
  ask<Answer>(
      whom, std::move(what), [&](const Answer& answer) { got = answer; },
      [&](const caf::error& problem) { got = to_fault(problem); });
  if (auto rests = stage_->settle(); !rests)
    return rests.error();
  return got;
}

} // namespace holdfast::rehearsal
