// SPDX-License-Identifier: Apache-2.0
// The example of docs/supervision.md, compiled and played.
#include "actors/supervisor/supervisor_actor.hpp"
#include "tests/support/deterministic.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace holdfast;
using namespace std::chrono_literals;

caf::behavior model_actor(caf::event_based_actor* self, int layers) {
  furnish(self); // an exception ends the actor, and its text reaches the supervisor
  return {[layers](int number) { return number * layers; },
          [](const std::string& why) { throw std::runtime_error{why}; }};
}

result<supervisor::handle> begin(caf::actor_system& system,
                                 const std::shared_ptr<address_book>& book) {
  child_spec model;
  model.id = "model";
  model.messages.queued = message_fate::redeliver;

  supervisor::surroundings around;
  around.book = book;
  return supervisor::spawn_supervisor(
      system, {.name = "root", .intensity = 3, .period = 10s},
      {{model, [](caf::actor_system& at) { return at.spawn(model_actor, 8); }}}, around);
}

} // namespace

BOOST_FIXTURE_TEST_CASE(supervisor_example, holdfast::test::deterministic) {
  const auto book = std::make_shared<address_book>();
  const auto root = begin(sys, book);
  BOOST_REQUIRE(bool{root}); // flags or specs had a problem otherwise, and nothing was spawned
  ask<children_started>(*root, await_children{});
  const auto model = book->find("model"); // good for every incarnation
  tell(model, std::string{"out of memory"});
  auto answer = self->request(model, caf::infinite, 5);
  pass(100ms);
  answer.receive([](int product) { BOOST_TEST(product == 40); },
                 [](const caf::error& problem) { BOOST_ERROR(text_of(problem)); });
  caf::anon_send(*root, supervisor::stop_children{30s});
  BOOST_TEST(ended(*root));
  book->clear();
}
