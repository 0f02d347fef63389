// SPDX-License-Identifier: Apache-2.0
// CSV to events: RFC 4180, strict numbers, and a broken line that costs only itself.
#include "runtime/intake_parser.hpp"
#include "runtime/json.hpp"

#include <charconv>
#include <cmath>
#include <deque>
#include <optional>
#include <vector>

namespace holdfast::intake {

namespace {

struct field {
  std::string text;
  bool quoted = false;
};

/// How reading one record from a line ended.
enum class ending : std::uint8_t { whole, open, broken };

/// Reads fields of one record, line by line.
class record {
public:
  std::vector<field> fields;
  std::string broken; ///< Why, when a line ended `broken`.

  /// Takes one line (without its end). `open`: a quoted field goes on in the next line.
  ending take(std::string_view line) {
    if (open_)
      fields.back().text += '\n';
    else
      begin_field();
    for (const char one : line) {
      if (open_) {
        if (one == '"')
          open_ = false, closed_ = true;
        else
          fields.back().text += one;
      } else if (one == ',') {
        begin_field();
      } else if (one == '"' && closed_) { // a doubled quote stands for one
        fields.back().text += '"';
        open_ = true;
        closed_ = false;
      } else if (one == '"' && fields.back().text.empty()) {
        fields.back().quoted = true;
        open_ = true;
      } else if (closed_ || one == '"') {
        broken = closed_ ? "text stands after a closing quote in column "
                         : "a quote stands inside an unquoted field in column ";
        broken += std::to_string(fields.size());
        return ending::broken;
      } else {
        fields.back().text += one;
      }
    }
    if (open_)
      return ending::open;
    closed_ = false;
    return ending::whole;
  }

private:
  void begin_field() {
    fields.emplace_back();
    closed_ = false;
  }

  bool open_ = false;
  bool closed_ = false;
};

bool is_json_number(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const auto begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9')
      ++at;
    return at - begin;
  };
  if (at < text.size() && text[at] == '-')
    ++at;
  const bool zero = at < text.size() && text[at] == '0';
  const auto whole = digits();
  if (whole == 0 || (zero && whole > 1))
    return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0)
      return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-'))
      ++at;
    if (digits() == 0)
      return false;
  }
  return at == text.size();
}

template <class Number>
std::optional<value> exactly(std::string_view text) {
  Number number{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size())
    return std::nullopt;
  return value{number};
}

/// A number where the text is one, exactly; else the text.
value inferred(field given) {
  const auto& text = given.text;
  if (given.quoted || !is_json_number(text))
    return std::move(given.text);
  std::optional<value> number;
  if (text.find_first_of(".eE") != text.npos) {
    number = exactly<double>(text);
  } else {
    number = exactly<std::int64_t>(text);
    if (!number)
      number = exactly<std::uint64_t>(text);
  }
  return number ? std::move(*number) : value{std::move(given.text)};
}

class csv final : public reader::parser {
public:
  csv(defaults given, const limits& chosen)
      : parser{std::move(given), chosen}, lines_{chosen.line_bytes_max} {}

  void feed(std::string_view chunk, const taker& take) override {
    lines_.feed(
        chunk, [&](std::uint64_t line, std::string_view text) { next(line, text, take); },
        [&](std::uint64_t line, std::size_t length) { skip(line, length, take); });
  }

  void finish(const taker& take) override {
    lines_.finish([&](std::uint64_t line, std::string_view text) { next(line, text, take); },
                  [&](std::uint64_t line, std::size_t length) { skip(line, length, take); });
    while (!open_lines_.empty())
      give_up_first("a quoted field is never closed", take);
    if (header_.empty() && !useless_)
      take(refused(1, "no header line: CSV begins with the names of its columns"));
  }

private:
  struct open_line {
    std::uint64_t number;
    std::string text;
  };

  void skip(std::uint64_t number, std::size_t length, const taker& take) {
    if (useless_)
      return;
    while (!open_lines_.empty())
      give_up_first("a quoted field is not closed before line " + std::to_string(number)
                        + ", which is too long",
                    take);
    refuse(number, too_long(length, allowed.line_bytes_max), take);
  }

