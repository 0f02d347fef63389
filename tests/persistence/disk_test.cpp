// SPDX-License-Identifier: Apache-2.0
// Tests of the machine's disk, and of the disk in memory that stands in for it.
#include "persistence/disk.hpp"

#include "tests/support/expect.hpp"
#include "tests/support/memory_disk.hpp"
#include "tests/support/memory_file_system.hpp"

#include <boost/test/unit_test.hpp>
#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace holdfast;
using namespace holdfast::persistence;
using holdfast::testing::code_of;
using holdfast::testing::ending;
using holdfast::testing::good;
using holdfast::testing::memory_disk;
using holdfast::testing::operation;
using holdfast::testing::temporary;

namespace {

std::string all_of(disk& files, const std::filesystem::path& path) {
  const auto opened = good(files.open(path, open_mode::read));
  std::string bytes(good(opened->size()), '\0');
  BOOST_TEST(good(opened->read(0, bytes)) == bytes.size());
  return bytes;
}

void write(disk& files, const std::filesystem::path& path, std::string_view text, bool sync) {
  const auto opened = good(files.open(path, open_mode::create));
  good(opened->write(0, text));
  if (sync)
    good(opened->sync());
}

/// What every disk must do, whatever it is made of.
void behaves(disk& files, const std::filesystem::path& root) {
  const auto inner = root / "one" / "two";
  good(files.make_directories(inner));
  good(files.make_directories(inner));
  BOOST_TEST((files.open(inner / "a", open_mode::read).error().code == fault_code::not_found));
  BOOST_TEST(
      (files.open(inner / "a", open_mode::read_write).error().code == fault_code::not_found));
  write(files, inner / "a", "hello", true);
  write(files, inner / "a", "J", true);
  BOOST_TEST(all_of(files, inner / "a") == "Jello");
  {
    const auto opened = good(files.open(inner / "a", open_mode::read_write));
    good(opened->preallocate(10));
    BOOST_TEST(good(opened->size()) == 10U);
    good(opened->truncate(3));
    std::string more(8, '?');
    BOOST_TEST(good(opened->read(1, more)) == 2U);
    BOOST_TEST(more.substr(0, 2) == "el");
    BOOST_TEST(good(opened->read(99, more)) == 0U);
  }
  good(files.copy(inner / "a", inner / "b"));
  good(files.rename(inner / "b", root / "c"));
  BOOST_TEST(all_of(files, root / "c") == "Jel");
  BOOST_TEST(good(files.list(inner)) == std::vector<std::string>{"a"},
             boost::test_tools::per_element());
  BOOST_TEST(good(files.exists(root / "c")));
  good(files.remove(root / "c"));
  BOOST_TEST(!good(files.exists(root / "c")));
  BOOST_TEST((files.remove(root / "c").error().code == fault_code::not_found));
  BOOST_TEST((files.list(root / "none").error().code == fault_code::not_found));
  BOOST_TEST(!files.make_directories(inner / "a"));
  good(files.sync_directory(inner));
  BOOST_TEST(good(files.free_bytes(root)) > 0U);
  good(files.remove_all(root / "one"));
  good(files.remove_all(root / "one"));
  BOOST_TEST(!good(files.exists(inner)));
}

void locks(disk& files, const std::filesystem::path& path) {
  BOOST_TEST(!good(files.lock_owner(path)));
  auto held = good(files.lock(path, "pid 7"));
  BOOST_TEST(good(files.lock_owner(path)).value() == "pid 7");
  const auto second = files.lock(path, "pid 8");
  BOOST_REQUIRE(!second);
  BOOST_TEST((second.error().code == fault_code::conflict));
  BOOST_TEST(second.error().what.find("pid 7") != std::string::npos);
  // Reading a locked file must not unlock it, as it would with a classic lock.
  all_of(files, path);
  BOOST_TEST(!files.lock(path, "pid 8"));
  held.reset();
  BOOST_TEST(!good(files.lock_owner(path)));
  good(files.lock(path, "pid 9"));
}

} // namespace

