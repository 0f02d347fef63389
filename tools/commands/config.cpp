// SPDX-License-Identifier: Apache-2.0
// `holdfast config check` and `show`.
#include "tools/commands/commands.hpp"

#include "runtime/config.hpp"
#include "runtime/json.hpp"
#include "tools/connection.hpp"

namespace holdfast::tools {
namespace {

result<exit_code> check(const std::string& file, session& told) {
  const auto loaded = config::load(config_sources(told, file));
  const auto where = loaded.file ? loaded.file->string() : std::string{"no file"};
  if (told.json()) {
    array problems;
    for (const auto& one : loaded.problems)
      problems.emplace_back(object{{"what", one.what}, {"help", one.help}});
    told.document("config-check", {{"file", where}, {"problems", std::move(problems)}});
  } else {
    for (const auto& one : loaded.problems)
      told.line(printable(one.what) + (one.help.empty() ? "" : ". " + printable(one.help)));
    if (loaded.problems.empty())
      told.line("The configuration is good (" + where + ").");
  }
  return loaded.problems.empty() ? exit_code::done : exit_code::usage;
}

result<exit_code> show(const std::string& file, bool origin, session& told) {
  const auto sources = config_sources(told, file);
  if (const auto good = config::checked(sources); !good)
    return good.error();
  const auto loaded = config::load(sources);
  if (told.json()) {
    object origins;
    for (const auto& [key, from] : loaded.origins)
      origins.emplace(key, from);
    told.document("config",
                  {{"toml", config::show(loaded, false)}, {"origins", std::move(origins)}});
  } else {
    told.raw(config::show(loaded, origin));
  }
  return exit_code::done;
}

} // namespace

command_spec config_check_spec() {
  auto file = std::make_shared<std::string>();
  return {.name = "config check",
          .brief = "Reads the configuration and names every mistake with its place.",
          .details = {},
          .options = {{"FILE", "", "This file instead of the usual one.", file.get()}},
          .run = [file](session& told) { return check(*file, told); }};
}

command_spec config_show_spec() {
  struct words {
    std::string file;
    bool origin = false;
  };
  auto typed = std::make_shared<words>();
  return {.name = "config show",
          .brief = "Prints the effective configuration as TOML.",
          .details = {},
          .options = {{"FILE", "", "This file instead of the usual one.", &typed->file},
                      {"--origin", "", "With where each value comes from.", &typed->origin}},
          .run = [typed](session& told) { return show(typed->file, typed->origin, told); },
          .pages = true};
}

} // namespace holdfast::tools