  /// Costs the line, and the record it would have ended.
  void not_utf8(std::uint64_t number, std::size_t offset, const taker& take) {
    while (!open_lines_.empty())
      give_up_first("a quoted field is not closed before line " + std::to_string(number)
                        + ", which is not UTF-8",
                    take);
    if (!useless_)
      refuse(number, "invalid UTF-8 (byte " + std::to_string(offset) + " of the line)", take);
  }

  void next(std::uint64_t number, std::string_view text, const taker& take) {
    if (useless_)
      return;
    if (number == 1 && text.starts_with("\xEF\xBB\xBF"))
      text.remove_prefix(3);
    if (open_lines_.empty() && text.find_first_not_of(" \t") == text.npos)
      return;
    if (const auto valid = json::utf8_prefix(text); valid < text.size())
      return not_utf8(number, valid, take);
    const auto ended = partial_.take(text);
    if (ended == ending::whole) {
      const auto began = open_lines_.empty() ? number : open_lines_.front().number;
      auto fields = std::move(partial_.fields);
      start_over();
      return one(began, std::move(fields), take);
    }
    open_bytes_ += text.size() + 1;
    open_lines_.push_back({number, std::string{text}});
    if (ended == ending::broken)
      give_up_first(partial_.broken, take);
    else if (open_bytes_ > allowed.line_bytes_max)
      give_up_first("a quoted field is not closed within " + std::to_string(allowed.line_bytes_max)
                        + " bytes",
                    take);
  }

  /// Without a header no line means anything, so the first refusal is the last.
  void refuse(std::uint64_t number, std::string why, const taker& take) {
    if (header_.empty()) {
      useless_ = true;
      why += "; without a header nothing of this CSV can be taken";
    }
    take(refused(number, std::move(why)));
  }

  void start_over() {
    partial_ = {};
    open_lines_.clear();
    open_bytes_ = 0;
  }

  /// The first line of the record is at fault; those after it are read anew. Each line is read
  /// again at most once for every quote in it, so a hostile file costs no more than its length.
  void give_up_first(std::string why, const taker& take) {
    auto lines = std::exchange(open_lines_, {});
    start_over();
    refuse(lines.front().number, std::move(why), take);
    lines.pop_front();
    for (const auto& [number, text] : lines)
      next(number, text, take);
  }

  void one(std::uint64_t number, std::vector<field> fields, const taker& take) {
    if (header_.empty())
      return name_columns(number, std::move(fields), take);
    if (fields.size() != header_.size())
      return take(refused(number, std::to_string(fields.size()) + " fields where the header has "
                                      + std::to_string(header_.size())));
    object body;
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (fields[i].quoted || !fields[i].text.empty())
        body.emplace(header_[i], inferred(std::move(fields[i])));
    event made;
    made.stream = otherwise.stream;
    made.type = otherwise.type;
    made.body = std::move(body);
    take({number, std::move(made), std::nullopt});
  }

  void name_columns(std::uint64_t number, std::vector<field> fields, const taker& take) {
    object seen;
    for (auto& [name, quoted] : fields) {
      const bool is_new = seen.emplace(name, nullptr).second;
      if (name.empty() || !is_new) {
        const auto column = std::to_string(std::exchange(header_, {}).size() + 1);
        return refuse(number,
                      name.empty() ? "column " + column + " of the header has no name"
                                   : "the header names \"" + name + "\" twice",
                      take);
      }
      header_.push_back(std::move(name));
    }
  }

  line_cutter lines_;
  std::vector<std::string> header_;
  bool useless_ = false; ///< There is no header and there will be none.
  record partial_;
  std::deque<open_line> open_lines_; ///< Of the record being read.
  std::size_t open_bytes_ = 0;
};

} // namespace

std::unique_ptr<reader::parser> make_csv(defaults otherwise, const limits& allowed) {
  return std::make_unique<csv>(std::move(otherwise), allowed);
}

} // namespace holdfast::intake
