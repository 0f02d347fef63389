// SPDX-License-Identifier: Apache-2.0
// Times as a person writes them; the grammar stands in the header.
#include "tools/time_expression.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <limits>
#include <optional>
#include <vector>

namespace holdfast::tools {
namespace {

constexpr std::int64_t us_per_second = 1'000'000;
constexpr std::int64_t day_seconds = 86'400;

/// What a calendar and a clock on the wall show.
struct civil {
  std::chrono::year_month_day date;
  std::int64_t seconds = 0; ///< Since midnight.
  std::int64_t us = 0;
};

std::chrono::seconds offset_at(const utc_offset& zone, std::int64_t utc_seconds) {
  return zone ? zone(utc_seconds) : std::chrono::seconds{0};
}

civil to_civil(wall_time when, const utc_offset& zone) {
  auto seconds = when.us / us_per_second;
  auto us = when.us % us_per_second;
  if (us < 0) {
    us += us_per_second;
    --seconds;
  }
  const auto local =
      std::chrono::sys_seconds{std::chrono::seconds{seconds}} + offset_at(zone, seconds);
  const auto day = std::chrono::floor<std::chrono::days>(local);
  return {std::chrono::year_month_day{day}, (local - day).count(), us};
}

wall_time from_civil(const civil& shown, const utc_offset& zone) {
  const auto local =
      (std::chrono::sys_days{shown.date}.time_since_epoch() + std::chrono::seconds{shown.seconds});
  const auto before = offset_at(zone, local.count() - day_seconds);
  const auto after = offset_at(zone, local.count() + day_seconds);
  // Around a change the earlier offset is tried first: shown twice, the first is meant; skipped,
  // the earlier offset moves the time on by what was skipped.
  auto utc = (local - before).count();
  if (before != after && offset_at(zone, utc) != before) {
    const auto later = (local - after).count();
    if (offset_at(zone, later) == after)
      utc = later;
  }
  return {utc * us_per_second + shown.us};
}

fault not_a_time(std::string_view text, std::string why) {
  if (!why.empty())
    why = ": " + why;
  return {fault_code::invalid, "\"" + std::string{text} + "\" is no time" + why,
          "Write for example \"yesterday\", \"last monday\", \"3 hours ago\", \"10m\", "
          "\"2026-11-22 10:00\" or \"2026-11-22T10:00:00Z\"."};
}

/// Words in lower case; digits and letters that touch are parted ("10m" is "10", "m").
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  enum class sort { none, digit, letter } last = sort::none;
  for (const char raw : text) {
    const auto byte = static_cast<unsigned char>(raw);
    const auto now = std::isdigit(byte) != 0 || raw == '.'   ? sort::digit
                     : std::isspace(byte) != 0 || raw == ',' ? sort::none
                                                             : sort::letter;
    if (now == sort::none) {
      last = now;
      continue;
    }
    if (now != last)
      words.emplace_back();
    words.back() += static_cast<char>(std::tolower(byte));
    last = now;
  }
  return words;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size() || text.empty())
    return std::nullopt;
  return number;
}

struct unit {
  std::string_view name;
  std::int64_t us;
  int months = 0; ///< Calendar units, instead of `us`.
};

const unit* unit_named(std::string_view word) {
  constexpr std::int64_t second = us_per_second;
  static constexpr auto units = std::to_array<unit>({
      {"us", 1},
      {"ms", 1000},
      {"millisecond", 1000},
      {"milliseconds", 1000},
      {"s", second},
      {"sec", second},
      {"secs", second},
      {"second", second},
      {"seconds", second},
      {"m", 60 * second},
      {"min", 60 * second},
      {"mins", 60 * second},
      {"minute", 60 * second},
      {"minutes", 60 * second},
      {"h", 3600 * second},
      {"hr", 3600 * second},
      {"hrs", 3600 * second},
      {"hour", 3600 * second},
      {"hours", 3600 * second},
      {"d", day_seconds * second},
      {"day", day_seconds * second},
      {"days", day_seconds * second},
      {"w", 7 * day_seconds * second},
      {"week", 7 * day_seconds * second},
      {"weeks", 7 * day_seconds * second},
      {"month", 0, 1},
      {"months", 0, 1},
      {"year", 0, 12},
      {"years", 0, 12},
      {"y", 0, 12},
  });
  const auto found =
      std::find_if(units.begin(), units.end(), [&](const unit& one) { return one.name == word; });
  return found == units.end() ? nullptr : &*found;
}

