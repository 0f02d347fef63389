// SPDX-License-Identifier: Apache-2.0
// Does a shell save before it speaks, wait for a busy disk, and end when the disk says no?
#include "actors/carry_out.hpp"
#include "tests/support/deterministic.hpp"
#include "tests/support/record_keepers.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace holdfast::test {

namespace {

/// Adds to a sum that must survive.
struct add {
  int number = 0;
  static constexpr auto name = "add";
  static constexpr auto fields = std::make_tuple(&add::number);
};
/// Asks for the sum; saves nothing.
struct read_sum {
  static constexpr auto name = "read_sum";
  static constexpr auto fields = std::make_tuple();
};
struct summed {
  int sum = 0;
  static constexpr auto name = "summed";
  static constexpr auto fields = std::make_tuple(&summed::sum);
};
struct fail_now {
  static constexpr auto name = "fail_now";
  static constexpr auto fields = std::make_tuple();
};
struct alarm_due {
  static constexpr auto name = "alarm_due";
  static constexpr auto fields = std::make_tuple();
};

struct decision {
  std::vector<record_to_save> records;
  std::optional<summed> reply;
  std::vector<std::string> tells;
  std::optional<instant> wake_at;
};

using handle =
    caf::typed_actor<caf::replies_to<add>::with<summed>, caf::replies_to<read_sum>::with<summed>,
                     caf::reacts_to<fail_now>, caf::reacts_to<alarm_due>>;

struct summing_state {
  summing_state() = default;
  held_decisions held;
  int sum = 0;
};

/// What the shell said, in order, with the number of records on disk when it did.
struct said {
  std::string what;
  std::size_t saved;
  friend bool operator==(const said&, const said&) = default;
};

handle::behavior_type summing_actor(handle::stateful_pointer<summing_state> self,
                                    record_keeper keeper, std::shared_ptr<notebook> book,
                                    std::shared_ptr<std::vector<said>> heard, carry_limits limits) {
  furnish(self);
  self->state.held = held_decisions{limits};
  const auto act = [=](decision made) {
    return carry_out<alarm_due>(self, keeper, std::move(made), [=](const std::string& told) {
      heard->push_back({told, book->saved.size()});
    });
  };
  return {
      [=](const add& one) {
        auto& sum = self->state.sum;
        sum += one.number;
        return act({.records = {{.owner = "sum", .state = sum}},
                    .reply = summed{sum},
                    .tells = {"sum " + std::to_string(sum)},
                    .wake_at = self->clock().now() + 5s});
      },
      [=](const read_sum&) {
        return act(
            {.records = {}, .reply = summed{self->state.sum}, .tells = {"read"}, .wake_at = {}});
      },
      [](const fail_now&) { throw std::runtime_error{"the sum is on fire"}; },
      [=](const alarm_due&) {
        heard->push_back({"alarm", book->saved.size()});
      },
  };
}

struct summing : deterministic {
  std::shared_ptr<notebook> book = std::make_shared<notebook>();
  std::shared_ptr<std::vector<said>> heard = std::make_shared<std::vector<said>>();
  handle sums;

  void start(carry_limits limits = {}) {
    sums = sys.spawn(summing_actor, sys.spawn(keeper_of, book), book, heard, limits);
    settle();
  }
};

const fault busy{fault_code::busy, "the queue is full", {}};
const fault full{fault_code::no_space, "the disk is full", {}};
const fault broken{fault_code::failed, "the disk is broken", {}};

} // namespace

BOOST_AUTO_TEST_SUITE(carry_out_of_decisions)

BOOST_FIXTURE_TEST_CASE(saves_before_it_answers_tells_and_wakes, summing) {
  start();
  BOOST_TEST(ask<summed>(sums, add{3}).sum == 3);
  BOOST_TEST((*heard == std::vector<said>{{"sum 3", 1}}));
  pass(4990ms);
  BOOST_TEST(heard->size() == 1U);
  pass(20ms);
  BOOST_TEST((heard->back() == said{"alarm", 1}));
}

BOOST_FIXTURE_TEST_CASE(holds_while_the_disk_is_busy_and_keeps_the_order, summing) {
  book->answers = {busy, full};
  start();
  auto first = self->request(sums, caf::infinite, add{1});
  auto second = self->request(sums, caf::infinite, add{2});
  auto third = self->request(sums, caf::infinite, read_sum{});
  settle();
  // An answer that saves nothing waits too: it tells of a sum that is not on disk.
  BOOST_TEST(heard->empty());
  pass(1s);
  BOOST_TEST((*heard == std::vector<said>{{"sum 1", 2}, {"sum 3", 2}, {"read", 2}}));
  // What had waited went in one request.
  BOOST_TEST((book->saves == std::vector<std::size_t>{2}));
  const auto sum_of = [&](auto& answer) {
    int sum = 0;
    answer.receive([&](const summed& got) { sum = got.sum; }, [](caf::error&) {});
    return sum;
  };
  BOOST_TEST(sum_of(first) == 1);
  BOOST_TEST(sum_of(second) == 3);
  BOOST_TEST(sum_of(third) == 3);
}

BOOST_FIXTURE_TEST_CASE(ends_and_says_so_when_the_disk_says_no, summing) {
  book->answers = {broken};
  start();
  const auto answer = try_ask<summed>(sums, add{1});
  BOOST_REQUIRE(!answer);
  BOOST_TEST(answer.error().what == "the disk is broken");
  BOOST_TEST(heard->empty());
  const auto end = end_of(sums);
  BOOST_REQUIRE(end);
  BOOST_TEST((to_fault(*end).code == fault_code::failed));
}

BOOST_FIXTURE_TEST_CASE(ends_when_the_disk_stays_busy_beyond_the_deadline, summing) {
  for (int i = 0; i < 1000; ++i)
    book->answers.emplace_back(busy);
  start({.deadline = 2s});
  tell(sums, add{1});
  pass(1s);
  BOOST_TEST(!ended(sums));
  pass(1s);
  const auto end = end_of(sums);
  BOOST_REQUIRE(end);
  BOOST_TEST((to_fault(*end).code == fault_code::busy));
  BOOST_TEST(book->answers.size() > 980U); // pauses grow
}

BOOST_FIXTURE_TEST_CASE(ends_when_more_decisions_wait_than_it_may_hold, summing) {
  for (int i = 0; i < 1000; ++i)
    book->answers.emplace_back(busy);
  start({.decisions_max = 3});
  for (int i = 0; i < 3; ++i)
    tell(sums, add{1});
  BOOST_TEST(!ended(sums));
  tell(sums, add{1});
  BOOST_TEST(ended(sums));
}

BOOST_FIXTURE_TEST_CASE(an_exception_reaches_the_monitor_as_text, summing) {
  start();
  tell(sums, fail_now{});
  const auto end = end_of(sums);
  BOOST_REQUIRE(end);
  BOOST_TEST(text_of(*end) == "the sum is on fire");
}

BOOST_AUTO_TEST_CASE(a_fault_survives_the_way_through_an_error) {
  const fault told{fault_code::no_space, "the disk is full", "delete something"};
  BOOST_TEST((to_fault(to_error(told)) == told));
  BOOST_TEST(text_of(to_error(told)) == "no_space: the disk is full");
  BOOST_TEST((to_fault(caf::sec::request_timeout).code == fault_code::timed_out));
}

BOOST_AUTO_TEST_CASE(caf_prints_described_messages_and_refuses_to_serialize_them) {
  BOOST_TEST(caf::to_string(caf::make_message(add{7})) == R"((add("7")))");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::test
