// SPDX-License-Identifier: Apache-2.0
// The JSON of Holdfast's own messages, both ways; and its times.
#include "runtime/json.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace holdfast::json {

namespace {

constexpr std::string_view to_text(record_kind kind) {
  switch (kind) {
  case record_kind::event:
    return "event";
  case record_kind::checkpoint:
    return "checkpoint";
  case record_kind::cursor:
    return "cursor";
  case record_kind::control:
    return "control";
  case record_kind::anchor:
    return "anchor";
  case record_kind::audit:
    return "audit";
  case record_kind::gap:
    return "gap";
  case record_kind::supervision:
    return "supervision";
  }
  return "event";
}

fault misfit(std::string_view member, std::string_view rule) {
  return {fault_code::invalid, "`" + std::string{member} + "` " + std::string{rule}, ""};
}

/// Takes members out of an object one by one and remembers the first that does not fit.
class taker {
public:
  explicit taker(const value& from) : from_{from} {
    if (from.as<object>() == nullptr)
      problem_ = fault{fault_code::invalid, "not an object", ""};
  }

  void take(std::string_view name, std::string& into) {
    if (const auto* found = member(name)) {
      if (const auto* text = found->as<std::string>())
        into = *text;
      else
        refuse(name, "must be text");
    }
  }
  void take(std::string_view name, bool& into) {
    if (const auto* found = member(name)) {
      if (const auto* truth = found->as<bool>())
        into = *truth;
      else
        refuse(name, "must be true or false");
    }
  }
  void take(std::string_view name, std::uint64_t& into) {
    if (const auto* found = member(name)) {
      const auto* small = found->as<std::int64_t>();
      const auto* large = found->as<std::uint64_t>();
      if (large != nullptr)
        into = *large;
      else if (small != nullptr && *small >= 0)
        into = static_cast<std::uint64_t>(*small);
      else
        refuse(name, "must be a whole number, 0 or more");
    }
  }
  void take(std::string_view name, std::uint16_t& into) {
    std::uint64_t wide = into;
    take(name, wide);
    if (wide > UINT16_MAX)
      refuse(name, "must be at most 65535");
    else
      into = static_cast<std::uint16_t>(wide);
  }
  void take(std::string_view name, sequence& into) { take(name, into.value); }
  void take(std::string_view name, wall_time& into) {
    if (const auto* found = member(name)) {
      const auto* text = found->as<std::string>();
      auto read = text == nullptr ? result<wall_time>{misfit(name, "must be a time as text")}
                                  : parse_time(*text);
      if (read)
        into = *read;
      else
        refuse(name, "must be a time such as 2026-08-01T12:34:56Z");
    }
  }
  void take(std::string_view name, durability& into) {
    std::string text{to_string(into)};
    take(name, text);
    for (const auto level : {durability::none, durability::process, durability::power})
      if (to_string(level) == text) {
        into = level;
        return;
      }
    refuse(name, "must be none, process or power");
  }
  template <std::size_t Size>
  void take(std::string_view name, std::array<std::uint8_t, Size>& into) {
    std::string text;
    take(name, text);
    if (text.empty())
      return;
    if (text.size() != 2 * Size)
      return refuse(name, "must be " + std::to_string(2 * Size) + " hexadecimal digits");
    for (std::size_t i = 0; i < Size; ++i) {
      const auto* at = text.data() + 2 * i;
      if (std::from_chars(at, at + 2, into[i], 16).ptr != at + 2)
        return refuse(name, "must be hexadecimal");
    }
  }

  const value* member(std::string_view name) const {
    const auto* found = from_.find(name);
    return found == nullptr || found->is_null() ? nullptr : found;
  }

  template <class T>
  result<T> done(T made) {
    if (problem_)
      return *problem_;
    return made;
  }

