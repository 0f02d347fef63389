// SPDX-License-Identifier: Apache-2.0
// Encodes, links, verifies and decodes record values.
#include "persistence/record.hpp"

#include "persistence/canonical.hpp"
#include "persistence/layout.hpp"
#include "persistence/sha256.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

namespace holdfast::persistence {
namespace {

// On disk: never change. FORMAT.md, "Record", has the same offsets.
constexpr std::uint8_t record_version = 1;
constexpr std::uint8_t traced_version = 2; // As 1, with a trace before the body.
constexpr std::uint8_t flag_key = 1;
constexpr std::uint8_t flag_identity = 2;
constexpr std::size_t stated_bytes = 36; // What stands before `content`.
constexpr std::size_t chain_offset = stated_bytes + 32;
constexpr std::size_t header_bytes = chain_offset + 16;
constexpr std::size_t trace_size = 24;

constexpr std::string_view content_tag = "holdfast/content/1";
constexpr std::string_view key_tag = "holdfast/key/1";
constexpr std::string_view chain_tag = "holdfast/chain/1";

using number16 = std::array<char, 2>;

number16 little(std::size_t number) {
  assert(number <= UINT16_MAX);
  number16 raw;
  store_little(static_cast<std::uint16_t>(number), raw.data());
  return raw;
}

std::string_view text(const number16& raw) {
  return {raw.data(), raw.size()};
}

fault damaged(sequence at, std::string_view how) {
  return {fault_code::corrupt, "record " + std::to_string(at.value) + " " + std::string{how},
          "`holdfast store verify --deep` shows the extent; the records around it are served"};
}

fault malformed() {
  return {fault_code::corrupt, "the record's bytes are not those of a record"};
}

/// First 16 bytes of SHA-256(previous, sequence, content, header before it [, identity] [, trace]).
chain_digest link(std::string_view encoded, sequence at, const chain_digest& previous) {
  std::array<char, 16 + 8 + 32 + stated_bytes + 32 + trace_size> input;
  std::memcpy(input.data(), previous.data(), 16);
  store_big(at.value, input.data() + 16);
  std::memcpy(input.data() + 24, encoded.data() + stated_bytes, 32);
  std::memcpy(input.data() + 56, encoded.data(), stated_bytes);
  auto size = 56 + stated_bytes;
  const auto beside = ((static_cast<std::uint8_t>(encoded[3]) & flag_identity) != 0 ? 32U : 0U)
                      + (encoded[0] == traced_version ? trace_size : 0U);
  if (beside > 0) {
    const auto names = std::size_t{load_little<std::uint16_t>(encoded.data() + 6)}
                       + load_little<std::uint16_t>(encoded.data() + 8)
                       + load_little<std::uint16_t>(encoded.data() + 10);
    std::memcpy(input.data() + size, encoded.data() + header_bytes + names, beside);
    size += beside;
  }
  const auto whole = sha256({input.data(), size});
  chain_digest made;
  std::memcpy(made.data(), whole.data(), made.size());
  return made;
}

} // namespace

std::optional<std::string> trace_bytes(std::string_view text) {
  constexpr std::size_t dash = 32;
  if (text.empty())
    return std::string{};
  if (text.size() != 2 * trace_size + 1 || text[dash] != '-')
    return std::nullopt;
  const auto digit = [](char one) {
    return one >= '0' && one <= '9' ? one - '0' : one >= 'a' && one <= 'f' ? one - 'a' + 10 : -1;
  };
  std::array<char, trace_size> raw{};
  auto at = text.begin();
  for (auto& byte : raw) {
    if (&byte == raw.data() + 16)
      ++at; // the dash
    const int high = digit(*at++);
    const int low = digit(*at++);
    if (high < 0 || low < 0)
      return std::nullopt;
    byte = static_cast<char>(high * 16 + low);
  }
  const auto is_none = [](auto from, auto to) {
    return std::all_of(from, to, [](char one) { return one == 0; });
  };
  if (is_none(raw.begin(), raw.begin() + 16) || is_none(raw.begin() + 16, raw.end()))
    return std::nullopt;
  return std::string{raw.data(), raw.size()};
}

std::string trace_text(std::string_view raw) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const auto one : raw) {
    if (text.size() == 32)
      text += '-';
    text += digits[static_cast<std::uint8_t>(one) >> 4U];
    text += digits[static_cast<std::uint8_t>(one) & 15U];
  }
  return text;
}

digest content_of(std::string_view stream, std::string_view type, std::uint16_t schema,
                  std::string_view key, std::string_view body) {
  const auto front = content_tag.size() + 8 + stream.size() + type.size() + key.size();
  std::array<char, 1024> near;
  const auto fits = front + body.size() <= near.size();
  if (!fits)
    return sha256({content_tag, text(little(stream.size())), stream, text(little(type.size())),
                   type, text(little(schema)), text(little(key.size())), key, body});
  // One contiguous input is a tenth faster than nine short ones.
  auto* next = near.data();
  const auto put = [&next](std::string_view piece) {
    next = std::copy(piece.begin(), piece.end(), next);
  };
  put(content_tag);
  put(text(little(stream.size())));
  put(stream);
  put(text(little(type.size())));
  put(type);
  put(text(little(schema)));
  put(text(little(key.size())));
  put(key);
  put(body);
  return sha256({near.data(), static_cast<std::size_t>(next - near.data())});
}

digest key_identity(std::string_view stream, std::string_view key) {
  return sha256({key_tag, text(little(stream.size())), stream, key});
}

digest seen_identity(const record_view& record) {
  return record.key.empty() ? record.payload_identity : key_identity(record.stream, record.key);
}

chain_digest chain_start(const instance_id& instance) {
  const auto whole = sha256({chain_tag, as_chars(instance)});
  chain_digest made;
  std::memcpy(made.data(), whole.data(), made.size());
  return made;
}

