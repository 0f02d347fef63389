// SPDX-License-Identifier: Apache-2.0
// Runs the real `holdfast` in a directory of its own.
#pragma once

#include <string>
#include <vector>

#include <termios.h>

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

/// `holdfast WORDS...` on a terminal where somebody types while it runs. It is ended by force after
/// a minute, and when this is destroyed.
class typed_to {
public:
  explicit typed_to(const std::vector<std::string>& words,
                    const std::vector<std::string>& extra = {"TERM=xterm"},
                    unsigned short rows = 24, unsigned short columns = 80);
  typed_to(const typed_to&) = delete;
  typed_to& operator=(const typed_to&) = delete;
  ~typed_to();

  /// Waits until the terminal has been sent `part`, after what was waited for before.
  bool shows(const std::string& part);
  void type(const std::string& keys) const;
  void resize(unsigned short rows, unsigned short columns) const;
  void signal(int number) const;
  /// Waits for its end; `out` is all that the terminal was sent.
  ended end();
  /// The terminal takes lines and shows what is typed, as before.
  bool restored() const;

private:
  bool read_more();

  int terminal_ = -1;
  int pid_ = -1;
  termios before_{};
  std::string shown_;
  std::size_t waited_to_ = 0;
};

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
