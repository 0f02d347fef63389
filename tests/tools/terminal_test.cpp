// SPDX-License-Identifier: Apache-2.0
// On a terminal and off it: who gets colours, who gets a pager, and that no result is lost by one.
#include "tests/tools/run_command.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using words = std::vector<std::string>;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

words operator+(words first, const words& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

struct with_an_event {
  command::directory around;
  std::string data = around.path("data");
  words search{"--data", data, "events", "search"};

  with_an_event() {
    BOOST_TEST_REQUIRE(command::run({"init", data}).code == 0);
    const auto taken =
        command::run({"--data", data, "ingest", "-", "--stream", "s"}, "{\"here\":1}\n");
    BOOST_TEST_REQUIRE(taken.code == 0);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(a_terminal, with_an_event)

BOOST_AUTO_TEST_CASE(gets_colours_unless_somebody_does_not_want_them) {
  struct row {
    words more;
    words environment;
    bool colours;
  };
  const auto plain_terminal = std::string{"TERM=xterm"};
  for (const auto& [more, environment, colours] :
       {row{{}, {plain_terminal}, true}, row{{}, {plain_terminal, "NO_COLOR="}, true},
        row{{}, {plain_terminal, "NO_COLOR=1"}, false}, row{{}, {"TERM=dumb"}, false},
        row{{"--no-color"}, {plain_terminal}, false},
        row{{"--color=never"}, {plain_terminal}, false}, row{{"--json"}, {plain_terminal}, false},
        row{{"--plain"}, {plain_terminal}, false},
        row{{"--color=always"}, {"TERM=dumb", "NO_COLOR=1"}, true}}) {
    const auto shown = command::run_on_terminal(search + more + words{"--no-pager"}, environment);
    BOOST_TEST_CONTEXT(shown.out) {
      BOOST_TEST(shown.code == 0);
      BOOST_TEST(has(shown.out, "here"));
      BOOST_TEST(has(shown.out, "\x1b[") == colours);
    }
  }
}

BOOST_AUTO_TEST_CASE(gets_pages_unless_somebody_does_not_want_them) {
  struct row {
    words more;
    words environment;
    bool paged;
  };
  const std::string pager = "PAGER=sed s/here/paged/";
  for (const auto& [more, environment, paged] :
       {row{{}, {"TERM=xterm", pager}, true}, row{{"--no-pager"}, {"TERM=xterm", pager}, false},
        row{{"--json"}, {"TERM=xterm", pager}, false},
        row{{"--plain"}, {"TERM=xterm", pager}, false}, row{{}, {"TERM=dumb", pager}, false},
        row{{}, {"TERM=xterm", "PAGER=cat"}, false}}) {
    const auto shown = command::run_on_terminal(search + more, environment);
    BOOST_TEST_CONTEXT(shown.out) {
      BOOST_TEST(shown.code == 0);
      BOOST_TEST(has(shown.out, paged ? "paged" : "here"));
    }
  }
}

/// A pager that was not installed took the results and showed none of them, with exit code 0.
BOOST_AUTO_TEST_CASE(shows_the_results_where_there_is_no_such_pager) {
  for (const auto* environment : {"PAGER=/nonexistent/pager", "PATH=/nonexistent"}) {
    const auto shown = command::run_on_terminal(search, {"TERM=xterm", environment});
    BOOST_TEST(shown.code == 0);
    BOOST_TEST(has(shown.out, "here"), shown.out);
  }
}

BOOST_AUTO_TEST_CASE(is_no_file_which_gets_neither_unless_it_insists) {
  const words environment{"TERM=xterm", "PAGER=sed s/here/paged/"};
  const auto written = command::run(search, {}, environment);
  BOOST_TEST(has(written.out, "here"));
  BOOST_TEST(!has(written.out, "\x1b["));
  const auto insisted = command::run(search + words{"--color=always"}, {}, environment);
  BOOST_TEST(has(insisted.out, "here"));
  BOOST_TEST(has(insisted.out, "\x1b["));
}

BOOST_AUTO_TEST_SUITE_END()
