// SPDX-License-Identifier: Apache-2.0
// Does a trace end at either of its limits, and say why?
#include "actors/address/trace.hpp"
#include "tests/actors/address_office.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace std::chrono_literals;

namespace holdfast::addressing::test {

namespace {

/// What a trace said; outlives the office, whose address tells its trace that it goes.
struct notes {
  std::vector<traced_message> told;
  std::vector<std::string> ends;
};

/// Somebody who looks on at an address.
struct onlooker : notes, office {
  std::shared_ptr<trace> look(const trace_limits& limits) {
    auto made = std::make_shared<trace>(
        limits, trace::listener{[this](traced_message what) { told.push_back(std::move(what)); },
                                [this](trace_end why) { ends.emplace_back(to_string(why)); }});
    return door->watch()->attach(made) ? made : nullptr;
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(a_trace)

BOOST_AUTO_TEST_CASE(is_over_with_its_last_message) {
  trace_gate gate{{.messages = 2, .per_second = 100}};
  BOOST_TEST(gate.admit(instant{1s}));
  BOOST_TEST(!gate.over());
  BOOST_TEST(gate.admit(instant{1s}));
  BOOST_TEST((gate.over() == trace_end::all_told));
  BOOST_TEST(!gate.admit(instant{9s}));
}

BOOST_AUTO_TEST_CASE(is_over_with_the_first_message_that_comes_too_fast) {
  trace_gate gate{{.messages = 100, .per_second = 2}};
  for (const auto at : {0ms, 500ms, 1000ms, 1500ms, 2000ms})
    BOOST_TEST(gate.admit(instant{1h + at}), at.count() << " ms");
  BOOST_TEST(!gate.admit(instant{1h + 2001ms}));
  BOOST_TEST((gate.over() == trace_end::too_fast));
  BOOST_TEST(!gate.admit(instant{2h}));
}

BOOST_AUTO_TEST_CASE(tells_why_it_is_over_once_and_last) {
  std::vector<std::string> heard;
  trace one{{.messages = 2, .per_second = 9},
            {[&](const traced_message& what) { heard.push_back(what.kind); },
             [&](trace_end why) { heard.emplace_back(to_string(why)); }}};
  for (const auto* kind : {"a", "b", "c"}) {
    traced_message what;
    what.kind = kind;
    one.tell(what, instant{1s});
  }
  BOOST_TEST(one.is_over());
  one.end(trace_end::let_go);
  BOOST_TEST(heard == (std::vector<std::string>{"a", "b", "all_told"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(tells_of_messages_that_are_handled_over_a_restart, onlooker) {
  make({.queued = message_fate::redeliver});
  hire();
  send(1);
  settle();
  BOOST_TEST_REQUIRE(look({.messages = 100, .per_second = 100}));
  on_message = [this](int one) { scheduler.advance_time(one * 1ms); };
  send(2);
  pass(5ms);
  send(3);
  caf::anon_send(door->handle(), do_fail{});
  send(4);
  settle();
  bury();
  hire();
  settle();
  BOOST_TEST_REQUIRE(told.size() == 4U);
  BOOST_TEST(told[0].kind == "i32");
  BOOST_TEST(told[0].took.count() == 2000);
  BOOST_TEST(!told[0].body.has_value());
  BOOST_TEST(told[0].incarnation == 1U);
  BOOST_TEST(!told[0].failed);
  BOOST_TEST(told[1].took.count() == 3000);
  BOOST_TEST(told[2].kind == "addressing::test::do_fail");
  BOOST_TEST(told[2].failed);
  BOOST_TEST(told[3].incarnation == 2U);
  BOOST_TEST(ends.empty());
  balances();
}

BOOST_FIXTURE_TEST_CASE(tells_bodies_and_senders_where_they_are_wanted, onlooker) {
  make();
  hire();
  BOOST_TEST_REQUIRE(look({.messages = 1, .per_second = 1, .bodies = true}));
  auto asked = self->request(door->handle(), caf::infinite, 41);
  settle();
  asked.receive([](int) {}, [](caf::error&) {});
  send(42);
  settle();
  BOOST_TEST_REQUIRE(told.size() == 1U);
  BOOST_TEST(told[0].body.value_or("") == "(41)");
  BOOST_TEST(told[0].sender == self->id());
  BOOST_TEST(told[0].is_request);
  BOOST_TEST(ends == (std::vector<std::string>{"all_told"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(is_alone_until_it_is_over, onlooker) {
  make();
  hire();
  const auto first = look({.messages = 9, .per_second = 9});
  BOOST_TEST(bool(first));
  BOOST_TEST(!look({.messages = 9, .per_second = 9}));
  first->end(trace_end::let_go);
  BOOST_TEST(bool(look({.messages = 9, .per_second = 9})));
  send(1);
  settle();
  BOOST_TEST(told.size() == 1U);
  close();
  door.reset();
  BOOST_TEST(ends == (std::vector<std::string>{"let_go", "gone"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::addressing::test
