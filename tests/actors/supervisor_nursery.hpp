// SPDX-License-Identifier: Apache-2.0
// A world of small actors for the tests of the supervisor's shell, and what was said about them.
#pragma once

#include "actors/supervisor/supervisor_actor.hpp"
#include "tests/support/deterministic.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::supervisor::test {

using namespace std::chrono_literals;
using ids = std::vector<std::string>;

struct do_fail {
  static constexpr auto name = "do_fail";
  static constexpr auto fields = std::make_tuple();
};

/// Ends with that reason.
struct do_end {
  bool normally = true;

  static constexpr auto name = "do_end";
  static constexpr auto fields = std::make_tuple(&do_end::normally);
};

/// Its handler does not return for so long; then it notes -1.
struct do_block {
  std::chrono::milliseconds time{0};

  static constexpr auto name = "do_block";
  static constexpr auto fields = std::make_tuple(&do_block::time);
};

/// Noted, and answered with the same number.
struct do_note {
  int number = 0;

  static constexpr auto name = "do_note";
  static constexpr auto fields = std::make_tuple(&do_note::number);
};

/// A world of small actors and what the supervisor said about them.
struct nursery : holdfast::test::deterministic {
  std::vector<supervision_event> history;
  std::vector<supervision_report> reports;
  std::map<std::string, std::vector<int>> noted; ///< By id.
  std::vector<std::string> ends;                 ///< Ids in the order in which children ended.
  std::shared_ptr<address_book> book = std::make_shared<address_book>();
  handle root;

  ~nursery() {
    if (root)
      caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
    settle();
    pass(1min);
    book->clear();
  }

  /// Everything a child of these tests can be told to do. What blocks, does so by letting time
  /// pass for all others from within its handler.
  caf::behavior conduct(caf::event_based_actor* actor, const std::string& id) {
    return {
        [](do_fail) { throw std::runtime_error{"told to fail"}; },
        [actor](do_end how) {
          actor->quit(how.normally ? caf::error{} : caf::error{caf::exit_reason::user_shutdown});
        },
        [this, id](do_block asked) {
          pass(asked.time);
          noted[id].push_back(-1);
        },
        [this, id](do_note asked) {
          noted[id].push_back(asked.number);
          return asked;
        },
    };
  }

  caf::actor spawn_child(caf::actor_system& system, const std::string& id, bool ignores_exits) {
    auto made = system.spawn(
        [this, ignores_exits](caf::event_based_actor* actor, const std::string& whose) {
          furnish(actor);
          if (ignores_exits)
            actor->set_exit_handler([](caf::exit_msg&) {});
          return conduct(actor, whose);
        },
        id);
    made->attach_functor([this, id] { ends.push_back(id); });
    return made;
  }

  child worker(std::string id, restart_type restart = restart_type::permanent) {
    return {{.id = id, .restart = restart, .shutdown = 1s, .start = 3s},
            [this, id](caf::actor_system& system) { return spawn_child(system, id, false); }};
  }

  /// A child that ignores every request to end.
  child stubborn(std::string id) {
    auto one = worker(id);
    one.start = [this, id](caf::actor_system& system) { return spawn_child(system, id, true); };
    return one;
  }

  /// A child that is a supervisor of its own.
  child branch(supervisor_flags flags, std::vector<child> children) {
    return {
        {.id = flags.name, .type = child_type::supervisor}, [=, this](caf::actor_system& system) {
          return caf::actor_cast<caf::actor>(*spawn_supervisor(system, flags, children, around()));
        }};
  }

  surroundings around() {
    return {[this](const supervision_event& event) { history.push_back(event); },
            [] { return 0.0; },
            book,
            {},
            {},
            [this](const supervision_report& report) { reports.push_back(report); }};
  }

  supervisor_flags chosen(std::uint32_t intensity = 3) {
    return {.name = "root",
            .intensity = intensity,
            .period = 5s,
            .pauses = {.min = 100ms, .max = 1s, .jitter_share = 0}};
  }

  void start(std::vector<child> children, std::uint32_t intensity = 3) {
    auto made = spawn_supervisor(sys, chosen(intensity), std::move(children), around());
    BOOST_TEST_REQUIRE(bool{made});
    root = *made;
    settle();
  }

  /// Asks the supervisor; what a call is answered with.
  template <class Asked>
  child_answer call(Asked asked) {
    return *ask<carried<child_answer>>(root, std::move(asked));
  }

  child_answer add(child whom, value arguments = {}) {
    return call(carried{child_to_start{std::move(whom), std::move(arguments)}});
  }

  caf::actor find(const std::string& id) { return ask<caf::actor>(root, find_child{id}); }

  child_status status(const std::string& id) { return ask<child_status>(root, which_child{id}); }

  std::vector<std::string> told(supervision_fact fact) {
    ids whose;
    for (const auto& event : history)
      if (event.what == fact)
        whose.push_back(event.child);
    return whose;
  }
};

} // namespace holdfast::supervisor::test
