// SPDX-License-Identifier: Apache-2.0
// Builds and reads the keys of the column families.
#include "persistence/keys.hpp"

#include "persistence/layout.hpp"

#include <cassert>
#include <cstring>

namespace holdfast::persistence {
namespace {

fault damaged(std::string_view family_name, std::string_view key) {
  return {fault_code::corrupt, "a key of `" + std::string{family_name} + "` has "
                                   + std::to_string(key.size())
                                   + " bytes that no writer of this format gives it"};
}

std::string named_key(std::string_view name, std::uint64_t number) {
  assert(name.find('\0') == std::string_view::npos);
  std::string key;
  key.reserve(name.size() + 9);
  key += name;
  key += '\0';
  append_big(key, number);
  return key;
}

std::string named_prefix(std::string_view name) {
  std::string prefix{name};
  prefix += '\0';
  return prefix;
}

/// Splits name, 0x00, eight bytes; false when they are not there.
bool split(std::string_view key, std::string& name, std::uint64_t& number) {
  if (key.size() < 10 || key[key.size() - 9] != '\0')
    return false;
  const auto front = key.substr(0, key.size() - 9);
  if (front.find('\0') != std::string_view::npos)
    return false;
  name = front;
  number = load_big<std::uint64_t>(key.data() + key.size() - 8);
  return true;
}

} // namespace

std::array<char, 8> event_key(sequence at) {
  std::array<char, 8> key;
  store_big(at.value, key.data());
  return key;
}

result<sequence> decode_event_key(std::string_view key) {
  if (key.size() != 8)
    return damaged("events", key);
  return sequence{load_big<std::uint64_t>(key.data())};
}

std::string stream_key(std::string_view stream, sequence at) {
  assert(!stream.empty());
  return named_key(stream, at.value);
}

std::string stream_prefix(std::string_view stream) {
  return named_prefix(stream);
}

result<stream_place> decode_stream_key(std::string_view key) {
  stream_place place;
  if (!split(key, place.stream, place.at.value))
    return damaged("stream_ix", key);
  return place;
}

result<digest> decode_seen_key(std::string_view key) {
  digest identity;
  if (key.size() != identity.size())
    return damaged("seen", key);
  std::memcpy(identity.data(), key.data(), identity.size());
  return identity;
}

std::string snapshot_key(std::string_view owner, sequence covered) {
  assert(!owner.empty());
  return named_key(owner, ~covered.value);
}

std::string snapshot_prefix(std::string_view owner) {
  return named_prefix(owner);
}

result<snapshot_place> decode_snapshot_key(std::string_view key) {
  snapshot_place place;
  if (!split(key, place.owner, place.covered.value))
    return damaged("snap", key);
  place.covered.value = ~place.covered.value;
  return place;
}

std::string state_key(state_kind kind, std::string_view name) {
  std::string key;
  key.reserve(name.size() + 1);
  key += static_cast<char>(kind);
  key += name;
  return key;
}

result<state_place> decode_state_key(std::string_view key) {
  if (key.size() < 2 || key[0] < 1 || key[0] > 3)
    return damaged("state", key);
  return state_place{static_cast<state_kind>(key[0]), std::string{key.substr(1)}};
}

} // namespace holdfast::persistence
