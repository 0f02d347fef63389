// SPDX-License-Identifier: Apache-2.0
// `holdfast top` without a terminal: keys in, lines and wishes out.
#include "tests/tools/top_watching.hpp"

#include <boost/test/unit_test.hpp>

using namespace top_test;

BOOST_AUTO_TEST_SUITE(a_top)

BOOST_AUTO_TEST_CASE(shows_supervisors_and_actors_as_one_tree) {
  watching top;
  top.look(small_tree());
  BOOST_TEST(top.order() == (names{"root", "journal", "folds", "fold b", "fold a"}));
  BOOST_TEST(top.shows("    fold a"));
  BOOST_TEST(top.shows("4 actors: 1 backoff, 3 running"));
  BOOST_TEST(top.shows("10:20:30 UTC, every 2 s"));
  top.press("t");
  BOOST_TEST(top.order() == (names{"journal", "folds", "fold b", "fold a"}));
}

BOOST_AUTO_TEST_CASE(chooses_and_orders_as_the_keys_say) {
  struct row {
    std::string keys;
    names expected;
  };
  for (const auto& [keys, expected] : {
           row{"/FOLD A\n", {"root", "folds", "fold a"}},
           row{"/fold a\n!", {"root", "journal", "folds", "fold b"}},
           row{"t/fold a\n!", {"journal", "folds", "fold b"}},
           row{"t/fold a\n!!", {"fold a"}},
           row{"t/backoff\n", {"fold b"}},
           row{"t/backoff\n\x1b", {"journal", "folds", "fold b", "fold a"}},
           row{"t/backoff\x1b", {"journal", "folds", "fold b", "fold a"}},
           row{"t/nobody\n", {"No actor is like that."}},
           row{"f", {"root", "folds", "fold b"}},
           row{"tff", {"journal", "folds", "fold b", "fold a"}},
           row{"t.", {"fold a", "fold b", "folds", "journal"}},
           row{"t:sort queued\n", {"fold b", "fold a", "journal", "folds"}},
           row{"t:sort error\n", {"fold b", "journal", "folds", "fold a"}},
           row{":sort queued\n", {"root", "journal", "folds", "fold b", "fold a"}},
           row{":sort actor\n", {"root", "folds", "fold a", "fold b", "journal"}},
       })
    BOOST_TEST_CONTEXT(keys) {
      watching top;
      top.look(small_tree());
      top.press(keys);
      BOOST_TEST(top.order() == expected);
    }
}

BOOST_AUTO_TEST_CASE(comes_back_to_the_order_of_the_tree_after_the_last_column) {
  watching top;
  top.look(small_tree());
  const auto as_told = top.order();
  for (std::size_t pressed = 0; pressed < column_names().size(); ++pressed) {
    top.press(".");
    BOOST_TEST(top.shows("*"));
  }
  top.press(".");
  BOOST_TEST(!top.shows("*"));
  BOOST_TEST(top.order() == as_told);
}

BOOST_AUTO_TEST_CASE(asks_for_what_it_cannot_know_itself) {
  struct row {
    std::string keys;
    wish expected;
  };
  for (const auto& [keys, expected] :
       {row{"q", {wish_kind::quit, "", ""}}, row{":quit\n", {wish_kind::quit, "", ""}},
        row{"j\n", {wish_kind::inspect, "journal", ""}}, row{"\n", {}}, // root is no actor
        row{"jjjjjjw", {wish_kind::why, "fold a", ""}}, row{"jk\n", {}},
        row{":why a\n", {wish_kind::why, "fold a", ""}}, row{":why nobody\n", {}},
        row{"/fold a\njjw", {wish_kind::why, "fold a", ""}}})
    BOOST_TEST_CONTEXT(keys) {
      watching top;
      top.look(small_tree());
      top.lines();
      BOOST_TEST((top.press(keys) == expected));
    }
}