/// A length of time: exact microseconds, and calendar months.
struct length {
  std::int64_t us = 0;
  int months = 0;
};

/// Numbers and units in turn: "1", "h", "30", "m"; "an", "hour". Nothing when they do not fit.
std::optional<length> length_of(const std::vector<std::string>& words) {
  if (words.empty() || words.size() % 2 != 0)
    return std::nullopt;
  constexpr double years_100 = 100.0 * 366 * day_seconds * us_per_second;
  length total;
  for (std::size_t at = 0; at < words.size(); at += 2) {
    const auto* of = unit_named(words[at + 1]);
    double count = 1;
    if (words[at] != "a" && words[at] != "an") {
      const auto* begin = words[at].data();
      const auto [end, problem] = std::from_chars(begin, begin + words[at].size(), count);
      if (problem != std::errc{} || end != begin + words[at].size())
        return std::nullopt;
    }
    if (of == nullptr || count * static_cast<double>(of->us) > years_100
        || count * of->months > 1200 || (of->months != 0 && count != static_cast<int>(count)))
      return std::nullopt;
    total.us += static_cast<std::int64_t>(count * static_cast<double>(of->us));
    total.months += static_cast<int>(count) * of->months;
  }
  if (static_cast<double>(total.us) > years_100 || total.months > 1200)
    return std::nullopt;
  return total;
}

wall_time months_before(wall_time now, int months, const utc_offset& zone) {
  auto shown = to_civil(now, zone);
  shown.date = shown.date - std::chrono::months{months};
  if (!shown.date.ok()) // the 31st of a month that has none: its last day
    shown.date = shown.date.year() / shown.date.month() / std::chrono::last;
  return from_civil(shown, zone);
}

std::optional<unsigned> weekday_named(std::string_view word) {
  static constexpr std::array<std::string_view, 7> names{
      "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
  for (unsigned day = 0; day < names.size(); ++day)
    if (word == names[day] || (word.size() >= 3 && names[day].substr(0, word.size()) == word))
      return day;
  return std::nullopt;
}

/// `HH:MM[:SS[.ffffff]]` or, where allowed, a bare hour; microseconds since midnight.
std::optional<std::int64_t> clock_of(std::string_view text, bool bare_hour) {
  std::array<std::int64_t, 3> parts{};
  std::size_t count = 0;
  std::int64_t us = 0;
  if (const auto point = text.find('.'); point != std::string_view::npos) {
    auto fraction = std::string{text.substr(point + 1)};
    const bool digits = !fraction.empty() && fraction.size() <= 9
                        && std::all_of(fraction.begin(), fraction.end(),
                                       [](char one) { return one >= '0' && one <= '9'; });
    if (!digits)
      return std::nullopt;
    fraction.resize(6, '0');
    us = *whole_number(fraction);
    text = text.substr(0, point);
  }
  while (count < parts.size()) {
    const auto colon = std::min(text.find(':'), text.size());
    const auto part = text.substr(0, colon);
    const auto number = whole_number(part);
    if (!number || *number < 0 || part.size() > 2)
      return std::nullopt;
    parts[count++] = *number;
    if (colon == text.size()) {
      text = {};
      break;
    }
    text.remove_prefix(colon + 1);
    if (text.empty())
      return std::nullopt;
  }
  if (!text.empty() || (count == 1 && !bare_hour) || (us != 0 && count != 3))
    return std::nullopt;
  if (parts[0] > 23 || parts[1] > 59 || parts[2] > 59)
    return std::nullopt;
  return (parts[0] * 3600 + parts[1] * 60 + parts[2]) * us_per_second + us;
}

/// `Z`, `+HH`, `+HHMM` or `+HH:MM` at the end of `text`, which loses it.
std::optional<std::chrono::seconds> take_offset(std::string_view& text) {
  if (text.ends_with('Z') || text.ends_with('z')) {
    text.remove_suffix(1);
    return std::chrono::seconds{0};
  }
  const auto sign = text.find_last_of("+-");
  if (sign == std::string_view::npos || sign == 0)
    return std::nullopt;
  auto digits = std::string{text.substr(sign + 1)};
  if (digits.size() == 5 && digits[2] == ':')
    digits.erase(2, 1);
  const auto number = whole_number(digits);
  if (!number || *number < 0 || (digits.size() != 2 && digits.size() != 4))
    return std::nullopt;
  const auto hours = digits.size() == 2 ? *number : *number / 100;
  const auto minutes = digits.size() == 2 ? 0 : *number % 100;
  if (hours > 15 || minutes > 59)
    return std::nullopt;
  const std::chrono::seconds ahead{hours * 3600 + minutes * 60};
  const bool behind = text[sign] == '-';
  text = text.substr(0, sign);
  return behind ? -ahead : ahead;
}

/// A text that begins like `2026-11-22`.
result<wall_time> parse_iso(std::string_view text, const utc_offset& zone) {
  const auto year = whole_number(text.substr(0, 4));
  const auto month = whole_number(text.substr(5, 2));
  const auto day = whole_number(text.substr(8, 2));
  if (!year || !month || !day)
    return not_a_time(text, "a date is YYYY-MM-DD");
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok())
    return not_a_time(text, "the calendar has no such day");
  auto rest = text.substr(10);
  if (rest.empty())
    return from_civil({date}, zone);
  if (rest.front() != 'T' && rest.front() != 't' && rest.front() != ' ')
    return not_a_time(text, "between date and time stands a T or a space");
  rest.remove_prefix(1);
  const auto ahead = take_offset(rest);
  while (!rest.empty() && rest.back() == ' ')
    rest.remove_suffix(1);
  const auto clock = clock_of(rest, false);
  if (!clock)
    return not_a_time(text, "a time of day is HH:MM or HH:MM:SS");
  const civil shown{date, *clock / us_per_second, *clock % us_per_second};
  if (!ahead)
    return from_civil(shown, zone);
  return from_civil(shown, [&](std::int64_t) { return *ahead; });
}

