// SPDX-License-Identifier: Apache-2.0
// What every command owes the person: a description, and text that cannot steer a terminal.
#include "tools/help.hpp"
#include "tools/session.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <set>

using namespace holdfast;
using namespace holdfast::tools;

BOOST_AUTO_TEST_SUITE(the_help)

BOOST_AUTO_TEST_CASE(knows_every_command_and_each_has_what_it_needs) {
  common_options chosen;
  const auto common = common_specs(chosen);
  const auto commands = all_commands();
  std::set<std::string> names;
  for (const auto& one : commands)
    BOOST_TEST_CONTEXT(one.name) {
      BOOST_TEST(names.insert(one.name).second);
      BOOST_TEST(one.brief.ends_with("."));
      BOOST_TEST(static_cast<bool>(one.run));
      BOOST_TEST(help_overview(commands).find(one.name + " ") != std::string::npos);
      const auto text = help_topic(one.name, commands, common);
      BOOST_TEST_REQUIRE(static_cast<bool>(text));
      for (const auto& option : one.options) {
        BOOST_TEST(!option.help.empty(), option.name);
        BOOST_TEST(text->find(option.name.substr(option.name.find(',') + 1)) != std::string::npos);
        for (const auto& shared : common)
          BOOST_TEST(shared.name != option.name);
      }
      for (const auto* shell : {"bash", "zsh", "fish"})
        BOOST_TEST(completion_script(shell, commands, common)
                       ->find(one.name.substr(one.name.find(' ') + 1))
                   != std::string::npos);
    }
  BOOST_TEST((help_topic("exit-code", commands, common)
                  .error()
                  .help.starts_with("Did you mean \"exit-codes\"?")));
}

BOOST_AUTO_TEST_CASE(prints_nothing_that_steers_a_terminal) {
  BOOST_TEST(printable("a\x1b[31mb\tc\r\n") == "a [31mb c  ");
  BOOST_TEST(printable("\xC2\x9B"
                       "31m caf\xC3\xA9")
             == " 31m caf\xC3\xA9");
  BOOST_TEST(printable("bad \xFF\xC3") == "bad \xEF\xBF\xBD\xEF\xBF\xBD");
}

BOOST_AUTO_TEST_CASE(says_what_happened_and_what_to_do_on_one_line) {
  BOOST_TEST(sentence_of({fault_code::denied, "no\nentry", "Ask."}) == "holdfast: no entry. Ask.");
  BOOST_TEST(sentence_of({fault_code::denied, "Why?", ""}) == "holdfast: Why?");
}

BOOST_AUTO_TEST_CASE(of_every_fault_leads_to_its_exit_code) {
  const int expected[] = {2, 4, 5, 7, 6, 9, 6, 8, 9, 1, 3, 1};
  for (int code = 1; code <= fault_code_last; ++code)
    BOOST_TEST(static_cast<int>(to_exit_code(static_cast<fault_code>(code))) == expected[code - 1]);
}

BOOST_AUTO_TEST_SUITE_END()
