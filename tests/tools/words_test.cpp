// SPDX-License-Identifier: Apache-2.0
// Words a person typed: the command among them, and what a mistyped one may have meant.
#include "tools/command_line.hpp"
#include "tools/session.hpp"
#include "tools/suggest.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast;
using namespace holdfast::tools;

namespace {

struct typed {
  common_options chosen;
  bool follow = false;
  std::string since;
  std::vector<option_spec> common = common_specs(chosen);
  std::vector<command_spec> commands{
      {.name = "status"},
      {.name = "events tail",
       .options = {{"-f,--follow", "", "", &follow}, {"--since", "TIME", "", &since}}},
      {.name = "events search"},
      {.name = "store verify"}};

  result<word_check> check(const std::vector<std::string>& words) {
    return check_words(words, commands, common);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(typed_words, typed)

BOOST_AUTO_TEST_CASE(name_a_command_wherever_common_options_stand) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"events", "tail"},
           {"--json", "events", "tail", "-f"},
           {"--socket", "status", "events", "--plain", "tail", "--since", "stauts"},
           {"--socket=x", "events", "tail", "--since=1h", "whatever"}}) {
    const auto found = check(words);
    BOOST_TEST_REQUIRE(static_cast<bool>(found));
    BOOST_TEST_REQUIRE(found->command != nullptr);
    BOOST_TEST(found->command->name == "events tail");
  }
  BOOST_TEST(check({})->command == nullptr);
  BOOST_TEST(check({"events"})->group == "events");
  BOOST_TEST(check({"events", "--help"})->help);
  BOOST_TEST(check({"--version"})->version);
}

BOOST_AUTO_TEST_CASE(that_fit_nothing_get_a_suggestion) {
  struct row {
    std::vector<std::string> words;
    std::string what;
    std::string help;
  };
  for (const auto& [words, what, help] : std::vector<row>{
           {{"stauts"}, "there is no command \"stauts\"", "Did you mean \"status\"?"},
           {{"events", "tial"},
            "there is no command \"events tial\"",
            "Did you mean \"events tail\"?"},
           {{"events", "tail", "--folow"},
            "`events tail` has no option \"--folow\"",
            "Did you mean \"--follow\"?"},
           {{"--jsno", "status"}, "holdfast has no option \"--jsno\"", "Did you mean \"--json\"?"},
           {{"events", "tail", "--sincee=1h"},
            "`events tail` has no option \"--sincee\"",
            "Did you mean \"--since\"?"},
           {{"frobnicate"}, "there is no command \"frobnicate\"", "See `holdfast help`."}}) {
    const auto found = check(words);
    BOOST_TEST_REQUIRE(!found);
    BOOST_TEST(found.error().what == what);
    BOOST_TEST(found.error().help.starts_with(help), found.error().help);
  }
}

BOOST_AUTO_TEST_CASE(are_as_far_apart_as_their_edits) {
  BOOST_TEST(edit_distance("", "abc") == 3U);
  BOOST_TEST(edit_distance("status", "status") == 0U);
  BOOST_TEST(edit_distance("stauts", "status") == 1U);
  BOOST_TEST(edit_distance("ingets", "ingest") == 1U);
  BOOST_TEST(edit_distance("chekpoint", "checkpoints") == 2U);
  BOOST_TEST(suggestion("chekpoint", {"checkpoints", "config"}) == "checkpoints");
  BOOST_TEST(suggestion("sta", {"status", "store"}) == "status");
  BOOST_TEST(suggestion("zzz", {"status", "store"}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
