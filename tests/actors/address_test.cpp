// SPDX-License-Identifier: Apache-2.0
// Is every message that came to a stable address counted once, bounded, and given its fate?
#include "tests/actors/address_office.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace holdfast::addressing::test {

namespace {

using numbers = std::vector<int>;

constexpr leftovers keep{.queued = message_fate::redeliver, .in_flight = message_fate::redeliver};
constexpr leftovers hand{.queued = message_fate::hand_over, .in_flight = message_fate::hand_over};

} // namespace

BOOST_AUTO_TEST_SUITE(an_address)

BOOST_FIXTURE_TEST_CASE(leads_to_the_actor_and_its_answer_back, office) {
  make();
  hire();
  auto asked = self->request(door->handle(), caf::infinite, 41);
  settle();
  int answer = 0;
  asked.receive([&](int one) { answer = one; }, [](caf::error&) {});
  BOOST_TEST(answer == 42);
  BOOST_TEST(reading().handled == 1U);
  balances();
}

BOOST_FIXTURE_TEST_CASE(counts_what_waits_by_kind_without_the_actor, office) {
  make();
  hire();
  send(1);
  send(2);
  caf::anon_send(door->handle(), do_fail{});
  pass(0s);
  hire();
  send(1);
  send(2);
  caf::anon_send(door->handle(), std::string{"text"});
  const auto now = reading();
  BOOST_TEST(now.queued == 3U);
  BOOST_TEST_REQUIRE(now.kinds.size() == 2U);
  BOOST_TEST(now.kinds[0].count == 2U);
  BOOST_TEST(now.kinds[0].kind == "i32");
  BOOST_TEST(now.kinds[1].kind == "str");
  balances();
}

BOOST_FIXTURE_TEST_CASE(says_how_long_the_oldest_waits, office) {
  make();
  hire();
  send(1);
  scheduler.clock().advance_time(3s);
  send(2);
  scheduler.clock().advance_time(4s);
  BOOST_TEST_REQUIRE(reading().oldest.has_value());
  BOOST_TEST(reading().oldest->count() == 7000);
  settle();
  BOOST_TEST(!reading().oldest.has_value());
  BOOST_TEST(reading().waited.count() == 11'000'000);
}

BOOST_FIXTURE_TEST_CASE(says_what_is_handled_and_since_when, office) {
  make();
  std::optional<actor_reading> meanwhile;
  on_message = [&](int) {
    scheduler.clock().advance_time(2s);
    meanwhile = reading();
  };
  hire();
  send(1);
  settle();
  BOOST_TEST_REQUIRE((meanwhile && meanwhile->current));
  BOOST_TEST(meanwhile->current->kind == "i32");
  BOOST_TEST(meanwhile->current->handling.count() == 2000);
  BOOST_TEST(!reading().current.has_value());
  BOOST_TEST(reading().busy.count() == 2'000'000);
  BOOST_TEST_REQUIRE(reading().p50.has_value());
  BOOST_TEST(reading().p50->count() >= 2'000'000);
  BOOST_TEST(reading().p50->count() <= 2'500'000);
}

BOOST_FIXTURE_TEST_CASE(says_who_waits_for_its_answers, office) {
  make();
  std::optional<actor_reading> meanwhile;
  on_message = [&](int one) {
    if (one == 1)
      meanwhile = reading();
  };
  hire();
  const auto asked = self->request(door->handle(), caf::infinite, 1);
  send(2);
  const auto behind = self->request(door->handle(), caf::infinite, 3);
  static_cast<void>(asked);
  static_cast<void>(behind);
  const auto me = caf::actor{self}.id();
  BOOST_TEST(reading().askers == (std::vector<std::uint64_t>{me, me}));
  BOOST_TEST(reading().actor == living.id());
  settle();
  BOOST_TEST_REQUIRE(meanwhile.has_value());
  BOOST_TEST(meanwhile->askers == (std::vector<std::uint64_t>{me, me}));
  BOOST_TEST(reading().askers.empty());
}

