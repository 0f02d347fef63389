// SPDX-License-Identifier: Apache-2.0
// Bad input and hard ends through the real command: every good line is stored, every bad one named.
#include "runtime/json.hpp"
#include "tests/tools/run_command.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>

using command::run;
using holdfast::value;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

value document(const command::ended& from) {
  const auto parsed = holdfast::json::parse(from.out);
  BOOST_TEST_REQUIRE(static_cast<bool>(parsed), from.out + from.err);
  return *parsed;
}

std::string line_of(int number) {
  return R"({"model":"m","input_tokens":)" + std::to_string(number) + "}\n";
}

struct with_store {
  command::directory around;
  std::string data = around.path("data");

  with_store() { BOOST_TEST_REQUIRE(run({"init", data}).code == 0); }

  command::ended on_data(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.begin(), {"--data", data});
    return run(words, input);
  }
};

/// Good lines with one of each kind of bad line between them.
std::string mixed_file() {
  return line_of(1) + "{\"model\":\n" + line_of(2) + "{\"text\":\"\xFF\xFE\"}\n" + "[1,2]\n"
         + line_of(3) + std::string(100'000'000, 'x') + "\n" + line_of(4) + R"({"n":1e999})" + "\n"
         + line_of(5);
}

void check_mixed(const command::ended& ended) {
  BOOST_TEST(ended.code == 1);
  const auto told = document(ended);
  BOOST_TEST(told.text_at("schema") == "holdfast.ingest");
  BOOST_TEST(told.integer_at("lines") == 10);
  BOOST_TEST(told.integer_at("stored") == 5);
  BOOST_TEST(told.integer_at("rejected") == 5);
  for (const auto* place : {"mixed.jsonl:2: ", "mixed.jsonl:4: ", "mixed.jsonl:5: ",
                            "mixed.jsonl:7: ", "mixed.jsonl:9: "})
    BOOST_TEST(has(ended.err, place), ended.err);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(pouring, with_store)

BOOST_AUTO_TEST_CASE(into_a_stopped_store_keeps_the_good_lines_and_names_the_bad) {
  around.write("mixed.jsonl", mixed_file());
  const auto ended = on_data({"--json", "ingest", around.path("mixed.jsonl")});
  check_mixed(ended);
  const auto exported = on_data({"events", "export", "-q"});
  BOOST_TEST(exported.code == 0);
  BOOST_TEST(std::count(exported.out.begin(), exported.out.end(), '\n') == 5);
  BOOST_TEST(has(exported.out, R"("stream":"mixed")"));
  // What was exported can be taken in again, and is then known.
  const auto again = on_data({"--json", "ingest", "-"}, exported.out);
  BOOST_TEST(again.code == 0);
  BOOST_TEST(document(again).integer_at("duplicates") == 5);
}

BOOST_AUTO_TEST_CASE(through_a_daemon_survives_its_death) {
  around.write("mixed.jsonl", mixed_file());
  command::daemon first{data};
  check_mixed(on_data({"--json", "ingest", around.path("mixed.jsonl")}));
  BOOST_TEST(on_data({"status"}).code == 0);
  const auto second = on_data({"run"});
  BOOST_TEST(second.code == 7);
  BOOST_TEST(has(second.err, "pid"), second.err);
  const auto through_the_door = on_data({"events", "search", "--plain", "input_tokens>=2"});
  BOOST_TEST(std::count(through_the_door.out.begin(), through_the_door.out.end(), '\n') == 4);
  BOOST_TEST(has(through_the_door.err, "GET /v1/events?"));
  first.kill();
  BOOST_TEST(on_data({"status"}).code == 3);
  const auto stopped = on_data({"events", "search", "--plain", "input_tokens>=2"});
  BOOST_TEST(stopped.out == through_the_door.out);
  command::daemon next{data};
  BOOST_TEST(
      document(on_data({"--json", "ingest", "-", "--stream", "mixed"}, line_of(1) + line_of(9)))
          .integer_at("stored")
      == 1);
  BOOST_TEST(next.stop() == 0);
  BOOST_TEST(on_data({"store", "verify", "--deep"}).code == 0);
}

BOOST_AUTO_TEST_CASE(reads_csv_by_its_header_and_refuses_what_is_no_file) {
  around.write("usage.csv", "model,input_tokens\nm,1\n\"broken,2\nm,3\n");
  const auto csv = on_data({"--json", "ingest", around.path("usage.csv"), "--stream", "llm.usage"});
  BOOST_TEST(document(csv).integer_at("stored") >= 1);
  BOOST_TEST(csv.code == 1);
  BOOST_TEST(on_data({"ingest", around.path("absent.jsonl")}).code == 4);
  BOOST_TEST(on_data({"ingest", around.path()}).code == 2);
  BOOST_TEST(on_data({"ingest", "-", "--format", "xml"}).code == 2);
  BOOST_TEST(on_data({"ingest", "-", "--durability", "eternal"}).code == 2);
}

BOOST_AUTO_TEST_CASE(leads_to_states_that_replay_proves) {
  std::string lines;
  for (int number = 1; number <= 500; ++number)
    lines += line_of(number);
  command::daemon first{data};
  BOOST_TEST(on_data({"ingest", "-", "--stream", "llm.usage"}, lines).code == 0);
  BOOST_TEST(first.stop() == 0);
  const auto verified = on_data({"--json", "replay", "verify"});
  BOOST_TEST(verified.code == 0);
  BOOST_TEST(document(verified).text_at("schema") == "holdfast.replay-verify");
  const auto state = document(on_data({"--json", "state", "learning", "--at", "100"}));
  BOOST_TEST(state.integer_at("covered") == 100);
  const auto changed = on_data({"--json", "replay", "diff", "learning@100", "learning@200"});
  BOOST_TEST(!document(changed).find("changes")->as<holdfast::array>()->empty());
  const auto fork = around.path("fork");
  BOOST_TEST(on_data({"replay", "fork", "--at", "250", "--to", fork}).code == 0);
  BOOST_TEST(document(run({"--data", fork, "--json", "store", "verify"})).integer_at("to") >= 250);
  const auto there = document(run({"--data", fork, "--json", "state", "learning", "--at", "100"}));
  const auto here = document(on_data({"--json", "state", "learning", "--at", "100"}));
  BOOST_TEST((*there.find("state") == *here.find("state")));
}

BOOST_AUTO_TEST_SUITE_END()
