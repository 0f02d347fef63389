// SPDX-License-Identifier: Apache-2.0
// The process or the power dies at every operation of every job, and nothing acknowledged is lost.
#include "tests/persistence/store_fixture.hpp"
#include "tests/support/memory_disk.hpp"
#include "tests/support/memory_file_system.hpp"

#include <rocksdb/env.h>

#include <functional>
#include <map>

namespace holdfast::persistence {
namespace {

using testing::ending;
using testing::memory_disk;
using testing::operation;

/// A disk in memory with the store on it.
struct world {
  explicit world(std::unique_ptr<memory_disk> given)
      : disk{std::move(given)}, env{testing::make_env(*disk)} {
    options = small_options("/data/store", *disk);
    options.env = env.get();
    options.inline_threads = true;
  }

  std::unique_ptr<memory_disk> disk;
  std::unique_ptr<rocksdb::Env> env;
  store_options options;
};

/// What was acknowledged, by event number.
using acknowledged = std::map<int, append_answer>;

/// Appends one batch; what is acknowledged is remembered.
bool submit(store& live, int from, int to, acknowledged& kept) {
  std::vector<draft> drafts;
  for (int i = from; i <= to; ++i)
    drafts.push_back(draft_of(event_of(i)));
  const auto batch = live.prepare(std::move(drafts), {1000});
  if (!live.commit(*batch, {1000}))
    return false;
  live.settle(*batch);
  for (int i = from; i <= to; ++i)
    kept[i] = batch->answers[static_cast<std::size_t>(i - from)];
  return true;
}

bool submit_checkpoint(store& live) {
  std::vector<draft> drafts;
  drafts.push_back(
      make_checkpoint({"totals", sequence{3}, 1, "events", canonical(object{{"n", 3}})}, {2000}));
  drafts.push_back(make_cursor({"mailer", sequence{3}, {}, false, {}}, {2000}));
  const auto batch = live.prepare(std::move(drafts), {2000});
  if (!live.commit(*batch, {2000}))
    return false;
  live.settle(*batch);
  return true;
}

/// A job is prepared, then run until something fails.
struct job {
  const char* name;
  std::function<std::unique_ptr<store>(world&, acknowledged&)> prepare;
  std::function<void(world&, std::unique_ptr<store>&, acknowledged&)> run;
};

/// Power loss took records 3 to 5: they were promised for the life of the process only.
std::unique_ptr<memory_disk> disk_without_process_records() {
  world first{std::make_unique<memory_disk>(1)};
  good(store::create(first.options, {1}));
  auto live = good(store::open(first.options, {2}));
  append(*live, 1, 2);
  append(*live, 3, 5, durability::process);
  good(live->save_frontier({3}));
  return first.disk->after(ending::power);
}

std::unique_ptr<store> filled(world& in, acknowledged& kept) {
  good(store::create(in.options, {1}));
  auto live = good(store::open(in.options, {2}));
  submit(*live, 1, 6, kept);
  submit(*live, 7, 12, kept);
  return live;
}

const std::vector<job>& jobs() {
  static const std::vector<job> all{
      {"init", [](world&, acknowledged&) { return std::unique_ptr<store>{}; },
       [](world& in, std::unique_ptr<store>& live, acknowledged& kept) {
         if (!store::create(in.options, {1}))
           return;
         if (auto opened = store::open(in.options, {2})) {
           live = std::move(*opened);
           submit(*live, 1, 6, kept);
         }
       }},
      {"commit", filled,
       [](world&, std::unique_ptr<store>& live, acknowledged& kept) {
         for (int i = 13; i < 25 && submit(*live, i, i, kept); ++i)
           ;
       }},
      {"checkpoint", filled,
       [](world&, std::unique_ptr<store>& live, acknowledged& kept) {
         if (submit_checkpoint(*live) && submit_checkpoint(*live))
           submit(*live, 13, 14, kept);
       }},
      {"anchor", filled,
       [](world&, std::unique_ptr<store>& live, acknowledged& kept) {
         if (live->advance_anchor({3000}) && submit(*live, 13, 14, kept)
             && live->save_frontier({3001}))
           static_cast<void>(live->advance_anchor({3002}));
       }},
      {"retention",
       [](world& in, acknowledged& kept) {
         auto live = filled(in, kept);
         good(live->advance_anchor({3000}));
         submit(*live, 13, 20, kept);
         good(live->advance_anchor({3000}));
         return live;
       },
       [](world&, std::unique_ptr<store>& live, acknowledged& kept) {
         if (live->raise_floor(sequence{6}, true, "test", {4000}))
           submit(*live, 21, 22, kept);
       }},
      {"recovery",
       [](world& in, acknowledged& kept) {
         filled(in, kept).reset();
         return std::unique_ptr<store>{};
       },
       [](world& in, std::unique_ptr<store>& live, acknowledged& kept) {
         if (auto opened = store::open(in.options, {5000})) {
           live = std::move(*opened);
           submit(*live, 13, 14, kept);
         }
       }},
      {"stop", filled,
       [](world&, std::unique_ptr<store>& live, acknowledged&) {
         static_cast<void>(live->close({6000}));
       }},
  };
  return all;
}

/// Everything acknowledged is there once, in order, and sending it again changes nothing.
void check(store& live, const acknowledged& kept) {
  const auto head = good(live.read().head());
  std::map<int, sequence> there;
  good(live.read().scan(sequence{1}, head.last, [&](const recorded_event& one) {
    if (one.kind == record_kind::event)
      BOOST_TEST(there.emplace(static_cast<int>(one.body.integer_at("number")), one.at).second,
                 "stored twice");
    return true;
  }));
  for (const auto& [number, answer] : kept) {
    if (answer.at <= head.floor)
      continue;
    BOOST_TEST_CONTEXT("event " << number) {
      BOOST_REQUIRE(there.contains(number));
      BOOST_TEST(there[number] == answer.at);
    }
  }
  std::vector<draft> drafts;
  for (const auto& [number, answer] : kept)
    drafts.push_back(draft_of(event_of(number)));
  auto answer = kept.begin();
  for (const auto& again : append(live, std::move(drafts))) {
    BOOST_TEST(to_string(again.what) == "duplicate");
    BOOST_TEST(again.at == answer->second.at);
    ++answer;
  }
}

/// Runs a job with everything failing from the `nth` change on, ends the world, and looks at what
/// the next one finds. Answers how many changes the job made.
std::uint64_t run(const job& what, std::uint64_t nth, ending how) {
  acknowledged kept;
  std::unique_ptr<memory_disk> rest;
  std::uint64_t changes = 0;
  {
    world first{std::make_unique<memory_disk>(nth)};
    auto live = what.prepare(first, kept);
    const auto before = first.disk->changes();
    if (nth > 0)
      first.disk->fail_at({.kind = operation::any, .nth = nth, .for_ever = true});
    what.run(first, live, kept);
    changes = first.disk->changes() - before;
    rest = first.disk->after(how);
    first.disk->stop();
    live.reset();
  }
  world second{std::move(rest)};
  if (how != ending::kill)
    second.options.boot_id = "boot-2";
  auto live = store::open(second.options, {7000});
  if (!live && kept.empty()) {
    // Nothing was promised yet: the store is made again.
    const auto code = live.error().code;
    BOOST_TEST((code == fault_code::not_found || code == fault_code::invalid), live.error().what);
    good(store::create(second.options, {7001}));
    live = store::open(second.options, {7002});
  }
  BOOST_REQUIRE_MESSAGE(live, (live ? "" : live.error().what));
  check(**live, kept);
  return changes;
}

void at_every_step(ending how) {
  const auto* wanted = std::getenv("HOLDFAST_CAMPAIGN");
  const auto campaign = wanted != nullptr && std::string_view{wanted} == "1";
  for (const auto& what : jobs()) {
    const auto steps = run(what, 0, how);
    BOOST_TEST_MESSAGE(what.name << ": " << steps << " changes");
    // In the normal run no job is visited at more than some twelve places.
    const auto stride = campaign ? 1 : steps / 12 + 1;
    for (std::uint64_t nth = 1; nth <= steps; nth += stride)
      BOOST_TEST_CONTEXT(what.name << " ends at change " << nth << " of " << steps)
    run(what, nth, how);
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(a_store_that_dies)

BOOST_AUTO_TEST_CASE(by_a_kill_keeps_what_it_acknowledged) {
  at_every_step(ending::kill);
}

BOOST_AUTO_TEST_CASE(by_power_loss_keeps_what_it_acknowledged) {
  at_every_step(ending::power);
}

BOOST_AUTO_TEST_CASE(by_torn_power_loss_keeps_what_it_acknowledged) {
  at_every_step(ending::torn_power);
}

BOOST_AUTO_TEST_CASE(again_and_again_while_it_recovers_comes_back_in_the_end) {
  acknowledged kept;
  auto current = std::make_unique<world>(std::make_unique<memory_disk>(1));
  filled(*current, kept).reset();
  for (std::uint64_t nth = 1; nth < 120; nth += 13) {
    current->disk->fail_at({.kind = operation::any, .nth = nth, .for_ever = true});
    auto live = store::open(current->options, {3000});
    auto rest = current->disk->after(nth % 2 == 0 ? ending::kill : ending::power);
    current->disk->stop();
    live = fault{};
    auto next = std::make_unique<world>(std::move(rest));
    next->options.boot_id = "boot-" + std::to_string(nth);
    current = std::move(next);
  }
  const auto live = good(store::open(current->options, {4000}));
  check(*live, kept);
}

BOOST_AUTO_TEST_CASE(by_power_loss_keeps_what_was_stored_in_a_store_whose_making_was_cut_short) {
  // Power loss took the superblock's name, which was never synced, and `create` began anew over
  // everything that had been acknowledged since.
  const auto make_until = [](memory_disk& disk, const store_options& options, std::uint64_t nth) {
    disk.fail_at({.kind = operation::any, .nth = nth, .for_ever = true});
    const auto made = store::create(options, {1});
    disk.mend();
    return static_cast<bool>(made);
  };
  auto whole = false;
  auto usable = 0;
  for (std::uint64_t nth = 1; !whole; ++nth) {
    world first{std::make_unique<memory_disk>(nth)};
    whole = make_until(*first.disk, first.options, nth);
    world second{first.disk->after(ending::kill)};
    auto live = store::open(second.options, {2});
    if (!live)
      continue;
    ++usable;
    acknowledged kept;
    BOOST_REQUIRE(submit(**live, 1, 6, kept));
    world third{second.disk->after(ending::power)};
    third.options.boot_id = "boot-2";
    check(*good(store::open(third.options, {3})), kept);
  }
  BOOST_TEST(usable > 2);
}

BOOST_AUTO_TEST_CASE(is_read_only_if_a_start_would_serve_it) {
  // A reader of a stopped store did not know the boot it reads in, and showed a history without the
  // `process` records that a start refuses to do without.
  for (const auto same_boot : {true, false}) {
    world second{disk_without_process_records()};
    if (!same_boot)
      second.options.boot_id = "boot-2";
    const auto opened = open_reader(second.options);
    BOOST_REQUIRE_EQUAL(static_cast<bool>(opened), !same_boot);
    BOOST_TEST(good(verify_stopped(second.options, false)).damage.empty() == !same_boot);
    if (!opened)
      BOOST_TEST(opened.error().what.find("records 3..5") != std::string::npos,
                 opened.error().what);
  }
}

BOOST_AUTO_TEST_CASE(by_power_loss_has_two_copies_that_each_suffice) {
  for (const std::string lost : {"tail/", ".log"})
    BOOST_TEST_CONTEXT("without " << lost) {
      acknowledged kept;
      world first{std::make_unique<memory_disk>(1)};
      const auto live = filled(first, kept);
      world second{first.disk->after(ending::power)};
      second.options.boot_id = "boot-2";
      for (const auto& path : second.disk->files())
        if (path.string().find(lost) != std::string::npos)
          second.disk->erase(path);
      recovery_report report;
      const auto again = good(store::open(second.options, {3}, &report));
      BOOST_TEST(!report.repairs.empty());
      check(*again, kept);
    }
}

BOOST_AUTO_TEST_CASE(by_power_loss_refuses_only_within_the_boot_that_promised) {
  for (const auto same_boot : {true, false}) {
    world second{disk_without_process_records()};
    if (!same_boot)
      second.options.boot_id = "boot-2";
    const auto opened = store::open(second.options, {4});
    BOOST_REQUIRE_EQUAL(static_cast<bool>(opened), !same_boot);
    if (opened)
      BOOST_TEST(good((*opened)->read().head()).last == sequence{2});
    else
      BOOST_TEST(opened.error().what.find("records 3..5") != std::string::npos,
                 opened.error().what);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::persistence
