// SPDX-License-Identifier: Apache-2.0
// Pours items into a sink until every one is answered.
#include "tools/ingestion.hpp"

#include <algorithm>

namespace holdfast::tools {
namespace {

/// Roughly what a value weighs on its way.
std::size_t weight(const value& given) {
  if (const auto* text = given.as<std::string>())
    return text->size() + 2;
  if (const auto* raw = given.as<bytes>())
    return raw->data.size() * 2;
  std::size_t total = 8;
  if (const auto* items = given.as<array>())
    for (const auto& one : *items)
      total += weight(one);
  if (const auto* members = given.as<object>())
    for (const auto& [name, one] : *members)
      total += name.size() + 3 + weight(one);
  return total;
}

} // namespace

ingestion::ingestion(event_sink& to, ingestion_limits limits, durability level, world around)
    : to_{to}, limits_{limits}, level_{level}, around_{std::move(around)} {}

std::uint64_t ingestion::unanswered() const {
  std::uint64_t count = 0;
  for (const auto& one : sent_)
    count += one.events.size();
  return count;
}

void ingestion::note_problem(const std::string& place, std::string why) {
  if (tally_.problems.size() < limits_.problems_kept)
    tally_.problems.emplace_back(place, std::move(why));
}

result<void> ingestion::take(intake::item one, const std::string& file) {
  ++tally_.lines;
  auto place = file + ":" + std::to_string(one.line);
  if (!one.made) {
    ++tally_.rejected;
    note_problem(place, one.made.error().what);
    return {};
  }
  const auto level = one.level.value_or(level_);
  const auto bytes = weight(one.made->body) + 200;
  const bool full = collected_.events.size() >= limits_.batch_events
                    || collected_.bytes + bytes > limits_.batch_bytes;
  if (!collected_.events.empty() && (full || collected_.level != level))
    if (auto sent = send_collected(); !sent)
      return sent;
  collected_.level = level;
  collected_.bytes += bytes;
  collected_.events.push_back(*std::move(one.made));
  collected_.places.push_back(std::move(place));
  return {};
}

result<void> ingestion::finish() {
  if (!collected_.events.empty())
    if (auto sent = send_collected(); !sent)
      return sent;
  while (!sent_.empty())
    if (auto settled = settle_oldest(); !settled)
      return settled;
  return {};
}

result<void> ingestion::send_collected() {
  tally_.sent += collected_.events.size();
  return send(std::exchange(collected_, {}));
}

result<void> ingestion::send(batch one) {
  while (sent_.size() >= limits_.on_their_way)
    if (auto settled = settle_oldest(); !settled)
      return settled;
  if (!one.first_sent)
    one.first_sent = around_.now();
  sent_.push_back(std::move(one));
  if (const auto sent = to_.send(sent_.back().events, sent_.back().level); !sent)
    return recover(sent.error());
  return {};
}

result<void> ingestion::settle_oldest() {
  auto answer = to_.receive();
  if (!answer)
    return recover(answer.error());
  auto oldest = std::move(sent_.front());
  sent_.pop_front();
  if (answer->refused)
    return again_later(std::move(oldest), answer->refused->retry_after, answer->refused->reason);
  batch again;
  note_answers(oldest, answer->answers, again);
  if (again.events.empty())
    return {};
  again.level = oldest.level;
  again.first_sent = oldest.first_sent;
  return again_later(std::move(again), std::chrono::milliseconds{100},
                     {fault_code::timed_out, "the outcome of some events stayed unknown", {}});
}

void ingestion::note_answers(batch& answered, const std::vector<append_answer>& answers,
                             batch& again) {
  for (std::size_t at = 0; at < answered.events.size(); ++at) {
    const auto one = at < answers.size() ? answers[at] : append_answer{};
    const auto& place = answered.places[at];
    switch (one.what) {
    case outcome::stored:
      ++tally_.stored;
      around_.acknowledged(place, one);
      break;
    case outcome::duplicate:
      ++tally_.duplicates;
      around_.acknowledged(place, one);
      break;
    case outcome::conflict:
      ++tally_.conflicts;
      note_problem(place, "conflict: the key was used for other content, at "
                              + std::to_string(one.at.value));
      break;
    case outcome::rejected:
      ++tally_.rejected;
      note_problem(place, one.error);
      break;
    case outcome::unknown:
      again.places.push_back(place);
      again.events.push_back(std::move(answered.events[at]));
      break;
    }
  }
}

result<void> ingestion::again_later(batch refused, std::chrono::milliseconds after,
                                    const fault& why) {
  // What is on its way may be stored before it: under refusal the order of batches is not kept.
  const auto pause =
      std::clamp(after, std::chrono::milliseconds{10}, std::chrono::milliseconds{5000});
  if (around_.stopped() || around_.now() + pause - *refused.first_sent > limits_.retry_for) {
    sent_.push_front(std::move(refused));
    return fault{why.code == fault_code::busy ? fault_code::timed_out : why.code,
                 why.what + ", and stayed so", "What was not answered can be sent again safely."};
  }
  around_.wait(pause);
  tally_.resent += refused.events.size();
  return send(std::move(refused));
}

result<void> ingestion::recover(fault lost) {
  if (lost.code == fault_code::invalid || lost.code == fault_code::denied)
    return lost; // sending the same again is of no use
  const auto since = around_.now();
  auto pause = std::chrono::milliseconds{20};
  while (!around_.stopped() && around_.now() - since < limits_.retry_for) {
    around_.wait(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds{1000});
    if (const auto open = to_.reopen(); !open) {
      lost = open.error();
      if (lost.code == fault_code::denied || lost.code == fault_code::invalid)
        return lost;
      continue;
    }
    ++tally_.reconnects;
    bool whole = true;
    for (const auto& one : sent_) {
      if (const auto sent = to_.send(one.events, one.level); !sent) {
        lost = sent.error();
        whole = false;
        break;
      }
      tally_.resent += one.events.size();
    }
    if (whole)
      return {};
  }
  return lost;
}

} // namespace holdfast::tools
