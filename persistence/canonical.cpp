// SPDX-License-Identifier: Apache-2.0
// Packs values with msgpack-c and reads them back strictly, in one pass and without its object
// tree.
#include "persistence/canonical.hpp"

#include "persistence/layout.hpp"

#include <msgpack/pack.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace holdfast::persistence {
namespace {

/// What msgpack's packer writes to.
struct sink {
  std::string& out;
  void write(const char* data, std::size_t size) { out.append(data, size); }
};

/// A name as it may stand in a message: short, and without what a terminal would obey.
std::string printable(std::string_view name) {
  const auto whole = is_utf8(name);
  std::string shown;
  for (const auto letter : name.substr(0, 60)) {
    const auto code = static_cast<unsigned char>(letter);
    shown += code < 0x20 || code == 0x7F || (code >= 0x80 && !whole) ? '?' : letter;
  }
  while (!is_utf8(shown))
    shown.pop_back();
  return shown;
}

class encoder {
public:
  explicit encoder(std::string& out) : sink_{out}, pack_{sink_} {}

  /// False: `path` and `rule` say what is wrong and where.
  bool encode(const value& given, std::size_t depth);
  bool encode_members(const object& members, std::size_t depth,
                      const std::vector<std::string>& omitted);

  std::string path;
  std::string rule;

private:
  bool refuse(std::string why) {
    rule = std::move(why);
    return false;
  }
  bool encode_text(const std::string& text) {
    if (text.size() > UINT32_MAX)
      return refuse("is longer than 4 GiB");
    if (!is_utf8(text))
      return refuse("is not valid UTF-8");
    const auto size = static_cast<std::uint32_t>(text.size());
    pack_.pack_str(size);
    pack_.pack_str_body(text.data(), size);
    return true;
  }
  bool encode_one(const object& members, std::size_t depth);
  bool encode_one(const array& items, std::size_t depth);

  sink sink_;
  msgpack::packer<sink> pack_;
};

bool encoder::encode_one(const array& items, std::size_t depth) {
  pack_.pack_array(static_cast<std::uint32_t>(items.size()));
  for (std::size_t i = 0; i < items.size(); ++i)
    if (!encode(items[i], depth + 1)) {
      path.insert(0, "[" + std::to_string(i) + "]");
      return false;
    }
  return true;
}

bool encoder::encode_one(const object& members, std::size_t depth) {
  pack_.pack_map(static_cast<std::uint32_t>(members.size()));
  for (const auto& [name, member] : members) {
    if (!encode_text(name)) {
      rule = "has a name that " + rule;
    } else if (encode(member, depth + 1)) {
      continue;
    }
    path.insert(0, "." + printable(name));
    return false;
  }
  return true;
}

bool encoder::encode_members(const object& members, std::size_t depth,
                             const std::vector<std::string>& omitted) {
  const auto left_out = [&omitted](const std::string& name) {
    return std::find(omitted.begin(), omitted.end(), name) != omitted.end();
  };
  const auto kept = std::count_if(members.begin(), members.end(),
                                  [&](const auto& member) { return !left_out(member.first); });
  pack_.pack_map(static_cast<std::uint32_t>(kept));
  for (const auto& [name, member] : members) {
    if (left_out(name))
      continue;
    if (!encode_text(name) || !encode(member, depth + 1)) {
      path.insert(0, "." + printable(name));
      return false;
    }
  }
  return true;
}

bool encoder::encode(const value& given, std::size_t depth) {
  if (const auto* text = given.as<std::string>())
    return encode_text(*text);
  if (const auto* whole = given.as<std::int64_t>()) {
    pack_.pack_int64(*whole);
    return true;
  }
  if (const auto* real = given.as<double>()) {
    if (!std::isfinite(*real))
      return refuse("is not a finite number");
    // The packer would turn 1.0 into the integer 1, which is another value.
    sink_.out += '\xcb';
    append_big(sink_.out, std::bit_cast<std::uint64_t>(*real));
    return true;
  }
  if (const auto* truth = given.as<bool>()) {
    *truth ? pack_.pack_true() : pack_.pack_false();
    return true;
  }
  if (given.is_null()) {
    pack_.pack_nil();
    return true;
  }
  if (const auto* large = given.as<std::uint64_t>()) {
    pack_.pack_uint64(*large);
    return true;
  }
  if (const auto* raw = given.as<bytes>()) {
    if (raw->data.size() > UINT32_MAX)
      return refuse("is longer than 4 GiB");
    const auto size = static_cast<std::uint32_t>(raw->data.size());
    pack_.pack_bin(size);
    pack_.pack_bin_body(raw->data.data(), size);
    return true;
  }
  if (depth >= depth_max)
    return refuse("is nested deeper than " + std::to_string(depth_max) + " levels");
  if (const auto* members = given.as<object>())
    return members->size() > UINT32_MAX ? refuse("has too many members")
                                        : encode_one(*members, depth);
  const auto& items = *given.as<array>();
  return items.size() > UINT32_MAX ? refuse("has too many items") : encode_one(items, depth);
}

/// What `into` holds as a `T`, with its memory, or a new one in its place.
template <class T>
T& become(value& into) {
  auto* held = into.as<T>();
  return held != nullptr ? *held : into.get().emplace<T>();
}

/// Reads what `encoder` writes, and nothing else.
class decoder {
public:
  explicit decoder(std::string_view bytes) : bytes_{bytes} {}

