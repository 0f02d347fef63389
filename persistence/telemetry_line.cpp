// SPDX-License-Identifier: Apache-2.0
// Writes telemetry lines: escaping, division of long messages, CRC and audit chain.
#include "persistence/telemetry_line.hpp"

#include "persistence/crc32c.hpp"
#include "persistence/sha256.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <charconv>
#include <chrono>
#include <cmath>

namespace holdfast::persistence {
namespace {

constexpr std::string_view hexadecimal = "0123456789abcdef";

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> text{};
  const auto made = std::to_chars(text.data(), text.data() + text.size(), number);
  out.append(text.data(), made.ptr);
}

void append_two(std::string& out, unsigned number) {
  out += static_cast<char>('0' + number / 10 % 10);
  out += static_cast<char>('0' + number % 10);
}

void append_unicode(std::string& out, std::uint32_t point) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4)
    out += hexadecimal[(point >> static_cast<unsigned>(shift)) & 15U];
}

struct decoded {
  std::uint32_t point = 0;
  std::size_t size = 0; // 0: not UTF-8
};

// Overlong forms, surrogates and points beyond U+10FFFF are not UTF-8.
decoded decode_utf8(std::string_view text) {
  const auto at = [&text](std::size_t index) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[index]));
  };
  const auto first = at(0);
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xC2 ? 0
                           : first < 0xE0 ? 2
                           : first < 0xF0 ? 3
                           : first < 0xF5 ? 4
                                          : 0;
  if (size == 0 || size > text.size())
    return {};
  auto point = size == 1 ? first : first & (0xFFU >> (size + 1));
  for (std::size_t next = 1; next < size; ++next) {
    if ((at(next) & 0xC0U) != 0x80U)
      return {};
    point = point << 6U | (at(next) & 0x3FU);
  }
  if ((size == 3 && (point < 0x800 || (point >= 0xD800 && point < 0xE000)))
      || (size == 4 && (point < 0x10000 || point > 0x10FFFF)))
    return {};
  return {point, size};
}

bool must_be_hidden(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x2028 && point <= 0x202E)
         || (point >= 0x2066 && point <= 0x2069);
}

constexpr auto plain = [] {
  std::array<bool, 256> made{};
  for (std::size_t byte = 0x20; byte < 0x7F; ++byte)
    made[byte] = byte != '"' && byte != '\\';
  return made;
}();

// Escapes one character into `out`; returns its size in `text`.
std::size_t append_character(std::string& out, std::string_view text) {
  const auto [point, size] = decode_utf8(text);
  if (size == 0) {
    out += "\xEF\xBF\xBD";
    return 1;
  }
  if (point == '"' || point == '\\') {
    out += '\\';
    out += text[0];
  } else if (point == '\n') {
    out += "\\n";
  } else if (point == '\r') {
    out += "\\r";
  } else if (point == '\t') {
    out += "\\t";
  } else if (must_be_hidden(point)) {
    append_unicode(out, point);
  } else {
    out.append(text.substr(0, size));
  }
  return size;
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text, std::string::npos);
  out += '"';
}

std::string read_whole(const char* path) {
  std::string text;
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return text;
  std::array<char, 1024> piece{};
  for (auto got = ::read(fd, piece.data(), piece.size()); got > 0 && text.size() < 65536;
       got = ::read(fd, piece.data(), piece.size()))
    text.append(piece.data(), static_cast<std::size_t>(got));
  ::close(fd);
  return text;
}

// The 22nd field of /proc/self/stat; the second may hold spaces, but ends at the last `)`.
std::string start_of_this_process() {
  const auto stat = read_whole("/proc/self/stat");
  auto at = stat.rfind(')');
  for (int field = 2; field < 22 && at != std::string::npos; ++field)
    at = stat.find(' ', at + 1);
  if (at == std::string::npos)
    return "0";
  return stat.substr(at + 1, stat.find(' ', at + 1) - at - 1);
}

} // namespace

