// SPDX-License-Identifier: Apache-2.0
// `holdfast consumers`: places and how far behind; put elsewhere only with a reason.
#include "runtime/upstream/door_client.hpp"
#include "tests/tools/run_command.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using command::run;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(consumers)

BOOST_AUTO_TEST_CASE(are_put_elsewhere_with_a_reason_and_tried_dry_first) {
  const command::directory around;
  const auto data = around.path("data");
  const command::daemon serving{data, {"--init"}};
  const holdfast::upstream::door_client client{{.socket = data + "/holdfast.sock"}};
  BOOST_TEST_REQUIRE(
      bool(client.post_value("/v1/events?stream=s", R"([{"n":1},{"n":2},{"n":3}])")));
  BOOST_TEST_REQUIRE(bool(client.post_value("/v1/consumers/mailer/commit", R"({"position":2})")));
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"--data", data});
    return run(words);
  };
  BOOST_TEST(has(with({"consumers", "ls"}).out, "mailer"));
  BOOST_TEST(has(with({"consumers", "show", "mailer", "--json"}).out, R"("position":2)"));
  const auto misspelt = with({"consumers", "show", "mailr"});
  BOOST_TEST(misspelt.code == 4);
  BOOST_TEST(has(misspelt.err, "mailer"));
  const auto silent = with({"consumers", "reset", "mailer", "--to", "0"});
  BOOST_TEST(silent.code == 2);
  BOOST_TEST(has(silent.err, "needs a reason"));
  const auto dry =
      with({"consumers", "reset", "mailer", "--to", "0", "--reason", "again", "--dry-run"});
  BOOST_TEST(dry.code == 0);
  BOOST_TEST(has(dry.out, "Would put mailer from 2 to 0: 2 records come again."));
  BOOST_TEST(has(with({"consumers", "show", "mailer", "--json"}).out, R"("position":2)"));
  BOOST_TEST(with({"consumers", "reset", "mailer", "--to", "0", "--reason", "again"}).code == 0);
  BOOST_TEST(has(with({"consumers", "show", "mailer", "--json"}).out, R"("position":0)"));
  const auto beyond = with({"consumers", "reset", "mailer", "--to", "99999", "--reason", "x"});
  BOOST_TEST(beyond.code == 2);
  BOOST_TEST(has(beyond.err, "beyond the newest record"));
  BOOST_TEST(with({"consumers", "reset", "none", "--to", "0", "--reason", "x"}).code == 4);
}

BOOST_AUTO_TEST_SUITE_END()
