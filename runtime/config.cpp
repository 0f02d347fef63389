// SPDX-License-Identifier: Apache-2.0
// Merges the sources of the configuration and names every mistake with its place.
#include "runtime/config.hpp"

#include "runtime/config_keys.hpp"
#include "runtime/os/host.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>

namespace holdfast::config {

namespace {

constexpr std::size_t file_bytes_max = 1U << 20U;

const key* find(const std::string& name) {
  for (const auto& one : table())
    if (one.name == name)
      return &one;
  return nullptr;
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& one : table())
    all.push_back(one.name);
  return all;
}

std::string variable_of(const key& one) {
  if (one.type == "table")
    return "";
  std::string name = "HOLDFAST_" + one.name;
  for (auto& letter : name)
    letter = letter == '.'
                 ? '_'
                 : static_cast<char>(letter >= 'a' && letter <= 'z' ? letter - 32 : letter);
  return name;
}

std::string did_you_mean(const std::string& typed, const std::vector<std::string>& known) {
  const auto near = nearest(typed, known);
  return near ? "did you mean `" + *near + "`?" : "";
}

/// Applies one setting; a broken rule becomes a problem with its place.
void apply(loaded& into, const std::string& name, const given& what,
           const std::filesystem::path& base, const std::string& origin) {
  const auto* one = find(name);
  if (one == nullptr) {
    into.problems.push_back({fault_code::invalid, origin + ": unknown key `" + name + "`",
                             did_you_mean(name, names())});
    return;
  }
  if (auto set = one->set(into.chosen, what, base); !set)
    into.problems.push_back(
        {fault_code::invalid, origin + ": `" + name + "` " + set.error().what, set.error().help});
  else
    into.origins[name] = origin;
}

template <class T>
std::optional<std::vector<T>> all_of(const toml::array& items) {
  std::vector<T> found;
  for (const auto& one : items) {
    const auto held = one.value_exact<T>();
    if (!held)
      return std::nullopt;
    found.push_back(*held);
  }
  return found;
}

bool list_in(const toml::array& items, given& into) {
  if (auto texts = all_of<std::string>(items)) // an empty list, too
    into = std::move(*texts);
  else if (auto numbers = all_of<std::int64_t>(items))
    into = std::move(*numbers);
  else
    return false;
  return true;
}

bool table_in(const toml::table& members, given& into) {
  std::map<std::string, std::vector<std::string>> found;
  for (const auto& [name, node] : members) {
    const auto* items = node.as_array();
    auto texts = items == nullptr ? std::nullopt : all_of<std::string>(*items);
    if (!texts)
      return false;
    found.emplace(name.str(), std::move(*texts));
  }
  into = std::move(found);
  return true;
}

/// What the node holds, if a key may hold such a thing.
bool given_in(const toml::node& node, given& into) {
  if (const auto* truth = node.as_boolean())
    into = truth->get();
  else if (const auto* whole = node.as_integer())
    into = whole->get();
  else if (const auto* real = node.as_floating_point())
    into = real->get();
  else if (const auto* text = node.as_string())
    into = text->get();
  else if (const auto* items = node.as_array())
    return list_in(*items, into);
  else if (const auto* members = node.as_table())
    return table_in(*members, into);
  else
    return false;
  return true;
}

class file_source {
public:
  file_source(loaded& into, std::filesystem::path path) : into_{into}, path_{std::move(path)} {}

  void read() {
    auto text = os::read_file(path_, file_bytes_max);
    if (!text) {
      into_.problems.push_back(text.error());
      return;
    }
    read(*text);
  }

  void read(std::string_view text) {
    toml::table parsed;
    try {
      parsed = toml::parse(text, path_.string());
    } catch (const toml::parse_error& problem) {
      into_.problems.push_back(
          {fault_code::invalid,
           at(problem.source()) + ": not TOML: " + std::string{problem.description()}, ""});
      return;
    }
    into_.file = path_;
    for (const auto& [name, node] : parsed)
      section(std::string{name.str()}, name.source(), node);
  }

private:
  std::string at(const toml::source_region& region) const {
    return path_.string() + ":" + std::to_string(region.begin.line) + ":"
           + std::to_string(region.begin.column);
  }