std::size_t append_escaped(std::string& out, std::string_view text, std::size_t budget) {
  std::size_t done = 0;
  while (done < text.size()) {
    auto run = done;
    const auto run_end = text.size() - done > budget ? done + budget : text.size();
    while (run < run_end && plain[static_cast<unsigned char>(text[run])])
      ++run;
    out.append(text.substr(done, run - done));
    budget -= run - done;
    done = run;
    if (done == text.size() || budget < 6)
      break;
    const auto before = out.size();
    done += append_character(out, text.substr(done));
    budget -= out.size() - before;
  }
  return done;
}

telemetry_origin new_telemetry_origin() {
  static std::atomic<unsigned> writers{0};
  const auto boot = read_whole("/proc/sys/kernel/random/boot_id");
  auto name = boot.size() < 8 ? std::string{"00000000"} : boot.substr(0, 8);
  name += '.' + start_of_this_process() + '.' + std::to_string(++writers);
  return {std::move(name), ::getpid()};
}

std::string telemetry_time(wall_time time) {
  const auto day_us = std::int64_t{86'400'000'000};
  const auto days = time.us / day_us - (time.us % day_us < 0 ? 1 : 0);
  const auto rest = time.us - days * day_us;
  const auto date = std::chrono::year_month_day{std::chrono::sys_days{std::chrono::days{days}}};
  const auto year = std::clamp(static_cast<int>(date.year()), 0, 9999);
  std::string out;
  append_two(out, static_cast<unsigned>(year) / 100);
  append_two(out, static_cast<unsigned>(year) % 100);
  out += '-';
  append_two(out, static_cast<unsigned>(date.month()));
  out += '-';
  append_two(out, static_cast<unsigned>(date.day()));
  out += 'T';
  const auto seconds = static_cast<unsigned>(rest / 1'000'000);
  append_two(out, seconds / 3600);
  out += ':';
  append_two(out, seconds / 60 % 60);
  out += ':';
  append_two(out, seconds % 60);
  out += '.';
  const auto micros = static_cast<unsigned>(rest % 1'000'000);
  append_two(out, micros / 10000);
  append_two(out, micros / 100 % 100);
  append_two(out, micros % 100);
  out += 'Z';
  return out;
}

telemetry_printer::telemetry_printer(telemetry_origin origin, telemetry_redaction redaction,
                                     telemetry_limits limits)
    : origin_{std::move(origin)}, redaction_{std::move(redaction)}, limits_{limits} {
  // A line must hold its frame, all fields, and get on with the message.
  assert(limits_.line_bytes >= limits_.fields_bytes + 2048);
  origin_text_ = ",\"boot\":";
  append_string(origin_text_, origin_.boot);
  origin_text_ += ",\"pid\":" + std::to_string(origin_.pid) + ",\"time\":\"";
}

void telemetry_printer::print(std::string& out, const telemetry_record& record) {
  print_lines(out, record, nullptr, {});
}

void telemetry_printer::print_audit(std::string& out, const telemetry_record& record, digest& chain,
                                    std::string_view after) {
  print_lines(out, record, &chain, after);
}

void telemetry_printer::print(std::string& out, std::uint64_t seq, severity level,
                              const telemetry_shed& shed, wall_time now, digest* chain) {
  const auto begin = out.size();
  open_line(out, seq, level, now, "telemetry");
  out += ",\"message\":\"lines were shed\",\"dropped\":";
  append_number(out, shed.count);
  out += ",\"from\":";
  append_number(out, shed.from);
  out += ",\"to\":";
  append_number(out, shed.to);
  close_line(out, begin, chain);
}

void telemetry_printer::print_time(std::string& out, wall_time time) {
  const auto second = time.us / 1'000'000;
  if (second != second_ || time.us < 0) {
    second_text_ = telemetry_time(time);
    second_ = second;
    out += second_text_;
    second_text_.resize(second_text_.size() - 7);
    return;
  }
  out += second_text_;
  const auto micros = static_cast<unsigned>(time.us % 1'000'000);
  append_two(out, micros / 10000);
  append_two(out, micros / 100 % 100);
  append_two(out, micros % 100);
  out += 'Z';
}

void telemetry_printer::open_line(std::string& out, std::uint64_t seq, severity level,
                                  wall_time time, std::string_view logger) {
  out += "{\"seq\":";
  append_number(out, seq);
  out += origin_text_;
  print_time(out, time);
  out += "\",\"level\":\"";
  out += to_string(level);
  out += "\",\"logger\":\"";
  append_escaped(out, logger, 600);
  out += '"';
}

void telemetry_printer::close_line(std::string& out, std::size_t begin, digest* chain) {
  if (chain != nullptr) {
    *chain = sha256({as_chars(*chain), std::string_view{out}.substr(begin)});
    out += ",\"hash\":\"";
    out += to_hex(*chain);
    out += '"';
  }
  auto crc = crc32c(std::string_view{out}.substr(begin));
  out += ",\"crc\":\"";
  for (int digit = 0; digit < 8; ++digit, crc <<= 4U)
    out += hexadecimal[crc >> 28U];
  out += "\"}\n";
}

void telemetry_printer::print_fields(const telemetry_record& record) {
  fields_.clear();
  auto unlisted = record.unlisted;
  for (const auto& field : record.fields) {
    const auto before = fields_.size();
    fields_ += before == 0 ? '{' : ',';
    append_string(fields_, field.name);
    fields_ += ':';
    if (redaction_.names_secret && redaction_.names_secret(field.name))
      fields_ += "\"[redacted]\"";
    else if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      value_ = *text;
      if (redaction_.text)
        redaction_.text(value_);
      append_string(fields_, value_);
    } else if (const auto* truth = std::get_if<bool>(&field.value))
      fields_ += *truth ? "true" : "false";
    else if (const auto* real = std::get_if<double>(&field.value); real && std::isfinite(*real))
      append_number(fields_, *real);
    else if (real != nullptr)
      fields_ += std::isnan(*real) ? "\"nan\"" : *real > 0 ? "\"inf\"" : "\"-inf\"";
    else if (const auto* whole = std::get_if<std::int64_t>(&field.value))
      append_number(fields_, *whole);
    else
      append_number(fields_, std::get<std::uint64_t>(field.value));
    if (fields_.size() > limits_.fields_bytes) {
      fields_.resize(before);
      ++unlisted;
    }
  }
  if (!fields_.empty())
    fields_ = ",\"fields\":" + fields_ + '}';
  if (unlisted != 0)
    fields_ += ",\"unlisted\":" + std::to_string(unlisted);
  if (record.cut != 0)
    fields_ += ",\"cut\":" + std::to_string(record.cut);
}

