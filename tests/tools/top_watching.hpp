// SPDX-License-Identifier: Apache-2.0
// Trees of actors as they are told, and somebody who watches them in `holdfast top`.
#pragma once

#include "tools/top/model.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace top_test {

using namespace holdfast;
using namespace holdfast::tools::top;
using namespace std::chrono_literals;

/// One actor as `/v1/actors` tells it.
struct told_actor {
  std::string name = "fold a";
  std::string supervisor = "folds";
  std::string state = "running";
  std::uint64_t handled = 0;
  std::uint64_t busy_ms = 0;
  std::uint64_t lived_ms = 0;
  std::uint64_t queued = 0;
  std::uint64_t restarts = 0;
  std::string last_cause{};
  std::vector<std::string> lints{};
  bool counted = true;
};

inline value json_of(const told_actor& one) {
  array lints;
  for (const auto& id : one.lints)
    lints.emplace_back(id);
  object made{{"name", one.name},
              {"supervisor", one.supervisor},
              {"state", one.state},
              {"lints", std::move(lints)},
              {"in_state_ms", 1700},
              {"restarts", one.restarts},
              {"incarnation", 1},
              {"last_cause", one.last_cause},
              {"budget", object{{"used", one.restarts}, {"limit", 10}}}};
  if (one.counted)
    made.emplace("counters", object{{"handled", one.handled},
                                    {"queued", one.queued},
                                    {"busy_us", one.busy_ms * 1000},
                                    {"idle_us", (one.lived_ms - one.busy_ms) * 1000},
                                    {"p99_us", 230}});
  return made;
}

inline value tree_of(const std::vector<told_actor>& actors, const std::string& source = "daemon") {
  array all;
  for (const auto& one : actors)
    all.push_back(json_of(one));
  array keepers{object{{"name", "root"}, {"parent", ""}, {"answered", true}},
                object{{"name", "folds"}, {"parent", "root"}, {"answered", true}}};
  return object{{"source", source},
                {"process", "its process is gone"},
                {"as_of", "2026-11-22T10:20:30.123456Z"},
                {"actors", std::move(all)},
                {"supervisors", std::move(keepers)}};
}

struct watching {
  model shown;
  instant now{};
  screen_size size{24, 120};

  explicit watching(settings chosen = {}) : shown{std::move(chosen)} {}

  void look(const std::vector<told_actor>& actors, std::chrono::milliseconds later = 2s,
            const os::host_load& host = {}, const std::string& source = "daemon") {
    now += later;
    shown.see(tree_of(actors, source), host, now);
  }

  wish press(const std::string& keys) {
    wish last;
    for (const auto one : keys)
      last = one == '\n'     ? shown.press({key_kind::enter, {}})
             : one == '\x1b' ? shown.press({key_kind::escape, {}})
                             : shown.press({key_kind::text, std::string{one}});
    return last;
  }

  std::vector<std::string> lines() {
    std::vector<std::string> made;
    for (const auto& one : shown.draw(size))
      made.push_back(one.text());
    return made;
  }

  std::string text() {
    std::string all;
    for (const auto& one : lines())
      all += one + "\n";
    return all;
  }

  bool shows(const std::string& part) { return text().find(part) != std::string::npos; }

  /// The names in the table, in order.
  std::vector<std::string> order() {
    std::vector<std::string> made;
    bool in_table = false;
    for (const auto& line : lines()) {
      const auto begin = line.find_first_not_of(' ');
      if (in_table && begin == std::string::npos)
        break;
      if (in_table)
        made.push_back(line.substr(begin, line.find("  ", begin) - begin));
      in_table = in_table || line.starts_with("ACTOR");
    }
    return made;
  }

  /// What stands under a title in the line of an actor.
  std::string cell(const std::string& name, const std::string& title) {
    std::string titles;
    for (const auto& line : lines()) {
      if (line.starts_with("ACTOR"))
        titles = line;
      const auto begin = line.find_first_not_of(' ');
      if (titles.empty() || begin == std::string::npos || !line.substr(begin).starts_with(name))
        continue;
      // Numbers end below the end of their titles; words begin below the beginning.
      const auto end = std::min(titles.find(title) + title.size(), line.size());
      auto from = line.rfind("  ", end - 1);
      from = line.find_first_not_of(' ', from == std::string::npos ? 0 : from);
      return from == std::string::npos || from >= end ? "" : line.substr(from, end - from);
    }
    return "no such line";
  }
};

inline std::vector<told_actor> small_tree() {
  return {{.name = "journal", .supervisor = "root", .handled = 5},
          {.name = "folds", .supervisor = "root", .handled = 9},
          {.name = "fold b",
           .state = "backoff",
           .queued = 7,
           .restarts = 3,
           .last_cause = "it ended: bad body"},
          {.name = "fold a", .queued = 2}};
}

using names = std::vector<std::string>;

} // namespace top_test

namespace std {
inline ostream& boost_test_print_type(ostream& out, const vector<string>& all) {
  for (const auto& one : all)
    out << '[' << one << ']';
  return out;
}
} // namespace std
