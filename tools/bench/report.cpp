// SPDX-License-Identifier: Apache-2.0
// Prints figures.
#include "tools/bench/report.hpp"

#include <cstdio>

namespace bench {

figure against(std::string what, double value, double bound, bool at_least, std::string unit,
               std::string remark) {
  char target[64];
  std::snprintf(target, sizeof target, "%s %g%s%s", at_least ? ">=" : "<=", bound,
                unit.empty() ? "" : " ", unit.c_str());
  return {.what = std::move(what),
          .value = value,
          .unit = std::move(unit),
          .target = target,
          .met = at_least ? value >= bound : value <= bound,
          .remark = std::move(remark)};
}

std::string number(double value) {
  char text[64];
  std::snprintf(text, sizeof text, value >= 1000 ? "%.0f" : "%.3g", value);
  return text;
}

void print_table(const std::vector<figure>& all) {
  std::puts("| measured | value | target | verdict | remark |\n|---|---|---|---|---|");
  for (const auto& one : all)
    std::printf("| %s | %s %s | %s | %s | %s |\n", one.what.c_str(), number(one.value).c_str(),
                one.unit.c_str(), one.target.c_str(),
                one.target.empty() ? "" : (one.met ? "met" : "MISSED"), one.remark.c_str());
}

void say(const char* what) {
  std::fprintf(stderr, "measuring %s ...\n", what);
}

} // namespace bench
