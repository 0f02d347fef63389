// SPDX-License-Identifier: Apache-2.0
// The configuration: what counts more, every mistake named with its place, and its documentation.
#include "runtime/config.hpp"
#include "tests/runtime/scratch.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

config::sources file_with(const scratch& place, const std::string& text) {
  const auto path = place.path() / "h.toml";
  std::ofstream{path} << text;
  config::sources from;
  from.file = path;
  return from;
}

} // namespace

BOOST_AUTO_TEST_SUITE(configuration)

BOOST_FIXTURE_TEST_CASE(flags_count_more_than_environment_file_and_defaults, scratch) {
  auto from = file_with(*this, "[run]\nworkers = 3\nstop_deadline = \"1 min\"\n"
                               "[checkpoint]\nevents = 7\n");
  from.environment = {{"HOLDFAST_RUN_WORKERS", "4"}, {"HOLDFAST_CHECKPOINT_EVENTS", "8"}};
  from.flags = {{"run.workers", "5", "--workers"}};
  const auto made = config::load(from);
  BOOST_TEST(made.problems.empty());
  BOOST_TEST(made.chosen.workers == 5U);
  BOOST_TEST(made.chosen.checkpoint.events == 8U);
  BOOST_TEST((made.chosen.stop_deadline == 60s));
  const auto shown = config::show(made, true);
  const auto file = (path() / "h.toml").string();
  for (const auto& line : {std::string{"workers = 5  # --workers"},
                           std::string{"events = 8  # HOLDFAST_CHECKPOINT_EVENTS"},
                           "stop_deadline = \"1 min\"  # " + file + ":3:1",
                           std::string{"interval = \"30 s\"  # default"}})
    BOOST_TEST(shown.find(line) != shown.npos, line << " in\n" << shown);
}

BOOST_FIXTURE_TEST_CASE(what_it_shows_it_reads_again, scratch) {
  auto first = config::load(file_with(
      *this, "[events]\nvolatile = { \"llm*\" = [\"id\", \"at\"] }\ndurability = \"process\"\n"
             "[door]\nusers = [0, 1000]\n[telemetry]\nredact = [\"a,b\"]\n"));
  BOOST_TEST(first.problems.empty());
  BOOST_TEST_REQUIRE(first.chosen.events.volatile_fields.size() == 1U);
  BOOST_TEST(first.chosen.events.volatile_fields[0].fields.size() == 2U);
  const auto again = config::load(file_with(*this, config::show(first, true)));
  BOOST_TEST(again.problems.empty());
  BOOST_TEST(config::show(again, false) == config::show(first, false));
}

BOOST_FIXTURE_TEST_CASE(names_each_mistake_with_its_place, scratch) {
  struct row {
    std::string text;
    std::string place;
    std::string what;
    std::string help;
  };
  for (const auto& [text, place, what, help] : {
           row{"[store]\ndaat = \"x\"", ":2:1", "unknown key `store.daat`", "`store.data`"},
           row{"[stor]\ndata = \"x\"", ":1:2", "unknown section `stor`", "`store`"},
           row{"workers = 2", ":1:1", "`workers` stands outside its section", "`run.workers`"},
           row{"[run]\nworkers = \"many\"", ":2:1", "`run.workers` must be a whole number", ""},
           row{"[run]\nworkers = 1000", ":2:1", "is 1000; allowed is 1 to 256", ""},
           row{"[run]\nworkers = -1", ":2:1", "must not be negative", ""},
           row{"[run]\nworkers = 1.5", ":2:1", "must be a whole number", ""},
           row{"[store]\nmemory = \"12 parsecs\"", ":2:1", "must be a size", ""},
           row{"[store]\nmemory = 1", ":2:1", "is 1 B; allowed is 4 MiB to 16 GiB", ""},
           row{"[checkpoint]\ninterval = 30", ":2:1", "must be a duration with its unit", ""},
           row{"[checkpoint]\ninterval = \"0 s\"", ":2:1", "is 0 ms; allowed is 1 ms to 365 d", ""},
           row{"[events]\ndurability = \"ever\"", ":2:1", "one of none, process, power", ""},
           row{"[telemetry]\nredact = [\"(\"]", ":2:1", "cannot be used", ""},
           row{"[telemetry]\nenabled = 1", ":2:1", "must be true or false", ""},
           row{"[door]\nusers = [\"root\"]", ":2:1", "numeric user ids", ""},
           row{"[store]\nindexed_streams = [1, \"a\"]", ":2:1", "of a type no key has", ""},
           row{"[store]\nindexed_streams = [\"a*b\"]", ":2:1", "only at its end", ""},
           row{"[store]\nindexed_streams = [\"$x\"]", ":2:1", "Holdfast's own", ""},
           row{"[store\n", ":1:", "not TOML", ""},
           row{"[run]\nworkers = 2\nworkers = 3", ":3:", "not TOML", ""},
           row{"[pressure]\npause = \"1 MB\"", "", "`pressure.resume` must be less than", ""},
           row{"[door]\ntcp = [\"127.0.0.1:0\"]", "", "`door.tcp` needs `door.tokens`", ""},
           row{"[door]\ntcp = [\"0.0.0.0:80\"]\ntokens = \"t\"", "", "so it needs TLS", ""},
           row{"[door]\ntcp = [\"[::]:80\"]\ntokens = \"t\"", "", "so it needs TLS", ""},
           row{"[door]\ntls_key = \"k\"", "", "go together", ""},
           row{"[door]\norigins = [\"*\"]", ":2:", "is no origin", ""},
           row{"[door]\norigins = [\"https://a/b\"]", ":2:", "is no origin", ""},
           row{"[door]\nhosts = [\"a b\"]", ":2:", "is no host", ""},
           row{"[door]\ntcp = [\"localhost:1\"]\ntokens = \"t\"", ":2:", "is no address", ""},
       })
    BOOST_TEST_CONTEXT(text) {
      const auto made = config::load(file_with(*this, text));
      BOOST_TEST_REQUIRE(made.problems.size() == 1U);
      const auto& one = made.problems.front();
      BOOST_TEST((one.code == fault_code::invalid));
      BOOST_TEST(one.what.find(what) != one.what.npos, one.what);
      BOOST_TEST(one.help.find(help) != one.help.npos, one.help);
      if (!place.empty())
        BOOST_TEST(one.what.starts_with((path() / "h.toml").string() + place), one.what);
    }
}

