// SPDX-License-Identifier: Apache-2.0
// The real command: exit codes, messages, and what it makes of wrong directories and bad input.
#include "persistence/superblock.hpp"
#include "runtime/json.hpp"
#include "tests/tools/run_command.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using command::run;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
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

holdfast::value document(const command::ended& from) {
  const auto parsed = ::holdfast::json::parse(from.out);
  BOOST_TEST_REQUIRE(static_cast<bool>(parsed), from.out + from.err);
  return *parsed;
}

} // namespace

BOOST_AUTO_TEST_SUITE(the_command)

BOOST_AUTO_TEST_CASE(answers_a_typo_with_a_suggestion_and_code_2) {
  struct row {
    std::vector<std::string> words;
    std::string says;
  };
  for (const auto& [words, says] : std::vector<row>{
           {{"stauts"}, "Did you mean \"status\"?"},
           {{"events", "serch"}, "Did you mean \"events search\"?"},
           {{"ingest", "--steam", "x", "-"}, "Did you mean \"--stream\"?"},
           {{"events"}, "`events` needs to know what"},
           {{"init", "a", "b"}, "`init`"},
           {{"state"}, "NAME"},
           {{"events", "search", "--limit", "many"}, "`events search`"},
           {{"--color", "purple", "config", "check"}, "purple"},
           {{"--timeout", "soon", "config", "check"}, "--timeout"},
           {{"events", "search", "--since", "yesteryear"}, "--since: \"yesteryear\" is no time"},
           {{"events", "search", "model"}, "has no operator"},
           {{"events", "search", "--since", "now", "--until", "yesterday"}, "--until is before"},
           {{"replay", "fork", "--at", "x", "--to", "y"}, "no sequence number"}}) {
    const auto ended = run(words);
    BOOST_TEST_CONTEXT(ended.err) {
      BOOST_TEST(ended.code == 2);
      BOOST_TEST(ended.out.empty());
      BOOST_TEST(ended.err.starts_with("holdfast: "));
      BOOST_TEST(has(ended.err, says), says);
    }
  }
}

BOOST_AUTO_TEST_CASE(explains_itself) {
  BOOST_TEST(run({"--version"}).out.starts_with("holdfast "));
  BOOST_TEST(has(run({"help"}).out, "events tail"));
  BOOST_TEST(has(run({"help", "times"}).out, "last monday"));
  BOOST_TEST(has(run({"events", "search", "--help"}).out, "--since TIME"));
  BOOST_TEST(run({"help", "exit-code"}).code == 4);
  for (const auto* shell : {"bash", "zsh", "fish"})
    BOOST_TEST(run({"completion", shell}).code == 0);
  BOOST_TEST(has(run({"manual"}).out, ".SH NAME"));
}

BOOST_AUTO_TEST_CASE(prints_the_manual_page_that_docs_hold) {
  std::ifstream file{HOLDFAST_SOURCE "/docs/holdfast.1"};
  const std::string kept{std::istreambuf_iterator<char>{file}, {}};
  BOOST_TEST((kept == run({"manual"}).out), "run: holdfast manual > docs/holdfast.1");
}

BOOST_AUTO_TEST_CASE(simulates_checks_and_rewrites_histories) {
  const command::directory around;
  const auto file = around.path("a.history");
  around.write("a.history", "supervisor root\nstart\n    0.000  nonsense\n");
  const auto played = run({"simulate", file});
  BOOST_TEST(played.code == 0);
  BOOST_TEST(played.out == "supervisor root\nstart\n    0.000  root: all_started\n");
  const auto checked = run({"simulate", "--check", file});
  BOOST_TEST(checked.code == 1);
  BOOST_TEST(has(checked.out, ":2: start\n  - 0.000  nonsense\n  + 0.000  root: all_started\n"));
  BOOST_TEST(run({"simulate", "--rewrite", file}).code == 0);
  BOOST_TEST(run({"simulate", "--check", file}).code == 0);
  around.write("b.history", "supervisor root\nfly\n");
  const auto mistaken = run({"simulate", around.path("b.history")});
  BOOST_TEST(mistaken.code == 2);
  BOOST_TEST(has(mistaken.err, "b.history:2: there is no command 'fly'"));
  BOOST_TEST(run({"simulate", around.path("none")}).code == 4);
  BOOST_TEST(run({"simulate", "--check", "--rewrite", file}).code == 2);
}

