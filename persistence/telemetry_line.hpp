// SPDX-License-Identifier: Apache-2.0
// A line of a telemetry file: how it is written, how it is read back.
#pragma once

#include "messages/telemetry.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::persistence {

/// Takes secrets out before a line is written. Both may be empty: nothing is taken out.
/// They are called from one thread at a time for lines, and from callers' threads for audit lines.
struct telemetry_redaction {
  std::function<void(std::string&)> text;             ///< Changes the text in place.
  std::function<bool(std::string_view)> names_secret; ///< Is the value of such a field a secret?
};

/// Who writes: the same for every line of one writer, and for no other writer.
struct telemetry_origin {
  std::string boot; ///< Boot, start time of the process and count of the writer within it.
  std::int64_t pid = 0;

  friend bool operator==(const telemetry_origin&, const telemetry_origin&) = default;
};

/// The origin of a new writer in this process.
telemetry_origin new_telemetry_origin();

/// One call with its number, ready to be written. Views stay valid while it is written.
struct telemetry_record {
  std::uint64_t seq = 0;
  severity level = severity::info;
  wall_time time;
  std::string_view logger;
  std::string_view message;
  std::vector<telemetry_field> fields;
  std::uint64_t cut = 0;      ///< Bytes of the message that its limit took.
  std::uint32_t unlisted = 0; ///< Fields that a limit took.
};

/// Calls that were shed, by number.
struct telemetry_shed {
  std::uint64_t count = 0;
  std::uint64_t from = 0;
  std::uint64_t to = 0;

  void add(std::uint64_t seq) {
    from = count == 0 || seq < from ? seq : from;
    to = count == 0 || seq > to ? seq : to;
    ++count;
  }

  void add(const telemetry_shed& other) {
    if (other.count == 0)
      return;
    from = count == 0 || other.from < from ? other.from : from;
    to = count == 0 || other.to > to ? other.to : to;
    count += other.count;
  }
};

/// Writes records as lines. Keeps its buffers, so that a line costs no allocation.
/// Not safe for concurrent calls.
class telemetry_printer {
public:
  telemetry_printer(telemetry_origin origin, telemetry_redaction redaction,
                    telemetry_limits limits);

  /// Appends the record as one or more lines of at most `line_bytes` each.
  void print(std::string& out, const telemetry_record& record);

  /// Appends the line that says what was shed; with a chain, as an audit line.
  void print(std::string& out, std::uint64_t seq, severity level, const telemetry_shed& shed,
             wall_time now, digest* chain = nullptr);

  /// Appends the record as audit lines; `chain` is the chain before them and becomes the chain
  /// after them. `after` names the file this one continues, on the first line of a file only.
  void print_audit(std::string& out, const telemetry_record& record, digest& chain,
                   std::string_view after);

  const telemetry_origin& origin() const { return origin_; }

private:
  void open_line(std::string& out, std::uint64_t seq, severity level, wall_time time,
                 std::string_view logger);
  void close_line(std::string& out, std::size_t begin, digest* chain);
  void print_lines(std::string& out, const telemetry_record& record, digest* chain,
                   std::string_view after);
  void print_fields(const telemetry_record& record);
  void print_time(std::string& out, wall_time time);

  telemetry_origin origin_;
  telemetry_redaction redaction_;
  telemetry_limits limits_;
  std::string origin_text_; // `","boot":"...","pid":N,"time":"`
  std::string message_;
  std::string fields_;
  std::string value_;
  std::int64_t second_ = -1; // the second whose text is `second_text_`
  std::string second_text_;
};

/// Appends as much of `text` as fits in `budget` bytes, escaped for JSON, and returns how many
/// bytes of `text` that was. Control characters, C1 and bidirectional controls and line separators
/// are escaped; invalid UTF-8 becomes U+FFFD; a character is never divided.
/// Needs a budget of at least 6 to get on.
std::size_t append_escaped(std::string& out, std::string_view text, std::size_t budget);

/// Reads one line without its line end. `corrupt` when the CRC or the form is wrong.
result<telemetry_line> parse_telemetry_line(std::string_view line);

/// The chain after `line`: SHA-256 of the chain before it and its content, which is everything
/// before `,"hash":`. Nothing when the line has no hash at its place.
std::optional<digest> telemetry_chain(const digest& before, std::string_view line);

/// `2026-11-22T06:44:54.123456Z`.
std::string telemetry_time(wall_time time);

} // namespace holdfast::persistence
