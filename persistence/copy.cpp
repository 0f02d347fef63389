// SPDX-License-Identifier: Apache-2.0
// Copies records one by one; what stands beside the journal follows from them.
#include "persistence/copy.hpp"

#include "persistence/canonical.hpp"

#include <utility>

namespace holdfast::persistence {
namespace {

constexpr std::size_t batch_bytes = 1U << 20U;
constexpr std::size_t batch_retired = 10000;

} // namespace

copier::copier(const rocks& db, const store_options& options, head_value& head, sequence floor,
               checkpoint_source checkpoints)
    : db_{db}, options_{options}, head_{head}, stage_{db, states_, head}, source_{std::move(
                                                                              checkpoints)} {
  head_.floor = floor;
  head_.last = floor;
  stage_.fill(batch_);
  for (const auto& streams : options_.indexed_streams)
    stage_.keep_index(streams, floor + 1);
  for (const auto& one : source_.all) {
    by_record_.emplace(one.record, one);
    chains_.emplace(one.covered, head_.chain);
  }
}

result<void> copier::take_retired(const digest& identity, const seen_value& entry) {
  stage_.put_seen(identity, entry);
  return ++retired_ % batch_retired == 0 ? flush() : result<void>{};
}

result<void> copier::take(sequence at, const record_view& record) {
  stage_.put_record(record, at);
  if (const auto wanted = chains_.find(at); wanted != chains_.end())
    wanted->second = head_.chain;
  if (const auto beside = copy_states(at, record); !beside)
    return beside;
  return batch_.GetDataSize() > batch_bytes ? flush() : result<void>{};
}

result<void> copier::copy_states(sequence at, const record_view& record) {
  if (record.kind == record_kind::event) {
    seen_value entry{at, record.recorded, {}};
    if (!record.key.empty())
      entry.payload = record.payload_identity;
    stage_.put_seen(seen_identity(record), entry);
    return {};
  }
  if (record.kind == record_kind::control || record.kind == record_kind::cursor) {
    const auto body = decode_canonical(record.body);
    if (!body)
      return body.error();
    if (record.kind == record_kind::control)
      return copy_control(at, record, *body);
    stage_.put_cursor(body->text_at("consumer"),
                      {sequence{static_cast<std::uint64_t>(body->integer_at("position"))}, at,
                       record.recorded, body->find("state") != nullptr});
  }
  const auto found = by_record_.find(at);
  return found == by_record_.end() ? result<void>{} : copy_checkpoint(found->second);
}

result<void> copier::copy_control(sequence at, const record_view& record, const value& body) {
  const auto* stated = body.find("value");
  const auto encoded = encode_canonical(stated != nullptr ? *stated : value{});
  if (!encoded)
    return encoded.error();
  stage_.put_control(body.text_at("name"), {at, record.recorded, *encoded});
  return {};
}

result<void> copier::copy_checkpoint(checkpoint_info info) {
  const auto state = source_.state(info);
  if (!state)
    return {};
  info.chain = chains_.at(info.covered);
  stage_.put_checkpoint(std::move(info), *state, options_.history);
  return {};
}

result<void> copier::flush() {
  stage_.finish();
  const auto written = db_.db().Write({}, &batch_);
  batch_.Clear();
  if (!written.ok())
    return from(written, "write copied records");
  return {};
}

superblock vouched(const superblock& before, const head_value& head, wall_time now) {
  auto next = before;
  next.anchor = {head.last, head.chain};
  next.anchor_events = head.events;
  next.anchor_seen = head.seen;
  next.frontier = next.anchor;
  next.frontier_events = head.events;
  next.process = next.anchor;
  next.floor = head.floor;
  next.clean = true;
  next.written = now;
  return next;
}

} // namespace holdfast::persistence