BOOST_AUTO_TEST_CASE(says_when_nobody_answers_with_code_3) {
  const command::directory around;
  const auto nothing = run({"events", "tail"});
  BOOST_TEST(nothing.code == 3);
  BOOST_TEST(has(nothing.err, "no daemon and no data directory is named"));
  const auto gone = run({"--socket", around.path("none.sock"), "store", "stats"});
  BOOST_TEST(gone.code == 3);
  BOOST_TEST(has(gone.err, around.path("none.sock")));
}

BOOST_AUTO_TEST_CASE(never_takes_another_directory_for_a_store) {
  const command::directory around;
  around.write("notes.txt", "mine");
  const auto foreign = run({"init", around.path()});
  BOOST_TEST(foreign.code == 7);
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"store", "verify"}, {"events", "tail"}, {"store", "stats"}}) {
    auto with = words;
    with.insert(with.begin(), {"--data", around.path()});
    const auto ended = run(with);
    BOOST_TEST(ended.code == 2);
    BOOST_TEST(has(ended.err, around.path() + " is not a Holdfast data directory"), ended.err);
    auto absent = words;
    absent.insert(absent.begin(), {"--data", around.path("absent")});
    BOOST_TEST(run(absent).code == 4);
  }
  BOOST_TEST(!std::filesystem::exists(around.path("absent")));
  BOOST_TEST(std::distance(std::filesystem::directory_iterator{around.path()}, {}) == 1);
}

BOOST_AUTO_TEST_CASE(takes_a_file_for_no_directory) {
  const command::directory around;
  around.write("file", "mine");
  const auto made = run({"init", around.path("file")});
  BOOST_TEST(made.code == 2);
  BOOST_TEST(has(made.err, "Not a directory. name a directory"), made.err);
}

/// A configuration that could not be read was taken for an empty one, and found to be good.
BOOST_FIXTURE_TEST_CASE(says_what_it_cannot_read, with_store) {
  const std::string unreadable = "/proc/self/mem"; // also for root
  const auto checked = run({"config", "check", unreadable});
  BOOST_TEST(checked.code == 2);
  BOOST_TEST(has(checked.out, "cannot read " + unreadable), checked.out);
  const auto served = on_data({"--config", unreadable, "run"});
  BOOST_TEST(served.code != 0);
  BOOST_TEST(has(served.err, "cannot read " + unreadable), served.err);
  const auto poured = on_data({"ingest", unreadable});
  BOOST_TEST(poured.code == 5);
  BOOST_TEST(has(poured.err, unreadable + ": Input/output error"), poured.err);
}

BOOST_AUTO_TEST_CASE(says_of_a_half_made_store_how_to_make_it_whole) {
  const command::directory around;
  std::filesystem::create_directories(around.path("data/db"));
  around.write("data/initialising", "");
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"run"}, {"store", "verify"}, {"events", "tail"}, {"ingest", "-"}}) {
    auto with = words;
    with.insert(with.begin(), {"--data", around.path("data")});
    const auto ended = run(with);
    BOOST_TEST(ended.code == 4);
    BOOST_TEST(has(ended.err, "holdfast init"), ended.err);
  }
}

BOOST_FIXTURE_TEST_CASE(makes_a_store_once, with_store) {
  const auto again = run({"init", data});
  BOOST_TEST(again.code == 7);
  BOOST_TEST(has(again.err, data));
  const auto verified = on_data({"store", "verify", "--json"});
  BOOST_TEST(verified.code == 0);
  const auto told = document(verified);
  BOOST_TEST(told.text_at("schema") == "holdfast.store-verify");
  BOOST_TEST(told.integer_at("version") == 1);
}

