// SPDX-License-Identifier: Apache-2.0
// What waits for the journal: in order, bounded, and nothing lost unsaid.
#include "actors/supervisor/backlog.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace holdfast;
using supervisor::backlog;

namespace {

supervision_event fact(supervision_fact what, std::string child = "a") {
  supervision_event made;
  made.what = what;
  made.supervisor = "root";
  made.child = std::move(child);
  return made;
}

void add(backlog& into, supervision_fact what, int times = 1) {
  for (int i = 0; i < times; ++i)
    into.add(fact(what), wall_time{1000}, instant{});
}

std::vector<std::uint64_t> numbers_of(const std::vector<supervision_record>& batch) {
  std::vector<std::uint64_t> made;
  for (const auto& one : batch)
    made.push_back(one.number);
  return made;
}

constexpr auto started = supervision_fact::started;
constexpr auto restart = supervision_fact::restart_due;

} // namespace

BOOST_AUTO_TEST_SUITE(supervisor_backlog)

BOOST_AUTO_TEST_CASE(gives_the_same_batch_until_it_is_on_disk) {
  backlog held{{7, sequence{3}, "boot"}};
  BOOST_TEST(held.empty());
  add(held, started, 2);
  const auto first = held.next();
  BOOST_TEST((numbers_of(first) == std::vector<std::uint64_t>{1, 2}));
  BOOST_TEST((first[0]
              == supervision_record{
                  {7, sequence{3}, "boot"}, 1, wall_time{1000}, instant{}, fact(started)}));
  add(held, restart);
  BOOST_TEST((held.next() == first));
  BOOST_TEST(held.waiting() == 3U);
  held.sent();
  BOOST_TEST((numbers_of(held.next()) == std::vector<std::uint64_t>{3}));
  held.sent();
  BOOST_TEST(held.empty());
}

BOOST_AUTO_TEST_CASE(drops_the_oldest_and_says_how_many_but_keeps_restarts) {
  backlog held{{1, {}, ""}, 4};
  add(held, started, 2); // 1, 2
  add(held, restart);    // 3
  add(held, started, 4); // 4 to 7: 1, 2 and 4 must go
  BOOST_TEST(held.dropped() == 3U);
  const auto batch = held.next();
  BOOST_TEST((numbers_of(batch) == std::vector<std::uint64_t>{0, 3, 5, 6, 7}));
  BOOST_TEST((std::get<history_gap>(batch[0].what) == history_gap{3, 1, 4}));
  held.sent();
  add(held, restart, 6); // nothing but restarts: then the oldest of them
  BOOST_TEST((std::get<history_gap>(held.next()[0].what) == history_gap{2, 8, 9}));
}

BOOST_AUTO_TEST_CASE(never_drops_what_may_be_on_disk) {
  backlog held{{1, {}, ""}, 2};
  add(held, started, 2);
  const auto sent = held.next();
  add(held, started, 5);
  BOOST_TEST((held.next() == sent));
  held.sent();
  BOOST_TEST((numbers_of(held.next()) == std::vector<std::uint64_t>{0, 6, 7}));
}

/// Whatever comes and however often the disk fails: each number is given once, or lies in a gap and
/// is counted there, and numbers only grow within and over batches.
BOOST_AUTO_TEST_CASE(accounts_for_every_record) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 chance{seed};
    backlog held{{1, {}, ""}, 1 + chance() % 8};
    std::uint64_t added = 0;
    std::uint64_t given = 0;
    std::uint64_t counted = 0;
    std::uint64_t newest = 0;
    for (int step = 0; step < 400; ++step) {
      if (chance() % 3 != 0) {
        add(held, chance() % 2 == 0 ? started : restart);
        ++added;
        continue;
      }
      const auto batch = held.next();
      if (chance() % 2 == 0)
        continue;
      for (const auto& one : batch) {
        if (const auto* gap = std::get_if<history_gap>(&one.what)) {
          counted += gap->count;
          continue;
        }
        BOOST_TEST_REQUIRE(one.number > newest, "seed " << seed);
        newest = one.number;
        ++given;
      }
      held.sent();
    }
    std::uint64_t left = 0;
    for (; !held.empty(); held.sent())
      for (const auto& one : held.next())
        if (const auto* gap = std::get_if<history_gap>(&one.what))
          counted += gap->count;
        else
          ++left;
    BOOST_TEST_REQUIRE(given + left + counted == added, "seed " << seed);
    BOOST_TEST_REQUIRE(counted == held.dropped());
  }
}

BOOST_AUTO_TEST_SUITE_END()