  void section(const std::string& name, const toml::source_region& where, const toml::node& node) {
    const auto* members = node.as_table();
    const auto all = names();
    const bool known = std::any_of(all.begin(), all.end(),
                                   [&](const auto& one) { return one.starts_with(name + "."); });
    if (members == nullptr || !known) {
      unknown(name, members != nullptr, where);
      return;
    }
    for (const auto& [key, inner] : *members) {
      const auto full = name + "." + std::string{key.str()};
      given what;
      if (given_in(inner, what))
        apply(into_, full, what, path_.parent_path(), at(key.source()));
      else if (find(full) == nullptr)
        apply(into_, full, given{false}, {}, at(key.source()));
      else
        into_.problems.push_back({fault_code::invalid,
                                  at(key.source()) + ": `" + full
                                      + "` is of a type no key has: lists hold only texts or only "
                                        "whole numbers",
                                  ""});
    }
  }

  void unknown(const std::string& name, bool is_section, const toml::source_region& where) {
    std::vector<std::string> known;
    for (const auto& one : names()) {
      const auto dot = one.find('.');
      known.push_back(is_section ? one.substr(0, dot) : one.substr(dot + 1));
      if (!is_section && known.back() == name) {
        into_.problems.push_back(
            {fault_code::invalid, at(where) + ": `" + name + "` stands outside its section",
             "write `" + one + "`, or put it under [" + one.substr(0, dot) + "]"});
        return;
      }
    }
    into_.problems.push_back(
        {fault_code::invalid,
         at(where) + (is_section ? ": unknown section `" : ": unknown key `") + name + "`",
         did_you_mean(name, known)});
  }

  loaded& into_;
  std::filesystem::path path_;
};

void from_environment(loaded& into, const std::map<std::string, std::string>& variables) {
  std::map<std::string, std::string> keys;
  std::vector<std::string> known;
  for (const auto& one : table())
    if (auto name = variable_of(one); !name.empty()) {
      known.push_back(name);
      keys.emplace(std::move(name), one.name);
    }
  for (const auto& [name, text] : variables) {
    // Of other programs, and of the tests.
    if (!name.starts_with("HOLDFAST_") || name == "HOLDFAST_CONFIG")
      continue;
    const auto found = keys.find(name);
    if (found != keys.end())
      apply(into, found->second, given{text}, {}, name);
    else if (const auto near = nearest(name, known))
      into.problems.push_back(
          {fault_code::invalid, name + ": unknown variable", "did you mean `" + *near + "`?"});
  }
}

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

/// A whole number and a unit, with or without a space between.
template <std::size_t Count>
std::optional<std::uint64_t> with_unit(std::string_view text,
                                       const std::array<unit, Count>& units) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || text.empty())
    return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  while (text.starts_with(' '))
    text.remove_prefix(1);
  for (const auto& one : units)
    if (one.name == text) {
      if (number > UINT64_MAX / one.factor)
        return std::nullopt;
      return number * one.factor;
    }
  return std::nullopt;
}

template <std::size_t Count>
std::string print_with(std::uint64_t number, const std::array<unit, Count>& units) {
  const unit* best = &units.back();
  for (const auto& one : units)
    if (number != 0 && number % one.factor == 0 && one.factor > best->factor)
      best = &one;
  const auto text = std::to_string(number / best->factor);
  return best->name.empty() ? text : text + " " + std::string{best->name};
}

constexpr std::array sizes{unit{"", 1},
                           unit{"kB", 1000},
                           unit{"MB", 1000 * 1000},
                           unit{"GB", 1000 * 1000 * 1000},
                           unit{"KiB", 1U << 10U},
                           unit{"MiB", 1U << 20U},
                           unit{"GiB", 1U << 30U},
                           unit{"B", 1}};
constexpr std::array spans{
    unit{"s", 1000},        unit{"min", 60 * 1000},      unit{"m", 60 * 1000},
    unit{"h", 3600 * 1000}, unit{"d", 24 * 3600 * 1000}, unit{"ms", 1}};

} // namespace