/// Seconds, milliseconds or microseconds since 1970, told apart by their size.
std::optional<wall_time> epoch_of(std::string_view text) {
  const bool marked = text.starts_with('@');
  if (marked)
    text.remove_prefix(1);
  std::int64_t us = 0;
  if (const auto point = text.find('.'); point != std::string_view::npos) {
    auto fraction = std::string{text.substr(point + 1)};
    fraction.resize(6, '0');
    const auto parsed = whole_number(fraction);
    if (!parsed || *parsed < 0)
      return std::nullopt;
    us = *parsed;
    text = text.substr(0, point);
  }
  const auto number = whole_number(text);
  if (!number || *number < 0 || (!marked && text.size() < 9) || text.size() > 16)
    return std::nullopt;
  if (text.size() <= 11)
    return wall_time{*number * us_per_second + us};
  return wall_time{text.size() <= 14 ? *number * 1000 : *number};
}

/// The beginning of a day so many days before today, or of the most recent such weekday.
std::optional<civil> day_of(const std::string& word, const civil& today) {
  using std::chrono::days;
  using std::chrono::sys_days;
  const auto midnight = sys_days{today.date};
  if (word == "today" || word == "midnight")
    return civil{midnight};
  if (word == "noon")
    return civil{midnight, day_seconds / 2};
  if (word == "yesterday")
    return civil{midnight - days{1}};
  if (word == "tomorrow")
    return civil{midnight + days{1}};
  if (const auto wanted = weekday_named(word)) {
    const auto current = std::chrono::weekday{midnight}.c_encoding();
    const auto back = (current + 7 - *wanted) % 7;
    return civil{midnight - days{back == 0 ? 7 : back}};
  }
  return std::nullopt;
}

/// "last week", "this month" ...: where the unit begins.
std::optional<wall_time> unit_start(bool last, std::string_view word, const time_context& at) {
  using namespace std::chrono;
  const auto shown = to_civil(at.now, at.zone);
  const auto today = sys_days{shown.date};
  const auto start = [&](year_month_day date) { return from_civil({date}, at.zone); };
  if (word == "hour") {
    auto hour = civil{shown.date, shown.seconds / 3600 * 3600};
    const auto begun = from_civil(hour, at.zone);
    return last ? wall_time{begun.us - 3600 * us_per_second} : begun;
  }
  if (word == "day")
    return start(today - days{last ? 1 : 0});
  if (word == "week") // weeks begin on Monday (ISO 8601)
    return start(today - days{weekday{today}.iso_encoding() - 1} - days{last ? 7 : 0});
  if (word == "month")
    return start((shown.date.year() / shown.date.month() / 1) - months{last ? 1 : 0});
  if (word == "year")
    return start((shown.date.year() - years{last ? 1 : 0}) / January / 1);
  return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0)
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
    text.remove_suffix(1);
  return text;
}

