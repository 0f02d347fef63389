// SPDX-License-Identifier: Apache-2.0
// The history's way into the journal: behind supervision, in order, and only once.
#include "runtime/json.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/recorder.hpp"
#include "runtime/supervision_records.hpp"
#include "tests/runtime/supervision_page.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

/// A journal that takes, refuses or keeps silent as the test says.
struct scripted_journal {
  struct state {
    std::vector<std::string> types; ///< Of what is on disk, in order.
    std::vector<persistence::draft> drafts;
    std::size_t attempts = 0;
    bool down = false;
    std::size_t unknowns = 0; ///< So many further batches land without anybody knowing.
  };

  recorder_world world() {
    return {[this](std::vector<persistence::draft>& drafts,
                   journal::completion done) -> std::optional<append_refused> {
              append_result told;
              bool refused = false;
              held.change([&](state& now) {
                ++now.attempts;
                refused = now.down;
                if (refused)
                  return;
                const bool unknown = now.unknowns > 0;
                now.unknowns -= unknown ? 1 : 0;
                for (auto& one : drafts) {
                  now.types.push_back(one.type);
                  now.drafts.push_back(one);
                  told.answers.push_back({.what = unknown ? outcome::unknown : outcome::stored});
                }
              });
              if (refused)
                return append_refused{{fault_code::busy, "reopening", ""}, 10ms};
              done(told);
              return std::nullopt;
            },
            [] { return wall_time{5000000}; }, [] { return instant{7us}; }};
  }

  std::vector<std::string> types() const {
    return held.with([](const state& now) { return now.types; });
  }

  os::guarded<state> held;
};

supervision_event fact(supervision_fact what) {
  supervision_event made;
  made.what = what;
  made.supervisor = "root";
  made.child = "a";
  return made;
}

using names = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(history_recorder)

BOOST_AUTO_TEST_CASE(writes_behind_a_journal_that_was_down_and_in_order) {
  scripted_journal journal;
  journal.held.change([](auto& now) { now.down = true; });
  recorder history{journal.world(), {3, {}, "boot"}};
  for (const auto what :
       {supervision_fact::died, supervision_fact::restart_due, supervision_fact::started})
    history.note(fact(what));
  BOOST_TEST(journal.held.wait_until(os::steady_now() + 60s,
                                     [](const auto& now) { return now.attempts >= 2; }));
  BOOST_TEST(history.count().waiting == 3U);
  BOOST_TEST(history.count().last_error == "reopening");
  BOOST_TEST(!history.settle(0ms));
  journal.held.change([](auto& now) { now.down = false; });
  BOOST_TEST(history.settle(60s));
  BOOST_TEST((journal.types() == names{"died", "restart_due", "started"}));
  BOOST_TEST(history.count().written == 3U);
}

BOOST_AUTO_TEST_CASE(keeps_a_bounded_number_while_the_journal_is_down) {
  scripted_journal journal;
  journal.held.change([](auto& now) { now.down = true; });
  recorder history{journal.world(), {3, {}, "boot"}, 5};
  history.note(fact(supervision_fact::started));
  BOOST_TEST(journal.held.wait_until(os::steady_now() + 60s,
                                     [](const auto& now) { return now.attempts >= 1; }));
  for (int i = 0; i < 100; ++i)
    history.note(fact(supervision_fact::died));
  BOOST_TEST(history.count().dropped == 95U);
  journal.held.change([](auto& now) { now.down = false; });
  BOOST_TEST(history.stop(60s));
  BOOST_TEST(
      (journal.types() == names{"started", "dropped", "died", "died", "died", "died", "died"}));
  history.note(fact(supervision_fact::started));
  BOOST_TEST(history.count().waiting == 0U);
}

BOOST_AUTO_TEST_CASE(sends_again_what_nobody_knows_the_outcome_of_and_it_counts_once) {
  scripted_journal journal;
  journal.held.change([](auto& now) { now.unknowns = 1; });
  recorder history{journal.world(), {3, {}, "boot"}};
  history.note(fact(supervision_fact::restart_due));
  BOOST_TEST(history.settle(60s));
  const auto kept = journal.held.with([](const auto& now) { return now.drafts; });
  BOOST_TEST(kept.size() == 2U);
  const test::supervision_page page{kept};
  std::size_t counted = 0;
  BOOST_TEST_REQUIRE(
      bool(each_supervision(page, sequence{1}, [&](const auto&, sequence) { ++counted; })));
  BOOST_TEST(counted == 1U);
}

