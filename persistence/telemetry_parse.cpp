// SPDX-License-Identifier: Apache-2.0
// Reads a telemetry line back. Every byte is treated as hostile.
#include "persistence/telemetry_line.hpp"

#include "persistence/crc32c.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace holdfast::persistence {
namespace {

constexpr std::size_t depth_max = 32;

fault broken(std::string what) {
  return {fault_code::corrupt, "telemetry line: " + std::move(what), {}};
}

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0U | point >> 6U);
    put(0x80U | (point & 0x3FU));
  } else if (point < 0x10000) {
    put(0xE0U | point >> 12U);
    put(0x80U | (point >> 6U & 0x3FU));
    put(0x80U | (point & 0x3FU));
  } else {
    put(0xF0U | point >> 18U);
    put(0x80U | (point >> 12U & 0x3FU));
    put(0x80U | (point >> 6U & 0x3FU));
    put(0x80U | (point & 0x3FU));
  }
}

// Walks over JSON text; every step answers whether it could be taken.
class cursor {
public:
  explicit cursor(std::string_view text) : text_{text} {}

  bool done() const { return at_ == text_.size(); }
  std::size_t place() const { return at_; }
  char next() const { return done() ? '\0' : text_[at_]; }

  bool take(char letter) {
    if (done() || text_[at_] != letter)
      return false;
    ++at_;
    return true;
  }

  bool string(std::string& out) {
    out.clear();
    if (!take('"'))
      return false;
    while (!done()) {
      const char letter = text_[at_++];
      if (letter == '"')
        return true;
      if (static_cast<unsigned char>(letter) < 0x20)
        return false;
      if (letter != '\\')
        out += letter;
      else if (!escape(out))
        return false;
    }
    return false;
  }

  template <class Number>
  bool number(Number& out) {
    const auto* begin = text_.data() + at_;
    const auto [end, problem] = std::from_chars(begin, text_.data() + text_.size(), out);
    if (problem != std::errc{})
      return false;
    at_ += static_cast<std::size_t>(end - begin);
    return true;
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected)
      return false;
    at_ += expected.size();
    return true;
  }

  bool skip(std::size_t depth) {
    switch (next()) {
    case '"':
      return string(skipped_);
    case '{':
      return depth < depth_max && members('{', '}', depth + 1);
    case '[':
      return depth < depth_max && members('[', ']', depth + 1);
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return word("null");
    default:
      return skip_number();
    }
  }

private:
  bool members(char opening, char closing, std::size_t depth) {
    if (!take(opening))
      return false;
    if (take(closing))
      return true;
    do {
      if (opening == '{' && !(string(skipped_) && take(':')))
        return false;
      if (!skip(depth))
        return false;
    } while (take(','));
    return take(closing);
  }

  bool digits() {
    const auto before = at_;
    while (is_digit(next()))
      ++at_;
    return at_ != before;
  }

  bool skip_number() {
    take('-');
    if (!take('0') && !digits())
      return false;
    if (take('.') && !digits())
      return false;
    if (next() == 'e' || next() == 'E') {
      ++at_;
      if (!take('+'))
        take('-');
      return digits();
    }
    return true;
  }

  bool four_digits(std::uint32_t& out) {
    if (text_.size() - at_ < 4)
      return false;
    const auto* begin = text_.data() + at_;
    const auto [end, problem] = std::from_chars(begin, begin + 4, out, 16);
    at_ += 4;
    return problem == std::errc{} && end == begin + 4;
  }

  bool escape(std::string& out) {
    if (done())
      return false;
    const char letter = text_[at_++];
    constexpr std::string_view from = "\"\\/bfnrt";
    constexpr std::string_view to = "\"\\/\b\f\n\r\t";
    if (const auto found = from.find(letter); found != std::string_view::npos) {
      out += to[found];
      return true;
    }
    std::uint32_t point = 0;
    if (letter != 'u' || !four_digits(point))
      return false;
    if (point >= 0xD800 && point < 0xDC00) {
      std::uint32_t low = 0;
      if (!word("\\u") || !four_digits(low) || low < 0xDC00 || low >= 0xE000)
        return false;
      point = 0x10000 + ((point - 0xD800) << 10U) + (low - 0xDC00);
    } else if (point >= 0xDC00 && point < 0xE000) {
      return false;
    }
    append_utf8(out, point);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string skipped_;
};

