// SPDX-License-Identifier: Apache-2.0
// Tests of names, compression and removal of closed telemetry files.
#include "persistence/telemetry_archive.hpp"
#include "tests/persistence/telemetry_stage.hpp"

#include <csignal>
#include <fstream>

using namespace holdfast;
using namespace holdfast::test;
using namespace holdfast::persistence;
namespace fs = std::filesystem;

namespace {

struct closed_file : telemetry_stage {
  closed_file() {
    const auto w = writer();
    for (int line = 0; line < 3000; ++line)
      w->log({.logger = "test", .message = "a line that compresses well"});
    w->drain();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(a_telemetry_archive, closed_file)

BOOST_AUTO_TEST_CASE(names_files_so_that_they_sort_by_time) {
  const telemetry_file_name name{"node", noon, 4711};
  BOOST_TEST(to_string(name) == "node.20261122T120000000000Z.4711.jsonl");
  for (const auto& one :
       {name, telemetry_file_name{"node", {1}, 0}, telemetry_file_name{"a", noon, 1, true},
        telemetry_file_name{"a", noon, 1, false, true}}) {
    const auto read = parse_telemetry_file_name(to_string(one));
    BOOST_TEST((read && *read == one), to_string(one));
  }
  for (const auto* wrong :
       {"", "node.jsonl", "node.20261122T120000000000Z.jsonl",
        "node.20261322T120000000000Z.1.jsonl", "node.20261122T120000000000Z.-1.jsonl",
        "node.20261122T120000000000Z.0.jsonl", "a/b.20261122T120000000000Z.1.jsonl",
        "node.20261122T120000000000Z.1.jsonl.gz.tmp", "node.20261122T990000000000Z.1.jsonl",
        ".20261122T120000000000Z.1.jsonl"})
    BOOST_TEST(!parse_telemetry_file_name(wrong), wrong);
}

BOOST_AUTO_TEST_CASE(replaces_a_closed_file_by_a_compressed_one_with_the_same_lines) {
  const auto file = files().at(0);
  const auto before = fs::file_size(path(file));
  auto pruning = telemetry_pruning::begin(directory);
  BOOST_REQUIRE(bool{pruning});
  BOOST_TEST(bool{pruning->compress(file)});
  BOOST_REQUIRE(files().size() == 1U);
  BOOST_TEST(files().at(0) == file + ".gz");
  BOOST_TEST(fs::file_size(path(file + ".gz")) < before / 10);
  BOOST_TEST(calls().size() == 3000U);
  BOOST_TEST(report().clean());
  BOOST_TEST(bool{pruning->remove(file + ".gz")});
  BOOST_TEST(files().empty());
}

BOOST_AUTO_TEST_CASE(touches_no_file_that_a_living_writer_holds) {
  pass(hour_us);
  const auto w = writer();
  w->log({.logger = "test", .message = "living"});
  w->drain();
  const auto file = files().at(1);
  auto pruning = telemetry_pruning::begin(directory);
  BOOST_REQUIRE(bool{pruning});
  BOOST_TEST((pruning->compress(file).error().code == fault_code::conflict));
  BOOST_TEST((pruning->remove(file).error().code == fault_code::conflict));
  BOOST_TEST((telemetry_pruning::begin(directory).error().code == fault_code::busy));
  BOOST_TEST(files().size() == 2U);
}

BOOST_AUTO_TEST_CASE(tidies_what_dead_processes_left_and_nothing_else) {
  put("node.20261122T120000000000Z.9.jsonl.gz.tmp", "half");
  put(".node.9.reserve", "space");
  put("notes.txt", "not ours");
  pass(hour_us);
  const auto w = writer();
  w->log({.logger = "test", .message = "living"});
  w->drain();
  auto pruning = telemetry_pruning::begin(directory);
  BOOST_REQUIRE(bool{pruning});
  pruning->tidy();
  BOOST_TEST(!fs::exists(path("node.20261122T120000000000Z.9.jsonl.gz.tmp")));
  BOOST_TEST(!fs::exists(path(".node.9.reserve")));
  BOOST_TEST(fs::exists(path("notes.txt")));
  BOOST_TEST(fs::exists(path(".node." + std::to_string(::getpid()) + ".reserve")));
}

BOOST_AUTO_TEST_CASE(shows_every_flipped_bit_and_every_cut_of_a_compressed_file) {
  auto pruning = telemetry_pruning::begin(directory);
  BOOST_REQUIRE(bool{pruning});
  const auto file = files().at(0);
  BOOST_REQUIRE(bool{pruning->compress(file)});
  const auto packed = text(file + ".gz");
  for (std::size_t at = packed.size() / 3; at < packed.size(); at += 97) {
    auto changed = packed;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    put(file + ".gz", changed);
    BOOST_TEST(!report().clean(), "bit flipped in byte " << at);
    put(file + ".gz", packed.substr(0, at));
    const auto found = report();
    BOOST_TEST((!found.clean() || found.torn != 0), "cut at byte " << at);
  }
}

BOOST_AUTO_TEST_SUITE_END()
