// SPDX-License-Identifier: Apache-2.0
// What stands in the log is found by its key and in order, whatever holds it in memory.
#include "persistence/live.hpp"
#include "persistence/sha256.hpp"
#include "tests/persistence/store_fixture.hpp"

#include <string>

namespace holdfast::persistence {
namespace {

constexpr int events_kept = 300;

/// The files as a killed process leaves them, opened as asked.
struct killed_fixture : store_fixture {
  killed_fixture() {
    create();
    live = open();
    for (int i = 1; i <= events_kept; i += 10)
      append(*live, i, i + 9);
    std::filesystem::copy(options.directory, copied.directory,
                          std::filesystem::copy_options::recursive);
    std::filesystem::remove(copied.directory / "db" / "LOCK");
  }

  void holds_every_seen_entry(opening how) {
    const auto db = good(rocks::open(how, settings_of(copied)));
    for (int i = 1; i <= events_kept; ++i) {
      const auto one = draft_of(event_of(i));
      const auto stored = good(db->get(family::seen, as_chars(one.identity)));
      BOOST_TEST(good(decode_seen(stored)).at.value == static_cast<std::uint64_t>(i));
    }
    const auto unknown = draft_of(event_of(events_kept + 1));
    BOOST_TEST(
        (db->get(family::seen, as_chars(unknown.identity)).error().code == fault_code::not_found));
    int found = 0;
    std::string before;
    const auto at = db->scan(family::seen);
    for (at->SeekToFirst(); at->Valid(); at->Next(), ++found) {
      BOOST_TEST((before < at->key().ToString())); // Boost alone would compare signed bytes
      before = at->key().ToString();
    }
    BOOST_TEST(found == events_kept);
  }

  std::unique_ptr<store> live;
  store_options copied = small_options(temporary.path() / "copy", *files);
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(a_database_with_a_log, killed_fixture)

BOOST_AUTO_TEST_CASE(is_read_by_key_and_in_order) {
  holds_every_seen_entry(opening::read);
  holds_every_seen_entry(opening::salvage);
}

BOOST_AUTO_TEST_CASE(has_everything_in_tables_once_it_was_replayed) {
  good(rocks::open(opening::replay, settings_of(copied)));
  holds_every_seen_entry(opening::read_tables);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::persistence
