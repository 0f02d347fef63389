// SPDX-License-Identifier: Apache-2.0
// Decides which children start, start again, stop and are given up, with OTP's rules and more.
#pragma once

#include "actors/supervisor/decision.hpp"
#include "actors/supervisor/history.hpp"
#include "actors/supervisor/slot.hpp"
#include "actors/supervisor/specification.hpp"
#include "actors/window.hpp"
#include "messages/fault.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace holdfast::supervisor {

/// Failures a supervisor keeps in words, for the day it gives up.
inline constexpr std::size_t earlier_max = 8;

/// Links of a chain of causes; of a longer one the middle is left out.
inline constexpr std::size_t chain_max = 32;

/// Callers that wait for one child; one more is refused.
inline constexpr std::size_t callers_max = 1000;

/// Keeps children running. Pure: no actor, no clock, no randomness.
///
///   waiting -> starting --answered--> running --died--> backoff --pause--> starting ...
///      any of them, taken down: -> stopping --budget--> killing --budget--> abandoned
///                                      \------ ended ------> stopped, or waiting again
///
/// **The model.** Nothing blocks, so no operation runs to its end by itself; what OTP does in one
/// go is here the distance between what is and what should be. Two sets say what should be:
/// `going_` holds who must end before anything else happens, `pending_` who must then be started.
/// `advance` takes the next single step: it stops the last of `going_`, and once that set is
/// empty starts the first of `pending_`. Every fact that arrives changes a child's state or the
/// sets, then calls `advance`. So order holds by construction: starts go up one at a time, stops
/// go down one at a time, and no start happens while somebody has still to end. A second failure,
/// a call or a stop in the middle changes the sets, and the next step is already the right one.
///
/// A strategy is the choice of who joins `going_` and `pending_` when a child fails. one_for_one
/// and simple_one_for_one choose nobody, so their children go each its own way and use the sets
/// only for the first start and the last stop. one_for_all starts nobody while a child waits for
/// its restart; rest_for_one nobody behind it.
///
/// **Fencing.** Incarnations of one id are never given out twice, epochs never at all: what is
/// told of an incarnation, probe or epoch that has passed changes nothing.
///
/// **Budgets.** A restart is counted before it is performed: in the child's own budget, then in
/// the supervisor's. Restarts of siblings and starts by hand count nowhere. Windows slide, exact to
/// the clock, in constant time.
///
/// A value: copy it to ask "what if".
class supervisor {
public:
  /// Needs: `check(chosen, specs)`.
  supervisor(supervisor_flags chosen, std::vector<child_spec> specs);

  /// Takes back what the history remembers, so that neither a restart limit nor a growing pause
  /// starts over with the process: of its specs at once, of a child that a call adds when it is
  /// added. Needs: nothing was started yet.
  void restore(const remembered& past, instant now);

  decision on(const start_children& asked, instant now);
  decision on(const stop_children& asked, instant now);

  decision on(const child_started& told, instant now);
  decision on(const child_start_failed& told, instant now);
  decision on(const child_died& told, instant now);
  decision on(const child_alarm& due, instant now);
  decision on(const child_answered& told, instant now);
  decision on(const child_busy& told, instant now);
  decision on(const messages_settled& told, instant now);

  /// Calls. Each is answered once, now or later, in `replies` of this or of a later decision.
  decision on(const start_child& asked, caller by, instant now);
  decision on(const terminate_child& asked, caller by, instant now);
  decision on(const restart_child& asked, caller by, instant now);
  decision on(const delete_child& asked, caller by, instant now);

  /// Replaces flags and specs, or nothing at all if there is a problem. Children keep running:
  /// listed ones get their new spec, new ones are added but not started, others stay as they are
  /// behind the listed ones. simple_one_for_one stays what it is, and nothing else becomes it.
  result<decision> change(const change_supervision& asked, instant now);

  child_list list(instant now) const;
  child_counts count() const;
  /// OTP's which_child and get_childspec.
  result<child_status> status_of(std::string_view id, instant now) const;
  result<child_spec> spec_of(std::string_view id) const;
  const supervisor_flags& flags() const { return flags_; }

  bool knows(std::string_view id) const { return find(id) != nullptr; }
  /// Needs: it knows the child.
  child_type type_of(std::string_view id) const { return find(id)->spec->type; }
  /// What a child of simple_one_for_one is started with; null: nothing.
  value arguments_of(std::string_view id) const;

private:
  enum class phase : std::uint8_t { idle, starting, running, stopping, ended };

  /// An actor that would not end, and may never.
  struct lost_child {
    child_ref child;
    child_type type;
    instant leaving_since;
    std::string message;
    std::chrono::milliseconds handling;
  };