BOOST_AUTO_TEST_SUITE(the_machines_disk)

BOOST_FIXTURE_TEST_CASE(behaves_as_stated, temporary) {
  behaves(*make_posix_disk(), path);
  locks(*make_posix_disk(), path / "lock");
}

BOOST_FIXTURE_TEST_CASE(keeps_processes_apart_until_the_holder_dies, temporary) {
  const auto files = make_posix_disk();
  std::array<int, 2> told{};
  BOOST_REQUIRE(::pipe(told.data()) == 0);
  const auto child = ::fork();
  if (child == 0) {
    const auto held = files->lock(path / "lock", "the child");
    const char word = held ? 'y' : 'n';
    if (::write(told[1], &word, 1) != 1)
      ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  char word = 0;
  BOOST_REQUIRE(::read(told[0], &word, 1) == 1);
  BOOST_TEST(word == 'y');
  const auto refused = files->lock(path / "lock", "the parent");
  BOOST_TEST(!refused);
  BOOST_TEST(good(files->lock_owner(path / "lock")).value() == "the child");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(told[0]);
  ::close(told[1]);
  BOOST_TEST(!good(files->lock_owner(path / "lock")));
  good(files->lock(path / "lock", "the parent"));
}

BOOST_FIXTURE_TEST_CASE(says_what_is_wrong_where_and_what_to_do, temporary) {
  const auto missing = make_posix_disk()->open(path / "x", open_mode::read);
  BOOST_REQUIRE(!missing);
  BOOST_TEST(missing.error().what
             == "cannot open " + (path / "x").string() + ": No such file or directory");
  BOOST_TEST(!missing.error().help.empty());
  BOOST_TEST(
      (good(make_posix_disk()->open("/dev/full", open_mode::read_write))->write(0, "x").error().code
       == fault_code::no_space));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(the_disk_in_memory)

BOOST_AUTO_TEST_CASE(behaves_as_stated) {
  memory_disk files;
  behaves(files, "/data");
  locks(files, "/data/lock");
}

BOOST_AUTO_TEST_CASE(keeps_after_power_loss_what_was_synced_and_nothing_else) {
  memory_disk files;
  files.put("/data/old", "old");
  write(files, "/data/old", "new", false);
  write(files, "/data/whole", "whole", true);
  write(files, "/data/entry", "lost", false);
  good(files.sync_directory("/data"));
  write(files, "/data/orphan", "synced, but its name was not", true);
  good(files.remove("/data/old"));

  const auto killed = files.after(ending::kill);
  BOOST_TEST(killed->content("/data/orphan") == "synced, but its name was not");
  BOOST_TEST(!good(killed->exists("/data/old")));

  const auto found = files.after(ending::power);
  BOOST_TEST(found->content("/data/old") == "old");
  BOOST_TEST(found->content("/data/whole") == "whole");
  BOOST_TEST(found->content("/data/entry") == "");
  BOOST_TEST(!good(found->exists("/data/orphan")));
}

BOOST_AUTO_TEST_CASE(replaces_by_rename_whole_or_not_at_all) {
  memory_disk files{3};
  files.put("/data/current", "old");
  write(files, "/data/next", "new", true);
  good(files.rename("/data/next", "/data/current"));
  for (int i = 0; i < 50; ++i) {
    const auto found = files.after(ending::torn_power);
    const auto text = found->content("/data/current");
    BOOST_TEST((text == "old" || text == "new"));
  }
  good(files.sync_directory("/data"));
  BOOST_TEST(files.after(ending::power)->content("/data/current") == "new");
}

BOOST_AUTO_TEST_CASE(tears_what_was_not_synced_and_spares_what_was) {
  memory_disk files{7};
  files.put("/data/a", std::string(16384, 'a'));
  write(files, "/data/a", std::string(8192, 'b'), true);
  {
    const auto opened = good(files.open("/data/a", open_mode::read_write));
    good(opened->write(8192, std::string(16384, 'c')));
  }
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto text = files.after(ending::torn_power)->content("/data/a");
    BOOST_TEST(text.substr(0, 8192) == std::string(8192, 'b'));
    BOOST_TEST((text.size() == 16384 || text.size() == 24576));
    seen.insert(text);
  }
  BOOST_TEST(seen.size() > 10U);
}

BOOST_AUTO_TEST_CASE(is_the_same_for_the_same_seed) {
  const auto end_of = [](std::uint64_t seed) {
    memory_disk files{seed};
    files.put("/data/a", "");
    write(files, "/data/a", std::string(100000, 'x'), false);
    return files.after(ending::torn_power)->content("/data/a");
  };
  BOOST_TEST(end_of(5) == end_of(5));
}

BOOST_AUTO_TEST_CASE(fails_where_it_is_told_to) {
  memory_disk files;
  files.put("/data/a", "");
  files.put("/data/b", "");
  const auto a = good(files.open("/data/a", open_mode::read_write));
  const auto b = good(files.open("/data/b", open_mode::read_write));
  files.fail_at({.kind = operation::sync, .nth = 2, .error = EIO, .path_part = "/a"});
  good(a->sync());
  good(b->sync());
  BOOST_TEST((a->sync().error().code == fault_code::failed));
  good(a->sync());
  files.fail_at({.kind = operation::write, .error = ENOSPC, .for_ever = true});
  BOOST_TEST((a->write(0, "x").error().code == fault_code::no_space));
  BOOST_TEST((b->write(0, "x").error().code == fault_code::no_space));
  files.mend();
  good(a->write(0, "x"));
  files.set_full(true);
  good(a->write(0, "y"));
  BOOST_TEST((a->write(1, "z").error().code == fault_code::no_space));
  files.set_full(false);
  files.stop();
  BOOST_TEST(!a->write(0, "w"));
  files.crash(ending::kill);
  BOOST_TEST(!a->write(0, "w"));
  BOOST_TEST(files.content("/data/a") == "y");
}

BOOST_AUTO_TEST_CASE(carries_a_database_that_keeps_what_it_synced) {
  memory_disk files{1};
  files.put("/data/place", "");
  std::unique_ptr<memory_disk> next;
  {
    const auto env = holdfast::testing::make_env(files);
    rocksdb::Options options;
    options.env = env.get();
    options.create_if_missing = true;
    rocksdb::DB* opened = nullptr;
    const auto status = rocksdb::DB::Open(options, "/data/db", &opened);
    BOOST_REQUIRE_MESSAGE(status.ok(), status.ToString());
    const std::unique_ptr<rocksdb::DB> db{opened};
    good(files.sync_directory("/data"));
    rocksdb::WriteOptions durable;
    durable.sync = true;
    BOOST_TEST(db->Put(durable, "flushed", "1").ok());
    BOOST_TEST(db->Flush({}).ok());
    BOOST_TEST(db->Put(durable, "synced", "2").ok());
    BOOST_TEST(db->Put({}, "written", "3").ok());
    next = files.after(ending::power);
    BOOST_TEST(db->Put(durable, "after", "4").ok());
  }
  const auto env = holdfast::testing::make_env(*next);
  rocksdb::Options options;
  options.env = env.get();
  rocksdb::DB* opened = nullptr;
  const auto status = rocksdb::DB::Open(options, "/data/db", &opened);
  BOOST_REQUIRE_MESSAGE(status.ok(), status.ToString());
  const std::unique_ptr<rocksdb::DB> db{opened};
  std::string found;
  BOOST_TEST(db->Get({}, "flushed", &found).ok());
  BOOST_TEST(db->Get({}, "synced", &found).ok());
  BOOST_TEST(db->Get({}, "written", &found).IsNotFound());
  BOOST_TEST(db->Get({}, "after", &found).IsNotFound());
}

BOOST_AUTO_TEST_SUITE_END()
