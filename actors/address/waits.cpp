// SPDX-License-Identifier: Apache-2.0
// Who waits for whom, and in what circles.
#include "actors/address/waits.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>

namespace holdfast::addressing {

namespace {

using graph = std::map<std::string, std::set<std::string>>;

/// Everybody reached from an actor by waits, itself only in a circle.
std::set<std::string> reached_from(const graph& edges, const std::string& start) {
  std::set<std::string> seen;
  std::vector<std::string> next{start};
  while (!next.empty()) {
    const auto from = std::move(next.back());
    next.pop_back();
    const auto found = edges.find(from);
    if (found == edges.end())
      continue;
    for (const auto& to : found->second)
      if (seen.insert(to).second)
        next.push_back(to);
  }
  return seen;
}

/// The shortest way from an actor back to itself. Needs: there is one.
std::vector<std::string> circle_of(const graph& edges, const std::string& start) {
  std::map<std::string, std::string> came_from;
  std::vector<std::string> row{start};
  for (std::size_t at = 0; at < row.size(); ++at) {
    const auto here = row[at];
    const auto found = edges.find(here);
    if (found == edges.end())
      continue;
    for (const auto& to : found->second) {
      if (to == start) {
        std::vector<std::string> circle{here};
        while (circle.back() != start)
          circle.push_back(came_from[circle.back()]);
        std::reverse(circle.begin(), circle.end());
        return circle;
      }
      if (came_from.emplace(to, here).second)
        row.push_back(to);
    }
  }
  return {};
}

} // namespace

waits waits_of(const std::vector<named_reading>& actors) {
  std::map<std::uint64_t, std::string> names;
  for (const auto& one : actors)
    if (one.reading.actor != 0)
      names[one.reading.actor] = one.name;
  graph edges;
  for (const auto& one : actors)
    for (const auto asker : one.reading.askers)
      if (const auto found = names.find(asker); found != names.end())
        edges[found->second].insert(one.name);

  waits made;
  std::set<std::string> told;
  for (const auto& [who, whom] : edges) {
    for (const auto& to : whom)
      made.all.push_back({who, to});
    if (told.count(who) != 0 || reached_from(edges, who).count(who) == 0)
      continue;
    made.circles.push_back(circle_of(edges, who));
    told.insert(made.circles.back().begin(), made.circles.back().end());
  }
  return made;
}

} // namespace holdfast::addressing
