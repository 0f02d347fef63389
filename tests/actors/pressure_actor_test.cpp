// SPDX-License-Identifier: Apache-2.0
// Does the pressure actor tell subscribers, callbacks and the admission cell?
#include "actors/pressure/pressure_actor.hpp"
#include "tests/support/deterministic.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace holdfast::pressure::test {

namespace {

struct pressed : holdfast::test::deterministic {
  std::shared_ptr<admission> cell = std::make_shared<admission>();
  std::vector<pressure_alarm> alarms;
  std::vector<bool> changes;
  std::vector<bool> heard;
  handle gauge =
      sys.spawn(pressure_actor, limits{}, sequence{0},
                surroundings{cell, [this](const auto& alarm) { alarms.push_back(alarm); },
                             [this](const auto& change) { changes.push_back(change.paused); }});

  /// It must not speak to what is gone already while the base drains its timeouts.
  ~pressed() {
    caf::anon_send_exit(gauge, caf::exit_reason::kill);
    settle();
  }

  /// A producer that subscribes.
  caf::actor subscriber() {
    return sys.spawn(
        [](caf::event_based_actor* actor, pressed* test) -> caf::behavior {
          furnish(actor);
          actor->request(test->gauge, caf::infinite, watch_pressure{})
              .then([](const pressure_reading&) {}, [](caf::error&) {});
          return {[test](const pressure_changed& change) { test->heard.push_back(change.paused); }};
        },
        this);
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(pressure_shell)

BOOST_FIXTURE_TEST_CASE(everybody_hears_of_a_pause_and_of_its_end, pressed) {
  auto producer = subscriber();
  tell(gauge, records_processed{"reader", sequence{0}});
  tell(gauge, records_appended{sequence{10}, 100'000'001});
  BOOST_TEST(cell->paused());
  BOOST_TEST((cell->cause() == pressure_cause::bytes));
  BOOST_TEST(cell->retry_after().count() == 1000);
  BOOST_TEST(ask<pressure_reading>(gauge, read_pressure{}).now.bytes == 100'000'001U);
  tell(gauge, records_processed{"reader", sequence{10}});
  BOOST_TEST(!cell->paused());
  BOOST_TEST((heard == std::vector<bool>{true, false}));
  BOOST_TEST((changes == heard));
  // One that has ended is not told any more, and not kept.
  caf::anon_send_exit(producer, caf::exit_reason::kill);
  producer = {};
  tell(gauge, records_appended{sequence{20}, 100'000'001});
  BOOST_TEST(heard.size() == 2U);
  BOOST_TEST(changes.size() == 3U);
}

BOOST_FIXTURE_TEST_CASE(a_silent_consumer_is_reported_after_a_day_by_itself, pressed) {
  tell(gauge, records_processed{"dead", sequence{0}});
  tell(gauge, records_appended{sequence{10}, 200'000'000});
  pass(24h - 1s);
  BOOST_TEST(alarms.empty());
  BOOST_TEST(cell->paused());
  pass(1s);
  BOOST_REQUIRE(alarms.size() == 1U);
  BOOST_TEST(alarms[0].text.find("'dead'") != std::string::npos);
  BOOST_TEST(!cell->paused());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::pressure::test
