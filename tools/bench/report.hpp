// SPDX-License-Identifier: Apache-2.0
// How a benchmark states its figures: one table with targets and verdicts.
#pragma once

#include <string>
#include <vector>

namespace bench {

/// One line of the report. An empty target means that the line is there to compare with.
struct figure {
  std::string what;
  double value = 0;
  std::string unit;
  std::string target; ///< As the project states it; empty: none.
  bool met = true;
  std::string remark;
};

/// A figure with a target: at least, or at most, `bound`.
figure against(std::string what, double value, double bound, bool at_least, std::string unit,
               std::string remark = {});

/// With as many digits as say something.
std::string number(double value);

/// Writes the table to standard output, as Markdown.
void print_table(const std::vector<figure>& all);

/// Tells on standard error what is being measured.
void say(const char* what);

} // namespace bench
