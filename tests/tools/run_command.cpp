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
  std::vector<std::string> kept{HOLDFAST_BINARY};
  kept.insert(kept.end(), words.begin(), words.end());
  std::vector<std::string> environment{"PATH=/usr/bin:/bin", "HOME=/nonexistent", "TZ=UTC",
                                       "LC_ALL=C.UTF-8"};
  environment.insert(environment.end(), extra.begin(), extra.end());
  std::vector<char*> arguments;
  for (auto& one : kept)
    arguments.push_back(one.data());
  arguments.push_back(nullptr);
  std::vector<char*> variables;
  for (auto& one : environment)
    variables.push_back(one.data());
  variables.push_back(nullptr);
  const auto child = ::fork();
  BOOST_TEST_REQUIRE(child >= 0);
  if (child == 0) {
    redirect(around.path("in"), O_RDONLY, STDIN_FILENO);
    redirect(around.path("out"), O_WRONLY | O_CREAT, STDOUT_FILENO);
    redirect(around.path("err"), O_WRONLY | O_CREAT, STDERR_FILENO);
    ::alarm(60); // kept across exec: a command that hangs ends with a signal
    ::execve(arguments[0], arguments.data(), variables.data());
    ::_exit(127);
  }
  int status = 0;
  BOOST_TEST_REQUIRE(::waitpid(child, &status, 0) == child);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          read_all(around.path("out")), read_all(around.path("err"))};
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
