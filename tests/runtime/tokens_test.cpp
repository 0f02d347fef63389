// SPDX-License-Identifier: Apache-2.0
// Bearer tokens: what a token file may say, and how it changes under a running door.
#include "runtime/http/tokens.hpp"
#include "tests/runtime/scratch.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace holdfast;
using http::role;
using http::token_holder;

namespace {

const std::string one_secret(32, 'a');
const std::string other_secret = std::string(40, 'b') + "/+=";

struct token_stage : scratch {
  std::filesystem::path at = path() / "tokens";

  void write(const std::string& text, std::filesystem::perms may = std::filesystem::perms(0600)) {
    std::ofstream{at} << text;
    std::filesystem::permissions(at, may);
  }

  result<std::unique_ptr<http::token_file>> open() {
    return http::token_file::open(at, [](const result<void>&) {});
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(tokens)

BOOST_AUTO_TEST_CASE(knows_a_whole_secret_and_nothing_less) {
  const auto list = http::token_list::parse("# ours\n\nci read-only " + one_secret
                                            + "\r\n  ops\toperator " + other_secret);
  BOOST_TEST_REQUIRE(bool(list));
  BOOST_TEST((list->find(one_secret) == token_holder{"ci", role::reads}));
  BOOST_TEST((list->find(other_secret) == token_holder{"ops", role::operates}));
  for (const auto& shown : {std::string{}, one_secret.substr(1), one_secret + "a", " " + one_secret,
                            std::string{"ci"}, other_secret.substr(0, 40)})
    BOOST_TEST(!list->find(shown));
}

BOOST_AUTO_TEST_CASE(names_the_line_that_is_wrong_and_never_its_secret) {
  const std::string good = "a operator " + one_secret + "\n";
  struct row {
    std::string text, says;
  };
  for (const auto& [text, says] : {
           row{"", "no line holds a token"},
           row{"# only words\n", "no line holds a token"},
           row{good + "b admin " + other_secret, "line 2: the role"},
           row{good + "b operator " + other_secret.substr(0, 31), "line 2: the secret"},
           row{good + "b operator " + other_secret + " more", "line 2: the secret"},
           row{good + "b operator", "line 2: the secret"},
           row{good + "b/c operator " + other_secret, "line 2: the name"},
           row{good + "a operator " + other_secret, "line 2: a name or a secret"},
           row{good + "b operator " + one_secret, "line 2: a name or a secret"},
       })
    BOOST_TEST_CONTEXT(text) {
      const auto read = http::token_list::parse(text);
      BOOST_TEST_REQUIRE(!read);
      BOOST_TEST(read.error().what.starts_with(says), read.error().what);
      BOOST_TEST(read.error().what.find(other_secret.substr(0, 31)) == std::string::npos);
    }
}

BOOST_FIXTURE_TEST_CASE(a_changed_file_counts_and_a_broken_one_does_not, token_stage) {
  write("a operator " + one_secret + "\n");
  const auto made = open();
  BOOST_TEST_REQUIRE(bool(made));
  auto& file = **made;
  BOOST_TEST(bool(file.find(one_secret)));

  write("b operator " + other_secret + "\n");
  file.look();
  BOOST_TEST(!file.find(one_secret));
  BOOST_TEST((file.find(other_secret) == token_holder{"b", role::operates}));

  write("b oper");
  file.look();
  BOOST_TEST(bool(file.find(other_secret)));
  BOOST_TEST(bool(file.trouble()));
  std::filesystem::remove(at);
  file.look();
  BOOST_TEST(bool(file.find(other_secret)));

  write("c read-only " + one_secret + "\n");
  file.look();
  BOOST_TEST(!file.trouble());
  BOOST_TEST(!file.find(other_secret));
  BOOST_TEST((file.find(one_secret) == token_holder{"c", role::reads}));
}

BOOST_FIXTURE_TEST_CASE(is_refused_while_others_may_read_it, token_stage) {
  BOOST_TEST((open().error().code == fault_code::not_found));
  write("a operator " + one_secret, std::filesystem::perms(0640));
  BOOST_TEST((open().error().code == fault_code::denied));
  write("a operator " + one_secret, std::filesystem::perms(0604));
  BOOST_TEST((open().error().code == fault_code::denied));
  write("wrong", std::filesystem::perms(0600));
  BOOST_TEST((open().error().code == fault_code::invalid));
  BOOST_TEST(open().error().what.starts_with(at.string()));
}

BOOST_AUTO_TEST_SUITE_END()