chain_digest append_record(const record_view& fields, sequence at, const chain_digest& previous,
                           std::string& out) {
  assert(fields.stream.size() <= UINT16_MAX && fields.type.size() <= UINT16_MAX
         && fields.key.size() <= UINT16_MAX);
  assert(fields.trace.empty() || fields.trace.size() == trace_size);
  const auto begin = out.size();
  const auto names = fields.stream.size() + fields.type.size() + fields.key.size();
  out.reserve(begin + header_bytes + names + 32 + trace_size + fields.body.size());
  out.resize(begin + header_bytes);
  auto* head = out.data() + begin;
  head[0] = static_cast<char>(fields.trace.empty() ? record_version : traced_version);
  head[1] = static_cast<char>(fields.kind);
  head[2] = static_cast<char>(fields.level);
  head[3] = static_cast<char>((fields.key.empty() ? 0 : flag_key)
                              | (fields.explicit_identity ? flag_identity : 0));
  store_little(fields.schema, head + 4);
  store_little(static_cast<std::uint16_t>(fields.stream.size()), head + 6);
  store_little(static_cast<std::uint16_t>(fields.type.size()), head + 8);
  store_little(static_cast<std::uint16_t>(fields.key.size()), head + 10);
  store_little(fields.time.us, head + 12);
  store_little(fields.recorded.us, head + 20);
  store_little(fields.causation.value, head + 28);
  std::memcpy(head + stated_bytes, fields.content.data(), 32);
  out += fields.stream;
  out += fields.type;
  out += fields.key;
  if (fields.explicit_identity)
    append_raw(out, fields.payload_identity);
  out += fields.trace;
  out += fields.body;
  const auto chain = link(std::string_view{out}.substr(begin), at, previous);
  std::memcpy(out.data() + begin + chain_offset, chain.data(), chain.size());
  return chain;
}

result<record_view> view_record(std::string_view encoded) {
  if (encoded.empty())
    return malformed();
  const auto version = static_cast<std::uint8_t>(encoded[0]);
  if (version != record_version && version != traced_version)
    return version == 0 ? malformed()
                        : fault{fault_code::unsupported,
                                "the record has version " + std::to_string(version)
                                    + ", this program knows versions 1 and 2",
                                "use the program version that wrote it"};
  byte_cursor bytes{encoded.substr(1)};
  record_view view;
  const auto kind = bytes.little<std::uint8_t>();
  const auto level = bytes.little<std::uint8_t>();
  const auto flags = bytes.little<std::uint8_t>();
  view.kind = static_cast<record_kind>(kind);
  view.level = static_cast<durability>(level);
  view.schema = bytes.little<std::uint16_t>();
  const auto stream_size = bytes.little<std::uint16_t>();
  const auto type_size = bytes.little<std::uint16_t>();
  const auto key_size = bytes.little<std::uint16_t>();
  view.time.us = bytes.little<std::int64_t>();
  view.recorded.us = bytes.little<std::int64_t>();
  view.causation.value = bytes.little<std::uint64_t>();
  view.content = bytes.raw<32>();
  view.chain = bytes.raw<16>();
  view.stream = bytes.text(stream_size);
  view.type = bytes.text(type_size);
  view.key = bytes.text(key_size);
  view.explicit_identity = (flags & flag_identity) != 0;
  view.payload_identity = view.explicit_identity ? bytes.raw<32>() : view.content;
  if (version == traced_version)
    view.trace = bytes.text(trace_size);
  view.body = bytes.rest();
  const auto known = kind >= static_cast<std::uint8_t>(record_kind::event)
                     && kind <= static_cast<std::uint8_t>(record_kind::supervision)
                     && level <= static_cast<std::uint8_t>(durability::power)
                     && (flags & ~(flag_key | flag_identity)) == 0
                     && ((flags & flag_key) != 0) == !view.key.empty();
  if (!bytes.good() || !known || view.body.empty())
    return malformed();
  return view;
}

result<void> verify_content(const record_view& record, sequence at) {
  if (content_of(record.stream, record.type, record.schema, record.key, record.body)
      != record.content)
    return damaged(at, "is damaged: its content digest does not fit");
  return {};
}

result<void> verify_chain(std::string_view encoded, sequence at, const chain_digest& previous) {
  if (encoded.size() < header_bytes)
    return damaged(at, "is damaged: it is cut short");
  if (const auto made = link(encoded, at, previous);
      std::memcmp(made.data(), encoded.data() + chain_offset, made.size()) != 0)
    return damaged(at, "breaks the chain: it, or the record before it, is not what was written");
  return {};
}

result<recorded_event> decode_record(sequence at, std::string_view encoded) {
  const auto view = view_record(encoded);
  if (!view)
    return view.error().code == fault_code::corrupt
               ? damaged(at, "is damaged: its bytes are not those of a record")
               : view.error();
  if (auto fits = verify_content(*view, at); !fits)
    return fits.error();
  recorded_event made;
  if (auto done = decode_verified(at, *view, made); !done)
    return done.error();
  return made;
}

result<void> decode_verified(sequence at, const record_view& record, recorded_event& into) {
  if (const auto decoded = decode_canonical(record.body, into.body); !decoded)
    return damaged(at, "has a body that is not canonical: " + decoded.error().what);
  into.at = at;
  into.kind = record.kind;
  into.level = record.level;
  into.stream = record.stream;
  into.type = record.type;
  into.schema = record.schema;
  into.key = record.key;
  into.time = record.time;
  into.recorded = record.recorded;
  into.causation = record.causation;
  into.trace = trace_text(record.trace);
  into.content = record.content;
  into.chain = record.chain;
  return {};
}

} // namespace holdfast::persistence
