// SPDX-License-Identifier: Apache-2.0
// Stage one: deduplicates, gives sequences, links the chain, fills the batch.
#include "persistence/live.hpp"

#include "persistence/sha256.hpp"

#include <rocksdb/perf_level.h>

#include <cstring>
#include <utility>

namespace holdfast::persistence {
namespace {

append_answer rejected(std::string why) {
  return {.what = outcome::rejected, .error = std::move(why)};
}

record_view view_of(const draft& one, wall_time now) {
  return {.kind = one.kind,
          .level = one.level,
          .schema = one.schema,
          .stream = one.stream,
          .type = one.type,
          .key = one.key,
          .time = one.time.us == 0 ? now : one.time,
          .recorded = now,
          .causation = one.causation,
          .content = one.content,
          .explicit_identity = one.explicit_identity,
          .payload_identity = one.payload_identity,
          .body = one.body,
          .trace = one.trace};
}

/// Room for the rows beside the events themselves.
constexpr std::size_t batch_overhead = 1024;

} // namespace

std::size_t live_store::digest_hash::operator()(const digest& of) const {
  std::size_t hash = 0;
  std::memcpy(&hash, of.data(), sizeof hash); // a digest's bytes are as random as can be
  return hash;
}

std::unique_ptr<prepared> live_store::prepare(std::vector<draft> drafts, wall_time now) {
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable); // its counters cost a twentieth
  auto made = std::make_unique<staged>();
  std::size_t bytes = batch_overhead;
  for (const auto& one : drafts)
    bytes += one.size() + 128;
  made->batch = rocksdb::WriteBatch{bytes, 0, 8, 0};
  made->first = next_.last + 1;
  made->last = next_.last;
  made->before = next_.chain;
  made->answers.reserve(drafts.size());
  made->identities.reserve(drafts.size());
  stage_.fill(made->batch);
  for (auto& one : drafts) {
    made->answers.push_back(place(one, *made, now));
    const auto what = made->answers.back().what;
    if (what == outcome::stored || what == outcome::duplicate)
      made->level = std::max(made->level, one.level);
  }
  for (std::size_t i = 0; i < drafts.size(); ++i)
    made->answers[i].level = drafts[i].level == durability::none ? durability::none : made->level;
  if (made->last >= made->first) {
    add_anchor_record(*made, now);
    stage_.finish();
  }
  made->head = next_;
  return made;
}

append_answer live_store::place(draft& one, staged& into, wall_time now) {
  if (!one.refusal.empty())
    return rejected(one.refusal);
  if (corrupt_)
    return {.what = outcome::unknown, .error = "the store failed and must be reopened"};
  auto weight = into.batch.GetDataSize() + one.size();
  if (const auto* state = std::get_if<state_attachment>(&one.with))
    weight += state->state.size();
  if (const auto* cursor = std::get_if<cursor_attachment>(&one.with); cursor && cursor->state)
    weight += cursor->state->state.size();
  if (weight + batch_overhead > mirror_batch_bytes_max)
    return rejected("the batch would be larger than " + std::to_string(mirror_batch_bytes_max)
                    + " bytes");
  if (one.kind == record_kind::event)
    return place_event(one, into, now);
  if (const auto* taken = std::get_if<state_attachment>(&one.with))
    return place_checkpoint(one, *taken, into, now);
  if (const auto* moved = std::get_if<cursor_attachment>(&one.with))
    return place_cursor(one, *moved, into, now);
  const auto answer = put(one, into, now);
  if (const auto* set = std::get_if<control_attachment>(&one.with))
    stage_.put_control(set->name, {answer.at, now, set->value});
  return answer;
}

append_answer live_store::put(const draft& one, staged& into, wall_time now) {
  const auto at = next_.last + 1;
  stage_.put_record(view_of(one, now), at);
  into.last = at;
  return {.what = outcome::stored, .at = at, .first_seen = now};
}