std::optional<std::string> nearest(const std::string& typed,
                                   const std::vector<std::string>& known) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, typed.size() / 4) + 1;
  for (const auto& one : known) {
    std::vector<std::size_t> row(one.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= typed.size(); ++i) {
      auto diagonal = std::exchange(row[0], i);
      for (std::size_t j = 1; j <= one.size(); ++j) {
        const auto change = diagonal + (typed[i - 1] == one[j - 1] ? 0U : 1U);
        diagonal = std::exchange(row[j], std::min({change, row[j] + 1, row[j - 1] + 1}));
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = one;
    }
  }
  return best;
}

result<std::uint64_t> parse_size(std::string_view text) {
  if (const auto bytes = with_unit(text, sizes))
    return *bytes;
  return fault{fault_code::invalid, "not a size: \"" + std::string{text.substr(0, 60)} + "\"",
               "write it as 64 MiB, 100 MB or a number of bytes"};
}

std::string print_size(std::uint64_t bytes) {
  return print_with(bytes, sizes);
}

result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto ms = text == "0" ? std::optional<std::uint64_t>{0} : with_unit(text, spans);
  if (ms && *ms <= static_cast<std::uint64_t>(INT64_MAX))
    return std::chrono::milliseconds{static_cast<std::int64_t>(*ms)};
  return fault{fault_code::invalid,
               "must be a duration such as \"30 s\", not \"" + std::string{text.substr(0, 60)}
                   + "\"",
               "units: ms, s, min, h, d"};
}

std::string print_duration(std::chrono::milliseconds span) {
  return print_with(static_cast<std::uint64_t>(span.count()), spans);
}

loaded load(const sources& from) {
  loaded made;
  if (from.file)
    file_source{made, os::absolute(*from.file)}.read();
  from_environment(made, from.environment);
  for (const auto& one : from.flags)
    apply(made, one.key, given{one.text}, {}, one.place);
  for (auto& problem : contradictions(made.chosen))
    made.problems.push_back(std::move(problem));
  return made;
}

loaded load_text(std::string_view toml, const std::filesystem::path& shown_as) {
  loaded made;
  file_source{made, os::absolute(shown_as)}.read(toml);
  for (auto& problem : contradictions(made.chosen))
    made.problems.push_back(std::move(problem));
  return made;
}

result<options> checked(const sources& from) {
  auto made = load(from);
  if (made.problems.empty())
    return std::move(made.chosen);
  fault all{made.problems.front().code, "", ""};
  for (const auto& one : made.problems)
    all.what +=
        (all.what.empty() ? "" : "\n") + one.what + (one.help.empty() ? "" : " (" + one.help + ")");
  return all;
}

sources of_this_machine(std::optional<std::filesystem::path> file) {
  sources found;
  found.environment = os::environment("HOLDFAST_");
  if (file) {
    found.file = std::move(file);
    return found;
  }
  if (const auto named = found.environment.find("HOLDFAST_CONFIG");
      named != found.environment.end()) {
    found.file = named->second;
    return found;
  }
  std::vector<std::filesystem::path> usual;
  if (const auto home = os::variable("XDG_CONFIG_HOME"))
    usual.push_back(std::filesystem::path{*home} / "holdfast/holdfast.toml");
  else if (const auto user = os::variable("HOME"))
    usual.push_back(std::filesystem::path{*user} / ".config/holdfast/holdfast.toml");
  usual.emplace_back("/etc/holdfast/holdfast.toml");
  std::error_code problem;
  for (auto& one : usual)
    if (std::filesystem::exists(one, problem)) {
      found.file = std::move(one);
      break;
    }
  return found;
}

std::vector<key_info> keys() {
  std::vector<key_info> all;
  const options plain;
  for (const auto& one : table())
    all.push_back({one.name, one.type, one.allowed, one.show(plain), one.says, variable_of(one)});
  return all;
}

std::string show(const loaded& from, bool origin) {
  std::string out;
  std::string section;
  for (const auto& one : table()) {
    const auto dot = one.name.find('.');
    if (auto now = one.name.substr(0, dot); now != section) {
      out += (section.empty() ? "[" : "\n[") + now + "]\n";
      section = std::move(now);
    }
    out += one.name.substr(dot + 1) + " = " + one.show(from.chosen);
    if (origin) {
      const auto found = from.origins.find(one.name);
      out += "  # " + (found == from.origins.end() ? "default" : found->second);
    }
    out += '\n';
  }
  return out;
}

} // namespace holdfast::config
