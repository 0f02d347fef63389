// SPDX-License-Identifier: Apache-2.0
// Completion scripts and the manual page, made from the same commands as the help.
#include "tools/command_line.hpp"
#include "tools/help.hpp"

#include <algorithm>

namespace holdfast::tools {
namespace {

std::vector<std::string> long_names(const std::vector<option_spec>& options) {
  std::vector<std::string> names;
  for (const auto& one : options)
    if (!one.positional())
      for (auto& name : names_of(one))
        if (name.starts_with("--"))
          names.push_back(name);
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> first_words(const std::vector<command_spec>& commands) {
  std::vector<std::string> words;
  for (const auto& one : commands)
    if (const auto word = one.name.substr(0, one.name.find(' '));
        std::find(words.begin(), words.end(), word) == words.end())
      words.push_back(word);
  return words;
}

std::vector<std::string> second_words(const std::string& group,
                                      const std::vector<command_spec>& commands) {
  std::vector<std::string> words;
  for (const auto& one : commands)
    if (one.name.starts_with(group + " "))
      words.push_back(one.name.substr(group.size() + 1));
  return words;
}

std::string bash_script(const std::vector<command_spec>& commands,
                        const std::vector<option_spec>& common) {
  std::string text = "_holdfast() {\n"
                     "  local word=${COMP_WORDS[COMP_CWORD]} words=() one choices\n"
                     "  for one in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                     "    [[ $one == -* ]] || words+=(\"$one\")\n"
                     "  done\n"
                     "  local common=\""
                     + joined(long_names(common))
                     + " --help\"\n"
                       "  case \"${words[0]} ${words[1]}\" in\n";
  for (const auto& one : commands) {
    const bool two = one.name.find(' ') != std::string::npos;
    text += "    \"" + one.name + (two ? "\"" : " \"*") + ") choices=\""
            + joined(long_names(one.options)) + " $common\";;\n";
  }
  for (const auto& group : first_words(commands))
    if (const auto words = second_words(group, commands); !words.empty())
      text += "    \"" + group + " \"*) choices=\"" + joined(words) + "\";;\n";
  text += "    *) choices=\"" + joined(first_words(commands))
          + " $common --version\";;\n  esac\n"
            "  if [[ $word == -* || ${#words[@]} -lt 2 ]]; then\n"
            "    COMPREPLY=($(compgen -W \"$choices\" -- \"$word\"))\n  fi\n"
            "  [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- \"$word\"))\n}\n"
            "complete -F _holdfast holdfast\n";
  return text;
}

std::string fish_quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return "'" + text + "'";
}

std::string fish_script(const std::vector<command_spec>& commands,
                        const std::vector<option_spec>& common) {
  std::string text;
  const auto options = [&](const std::string& when, const std::vector<option_spec>& of) {
    for (const auto& one : of)
      for (const auto& name : names_of(one))
        if (name.starts_with("--"))
          text += "complete -c holdfast" + when + " -l " + name.substr(2)
                  + (one.flag() ? "" : " -r") + " -d " + fish_quoted(one.help) + "\n";
  };
  options("", common);
  for (const auto& word : first_words(commands))
    text += "complete -c holdfast -n __fish_use_subcommand -a " + word + "\n";
  for (const auto& one : commands) {
    const auto space = one.name.find(' ');
    const auto first = one.name.substr(0, space);
    auto when = " -n '__fish_seen_subcommand_from " + first;
    if (space != std::string::npos) {
      text += "complete -c holdfast" + when + "' -a " + one.name.substr(space + 1) + " -d "
              + fish_quoted(one.brief) + "\n";
      when += "; and __fish_seen_subcommand_from " + one.name.substr(space + 1);
    }
    options(when + "'", one.options);
  }
  return text;
}

/// Roff reads a backslash, and a dot or a quote at the start of a line, as its own.
std::string roff(std::string_view given) {
  std::string text;
  for (const char one : given) {
    if ((one == '.' || one == '\'') && (text.empty() || text.back() == '\n'))
      text += "\\&";
    text += one == '\\' ? std::string{"\\e"} : one == '-' ? std::string{"\\-"} : std::string{one};
  }
  return text;
}

} // namespace

result<std::string> completion_script(std::string_view shell,
                                      const std::vector<command_spec>& commands,
                                      const std::vector<option_spec>& common) {
  if (shell == "bash")
    return bash_script(commands, common);
  if (shell == "zsh")
    return "#compdef holdfast\nautoload -U +X bashcompinit && bashcompinit\n"
           + bash_script(commands, common);
  if (shell == "fish")
    return fish_script(commands, common);
  return fault{fault_code::invalid, "no completion for \"" + std::string{shell} + "\"",
               "There is one for bash, zsh and fish."};
}

std::string manual_page(const std::vector<command_spec>& commands,
                        const std::vector<option_spec>& common) {
  std::string text = ".TH HOLDFAST 1 \"\" \"Holdfast " HOLDFAST_VERSION "\"\n"
                     ".SH NAME\nholdfast \\- keeps what it acknowledged\n"
                     ".SH SYNOPSIS\n.B holdfast\n[command] [options]\n"
                     ".SH DESCRIPTION\nWithout a command: status.\n.SH COMMANDS\n";
  const auto options = [&](const std::vector<option_spec>& of) {
    for (const auto& one : of)
      text += ".TP\n.B " + roff(one.name + (one.value.empty() ? "" : " " + one.value)) + "\n"
              + roff(one.help) + "\n";
  };
  for (const auto& one : commands) {
    text += ".SS " + roff(one.name) + "\n" + roff(one.brief) + "\n";
    if (!one.details.empty())
      text += ".PP\n.nf\n" + roff(one.details) + ".fi\n";
    options(one.options);
  }
  text += ".SH \"OPTIONS OF EVERY COMMAND\"\n";
  options(common);
  text +=
      ".SH \"EXIT STATUS\"\n.nf\n" + roff(*help_topic("exit-codes", commands, common)) + ".fi\n";
  return text;
}

} // namespace holdfast::tools
