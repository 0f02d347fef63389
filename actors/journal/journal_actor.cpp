// SPDX-License-Identifier: Apache-2.0
// Performs the journal's decisions, in the order they are written.
#include "actors/journal/journal_actor.hpp"

#include "actors/shell.hpp"
#include "persistence/canonical.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace holdfast::journal {

namespace {

using pointer = handle::stateful_pointer<journal_state>;

/// Wall times become instants of this process. One that seems to lie ahead, since a clock was set
/// back, counts as of now: a budget is never larger for it.
std::deque<instant> reopenings_before(const parts& given, instant now) {
  std::deque<instant> found;
  if (!given.reopenings)
    return found;
  const auto today = given.wall();
  for (const auto when : given.reopenings())
    found.push_back(now - std::chrono::microseconds{std::max<std::int64_t>(0, today.us - when.us)});
  return found;
}

/// Everything the shell does for a decision, and the two neighbours it does it with.
class shell {
public:
  shell(pointer self, committer stage_two, keeper beside)
      : self_{self}, committer_{std::move(stage_two)}, keeper_{std::move(beside)} {}

  template <class Message>
  void hear(const Message& heard) const {
    act(state().core->on(heard, self_->clock().now()));
  }

  void start() const {
    auto& slot = state().given->front->slot();
    std::optional<sequence> head;
    if (slot.take_fresh())
      if (const auto reader = slot.read())
        if (const auto found = reader->head())
          head = found->last;
    const auto now = self_->clock().now();
    act(state().core->start(head, reopenings_before(*state().given, now), now));
  }

  /// Empties the door.
  void take() const {
    auto& front = *state().given->front;
    if (auto taken = front.take_requests(); !taken.empty())
      hear(state().asked->add(std::move(taken)));
    for (auto& one : front.take_watches())
      add(*one);
  }

private:
  journal_state& state() const { return self_->state; }

  void act(decision made) const {
    auto& now = state();
    now.given->front->publish(*now.core);
    if (made.concluded)
      conclude(*made.concluded);
    if (!made.turned_away.empty())
      now.asked->turn_away(made.turned_away, made.refusal);
    if (made.announced)
      announce(*made.announced);
    for (auto& plan : made.batches)
      prepare(std::move(plan));
    if (made.sync)
      commit(sync_store{}, 0);
    for (const auto& asked : made.duties)
      keep(asked);
    if (made.floor_answer)
      answer_floor(*made.floor_answer);
    if (made.troubled && now.given->on_trouble)
      now.given->on_trouble(*made.troubled);
    if (made.gave_up && now.given->on_gave_up)
      now.given->on_gave_up(*made.gave_up);
    if (made.wake_at)
      self_->scheduled_send(self_, *made.wake_at, journal_due{});
    if (made.stopped)
      stop(*made.stopped);
  }

  void conclude(const conclusion& ended) const {
    auto& now = state();
    auto done = std::move(now.on_their_way.front());
    now.on_their_way.pop_front();
    if (!ended.committed)
      return now.asked->lose(done.plan, "the commit failed: send it again");
    if (const auto store = now.given->front->slot().store())
      store->settle(*done.what);
    now.asked->conclude(done.plan, done.what->answers);
  }

  void announce(const records_committed& news) const {
    for (auto& one : state().watching->committed(news.last))
      one.whom(one.what);
  }

  void prepare(batch_plan plan) const {
    auto& now = state();
    const auto store = now.given->front->slot().store();
    std::shared_ptr<persistence::prepared> what{
        store->prepare(now.asked->drafts_of(plan), now.given->wall())};
    now.on_their_way.push_back({std::move(plan), what});
    const auto& last = now.on_their_way.back();
    commit(carried{batch_in_hand{last.plan.batch, what}}, last.plan.batch);
    now.asked->answer_early(last.plan, what->answers);
  }

  template <class Message>
  void commit(Message wanted, std::uint64_t batch) const {
    self_->request(committer_, caf::infinite, std::move(wanted))
        .then([here = *this](const batch_ended& told) { here.hear(told); },
              [here = *this, batch](const caf::error& problem) {
                here.hear(batch_ended{.batch = batch, .what = text_of(problem)});
              });
  }

  void keep(const keep_store& asked) const {
    self_->request(keeper_, caf::infinite, asked)
        .then([here = *this](const store_kept& told) { here.hear(told); },
              [here = *this, what = asked.what](const caf::error& problem) {
                here.hear(store_kept{.what = what, .text = text_of(problem), .help = {}});
              });
  }

  void add(watch& one) const {
    auto& now = state();
    auto told = now.watching->add(one.told, one.after, now.core->head());
    if (!told)
      return one.told(told.error());
    for (auto& news : *told)
      news.whom(news.what);
  }

  void answer_floor(const store_kept& told) const {
    auto asked = std::exchange(state().floor_asked, std::nullopt);
    if (told.ok)
      asked->promise.deliver(floor_raised{asked->floor});
    else
      asked->promise.deliver(to_error({told.code, told.text, told.help}));
  }

  void stop(const journal_stopped& how) const {
    for (auto& one : state().stop_asked)
      one.deliver(how);
    self_->quit(caf::exit_reason::user_shutdown);
  }