append_answer live_store::place_event(const draft& one, staged& into, wall_time now) {
  const auto known = [&](const seen_value& seen, const digest& payload) -> append_answer {
    ++next_.duplicates;
    const auto same = one.key.empty() || payload == one.payload_identity;
    return {.what = same ? outcome::duplicate : outcome::conflict,
            .at = seen.at,
            .first_seen = seen.first_seen,
            .error = same ? "" : "the key was used for other content"};
  };
  if (const auto found = in_flight_.find(one.identity); found != in_flight_.end())
    return known(found->second.entry, found->second.payload);
  rocksdb::PinnableSlice stored;
  const auto key = as_chars(one.identity);
  const auto got =
      db_->db().Get({}, db_->of(family::seen), rocksdb::Slice{key.data(), key.size()}, &stored);
  if (got.ok()) {
    if (const auto seen = decode_seen(stored.ToStringView()))
      return known(*seen, seen->payload.value_or(one.payload_identity));
  }
  if (!got.IsNotFound()) {
    // Without the index a duplicate cannot be told from a new event.
    corrupt_ = true;
    into.problem = got.ok() ? fault{fault_code::corrupt, "an entry of `seen` is damaged",
                                    std::string{damage_help}}
                            : from(got, "look up an event in `seen`");
    return {.what = outcome::unknown, .error = into.problem->what};
  }
  const auto answer = put(one, into, now);
  seen_value entry{answer.at, now, {}};
  if (!one.key.empty())
    entry.payload = one.payload_identity;
  stage_.put_seen(one.identity, entry);
  in_flight_.emplace(one.identity, in_flight{entry, one.payload_identity});
  into.identities.push_back(one.identity);
  return answer;
}

append_answer live_store::place_checkpoint(const draft& one, const state_attachment& taken,
                                           staged& into, wall_time now) {
  if (const auto sound = check_state(taken); !sound)
    return rejected(sound.error().what);
  const auto answer = put(one, into, now);
  put_state(taken, answer.at, now);
  return answer;
}

append_answer live_store::place_cursor(const draft& one, const cursor_attachment& moved,
                                       staged& into, wall_time now) {
  const auto current = states_.cursor(moved.consumer).value_or(cursor_value{});
  if (moved.expected && *moved.expected != current.position)
    return {.what = outcome::conflict,
            .at = current.position,
            .error = "the consumer is at " + std::to_string(current.position.value)};
  if (moved.position.value > visible_.load())
    return rejected("position: beyond the newest record " + std::to_string(visible_.load()));
  if (moved.reset && moved.position < next_.floor)
    return rejected("position: below the retention floor " + std::to_string(next_.floor.value));
  if (moved.position < current.position && !moved.reset)
    return rejected("position: below the committed one, " + std::to_string(current.position.value));
  if (moved.state) {
    if (const auto sound = check_state(*moved.state); !sound)
      return rejected(sound.error().what);
  }
  const auto answer = put(one, into, now);
  stage_.put_cursor(moved.consumer, {moved.position, answer.at, now, moved.state.has_value()});
  if (moved.state)
    put_state(*moved.state, answer.at, now);
  return answer;
}

result<void> live_store::check_state(const state_attachment& taken) const {
  if (taken.covered.value > visible_.load())
    return fault{fault_code::invalid,
                 "covered: beyond the newest record " + std::to_string(visible_.load()),
                 {}};
  if (const auto chain = chain_at(taken.covered); !chain)
    return fault{fault_code::invalid, "covered: " + chain.error().what, {}};
  return {};
}

result<chain_digest> live_store::chain_at(sequence covered) const {
  if (covered.value == 0)
    return chain_start(instance_);
  const auto key = event_key(covered);
  const auto stored = db_->get(family::events, as_chars(key));
  if (!stored)
    return stored.error();
  const auto view = view_record(*stored);
  if (!view)
    return view.error();
  return view->chain;
}

void live_store::put_state(const state_attachment& taken, sequence record, wall_time now) {
  checkpoint_info info;
  info.owner = taken.owner;
  info.covered = taken.covered;
  info.record = record;
  if (const auto chain = chain_at(taken.covered))
    info.chain = *chain;
  info.schema = taken.schema;
  for (const auto& earlier : states_.checkpoints(taken.owner))
    if (earlier.covered < taken.covered) {
      info.parent = earlier.covered;
      break;
    }
  info.time = now;
  info.reason = taken.reason;
  stage_.put_checkpoint(std::move(info), taken.state, options_.history);
}

void live_store::add_anchor_record(staged& into, wall_time now) {
  std::optional<chain_mark> mark;
  {
    const std::lock_guard guard{committed_mutex_};
    std::swap(mark, anchor_to_record_);
  }
  if (!mark)
    return;
  const auto stated =
      make_anchor(object{{"at", mark->at.value}, {"chain", to_hex(mark->chain)}}, now);
  put(stated, into, now);
}

void live_store::settle(const prepared& batch) {
  for (const auto& identity : static_cast<const staged&>(batch).identities)
    in_flight_.erase(identity);
}

} // namespace holdfast::persistence
