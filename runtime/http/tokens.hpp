// SPDX-License-Identifier: Apache-2.0
// The bearer tokens that are good on TCP, and the file they come from.
#pragma once

#include "messages/ids.hpp"
#include "runtime/http/message.hpp"
#include "runtime/os/guarded.hpp"
#include "runtime/os/threads.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::http {

/// What a token's holder is called and may do.
struct token_holder {
  std::string name;
  role may = role::reads;

  friend bool operator==(const token_holder&, const token_holder&) = default;
};

/// Some tokens, of which only digests are kept. A value; at most 1,000.
class token_list {
public:
  /// One token a line: `NAME ROLE SECRET`. NAME: 1 to 64 of letters, digits, `.`, `_`, `-`; ROLE:
  /// `read-only` or `operator`; SECRET: 32 to 512 visible ASCII characters. Empty lines and lines
  /// that begin with `#` are passed over; one token must remain. The fault names the line, never
  /// what stands in it.
  static result<token_list> parse(std::string_view text);

  /// Whose token that is. Looks at every token and compares in constant time, so that the time it
  /// takes tells nothing about any of them.
  std::optional<token_holder> find(std::string_view shown) const;

private:
  struct entry {
    token_holder whose;
    digest secret{};
  };
  std::vector<entry> held_;
};

/// A token file that may change while it is used: it is looked at every second, and what it says
/// then counts from then on. While it cannot be read, or is wrong, the tokens read last stay good.
/// Any thread.
class token_file {
public:
  /// Reads the file. `invalid` when it is wrong, `denied` when group or others
  /// may read it. `told` hears of each later change and of each trouble, once; it must not block.
  static result<std::unique_ptr<token_file>> open(std::filesystem::path path,
                                                  std::function<void(const result<void>&)> told);
  ~token_file();

  std::optional<token_holder> find(std::string_view shown) const;

  /// Why the file's present content does not count; no value: it does.
  std::optional<fault> trouble() const;

  /// Looks at once; for tests, and for whoever cannot wait a second.
  void look();

private:
  struct state {
    std::shared_ptr<const token_list> tokens;
    std::string text; ///< As read last, to know a change by.
    std::optional<fault> trouble;
    bool ended = false;
  };

  token_file(std::filesystem::path path, std::function<void(const result<void>&)> told);

  const std::filesystem::path path_;
  const std::function<void(const result<void>&)> told_;
  os::guarded<state> state_;
  os::named_thread thread_;
};

} // namespace holdfast::http