  bool decode(value& into, std::size_t depth);
  bool at_end() const { return bytes_.done(); }
  const char* wrong = "ends too early";

private:
  bool refuse(const char* why) {
    wrong = why;
    return false;
  }
  template <class Number>
  bool take(Number& number) {
    number = bytes_.big<Number>();
    return bytes_.good();
  }
  /// A length in `Number`, which a shorter form could not have held.
  template <class Number>
  bool length(std::size_t& size, std::size_t shorter_max) {
    Number stated;
    if (!take(stated))
      return false;
    size = stated;
    return size > shorter_max || refuse("states a length in a longer form than it needs");
  }
  template <class Number>
  bool whole(value& into, Number shorter_max) {
    Number number;
    if (!take(number))
      return false;
    into = value{number};
    return number > shorter_max || refuse("holds an integer in a longer form than it needs");
  }
  template <class Number>
  bool negative(value& into, Number shorter_min) {
    Number number;
    if (!take(number))
      return false;
    into = value{number};
    return number < shorter_min || refuse("holds an integer in a longer form than it needs");
  }
  bool text(std::string_view& into, std::size_t size) {
    into = bytes_.text(size);
    return bytes_.good() && (is_utf8(into) || refuse("holds text that is not valid UTF-8"));
  }
  bool text_value(value& into, std::size_t size) {
    std::string_view found;
    if (!text(found, size))
      return false;
    become<std::string>(into) = found;
    return true;
  }
  bool raw(value& into, std::size_t size) {
    const auto found = bytes_.text(size);
    if (bytes_.good())
      become<bytes>(into).data = found;
    return bytes_.good();
  }
  bool real(value& into);
  bool name(std::string_view& into);
  bool items(value& into, std::size_t count, std::size_t depth);
  bool members(value& into, std::size_t count, std::size_t depth);

  byte_cursor bytes_;
};

bool decoder::real(value& into) {
  std::uint64_t bits;
  if (!take(bits))
    return false;
  const auto number = std::bit_cast<double>(bits);
  into = value{number};
  return std::isfinite(number) || refuse("holds a number that is not finite");
}

bool decoder::name(std::string_view& into) {
  std::uint8_t head;
  if (!take(head))
    return false;
  std::size_t size = 0;
  if ((head & 0xE0U) == 0xA0U)
    return text(into, head & 0x1FU);
  if (head == 0xD9)
    return length<std::uint8_t>(size, 31) && text(into, size);
  if (head == 0xDA)
    return length<std::uint16_t>(size, UINT8_MAX) && text(into, size);
  if (head == 0xDB)
    return length<std::uint32_t>(size, UINT16_MAX) && text(into, size);
  return refuse("holds a member whose name is no text");
}

bool decoder::items(value& into, std::size_t count, std::size_t depth) {
  if (depth >= depth_max)
    return refuse("is nested too deeply");
  if (count > bytes_.rest().size())
    return refuse("ends too early");
  auto& held = become<array>(into);
  // What a damaged count states must not decide how much memory is taken.
  held.reserve(std::min<std::size_t>(count, 256));
  for (std::size_t i = 0; i < count; ++i)
    if (!decode(i < held.size() ? held[i] : held.emplace_back(), depth + 1))
      return false;
  held.resize(count);
  return true;
}

bool decoder::members(value& into, std::size_t count, std::size_t depth) {
  if (depth >= depth_max)
    return refuse("is nested too deeply");
  auto& held = become<object>(into);
  auto next = held.begin();
  std::string_view before;
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view called;
    if (!name(called))
      return false;
    if (i > 0 && before >= called)
      return refuse("holds members that are not in the order of their names");
    before = called;
    // Both are in order, so what is held before `called` is not in this object.
    while (next != held.end() && next->first < called)
      next = held.erase(next);
    if (next == held.end() || next->first != called)
      next = held.emplace_hint(next, called, value{});
    if (!decode(next->second, depth + 1))
      return false;
    ++next;
  }
  held.erase(next, held.end());
  return true;
}

