// SPDX-License-Identifier: Apache-2.0
// The real store, made wrong through its disk: the questions of the simulation must notice.
#include "tests/simulation/world.hpp"

#include "persistence/keys.hpp"
#include "persistence/rocks.hpp"
#include "persistence/sha256.hpp"
#include "persistence/superblock.hpp"
#include "persistence/values.hpp"

#include <boost/test/unit_test.hpp>

#include <rocksdb/write_batch.h>

#include <algorithm>

namespace {

using namespace holdfast;
using namespace holdfast::persistence;
using simulation::directory;
using simulation::memory_disk;

constexpr std::uint64_t histories_max = 40;

bool holds_a_store(const memory_disk& disk) {
  const auto all = disk.files();
  return std::find(all.begin(), all.end(), directory / "superblock") != all.end()
         && std::find(all.begin(), all.end(), directory / "initialising") == all.end();
}

/// `sync=false`: what was acknowledged at `power` is in no cache that survives.
void acknowledge_unsynced(memory_disk& disk, const simulation::oracle&) {
  disk.lie_about(".log");
  disk.lie_about("/tail/");
}

/// Point-in-time recovery without a frontier: nothing but the log says where the store ended, and
/// the log ends early.
void forget_the_frontier(memory_disk& disk, const simulation::oracle&) {
  if (!holds_a_store(disk))
    return;
  const auto block = directory / "superblock";
  const auto held = disk.content(block);
  std::string forgetful;
  for (std::size_t at = 0; at < held.size(); at += slot_bytes) {
    auto slot = held.substr(at, slot_bytes);
    if (auto said = decode_slot(slot)) {
      said->frontier = said->process = said->anchor;
      said->frontier_events = said->anchor_events;
      slot = encode_slot(*said);
    }
    forgetful += slot;
  }
  disk.put(block, forgetful);
  for (const auto& path : disk.files()) {
    const auto content = disk.content(path);
    if (path.parent_path() == directory / "tail")
      disk.put(path, std::string(content.size(), '\0'));
    if (path.extension() == ".log" && !content.empty())
      disk.put(path, std::string_view{content}.substr(0, content.size() / 2));
  }
}

/// The marker of an event is durable before the event, and the process dies in between.
void mark_before_storing(memory_disk& disk, const simulation::oracle& known) {
  if (!holds_a_store(disk))
    return;
  const auto env = testing::make_env(disk);
  const auto db = rocks::open(opening::write, {.directory = directory / "db", .env = env.get()});
  if (!db)
    return;
  const auto stored = (*db)->get(family::meta, head_key);
  auto head = stored ? decode_head(*stored) : stored.error();
  if (!head)
    return;
  for (const auto& name : known.submitted()) {
    const auto one = make_draft(simulation::make_event(name), durability::power, {}, {});
    if ((*db)->get(family::seen, as_chars(one.identity)))
      continue;
    ++head->seen;
    seen_value marker{.at = head->last + 1, .first_seen = {}, .payload = {}};
    if (one.explicit_identity)
      marker.payload = one.payload_identity;
    rocksdb::WriteBatch batch;
    const auto put = [&](family which, std::string_view key, const std::string& value) {
      const auto done = batch.Put((*db)->of(which), {key.data(), key.size()}, value);
      BOOST_TEST_REQUIRE(done.ok());
    };
    put(family::seen, as_chars(one.identity), encode_seen(marker));
    put(family::meta, head_key, encode_head(*head));
    rocksdb::WriteOptions durable;
    durable.sync = true;
    BOOST_TEST_REQUIRE((*db)->db().Write(durable, &batch).ok());
    return;
  }
}

/// The first broken promise, or nothing.
std::string found_by(const simulation::sabotage& spoil) {
  for (std::uint64_t seed = 1; seed <= histories_max; ++seed)
    try {
      simulation::run_history(seed, spoil);
    } catch (const simulation::broken_promise& promise) {
      return "seed " + std::to_string(seed) + ": " + promise.what();
    }
  return "";
}

} // namespace

BOOST_AUTO_TEST_CASE(a_store_that_is_wrong_on_purpose_breaks_a_promise) {
  struct row {
    const char* what;
    simulation::sabotage spoil;
  };
  for (const auto& [what, spoil] : {row{"acknowledges before it syncs", acknowledge_unsynced},
                                    row{"starts on a shortened log", forget_the_frontier},
                                    row{"marks before it stores", mark_before_storing}}) {
    const auto found = found_by(spoil);
    BOOST_TEST(!found.empty(), what << " was not noticed in " << histories_max << " histories");
    BOOST_TEST_MESSAGE(what << ": " << found);
  }
  BOOST_TEST(found_by([](memory_disk&, const simulation::oracle&) {}) == "");
}
