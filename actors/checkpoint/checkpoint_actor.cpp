// SPDX-License-Identifier: Apache-2.0
// Performs the checkpointer's decisions: reads, folds, saves, waits.
#include "actors/checkpoint/checkpoint_actor.hpp"

#include "actors/shell.hpp"

#include <caf/send.hpp>

#include <utility>

namespace holdfast::checkpointing {

namespace {

using pointer = handle::stateful_pointer<checkpoint_state>;

const fault reopening{fault_code::busy, "the store is being reopened", "try again a little later"};

class shell {
public:
  explicit shell(pointer self) : self_{self} {}

  template <class Message>
  void hear(const Message& heard) const {
    act(state().core->on(heard, self_->clock().now()));
  }

  /// Does what a message of its own asks for, so that others see what it is busy with. If
  /// that throws, it was busy with it to its end.
  template <class Message, class Do>
  void own(const Message& what, Do work) const {
    static const auto kind = addressing::kind_of(caf::make_message(what).content());
    const auto& counters = state().given->counters;
    const auto seen = counters ? counters() : nullptr;
    if (seen)
      seen->own_begun(self_->id(), kind);
    work();
    if (seen)
      seen->own_done(self_->id());
  }

  /// Restores the state; while the store is being reopened, tries again a little later.
  void restore() const {
    auto& now = state();
    const auto reader = now.given->front->read();
    if (!reader) {
      self_->delayed_send(self_, now.given->bounds.retry_min, folding_due{});
      return;
    }
    const auto head = reader->head();
    auto base =
        head ? newest_base(now.given->how, *reader, head->last) : result<replayed>{head.error()};
    if (!base)
      return self_->quit(to_error(base.error()));
    if (now.given->on_damaged)
      for (const auto& one : base->damaged)
        now.given->on_damaged(one);
    now.folded = std::move(base->state);
    now.restored = true;
    act(now.core->start(base->base, self_->clock().now()));
  }

  void due() const {
    if (state().restored)
      hear(folding_due{});
    else
      restore();
  }

  void read(const read_page& asked) const {
    auto& now = state();
    const auto reader = now.given->front->read();
    if (!reader)
      return hear(page_failed{reopening});
    event_query wanted;
    wanted.from = asked.from;
    wanted.to = asked.to;
    wanted.stream = now.given->how.stream;
    wanted.internal = !wanted.stream.empty() && wanted.stream.front() == '$';
    wanted.limit = asked.events_max;
    const auto page = reader->events(wanted);
    if (!page)
      return hear(page_failed{page.error()});
    for (const auto& one : page->events)
      if (const auto applied = apply(now.given->how, now.folded, one); !applied)
        // Half an event may be in the state: the next incarnation begins with a good one.
        return self_->quit(to_error(applied.error()));
    hear(page_folded{.next = page->next, .events = page->events.size()});
  }

  void saved(const save_ended& told) const {
    if (told.ok)
      hear(state_saved{told.covered});
    else
      hear(state_refused{{told.code, told.what, {}}});
  }

  void ask(std::optional<std::string> reason) const {
    hear(demand{.id = state().demands, .head = head(), .reason = std::move(reason)});
  }

  void stop(const stop_folding& asked) const {
    act(state().core->on(asked, head(), self_->clock().now()));
  }

private:
  checkpoint_state& state() const { return self_->state; }

  /// What is committed now, as far as it can be known.
  sequence head() const {
    if (const auto reader = state().given->front->read())
      if (const auto found = reader->head())
        return found->last;
    return state().core->folded();
  }

  void act(decision made) const {
    for (const auto id : made.served)
      serve(id);
    for (const auto id : made.failed)
      fail(id, made.refusal);
    if (made.troubled && state().given->on_trouble)
      state().given->on_trouble(*made.troubled);
    if (made.save)
      save(*made.save);
    if (made.read)
      self_->send(self_, read_page{made.read->from, made.read->to, made.read->events_max});
    if (made.watch)
      watch(*made.watch);
    if (made.wake_at)
      self_->scheduled_send(self_, *made.wake_at, folding_due{});
    if (made.stopped)
      stopped(*made.stopped);
  }

  void serve(std::uint64_t id) const {
    auto& now = state();
    if (const auto asked = now.states_asked.extract(id))
      asked.mapped().deliver(carried{folded_state{now.folded, now.core->folded()}});
    if (const auto asked = now.checkpoints_asked.extract(id))
      asked.mapped().deliver(checkpoint_taken{now.given->how.name, now.core->covered()});
  }

  void fail(std::uint64_t id, const fault& why) const {
    auto& now = state();
    if (const auto asked = now.states_asked.extract(id))
      asked.mapped().deliver(to_error(why));
    if (const auto asked = now.checkpoints_asked.extract(id))
      asked.mapped().deliver(to_error(why));
  }

