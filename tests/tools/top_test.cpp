// SPDX-License-Identifier: Apache-2.0
// `holdfast top` on a real terminal: drawn, typed to, resized, interrupted, and given back.
#include "tests/tools/run_command.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <optional>

namespace {

using words = std::vector<std::string>;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// What a terminal like xterm is sent to show another screen, and to come back from it.
const std::string other_screen = "\x1b[?1049h";
const std::string first_screen = "\x1b[?1049l";

struct on_store {
  command::directory around;
  std::string data = around.path("data");

  words top_words(words more = {}) const {
    words all{"--data", data, "top", "--interval", "1"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

void check_end(command::typed_to& from, int code) {
  const auto ended = from.end();
  BOOST_TEST(ended.code == code);
  BOOST_TEST(has(ended.out, other_screen));
  BOOST_TEST(ended.out.rfind(first_screen) > ended.out.rfind(other_screen));
  BOOST_TEST(from.restored());
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(a_top_on_a_terminal, on_store)

BOOST_AUTO_TEST_CASE(draws_the_tree_until_somebody_quits) {
  const command::daemon serving{data, {"--init"}};
  command::typed_to top{top_words()};
  for (const auto* part : {"holdfast top", "ACTOR", "journal", "fold learning"})
    BOOST_TEST_REQUIRE(top.shows(part), part);
  top.type("?");
  BOOST_TEST(top.shows("Keys"));
  top.type("q");
  BOOST_TEST(top.shows("ACTOR"));
  top.resize(12, 40);
  BOOST_TEST(top.shows("ACTOR"));
  top.type(":why learning\n");
  BOOST_TEST(top.shows("running for"));
  top.type("qq");
  check_end(top, 0);
}

BOOST_AUTO_TEST_CASE(gives_the_terminal_back_when_it_is_interrupted) {
  const command::daemon serving{data, {"--init"}};
  for (const int how : {0, SIGINT, SIGTERM, SIGHUP}) {
    command::typed_to top{top_words()};
    BOOST_TEST_REQUIRE(top.shows("journal"));
    if (how == 0)
      top.type("\x03");
    else
      top.signal(how);
    check_end(top, 130);
  }
}

BOOST_AUTO_TEST_CASE(restarts_an_actor_for_a_reason) {
  const command::daemon serving{data, {"--init"}};
  command::typed_to top{top_words(), {"TERM=xterm"}, 60, 120};
  BOOST_TEST_REQUIRE(top.shows("fold learning"));
  top.type(":restart learning\nodd counts\ny");
  BOOST_TEST(top.shows("Restarted fold learning."));
  top.type("/fold\njj\n"); // root, folds, fold learning: everything about it
  BOOST_TEST(top.shows("odd counts"));
  top.type("qq");
  check_end(top, 0);
}

/// With the daemon gone the last picture stays; a crashed store beside it is not read instead.
BOOST_AUTO_TEST_CASE(waits_for_a_daemon_that_went_away) {
  std::optional<command::daemon> serving;
  serving.emplace(data, words{"--init"});
  command::typed_to top{top_words()};
  BOOST_TEST_REQUIRE(top.shows("fold learning"));
  serving->kill();
  BOOST_TEST(top.shows("STALE"));
  top.type("\x0c");
  BOOST_TEST(top.shows("fold learning"));
  serving.emplace(data);
  BOOST_TEST(top.shows("8 actors"));
  top.type("q");
  check_end(top, 0);
}

BOOST_AUTO_TEST_CASE(shows_what_a_journal_knows_of_a_dead_process) {
  command::daemon{data, {"--init"}}.kill();
  command::typed_to top{top_words()};
  BOOST_TEST(top.shows("from the journal alone"));
  BOOST_TEST(top.shows("was running"));
  top.type("q");
  check_end(top, 0);
}

BOOST_AUTO_TEST_CASE(draws_nothing_where_it_cannot_or_has_nothing_to_draw) {
  struct row {
    words more;
    words environment;
    int code;
    std::string says;
  };
  for (const auto& [more, environment, code, says] :
       {row{{}, {"TERM=dumb"}, 1, "cannot be drawn on"},
        row{{}, {"TERM=none-such"}, 1, "knows no terminal \"none-such\""},
        row{{}, {}, 1, "TERM is not set"}, row{{}, {"TERM=xterm"}, 4, "does not exist"},
        row{{"--json"}, {"TERM=xterm"}, 2, "holdfast actors --json --watch"},
        row{{"--plain"}, {"TERM=xterm"}, 2, "holdfast actors --json --watch"},
        row{{"--window", "0"}, {"TERM=xterm"}, 2, "--window: from 1 to 600"},
        row{{"--window", "601"}, {"TERM=xterm"}, 2, "--window: from 1 to 600"}})
    BOOST_TEST_CONTEXT(says) {
      const auto shown = command::run_on_terminal(top_words(more), environment);
      BOOST_TEST(shown.code == code, shown.out);
      BOOST_TEST(has(shown.out, says), shown.out);
      BOOST_TEST(!has(shown.out, other_screen));
    }
  const auto nowhere = command::run(top_words());
  BOOST_TEST(nowhere.code == 1);
  BOOST_TEST(has(nowhere.err, "this is none. Elsewhere: holdfast actors --watch"), nowhere.err);
  BOOST_TEST(command::run({"top", "--interval", "0"}).code == 2);
  BOOST_TEST(command::run({"top", "--interval", "61"}).code == 2);
}

BOOST_AUTO_TEST_SUITE_END()