bool parse_hash(cursor& text, telemetry_line& line) {
  std::string written;
  if (!text.string(written) || written.size() != 64)
    return false;
  auto& made = line.hash.emplace();
  for (std::size_t byte = 0; byte < made.size(); ++byte) {
    const auto* begin = written.data() + 2 * byte;
    const auto [end, problem] = std::from_chars(begin, begin + 2, made[byte], 16);
    if (problem != std::errc{} || end != begin + 2)
      return false;
  }
  return true;
}

bool parse_member(std::string_view name, cursor& text, std::string_view whole,
                  telemetry_line& line) {
  const std::pair<std::string_view, std::uint64_t*> numbers[] = {{"seq", &line.seq},
                                                                 {"part", &line.part},
                                                                 {"dropped", &line.dropped},
                                                                 {"from", &line.from},
                                                                 {"to", &line.to}};
  for (const auto& [known, number] : numbers)
    if (name == known)
      return text.number(*number);
  const std::pair<std::string_view, std::string*> strings[] = {
      {"boot", &line.boot},     {"time", &line.time},       {"level", &line.level},
      {"logger", &line.logger}, {"message", &line.message}, {"after", &line.after}};
  for (const auto& [known, target] : strings)
    if (name == known)
      return text.string(*target);
  if (name == "pid")
    return text.number(line.pid);
  if (name == "more")
    return (line.more = text.word("true"));
  if (name == "hash")
    return parse_hash(text, line);
  const auto begin = text.place();
  if (name == "fields" && text.next() != '{')
    return false;
  if (!text.skip(0))
    return false;
  if (name == "fields")
    line.fields = whole.substr(begin, text.place() - begin);
  return true;
}

} // namespace

result<telemetry_line> parse_telemetry_line(std::string_view line) {
  constexpr std::size_t tail = 18; // `,"crc":"xxxxxxxx"}`
  if (line.size() < tail + 2)
    return broken("too short");
  const auto content = line.substr(0, line.size() - tail);
  const auto ending = line.substr(content.size());
  std::uint32_t written = 0;
  const auto* digits = ending.data() + 8;
  const auto [end, problem] = std::from_chars(digits, digits + 8, written, 16);
  if (!ending.starts_with(",\"crc\":\"") || !ending.ends_with("\"}") || problem != std::errc{}
      || end != digits + 8)
    return broken("does not end with its CRC");
  if (written != crc32c(content))
    return broken("CRC does not match");

  telemetry_line made;
  cursor text{content};
  std::string name;
  constexpr std::string_view required[] = {"seq", "boot", "pid", "time", "level", "message"};
  auto missing = (1U << std::size(required)) - 1;
  if (!text.take('{'))
    return broken("is no JSON object");
  do {
    if (!text.string(name) || !text.take(':') || !parse_member(name, text, content, made))
      return broken("member \"" + name.substr(0, 40) + "\" at byte "
                    + std::to_string(text.place()));
    // A name that comes twice does not stand for one that is missing.
    const auto* const found = std::find(std::begin(required), std::end(required), name);
    if (found != std::end(required))
      missing &= ~(1U << static_cast<unsigned>(found - std::begin(required)));
  } while (text.take(','));
  if (!text.done())
    return broken("unexpected byte at " + std::to_string(text.place()));
  if (missing != 0)
    return broken("lacks seq, boot, pid, time, level or message");
  return made;
}

} // namespace holdfast::persistence
