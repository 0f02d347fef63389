// SPDX-License-Identifier: Apache-2.0
// What must hold in the forest: who lives, in what order, how often, and what became of messages.
#include "tests/simulation/forest.hpp"

#include <caf/exit_reason.hpp>

#include <algorithm>
#include <utility>

namespace holdfast::forests {

using namespace std::chrono_literals;
using what = supervision_fact;

namespace {

bool has_group(const supervisor_flags& flags) {
  return flags.strategy == restart_strategy::one_for_all
         || flags.strategy == restart_strategy::rest_for_one;
}

bool is_below(const std::string& name, const std::string& top) {
  return top == "root" || name == top || name.starts_with(top + "/");
}

} // namespace

void forest::must(bool holds, const std::string& what_then) {
  if (!holds && problem_.empty())
    problem_ = what_then;
}

// ---- starts and ends -------------------------------------------------------------------------

/// A factory is called.
forest::life_ptr forest::begins(branch& of, const std::string& id) {
  ++seen["starts"];
  auto one = std::make_shared<life>();
  one->id = id;
  one->of = of.name;
  one->of_number = of.number;
  one->serial = id + "#" + std::to_string(++serials_);
  // Branches that are not yet asked to end go on as before.
  must(!stopping_ || of.name != "root", id + " is started while everything ends");
  must(of.alive, id + " is started by a supervisor that has ended");
  for (const auto& other : lives_)
    must(!other->alive || other->lost || other->id != id, id + " lives twice");
  const auto found = of.places.find(id);
  must(found != of.places.end(), id + " was never specified");
  if (found != of.places.end()) {
    auto& at = found->second;
    must(at.due || at.by_hand > 0, id + " is started, and nobody asked for it");
    must(at.first || at.by_hand > 0 || of.specs.at(id).restart != restart_type::temporary,
         id + " is temporary, and started again");
    const bool grouped = has_group(of.flags);
    if (at.by_hand == 0 && (grouped || (at.first && !of.all_started)))
      for (const auto& before : of.order) {
        if (before == id)
          break;
        const auto& other = of.places.at(before);
        must(!other.due || other.exempt || (!grouped && !other.first),
             id + " is started before " + before);
        // One that was up and is restarted meanwhile goes its own way, as at any other time.
        must(other.stands != standing::starting || (!grouped && other.incarnation > 0),
             id + " is started before " + before + " has answered");
      }
    at.due = false;
    at.first = false;
    at.exempt = false;
    at.stands = standing::starting;
    at.last = one;
  }
  lives_.push_back(one);
  return one;
}

/// It is asked to end: if others are the reason, everybody behind it has gone before.
void forest::ordered_to_leave(const life& one) {
  const auto& of = branches_.at(one.of);
  const auto at = of.places.find(one.id);
  if (of.number != one.of_number || at == of.places.end() || at->second.exempt
      || at->second.stops > 0)
    return;
  ++seen["asked in order"];
  bool behind = false;
  for (const auto& id : of.order) {
    if (behind)
      for (const auto& other : lives_)
        must(!other->alive || other->lost || other->id != id,
             id + " lives behind " + one.id + ", which is asked to end");
    behind = behind || id == one.id;
  }
}

void forest::gone(const life_ptr& one, const caf::error&) {
  must(one->alive, one->serial + " ends twice");
  one->alive = false;
}

void forest::branch_gone(const std::string& name, std::uint64_t number, const caf::error& reason) {
  auto& of = branches_.at(name);
  must(of.number == number, name + " ends late");
  of.alive = false;
  const bool killed = supervisor::ending_of(reason) == ending::killed;
  for (const auto& one : lives_)
    if (one->alive && one->of == name && one->of_number == number) {
      must(one->lost || killed, one->serial + " is left behind by its supervisor");
      one->lost = true; // it was killed with it, and ends at once unless it hangs
    }
  if (killed && !stopping_)
    for (const auto& one : lives_)
      one->orphan = one->orphan || is_below(one->of, name);
  const auto told = supervisor::ended_of(reason);
  if (told)
    check_chain(name, *told);
  if (name != "root")
    return;
  over_ = true;
  must(told || supervisor::ending_of(reason) == ending::shutdown, "the root just ends");
  must(stopping_ || (told && told->outcome == supervision_outcome::gave_up)
           || supervisor::ending_of(reason) == ending::shutdown,
       "the root ends without giving up");
  check_report(told ? told->stayed : std::vector<stayed_child>{});
}

/// Who gave up says why, down to whoever began it.
void forest::check_chain(const std::string& name, const supervision_ended& ended) {
  const bool clean = ended.outcome == supervision_outcome::stopped;
  ++seen[clean ? "ended with somebody left" : "ended with causes"];
  must(clean == ended.causes.empty(), name + " ended with the wrong causes");
  auto above = name;
  for (const auto& one : ended.causes) {
    must(one.supervisor == above, "the causes of " + name + " do not hang together");
    must(!one.text.empty() || one.how != ending::crashed, "a cause of " + name + " says nothing");
    above = one.child;
  }
  if (ended.causes.size() > 1)
    ++seen["causes over two levels"];
  if (ended.causes.size() > 2)
    ++seen["causes over three levels"];
  if (clean)
    return;
  const auto& root = ended.causes.back();
  must(branches_.count(root.child) == 0 || root.how != ending::crashed || root.text == "by chance",
       "the causes of " + name + " end at " + root.child + ", which did not begin it");
}

/// Whoever lives at the end is named, with what it does and for how long.
void forest::check_report(const std::vector<stayed_child>& stayed) {
  for (const auto& one : lives_) {
    if (!one->alive || one->orphan || branches_.count(one->id) != 0)
      continue;
    const auto named = std::find_if(stayed.begin(), stayed.end(), [&](const stayed_child& told) {
      return told.child == one->id && told.supervisor == one->of;
    });
    must(named != stayed.end(), one->serial + " stays, and is not named");
    ++seen["named"];
    if (named == stayed.end() || !stopping_ || named->message.empty())
      continue;
    must(named->message == "forests::errand", one->id + " is said to handle " + named->message);
    must(named->type == child_type::worker, one->id + " is said to be a supervisor");
    must(named->handling > 0ms, one->id + " is said to handle it for no time");
    ++seen["named with what it handles"];
  }
}

// ---- what the supervisors say ----------------------------------------------------------------

void forest::hear(const std::string& name, std::uint64_t number, const supervision_event& event) {
  auto& of = branches_.at(name);
  if (of.number != number)
    return;
  ++seen[std::string{to_string(event.what)}];
  const auto found = of.places.find(event.child);
  auto* at = found == of.places.end() ? nullptr : &found->second;
  must(at != nullptr
           || (event.what != what::started && event.what != what::hung
               && event.what != what::abandoned && event.what != what::cancelled),
       name + " tells of " + event.child + ", which it does not have");
  if (!problem_.empty())
    return;
  switch (event.what) {
  case what::started:
    at->stands = standing::up;
    at->incarnation = event.incarnation;
    break;
  case what::ignored:
  case what::start_failed:
  case what::died:
  case what::stopped:
    if (at != nullptr && event.incarnation >= at->incarnation) // else a lost one has ended at last
      at->stands = standing::down;
    break;
  case what::hung:
    at->exempt = true;
    break;
  case what::abandoned:
    at->stands = standing::down;
    if (at->last)
      at->last->lost = true;
    for (auto& one : doors_)
      if (one.id == event.child && one.counters == book_->counters_of(event.child))
        one.lost_incarnations.insert(event.incarnation);
    break;
  case what::restart_due:
    note_restart(of, event);
    break;
  case what::cancelled:
    // The next attempt of a group takes everybody along again, unless nobody waits for it any more.
    at->exempt = true;
    if (!has_group(of.flags) || of.waits_for == event.child)
      at->due = false;
    break;
  case what::child_gave_up:
    at->due = false;
    break;
  case what::added: {
    // Added by a change it waits for a call: one that was deleted while the change was under way.
    const auto offered = of.offered.find(event.child);
    const bool by_call = offered != of.offered.end();
    of.order.push_back(event.child);
    of.specs[event.child] = by_call ? offered->second : of.wanted_specs[event.child];
    of.places[event.child].exempt = !by_call;
    break;
  }
  case what::removed:
    of.order.erase(std::remove(of.order.begin(), of.order.end(), event.child), of.order.end());
    of.specs.erase(event.child);
    of.places.erase(event.child);
    for (auto& one : of.restarts) // another of that id begins with a budget of its own
      if (one.id == event.child)
        one.id.clear();
    break;
  case what::changed:
    must(of.wanted.has_value(), name + " was changed by nobody");
    of.flags = of.wanted.value_or(of.flags);
    for (const auto& [id, spec] : of.wanted_specs)
      if (of.specs.count(id) != 0)
        of.specs[id] = spec;
    break;
  case what::all_started:
    of.all_started = true;
    break;
  default:
    break;
  }
}

void forest::note_restart(branch& of, const supervision_event& event) {
  const auto& spec = of.specs.at(event.child);
  const auto now = stage_->now();
  of.restarts.push_back({now, event.child});
  const auto within = [&](auto period, auto wanted) {
    return std::count_if(of.restarts.begin(), of.restarts.end(), [&](const branch::restart& one) {
      return one.at >= now - period && wanted(one.id);
    });
  };
  must(within(of.flags.period, [](const auto&) { return true; }) <= long(of.flags.intensity),
       of.name + " restarts beyond its budget");
  if (spec.budget)
    must(within(spec.budget->period, [&](const auto& id) { return id == event.child; })
             <= long(spec.budget->intensity),
         event.child + " is restarted beyond its own budget");
  const auto& last = of.places.at(event.child).last;
  must(spec.restart != restart_type::temporary, event.child + " is temporary, and restarted");
  must(spec.restart != restart_type::transient || !last || !last->clean
           || of.places.at(event.child).exempt, // it hung before

       event.child + " ended as it should, and is restarted");
  of.waits_for = event.child;
  bool concerned = of.flags.strategy == restart_strategy::one_for_all;
  for (const auto& id : of.order) {
    concerned = concerned || (id == event.child && has_group(of.flags));
    if (id == event.child || (concerned && of.specs.at(id).restart != restart_type::temporary))
      of.places.at(id).due = true;
  }
}

// ---- after every step ------------------------------------------------------------------------

void forest::check() {
  check_lives();
  for (const auto& one : doors_)
    check_door(one);
  if (!problem_.empty())
    throw broken_promise{problem_};
}

/// Never more that live than were specified, and nobody without a supervisor.
void forest::check_lives() {
  std::map<std::string, std::size_t> living;
  for (const auto& one : lives_) {
    if (!one->alive)
      continue;
    const auto& of = branches_.at(one->of);
    if (!of.alive || of.number != one->of_number || one->lost) {
      must(one->hangs || branches_.count(one->id) != 0, one->serial + " is an orphan");
      continue;
    }
    must(of.places.count(one->id) != 0, one->serial + " lives, and is known to nobody");
    must(++living[of.name] <= of.order.size(), of.name + " has more children than specified");
  }
  lives_.erase(
      std::remove_if(lives_.begin(), lives_.end(), [](const life_ptr& one) { return !one->alive; }),
      lives_.end());
}

/// Every message that was sent is in exactly one place.
void forest::check_door(const door& one) {
  const auto now = one.counters->read();
  const auto whose = one.id + ": ";
  const bool handles = now.current && one.lost_incarnations.count(now.incarnation) == 0;
  must(now.received == one.sent, whose + std::to_string(one.sent) + " were sent, and "
                                     + std::to_string(now.received) + " came");
  must(now.received
           == now.handled + now.queued + now.held + now.with_lost + (handles ? 1 : 0)
                  + now.left.refused + now.left.handed_over + now.left.dropped,
       whose + "a message is nowhere, or in two places");
  must(now.handled == one.finished, whose + std::to_string(now.handled)
                                        + " are said to be handled, " + std::to_string(one.finished)
                                        + " were");
  must(now.left.handed_over == one.handed, whose + "what was handed over never came to the hook");
}

/// At the end nobody waits, and nothing.
void forest::check_rest() {
  for (const auto& one : lives_) {
    const auto& of = branches_.at(one->of);
    must(!one->lost && of.alive, one->serial + " does not end although it does not hang any more");
    if (const auto at = of.places.find(one->id); at != of.places.end())
      must(at->second.stands == standing::up, one->serial + " lives, and is not up");
  }
  for (const auto& [name, of] : branches_)
    for (const auto& [id, at] : of.places)
      if (of.alive) {
        must(!at.due || at.exempt, id + " is forgotten");
        must(at.stands != standing::up || (at.last && at.last->alive), id + " is said to be up");
      }
  for (const auto& one : doors_) {
    const auto now = one.counters->read();
    must(now.queued + now.held + now.with_lost == 0 && !now.current,
         one.id + ": a message is forgotten");
  }
  must(open_calls_.empty(), "a call is never answered");
  must(open_requests_.empty(), "a request is never answered");
  if (!problem_.empty())
    throw broken_promise{problem_};
}

} // namespace holdfast::forests