  void refuse(std::string_view name, std::string_view rule) {
    if (!problem_)
      problem_ = misfit(name, rule);
  }

private:
  const value& from_;
  std::optional<fault> problem_;
};

/// Reads exactly `count` digits at `at` and moves on.
bool digits(std::string_view text, std::size_t& at, std::size_t count, int& into) {
  if (text.size() < at + count)
    return false;
  const auto* begin = text.data() + at;
  const auto read = std::from_chars(begin, begin + count, into);
  if (read.ptr != begin + count || *begin == '-')
    return false;
  at += count;
  return true;
}

bool sign(std::string_view text, std::size_t& at, std::string_view allowed) {
  if (at >= text.size() || allowed.find(text[at]) == std::string_view::npos)
    return false;
  ++at;
  return true;
}

/// `Z`, `+02:00`, `-0530`; nothing is UTC too. In minutes.
bool offset_of(std::string_view text, std::size_t& at, int& minutes) {
  minutes = 0;
  if (at == text.size() || sign(text, at, "Zz"))
    return true;
  const bool west = text[at] == '-';
  int hour = 0;
  int minute = 0;
  if (!sign(text, at, "+-") || !digits(text, at, 2, hour))
    return false;
  sign(text, at, ":");
  if (!digits(text, at, 2, minute) || hour > 14 || minute > 59)
    return false;
  minutes = (hour * 60 + minute) * (west ? -1 : 1);
  return true;
}

struct clock_time {
  int hour = 0;
  int minute = 0;
  int second = 0;
  int micros = 0;
};

bool clock_of(std::string_view text, std::size_t& at, clock_time& into) {
  if (!digits(text, at, 2, into.hour) || !sign(text, at, ":") || !digits(text, at, 2, into.minute))
    return false;
  if (sign(text, at, ":")) {
    if (!digits(text, at, 2, into.second))
      return false;
    if (sign(text, at, ".,")) {
      int read = 0;
      int unit = 100000;
      for (int digit = 0; digits(text, at, 1, digit); unit /= 10, ++read)
        into.micros += digit * unit;
      if (read == 0)
        return false;
    }
  }
  return into.hour < 24 && into.minute < 60 && into.second < 60;
}

void put_member(std::string_view name, std::string_view raw, std::string& out) {
  out += ",\"";
  out += name;
  out += "\":";
  out += raw;
}

void put_text(std::string_view name, std::string_view text, std::string& out) {
  put_member(name, "", out);
  print_text(text, out);
}

} // namespace