/// "yesterday", "yesterday 14:30", "last monday at 9".
std::optional<wall_time> named_day(std::string_view text, const time_context& context) {
  std::vector<std::string> words;
  for (auto rest = text; !rest.empty();) {
    const auto end = std::min(rest.find(' '), rest.size());
    std::string word;
    for (const char one : rest.substr(0, end))
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(one)));
    if (!word.empty())
      words.push_back(std::move(word));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (words.size() == 2 && (words[0] == "last" || words[0] == "this"))
    if (const auto start = unit_start(words[0] == "last", words[1], context))
      return start;
  if (!words.empty() && words[0] == "last")
    words.erase(words.begin());
  if (words.empty())
    return std::nullopt;
  auto day = day_of(words[0], to_civil(context.now, context.zone));
  if (!day)
    return std::nullopt;
  if (words.size() == 1)
    return from_civil(*day, context.zone);
  const bool at = words[1] == "at";
  if (words.size() != (at ? 3U : 2U))
    return std::nullopt;
  const auto clock = clock_of(words.back(), at);
  if (!clock)
    return std::nullopt;
  day->seconds = *clock / us_per_second;
  day->us = *clock % us_per_second;
  return from_civil(*day, context.zone);
}

} // namespace

result<wall_time> parse_time(std::string_view given, const time_context& context) {
  const auto text = trimmed(given);
  if (text.empty())
    return not_a_time(given, "it is empty");
  if (text.size() > 100)
    return not_a_time(text.substr(0, 40), "it is longer than 100 characters");
  if (text.size() >= 10 && text[4] == '-' && text[7] == '-')
    return parse_iso(text, context.zone);
  auto words = words_of(text);
  if (words.size() == 1 && words[0] == "now")
    return context.now;
  if (const auto day = named_day(text, context))
    return *day;
  if (const auto epoch = epoch_of(text))
    return *epoch;
  if (const auto clock = clock_of(text, false)) {
    auto today = to_civil(context.now, context.zone);
    today.seconds = *clock / us_per_second;
    today.us = *clock % us_per_second;
    return from_civil(today, context.zone);
  }
  if (words.size() > 1 && words.back() == "ago")
    words.pop_back();
  if (const auto back = length_of(words)) {
    const auto from =
        back->months == 0 ? context.now : months_before(context.now, back->months, context.zone);
    return wall_time{from.us - back->us};
  }
  if (whole_number(text))
    return not_a_time(text, "a bare number needs a unit, as in \"" + std::string{text} + "m\"");
  return not_a_time(text, {});
}

result<std::chrono::milliseconds> parse_duration(std::string_view given) {
  const auto text = trimmed(given);
  auto words = words_of(text);
  if (words.size() == 1)
    words.emplace_back("s");
  const auto long_as = length_of(words);
  if (!long_as || long_as->months != 0)
    return fault{fault_code::invalid, "\"" + std::string{given} + "\" is no length of time",
                 "Write for example 10s, 250ms, 5m or 1h30m."};
  return std::chrono::milliseconds{long_as->us / 1000};
}

std::string format_time(wall_time when, const utc_offset& zone) {
  const auto shown = to_civil(when, zone);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d",
                static_cast<int>(shown.date.year()), static_cast<unsigned>(shown.date.month()),
                static_cast<unsigned>(shown.date.day()), static_cast<int>(shown.seconds / 3600),
                static_cast<int>(shown.seconds / 60 % 60), static_cast<int>(shown.seconds % 60));
  std::string out{text.data()};
  if (shown.us != 0) {
    std::snprintf(text.data(), text.size(), ".%03d", static_cast<int>(shown.us / 1000));
    out += text.data();
  }
  return out;
}

std::string format_iso(wall_time when) {
  const auto shown = to_civil(when, {});
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ",
                static_cast<int>(shown.date.year()), static_cast<unsigned>(shown.date.month()),
                static_cast<unsigned>(shown.date.day()), static_cast<int>(shown.seconds / 3600),
                static_cast<int>(shown.seconds / 60 % 60), static_cast<int>(shown.seconds % 60),
                static_cast<int>(shown.us));
  return text.data();
}

utc_offset local_zone() {
  ::tzset();
  return [](std::int64_t utc_seconds) {
    const auto moment = static_cast<std::time_t>(utc_seconds);
    std::tm shown{};
    if (::localtime_r(&moment, &shown) == nullptr)
      return std::chrono::seconds{0};
    return std::chrono::seconds{shown.tm_gmtoff};
  };
}

} // namespace holdfast::tools
