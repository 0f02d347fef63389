// SPDX-License-Identifier: Apache-2.0
// What every command is given: the options common to all, and where results and messages go.
#pragma once

#include "messages/fault.hpp"
#include "messages/value.hpp"
#include "tools/command.hpp"
#include "tools/time_expression.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::tools {

/// The options that every command takes.
struct common_options {
  bool json = false;
  bool plain = false;
  bool quiet = false;
  bool no_color = false;
  bool no_pager = false;
  std::string color = "auto";
  std::string timeout;
  std::string socket;
  std::string data;
  std::string config;
};

/// The same as they appear in help and parser; `into` must outlive the specs.
std::vector<option_spec> common_specs(common_options& into);

enum class tone { plain, good, warn, bad, dim, strong };

/// How a column stands in a table.
enum class side { left, right };

struct column {
  std::string title;
  side aligned = side::left;
};

/// Text without what could steer a terminal: controls, C1 codes, and bytes that are not UTF-8.
std::string printable(std::string_view text);

/// Results go to stdout, messages to stderr. Not for concurrent use.
class session {
public:
  explicit session(common_options chosen);

  const common_options& options() const { return options_; }
  bool json() const { return options_.json; }
  bool terminal() const { return out_terminal_; }
  bool error_terminal() const { return err_terminal_; }
  bool colors() const { return colors_; }

  /// One line of results.
  void line(std::string_view text);
  /// Results as they are, unchecked and unbuffered by line; for machine-readable output.
  void raw(std::string_view text);
  /// A message for the person, not part of the results; silent with `-q`.
  void note(std::string_view text) const;
  /// `{"schema":"holdfast.<what>","version":1, ...}` on one line.
  void document(std::string_view what, object members);
  /// Rows under titles, aligned; with `--plain` one row a line, parted by tabs, without titles.
  void table(const std::vector<column>& columns, const std::vector<std::vector<std::string>>& rows);
  /// The text in a colour, where colours are wanted.
  std::string toned(tone chosen, std::string_view text) const;

  /// Sends what follows through the pager if stdout is a terminal and pages are wanted.
  void page();
  /// Writes out what is buffered and waits for the pager. False: stdout did not take everything.
  bool finish();

  const time_context& time() const { return time_; }
  /// Reads a time option; the fault names the option.
  result<wall_time> parse_time_option(std::string_view option, std::string_view text) const;

  /// The deadline of one request to a daemon.
  std::chrono::milliseconds request_timeout() const { return request_timeout_; }
  void limit_requests(std::chrono::milliseconds to) { request_timeout_ = to; }

private:
  common_options options_;
  bool out_terminal_ = false;
  bool err_terminal_ = false;
  bool colors_ = false;
  time_context time_;
  std::chrono::milliseconds request_timeout_{30000};
  std::FILE* pager_ = nullptr;
};

/// `holdfast: what. help`, as one line for stderr.
std::string sentence_of(const fault& problem);

} // namespace holdfast::tools
