// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes the small values, each within its version and its checksum.
#include "persistence/values.hpp"

#include "persistence/crc32c.hpp"
#include "persistence/layout.hpp"
#include "persistence/sha256.hpp"

#include <cassert>

namespace holdfast::persistence {
namespace {

constexpr std::uint8_t version = 1;

std::string begin(std::size_t size) {
  std::string out;
  out.reserve(size);
  append_little(out, version);
  return out;
}

std::string sealed(std::string out) {
  append_little(out, crc32c(out));
  return out;
}

fault damaged(std::string_view what) {
  return {fault_code::corrupt, "the stored " + std::string{what} + " is damaged"};
}

/// The bytes between version and checksum.
result<std::string_view> opened(std::string_view encoded, std::string_view what) {
  if (encoded.size() < 5)
    return damaged(what);
  const auto front = encoded.substr(0, encoded.size() - 4);
  if (load_little<std::uint32_t>(encoded.data() + front.size()) != crc32c(front))
    return damaged(what);
  if (static_cast<std::uint8_t>(front[0]) != version)
    return fault{fault_code::unsupported,
                 "the stored " + std::string{what} + " has version "
                     + std::to_string(static_cast<std::uint8_t>(front[0]))
                     + ", this program knows version 1",
                 "use the program version that wrote it"};
  return front.substr(1);
}

} // namespace

std::string encode_head(const head_value& given) {
  auto out = begin(96);
  append_little(out, given.last.value);
  append_raw(out, given.chain);
  append_little(out, given.floor.value);
  append_little(out, given.events);
  append_little(out, given.seen);
  append_little(out, given.duplicates);
  append_raw(out, given.small_states);
  return sealed(std::move(out));
}

result<head_value> decode_head(std::string_view encoded) {
  const auto inner = opened(encoded, "journal head");
  if (!inner)
    return inner.error();
  byte_cursor bytes{*inner};
  head_value taken;
  taken.last.value = bytes.little<std::uint64_t>();
  taken.chain = bytes.raw<16>();
  taken.floor.value = bytes.little<std::uint64_t>();
  taken.events = bytes.little<std::uint64_t>();
  taken.seen = bytes.little<std::uint64_t>();
  taken.duplicates = bytes.little<std::uint64_t>();
  taken.small_states = bytes.raw<32>();
  if (!bytes.done())
    return damaged("journal head");
  return taken;
}

std::string encode_identity(const identity_value& given) {
  auto out = begin(40);
  append_raw(out, given.instance);
  append_little(out, given.format);
  append_little(out, given.reader_min);
  append_little(out, given.created.us);
  return sealed(std::move(out));
}

result<identity_value> decode_identity(std::string_view encoded) {
  const auto inner = opened(encoded, "store identity");
  if (!inner)
    return inner.error();
  byte_cursor bytes{*inner};
  identity_value taken;
  taken.instance = bytes.raw<16>();
  taken.format = bytes.little<std::uint16_t>();
  taken.reader_min = bytes.little<std::uint16_t>();
  taken.created.us = bytes.little<std::int64_t>();
  if (!bytes.done())
    return damaged("store identity");
  return taken;
}

std::string encode_seen(const seen_value& given) {
  std::string out;
  out.reserve(48);
  append_big(out, given.at.value);
  append_big(out, given.first_seen.us);
  if (given.payload)
    append_raw(out, *given.payload);
  return out;
}

result<seen_value> decode_seen(std::string_view encoded) {
  if (encoded.size() != 16 && encoded.size() != 48)
    return damaged("deduplication entry");
  byte_cursor bytes{encoded};
  seen_value taken;
  taken.at.value = bytes.big<std::uint64_t>();
  taken.first_seen.us = bytes.big<std::int64_t>();
  if (encoded.size() == 48)
    taken.payload = bytes.raw<32>();
  return taken;
}

std::string encode_snapshot(const snapshot_value& given) {
  const auto& info = given.info;
  assert(info.reason.size() <= UINT16_MAX);
  auto out = begin(128 + info.reason.size());
  append_little(out, info.record.value);
  append_raw(out, info.chain);
  append_little(out, info.schema);
  append_little(out, info.size);
  append_little(out, given.stored_size);
  append_raw(out, info.state_sha);
  append_little(out, info.parent.value);
  append_little(out, info.time.us);
  append_little(out, static_cast<std::uint16_t>(info.reason.size()));
  out += info.reason;
  return sealed(std::move(out));
}

result<snapshot_value> decode_snapshot(std::string_view owner, sequence covered,
                                       std::string_view encoded) {
  const auto inner = opened(encoded, "checkpoint");
  if (!inner)
    return inner.error();
  byte_cursor bytes{*inner};
  snapshot_value taken;
  auto& info = taken.info;
  info.owner = owner;
  info.covered = covered;
  info.record.value = bytes.little<std::uint64_t>();
  info.chain = bytes.raw<16>();
  info.schema = bytes.little<std::uint16_t>();
  info.size = bytes.little<std::uint64_t>();
  taken.stored_size = bytes.little<std::uint64_t>();
  info.state_sha = bytes.raw<32>();
  info.parent.value = bytes.little<std::uint64_t>();
  info.time.us = bytes.little<std::int64_t>();
  info.reason = bytes.text(bytes.little<std::uint16_t>());
  if (!bytes.done())
    return damaged("checkpoint");
  return taken;
}

std::string encode_cursor(const cursor_value& given) {
  auto out = begin(32);
  append_little(out, given.position.value);
  append_little(out, given.record.value);
  append_little(out, given.time.us);
  append_little(out, static_cast<std::uint8_t>(given.has_state ? 1 : 0));
  return sealed(std::move(out));
}

result<cursor_value> decode_cursor(std::string_view encoded) {
  const auto inner = opened(encoded, "consumer's place");
  if (!inner)
    return inner.error();
  byte_cursor bytes{*inner};
  cursor_value taken;
  taken.position.value = bytes.little<std::uint64_t>();
  taken.record.value = bytes.little<std::uint64_t>();
  taken.time.us = bytes.little<std::int64_t>();
  const auto flag = bytes.little<std::uint8_t>();
  taken.has_state = flag == 1;
  if (!bytes.done() || flag > 1)
    return damaged("consumer's place");
  return taken;
}

std::string encode_control(const control_value& given) {
  auto out = begin(24 + given.value.size());
  append_little(out, given.record.value);
  append_little(out, given.time.us);
  out += given.value;
  return sealed(std::move(out));
}

result<control_value> decode_control(std::string_view encoded) {
  const auto inner = opened(encoded, "control value");
  if (!inner)
    return inner.error();
  byte_cursor bytes{*inner};
  control_value taken;
  taken.record.value = bytes.little<std::uint64_t>();
  taken.time.us = bytes.little<std::int64_t>();
  if (!bytes.good())
    return damaged("control value");
  taken.value = bytes.rest();
  return taken;
}

std::string encode_index(const index_value& given) {
  auto out = begin(24);
  append_little(out, given.since.value);
  append_little(out, given.entries);
  return sealed(std::move(out));
}

result<index_value> decode_index(std::string_view encoded) {
  const auto inner = opened(encoded, "index of streams");
  if (!inner)
    return inner.error();
  byte_cursor bytes{*inner};
  index_value taken;
  taken.since.value = bytes.little<std::uint64_t>();
  taken.entries = bytes.little<std::uint64_t>();
  if (!bytes.done())
    return damaged("index of streams");
  return taken;
}

digest entry_digest(std::string_view family_name, std::string_view key, std::string_view value) {
  std::string lengths;
  append_little(lengths, static_cast<std::uint8_t>(family_name.size()));
  lengths += family_name;
  append_little(lengths, static_cast<std::uint32_t>(key.size()));
  return sha256({lengths, key, value});
}

void combine(digest& into, const digest& entry) {
  for (std::size_t i = 0; i < into.size(); ++i)
    into[i] = static_cast<std::uint8_t>(into[i] ^ entry[i]);
}

} // namespace holdfast::persistence
