// SPDX-License-Identifier: Apache-2.0
// Reads telemetry directories and checks them.
#include "persistence/telemetry_reader.hpp"

#include "persistence/telemetry_directory.hpp"
#include "persistence/telemetry_line.hpp"

#include <zlib.h>

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>

namespace holdfast::persistence {
namespace {

constexpr std::size_t line_max = 1U << 20U;
constexpr std::size_t listed_max = 1000;

struct gz_close {
  void operator()(gzFile file) const { gzclose(file); }
};
using gz_file = std::unique_ptr<gzFile_s, gz_close>;

// First number -> last number; neighbours are one range.
class number_ranges {
public:
  /// False: it was there already.
  bool add(std::uint64_t number) {
    auto after = ranges_.upper_bound(number);
    if (after != ranges_.begin()) {
      const auto before = std::prev(after);
      if (before->second >= number)
        return false;
      if (before->second + 1 == number) {
        before->second = number;
        if (after != ranges_.end() && after->first == number + 1) {
          before->second = after->second;
          ranges_.erase(after);
        }
        return true;
      }
    }
    if (after != ranges_.end() && number + 1 == after->first) {
      const auto last = after->second;
      ranges_.erase(after);
      ranges_[number] = last;
    } else {
      ranges_[number] = number;
    }
    return true;
  }

  /// Zero when there are none.
  std::uint64_t first() const { return ranges_.empty() ? 0 : ranges_.begin()->first; }

  template <class Visit>
  void for_each_hole(Visit visit) const {
    for (auto range = ranges_.begin(); range != ranges_.end(); ++range)
      if (const auto next = std::next(range); next != ranges_.end())
        visit(range->second + 1, next->first - 1);
  }

private:
  std::map<std::uint64_t, std::uint64_t> ranges_;
};

struct writer_lines {
  number_ranges numbers;
  std::vector<telemetry_shed> shed;
  std::uint64_t parts_of = 0; // a call whose last part has not come yet
  std::uint64_t next_part = 0;
};

class verifier {
public:
  explicit verifier(std::string directory) : directory_{std::move(directory)} {}

  result<telemetry_report> run() {
    const auto listed = list_telemetry(directory_);
    if (!listed)
      return listed.error();
    for (const auto& one : *listed)
      if (!one.torn)
        check(one, *listed);
    for (const auto& [who, lines] : writers_)
      account(who, lines);
    return std::move(report_);
  }

private:
  using writer = std::tuple<std::string, std::string, std::int64_t>;

  void check(const telemetry_listed& one, const std::vector<telemetry_listed>& all) {
    const bool audit = one.stream == "audit";
    std::optional<digest> chain;
    ++report_.files;
    const auto read =
        read_telemetry_file(directory_, one.file, [&](auto finding, auto number, auto text) {
          take(one, all, audit, chain, finding, number, text);
          return true;
        });
    // A file that a prune compressed or removed in the meantime is counted by its other name.
    if (!read && read.error().code != fault_code::not_found)
      note_bad(one.file, 0, read.error().what);
    chains_[base_of(one.file)] = chain;
  }

  void take(const telemetry_listed& one, const std::vector<telemetry_listed>& all, bool audit,
            std::optional<digest>& chain, telemetry_finding finding, std::uint64_t number,
            std::string_view text) {
    if (finding == telemetry_finding::tail) {
      ++(one.open ? report_.writing : report_.torn);
      if (!one.open)
        note(one.file, number, "torn: ends inside a line");
      return;
    }
    auto line = finding == telemetry_finding::line
                    ? parse_telemetry_line(text)
                    : result<telemetry_line>{fault{fault_code::corrupt, "too long", {}}};
    if (!line) {
      note_bad(one.file, number, line.error().what);
      return;
    }
    ++report_.lines;
    if (audit)
      check_chain(one, all, *line, chain, number, text);
    count(one, number, *line);
  }

  void check_chain(const telemetry_listed& one, const std::vector<telemetry_listed>& all,
                   const telemetry_line& line, std::optional<digest>& chain, std::uint64_t number,
                   std::string_view text) {
    auto before = chain;
    if (number == 1) {
      before = digest{};
      if (!line.after.empty()) {
        const auto found = chains_.find(base_of(line.after));
        if (found != chains_.end()) {
          before = found->second.value_or(digest{});
        } else {
          before.reset();
          // Retention takes the oldest first: an older file that is closed and still here says
          // that the missing one was not pruned.
          for (const auto& older : all)
            if (older.stream == one.stream && !older.torn && !older.open && older.file < line.after)
              return note_break(one.file, number, "the file before is missing: " + line.after, line,
                                chain);
        }
      }
    }
    if (!line.hash)
      return note_break(one.file, number, "has no hash", line, chain);
    if (before && telemetry_chain(*before, text) != line.hash)
      return note_break(one.file, number, "does not continue the line before", line, chain);
    chain = line.hash;
  }

  void note_break(const std::string& file, std::uint64_t number, std::string what,
                  const telemetry_line& line, std::optional<digest>& chain) {
    ++report_.broken;
    note(file, number, "audit chain: " + std::move(what));
    chain = line.hash; // one break is one break
  }