bool decoder::decode(value& into, std::size_t depth) {
  std::uint8_t head;
  if (!take(head))
    return false;
  if (head < 0x80) {
    into = value{head};
    return true;
  }
  if (head >= 0xE0) {
    into = value{static_cast<std::int8_t>(head)};
    return true;
  }
  if (head < 0x90)
    return members(into, head & 0x0FU, depth);
  if (head < 0xA0)
    return items(into, head & 0x0FU, depth);
  if (head < 0xC0)
    return text_value(into, head & 0x1FU);
  std::size_t size = 0;
  switch (head) {
  case 0xC0:
    into = value{};
    return true;
  case 0xC2:
  case 0xC3:
    into = value{head == 0xC3};
    return true;
  case 0xC4: {
    std::uint8_t stated;
    return take(stated) && raw(into, stated);
  }
  case 0xC5:
    return length<std::uint16_t>(size, UINT8_MAX) && raw(into, size);
  case 0xC6:
    return length<std::uint32_t>(size, UINT16_MAX) && raw(into, size);
  case 0xCB:
    return real(into);
  case 0xCC:
    return whole<std::uint8_t>(into, 0x7F);
  case 0xCD:
    return whole<std::uint16_t>(into, UINT8_MAX);
  case 0xCE:
    return whole<std::uint32_t>(into, UINT16_MAX);
  case 0xCF:
    return whole<std::uint64_t>(into, UINT32_MAX);
  case 0xD0:
    return negative<std::int8_t>(into, -32);
  case 0xD1:
    return negative<std::int16_t>(into, INT8_MIN);
  case 0xD2:
    return negative<std::int32_t>(into, INT16_MIN);
  case 0xD3:
    return negative<std::int64_t>(into, INT32_MIN);
  case 0xD9:
    return length<std::uint8_t>(size, 31) && text_value(into, size);
  case 0xDA:
    return length<std::uint16_t>(size, UINT8_MAX) && text_value(into, size);
  case 0xDB:
    return length<std::uint32_t>(size, UINT16_MAX) && text_value(into, size);
  case 0xDC:
    return length<std::uint16_t>(size, 15) && items(into, size, depth);
  case 0xDD:
    return length<std::uint32_t>(size, UINT16_MAX) && items(into, size, depth);
  case 0xDE:
    return length<std::uint16_t>(size, 15) && members(into, size, depth);
  case 0xDF:
    return length<std::uint32_t>(size, UINT16_MAX) && members(into, size, depth);
  default:
    return refuse("holds a type that canonical values do not have");
  }
}

result<void> finish(bool good, std::string& out, std::size_t before, const encoder& made) {
  if (good)
    return {};
  out.resize(before);
  return fault{fault_code::invalid, made.path + (made.path.empty() ? "" : ": ") + made.rule};
}

} // namespace

bool is_utf8(std::string_view text) {
  const auto* next = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = next + text.size();
  const auto follows = [&](std::ptrdiff_t at, unsigned low = 0x80, unsigned high = 0xBF) {
    return end - next > at && next[at] >= low && next[at] <= high;
  };
  while (next != end) {
    if (end - next >= 8) {
      std::uint64_t eight;
      std::memcpy(&eight, next, sizeof eight);
      if ((eight & 0x8080808080808080U) == 0) {
        next += 8;
        continue;
      }
    }
    const unsigned first = *next;
    if (first < 0x80) {
      next += 1;
    } else if (first >= 0xC2 && first <= 0xDF && follows(1)) {
      next += 2;
    } else if ((first & 0xF0U) == 0xE0
               && follows(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF)
               && follows(2)) {
      next += 3;
    } else if (first >= 0xF0 && first <= 0xF4
               && follows(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF) && follows(2)
               && follows(3)) {
      next += 4;
    } else {
      return false;
    }
  }
  return true;
}

result<void> encode_canonical(const value& given, std::string& out) {
  const auto before = out.size();
  encoder made{out};
  return finish(made.encode(given, 0), out, before, made);
}

result<std::string> encode_canonical(const value& given) {
  std::string out;
  if (auto done = encode_canonical(given, out); !done)
    return done.error();
  return out;
}

result<void> encode_canonical_without(const value& given, const std::vector<std::string>& omitted,
                                      std::string& out) {
  const auto* members = given.as<object>();
  if (members == nullptr)
    return encode_canonical(given, out);
  const auto before = out.size();
  encoder made{out};
  return finish(made.encode_members(*members, 0, omitted), out, before, made);
}

result<void> decode_canonical(std::string_view encoded, value& into) {
  decoder reading{encoded};
  if (!reading.decode(into, 0))
    return fault{fault_code::corrupt, std::string{"the encoded value "} + reading.wrong};
  if (!reading.at_end())
    return fault{fault_code::corrupt, "the encoded value is followed by other bytes"};
  return {};
}

result<value> decode_canonical(std::string_view encoded) {
  value made;
  if (auto done = decode_canonical(encoded, made); !done)
    return done.error();
  return made;
}

} // namespace holdfast::persistence
