// SPDX-License-Identifier: Apache-2.0
// Runs the real `holdfast`: input and output through files, so that neither side can wait.
#include "tests/tools/run_command.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace command {
namespace {

std::string read_all(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void redirect(const std::string& path, int flags, int onto) {
  const int opened = ::open(path.c_str(), flags, 0600);
  if (opened < 0 || ::dup2(opened, onto) < 0)
    ::_exit(126);
}

/// Words and environment as `execve` takes them, made before the fork.
class call {
public:
  call(const std::vector<std::string>& words, const std::vector<std::string>& extra)
      : words_{HOLDFAST_BINARY}, environment_{"PATH=/usr/bin:/bin", "HOME=/nonexistent", "TZ=UTC",
                                              "LC_ALL=C.UTF-8"} {
    words_.insert(words_.end(), words.begin(), words.end());
    environment_.insert(environment_.end(), extra.begin(), extra.end());
    for (auto& one : words_)
      arguments_.push_back(one.data());
    arguments_.push_back(nullptr);
    for (auto& one : environment_)
      variables_.push_back(one.data());
    variables_.push_back(nullptr);
  }

  [[noreturn]] void become() {
    ::alarm(60); // kept across exec: a command that hangs ends with a signal
    ::execve(arguments_[0], arguments_.data(), variables_.data());
    ::_exit(127);
  }

private:
  std::vector<std::string> words_;
  std::vector<std::string> environment_;
  std::vector<char*> arguments_;
  std::vector<char*> variables_;
};

int code_of(pid_t child) {
  int status = 0;
  BOOST_TEST_REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

directory::directory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "holdfast-test.XXXXXX").string();
  BOOST_TEST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

directory::~directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string directory::path(const std::string& name) const {
  return name.empty() ? path_ : path_ + "/" + name;
}

void directory::write(const std::string& name, const std::string& text) const {
  std::ofstream{path(name), std::ios::binary} << text;
}

ended run(const std::vector<std::string>& words, const std::string& input,
          const std::vector<std::string>& extra) {
  const directory around;
  around.write("in", input);
  call made{words, extra};
  const auto child = ::fork();
  BOOST_TEST_REQUIRE(child >= 0);
  if (child == 0) {
    redirect(around.path("in"), O_RDONLY, STDIN_FILENO);
    redirect(around.path("out"), O_WRONLY | O_CREAT, STDOUT_FILENO);
    redirect(around.path("err"), O_WRONLY | O_CREAT, STDERR_FILENO);
    made.become();
  }
  const auto code = code_of(child);
  return {code, read_all(around.path("out")), read_all(around.path("err"))};
}

ended run_on_terminal(const std::vector<std::string>& words,
                      const std::vector<std::string>& extra) {
  call made{words, extra};
  winsize size{24, 80, 0, 0};
  int terminal = -1;
  const auto child = ::forkpty(&terminal, nullptr, nullptr, &size);
  BOOST_TEST_REQUIRE(child >= 0);
  if (child == 0)
    made.become();
  std::string shown;
  char chunk[4096];
  // A terminal whose other side has gone answers with an error, not with an end.
  for (ssize_t got = 0; (got = ::read(terminal, chunk, sizeof chunk)) > 0;)
    shown.append(chunk, static_cast<std::size_t>(got));
  ::close(terminal);
  return {code_of(child), shown, {}};
}

typed_to::typed_to(const std::vector<std::string>& words, const std::vector<std::string>& extra,
                   unsigned short rows, unsigned short columns) {
  call made{words, extra};
  winsize size{rows, columns, 0, 0};
  pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
  BOOST_TEST_REQUIRE(pid_ >= 0);
  if (pid_ == 0)
    made.become();
  ::tcgetattr(terminal_, &before_);
}

typed_to::~typed_to() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(terminal_);
}

bool typed_to::read_more() {
  pollfd output{terminal_, POLLIN, 0};
  char chunk[4096];
  if (::poll(&output, 1, 20000) <= 0)
    return false;
  const auto got = ::read(terminal_, chunk, sizeof chunk);
  shown_.append(chunk, static_cast<std::size_t>(got > 0 ? got : 0));
  return got > 0;
}

bool typed_to::shows(const std::string& part) {
  for (;;) {
    if (const auto found = shown_.find(part, waited_to_); found != std::string::npos) {
      waited_to_ = found + part.size();
      return true;
    }
    if (!read_more())
      return false;
  }
}

void typed_to::type(const std::string& keys) const {
  BOOST_TEST_REQUIRE(::write(terminal_, keys.data(), keys.size())
                     == static_cast<ssize_t>(keys.size()));
}

void typed_to::resize(unsigned short rows, unsigned short columns) const {
  const winsize size{rows, columns, 0, 0};
  BOOST_TEST_REQUIRE(::ioctl(terminal_, TIOCSWINSZ, &size) == 0);
}

void typed_to::signal(int number) const {
  ::kill(pid_, number);
}

ended typed_to::end() {
  while (read_more())
    ;
  const auto code = code_of(pid_);
  pid_ = -1;
  return {code, shown_, {}};
}

bool typed_to::restored() const {
  termios now{};
  return ::tcgetattr(terminal_, &now) == 0 && now.c_lflag == before_.c_lflag
         && now.c_iflag == before_.c_iflag && now.c_oflag == before_.c_oflag;
}

daemon::daemon(const std::string& data, const std::vector<std::string>& words) {
  std::vector<std::string> kept{HOLDFAST_BINARY, "--data", data, "run"};
  kept.insert(kept.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (auto& one : kept)
    arguments.push_back(one.data());
  arguments.push_back(nullptr);
  pid_ = ::fork();
  BOOST_TEST_REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    redirect("/dev/null", O_RDONLY, STDIN_FILENO);
    redirect("/dev/null", O_WRONLY, STDOUT_FILENO);
    redirect("/dev/null", O_WRONLY, STDERR_FILENO);
    ::alarm(120);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  // Each attempt is a process of its own and takes a few milliseconds: no sleeping in between.
  for (int attempt = 0; attempt < 2000; ++attempt) {
    if (run({"--data", data, "--timeout", "5s", "status"}).code == 0)
      return;
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      BOOST_FAIL("the daemon ended before it answered");
    }
  }
  BOOST_FAIL("the daemon did not answer");
}

daemon::~daemon() {
  end_with(SIGKILL);
}

void daemon::kill() {
  end_with(SIGKILL);
}

int daemon::stop() {
  return end_with(SIGTERM);
}

int daemon::end_with(int signal) {
  if (pid_ < 0)
    return -1;
  int status = 0;
  ::kill(pid_, signal);
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace command