std::string print_time(wall_time when) {
  using namespace std::chrono;
  const sys_time<microseconds> at{microseconds{when.us}};
  const auto midnight = floor<days>(at);
  const year_month_day date{midnight};
  const hh_mm_ss clock{at - midnight};
  char text[48];
  std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

result<wall_time> parse_time(std::string_view text) {
  using namespace std::chrono;
  const fault bad{fault_code::invalid, "not a time: \"" + std::string{text.substr(0, 60)} + "\"",
                  "write it as 2026-08-01T12:34:56Z"};
  std::size_t at = 0;
  int year_number = 0;
  int month_number = 0;
  int day_number = 0;
  if (!digits(text, at, 4, year_number) || !sign(text, at, "-")
      || !digits(text, at, 2, month_number) || !sign(text, at, "-")
      || !digits(text, at, 2, day_number))
    return bad;
  const year_month_day date{year{year_number}, month{static_cast<unsigned>(month_number)},
                            day{static_cast<unsigned>(day_number)}};
  clock_time clock;
  int minutes_east = 0;
  if (sign(text, at, "Tt ") && (!clock_of(text, at, clock) || !offset_of(text, at, minutes_east)))
    return bad;
  if (at != text.size() || !date.ok())
    return bad;
  const auto when = sys_days{date} + hours{clock.hour} + minutes{clock.minute - minutes_east}
                    + seconds{clock.second} + microseconds{clock.micros};
  return wall_time{duration_cast<microseconds>(when.time_since_epoch()).count()};
}

value to_value(const recorded_event& record) {
  object made{{"sequence", record.at.value},
              {"stream", record.stream},
              {"type", record.type},
              {"schema", record.schema},
              {"time", print_time(record.time)},
              {"recorded", print_time(record.recorded)},
              {"durability", to_string(record.level)},
              {"body", record.body}};
  if (record.kind != record_kind::event)
    made["kind"] = to_text(record.kind);
  if (!record.key.empty())
    made["key"] = record.key;
  if (record.causation.value != 0)
    made["causation"] = record.causation.value;
  if (!record.trace.empty())
    made["trace"] = record.trace;
  return made;
}

value to_value(const checkpoint_info& taken) {
  return object{{"owner", taken.owner},
                {"sequence", taken.covered.value},
                {"record", taken.record.value},
                {"chain", to_hex(taken.chain)},
                {"schema", taken.schema},
                {"size", taken.size},
                {"sha256", to_hex(taken.state_sha)},
                {"parent", taken.parent.value},
                {"time", print_time(taken.time)},
                {"reason", taken.reason}};
}

value to_value(const consumer_info& place) {
  return object{{"consumer", place.consumer},
                {"position", place.position.value},
                {"record", place.record.value},
                {"time", print_time(place.time)},
                {"has_state", place.has_state}};
}

value to_value(const fault& problem) {
  return object{
      {"error",
       object{{"code", to_string(problem.code)}, {"what", problem.what}, {"help", problem.help}}}};
}

void print_answer(const append_answer& answer, std::uint64_t line, std::string& out) {
  const auto begin = out.size();
  if (answer.what == outcome::stored || answer.what == outcome::duplicate)
    put_text("durability", to_string(answer.level), out);
  if (!answer.error.empty())
    put_text("error", answer.error, out);
  if (answer.first_seen.us != 0)
    put_text("first_seen", print_time(answer.first_seen), out);
  if (line != 0)
    put_member("line", std::to_string(line), out);
  put_text("outcome", to_string(answer.what), out);
  if (answer.at.value != 0)
    put_member("sequence", std::to_string(answer.at.value), out);
  out[begin] = '{';
  out += '}';
}

void print_line(const recorded_event& record, std::string& out) {
  out += "{\"sequence\":" + std::to_string(record.at.value);
  if (record.kind != record_kind::event)
    put_text("kind", to_text(record.kind), out);
  put_text("stream", record.stream, out);
  put_text("type", record.type, out);
  put_member("schema", std::to_string(record.schema), out);
  if (!record.key.empty())
    put_text("key", record.key, out);
  put_text("time", print_time(record.time), out);
  put_text("recorded", print_time(record.recorded), out);
  put_text("durability", to_string(record.level), out);
  if (record.causation.value != 0)
    put_member("causation", std::to_string(record.causation.value), out);
  if (!record.trace.empty())
    put_text("trace", record.trace, out);
  put_member("body", "", out);
  print(record.body, out);
  out += '}';
}

result<recorded_event> record_from(const value& given) {
  taker from{given};
  recorded_event made;
  std::string kind{"event"};
  from.take("sequence", made.at);
  from.take("kind", kind);
  from.take("stream", made.stream);
  from.take("type", made.type);
  from.take("schema", made.schema);
  from.take("key", made.key);
  from.take("time", made.time);
  from.take("recorded", made.recorded);
  from.take("durability", made.level);
  from.take("causation", made.causation);
  from.take("trace", made.trace);
  from.take("content", made.content);
  from.take("chain", made.chain);
  bool known = false;
  for (const auto one :
       {record_kind::event, record_kind::checkpoint, record_kind::cursor, record_kind::control,
        record_kind::anchor, record_kind::audit, record_kind::gap, record_kind::supervision})
    if (to_text(one) == kind) {
      made.kind = one;
      known = true;
    }
  if (!known)
    from.refuse("kind", "is none that is known");
  if (const auto* body = given.find("body"))
    made.body = *body;
  else
    from.refuse("body", "is missing");
  return from.done(std::move(made));
}

result<append_answer> answer_from(const value& given) {
  taker from{given};
  append_answer made;
  std::string what;
  from.take("outcome", what);
  from.take("sequence", made.at);
  from.take("first_seen", made.first_seen);
  from.take("durability", made.level);
  from.take("error", made.error);
  bool known = false;
  for (const auto one : {outcome::stored, outcome::duplicate, outcome::conflict, outcome::rejected,
                         outcome::unknown})
    if (to_string(one) == what) {
      made.what = one;
      known = true;
    }
  if (!known)
    from.refuse("outcome", "is none that is known");
  return from.done(std::move(made));
}

result<checkpoint_info> checkpoint_from(const value& given) {
  taker from{given};
  checkpoint_info made;
  from.take("owner", made.owner);
  from.take("sequence", made.covered);
  from.take("record", made.record);
  from.take("chain", made.chain);
  from.take("schema", made.schema);
  from.take("size", made.size);
  from.take("sha256", made.state_sha);
  from.take("parent", made.parent);
  from.take("time", made.time);
  from.take("reason", made.reason);
  return from.done(std::move(made));
}

result<consumer_info> consumer_from(const value& given) {
  taker from{given};
  consumer_info made;
  from.take("consumer", made.consumer);
  from.take("position", made.position);
  from.take("record", made.record);
  from.take("time", made.time);
  from.take("has_state", made.has_state);
  return from.done(std::move(made));
}

fault fault_from(const value& given, fault_code otherwise) {
  const auto* inner = given.find("error");
  const auto& told = inner == nullptr ? given : *inner;
  fault made{otherwise, told.text_at("what"), told.text_at("help")};
  const auto name = told.text_at("code");
  for (int code = 1; code <= fault_code_last; ++code)
    if (to_string(static_cast<fault_code>(code)) == name)
      made.code = static_cast<fault_code>(code);
  return made;
}

} // namespace holdfast::json
