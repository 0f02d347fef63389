// SPDX-License-Identifier: Apache-2.0
// Compiles expressions into steps, and walks all ways through them at once.
#include "actors/telemetry/pattern.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::telemetry {
namespace {

using byte_set = std::bitset<256>;

std::size_t index_of(char letter) {
  return static_cast<unsigned char>(letter);
}

byte_set set_of(std::string_view ranges) {
  byte_set made;
  for (std::size_t at = 0; at + 1 < ranges.size(); at += 2)
    for (auto byte = index_of(ranges[at]); byte <= index_of(ranges[at + 1]); ++byte)
      made.set(byte);
  return made;
}

// The sets of `\d`, `\w`, `\s` and their opposites; nothing for other letters.
std::optional<byte_set> class_of(char letter) {
  byte_set made;
  switch (letter | 0x20) {
  case 'd':
    made = set_of("09");
    break;
  case 'w':
    made = set_of("azAZ09__");
    break;
  case 's':
    made = set_of("\t\r  ");
    break;
  default:
    return std::nullopt;
  }
  return letter >= 'a' ? made : ~made;
}

std::optional<char> control_of(char letter) {
  constexpr std::string_view from = "nrtf";
  constexpr std::string_view to = "\n\r\t\f";
  const auto found = from.find(letter);
  return found == std::string_view::npos ? std::nullopt : std::optional{to[found]};
}

// What the expression says, before it becomes steps.
struct node {
  enum class shape { byte, text_begin, text_end, sequence, choice, repeat } what = shape::sequence;
  byte_set bytes{};
  std::vector<node> parts{};
  std::size_t least = 0;
  std::size_t most = 0; // 0: without end
};

} // namespace

/// Reads an expression and lays out its steps, last one first.
class pattern_compiler {
public:
  explicit pattern_compiler(std::string_view expression) : rest_{expression}, whole_{expression} {}

  result<pattern> run() {
    if (whole_.size() > pattern::size_max)
      return refuse("is longer than 256 bytes");
    if (rest_.starts_with("(?i)")) {
      rest_.remove_prefix(4);
      any_case_ = true;
    }
    const auto read = choice();
    if (problem_.empty() && !rest_.empty())
      problem_ = "has a ) too many";
    if (!problem_.empty())
      return refuse(problem_);
    add(pattern::kind::done, 0, 0);
    made_.first_ = lay(read, 0);
    if (made_.steps_.size() > pattern::steps_max)
      return refuse("repeats too much: more than 1,000 steps");
    return std::move(made_);
  }

private:
  fault refuse(const std::string& why) const {
    return {fault_code::invalid,
            "pattern \"" + std::string{whole_.substr(0, pattern::size_max)} + "\" " + why
                + ", at byte " + std::to_string(whole_.size() - rest_.size()),
            {}};
  }

  bool take(char letter) {
    if (rest_.empty() || rest_.front() != letter)
      return false;
    rest_.remove_prefix(1);
    return true;
  }

  char next() {
    const char letter = rest_.front();
    rest_.remove_prefix(1);
    return letter;
  }

  node choice() {
    node made{.what = node::shape::choice};
    do
      made.parts.push_back(sequence());
    while (problem_.empty() && take('|'));
    return made;
  }

  node sequence() {
    node made;
    while (problem_.empty() && !rest_.empty() && rest_.front() != '|' && rest_.front() != ')')
      made.parts.push_back(repeated(atom()));
    return made;
  }

  node repeated(node one) {
    while (problem_.empty() && !rest_.empty()) {
      node made{.what = node::shape::repeat};
      if (take('*'))
        made.most = 0;
      else if (take('+'))
        made.least = 1;
      else if (take('?'))
        made.most = 1;
      else if (!take('{'))
        break;
      else if (!bounds(made))
        break;
      made.parts.push_back(std::move(one));
      one = std::move(made);
    }
    return one;
  }

  bool bounds(node& made) {
    made.least = number();
    made.most = made.least;
    if (take(',')) {
      const bool open = !rest_.empty() && rest_.front() == '}';
      made.most = open ? 0 : number();
      if (!open && made.most < made.least)
        problem_ = "has a repetition whose end is below its beginning";
    }
    if (problem_.empty() && !take('}'))
      problem_ = "lacks a }";
    if (problem_.empty() && made.least == 0 && made.most == 0)
      problem_ = "repeats nothing";
    return problem_.empty();
  }