BOOST_FIXTURE_TEST_CASE(leaves_a_store_of_a_newer_format_alone, with_store) {
  const auto path = data + "/superblock";
  std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
  std::string slot(holdfast::persistence::slot_bytes, '\0');
  file.read(slot.data(), static_cast<std::streamsize>(slot.size()));
  auto newer = holdfast::persistence::decode_slot(slot);
  BOOST_TEST_REQUIRE(static_cast<bool>(newer));
  newer->format = 999;
  newer->reader_min = 999;
  newer->counter += 10;
  slot = holdfast::persistence::encode_slot(*newer);
  file.seekp(0);
  file.write(slot.data(), static_cast<std::streamsize>(slot.size()));
  file.close();
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"store", "verify"}, {"events", "tail"}, {"run"}, {"ingest", "-"}}) {
    const auto ended = on_data(words, "{}\n");
    BOOST_TEST_CONTEXT(words.front() << ": " << ended.out << ended.err) {
      BOOST_TEST(ended.code == 1);
      BOOST_TEST(has(ended.err, "newer"));
    }
  }
}

BOOST_FIXTURE_TEST_CASE(names_what_does_not_exist, with_store) {
  const auto owner = on_data({"checkpoints", "ls", "lerning"});
  BOOST_TEST(owner.code == 4);
  BOOST_TEST(has(owner.err, "Did you mean \"learning\"?"));
  const auto beyond = on_data({"state", "learning", "--at", "12"});
  BOOST_TEST(beyond.code == 4);
  BOOST_TEST(on_data({"replay", "fork", "--at", "9", "--to", around.path("fork")}).code == 4);
  BOOST_TEST(!std::filesystem::exists(around.path("fork")));
}

BOOST_FIXTURE_TEST_CASE(does_nothing_dangerous_in_a_dry_run, with_store) {
  BOOST_TEST(on_data({"ingest", "--stream", "s", "-"}, "{\"n\":1}\n{\"n\":2}\n").code == 0);
  // Looking needs neither a reason nor the directory's name.
  const auto sound = on_data({"store", "accept-loss", "--dry-run"});
  BOOST_TEST(sound.code == 0);
  BOOST_TEST(has(sound.out, "Nothing would have to be given up"), sound.out + sound.err);
  const auto listed = document(on_data({"store", "accept-loss", "--dry-run", "--json"}));
  BOOST_TEST(listed.find("damage")->as<holdfast::array>()->empty());
  BOOST_TEST(on_data({"store", "accept-loss"}).code == 2);
  const command::daemon running{data};
  // Holdfast's own records stand before the first event.
  const auto page = document(on_data({"events", "search", "--limit", "1", "--json"}));
  const auto first = std::to_string(page.find("event")->integer_at("sequence"));
  const auto retire = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"store", "retire", "--to", first, "--reason", "test", "--force"};
    words.insert(words.end(), more.begin(), more.end());
    return on_data(words);
  };
  const auto tried = retire({"--dry-run"});
  BOOST_TEST(tried.code == 0, tried.out + tried.err);
  BOOST_TEST(has(tried.out, "would be retired"));
  BOOST_TEST(has(on_data({"events", "search", "--limit", "1"}).out, "\"n\":1"));
  BOOST_TEST(retire({}).code == 0);
  BOOST_TEST(!has(on_data({"events", "search", "--limit", "1"}).out, "\"n\":1"));
}

BOOST_FIXTURE_TEST_CASE(a_failure_that_is_not_the_store_s_is_code_1_not_9, with_store) {
  // Every fault without a better word used to end as if the store had failed.
  command::directory other;
  const auto long_name = other.path(std::string(200, 's'));
  const auto ended = run({"--data", data, "--socket", long_name, "run"});
  BOOST_TEST(ended.code != 9, ended.err);
}

BOOST_AUTO_TEST_CASE(names_every_mistake_of_a_configuration_with_its_place) {
  const command::directory around;
  around.write("bad.toml", "[store]\ndata = 3\nmemroy = \"1 MiB\"\n");
  const auto checked = run({"config", "check", around.path("bad.toml")});
  BOOST_TEST(checked.code == 2);
  BOOST_TEST(has(checked.out, "bad.toml:2"), checked.out);
  BOOST_TEST(has(checked.out, "memroy"), checked.out);
  BOOST_TEST(run({"--config", around.path("absent.toml"), "config", "show"}).code != 0);
  const auto shown = run({"--data", "/srv/x", "config", "show", "--origin"});
  BOOST_TEST(shown.code == 0);
  BOOST_TEST(has(shown.out, "/srv/x"));
  BOOST_TEST(has(shown.out, "--data"));
}

BOOST_AUTO_TEST_SUITE_END()
