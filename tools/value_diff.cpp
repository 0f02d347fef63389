// SPDX-License-Identifier: Apache-2.0
// What changed between two values, member by member.
#include "tools/value_diff.hpp"

#include <algorithm>
#include <string_view>

namespace holdfast::tools {
namespace {

std::string below(const std::string& path, std::string_view name) {
  auto deeper = path + '/';
  for (const char one : name) {
    if (one == '~')
      deeper += "~0";
    else if (one == '/')
      deeper += "~1";
    else
      deeper += one;
  }
  return deeper;
}

void compare(const std::string& path, const value& before, const value& after,
             std::vector<value_change>& changes);

void compare_objects(const std::string& path, const object& before, const object& after,
                     std::vector<value_change>& changes) {
  auto left = before.begin();
  auto right = after.begin();
  while (left != before.end() || right != after.end()) {
    if (right == after.end() || (left != before.end() && left->first < right->first)) {
      changes.push_back({below(path, left->first), left->second, std::nullopt});
      ++left;
    } else if (left == before.end() || right->first < left->first) {
      changes.push_back({below(path, right->first), std::nullopt, right->second});
      ++right;
    } else {
      compare(below(path, left->first), left->second, right->second, changes);
      ++left;
      ++right;
    }
  }
}

void compare_arrays(const std::string& path, const array& before, const array& after,
                    std::vector<value_change>& changes) {
  for (std::size_t at = 0; at < std::max(before.size(), after.size()); ++at) {
    const auto place = below(path, std::to_string(at));
    if (at >= after.size())
      changes.push_back({place, before[at], std::nullopt});
    else if (at >= before.size())
      changes.push_back({place, std::nullopt, after[at]});
    else
      compare(place, before[at], after[at], changes);
  }
}

void compare(const std::string& path, const value& before, const value& after,
             std::vector<value_change>& changes) {
  if (const auto* left = before.as<object>(), *right = after.as<object>(); left && right)
    return compare_objects(path, *left, *right, changes);
  if (const auto* left = before.as<array>(), *right = after.as<array>(); left && right)
    return compare_arrays(path, *left, *right, changes);
  if (before != after)
    changes.push_back({path, before, after});
}

} // namespace

std::vector<value_change> diff(const value& before, const value& after) {
  std::vector<value_change> changes;
  compare({}, before, after, changes);
  return changes;
}

} // namespace holdfast::tools
