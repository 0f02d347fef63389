// SPDX-License-Identifier: Apache-2.0
// An address as an actor that only passes on.
#include "actors/address/address.hpp"

#include "actors/address/desk.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>

#include <utility>

namespace holdfast::addressing {

namespace {

/// The address as an actor: no thread, no mailbox, no state of its own. It is not counted among the
/// actors that a system's end waits for.
class front final : public caf::monitorable_actor {
public:
  front(caf::actor_config& config, std::shared_ptr<desk> behind)
      : monitorable_actor{config}, behind_{std::move(behind)} {}

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) override {
    behind_->take(std::move(what), host);
  }

  void on_destroy() override {
    if (!getf(is_cleaned_up_flag))
      cleanup(caf::exit_reason::unreachable, nullptr);
    monitorable_actor::on_destroy();
  }

  const char* name() const override { return "address"; }

  desk& behind() { return *behind_; }

private:
  std::shared_ptr<desk> behind_;
};

} // namespace

address::address(caf::actor_system& system, settings chosen)
    : desk_{std::make_shared<desk>(std::move(chosen))} {
  caf::actor_config config;
  front_ = caf::make_actor<front, caf::actor>(system.next_actor_id(), system.node(), &system,
                                              config, desk_);
}

address::~address() {
  desk_->close();
  static_cast<front*>(caf::actor_cast<caf::abstract_actor*>(front_))
      ->cleanup(caf::exit_reason::user_shutdown, nullptr);
}

void address::open(const caf::actor& incarnation, std::uint64_t number) {
  desk_->open(incarnation, number);
}

void address::lead(supervisor::route to, std::string why) {
  desk_->lead(to, std::move(why));
}

std::string address::ended(std::uint64_t number) {
  return desk_->ended(number);
}

void address::abandon(std::uint64_t number) {
  desk_->abandon(number);
}

void address::change(leftovers messages, mailbox_bounds mailbox) {
  desk_->change(messages, mailbox);
}

std::shared_ptr<const counters> address::watch() const {
  return desk_;
}

result<void> push(const caf::actor& to, caf::message content, std::chrono::milliseconds within) {
  auto* const found = dynamic_cast<front*>(caf::actor_cast<caf::abstract_actor*>(to));
  if (found == nullptr)
    return fault{fault_code::invalid, "not the address of a supervised actor", ""};
  auto& desk = found->behind();
  if (desk.blocks_producers() && !desk.await_room(within))
    return fault{fault_code::busy, "its mailbox stayed full", "send it again later"};
  to->enqueue(nullptr, caf::make_message_id(), std::move(content), nullptr);
  return {};
}

} // namespace holdfast::addressing