  void save(const save_wanted& wanted) const {
    auto& now = state();
    const auto covered = now.core->folded();
    auto encoded = encode(now.given->how, now.folded);
    if (!encoded)
      return tell_self(
          {.covered = covered, .code = encoded.error().code, .what = encoded.error().what});
    if (wanted.verified)
      verify_against(*encoded, covered);
    std::vector<persistence::draft> drafts;
    drafts.push_back(persistence::make_checkpoint({.owner = now.given->how.name,
                                                   .covered = covered,
                                                   .schema = now.given->how.schema,
                                                   .reason = wanted.reason,
                                                   .state = std::move(*encoded)},
                                                  now.given->wall()));
    const auto refused =
        now.given->front->append(drafts, [me = me(), covered](const append_result& told) {
          if (const auto actor = me.lock())
            caf::anon_send(caf::actor_cast<handle>(actor), ended(told, covered));
        });
    if (refused)
      tell_self({.covered = covered, .code = refused->reason.code, .what = refused->reason.what});
  }

  static save_ended ended(const append_result& told, sequence covered) {
    if (told.refused)
      return {
          .covered = covered, .code = told.refused->reason.code, .what = told.refused->reason.what};
    const auto& answer = told.answers.at(0);
    if (answer.what == outcome::stored || answer.what == outcome::duplicate)
      return {.ok = true, .covered = covered, .what = {}};
    const auto code = answer.what == outcome::rejected ? fault_code::invalid : fault_code::failed;
    return {.covered = covered, .code = code, .what = answer.error};
  }

  /// Folds the interval once more, from what is stored; the alarm is for another result.
  void verify_against(const std::string& encoded, sequence covered) const {
    const auto& given = *state().given;
    const auto reader = given.front->read();
    if (!reader)
      return; // Being reopened: the next checkpoint is verified, and `replay verify` can do all.
    const auto after = state().core->covered();
    const auto again = fold_again(given.how, *reader, after, covered);
    const auto bytes = again ? encode(given.how, again->state) : result<std::string>{again.error()};
    if (bytes && *bytes == encoded)
      return;
    const auto found =
        bytes ? explain(given.how, *reader, after, covered) : result<divergence>{bytes.error()};
    if (found && given.on_divergence)
      given.on_divergence(*found);
    else if (!found && given.on_trouble)
      given.on_trouble(found.error());
  }

  void watch(sequence after) const {
    state().given->front->await_records(after, [me = me()](result<records_committed> told) {
      const auto actor = me.lock();
      if (!actor)
        return;
      if (told)
        caf::anon_send(caf::actor_cast<handle>(actor), *told);
      else
        caf::anon_send(caf::actor_cast<handle>(actor), watch_ended{});
    });
  }

  void stopped(const folding_stopped& how) const {
    for (auto& one : state().stops_asked)
      one.deliver(how);
    self_->quit(caf::exit_reason::user_shutdown);
  }

  void tell_self(save_ended told) const { self_->send(self_, std::move(told)); }

  caf::weak_actor_ptr me() const { return caf::actor_cast<caf::weak_actor_ptr>(self_); }

  pointer self_;
};

} // namespace

handle::behavior_type checkpoint_actor(pointer self, std::shared_ptr<const parts> given) {
  furnish(self);
  self->state.given = std::move(given);
  self->state.core.emplace(self->state.given->bounds);
  const shell here{self};
  self->set_exit_handler([self, here](const caf::exit_msg& told) {
    if (told.reason == caf::exit_reason::user_shutdown)
      here.stop(stop_folding{});
    else if (told.reason)
      self->quit(told.reason);
  });
  here.restore();
  return {
      [self, here](const take_checkpoint& asked) {
        auto promise = self->make_response_promise<taken_promise>();
        self->state.checkpoints_asked.emplace(++self->state.demands, promise);
        here.ask(asked.reason);
        return promise;
      },
      [self, here](const ask_state&) {
        auto promise = self->make_response_promise<state_promise>();
        self->state.states_asked.emplace(++self->state.demands, promise);
        here.ask(std::nullopt);
        return promise;
      },
      [self, here](const stop_folding& asked) {
        auto promise = self->make_response_promise<caf::typed_response_promise<folding_stopped>>();
        self->state.stops_asked.push_back(promise);
        here.stop(asked);
        return promise;
      },
      [here](const records_committed& news) { here.hear(news); },
      [here](const watch_ended&) { here.hear(watch_failed{}); },
      [here](const read_page& asked) { here.own(asked, [&] { here.read(asked); }); },
      [here](const save_ended& told) { here.own(told, [&] { here.saved(told); }); },
      [here](const folding_due& told) { here.own(told, [&] { here.due(); }); },
  };
}

} // namespace holdfast::checkpointing
