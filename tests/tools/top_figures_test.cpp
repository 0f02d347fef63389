// SPDX-License-Identifier: Apache-2.0
// What `holdfast top` makes of successive looks: rates, changes, restarts, the host.
#include "tests/tools/top_watching.hpp"

#include <boost/test/unit_test.hpp>

using namespace top_test;

BOOST_AUTO_TEST_SUITE(figures_of_a_top)

BOOST_AUTO_TEST_CASE(calls_no_end_an_error_that_is_none) {
  watching top;
  top.look({{.last_cause = "normal"},
            {.name = "fold b", .last_cause = "user_shutdown"},
            {.name = "fold c", .last_cause = "bad body"}});
  BOOST_TEST(!top.shows("normal"));
  BOOST_TEST(!top.shows("user_shutdown"));
  BOOST_TEST(top.shows("bad body"));
}

/// A supervisor whose parent nobody knows, and one that is its own: they are shown all the same.
BOOST_AUTO_TEST_CASE(hides_nothing_of_a_tree_that_is_none) {
  past seen{10s};
  const array actors{json_of({.name = "orphan", .supervisor = "nobody"}),
                     json_of({.name = "below", .supervisor = "one"})};
  const array keepers{object{{"name", "one"}, {"parent", "two"}},
                      object{{"name", "two"}, {"parent", "one"}}};
  seen.see(object{{"actors", actors}, {"supervisors", keepers}}, {}, instant{});
  BOOST_TEST(rows_of(seen.actors(), {}).size() == 4U);
}

BOOST_AUTO_TEST_CASE(makes_rates_of_counters_and_shows_nothing_before_the_second_look) {
  watching top;
  top.look({{.handled = 100, .busy_ms = 50, .lived_ms = 1000}});
  BOOST_TEST(top.cell("fold a", "MSGS/S") == "");
  BOOST_TEST(top.cell("fold a", "BUSY") == "");
  BOOST_TEST(top.cell("fold a", "P99") == "230 us");
  top.look({{.handled = 5100, .busy_ms = 550, .lived_ms = 3000}});
  BOOST_TEST(top.cell("fold a", "MSGS/S") == "2,500");
  BOOST_TEST(top.cell("fold a", "BUSY") == "25 %");
  top.look({{.handled = 5101, .busy_ms = 551, .lived_ms = 5000}});
  BOOST_TEST(top.cell("fold a", "MSGS/S") == "0.5");
  BOOST_TEST(top.cell("fold a", "BUSY") == "<1 %");
}

/// Counters of a daemon that was started again begin at nothing; so does the time of a new
/// incarnation. Neither is a rate of four thousand million.
BOOST_AUTO_TEST_CASE(takes_counters_that_went_back_for_a_new_beginning) {
  watching top;
  top.look({{.handled = 9000, .busy_ms = 800, .lived_ms = 60000}});
  top.look({{.handled = 40, .busy_ms = 200, .lived_ms = 1000}});
  BOOST_TEST(top.cell("fold a", "MSGS/S") == "20");
  BOOST_TEST(top.cell("fold a", "BUSY") == "10 %");
  // Busy time is an estimate, and this one has become smaller.
  top.look({{.handled = 40, .busy_ms = 190, .lived_ms = 3000}});
  BOOST_TEST(top.cell("fold a", "BUSY") == "0 %");
  top.look({{.counted = false}});
  BOOST_TEST(top.cell("fold a", "MSGS/S") == "");
}

BOOST_AUTO_TEST_CASE(counts_the_restarts_of_the_last_hour_as_far_as_it_knows) {
  watching top;
  top.look({{.restarts = 0}, {.name = "fold b", .restarts = 4}});
  BOOST_TEST(top.cell("fold a", "RESTARTS/H") == "0");
  BOOST_TEST(top.cell("fold b", "RESTARTS/H") == ""); // when, nobody knows
  top.look({{.restarts = 2}, {.name = "fold b", .restarts = 5}});
  BOOST_TEST(top.cell("fold a", "RESTARTS/H") == "2");
  BOOST_TEST(top.cell("fold b", "RESTARTS/H") == "1+");
  top.press("f");
  BOOST_TEST(top.order() == (names{"root", "folds", "fold a", "fold b"}));
  top.look({{.restarts = 2}, {.name = "fold b", .restarts = 5}}, 61min);
  BOOST_TEST(top.order() == (names{"No actor is like that."}));
  top.press("f");
  BOOST_TEST(top.cell("fold b", "RESTARTS/H") == "0");
}