BOOST_FIXTURE_TEST_CASE(names_the_message_its_actor_failed_with, office) {
  make();
  hire();
  caf::anon_send(door->handle(), do_fail{});
  BOOST_TEST(bury().ends_with("do_fail"));
  hire();
  caf::anon_send_exit(living, caf::exit_reason::kill);
  BOOST_TEST(bury().empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(what_a_dead_actor_left)

BOOST_FIXTURE_TEST_CASE(goes_to_the_next_in_the_order_of_arrival, office) {
  make(keep);
  hire();
  on_message = [&](int one) {
    if (one == 2 && number == 1)
      throw std::runtime_error{"not yet"};
  };
  for (const auto one : {1, 2, 3, 4})
    send(one);
  bury();
  send(5); // before the supervisor knows
  door->lead(supervisor::route::holding, "it is being restarted");
  send(6);
  BOOST_TEST(reading().held == 5U);
  balances();
  hire();
  settle();
  BOOST_TEST(seen == (numbers{1, 2, 2, 3, 4, 5, 6}));
  BOOST_TEST(reading().left.redelivered == 3U);
  BOOST_TEST(reading().left.refused == 0U);
  balances();
}

BOOST_FIXTURE_TEST_CASE(is_refused_with_the_reason_where_its_child_wants_that, office) {
  make();
  hire();
  const auto asked = self->request(door->handle(), caf::infinite, do_fail{});
  static_cast<void>(asked);
  auto behind = self->request(door->handle(), caf::infinite, 1);
  send(2);
  bury();
  door->lead(supervisor::route::refusing, "it is being restarted");
  std::string heard;
  behind.receive([](int) {}, [&](caf::error& why) { heard = text_of(why); });
  BOOST_TEST(heard.find("ended before it handled") != std::string::npos);
  auto late = self->request(door->handle(), caf::infinite, 3);
  late.receive([](int) {}, [&](caf::error& why) { heard = text_of(why); });
  BOOST_TEST(heard.find("it is being restarted") != std::string::npos);
  BOOST_TEST(reading().left.refused == 4U);
  balances();
}

BOOST_FIXTURE_TEST_CASE(a_request_that_waited_is_answered_by_the_next, office) {
  make(keep);
  hire();
  caf::anon_send(door->handle(), do_fail{});
  auto asked = self->request(door->handle(), caf::infinite, 41);
  bury();
  BOOST_TEST(!self->has_next_message()); // CAF bounces the requests of a mailbox that dies
  on_message = nullptr;
  hire();
  // The poison comes again first, and is not given out a third time.
  bury();
  hire();
  settle();
  int answer = 0;
  asked.receive([&](int one) { answer = one; }, [](caf::error&) {});
  BOOST_TEST(answer == 42);
  BOOST_TEST(reading().left.refused == 1U);
  balances();
}

BOOST_FIXTURE_TEST_CASE(a_message_that_fails_too_often_is_refused, office) {
  make(keep);
  caf::anon_send(door->handle(), 1); // not started yet
  BOOST_TEST(reading().left.refused == 1U);
  hire();
  caf::anon_send(door->handle(), do_fail{});
  bury();
  BOOST_TEST(reading().held == 1U);
  hire();
  bury();
  BOOST_TEST(reading().held == 0U);
  BOOST_TEST(reading().left.redelivered == 1U);
  BOOST_TEST(reading().left.refused == 2U);
  balances();
}

BOOST_FIXTURE_TEST_CASE(goes_to_the_hook_with_where_it_was, office) {
  make(hand);
  hire();
  caf::anon_send(door->handle(), do_fail{});
  send(7);
  bury();
  BOOST_TEST_REQUIRE(hooks.size() == 2U);
  BOOST_TEST(hooks[0].find("7") != std::string::npos);
  BOOST_TEST(hooks[1].ends_with("in flight"));
  door->lead(supervisor::route::handing, "it is being restarted");
  send(8);
  BOOST_TEST(hooks.size() == 3U);
  BOOST_TEST(reading().left.handed_over == 3U);
  // Whoever waits for an answer hears that there will be none.
  const auto told = try_ask<int>(door->handle(), 9);
  BOOST_TEST_REQUIRE(!told);
  BOOST_TEST(told.error().what == "'clerk' will not answer: it is being restarted");
  BOOST_TEST(hooks.size() == 4U);
  balances();
}

BOOST_FIXTURE_TEST_CASE(is_refused_once_the_address_is_closed, office) {
  make(keep);
  hire();
  caf::anon_send(door->handle(), do_fail{});
  auto asked = self->request(door->handle(), caf::infinite, 1);
  bury();
  door->lead(supervisor::route::closed, "it was stopped");
  std::string heard;
  asked.receive([](int) {}, [&](caf::error& why) { heard = text_of(why); });
  BOOST_TEST(heard.find("it was stopped") != std::string::npos);
  balances();
}

BOOST_FIXTURE_TEST_CASE(a_message_skipped_by_the_actor_is_kept_like_a_queued_one, office) {
  make(keep);
  living = sys.spawn(
      [](caf::event_based_actor* actor, int) -> caf::behavior {
        furnish(actor);
        actor->set_default_handler(caf::skip);
        return {[](do_fail) { throw std::runtime_error{"told to fail"}; }};
      },
      0);
  settle();
  door->open(living, ++number);
  send(1);
  settle();
  BOOST_TEST(!reading().current.has_value());
  balances();
  caf::anon_send(door->handle(), do_fail{});
  bury();
  hire();
  BOOST_TEST(bury() != "");
  hire();
  settle();
  BOOST_TEST(seen == numbers{1});
  balances();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_full_mailbox)

BOOST_FIXTURE_TEST_CASE(refuses_the_sender, office) {
  make({}, {.messages_max = 2});
  hire();
  send(1);
  send(2);
  auto asked = self->request(door->handle(), caf::infinite, 3);
  std::string heard;
  asked.receive([](int) {}, [&](caf::error& why) { heard = text_of(why); });
  BOOST_TEST(heard.find("full: 2 messages") != std::string::npos);
  settle();
  BOOST_TEST(seen == (numbers{1, 2}));
  send(4);
  settle();
  BOOST_TEST(seen == (numbers{1, 2, 4}));
  balances();
}

BOOST_FIXTURE_TEST_CASE(drops_the_newest, office) {
  make({}, {.messages_max = 2, .when_full = overflow::drop_newest});
  hire();
  for (const auto one : {1, 2, 3})
    send(one);
  settle();
  BOOST_TEST(seen == (numbers{1, 2}));
  BOOST_TEST(reading().left.dropped == 1U);
  balances();
}

BOOST_FIXTURE_TEST_CASE(drops_the_oldest, office) {
  make({}, {.messages_max = 2, .when_full = overflow::drop_oldest});
  hire();
  for (const auto one : {1, 2, 3, 4})
    send(one);
  BOOST_TEST(reading().queued == 2U);
  settle();
  BOOST_TEST(seen == (numbers{3, 4}));
  BOOST_TEST(reading().left.dropped == 2U);
  balances();
}

BOOST_FIXTURE_TEST_CASE(counts_what_is_held_too, office) {
  make(keep, {.messages_max = 2, .when_full = overflow::drop_oldest});
  hire();
  door->lead(supervisor::route::holding, "it is being restarted");
  for (const auto one : {1, 2, 3})
    send(one);
  BOOST_TEST(reading().held == 2U);
  close();
  hire();
  settle();
  BOOST_TEST(seen == (numbers{2, 3}));
  balances();
}

BOOST_FIXTURE_TEST_CASE(lets_a_producer_outside_wait_for_its_time_only, office) {
  make({}, {.messages_max = 1, .when_full = overflow::block_producer});
  hire();
  BOOST_TEST(bool{push(door->handle(), caf::make_message(1), 0ms)});
  const auto late = push(door->handle(), caf::make_message(2), 1ms);
  BOOST_TEST_REQUIRE(!late);
  BOOST_TEST((late.error().code == fault_code::busy));
  settle();
  BOOST_TEST(bool{push(door->handle(), caf::make_message(3), 0ms)});
  settle();
  BOOST_TEST(seen == (numbers{1, 3}));
  BOOST_TEST(!push(living, caf::make_message(4), 0ms));
  balances();
}

/// A fold reads page after page on messages it sends itself: a stop that it held up said only that
/// it was there, and looking at it showed an actor without work.
BOOST_FIXTURE_TEST_CASE(shows_what_an_actor_does_on_messages_of_its_own, office) {
  make();
  hire();
  const auto kind = kind_of(caf::make_message(do_fail{}).content());
  const auto shown = door->watch();
  shown->own_begun(living.id() + 1, kind);
  BOOST_TEST(!reading().current.has_value());
  shown->own_begun(living.id(), kind);
  send(1);
  send(2);
  scheduler.advance_time(3s);
  BOOST_TEST((reading().current == current_message{"addressing::test::do_fail", 3s}));
  BOOST_TEST(reading().queued == 2U); // none of them is what it handles
  BOOST_TEST((reading().busy == 3s));
  shown->own_done(living.id());
  BOOST_TEST(!reading().current.has_value());
  BOOST_TEST((reading().busy == 3s));
  BOOST_TEST(reading().queued == 2U);
  settle();
  balances();

  on_message = [&](int) { // what came to the address comes first
    shown->own_begun(living.id(), kind);
    shown->own_done(living.id());
    BOOST_TEST(reading().current->kind == "i32");
  };
  send(3);
  settle();
  on_message = {};
  shown->own_begun(living.id(), kind);
  caf::anon_send_exit(living, caf::exit_reason::kill);
  BOOST_TEST(bury() == "addressing::test::do_fail");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_lost_actor)

BOOST_FIXTURE_TEST_CASE(gives_back_what_waits_and_keeps_what_it_handles, office) {
  make(keep);
  std::optional<actor_reading> meanwhile;
  auto stuck = true;
  on_message = [&](int one) {
    if (!std::exchange(stuck, false))
      return;
    BOOST_TEST(one == 1);
    // In the middle of its handler, its supervisor loses patience.
    door->abandon(number);
    const auto first = std::exchange(living, nullptr);
    hire();
    meanwhile = reading();
    caf::anon_send_exit(first, caf::exit_reason::kill);
  };
  hire();
  for (const auto one : {1, 2, 3})
    send(one);
  settle();
  BOOST_TEST_REQUIRE(meanwhile.has_value());
  BOOST_TEST(meanwhile->with_lost == 1U);
  BOOST_TEST(meanwhile->queued == 2U);
  BOOST_TEST(seen == (numbers{1, 2, 3}));
  const auto at_last = reading();
  BOOST_TEST(at_last.with_lost == 0U);
  BOOST_TEST(at_last.handled == 3U);
  BOOST_TEST(at_last.incarnation == 2U);
  balances();
}

/// Opening spun for ever: what it delivered came back at once, and was delivered again.
BOOST_FIXTURE_TEST_CASE(keeps_what_it_holds_from_an_incarnation_that_has_ended, office) {
  make(keep);
  door->lead(supervisor::route::holding, "");
  send(1);
  auto late = sys.spawn([](caf::event_based_actor* actor, int) { actor->quit(); }, 0);
  settle();
  door->open(late, ++number);
  send(2);
  BOOST_TEST(reading().held == 2U);
  balances();
  door->ended(number);
  hire();
  settle();
  BOOST_TEST((seen == numbers{1, 2}));
  balances();
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::addressing::test