BOOST_AUTO_TEST_CASE(ends_without_a_journal) {
  scripted_journal journal;
  journal.held.change([](auto& now) { now.down = true; });
  recorder history{journal.world(), {3, {}, "boot"}};
  history.note(fact(supervision_fact::started));
  BOOST_TEST(!history.stop(1ms));
  BOOST_TEST(history.count().waiting == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(supervision_records)

BOOST_AUTO_TEST_CASE(come_back_as_they_were) {
  supervision_event died;
  died.what = supervision_fact::died;
  died.supervisor = "root";
  died.child = "model";
  died.incarnation = 4;
  died.how = ending::crashed;
  died.text = "boom";
  died.at = instant{7us};
  died.last_message = "ask_model";
  auto due = died;
  due.what = supervision_fact::restart_due;
  due.pause = 1500ms;
  due.failures = 3;
  supervision_ended gave_up{
      supervision_outcome::gave_up,
      "too many restarts",
      {{"root", "model", 4, "boom", ending::crashed, "ask_model", {"earlier"}}},
      {{"root", "stuck", 2, child_type::worker, "fold", 10ms, 20ms}}};
  for (const supervision_fate& what :
       {supervision_fate{died}, supervision_fate{due},
        supervision_fate{supervisor_ended{"root", gave_up}},
        supervision_fate{actor_ordered{actor_order::stop, "root", "model", "too hot", "pid 7"}},
        supervision_fate{history_gap{3, 1, 4}}}) {
    const supervision_record record{{2, sequence{4}, "boot"}, 9, wall_time{5}, instant{7us}, what};
    const test::supervision_page page{{to_draft(record)}};
    const auto back = supervision_from(*page.record(sequence{1}));
    BOOST_TEST_REQUIRE(bool(back));
    BOOST_TEST((*back == record));
  }
}

/// On disk for ever (persistence/FORMAT.md).
BOOST_AUTO_TEST_CASE(have_these_bytes) {
  auto died = fact(supervision_fact::died);
  died.child = "model";
  died.incarnation = 4;
  died.how = ending::crashed;
  died.text = "boom";
  died.last_message = "ask_model";
  const auto made = to_draft({{2, sequence{4}, "boot"}, 9, wall_time{5}, instant{7us}, died});
  BOOST_TEST(made.stream == "$supervision");
  BOOST_TEST(made.type == "died");
  const auto body =
      json::from_hex("8ba5616674657204a4626f6f74a4626f6f74a56361757365a4626f6f6da56368696c64a56d6f"
                     "64656ca3686f77a763726173686564ab696e6361726e6174696f6e04ac6c6173745f6d657373"
                     "616765a961736b5f6d6f64656ca66e756d62657209a372756e02aa73757065727669736f72a4"
                     "726f6f74a87469636b735f757307");
  BOOST_TEST((made.body == *body));
}

BOOST_AUTO_TEST_CASE(hold_any_text_of_any_length) {
  auto one = fact(supervision_fact::died);
  one.text = "\xff\xfe" + std::string(100000, 'x');
  const auto made = to_draft({{1, {}, ""}, 1, {}, {}, one});
  BOOST_TEST(made.refusal == "");
  BOOST_TEST(made.body.size() < 1200U);
}

/// A restart limit is not laundered: not by a wall clock that jumps forward within a boot, and not
/// by one that jumps back.
BOOST_AUTO_TEST_CASE(count_by_the_clock_that_makes_them_younger) {
  const auto minute = 60'000'000LL;
  struct row {
    const char* says;
    wall_time happened;
    instant ticks;
    std::string boot;
    wall_time expected;
  };
  const moment_now now{wall_time{100 * minute}, instant{10min}, "this"};
  for (const auto& [says, happened, ticks, boot, expected] :
       {row{"both clocks agree", {95 * minute}, instant{5min}, "this", {95 * minute}},
        row{"the wall clock went forward an hour",
            {35 * minute},
            instant{5min},
            "this",
            {95 * minute}},
        row{"the wall clock went back", {155 * minute}, instant{5min}, "this", {155 * minute}},
        row{"another boot", {35 * minute}, instant{5min}, "other", {35 * minute}},
        row{"the boot is not known", {35 * minute}, instant{5min}, "", {35 * minute}}})
    BOOST_TEST((counted_at({{1, {}, boot}, 1, happened, ticks, history_gap{}}, now) == expected),
               says);
}

BOOST_AUTO_TEST_SUITE_END()
