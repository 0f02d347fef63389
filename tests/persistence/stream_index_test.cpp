// SPDX-License-Identifier: Apache-2.0
// Reading one stream: the same with its index as without, less to look at, and never less to find.
#include "tests/persistence/store_fixture.hpp"

#include "persistence/rocks.hpp"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <fstream>
#include <random>

namespace holdfast::persistence {
namespace {

using streams = std::vector<std::string>;

struct indexing : store_fixture {
  std::unique_ptr<store> live;
  std::mt19937_64 chance{4};
  int number = 0;

  /// The next life of the store, with these streams declared.
  void begin(const streams& declared) {
    if (live)
      good(live->close({3}));
    live.reset();
    options.indexed_streams = declared;
    live = open();
  }

  void fill(int count) {
    for (int i = 0; i < count; ++i) {
      std::vector<draft> drafts;
      for (auto left = 1 + chance() % 5; left > 0; --left)
        drafts.push_back(
            draft_of(event_of(++number, std::array{"a", "ab", "abc", "b"}[chance() % 4])));
      append(*live, std::move(drafts));
    }
  }

  /// Everything of a stream, page by page.
  static std::vector<std::uint64_t> read(const reader& from, event_query wanted) {
    std::vector<std::uint64_t> found;
    const auto head = good(from.head()).last;
    const auto last = std::min(wanted.to.value_or(head), head);
    while (wanted.from <= last) {
      const auto page = good(from.events(wanted));
      for (const auto& one : page.events) {
        BOOST_TEST(one.stream == wanted.stream);
        found.push_back(one.at.value);
      }
      BOOST_REQUIRE(page.next > wanted.from);
      wanted.from = page.next;
    }
    return found;
  }

  /// The same by looking at every record.
  static std::vector<std::uint64_t> walk(const reader& from, const event_query& wanted) {
    std::vector<std::uint64_t> found;
    good(from.scan(wanted.from, wanted.to.value_or(sequence{UINT64_MAX}),
                   [&](const recorded_event& one) {
                     if (one.stream == wanted.stream)
                       found.push_back(one.at.value);
                     return true;
                   }));
    return found;
  }

  void check_reads(const reader& from) {
    for (int i = 0; i < 40; ++i) {
      event_query wanted;
      wanted.stream = std::array{"a", "ab", "abc", "b", "none"}[chance() % 5];
      wanted.from = sequence{chance() % 200};
      if (chance() % 2 == 0)
        wanted.to = sequence{chance() % 400};
      wanted.limit = 1 + chance() % 20;
      wanted.scan_limit = 1 + chance() % 50;
      BOOST_TEST(read(from, wanted) == walk(from, wanted), boost::test_tools::per_element());
    }
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(an_index_of_streams, indexing)

BOOST_AUTO_TEST_CASE(finds_what_a_walk_finds_however_it_was_declared) {
  create();
  for (const auto& declared :
       {streams{}, streams{"ab"}, streams{"a*"}, streams{"a", "ab*"}, streams{}, streams{"b"}}) {
    begin(declared);
    fill(25);
    check_reads(live->read());
    BOOST_TEST(good(verify_damage(*live)).empty());
  }
  const auto beside = good(open_reader(options));
  check_reads(*beside);
  live.reset(); // as a crash
  live = open();
  check_reads(live->read());
  // A copy has the whole of its index.
  options.indexed_streams = {"a*"};
  auto target = options;
  target.directory = temporary.path() / "fork";
  good(fork(live->read(), good(live->read().head()).last, target, {5}));
  const auto forked = good(store::open(target, {6}));
  check_reads(forked->read());
  BOOST_TEST(good(forked->read().events({.stream = "abc", .scan_limit = 1})).events.size() == 1U);
  BOOST_TEST(good(verify_damage(*forked)).empty());
}

BOOST_AUTO_TEST_CASE(does_not_look_at_other_streams) {
  create();
  begin({"rare"});
  append(*live, 1, 200);
  append(*live, {draft_of(event_of(201, "rare"))});
  const auto looked = [&](const std::string& stream) {
    return good(live->read().events({.stream = stream, .scan_limit = 5})).events.size();
  };
  BOOST_TEST(looked("rare") == 1U);
  begin({});
  BOOST_TEST(looked("rare") == 0U); // no longer declared: it has to pass over the others
}

// Asking for a stream with a zero byte in its name, where `a*` is indexed, ended the process by an
// assertion: that byte ends a name in the index.
BOOST_AUTO_TEST_CASE(has_nothing_of_a_name_that_no_stream_can_have) {
  create();
  begin({"a*"});
  append(*live, {draft_of(event_of(1, "a"))});
  const std::string odd{"a\0b", 3};
  BOOST_TEST(good(live->read().events({.stream = odd})).events.empty());
  BOOST_TEST(good(live->read().events({.stream = "a"})).events.size() == 1U);
}

BOOST_AUTO_TEST_CASE(that_lost_an_entry_is_never_read) {
  // An index that silently misses an event would make the event itself seem not to be there.
  create();
  begin({"orders"});
  append(*live, 1, 9);
  const auto lose_an_entry = [&] {
    good(live->close({3}));
    live.reset();
    const auto db = good(rocks::open(
        opening::write, {options.directory / "db", nullptr, options.memory_bytes, 1U << 20U}));
    const auto key = stream_key("orders", sequence{5});
    BOOST_REQUIRE(db->db().Delete({}, db->of(family::streams), key).ok());
    good(db->flush());
  };
  const auto found = [&] { return read(live->read(), {.stream = "orders"}).size(); };
  lose_an_entry();
  live = open(); // the mirror has it still
  BOOST_TEST(report.repairs.size() == 1U);
  BOOST_TEST(found() == 9U);
  lose_an_entry();
  for (const auto* segment : {"tail/0", "tail/1"}) // nor has the mirror it any more
    std::fstream{options.directory / segment, std::ios::in | std::ios::out | std::ios::binary}
        << std::string(128, '\0');
  const auto refused = store::open(options, {4});
  BOOST_REQUIRE(!refused);
  BOOST_TEST(to_string(refused.error().code) == "corrupt");
  BOOST_TEST(refused.error().what.find("stream_ix") != std::string::npos, refused.error().what);
  // It follows from the journal, so nothing of that is given up with it.
  const auto lost = good(store::accept_loss(options, "test", {5}));
  BOOST_TEST(lost.first > lost.second);
  live = open();
  BOOST_TEST(found() == 9U);
  BOOST_TEST(good(verify_damage(*live)).empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::persistence
