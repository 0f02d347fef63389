// SPDX-License-Identifier: Apache-2.0
// Tests of the superblock: golden bytes, every harm to a slot, and writes that are cut short.
#include "persistence/superblock.hpp"

#include "tests/support/expect.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/memory_disk.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace holdfast;
using namespace holdfast::persistence;
using namespace holdfast::testing;

namespace {

const std::filesystem::path path = "/data/superblock";

superblock sample() {
  superblock made;
  for (std::size_t i = 0; i < 16; ++i)
    made.instance[i] = made.frontier.chain[i] = made.anchor.chain[i] = static_cast<std::uint8_t>(i);
  made.counter = 9;
  made.epoch = 4;
  made.clean = false;
  made.frontier.at = sequence{10};
  made.frontier_events = 8;
  made.process.at = sequence{11};
  made.boot_id = "boot";
  made.anchor.at = sequence{5};
  made.anchor_events = 4;
  made.anchor_seen = 4;
  made.floor = sequence{1};
  made.written = wall_time{99};
  made.reopened = {wall_time{1}, wall_time{2}};
  return made;
}

superblock numbered(std::uint64_t counter) {
  auto made = sample();
  made.counter = counter;
  return made;
}

} // namespace

BOOST_AUTO_TEST_SUITE(the_superblock)

BOOST_AUTO_TEST_CASE(has_golden_bytes_and_comes_back) {
  const auto slot = encode_slot(sample());
  BOOST_TEST(slot.size() == slot_bytes);
  BOOST_TEST(hex(slot.substr(0, 248))
             == "48465355504552010100010000000000000102030405060708090a0b0c0d0e0f0900000000000000"
                "04000000000000000a00000000000000000102030405060708090a0b0c0d0e0f0800000000000000"
                "0b000000000000000000000000000000000000000000000005000000000000000001020304050607"
                "08090a0b0c0d0e0f0400000000000000040000000000000001000000000000006300000000000000"
                "04626f6f740000000000000000000000000000000000000000000000000000000000000000000000"
                "00000000000000000000000000000000000000000000000002000000000000000100000000000000"
                "0200000000000000");
  BOOST_TEST(slot.substr(248, 4092 - 248) == std::string(4092 - 248, '\0'));
  BOOST_TEST(hex(slot.substr(4092)) == "9d9e2d58");
  BOOST_TEST((good(decode_slot(slot)) == sample()));
}

BOOST_AUTO_TEST_CASE(shows_every_flipped_bit_and_every_cut) {
  harm(encode_slot(sample()), [](const std::string& harmed, const std::string& how) {
    BOOST_TEST(!decode_slot(harmed), how);
  });
}

BOOST_AUTO_TEST_CASE(of_a_newer_format_is_not_called_damaged) {
  auto newer = sample();
  newer.format = 2;
  newer.reader_min = 2;
  BOOST_TEST((code_of(decode_slot(encode_slot(newer))) == fault_code::unsupported));
  BOOST_TEST(
      (code_of(choose(encode_slot(newer), encode_slot(numbered(20)))) == fault_code::unsupported));
  newer.reader_min = 1;
  BOOST_TEST(good(decode_slot(encode_slot(newer))).format == 2);
}

BOOST_AUTO_TEST_CASE(is_the_newer_of_two_valid_slots_or_the_only_one) {
  const auto older = encode_slot(numbered(7));
  const auto newer = encode_slot(numbered(8));
  BOOST_TEST(good(choose(older, newer)).newest.counter == 8U);
  BOOST_TEST(good(choose(newer, older)).slot == 0U);
  const auto single = good(choose(older, "damaged"));
  BOOST_TEST(single.newest.counter == 7U);
  BOOST_TEST(single.damaged[1]);
  BOOST_TEST(!single.damaged[0]);
  BOOST_TEST((code_of(choose("", "")) == fault_code::corrupt));
  auto foreign = numbered(9);
  foreign.instance[0] = 77;
  BOOST_TEST((code_of(choose(older, encode_slot(foreign))) == fault_code::corrupt));
}

BOOST_AUTO_TEST_CASE(survives_a_power_cut_at_every_step_of_its_creation_and_of_a_write) {
  for (std::uint64_t step = 1;; ++step) {
    memory_disk files{step};
    files.put("/data/marker", "");
    files.fail_at({.kind = operation::any, .nth = step, .for_ever = true});
    const auto created = create_superblock(files, path, sample());
    const auto found = read_superblock(*files.after(ending::torn_power), path);
    BOOST_TEST((found || found.error().code == fault_code::not_found), "step " << step);
    BOOST_TEST((!created || found), "step " << step);
    if (created)
      break;
  }
  for (std::uint64_t step = 1;; ++step) {
    memory_disk files{step};
    files.put("/data/marker", "");
    good(create_superblock(files, path, sample()));
    auto opened = good(superblock_file::open(files, path, good(read_superblock(files, path))));
    files.fail_at({.kind = operation::any, .nth = step, .for_ever = true});
    auto next = opened.current();
    next.frontier.at = sequence{1000};
    const auto written = opened.write(next);
    const auto found = good(read_superblock(*files.after(ending::torn_power), path));
    const auto at = found.newest.frontier.at;
    BOOST_TEST((at == sequence{10} || at == sequence{1000}));
    BOOST_TEST((!written || at == sequence{1000}));
    if (written)
      break;
  }
}

BOOST_AUTO_TEST_CASE(is_written_in_turn_so_that_the_older_always_stands) {
  memory_disk files;
  files.put("/data/marker", "");
  good(create_superblock(files, path, sample()));
  auto opened = good(superblock_file::open(files, path, good(read_superblock(files, path))));
  for (std::uint64_t i = 0; i < 4; ++i) {
    auto next = opened.current();
    next.frontier.at = sequence{100 + i};
    const auto before = files.content(path);
    good(opened.write(next));
    const auto found = good(read_superblock(files, path));
    BOOST_TEST(found.newest.frontier.at == sequence{100 + i});
    const auto other = 1 - found.slot;
    BOOST_TEST(files.content(path).substr(other * slot_bytes, slot_bytes)
               == before.substr(other * slot_bytes, slot_bytes));
  }
}

BOOST_AUTO_TEST_SUITE_END()
