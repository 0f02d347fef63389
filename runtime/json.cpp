// SPDX-License-Identifier: Apache-2.0
// Values to JSON text, and the text of bytes and times.
#include "runtime/json.hpp"

#include <charconv>
#include <cmath>
#include <optional>

namespace holdfast::json {

namespace {

/// How many bytes the UTF-8 character at `at` has; 0: it is none.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0U;
  };
  const auto follows = [&](std::size_t offset) { return (byte(offset) & 0xC0U) == 0x80U; };
  const auto lead = byte(0);
  if (lead < 0x80)
    return 1;
  if (lead >= 0xC2 && lead <= 0xDF)
    return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool narrow = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F);
    return follows(1) && follows(2) && !narrow ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool narrow = (lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F);
    return follows(1) && follows(2) && follows(3) && !narrow ? 4 : 0;
  }
  return 0;
}

void print_double(double number, std::string& out) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  const std::string_view text{digits, static_cast<std::size_t>(end - digits)};
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos)
    out += ".0";
}

/// Writes values; `step` spaces a level, or everything on one line when it is 0.
class printer {
public:
  printer(std::string& out, std::size_t step) : out_{out}, step_{step} {}

  void operator()(std::monostate) { out_ += "null"; }
  void operator()(bool truth) { out_ += truth ? "true" : "false"; }
  void operator()(std::int64_t number) { out_ += std::to_string(number); }
  void operator()(std::uint64_t number) { out_ += std::to_string(number); }
  void operator()(double number) { print_double(number, out_); }
  void operator()(const std::string& text) { print_text(text, out_); }
  void operator()(const bytes& raw) { out_ += "{\"$bytes\":\"" + to_base64(raw.data) + "\"}"; }
  void operator()(const array& items) {
    list('[', ']', items, [this](const value& one) { std::visit(*this, one.get()); });
  }
  void operator()(const object& members) {
    list('{', '}', members, [this](const auto& member) {
      print_text(member.first, out_);
      out_ += step_ > 0 ? ": " : ":";
      std::visit(*this, member.second.get());
    });
  }

private:
  template <class Items, class One>
  void list(char opening, char closing, const Items& items, One one) {
    out_ += opening;
    ++depth_;
    for (auto first = true; const auto& item : items) {
      if (!std::exchange(first, false))
        out_ += ',';
      new_line();
      one(item);
    }
    --depth_;
    if (!items.empty())
      new_line();
    out_ += closing;
  }

  void new_line() {
    if (step_ == 0)
      return;
    out_ += '\n';
    out_.append(depth_ * step_, ' ');
  }

  std::string& out_;
  std::size_t step_;
  std::size_t depth_ = 0;
};

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

} // namespace

std::size_t utf8_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto length = utf8_length(text, at);
    if (length == 0)
      break;
    at += length;
  }
  return at;
}

void print_text(std::string_view text, std::string& out) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const auto length = utf8_length(text, at);
    const auto one = static_cast<unsigned char>(text[at]);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (one == '"' || one == '\\') {
      out += '\\';
      out += text[at];
    } else if (one == '\n') {
      out += "\\n";
    } else if (one == '\r') {
      out += "\\r";
    } else if (one == '\t') {
      out += "\\t";
    } else if (one < 0x20 || one == 0x7F) {
      out += "\\u00";
      out += hex[one >> 4U];
      out += hex[one & 15U];
    } else {
      out += text.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
  out += '"';
}

void print(const value& given, std::string& out) {
  std::visit(printer{out, 0}, given.get());
}

std::string print(const value& given) {
  std::string out;
  print(given, out);
  return out;
}

std::string print_pretty(const value& given) {
  std::string out;
  std::visit(printer{out, 2}, given.get());
  return out;
}

result<std::string> from_hex(std::string_view text) {
  std::string raw;
  for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
    std::uint8_t byte = 0;
    if (std::from_chars(text.data() + at, text.data() + at + 2, byte, 16).ptr
        != text.data() + at + 2)
      break;
    raw += static_cast<char>(byte);
  }
  if (2 * raw.size() != text.size())
    return fault{fault_code::invalid, "not hexadecimal", ""};
  return raw;
}

std::string to_base64(std::string_view raw) {
  std::string text;
  text.reserve((raw.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < raw.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = (group << 8U) | (at + i < raw.size() ? static_cast<unsigned char>(raw[at + i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      text += i <= raw.size() - at ? base64_digits[(group >> (18 - 6 * i)) & 63U] : '=';
  }
  return text;
}

result<std::string> from_base64(std::string_view text) {
  const fault bad{fault_code::invalid, "not base64", ""};
  if (text.size() % 4 != 0)
    return bad;
  std::string raw;
  for (std::size_t at = 0; at < text.size(); at += 4) {
    std::uint32_t group = 0;
    std::size_t digits = 0;
    for (; digits < 4 && text[at + digits] != '='; ++digits) {
      const auto found = base64_digits.find(text[at + digits]);
      if (found == std::string_view::npos)
        return bad;
      group = (group << 6U) | static_cast<std::uint32_t>(found);
    }
    const bool last = at + 4 == text.size();
    if (digits < 2 || (digits < 4 && !last) || (digits == 2 && text[at + 3] != '='))
      return bad;
    group <<= 6 * (4 - digits);
    for (std::size_t i = 0; i + 1 < digits; ++i)
      raw += static_cast<char>((group >> (16 - 8 * i)) & 0xFFU);
  }
  // One text for the same bytes, or a value would change on its way through JSON.
  if (to_base64(raw) != text)
    return bad;
  return raw;
}

} // namespace holdfast::json