  pointer self_;
  committer committer_;
  keeper keeper_;
};

/// The draft of one record an actor saves, or what is wrong with it.
result<persistence::draft> draft_of(const record_to_save& wanted, wall_time now) {
  if (wanted.kind == record_kind::audit)
    return persistence::make_audit(wanted.owner, wanted.state, now);
  if (wanted.kind != record_kind::control)
    return fault{fault_code::invalid, "actors save control values and audit records only", {}};
  auto encoded = persistence::encode_canonical(wanted.state);
  if (!encoded)
    return encoded.error();
  return persistence::make_control({wanted.owner, std::move(*encoded)}, wanted.level, now);
}

result<std::vector<persistence::draft>> drafts_of(const save_records& wanted, wall_time now) {
  std::vector<persistence::draft> drafts;
  drafts.reserve(wanted.records.size());
  for (const auto& one : wanted.records) {
    auto next = draft_of(one, now);
    if (!next)
      return next.error();
    if (!next->refusal.empty())
      return fault{fault_code::invalid, next->refusal, {}};
    drafts.push_back(std::move(*next));
  }
  return drafts;
}

/// One answer for all: they were committed together.
result<records_saved> saved(const append_result& told) {
  if (told.refused)
    return told.refused->reason;
  records_saved all;
  for (const auto& one : told.answers)
    switch (one.what) {
    case outcome::stored:
    case outcome::duplicate:
      all.last = std::max(all.last, one.at);
      break;
    case outcome::conflict:
      return fault{fault_code::conflict, one.error, {}};
    case outcome::rejected:
      return fault{fault_code::invalid, one.error, {}};
    case outcome::unknown:
      return fault{fault_code::failed, one.error, {}};
    }
  return all;
}

using save_promise = caf::typed_response_promise<records_saved>;

save_promise save(pointer self, const save_records& wanted) {
  auto promise = self->make_response_promise<save_promise>();
  const auto& given = *self->state.given;
  auto drafts = drafts_of(wanted, given.wall());
  if (!drafts) {
    promise.deliver(to_error(drafts.error()));
    return promise;
  }
  const auto refused = given.front->append(
      *drafts,
      [promise](const append_result& told) mutable {
        auto answer = saved(told);
        if (answer)
          promise.deliver(std::move(*answer));
        else
          promise.deliver(to_error(answer.error()));
      },
      true);
  if (refused)
    promise.deliver(to_error(refused->reason));
  return promise;
}

floor_promise raise(pointer self, const shell& here, const raise_floor& asked) {
  auto promise = self->make_response_promise<floor_promise>();
  if (self->state.floor_asked) {
    promise.deliver(to_error({fault_code::busy, "the floor is being raised already", {}}));
    return promise;
  }
  self->state.floor_asked = floor_in_hand{promise, asked.floor};
  here.hear(asked);
  return promise;
}

} // namespace

journal_state::~journal_state() {
  if (!given)
    return;
  given->front->detach();
  // Until the next incarnation has begun, producers are taken in and wait for it.
  if (core && core->where() != standing::stopped && core->where() != standing::gave_up)
    given->front->publish(standing::reopening);
  else
    // Nobody comes after this one: also those who slipped through the closing door are answered.
    asked->add(given->front->take_requests());
  // What is still here was in flight or never begun; `requests` says which when it goes.
  if (watching)
    for (const auto& told : watching->dismiss())
      told(fault{fault_code::failed, "the journal has ended", {}});
}

handle::behavior_type journal_actor(pointer self, std::shared_ptr<parts> given, committer stage_two,
                                    keeper beside) {
  furnish(self);
  auto& state = self->state;
  state.given = given;
  state.core.emplace(given->front->bounds());
  state.asked.emplace(given->front);
  state.watching.emplace(given->front->bounds().watchers_max);
  self->monitor(stage_two);
  self->monitor(beside);
  self->set_down_handler([self](const caf::down_msg& down) {
    self->quit(down.reason ? down.reason : caf::error{caf::exit_reason::unhandled_exception});
  });
  const shell here{self, std::move(stage_two), std::move(beside)};
  self->set_exit_handler([self, here](const caf::exit_msg& told) {
    if (told.reason == caf::exit_reason::user_shutdown)
      here.hear(stop_journal{});
    else if (told.reason)
      self->quit(told.reason);
  });
  given->front->attach([me = caf::actor_cast<caf::weak_actor_ptr>(self)] {
    if (auto journal = me.lock())
      caf::anon_send(caf::actor_cast<handle>(journal), requests_waiting{});
  });
  here.start();
  here.take();
  return {
      [self](const save_records& wanted) { return save(self, wanted); },
      [self, here](const raise_floor& asked) { return raise(self, here, asked); },
      [self, here](const stop_journal& asked) {
        auto promise = self->make_response_promise<caf::typed_response_promise<journal_stopped>>();
        self->state.stop_asked.push_back(promise);
        here.hear(asked);
        return promise;
      },
      [here](const requests_waiting&) { here.take(); },
      [here](const journal_due& due) { here.hear(due); },
  };
}

} // namespace holdfast::journal