  // The roster (supervisor.cpp).
  const slot* find(std::string_view id) const;
  slot* find(std::string_view id);
  slot* find(const child_ref& wanted);
  slot& at(std::uint64_t order) { return children_.find(order)->second; }
  slot& add(std::string id, std::shared_ptr<const child_spec> spec);
  void remove(slot& one);
  static void take_back(slot& one, const remembered::child& memory, instant then);
  bool is_simple() const { return flags_.strategy == restart_strategy::simple_one_for_one; }
  bool has_group() const {
    return flags_.strategy == restart_strategy::one_for_all
           || flags_.strategy == restart_strategy::rest_for_one;
  }
  bool is_lost(const child_ref& whom) const;
  void enter(slot& one, child_state state, instant now);
  void forgive(slot& one, instant now) const;
  const restart_pauses& pauses_of(const slot& one) const;
  /// What is told to the outside (supervisor_tell.cpp).
  supervision_event& record(decision& made, supervision_fact what, const child_ref& whom,
                            instant now, std::string text = {}) const;
  void report(decision& made, report_context context, const slot& one, std::string reason,
              report_level level = report_level::error) const;
  void lead(decision& made, slot& one, route to) const;
  void lead_back(decision& made, slot& one) const;
  void answer(decision& made, std::vector<caller>& to, child_verdict what, const slot& one,
              const std::string& text = {}, bool with_spec = false) const;
  child_status describe(const slot& one, instant now) const;

  // The start sequence (supervisor_start.cpp).
  void enqueue(decision& made, slot& one, instant now);
  void start(decision& made, slot& one, instant now);
  void start_next(decision& made, instant now);
  void came_up(decision& made, slot& one, const std::string& info, instant now);
  void failed_start(decision& made, slot& one, std::string text, double jitter, instant now);

  // Deaths, budgets and strategies (supervisor_restart.cpp).
  void advance(decision& made, instant now);
  void fell(decision& made, slot& one, ending how, const std::string& text, double jitter,
            instant now);
  void restart(decision& made, slot& one, double jitter, instant now);
  void spent(decision& made, slot& one, instant now);
  void take_siblings(decision& made, const slot& one, instant now);
  void remember(slot& one, ending how, const std::string& text, const std::string& last_message,
                std::vector<cause> below);
  void give_up(decision& made, slot& one, std::string text, instant now);
  bool ends_with(const child_spec& significant) const;

  // The stop sequence (supervisor_stop.cpp).
  void stop(decision& made, slot& one, instant now);
  void kill(decision& made, slot& one, instant now, std::string text, bool alarm = true);
  void ask_supervisors(decision& made, instant now);
  void kill_all(decision& made, instant now, const std::string& text, bool alarms);
  void lose(decision& made, slot& one, double jitter, instant now);
  void ended(decision& made, slot& one, const child_died& told, instant now);
  void settle(decision& made, slot& one, instant now);
  void take_down_next(decision& made, instant now);
  void begin_stop(decision& made, supervision_outcome outcome, std::string text, instant now);
  void set_deadline(decision& made, std::chrono::milliseconds within, instant now);
  void lose_all(decision& made, instant now);
  void on_own_alarm(decision& made, std::uint64_t epoch, instant now);
  void finish(decision& made, instant now);

  // Hung children (supervisor_watch.cpp).
  void watch(decision& made, slot& one, instant now);
  void next_probe(decision& made, slot& one, instant now);
  void next_look(decision& made, slot& one, instant now);
  void found_hung(decision& made, slot& one, std::string text, instant now);
  bool on_watch_alarm(decision& made, slot& one, std::uint64_t epoch, instant now);

  // Calls (supervisor_calls.cpp).
  void start_instance(decision& made, const start_child& asked, caller by, instant now);
  void terminate(decision& made, slot& one, caller by, instant now);
  void cancel(decision& made, slot& one, instant now);
  void reorder(const std::vector<child_spec>& listed);
  bool was_an_instance(std::string_view id) const;

  supervisor_flags flags_;
  std::shared_ptr<const child_spec> template_; ///< Of simple_one_for_one.
  std::map<std::uint64_t, slot> children_;     ///< By order.
  std::map<std::string, std::uint64_t, std::less<>> order_of_;
  std::uint64_t orders_ = 0;
  std::uint64_t issued_ = 0;       ///< Instances of simple_one_for_one so far.
  std::uint64_t incarnations_ = 0; ///< The highest of any child whose spec is gone.
  std::uint64_t epochs_ = 0;

  phase phase_ = phase::idle;
  std::set<std::uint64_t> going_;   ///< By order; all of them are alive.
  std::set<std::uint64_t> pending_; ///< By order.
  std::uint64_t turn_ = 0;          ///< Order of whom `start_next` started last.
  std::size_t in_backoff_ = 0;

  /// What is remembered of children that were added by a call, until one adds them again.
  std::map<std::string, remembered::child, std::less<>> unclaimed_;
  instant restored_at_{};

  window restarts_;
  std::deque<std::string> failures_; ///< In words, newest first.
  std::vector<lost_child> lost_;
  std::vector<stayed_child> stayed_below_;
  std::set<std::uint64_t> hurried_; ///< Were asked to end in the very moment.
  supervision_ended ended_;

  std::optional<instant> deadline_; ///< Of the whole stop.
  std::optional<instant> hurry_at_; ///< From here on nobody is asked any more.
  std::uint64_t deadline_epoch_ = 0;
  std::uint64_t hurry_epoch_ = 0;
  std::uint64_t shared_epoch_ = 0; ///< The one budget of simple_one_for_one's stop.
  std::map<std::string, std::uint64_t> stop_errors_; ///< Of its children, by reason.
};

} // namespace holdfast::supervisor
