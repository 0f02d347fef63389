// SPDX-License-Identifier: Apache-2.0
// What an operator may do with a store: give up what is lost, fork what is there.
#include "tests/persistence/store_fixture.hpp"

#include "persistence/superblock.hpp"

#include <algorithm>
#include <fstream>

namespace holdfast::persistence {
namespace {

namespace fs = std::filesystem;

/// Flips every bit in the middle of each file of that ending.
void ruin(const fs::path& directory, const std::string& ending) {
  for (const auto& one : fs::directory_iterator{directory})
    if (one.path().string().ends_with(ending)) {
      std::fstream file{one.path(), std::ios::in | std::ios::out | std::ios::binary};
      file.seekp(static_cast<std::streamoff>(fs::file_size(one.path()) / 2));
      file.write("\xff\x00\xff\x00\xff\x00", 6);
    }
}

std::vector<std::uint64_t> sequences(const reader& of) {
  std::vector<std::uint64_t> found;
  good(of.scan(sequence{1}, sequence{UINT64_MAX}, [&](const recorded_event& one) {
    if (one.kind == record_kind::event)
      found.push_back(one.at.value);
    return true;
  }));
  return found;
}

/// Name, bytes and time of every file.
std::vector<std::string> everything_about(const fs::path& directory) {
  std::vector<std::string> told;
  for (const auto& one : fs::recursive_directory_iterator{directory})
    if (one.is_regular_file()) {
      std::ifstream in{one.path(), std::ios::binary};
      told.push_back(one.path().string()
                     + std::to_string(fs::last_write_time(one).time_since_epoch().count())
                     + std::string{std::istreambuf_iterator<char>{in}, {}});
    }
  std::sort(told.begin(), told.end());
  return told;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(an_operator, store_fixture)

BOOST_AUTO_TEST_CASE(gives_up_what_log_and_mirror_both_lost) {
  create();
  auto live = open();
  for (int i = 1; i <= 9; ++i)
    append(*live, i, i);
  good(live->save_frontier({3}));
  live.reset();
  ruin(options.directory / "db", ".log");
  ruin(options.directory / "tail", "0");
  ruin(options.directory / "tail", "1");
  for (const auto& segment : {"0", "1"}) {
    std::fstream file{options.directory / "tail" / segment,
                      std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(100);
    file.write("\xff\x00\xff\x00\xff\x00", 6);
  }
  const auto refused = store::open(options, {4});
  BOOST_REQUIRE(!refused);
  BOOST_TEST(to_string(refused.error().code) == "corrupt");

  const auto lost = good(store::accept_loss(options, "the disk was replaced", {5}));
  BOOST_TEST(lost.second == sequence{9});
  live = open();
  auto kept = sequences(live->read());
  BOOST_TEST(kept.size() == lost.first.value - 1);
  // Numbers are never used again, and what was lost can be sent again.
  const auto answers = append(*live, 1, 9);
  for (std::size_t i = 0; i < answers.size(); ++i)
    BOOST_TEST(to_string(answers[i].what) == (i < kept.size() ? "duplicate" : "stored"));
  BOOST_TEST(answers.back().at > sequence{10});
  const auto all = good(live->read().events({.internal = true}));
  std::vector<std::string> own;
  for (const auto& one : all.events)
    if (one.kind != record_kind::event)
      own.push_back(one.type);
  BOOST_TEST(own == (std::vector<std::string>{"gap", "loss_accepted"}));
  // The gap stays legal for every later start.
  good(live->close({6}));
  live = open();
  live.reset();
  live = open();
  BOOST_TEST(good(verify_damage(*live)).empty());
}

/// Log and mirror were both damaged, and the mirror's sound beginning was served as if the store
/// ended there: batches behind the damage showed that more had been committed.
BOOST_AUTO_TEST_CASE(is_asked_when_the_mirror_shows_that_more_was_committed_than_it_holds) {
  create();
  auto live = open();
  for (int i = 1; i <= 40; ++i)
    append(*live, i, i);
  live.reset();
  ruin(options.directory / "db", ".log");
  const auto segment = options.directory / "tail" / "0";
  std::ifstream in{segment, std::ios::binary};
  std::string held{std::istreambuf_iterator<char>{in}, {}};
  in.close();
  held.resize(held.find_last_not_of('\0') + 1);
  {
    std::fstream file{segment, std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(static_cast<std::streamoff>(held.size() / 3));
    file.write("\xff\x00\xff\x00\xff\x00", 6);
  }
  const auto refused = store::open(options, {4});
  BOOST_REQUIRE(!refused);
  BOOST_TEST(to_string(refused.error().code) == "corrupt");
  BOOST_TEST(refused.error().what.find("..39 ") != std::string::npos, refused.error().what);

  const auto lost = good(store::accept_loss(options, "both disks", {5}));
  BOOST_TEST(lost.second == sequence{40});
  live = open();
  BOOST_TEST(sequences(live->read()).size() == lost.first.value - 1);
  BOOST_TEST(append(*live, 41, 41).front().at > sequence{40});
}

BOOST_AUTO_TEST_CASE(gives_up_a_table_and_keeps_what_is_around_it) {
  create();
  auto live = open();
  append(*live, 1, 4);
  good(live->advance_anchor({3}));
  append(*live, 5, 8);
  good(live->close({4}));
  live.reset();
  // The first table of the journal, whole: its records 1 to 4 are gone.
  std::vector<fs::path> tables;
  for (const auto& one : fs::directory_iterator{options.directory / "db"})
    if (one.path().extension() == ".sst")
      tables.push_back(one.path());
  std::sort(tables.begin(), tables.end());
  std::size_t refusals = 0;
  for (const auto& table : tables) {
    const auto copy = temporary.path() / "copy";
    fs::remove_all(copy);
    fs::copy(options.directory, copy, fs::copy_options::recursive);
    fs::resize_file(copy / "db" / table.filename(), 10);
    auto other = options;
    other.directory = copy;
    if (store::open(other, {5}))
      continue;
    ++refusals;
    const auto lost = good(store::accept_loss(other, "test", {6}));
    const auto again = good(store::open(other, {7}));
    const auto kept = sequences(again->read());
    BOOST_TEST_CONTEXT(table.filename() << " lost " << lost.first << ".." << lost.second) {
      BOOST_TEST(kept.size() + (lost.first > lost.second ? 0 : lost.second - lost.first + 1) >= 8U);
      BOOST_TEST(good(verify_damage(*again)).empty());
    }
  }
  BOOST_TEST(refusals > 0U);
}

BOOST_AUTO_TEST_CASE(has_nothing_to_give_up_in_a_sound_store) {
  create();
  open().reset();
  const auto lost = good(store::accept_loss(options, "test", {5}));
  BOOST_TEST(lost.first > lost.second);
}

BOOST_AUTO_TEST_CASE(makes_a_lost_superblock_again) {
  create();
  auto live = open();
  append(*live, 1, 5);
  good(live->advance_anchor({3}));
  append(*live, 6, 7);
  live.reset();
  fs::remove(options.directory / "superblock");
  const auto refused = store::open(options, {4});
  BOOST_REQUIRE(!refused);
  BOOST_TEST(to_string(refused.error().code) == "corrupt");
  good(store::accept_loss(options, "superblock lost", {5}));
  BOOST_TEST(sequences(open()->read()).size() == 7U);
}

BOOST_AUTO_TEST_CASE(forks_a_store_that_stays_as_it_was) {
  create();
  auto live = open();
  append(*live, 1, 5);
  append(*live, {make_checkpoint({"totals", sequence{5}, 1, "events", canonical(object{{"n", 5}})},
                                 {2000})});
  append(*live, {make_cursor({"mailer", sequence{4}, {}, false, {}}, {2000})});
  append(*live, {make_control({"breaker", canonical(true)}, durability::power, {2000})});
  append(*live, 6, 9);
  good(live->close({3}));
  live.reset();
  const auto before = everything_about(options.directory);

  auto target = options;
  target.directory = temporary.path() / "fork";
  {
    const auto source = good(open_reader(options));
    good(fork(*source, sequence{10}, target, {5000}));
  }
  BOOST_TEST((everything_about(options.directory) == before));
  const auto forked = good(store::open(target, {5001}));
  BOOST_TEST(sequences(forked->read()) == (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 9, 10}));
  BOOST_TEST(good(forked->read().consumer("mailer")).position == sequence{4});
  BOOST_TEST((good(forked->read().control("breaker")) == value{true}));
  const auto kept = good(forked->read().newest_checkpoint("totals", sequence{10}));
  BOOST_TEST((kept.state == value{object{{"n", 5}}}));
  BOOST_TEST((kept.info.chain == good(forked->read().record(sequence{5})).chain));
  BOOST_TEST(good(verify_damage(*forked)).empty());
  BOOST_TEST(to_string(append(*forked, 3, 3)[0].what) == "duplicate");
}

BOOST_AUTO_TEST_CASE(takes_along_what_was_seen_of_retired_events) {
  // A fork used to store an event again that the original had stored and retired.
  create();
  auto live = open();
  for (int i = 1; i <= 20; i += 5) {
    append(*live, i, i + 4);
    good(live->advance_anchor({3}));
  }
  good(live->raise_floor(sequence{12}, true, "test", {4}));
  good(live->close({5}));
  live.reset();
  const auto duplicates = [](store& of) {
    std::vector<std::uint64_t> places;
    for (const auto& one : append(of, 1, 20))
      places.push_back(one.what == outcome::duplicate ? one.at.value : 0);
    return places;
  };
  std::vector<std::uint64_t> expected;
  {
    live = open();
    expected = duplicates(*live);
    BOOST_TEST(std::ranges::count(expected, 0U) == 0);
    good(live->close({6}));
    live.reset();
  }
  auto target = options;
  target.directory = temporary.path() / "fork";
  const auto head = good(good(open_reader(options))->head()).last;
  good(fork(*good(open_reader(options)), head, target, {7}));
  auto forked = good(store::open(target, {8}));
  BOOST_TEST(duplicates(*forked) == expected, boost::test_tools::per_element());
  BOOST_TEST(good(verify_damage(*forked)).empty());
  forked.reset();

  // And what is rebuilt after a loss keeps it too, also where the superblock was lost as well.
  for (const auto with_superblock : {true, false}) {
    const auto copy = temporary.path() / (with_superblock ? "one" : "two");
    fs::copy(options.directory, copy, fs::copy_options::recursive);
    auto other = options;
    other.directory = copy;
    ruin(copy / "db", ".log");
    if (with_superblock) {
      auto claimed = good(read_superblock(*files, copy / "superblock")).newest;
      claimed.frontier.at = head + 2; // acknowledged, and nowhere
      fs::remove(copy / "superblock");
      good(create_superblock(*files, copy / "superblock", claimed));
    } else {
      fs::remove(copy / "superblock");
    }
    good(store::accept_loss(other, "test", {9}));
    auto rebuilt = good(store::open(other, {10}));
    BOOST_TEST_CONTEXT("superblock " << with_superblock) {
      BOOST_TEST(duplicates(*rebuilt) == expected, boost::test_tools::per_element());
      BOOST_TEST(good(rebuilt->read().head()).floor == sequence{12});
      BOOST_TEST(good(verify_damage(*rebuilt)).empty());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::persistence
