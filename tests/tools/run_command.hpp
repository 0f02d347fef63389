// SPDX-License-Identifier: Apache-2.0
// Runs the real `holdfast` in a directory of its own.
#pragma once

#include <string>
#include <vector>

namespace command {

struct ended {
  int code = -1; ///< The exit code; 128 + the signal where one ended it.
  std::string out;
  std::string err;
};

/// A temporary directory, removed with everything in it.
class directory {
public:
  directory();
  directory(const directory&) = delete;
  directory& operator=(const directory&) = delete;
  ~directory();

  std::string path(const std::string& name = {}) const;
  void write(const std::string& name, const std::string& text) const;

private:
  std::string path_;
};

/// Runs `holdfast WORDS...` to its end, at most a minute, with an environment of its own: no
/// configuration, no terminal, HOME and XDG directories that do not exist, and `extra`.
ended run(const std::vector<std::string>& words, const std::string& input = {},
          const std::vector<std::string>& extra = {});

/// The same on a terminal of 80 columns: `out` is what the terminal shows.
ended run_on_terminal(const std::vector<std::string>& words,
                      const std::vector<std::string>& extra = {});

/// A daemon on a data directory that exists or, with `--init` among the words, is made. Killed with
/// SIGKILL when it is destroyed.
class daemon {
public:
  /// Returns once it answers.
  explicit daemon(const std::string& data, const std::vector<std::string>& words = {});
  daemon(const daemon&) = delete;
  daemon& operator=(const daemon&) = delete;
  ~daemon();

  void kill();
  /// SIGTERM; answers the exit code.
  int stop();

private:
  int end_with(int signal);

  int pid_ = -1;
};

} // namespace command
