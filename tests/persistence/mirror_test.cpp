// SPDX-License-Identifier: Apache-2.0
// Tests of the tail mirror: laps, damage, power cuts, and batches too large for a segment.
#include "persistence/mirror.hpp"

#include "persistence/mirror_record.hpp"
#include "tests/support/expect.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/memory_disk.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace holdfast;
using namespace holdfast::persistence;
using namespace holdfast::testing;

namespace {

chain_digest link(std::uint64_t number) {
  chain_digest made{};
  for (std::size_t i = 0; i < 8; ++i)
    made[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return made;
}

std::string payload_of(sequence first) {
  return "batch at " + std::to_string(first.value);
}

/// A mirror of small segments in a disk in memory.
struct mirrored {
  mirrored() {
    files.put("/data/tail/other", "");
    good(create_mirror(files, options));
  }

  void open(std::uint64_t epoch) { writer = good(mirror::open(files, options, epoch)); }

  /// Writes a batch of two records and remembers where the next begins.
  void write(durability level = durability::power, std::string payload = {}) {
    const auto last = next + 1;
    if (payload.empty())
      payload = payload_of(next);
    good(writer->start({.first = next,
                        .last = last,
                        .level = level,
                        .before = link(next.value - 1),
                        .after = link(last.value),
                        .payload = payload}));
    good(writer->wait());
    next = last + 1;
  }

  std::vector<sequence> batches(disk& from, sequence begin) const {
    std::vector<sequence> firsts;
    good(for_each_batch(from, options, begin, [&](const mirror_batch& batch) -> result<bool> {
      BOOST_TEST(batch.payload == payload_of(batch.first));
      firsts.push_back(batch.first);
      return true;
    }));
    return firsts;
  }

  memory_disk files{11};
  mirror_options options{.directory = "/data/tail",
                         .segment_bytes = 4096,
                         .inline_threads = true,
                         .instance = {1, 2, 3}};
  std::unique_ptr<mirror> writer;
  sequence next{1};
};

struct ready : mirrored {
  ready() { open(1); }
};

} // namespace

BOOST_AUTO_TEST_SUITE(the_mirror)

BOOST_AUTO_TEST_CASE(has_golden_header_bytes_and_shows_every_harm) {
  mirror_header header{.level = durability::power,
                       .generation = (3ULL << 32U) | 1U,
                       .position = 0,
                       .first = sequence{5},
                       .last = sequence{6},
                       .payload_bytes = 5,
                       .payload_crc = 0x9a71bb4c};
  for (std::size_t i = 0; i < 16; ++i) {
    header.instance[i] = header.before[i] = static_cast<std::uint8_t>(i);
    header.after[i] = static_cast<std::uint8_t>(16 + i);
  }
  const auto raw = encode_mirror_header(header);
  const std::string encoded{raw.data(), raw.size()};
  BOOST_TEST(
      hex(encoded)
      == "48464d3102000000000102030405060708090a0b0c0d0e0f01000000030000000000000000000000050000000"
         "00000000600000000000000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f05"
         "0000004cbb719a00000000000000000000000000000000000000000000000000000000eb1754f3");
  BOOST_TEST((good(decode_mirror_header(encoded)) == header));
  harm(encoded, [](const std::string& harmed, const std::string& how) {
    BOOST_TEST(!decode_mirror_header(harmed), how);
  });
}

BOOST_FIXTURE_TEST_CASE(gives_back_what_was_written_across_both_segments, ready) {
  while (writer->stats().switches == 0)
    write();
  write(durability::process);
  const auto found = good(survey_mirror(files, options));
  BOOST_TEST(found.damage.empty());
  BOOST_REQUIRE(found.runs.size() == 1U);
  BOOST_TEST(found.runs[0].first == sequence{1});
  BOOST_TEST(found.runs[0].last.value == next.value - 1);
  BOOST_TEST(found.runs[0].power.at.value == next.value - 3);
  BOOST_TEST((found.runs[0].after == link(next.value - 1)));
  BOOST_TEST(found.covering(sequence{3}, sequence{next.value - 1}) != nullptr);
  BOOST_TEST(found.covering(sequence{3}, next) == nullptr);
  BOOST_TEST(batches(files, sequence{1}).size() == found.runs[0].batches);
  BOOST_TEST(batches(files, sequence{4}).front() == sequence{3});
  BOOST_TEST((code_of(for_each_batch(files, options, next,
                                     [](const auto&) -> result<bool> { return true; }))
              == fault_code::not_found));
}

BOOST_FIXTURE_TEST_CASE(needs_an_anchor_before_it_forgets, ready) {
  while (writer->fits(20))
    write();
  BOOST_TEST(writer->stats().switches == 1U);
  BOOST_TEST(writer->used() > writer->capacity() / 2);
  BOOST_TEST((code_of(writer->start({.first = next, .last = next, .payload = "x"}))
              == fault_code::conflict));
  writer->recycle(sequence{4});
  BOOST_TEST(!writer->fits(20));
  writer->recycle(sequence{next.value - 1});
  BOOST_TEST(writer->used() == 0U);
  write();
  BOOST_TEST(writer->stats().switches == 2U);
}

BOOST_FIXTURE_TEST_CASE(never_takes_a_batch_of_an_earlier_lap, ready) {
  for (int lap = 0; lap < 7; ++lap) {
    const auto switches = writer->stats().switches;
    while (writer->stats().switches == switches) {
      if (!writer->fits(20))
        writer->recycle(sequence{next.value - 1});
      write();
      const auto found = good(survey_mirror(files, options));
      BOOST_TEST(found.damage.empty());
      BOOST_REQUIRE(found.runs.size() == 1U);
      BOOST_TEST(found.runs[0].last.value == next.value - 1);
    }
  }
  // A new epoch begins in an empty segment, and what the old one left behind it stays unread.
  const auto old = next;
  open(2);
  write();
  const auto found = good(survey_mirror(files, options));
  BOOST_TEST(found.runs.back().last.value == next.value - 1);
  BOOST_TEST(found.damage.empty());
  BOOST_TEST((found.generation_max >> 32U) == 2U);
  BOOST_TEST(batches(files, old).size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(shows_every_flipped_bit_of_a_batch_and_never_serves_it, ready) {
  write();
  write();
  write();
  const auto size = mirror_footprint(payload_of(sequence{1}).size());
  const auto meaningful = mirror_header_bytes + payload_of(sequence{1}).size();
  for (std::uint64_t bit = size * 8; bit < (size + meaningful) * 8; ++bit) {
    const auto harmed = files.after(ending::kill);
    harmed->flip("/data/tail/0", bit);
    const auto found = good(survey_mirror(*harmed, options));
    BOOST_REQUIRE(found.runs.size() == 1U);
    BOOST_TEST(found.runs[0].last == sequence{2}, "bit " << bit);
    BOOST_TEST(found.damage.size() == 1U, "bit " << bit);
    BOOST_TEST(batches(*harmed, sequence{1}).size() == 1U);
  }
}

BOOST_FIXTURE_TEST_CASE(says_when_a_full_segment_ends_too_early, ready) {
  while (writer->stats().switches == 0)
    write();
  const auto whole = good(survey_mirror(files, options)).runs[0];
  const auto last_begin = (4096 / mirror_footprint(20) - 1) * mirror_footprint(20);
  const auto harmed = files.after(ending::kill);
  harmed->flip("/data/tail/0", (last_begin + 40) * 8);
  const auto found = good(survey_mirror(*harmed, options));
  BOOST_REQUIRE(found.runs.size() == 2U);
  BOOST_TEST(found.damage.size() == 1U);
  BOOST_TEST(found.runs[1].last == whole.last);
  BOOST_TEST(found.covering(sequence{1}, whole.last) == nullptr);
  harmed->erase("/data/tail/0");
  const auto single = good(survey_mirror(*harmed, options));
  BOOST_TEST(single.damage.size() == 1U);
  BOOST_TEST(single.runs.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(keeps_every_power_batch_through_power_loss, ready) {
  for (int round = 0; round < 60; ++round) {
    if (!writer->fits(40))
      writer->recycle(sequence{next.value - 1});
    // A segment holds 21 batches, so that it ends behind one that was not yet synced.
    const auto power = round % 4 == 3;
    write(power ? durability::power : durability::process);
    if (!power)
      continue;
    for (const auto how : {ending::power, ending::torn_power}) {
      const auto rest = files.after(how);
      const auto found = good(survey_mirror(*rest, options));
      BOOST_TEST(found.damage.empty());
      BOOST_REQUIRE(!found.runs.empty());
      BOOST_TEST(found.runs.back().last.value == next.value - 1);
    }
  }
}

BOOST_FIXTURE_TEST_CASE(calls_a_torn_tail_no_damage, ready) {
  write();
  write();
  write(durability::process, std::string(1500, 'p'));
  for (int i = 0; i < 40; ++i) {
    const auto rest = files.after(ending::torn_power);
    const auto found = good(survey_mirror(*rest, options));
    BOOST_TEST(found.damage.empty());
    BOOST_REQUIRE(found.runs.size() == 1U);
    BOOST_TEST((found.runs[0].last == sequence{4} || found.runs[0].last == sequence{6}));
  }
}

BOOST_FIXTURE_TEST_CASE(grows_for_one_batch_and_refuses_what_is_absurd, ready) {
  write();
  write(durability::power, std::string(100000, 'l'));
  BOOST_TEST(!writer->fits(1));
  writer->recycle(sequence{2});
  write();
  const auto found = good(survey_mirror(files, options));
  BOOST_REQUIRE(found.runs.size() == 1U);
  BOOST_TEST(found.runs[0].first == sequence{3});
  BOOST_TEST(found.runs[0].last == sequence{6});
  const std::string absurd(mirror_batch_bytes_max + 1, 'x');
  BOOST_TEST((code_of(writer->start({.first = next, .last = next, .payload = absurd}))
              == fault_code::invalid));
}

BOOST_FIXTURE_TEST_CASE(takes_nothing_more_after_a_failed_sync, mirrored) {
  for (const auto inline_threads : {true, false}) {
    options.inline_threads = inline_threads;
    open(inline_threads ? 1 : 2);
    write();
    files.fail_at({.kind = holdfast::testing::operation::sync});
    const mirror_batch batch{.first = next, .last = next, .payload = "x"};
    good(writer->start(batch));
    BOOST_TEST(!writer->wait());
    BOOST_TEST(!writer->start(batch));
    BOOST_TEST(!writer->wait());
  }
}

BOOST_FIXTURE_TEST_CASE(is_empty_for_ever_once_it_was_cleared, ready) {
  for (int i = 0; i < 30; ++i)
    write();
  good(clear_mirror(files, options));
  const auto found = good(survey_mirror(*files.after(ending::power), options));
  BOOST_TEST(found.runs.empty());
  BOOST_TEST(found.damage.empty());
  BOOST_TEST(found.generation_max == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
