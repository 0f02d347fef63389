// SPDX-License-Identifier: Apache-2.0
// Are flags and specs checked before anything starts, and is the first problem named?
#include "actors/supervisor/specification.hpp"
#include "tests/actors/supervisor_stage.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace holdfast::supervisor::test {

BOOST_AUTO_TEST_SUITE(supervisor_specification)

BOOST_AUTO_TEST_CASE(points_1_and_2_defaults_are_otps) {
  const supervisor_flags flags;
  BOOST_TEST((flags.strategy == restart_strategy::one_for_one));
  BOOST_TEST(flags.intensity == 1U);
  BOOST_TEST((flags.period == 5s));
  BOOST_TEST((flags.shuts_down == auto_shutdown::never));
  const child_spec spec{.id = "a"};
  BOOST_TEST((spec.restart == restart_type::permanent));
  BOOST_TEST(!spec.significant);
  BOOST_TEST((spec.type == child_type::worker));
  BOOST_TEST((shutdown_of(completed(spec)) == 5s));
  BOOST_TEST((shutdown_of(completed({.id = "a", .type = child_type::supervisor}))
              == shutdown_without_limit));
  BOOST_TEST(
      (shutdown_of(completed({.id = "a", .shutdown = 1s, .type = child_type::supervisor})) == 1s));
}

BOOST_AUTO_TEST_CASE(points_3_and_4_name_the_first_problem) {
  struct row {
    const char* reason;
    supervisor_flags chosen;
    std::vector<child_spec> specs;
  };
  const auto with = [](auto change) {
    auto chosen = flags_of();
    change(chosen);
    return chosen;
  };
  const auto one = [](auto change) {
    auto specs = specs_of({"a", "b"});
    change(specs[1]);
    return specs;
  };
  const auto good = flags_of();
  const auto any = with([](auto& f) { f.shuts_down = auto_shutdown::any_significant; });
  const auto all_for_all = flags_of(restart_strategy::one_for_all);
  const auto simple = flags_of(restart_strategy::simple_one_for_one);
  using spec = child_spec;
  for (const auto& [reason, chosen, specs] :
       {row{"invalid_strategy", with([](auto& f) { f.strategy = restart_strategy{9}; }), {}},
        row{"invalid_intensity", with([](auto& f) { f.intensity = 10001; }), {}},
        row{"invalid_period", with([](auto& f) { f.period = 0ms; }), {}},
        row{"invalid_auto_shutdown", with([](auto& f) { f.shuts_down = auto_shutdown{0}; }), {}},
        row{"bad_combination", with([](auto& f) {
              f.strategy = restart_strategy::simple_one_for_one;
              f.shuts_down = auto_shutdown::any_significant;
            }),
            specs_of({"a"})},
        row{"bad_start_spec", simple, {}}, row{"bad_start_spec", simple, specs_of({"a", "b"})},
        row{"invalid_backoff", with([](auto& f) { f.pauses.max = 1ms; }), {}},
        row{"invalid_backoff", with([](auto& f) { f.pauses.jitter_share = 1.1; }), {}},
        row{"invalid_budget", with([](auto& f) { f.kill_budget = 0ms; }), {}},
        row{"missing_id", good, one([](spec& b) { b.id = ""; })},
        row{"invalid_restart_type", good, one([](spec& b) { b.restart = restart_type{0}; })},
        row{"invalid_shutdown", good, one([](spec& b) { b.shutdown = -1ms; })},
        row{"invalid_child_type", good, one([](spec& b) { b.type = child_type{3}; })},
        row{"invalid_start", good, one([](spec& b) { b.start = 0ms; })},
        row{"invalid_period", good, one([](spec& b) {
              b.budget = {1, 0ms};
            })},
        row{"invalid_backoff", good, one([](spec& b) { b.pauses = {.min = -1ms}; })},
        row{"invalid_hang_watch", good, one([](spec& b) { b.hang.probe_every = 1s; })},
        row{"invalid_lost_action", good, one([](spec& b) { b.when_lost = lost_action{0}; })},
        row{"invalid_messages", good, one([](spec& b) { b.messages.queued = message_fate{7}; })},
        row{"invalid_mailbox", good, one([](spec& b) { b.mailbox.messages_max = 0; })},
        row{"bad_combination", any, one([](spec& b) { b.significant = true; })},
        row{"bad_combination", good, one([](spec& b) {
              b.significant = true;
              b.restart = restart_type::transient;
            })},
        row{"bad_combination", all_for_all, one([](spec& b) {
              b.budget = {1, 1s};
              b.when_spent = spent_action::rest;
            })},
        row{"bad_combination", any, one([](spec& b) {
              b.restart = restart_type::transient;
              b.significant = true;
              b.budget = {1, 1s};
              b.when_spent = spent_action::rest;
            })},
        row{"duplicate_child_name", good, specs_of({"a", "b", "a"})},
        row{"too_many_children", good, std::vector<spec>(10001, spec{.id = "a"})},
        // Of two problems the first is named.
        row{"invalid_start", good, {spec{.id = "a", .start = 0ms}, spec{.id = ""}}},
        row{"invalid_period", with([](auto& f) { f.period = 0ms; }), {spec{.id = ""}}}})
    BOOST_TEST_CONTEXT(reason) {
      const auto checked = check(chosen, specs);
      BOOST_REQUIRE(!checked);
      BOOST_TEST(checked.error().what.find(reason) != std::string::npos, checked.error().what);
    }
}

BOOST_AUTO_TEST_CASE(point_3_zero_is_a_valid_shutdown_and_a_valid_intensity) {
  auto specs = specs_of({"a"});
  specs[0].shutdown = 0ms;
  BOOST_TEST(bool{check(flags_of(restart_strategy::one_for_one, 0), specs)});
}

BOOST_AUTO_TEST_CASE(point_4_a_transient_significant_child_is_fine_where_it_can_end_something) {
  auto chosen = flags_of();
  chosen.shuts_down = auto_shutdown::all_significant;
  auto specs = specs_of({"a"}, restart_type::transient);
  specs[0].significant = true;
  BOOST_TEST(bool{check(chosen, specs)});
}

BOOST_AUTO_TEST_CASE(point_39_specs_are_checked_without_a_supervisor) {
  child_spec significant{.id = "a", .restart = restart_type::transient, .significant = true};
  BOOST_TEST(bool{check_childspecs({significant})});
  BOOST_TEST(bool{check_childspecs({significant}, auto_shutdown::any_significant)});
  const auto checked = check_childspecs({significant}, auto_shutdown::never);
  BOOST_REQUIRE(!checked);
  BOOST_TEST(checked.error().what.find("bad_combination") != std::string::npos);
  BOOST_TEST(!check_childspecs({significant, significant}));
  BOOST_TEST(!check_childspecs({{.id = ""}}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
