// SPDX-License-Identifier: Apache-2.0
// `holdfast simulate`: rehearses supervision trees in virtual time.
#include "runtime/rehearsal/rehearsal.hpp"
#include "tools/commands/commands.hpp"
#include "tools/session.hpp"

#include <fstream>
#include <memory>
#include <sstream>

namespace holdfast::tools {
namespace {

/// A larger file is no history.
constexpr std::size_t file_bytes_max = 16UL * 1024 * 1024;

struct simulate_words {
  std::vector<std::string> files;
  bool check = false;
  bool rewrite = false;
};

result<rehearsal::script> read(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream text;
  if (!in || !(text << in.rdbuf()))
    return fault{fault_code::not_found, file + " cannot be read", "is it a file with text?"};
  if (text.view().size() > file_bytes_max)
    return fault{fault_code::invalid, file + " is larger than 16 MiB", {}};
  return rehearsal::read_script(file, text.view());
}

result<void> write(const rehearsal::script& all) {
  std::ofstream out{all.name, std::ios::binary | std::ios::trunc};
  if (!(out << all.text()) || !out.flush())
    return fault{fault_code::denied, all.name + " cannot be written", {}};
  return {};
}

/// Whether the output is as it was.
result<bool> simulate(const std::string& file, const simulate_words& typed, session& told) {
  const auto before = read(file);
  if (!before)
    return before.error();
  const auto came = rehearsal::rehearse(*before);
  if (!came)
    return came.error();
  const auto differences = rehearsal::differences(*before, *came);
  if (typed.rewrite) {
    if (!differences.empty())
      if (auto written = write(*came); !written)
        return written.error();
    told.note(file + (differences.empty() ? ": as it was" : ": rewritten"));
    return true;
  }
  if (told.json())
    told.document("simulation", {{"file", file},
                                 {"same", differences.empty()},
                                 {"text", came->text()},
                                 {"differences", differences}});
  else if (typed.check)
    told.raw(differences);
  else
    told.raw(came->text());
  return !typed.check || differences.empty();
}

result<exit_code> simulate_all(const simulate_words& typed, session& told) {
  if (typed.check && typed.rewrite)
    return fault{fault_code::invalid, "--check and --rewrite exclude one another", {}};
  bool same = true;
  for (const auto& file : typed.files) {
    const auto one = simulate(file, typed, told);
    if (!one)
      return one.error();
    same = same && *one;
  }
  return same ? exit_code::done : exit_code::failed;
}

} // namespace

command_spec simulate_spec() {
  auto typed = std::make_shared<simulate_words>();
  return {
      .name = "simulate",
      .brief = "Rehearses a supervision tree in virtual time: what would happen if.",
      .details =
          "A history declares supervisors and scripted children, then lets them crash, hang, wait\n"
          "and be called; what came of each command is printed below it. The language is in\n"
          "docs/simulate.md. With --check the exit code is 1 where something came out "
          "differently.\n"
          "For example: holdfast simulate --check restarts.history\n",
      .options = {{"FILE", "", "Histories.", &typed->files, true},
                  {"--check", "", "Compare with the output in the file.", &typed->check},
                  {"--rewrite", "", "Put the output into the file.", &typed->rewrite}},
      .run = [typed](session& told) { return simulate_all(*typed, told); }};
}

} // namespace holdfast::tools
