// SPDX-License-Identifier: Apache-2.0
// An address, the incarnations it leads to, and a hand on the clock.
#pragma once

#include "actors/address/address.hpp"
#include "tests/support/deterministic.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace holdfast::addressing::test {

struct do_fail {
  static constexpr auto name = "do_fail";
  static constexpr auto fields = std::make_tuple();
};

/// One address and the incarnations a test lets it lead to.
struct office : holdfast::test::deterministic {
  std::vector<int> seen;          ///< By all incarnations, in order.
  std::vector<std::string> hooks; ///< What the hook was given.
  std::optional<address> door;
  caf::actor living;
  std::uint64_t number = 0;
  std::function<void(int)> on_message;
  std::function<void()> on_idle;

  ~office() {
    close();
    door.reset();
  }

  settings chosen(leftovers messages = {}, mailbox_bounds mailbox = {}) {
    return {"clerk",
            messages,
            mailbox,
            [this](const left_message& left) {
              hooks.push_back(caf::to_string(left.content) + (left.in_flight ? " in flight" : ""));
            },
            {[this] { return now(); }, [this] { return now(); }}};
  }

  void make(leftovers messages = {}, mailbox_bounds mailbox = {}) {
    door.emplace(sys, chosen(messages, mailbox));
  }

  /// Another incarnation; the address leads to it.
  void hire() {
    living = sys.spawn(
        [this](caf::event_based_actor* actor, int) -> caf::behavior {
          furnish(actor);
          return {[this](int one) {
                    seen.push_back(one);
                    if (on_message)
                      on_message(one);
                    return one + 1;
                  },
                  [](do_fail) { throw std::runtime_error{"told to fail"}; }};
        },
        0);
    settle();
    door->open(living, ++number);
  }

  void close() {
    if (living)
      caf::anon_send_exit(living, caf::exit_reason::user_shutdown);
    settle();
    living = nullptr;
  }

  /// It ends and is seen ending, as its supervisor would.
  std::string bury() {
    settle();
    living = nullptr;
    return door->ended(number);
  }

  void send(int one) { caf::anon_send(door->handle(), one); }

  actor_reading reading() { return door->watch()->read(); }

  /// What every reading must satisfy while no message is on its way.
  void balances() {
    const auto now = reading();
    const auto kept =
        std::accumulate(now.kinds.begin(), now.kinds.end(), std::uint64_t{0},
                        [](std::uint64_t sum, const queued_kind& one) { return sum + one.count; });
    BOOST_TEST(kept == now.queued + now.held);
    BOOST_TEST(now.received
               == now.handled + now.queued + now.held + now.with_lost + now.left.refused
                      + now.left.handed_over + now.left.dropped + (now.current ? 1 : 0));
  }
};

} // namespace holdfast::addressing::test
