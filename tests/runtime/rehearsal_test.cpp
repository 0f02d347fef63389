// SPDX-License-Identifier: Apache-2.0
// Are histories read, played and compared as the docs say, and mistakes named with their place?
#include "runtime/rehearsal/rehearsal.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast;
using namespace holdfast::rehearsal;

namespace {

script read(const std::string& text) {
  auto made = read_script("x.history", text);
  BOOST_TEST_REQUIRE(bool{made});
  return *std::move(made);
}

std::string mistake_in(const std::string& text) {
  auto made = read_script("x.history", text);
  if (!made)
    return made.error().what;
  const auto came = rehearse(*std::move(made));
  return came ? "none" : came.error().what + " | " + came.error().help;
}

const std::string one_child = "supervisor root pauses none\nchild a of root\n";

} // namespace

BOOST_AUTO_TEST_SUITE(rehearsal)

BOOST_AUTO_TEST_CASE(a_history_is_read_and_written_as_it_stands) {
  const std::string text =
      "# a remark\n\nstart\n    0.000  one\n    0.000  two\ncrash a \"b  c\"\n";
  const auto made = read(text);
  BOOST_TEST(made.text() == text);
  BOOST_REQUIRE(made.lines.size() == 4U);
  BOOST_TEST(made.lines[2].output.size() == 2U);
  BOOST_TEST((made.lines[3].words == std::vector<std::string>{"crash", "a", "b  c"}));
  BOOST_TEST(made.lines[3].number == 6U);
}

BOOST_AUTO_TEST_CASE(output_takes_the_place_of_what_was_there) {
  const auto came = rehearse(read(one_child + "start\n    9.000  nonsense\n"));
  BOOST_REQUIRE(bool{came});
  BOOST_TEST(came->text()
             == one_child
                    + "start\n    0.000  a: begins\n    0.000  root: a/1 started\n"
                      "    0.000  root: all_started\n");
}

BOOST_AUTO_TEST_CASE(the_same_history_comes_out_the_same) {
  const auto text = one_child + "start\ncrash a\nblock a 3s\nsend a x\nwait 1h\nshow messages\n";
  const auto first = rehearse(read(text));
  const auto second = rehearse(read(text));
  BOOST_REQUIRE((first && second));
  BOOST_TEST(first->text() == second->text());
  BOOST_TEST(differences(*first, *second).empty());
}

BOOST_AUTO_TEST_CASE(a_difference_is_told_with_its_command) {
  const auto before = read("start\n    one\n    two\n    three\n");
  const auto after = read("start\n    one\n    2\n    three\n");
  BOOST_TEST(differences(before, after) == "x.history:1: start\n  - two\n  + 2\n");
}

BOOST_AUTO_TEST_CASE(mistakes_are_named_with_their_place) {
  struct row {
    std::string text, says;
  };
  for (const auto& [text, says] :
       {row{"    output\n", "x.history:1: output without a command before it"},
        row{" start\n", "x.history:1: neither a command nor output"},
        row{"start \"a\n", "x.history:1: a quote is not closed"},
        row{"start\n", "x.history:1: there is nothing to start"},
        row{"# one\nfly\n", "x.history:2: there is no command 'fly'"},
        row{one_child + "wait\n", "x.history:3: that is not how it is said | its form: wait TIME"},
        row{one_child + "wait long\n", "x.history:3: 'long' is no time"},
        row{one_child + "wait 20000d\n", "x.history:3: that is longer than ten years"},
        row{one_child + "crash a\n", "x.history:3: nobody knows an address of 'a'"},
        row{one_child + "stop\n", "x.history:3: nothing runs | start"},
        row{one_child + "start\nstart\n", "x.history:4: it runs already"},
        row{one_child + "start\nrelease a\n", "x.history:4: 'a' does not block"},
        row{one_child + "start\nsend a Hello\n", "x.history:4: 'Hello' cannot be a message"},
        row{one_child + "start\nterminate_child sub a\n",
            "x.history:4: there is no supervisor 'sub'"},
        row{one_child + "chance 101\n", "x.history:3: '101' is no number from 0 to 100"},
        row{"child a of root\n", "x.history:1: there is no supervisor 'root'"},
        row{"supervisor root\nsupervisor sub\n",
            "x.history:2: only the first supervisor stands alone"},
        row{"supervisor root colour red\n", "x.history:1: there is no key 'colour'"},
        row{"supervisor root intensity\n", "x.history:1: 'intensity' needs a value"},
        row{"supervisor root strategy all\n", "x.history:1: strategy: 'all' is not known here"},
        row{one_child + "child a of root restart never\n",
            "x.history:3: restart: 'never' is not known here | one of: permanent, transient, "
            "temporary"},
        row{one_child + "script a starts sometimes\n",
            "x.history:3: 'sometimes' is not known here"}})
    BOOST_TEST_CONTEXT(text)
  BOOST_TEST(mistake_in(text).starts_with(says), mistake_in(text));
}

BOOST_AUTO_TEST_CASE(a_history_may_end_while_everything_is_under_way) {
  BOOST_TEST(mistake_in(one_child + "start\nblock a\nsend a one\nstop within 1s\n") == "none");
  BOOST_TEST(mistake_in("supervisor root\nchild a of root\nscript a starts hangs\nstart\n")
             == "none");
}

BOOST_AUTO_TEST_SUITE_END()
