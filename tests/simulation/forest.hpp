// SPDX-License-Identifier: Apache-2.0
// A tree of real supervisors in virtual time, in which everything happens by chance, and a memory
// of its own beside it: what happens is held against that memory, not against what they say.
#pragma once

#include "actors/address_book.hpp"
#include "actors/shell.hpp"
#include "actors/supervisor/supervisor_actor.hpp"
#include "runtime/rehearsal/stage.hpp"

#include <caf/event_based_actor.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace holdfast::forests {

/// A promise of supervision that did not hold.
struct broken_promise : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What a worker is told. Each has a number, so that its fate is known.
struct errand {
  enum kind : std::uint32_t { work, crash, end, leave, block, hang };

  std::uint64_t number = 0;
  std::uint64_t door = 0; ///< The address it was sent to.
  std::uint32_t what = work;
  bool asked = false; ///< A request.

  static constexpr auto name = "errand";
  static constexpr auto fields =
      std::make_tuple(&errand::number, &errand::door, &errand::what, &errand::asked);
};

struct forest_plan {
  std::uint64_t seed = 1;
  std::size_t children = 20; ///< Of all supervisors together, those that are supervisors included.
  bool lasting = false;      ///< The root never gives up.
};

class forest {
public:
  explicit forest(forest_plan chosen);
  ~forest();
  forest(const forest&) = delete;
  forest& operator=(const forest&) = delete;

  /// Something happens. Throws `broken_promise`.
  void step();

  /// From here on everybody behaves: everything must come to rest, nobody and nothing be forgotten.
  void come_to_rest();

  /// Ends it, half of the times by a deadline while somebody hangs for good.
  void stop();

  bool has_ended() const { return over_; }

  std::map<std::string, std::uint64_t> seen; ///< How often what happened.

private:
  /// One incarnation of a child, as its factory made it.
  struct life {
    std::string id;
    std::string of; ///< Its supervisor, and which incarnation of it.
    std::uint64_t of_number = 0;
    std::string serial; ///< Names it among all.
    caf::weak_actor_ptr actor{};
    bool alive = true;
    bool lost = false;   ///< Its supervisor goes on without it.
    bool hangs = false;  ///< In a handler, or in its start.
    bool clean = false;  ///< Ended by itself, as it should.
    bool orphan = false; ///< Its supervisor was killed while it hung: nobody can name it.
  };
  using life_ptr = std::shared_ptr<life>;

  enum class standing : std::uint8_t { none, starting, up, down };

  /// What is known of a child under the present incarnation of its supervisor.
  struct place {
    standing stands = standing::none;
    bool due = true;   ///< It may be started once more: at first, and for each restart counted.
    bool first = true; ///< It has not been started yet.
    std::uint32_t by_hand = 0;     ///< So many wait for a start they asked for.
    std::uint32_t stops = 0;       ///< So many wait for an end they asked for.
    bool exempt = false;           ///< It goes for a reason of its own: stopped by hand, or hung.
    std::uint64_t incarnation = 0; ///< That came up last.
    life_ptr last;
  };

  struct branch {
    std::string name;
    std::string above;
    supervisor_flags planned;
    std::vector<std::string> children;
    // Of its present incarnation:
    std::uint64_t number = 0;
    bool alive = false;
    bool all_started = false;
    supervisor_flags flags;
    std::optional<supervisor_flags> wanted; ///< By a change that is on its way.
    std::map<std::string, child_spec> specs;
    std::map<std::string, child_spec> wanted_specs;
    std::map<std::string, child_spec> offered; ///< To be added, by calls that are on their way.
    std::vector<std::string> order;
    std::map<std::string, place> places;
    std::string waits_for; ///< The child whose failure its group is restarted for.
    struct restart {
      instant at;
      std::string id;
    };
    std::vector<restart> restarts;
  };

  /// An address that somebody has, and what was sent to it.
  struct door {
    std::uint64_t number = 0;
    std::string id;
    caf::actor handle;
    std::shared_ptr<const addressing::counters> counters;
    std::uint64_t sent = 0;
    std::uint64_t finished = 0; ///< Handlers that returned.
    std::uint64_t handed = 0;   ///< To the hook.
    std::uint64_t last_begun = 0;
    std::set<std::uint64_t> lost_incarnations;
  };

  // ---- how it is made (forest.cpp)
  std::size_t roll(std::size_t sides) { return std::size_t(chance_() % sides); }
  bool one_in(std::size_t sides) { return roll(sides) == 0; }
  supervisor_flags flags_by_chance(std::string name);
  child_spec spec_by_chance(std::string id);
  void grow(const std::string& name, const std::string& above, std::size_t children,
            std::size_t depth);
  supervisor::child made_of(const child_spec& spec, const std::string& of);
  supervisor::surroundings around(const std::string& name, std::uint64_t number);
  caf::actor plant(const std::string& name);
  bool fails_by_chance(const branch& under) const;
  caf::actor make_worker(const life_ptr& one);
  caf::behavior conduct(caf::event_based_actor* self, const life_ptr& one);
  errand perform(caf::event_based_actor* self, const life_ptr& one, errand told);

  // ---- what happens (forest_steps.cpp)
  void send_something();
  void call_something();
  void change_something();
  void kill_somebody();
  void settle();
  void pass(std::chrono::milliseconds time);
  std::string some_child(bool worker);
  std::string some_branch();
  supervisor::handle supervisor_of(const std::string& name) const;
  template <class Answer, class Message>
  void ask(const supervisor::handle& whom, Message what, std::function<void(const Answer*)> then);
  void call(const std::string& of, const std::string& id, int which);
  void send(door& to, std::uint32_t what);
  door* door_of(const std::string& id);

  // ---- what must hold (forest_promises.cpp)
  /// Also inside actors, where nothing may be thrown: the next `check` does.
  void must(bool holds, const std::string& what);
  life_ptr begins(branch& of, const std::string& id);
  void ordered_to_leave(const life& one);
  void gone(const life_ptr& one, const caf::error& reason);
  void branch_gone(const std::string& name, std::uint64_t number, const caf::error& reason);
  void hear(const std::string& name, std::uint64_t number, const supervision_event& event);
  void note_restart(branch& of, const supervision_event& event);
  void check_chain(const std::string& name, const supervision_ended& ended);
  void check_report(const std::vector<stayed_child>& stayed);
  void check();
  void check_lives();
  void check_door(const door& one);
  void check_rest();

  std::mt19937_64 chance_;
  forest_plan plan_;
  bool obedient_ = false;
  bool stopping_ = false;
  bool over_ = false;
  std::uint64_t serials_ = 0;
  std::uint64_t names_ = 0;
  std::uint64_t errands_ = 0;
  std::uint64_t calls_ = 0;
  std::set<std::uint64_t> open_calls_;
  std::set<std::uint64_t> open_requests_;
  std::map<std::uint64_t, std::uint32_t> begun_; ///< How often each errand was begun.
  std::set<std::uint64_t> finished_;
  std::map<std::string, branch> branches_;
  std::map<std::string, child_spec> planned_; ///< Of workers, and of supervisors below the root.
  std::vector<life_ptr> lives_;
  std::deque<door> doors_;
  std::string problem_; ///< The first broken promise that was seen inside an actor.

  std::shared_ptr<address_book> book_ = std::make_shared<address_book>();
  std::unique_ptr<rehearsal::stage> stage_ = std::make_unique<rehearsal::stage>();
  supervisor::handle root_;
};

} // namespace holdfast::forests