  void count(const telemetry_listed& one, std::uint64_t number, const telemetry_line& line) {
    auto& lines = writers_[{one.stream, line.boot, line.pid}];
    if (line.part != 0) {
      if (line.seq != lines.parts_of || line.part != lines.next_part)
        note_bad(one.file, number, "is a part of a call whose other parts are elsewhere");
    } else if (!lines.numbers.add(line.seq)) {
      ++report_.repeated;
      note(one.file, number, "repeats the number " + std::to_string(line.seq));
    }
    lines.parts_of = line.seq;
    lines.next_part = line.more ? line.part + 1 : 0;
    if (line.dropped != 0)
      lines.shed.push_back({line.dropped, line.from, line.to});
  }

  // Numbers inside what shed lines tell are theirs, as many as they tell; all others are missing.
  void account(const writer& who, const writer_lines& lines) {
    std::uint64_t told = 0;
    auto shed = lines.shed;
    std::sort(shed.begin(), shed.end(),
              [](const auto& left, const auto& right) { return left.from < right.from; });
    std::vector<telemetry_shed> ranges; // disjoint
    for (const auto& one : shed) {
      told += one.count;
      if (!ranges.empty() && one.from <= ranges.back().to)
        ranges.back().to = std::max(ranges.back().to, one.to);
      else
        ranges.push_back(one);
    }
    const auto take_told = [&](std::uint64_t from, std::uint64_t to) {
      std::uint64_t covered = 0;
      for (const auto& range : ranges)
        if (range.from <= to && from <= range.to)
          covered += std::min(to, range.to) - std::max(from, range.from) + 1;
      const auto explained = std::min(covered, told);
      told -= explained;
      report_.shed += explained;
      return explained;
    };
    // What is missing before the first number was pruned, unless a shed line tells otherwise.
    if (lines.numbers.first() > 1)
      take_told(1, lines.numbers.first() - 1);
    lines.numbers.for_each_hole([&](std::uint64_t from, std::uint64_t to) {
      const auto missing = to - from + 1 - take_told(from, to);
      report_.missing += missing;
      if (missing != 0 && report_.gaps.size() < listed_max)
        report_.gaps.push_back({std::get<0>(who), std::get<1>(who), std::get<2>(who), from, to});
    });
  }

  void note_bad(const std::string& file, std::uint64_t line, std::string what) {
    ++report_.bad;
    note(file, line, std::move(what));
  }

  void note(const std::string& file, std::uint64_t line, std::string what) {
    if (report_.damage.size() < listed_max)
      report_.damage.push_back({file, line, std::move(what)});
  }

  static std::string base_of(std::string_view file) {
    if (file.ends_with(".gz"))
      file.remove_suffix(3);
    return std::string{file};
  }

  std::string directory_;
  telemetry_report report_;
  std::map<writer, writer_lines> writers_;
  std::map<std::string, std::optional<digest>> chains_; // by file, after its last line
};

} // namespace

result<void> read_telemetry_file(
    const std::string& directory, std::string_view file,
    const std::function<bool(telemetry_finding, std::uint64_t, std::string_view)>& visit) {
  auto opened = open_in(directory, file, O_RDONLY);
  if (!opened)
    return fault{errno == ENOENT ? fault_code::not_found : fault_code::denied,
                 "cannot open " + std::string{file},
                 {}};
  // zlib reads files that are not compressed as they are. It takes the descriptor over.
  const gz_file source{gzdopen(opened.get(), "rb")};
  if (!source)
    return fault{fault_code::undone, "no memory to read " + std::string{file}, {}};
  opened.forget();
  gzbuffer(source.get(), 1U << 16U);
  std::string line;
  std::string piece(1U << 16U, '\0');
  std::uint64_t number = 1;
  for (;;) {
    const auto got = gzread(source.get(), piece.data(), static_cast<unsigned>(piece.size()));
    if (got < 0)
      return fault{fault_code::corrupt, "cannot decompress " + std::string{file}, {}};
    if (got == 0)
      break;
    std::string_view rest{piece.data(), static_cast<std::size_t>(got)};
    for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      line.append(rest.substr(0, end));
      rest.remove_prefix(end + 1);
      if (!visit(telemetry_finding::line, number++, line))
        return {};
      line.clear();
    }
    line.append(rest);
    if (line.size() > line_max) {
      if (!visit(telemetry_finding::bad, number, line))
        return {};
      line.clear();
    }
  }
  int state = Z_OK;
  static_cast<void>(gzerror(source.get(), &state));
  if (state != Z_OK && state != Z_STREAM_END)
    return fault{fault_code::corrupt, std::string{file} + " is cut short", {}};
  if (!line.empty())
    visit(telemetry_finding::tail, number, line);
  return {};
}

std::optional<digest> last_telemetry_chain(const std::string& directory, std::string_view file) {
  std::optional<digest> last;
  const auto read =
      read_telemetry_file(directory, file, [&last](auto finding, auto, std::string_view text) {
        if (finding == telemetry_finding::line)
          if (const auto line = parse_telemetry_line(text))
            last = line->hash;
        return true;
      });
  if (!read)
    return std::nullopt;
  return last;
}

result<telemetry_report> verify_telemetry(const std::string& directory) {
  return verifier{directory}.run();
}

} // namespace holdfast::persistence