BOOST_FIXTURE_TEST_CASE(names_every_mistake_at_once, scratch) {
  auto from = file_with(*this, "[run]\nworkers = 0\nwokers = 1\n[store]\nmemory = true\n");
  from.environment = {{"HOLDFAST_RUN_WORKER", "2"}, {"HOLDFAST_DATA", "/x"}, {"OTHER", "1"}};
  from.flags = {{"door.socket", std::string{"a\0b", 3}, "--socket"}};
  const auto made = config::load(from);
  BOOST_TEST(made.problems.size() == 5U);
  const auto all = config::checked(from);
  BOOST_TEST_REQUIRE(!all);
  for (const auto* one : {"`run.workers` is 0", "`run.wokers`", "`store.memory`",
                          "HOLDFAST_RUN_WORKER: unknown variable", "--socket: "})
    BOOST_TEST(all.error().what.find(one) != std::string::npos, one);
}

BOOST_FIXTURE_TEST_CASE(says_what_is_wrong_with_the_file_itself, scratch) {
  config::sources from;
  from.file = path() / "absent.toml";
  BOOST_TEST((config::load(from).problems.at(0).code == fault_code::not_found));
  from.file = path();
  BOOST_TEST(config::load(from).problems.at(0).what.find("is a directory") != std::string::npos);
  std::ofstream{path() / "huge.toml"} << std::string(2 << 20, '#');
  from.file = path() / "huge.toml";
  BOOST_TEST(config::load(from).problems.at(0).what.find("more than") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(relative_paths_start_from_the_file_that_says_so, scratch) {
  const auto made = config::load(file_with(*this, "[store]\ndata = \"d/../e\"\n"));
  BOOST_TEST(made.chosen.store.data == path() / "e");
}

BOOST_AUTO_TEST_CASE(sizes_and_durations_are_exact_both_ways) {
  for (const auto bytes : {0ULL, 1ULL, 1000ULL, 1024ULL, 100'000'000ULL, 64ULL << 20U, 12345ULL})
    BOOST_TEST(*config::parse_size(config::print_size(bytes)) == bytes);
  for (const auto span : {0ms, 1ms, 1500ms, 30000ms, 86400000ms, 90000ms})
    BOOST_TEST((*config::parse_duration(config::print_duration(span)) == span));
  BOOST_TEST(*config::parse_size("64MiB") == 64U << 20U);
  for (const auto* bad : {"", "MB", "1.5 MB", "-1", "99999999999 GiB", "1 mb"})
    BOOST_TEST(!config::parse_size(bad), bad);
  for (const auto* bad : {"", "s", "30", "1.5 s", "-1 s", "99999999999999999999 s"})
    BOOST_TEST(!config::parse_duration(bad), bad);
}

BOOST_AUTO_TEST_CASE(the_documentation_shows_every_key_as_it_is) {
  std::ifstream file{HOLDFAST_SOURCE_DIR "/docs/config.md"};
  std::stringstream text;
  text << file.rdbuf();
  for (const auto& key : config::keys()) {
    auto row = "| `" + key.name + "` | " + key.type + " | `" + key.otherwise + "` | " + key.allowed
               + " | " + key.says + " |\n";
    BOOST_TEST(text.str().find(row) != std::string::npos, "docs/config.md lacks this row:\n" + row);
  }
}

BOOST_AUTO_TEST_SUITE_END()