/// One worked for half a second, eight seconds ago: now it is idle, but in the window it is first.
BOOST_AUTO_TEST_CASE(ranks_by_what_changed_in_the_window_so_that_short_hogs_show) {
  watching top;
  std::uint64_t lived = 0;
  const auto look = [&](std::uint64_t hog_ms, std::uint64_t hog_handled) {
    lived += 2000;
    top.look({{.name = "steady", .handled = lived / 2, .busy_ms = lived / 50, .lived_ms = lived},
              {.name = "hog",
               .handled = hog_handled,
               .busy_ms = hog_ms,
               .lived_ms = lived,
               .queued = 3}});
  };
  look(0, 0);
  look(500, 2);
  for (int more = 0; more < 3; ++more)
    look(500, 2);
  top.press("t:sort busy\n");
  BOOST_TEST(top.order() == (names{"steady", "hog"}));
  top.press("c");
  BOOST_TEST(top.shows("[changes of the last 8 s]"));
  BOOST_TEST(top.order() == (names{"hog", "steady"}));
  BOOST_TEST(top.cell("hog", "+BUSY*") == "500 ms");
  BOOST_TEST(top.cell("hog", "+MSGS") == "2");
  BOOST_TEST(top.cell("hog", "+QUEUED") == "0");
  BOOST_TEST(top.cell("steady", "+MSGS") == "4,000");
  top.press(".");
  BOOST_TEST(top.order() == (names{"steady", "hog"}));
  BOOST_TEST(top.shows("+MSGS*"));
  top.press("...");
  BOOST_TEST(top.shows("+BUSY*"));
  look(500, 2);
  look(500, 2);
  BOOST_TEST(top.cell("hog", "+BUSY*") == "0"); // longer ago than the window
  BOOST_TEST(top.shows("[changes of the last 10 s]"));
  top.press(":sort p99\n");
  BOOST_TEST(top.shows("MSGS/S"));
}

/// A thousand looks a window apart or close together: what is kept stays small.
BOOST_AUTO_TEST_CASE(reaches_back_as_far_as_the_window_and_no_further) {
  past seen{600s};
  instant now{};
  for (std::uint64_t look = 1; look <= 2000; ++look) {
    now += 1s;
    seen.see(tree_of({{.handled = look}}), {.memory_percent = 50}, now);
  }
  const auto& change = *std::ranges::find(seen.actors(), "fold a", &actor_figures::name)->change;
  BOOST_TEST((change.over >= 600s && change.over < 610s), change.over.count());
  BOOST_TEST(change.handled == static_cast<std::uint64_t>(change.over / 1s));
  BOOST_TEST(seen.host().memory.size() == host_looks_max);
}

BOOST_AUTO_TEST_CASE(tells_of_a_journal_what_was_and_nothing_that_is_counted) {
  watching top;
  top.look({{.counted = false}, {.name = "fold b", .state = "stopped", .counted = false}}, 2s, {},
           "journal");
  BOOST_TEST(top.shows("from the journal alone, its process is gone; 2 actors"));
  BOOST_TEST(top.shows("was running"));
  BOOST_TEST(top.cell("fold a", "QUEUED") == "");
  top.press("f");
  BOOST_TEST(top.order() == (names{"No actor is like that."}));
}

BOOST_AUTO_TEST_CASE(draws_the_host_as_far_as_it_is_known) {
  watching top;
  const auto host = [](std::uint64_t busy, std::uint64_t all, std::uint64_t free) {
    return os::host_load{.cpu = os::cpu_ticks{busy, all},
                         .memory_percent = 62.4,
                         .cpu_stall_percent = 1,
                         .io_stall_percent = 7,
                         .disk = os::disk_room{free, 100'000'000'000}};
  };
  top.look(small_tree(), 2s, host(100, 1000, 50'000'000'000));
  BOOST_TEST(!top.shows("cpu "));
  top.look(small_tree(), 2s, host(350, 2000, 50'000'000'000));
  BOOST_TEST(top.shows("\u2583 25 %"));
  BOOST_TEST(top.shows("mem \u2585\u2585 62 %"));
  BOOST_TEST(top.shows("7 % io"));
  BOOST_TEST(top.shows("50.0 GB free"));
  BOOST_TEST(!top.shows("full in"));
  top.look(small_tree(), 34s, host(350, 3000, 49'000'000'000)); // a gigabyte in 36 seconds
  BOOST_TEST(top.shows("49.0 GB free, full in 29 min 24 s"), top.text());
  watching nowhere;
  nowhere.look(small_tree());
  BOOST_TEST(!nowhere.shows("mem"));
}

BOOST_AUTO_TEST_CASE(draws_sparklines_of_as_many_looks_as_there_are) {
  BOOST_TEST(sparkline({}, 5, true) == "");
  BOOST_TEST(sparkline({0, 50, 100}, 5, true) == "\u2581\u2585\u2588");
  BOOST_TEST(sparkline({0, 50, 100}, 5, false) == "_=#");
  BOOST_TEST(sparkline({100, 0, 0, 50, 0, 0}, 3, true) == "\u2588\u2585\u2581");
  BOOST_TEST(sparkline({100, 0, 0}, 2, true) == "\u2588\u2581");
}

BOOST_AUTO_TEST_SUITE_END()