BOOST_AUTO_TEST_CASE(orders_nothing_without_a_reason_and_a_yes) {
  watching top;
  top.look(small_tree());
  const wish restart{wish_kind::restart, "journal", "odd"};
  BOOST_TEST((top.press("jr") == wish{}));
  BOOST_TEST(top.shows("restart journal, because: _"));
  BOOST_TEST((top.press("odd\n") == wish{}));
  BOOST_TEST(top.shows("restart journal (odd)?  y: yes"));
  BOOST_TEST((top.press("y") == restart));
  BOOST_TEST((top.press(":stop a\ntoo hot\ny") == wish{wish_kind::stop, "fold a", "too hot"}));
  for (const auto* keys : {"r\ny", "r  \ny", "rodd\nn", "rodd\n\n", "rodd\x1by", "rodd\n\x1by"})
    BOOST_TEST((top.press(keys) == wish{}), keys);
  BOOST_TEST((top.press("k:restart\n") == wish{})); // root
  BOOST_TEST(top.shows("root is no actor"));
  BOOST_TEST((top.press(":restrat a\n") == wish{}));
  BOOST_TEST(top.shows("Did you mean \"restart\"?"));
}

BOOST_AUTO_TEST_CASE(orders_nothing_where_it_may_not_or_nobody_would_hear) {
  const auto tries = [](watching& top, const std::string& why) {
    for (const auto* keys : {"jr", ":restart a\n", ":stop a\n"}) {
      BOOST_TEST((top.press(keys) == wish{}));
      BOOST_TEST(top.shows(why), top.text());
      BOOST_TEST((top.press("x\ny") == wish{}));
    }
  };
  watching reading{{.readonly = true}};
  reading.look(small_tree());
  BOOST_TEST(reading.shows("[read only]"));
  tries(reading, "--readonly");
  watching dead;
  dead.look(small_tree(), 2s, {}, "journal");
  tries(dead, "No daemon runs here");
  watching away;
  away.look(small_tree());
  away.shown.miss({fault_code::unreachable, "nobody", ""}, away.now);
  tries(away, "The daemon does not answer");
}

BOOST_AUTO_TEST_CASE(keeps_a_stale_picture_and_says_so) {
  watching top;
  top.look(small_tree());
  top.shown.miss({fault_code::unreachable, "no daemon answers at /s", ""}, top.now + 12s);
  BOOST_TEST(top.shows("STALE for 12.0 s: no daemon answers at /s; trying again"));
  BOOST_TEST(top.shows("fold a"));
  top.press("j\n");
  top.shown.show_why(object{{"name", "journal"}});
  BOOST_TEST(top.shows("STALE"));
  top.look(small_tree());
  BOOST_TEST(!top.shows("STALE"));
}

BOOST_AUTO_TEST_CASE(opens_pages_that_scroll_wrap_and_close) {
  watching top;
  top.size = {10, 40};
  top.look(small_tree());
  top.press("?");
  BOOST_TEST(top.shows("Keys"));
  BOOST_TEST(top.shows("... more below"));
  top.shown.press({key_kind::end, {}});
  BOOST_TEST(!top.shows("... more below"));
  BOOST_TEST(top.shows("it is not known"));
  top.press("q");
  BOOST_TEST(top.shows("ACTOR"));
  array lines;
  for (int line = 0; line < 30; ++line)
    lines.emplace_back("line " + std::to_string(line)
                       + " of an answer that is longer than it is wide");
  const object why{{"name", "fold a"},
                   {"answers", array{object{{"name", "state"}, {"lines", lines}}}}};
  top.shown.show_why(why);
  top.shown.press({key_kind::page_down, {}});
  BOOST_TEST(!top.shows("line 0 "));
  BOOST_TEST((top.shown.refresh() == wish{wish_kind::why, "fold a", ""}));
  top.shown.show_why(why); // brought up to date: it stays where it is
  BOOST_TEST(!top.shows("line 0 "));
  top.press("\x1b");
  BOOST_TEST((top.shown.refresh() == wish{}));
}