  std::size_t number() {
    std::size_t made = 0;
    bool any = false;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9' && made < 1000) {
      made = made * 10 + static_cast<std::size_t>(next() - '0');
      any = true;
    }
    if (!any)
      problem_ = "lacks a number in { }";
    else if (made > pattern::repeat_max)
      problem_ = "repeats more than 256 times";
    return made;
  }

  node atom() {
    const char letter = next();
    switch (letter) {
    case '(':
      return group();
    case '[':
      return bytes(listed());
    case '.':
      return bytes(~set_of("\n\n"));
    case '^':
      return {.what = node::shape::text_begin};
    case '$':
      return {.what = node::shape::text_end};
    case '\\':
      return bytes(escaped());
    case '*':
    case '+':
    case '?':
    case '{':
      problem_ = "repeats nothing";
      return {};
    default:
      return bytes(byte_set{}.set(index_of(letter)));
    }
  }

  node group() {
    if (take('?') && !take(':'))
      problem_ = "has a group that is not supported";
    auto made = problem_.empty() ? choice() : node{};
    if (problem_.empty() && !take(')'))
      problem_ = "lacks a )";
    return made;
  }

  byte_set escaped() {
    if (rest_.empty()) {
      problem_ = "ends with a \\";
      return {};
    }
    const char letter = next();
    if (const auto found = class_of(letter))
      return *found;
    if (const auto control = control_of(letter))
      return byte_set{}.set(index_of(*control));
    if ((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z')
        || (letter >= '0' && letter <= '9'))
      problem_ = "has an escape that is not supported";
    return byte_set{}.set(index_of(letter));
  }

  byte_set listed() {
    byte_set made;
    const bool opposite = take('^');
    for (bool first = true; problem_.empty(); first = false) {
      if (rest_.empty())
        problem_ = "lacks a ]";
      else if (!first && take(']'))
        break;
      else
        made |= listed_range();
    }
    return opposite ? ~made : made;
  }

  byte_set listed_range() {
    const char from = next();
    if (from == '\\')
      return escaped();
    if (rest_.size() < 2 || rest_[0] != '-' || rest_[1] == ']')
      return byte_set{}.set(index_of(from));
    next();
    const char to = next();
    if (to == '\\' || index_of(to) < index_of(from))
      problem_ = "has a range that ends before it begins";
    const char range[] = {from, to};
    return problem_.empty() ? set_of({range, 2}) : byte_set{};
  }

  node bytes(byte_set set) const {
    if (any_case_)
      for (auto letter = index_of('a'); letter <= index_of('z'); ++letter)
        if (set.test(letter) || set.test(letter - 32)) {
          set.set(letter);
          set.set(letter - 32);
        }
    return {.what = node::shape::byte, .bytes = set};
  }

  std::size_t add(pattern::kind what, std::size_t to, std::size_t other) {
    if (made_.steps_.size() <= pattern::steps_max)
      made_.steps_.push_back({what, to, other});
    return made_.steps_.size() - 1;
  }

  // Returns the first step of `one`, after which the walk goes on at `then`.
  std::size_t lay(const node& one, std::size_t then) {
    if (made_.steps_.size() > pattern::steps_max)
      return then;
    switch (one.what) {
    case node::shape::byte:
      made_.sets_.push_back(one.bytes);
      return add(pattern::kind::byte, then, made_.sets_.size() - 1);
    case node::shape::text_begin:
      return add(pattern::kind::text_begin, then, 0);
    case node::shape::text_end:
      return add(pattern::kind::text_end, then, 0);
    case node::shape::sequence:
      for (auto part = one.parts.rbegin(); part != one.parts.rend(); ++part)
        then = lay(*part, then);
      return then;
    case node::shape::choice: {
      auto first = lay(one.parts.back(), then);
      for (auto part = std::next(one.parts.rbegin()); part != one.parts.rend(); ++part)
        first = add(pattern::kind::fork, lay(*part, then), first);
      return first;
    }
    case node::shape::repeat:
      return lay_repeat(one, then);
    }
    return then;
  }

  std::size_t lay_repeat(const node& one, std::size_t then) {
    const auto& part = one.parts.front();
    if (one.most == 0) {
      const auto loop = add(pattern::kind::fork, 0, then);
      const auto body = lay(part, loop);
      if (made_.steps_.size() <= pattern::steps_max)
        made_.steps_[loop].next = body;
      then = loop;
    }
    const auto after = then;
    for (auto optional = one.least; optional < one.most; ++optional)
      then = add(pattern::kind::fork, lay(part, then), after);
    for (std::size_t certain = 0; certain < one.least; ++certain)
      then = lay(part, then);
    return then;
  }

  std::string_view rest_;
  std::string_view whole_;
  bool any_case_ = false;
  std::string problem_;
  pattern made_;
};

result<pattern> pattern::compile(std::string_view expression) {
  return pattern_compiler{expression}.run();
}

std::optional<pattern::match> pattern::find(std::string_view text) const {
  struct way {
    std::size_t step;
    std::size_t begin;
  };
  std::vector<way> now;
  std::vector<way> later;
  std::vector<std::size_t> seen(steps_.size(), 0); // the place + 1 at which a step was last reached
  std::vector<std::size_t> open;
  std::optional<match> best;

  // Ways are kept in order of their beginnings, so the first to reach a step is the leftmost.
  const auto reach = [&](std::vector<way>& into, std::size_t from, std::size_t begin,
                         std::size_t place) {
    open.assign(1, from);
    while (!open.empty()) {
      const auto at = open.back();
      open.pop_back();
      if (std::exchange(seen[at], place + 1) == place + 1)
        continue;
      const auto& one = steps_[at];
      if (one.what == kind::byte)
        into.push_back({at, begin});
      else if (one.what == kind::done && place > begin && (!best || begin <= best->begin))
        best = match{begin, place};
      if (one.what == kind::fork)
        open.push_back(one.other);
      if (one.what == kind::fork || (one.what == kind::text_begin && place == 0)
          || (one.what == kind::text_end && place == text.size()))
        open.push_back(one.next);
    }
  };

  for (std::size_t place = 0; place <= text.size(); ++place) {
    later.clear();
    if (place > 0)
      for (const auto& one : now)
        if ((!best || one.begin <= best->begin)
            && sets_[steps_[one.step].other].test(index_of(text[place - 1])))
          reach(later, steps_[one.step].next, one.begin, place);
    if (!best)
      reach(later, first_, place, place);
    std::swap(now, later);
    if (best && now.empty())
      break;
  }
  return best;
}

} // namespace holdfast::telemetry
