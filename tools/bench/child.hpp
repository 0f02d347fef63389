// SPDX-License-Identifier: Apache-2.0
// Processes that a benchmark starts: commands, and servers that end with it.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace bench {

/// Runs a command to its end, its output unread, and answers its exit code, or -1.
int run(std::vector<std::string> words);

/// A process that is asked to end, and awaited, when this goes out of scope.
class child {
public:
  /// `output` takes what it says; it is begun anew. Throws when it cannot be started.
  explicit child(std::vector<std::string> words, const std::string& output = "/dev/null");
  ~child();
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  /// Throws when the process has ended by itself.
  void expect_alive() const;

  double cpu_seconds() const;
  double resident_mib() const;

private:
  const std::string name_;
  const std::string output_;
  const pid_t process_;
};

/// Of this process, all of its threads.
double cpu_seconds_here();

/// Whether there is such a program, in PATH where the name has no slash.
bool is_installed(const std::string& program);

} // namespace bench