/// Whatever the size, nothing is wider or higher, and the actor and its state are there.
BOOST_AUTO_TEST_CASE(fits_every_screen) {
  for (const std::size_t columns : {1U, 3U, 20U, 40U, 80U, 100U, 200U})
    for (const std::size_t rows : {1U, 2U, 4U, 5U, 8U, 10U, 24U, 60U})
      for (const auto* keys : {"", "c", "?", ":sort", "jrwhy not", "/fold"})
        BOOST_TEST_CONTEXT(rows << " x " << columns << " " << keys) {
          watching top;
          top.size = {rows, columns};
          top.look(small_tree(), 2s, {.memory_percent = 50});
          top.look(small_tree(), 2s, {.memory_percent = 50});
          top.press(keys);
          const auto lines = top.lines();
          BOOST_TEST(lines.size() <= rows);
          for (const auto& line : lines)
            BOOST_TEST(width_of(line) <= columns, line);
        }
  watching narrow;
  narrow.size = {12, 40};
  narrow.look({{.name = "fold with a name that is much too long", .state = "gave_up"}});
  BOOST_TEST(narrow.shows("    fold with... gave_up"), narrow.text());
}

BOOST_AUTO_TEST_CASE(keeps_the_chosen_actor_in_sight_and_in_mind) {
  std::vector<told_actor> many;
  for (int number = 100; number < 200; ++number)
    many.push_back({.name = "fold " + std::to_string(number)});
  watching top;
  top.look(many);
  top.lines();
  top.shown.press({key_kind::end, {}});
  BOOST_TEST(top.shows("fold 199"));
  BOOST_TEST((top.press("w") == wish{wish_kind::why, "fold 199", ""}));
  std::ranges::reverse(many);
  top.look(many);
  BOOST_TEST(top.shows("fold 199"));
  BOOST_TEST((top.press("w") == wish{wish_kind::why, "fold 199", ""}));
  many.erase(many.begin()); // it is gone: whoever stands there now is chosen
  top.look(many);
  top.lines();
  BOOST_TEST((top.press("w") == wish{wish_kind::why, "fold 198", ""}));
  top.look({});
  BOOST_TEST((top.press("kw") == wish{}));
}

BOOST_AUTO_TEST_CASE(lets_no_name_steer_the_terminal) {
  watching top{{.place = "at \x1b[2J"}};
  const std::string evil = "fold \x1b]0;x\x07\xC2\x9B";
  top.look({{.name = evil, .state = "\x1b[31m", .last_cause = "\r\x1b[H\xFF", .lints = {"\x1b"}}});
  const auto steers = [](const std::string& text) {
    return std::ranges::any_of(
               text, [](unsigned char one) { return one != '\n' && (one < 0x20 || one == 0x7F); })
           || text.find("\xC2\x9B") != std::string::npos || text.find('\xFF') != std::string::npos;
  };
  top.press("jj");
  BOOST_TEST(!steers(top.text()));
  const auto asked = top.press("w");
  BOOST_TEST(asked.name == evil); // the daemon knows it by this one
  top.press("r");
  BOOST_TEST(!steers(top.text()));
  top.press("because\n");
  BOOST_TEST(!steers(top.text()));
  top.press("n");
  top.shown.miss({fault_code::failed, "\x1b[1m", ""}, top.now);
  top.shown.note(tools::tone::bad, "\x1b[1m");
  BOOST_TEST(!steers(top.text()));
  top.shown.show_why(
      object{{"name", evil},
             {"answers", array{object{{"name", "\x1b"}, {"lines", array{"\x1b[1m", "x\ny"}}}}}});
  BOOST_TEST(!steers(top.text()));
}

BOOST_AUTO_TEST_CASE(takes_whole_characters_and_not_too_many) {
  watching top;
  top.look(small_tree());
  top.press("/");
  for (int more = 0; more < 300; ++more)
    top.shown.press({key_kind::text, "\u00e9"});
  top.shown.press({key_kind::backspace, {}});
  const auto last = top.lines().back();
  BOOST_TEST(last.find("\u00e9_") != std::string::npos);
  BOOST_TEST(tools::printable(last) == last);
  top.shown.press({key_kind::wipe, {}});
  BOOST_TEST(top.lines().back() == "show only: _");
}

BOOST_AUTO_TEST_SUITE_END()
