// SPDX-License-Identifier: Apache-2.0
// Packs calls into a ring's buffer and takes them out again.
#include "persistence/telemetry_ring.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace holdfast::persistence {
namespace {

// In memory only, between threads of one process: plain copies of structs.
struct call_head {
  std::uint64_t seq;
  std::int64_t time;
  std::uint64_t cut;
  std::uint32_t message;
  std::uint16_t logger;
  std::uint16_t fields;
  std::uint32_t unlisted;
  severity level;
};

struct field_head {
  std::uint32_t value;
  std::uint16_t name;
  std::uint8_t kind; // index of the variant
};

constexpr std::size_t logger_max = 100;
constexpr std::size_t field_name_max = 100;

template <class Plain>
void put(std::string& out, const Plain& plain) {
  std::array<char, sizeof(Plain)> raw{};
  std::memcpy(raw.data(), &plain, sizeof(Plain));
  out.append(raw.data(), raw.size());
}

template <class Plain>
Plain take(std::string_view& from) {
  assert(from.size() >= sizeof(Plain));
  Plain plain;
  std::memcpy(&plain, from.data(), sizeof(Plain));
  from.remove_prefix(sizeof(Plain));
  return plain;
}

std::string_view take(std::string_view& from, std::size_t size) {
  assert(from.size() >= size);
  const auto taken = from.substr(0, size);
  from.remove_prefix(size);
  return taken;
}

std::size_t value_size(const telemetry_field& field) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  return text == nullptr ? sizeof(std::uint64_t) : text->size();
}

void put_field(std::string& out, const telemetry_field& field) {
  const auto name = field.name.substr(0, field_name_max);
  put(out, field_head{static_cast<std::uint32_t>(value_size(field)),
                      static_cast<std::uint16_t>(name.size()),
                      static_cast<std::uint8_t>(field.value.index())});
  out.append(name);
  std::visit(
      [&out]<class Value>(const Value& value) {
        if constexpr (std::is_same_v<Value, std::string_view>)
          out.append(value);
        else if constexpr (std::is_same_v<Value, bool>)
          put(out, std::uint64_t{value ? 1U : 0U});
        else
          put(out, value);
      },
      field.value);
}

telemetry_field take_field(std::string_view& from) {
  const auto head = take<field_head>(from);
  telemetry_field field;
  field.name = take(from, head.name);
  switch (head.kind) {
  case 0:
    field.value = take(from, head.value);
    break;
  case 1:
    field.value = take<std::int64_t>(from);
    break;
  case 2:
    field.value = take<std::uint64_t>(from);
    break;
  case 3:
    field.value = take<double>(from);
    break;
  default:
    field.value = take<std::uint64_t>(from) != 0;
  }
  return field;
}

// How many fields the limits let through, and their size.
std::pair<std::size_t, std::size_t> listed(const telemetry_call& call,
                                           const telemetry_limits& limits) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  for (; count < std::min(call.fields.size(), limits.fields); ++count) {
    const auto& field = call.fields[count];
    const auto size = std::min(field.name.size(), field_name_max) + value_size(field);
    if (bytes + size > limits.fields_bytes)
      break;
    bytes += size;
  }
  return {count, bytes + count * sizeof(field_head)};
}

} // namespace

telemetry_ring::telemetry_ring(std::size_t capacity) : capacity_{capacity} {
  waiting_.calls.reserve(capacity);
}

telemetry_ring::outcome telemetry_ring::push(const telemetry_call& call, std::uint64_t seq,
                                             wall_time time, const telemetry_limits& limits,
                                             std::chrono::milliseconds wait) {
  const auto message = call.message.substr(0, limits.message_bytes);
  const auto logger = call.logger.substr(0, logger_max);
  const auto [fields, fields_size] = listed(call, limits);
  const auto size = sizeof(call_head) + message.size() + logger.size() + fields_size;
  const call_head head{.seq = seq,
                       .time = time.us,
                       .cut = call.message.size() - message.size(),
                       .message = static_cast<std::uint32_t>(message.size()),
                       .logger = static_cast<std::uint16_t>(logger.size()),
                       .fields = static_cast<std::uint16_t>(fields),
                       .unlisted = static_cast<std::uint32_t>(call.fields.size() - fields),
                       .level = call.level};

  std::unique_lock lock{mutex_};
  const auto fits = [&] { return waiting_.calls.size() + size <= capacity_; };
  if (!fits()) {
    if (wait.count() == 0 || size > capacity_)
      return outcome::full;
    ++waiters_;
    const bool made = room_.wait_for(lock, wait, fits);
    --waiters_;
    if (!made)
      return outcome::full;
  }
  put(waiting_.calls, head);
  waiting_.calls.append(logger);
  waiting_.calls.append(message);
  for (const auto& field : call.fields.first(fields))
    put_field(waiting_.calls, field);
  return waiting_.calls.size() > capacity_ / 2 ? outcome::taken_over_half : outcome::taken;
}

void telemetry_ring::shed(severity level, std::uint64_t seq) {
  const std::lock_guard lock{mutex_};
  waiting_.shed[static_cast<std::size_t>(level) % waiting_.shed.size()].add(seq);
}

void telemetry_ring::swap(telemetry_waiting& spare) {
  spare.calls.clear();
  spare.calls.reserve(capacity_);
  spare.shed = {};
  const std::lock_guard lock{mutex_};
  std::swap(waiting_.calls, spare.calls);
  std::swap(waiting_.shed, spare.shed);
  if (waiters_ != 0)
    room_.notify_all();
}

bool telemetry_ring::empty() const {
  const std::lock_guard lock{mutex_};
  return waiting_.calls.empty()
         && std::all_of(waiting_.shed.begin(), waiting_.shed.end(),
                        [](const telemetry_shed& shed) { return shed.count == 0; });
}

std::uint64_t telemetry_unpacker::next_seq() const {
  auto rest = rest_;
  return take<call_head>(rest).seq;
}

void telemetry_unpacker::next(telemetry_record& into) {
  const auto head = take<call_head>(rest_);
  into.seq = head.seq;
  into.time = {head.time};
  into.cut = head.cut;
  into.unlisted = head.unlisted;
  into.level = head.level;
  into.logger = take(rest_, head.logger);
  into.message = take(rest_, head.message);
  into.fields.clear();
  for (std::uint16_t field = 0; field < head.fields; ++field)
    into.fields.push_back(take_field(rest_));
}

} // namespace holdfast::persistence
