// SPDX-License-Identifier: Apache-2.0
// Tests of the quarantine: what is kept, what is bounded, and that nothing is ever lost by it.
#include "persistence/quarantine.hpp"

#include "tests/support/expect.hpp"
#include "tests/support/memory_disk.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace holdfast;
using namespace holdfast::persistence;
using namespace holdfast::testing;

namespace {

constexpr wall_time now{1'795'000'000'000'000};
const quarantine_options options{.store = "/data"};

} // namespace

BOOST_AUTO_TEST_SUITE(the_quarantine)

BOOST_AUTO_TEST_CASE(keeps_durable_copies_and_says_what_and_why) {
  memory_disk files;
  files.put("/data/superblock", "super");
  files.put("/data/db/000004.log", "log");
  files.put("/data/db/LOCK", "");
  files.put("/data/db/huge", std::string(100, 'h'));
  auto bounded = options;
  bounded.bytes_max = 50;
  const auto incident = good(keep_evidence(
      files, bounded, {"superblock", "db/000004.log", "db/LOCK", "db/huge", "db/MANIFEST-000001"},
      "the reason", now));
  BOOST_TEST(incident == "/data/quarantine/20261118T110640Z-1");
  const auto found = files.after(ending::power);
  BOOST_TEST(found->content(incident / "superblock") == "super");
  BOOST_TEST(found->content(incident / "db/000004.log") == "log");
  BOOST_TEST(!good(found->exists(incident / "db/LOCK")));
  BOOST_TEST(found->content(incident / "incident.txt")
             == "the reason\n\nBefore anything was repaired:\nsuperblock: 5 bytes\n"
                "db/000004.log: 3 bytes\ndb/LOCK: left out, it is RocksDB's lock\n"
                "db/huge: left out, its 100 bytes are beyond the limit\n"
                "db/MANIFEST-000001: is missing\n");
}

BOOST_AUTO_TEST_CASE(keeps_the_newest_three_and_whatever_holds_an_only_copy) {
  memory_disk files;
  files.put("/data/db/000004.log", "log");
  const auto first = good(keep_evidence(files, options, {}, "first", now));
  good(move_aside(files, options, first, "db/000004.log"));
  // The clock was moved back: the order is that of the numbers.
  for (int i = 0; i < 5; ++i)
    good(keep_evidence(files, options, {}, "later", wall_time{now.us - i * 10'000'000}));
  const auto names = good(files.list("/data/quarantine"));
  BOOST_TEST(names.size() == 4U);
  BOOST_TEST(files.content(first / "moved/db/000004.log") == "log");
  BOOST_TEST(good(files.exists("/data/quarantine/20261118T110600Z-6")));
  BOOST_TEST(!good(files.exists("/data/quarantine/20261118T110630Z-3")));
}

BOOST_AUTO_TEST_CASE(never_loses_a_file_that_it_moves_whatever_fails) {
  for (std::uint64_t step = 1;; ++step) {
    memory_disk files{step};
    files.put("/data/db/000004.log", "log");
    const auto incident = good(keep_evidence(files, options, {}, "why", now));
    files.fail_at({.kind = operation::any, .nth = step, .for_ever = true});
    const auto moved = move_aside(files, options, incident, "db/000004.log");
    const auto found = files.after(ending::torn_power);
    const auto here = good(found->exists("/data/db/000004.log"));
    const auto there = good(found->exists(incident / "moved/db/000004.log"));
    BOOST_TEST((here || there), "step " << step);
    BOOST_TEST(found->content(there ? incident / "moved/db/000004.log" : "/data/db/000004.log")
               == "log");
    if (moved) {
      BOOST_TEST(!here);
      break;
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
