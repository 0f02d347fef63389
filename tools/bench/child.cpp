// SPDX-License-Identifier: Apache-2.0
// Starts, watches and ends processes.
#include "tools/bench/child.hpp"

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

namespace {

/// Spawned, not forked: copying the page tables of a benchmark costs more than what is measured.
pid_t start(std::vector<std::string> words, const std::string& output) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  std::vector<char*> arguments;
  for (auto& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t started = 0;
  const int problem =
      posix_spawnp(&started, arguments.front(), &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (problem != 0)
    throw std::runtime_error("cannot start " + words.front());
  return started;
}

/// The fields behind the name in `/proc/PID/stat`; the first of them is the state.
std::vector<std::string> stat_of(pid_t of) {
  std::ifstream stat{"/proc/" + std::to_string(of) + "/stat"};
  const std::string text{std::istreambuf_iterator<char>{stat}, {}};
  if (text.empty())
    throw std::runtime_error("process " + std::to_string(of) + " is gone");
  std::istringstream fields{text.substr(text.rfind(')') + 2)};
  return {std::istream_iterator<std::string>{fields}, {}};
}

} // namespace

int run(std::vector<std::string> words) {
  const pid_t one = start(std::move(words), "/dev/null");
  int status = 0;
  waitpid(one, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

child::child(std::vector<std::string> words, const std::string& output)
    : name_{words.front()}, output_{output}, process_{start(std::move(words), output)} {}

child::~child() {
  kill(process_, SIGTERM);
  waitpid(process_, nullptr, 0);
}

void child::expect_alive() const {
  if (stat_of(process_).front() != "Z")
    return;
  std::ifstream said{output_};
  throw std::runtime_error(name_
                           + " ended: " + std::string{std::istreambuf_iterator<char>{said}, {}});
}

double child::cpu_seconds() const {
  const auto fields = stat_of(process_);
  return (std::stod(fields.at(11)) + std::stod(fields.at(12)))
         / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double child::resident_mib() const {
  return std::stod(stat_of(process_).at(21)) * static_cast<double>(sysconf(_SC_PAGESIZE))
         / (1U << 20U);
}

double cpu_seconds_here() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

bool is_installed(const std::string& program) {
  if (program.find('/') != program.npos)
    return access(program.c_str(), X_OK) == 0;
  const char* path = std::getenv("PATH");
  std::istringstream places{path == nullptr ? "" : path};
  for (std::string place; std::getline(places, place, ':');)
    if (access((place + "/" + program).c_str(), X_OK) == 0)
      return true;
  return false;
}

} // namespace bench