void telemetry_printer::print_lines(std::string& out, const telemetry_record& record, digest* chain,
                                    std::string_view after) {
  // What may follow the message: `","part":4294967295,"more":true` or the fields, hash and CRC.
  constexpr std::size_t frame = 160;
  message_ = record.message;
  if (redaction_.text)
    redaction_.text(message_); // before it is divided, or a secret could hide in the seam
  print_fields(record);
  auto rest = std::string_view{message_};
  for (std::uint32_t part = 0;; ++part) {
    const auto begin = out.size();
    open_line(out, record.seq, record.level, record.time, record.logger);
    if (part == 0 && !after.empty()) {
      out += ",\"after\":";
      append_string(out, after);
    }
    out += ",\"message\":\"";
    const auto used = out.size() - begin + frame;
    assert(used + 64 < limits_.line_bytes);
    rest.remove_prefix(append_escaped(out, rest, limits_.line_bytes - used));
    out += '"';
    const bool last =
        rest.empty() && out.size() - begin + frame + fields_.size() <= limits_.line_bytes;
    if (part != 0 || !last) {
      out += ",\"part\":";
      append_number(out, part);
    }
    out += last ? std::string_view{fields_} : std::string_view{",\"more\":true"};
    close_line(out, begin, chain);
    if (last)
      return;
  }
}

std::optional<digest> telemetry_chain(const digest& before, std::string_view line) {
  constexpr std::size_t tail = 18 + 74; // `,"crc":"xxxxxxxx"}` and `,"hash":"<64>"`
  if (line.size() < tail || line.substr(line.size() - tail, 9) != ",\"hash\":\"")
    return std::nullopt;
  return sha256({as_chars(before), line.substr(0, line.size() - tail)});
}

} // namespace holdfast::persistence
