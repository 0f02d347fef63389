// SPDX-License-Identifier: Apache-2.0
// What a history says of supervisors and children before they run.
#pragma once

#include "messages/child_spec.hpp"
#include "messages/fault.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::rehearsal {

using std::chrono::milliseconds;
using words = std::span<const std::string>;

/// What one start of a scripted child does.
struct start_act {
  enum class kind { ok, ignores, fails, crashes, hangs };

  kind how = kind::ok;
  std::string text{};   ///< Of the failure, or what the child says of itself.
  milliseconds after{}; ///< Its first step takes so long.
};

/// What a scripted child does when it is asked to end.
struct stop_act {
  enum class kind { ends, ends_normally, crashes, ignores };

  kind how = kind::ends;
  std::string text{};
  milliseconds after{}; ///< It takes so long to clean up.
};

/// How a scripted child behaves.
struct conduct {
  std::vector<start_act> starts{}; ///< One after the other; the last is repeated.
  stop_act stops{};
};

struct declared_child {
  child_spec spec;
  std::string of; ///< Its supervisor.
};

struct declared_supervisor {
  supervisor_flags flags;
  std::vector<std::string> children{}; ///< In their order.
};

/// All that was declared so far. Declaring again changes what was said before.
struct declarations {
  std::map<std::string, declared_supervisor, std::less<>> supervisors;
  std::map<std::string, declared_child, std::less<>> children; ///< Also those that supervise.
  std::map<std::string, conduct, std::less<>> conducts;
  std::string root; ///< The first supervisor.

  /// `supervisor NAME [of NAME] KEY VALUE ...`
  result<void> add_supervisor(words said);
  /// `child ID of NAME KEY VALUE ...`
  result<void> add_child(words said);
  /// `script ID starts ACT, ACT ... | stops ACT`
  result<void> add_script(words said);
};

result<void> read_flags(supervisor_flags& into, words said);
result<void> read_spec(child_spec& into, words said);
result<milliseconds> read_time(const std::string& said);
result<std::uint64_t> read_number(const std::string& said, std::uint64_t most);

/// A spec in the words of the language.
std::string spoken(const child_spec& spec);

} // namespace holdfast::rehearsal
