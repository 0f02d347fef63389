// SPDX-License-Identifier: Apache-2.0
// Disks that fail, fill up or belong to somebody else: each is said, and nothing else is lost.
#include "tests/persistence/store_fixture.hpp"
#include "tests/support/memory_disk.hpp"
#include "tests/support/memory_file_system.hpp"

#include "persistence/superblock.hpp"

#include <rocksdb/env.h>

#include <cerrno>
#include <fstream>

namespace holdfast::persistence {
namespace {

using testing::code_of;
using testing::memory_disk;
using testing::operation;

struct failing_world {
  memory_disk disk{7};
  std::unique_ptr<rocksdb::Env> env = testing::make_env(disk);
  store_options options = small_options("/data/store", disk);

  failing_world() {
    options.env = env.get();
    options.inline_threads = true;
    good(store::create(options, {1}));
  }
  std::unique_ptr<store> open() { return good(store::open(options, {2})); }
};

std::vector<draft> one_draft(int number) {
  std::vector<draft> drafts;
  drafts.push_back(draft_of(event_of(number)));
  return drafts;
}

} // namespace

BOOST_AUTO_TEST_SUITE(a_failing_disk)

BOOST_AUTO_TEST_CASE(ends_appending_and_the_store_opens_again_in_the_same_process) {
  struct row {
    const char* what;
    operation kind;
    const char* path_part;
  };
  for (const auto& [what, kind, path_part] : {row{"write of the log", operation::write, ".log"},
                                              row{"sync of the log", operation::sync, ".log"},
                                              row{"write of the mirror", operation::write, "tail/"},
                                              row{"sync of the mirror", operation::sync, "tail/"}})
    BOOST_TEST_CONTEXT(what) {
      failing_world in;
      auto live = in.open();
      append(*live, 1, 3);
      in.disk.fail_at({.kind = kind, .path_part = path_part});
      const auto batch = live->prepare(one_draft(4), {3});
      BOOST_TEST(to_string(code_of(live->commit(*batch, {3}))) == "failed");
      const auto later = live->prepare(one_draft(5), {3});
      BOOST_TEST(to_string(code_of(live->commit(*later, {3}))) == "failed");
      BOOST_TEST(live->stats().failed);
      BOOST_TEST(good(live->read().events({})).events.size() == 3U);
      live.reset();
      live = in.open();
      // Whatever became of the fourth: sending it again stores it once.
      append(*live, 1, 5);
      BOOST_TEST(good(live->read().events({})).events.size() == 5U);
    }
}

/// A committer that crashed left a hole where its batch should have been, and the next one filled
/// in behind it.
BOOST_AUTO_TEST_CASE(takes_no_batch_whose_predecessor_was_never_written) {
  failing_world in;
  auto live = in.open();
  append(*live, 1, 3);
  const auto lost = live->prepare(one_draft(4), {3});
  const auto next = live->prepare(one_draft(5), {3});
  BOOST_TEST(to_string(code_of(live->commit(*next, {3}))) == "failed");
  BOOST_TEST(to_string(code_of(live->commit(*lost, {3}))) == "failed");
  live.reset();
  live = in.open();
  append(*live, 1, 5);
  BOOST_TEST(good(live->read().events({})).events.size() == 5U);
}

BOOST_AUTO_TEST_CASE(keeps_when_it_was_reopened_where_a_crash_does_not_reach) {
  failing_world in;
  append(*in.open(), 1, 3);
  BOOST_TEST(store::reopenings(in.options).empty());
  for (std::int64_t i = 1; i <= 10; ++i)
    good(store::note_reopening(in.options, {i}));
  const auto noted = [&] {
    std::vector<std::int64_t> found;
    for (const auto when : store::reopenings(in.options))
      found.push_back(when.us);
    return found;
  };
  const std::vector<std::int64_t> newest{3, 4, 5, 6, 7, 8, 9, 10};
  BOOST_TEST(noted() == newest, boost::test_tools::per_element());
  in.disk.crash(testing::ending::power);
  {
    const auto live = in.open();
    append(*live, 1, 4);
    BOOST_TEST(to_string(code_of(store::note_reopening(in.options, {11}))) == "conflict");
    good(live->close({5}));
  }
  BOOST_TEST(noted() == newest, boost::test_tools::per_element());
  // A damaged slot is evidence, for the start to keep and to tell of.
  const auto path = in.options.directory / "superblock";
  in.disk.flip(path, 800);
  const auto before = in.disk.content(path);
  good(store::note_reopening(in.options, {12}));
  BOOST_TEST((in.disk.content(path) == before));
}

BOOST_AUTO_TEST_CASE(leaves_the_old_anchor_where_tables_cannot_be_written) {
  struct row {
    operation kind;
    const char* path_part;
  };
  for (const auto& [kind, path_part] :
       {row{operation::write, ".sst"}, row{operation::sync, ".sst"},
        row{operation::write, "MANIFEST"}, row{operation::sync, "superblock"}})
    BOOST_TEST_CONTEXT(path_part) {
      failing_world in;
      auto live = in.open();
      append(*live, 1, 3);
      in.disk.fail_at({.kind = kind, .for_ever = true, .path_part = path_part});
      BOOST_TEST(!live->advance_anchor({3}));
      BOOST_TEST(live->stats().anchor == sequence{0});
      BOOST_TEST(good(live->read().events({})).events.size() == 3U);
      in.disk.mend();
      live.reset();
      live = in.open();
      append(*live, 1, 4);
      BOOST_TEST(good(live->read().events({})).events.size() == 4U);
    }
}

BOOST_AUTO_TEST_CASE(that_is_full_is_said_and_appending_goes_on_once_there_is_room) {
  failing_world in;
  auto live = in.open();
  append(*live, 1, 3);
  in.disk.set_full(true);
  const auto batch = live->prepare(one_draft(4), {3});
  BOOST_TEST(to_string(code_of(live->commit(*batch, {3}))) == "no_space");
  BOOST_TEST(live->stats().no_space);
  BOOST_TEST(good(live->read().events({})).events.size() == 3U);
  in.disk.set_full(false);
  live.reset();
  live = in.open();
  append(*live, 1, 5);
  BOOST_TEST(good(live->read().events({})).events.size() == 5U);
}

BOOST_AUTO_TEST_CASE(that_cannot_be_read_refuses_the_start_and_changes_nothing) {
  failing_world in;
  auto live = in.open();
  append(*live, 1, 3);
  good(live->close({3}));
  live.reset();
  in.disk.fail_at({.kind = operation::read, .for_ever = true, .path_part = ".sst"});
  const auto before = in.disk.files();
  BOOST_TEST(!store::open(in.options, {4}));
  BOOST_TEST((in.disk.files() == before));
  in.disk.mend();
  BOOST_TEST(good(in.open()->read().events({})).events.size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(a_directory, store_fixture)

BOOST_AUTO_TEST_CASE(that_somebody_holds_is_refused_with_their_words) {
  options.owner = "pid 4711 of the first";
  create();
  const auto live = open();
  options.owner = "the second";
  const auto second = store::open(options, {3});
  BOOST_REQUIRE(!second);
  BOOST_TEST(to_string(second.error().code) == "conflict");
  BOOST_TEST(second.error().what.find("pid 4711 of the first") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(that_is_no_store_is_left_alone) {
  BOOST_TEST(to_string(code_of(store::open(options, {3}))) == "not_found");
  std::filesystem::create_directories(options.directory);
  BOOST_TEST(to_string(code_of(store::open(options, {3}))) == "not_found");
  std::ofstream{options.directory / "thesis.txt"} << "years of work";
  BOOST_TEST(to_string(code_of(store::open(options, {3}))) == "invalid");
  BOOST_TEST(to_string(code_of(store::create(options, {3}))) == "conflict");
  BOOST_TEST(std::distance(std::filesystem::directory_iterator{options.directory}, {}) == 1);
}

BOOST_AUTO_TEST_CASE(that_init_left_half_made_is_made_again) {
  create();
  std::filesystem::remove(options.directory / "superblock");
  std::ofstream{options.directory / "initialising"} << "";
  BOOST_TEST(to_string(code_of(store::open(options, {3}))) == "not_found");
  create();
  append(*open(), 1, 1);
  BOOST_TEST(to_string(code_of(store::create(options, {3}))) == "conflict");
}

BOOST_AUTO_TEST_CASE(of_a_newer_version_is_refused_as_that) {
  create();
  const auto path = options.directory / "superblock";
  auto newer = good(read_superblock(*files, path)).newest;
  newer.format = format_version + 1;
  newer.reader_min = format_version + 1;
  std::filesystem::remove(path);
  good(create_superblock(*files, path, newer));
  BOOST_TEST(to_string(code_of(store::open(options, {3}))) == "unsupported");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::persistence
