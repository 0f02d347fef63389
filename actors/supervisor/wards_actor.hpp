// SPDX-License-Identifier: Apache-2.0
// What a supervisor's shell keeps of its children: how each is made, where it is reached, who
// lives.
#pragma once

#include "actors/supervisor/supervisor_actor.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::supervisor {

/// A child, from the day its spec is added to the day it goes.
struct ward {
  std::unique_ptr<addressing::address> address;
  std::shared_ptr<const addressing::counters> counters;
  child_ref ref{};       ///< Its present incarnation,
  caf::actor actor{};    ///< of which this is the one strong handle. Invalid: there is none.
  bool leaving = false;  ///< That incarnation was asked to end, or killed.
  bool listed = false;   ///< In the address book.
  message_counts told{}; ///< What became of messages, as far as the machine knows.
};

/// The children of one supervisor. Lists their addresses and counters, and strikes them out again
/// at its end, at which it also kills who still lives.
class wards {
public:
  /// `one_recipe`: simple_one_for_one.
  wards(caf::actor_system& system, const surroundings& around, std::string supervisor,
        bool one_recipe);
  ~wards();
  wards(const wards&) = delete;
  wards& operator=(const wards&) = delete;

  /// `check_made` for one that may be there already: what is left out then stays as it is.
  result<void> check(const child& one) const;

  /// Adds a child, or gives one that is there its new spec. Needs: `check`.
  void put(const child& one);

  void remove(const std::string& id);

  ward* find(std::string_view id);
  /// The same where it must still be that incarnation.
  ward* find(const child_ref& wanted);
  /// Makes the address of an instance that has none yet. Needs: `put`, for others.
  ward& need(const std::string& id);

  newborn make(const std::string& id, const value& arguments);

  /// Its address leads there from now on.
  void lead(const route_change& change);
  void unlist(ward& one, const std::string& id);

  template <class Visit>
  void each(Visit visit) {
    for (auto& [id, one] : all_)
      visit(id, one);
  }

private:
  struct recipe {
    child_factory start;
    addressing::left_hook hand_over;
    leftovers messages;
    mailbox_bounds mailbox;
  };

  const recipe* recipe_of(std::string_view id) const;

  caf::actor_system& system_;
  const std::shared_ptr<address_book> book_;
  const addressing::clocks time_;
  const std::string supervisor_;
  const bool one_recipe_;
  std::map<std::string, recipe, std::less<>> recipes_;
  std::map<std::string, ward, std::less<>> all_;
};

/// Whether there is all that is needed to make a child, and to hand its messages over.
result<void> check_made(const child& one);

/// An urgent exit may be lost while the actor waits for something, a normal one waits behind its
/// mailbox: both are sent.
void send_kill(const caf::actor& whom);

} // namespace holdfast::supervisor
