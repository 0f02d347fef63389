// SPDX-License-Identifier: Apache-2.0
// What the CMake files say: which sources are built, and which headers are installed.
#include "tests/house/rules.hpp"

#include <algorithm>
#include <regex>
#include <set>

namespace house {

namespace {

std::string normal(std::string path) {
  return std::filesystem::path{std::move(path)}.lexically_normal().generic_string();
}

std::string in_folder(const std::string& folder, std::string word) {
  const auto replace = [&word](std::string_view variable, const std::string& by) {
    if (word.starts_with(variable))
      word = by + word.substr(variable.size());
  };
  for (const auto* root : {"${PROJECT_SOURCE_DIR}/", "${CMAKE_SOURCE_DIR}/"})
    if (word.starts_with(root)) {
      replace(root, "");
      return normal(word);
    }
  replace("${CMAKE_CURRENT_SOURCE_DIR}/", "");
  return normal(folder.empty() ? word : folder + "/" + word);
}

/// Folders whose CMakeLists.txt is read when `from` is, itself included.
void enter(const tree& all, const std::string& from, std::set<std::string>& entered) {
  const auto* file = all.find(from.empty() ? "CMakeLists.txt" : from + "/CMakeLists.txt");
  if (file == nullptr || !entered.insert(from).second)
    return;
  const auto words = cmake_words(*file);
  for (std::size_t at = 0; at + 1 < words.size(); ++at)
    if (words[at].text == "add_subdirectory")
      enter(all, in_folder(from, words[at + 1].text), entered);
}

bool says_project(const source& file) {
  const auto words = cmake_words(file);
  return std::any_of(words.begin(), words.end(),
                     [](const cmake_word& word) { return word.text == "project"; });
}

bool must_be_named(const source& file) {
  if (file.ends_with(".cpp"))
    return true;
  return file.is_under("tests") && !file.is_under("tests/campaign") && file.is_script();
}

/// Adds what a CMake file names: its words, and words with a variable in them (`${name}_fuzz.cpp`)
/// with each other word in the variable's place.
void add_named(const source& file, std::set<std::string>& named) {
  const auto words = cmake_words(file);
  for (const auto& [text, line] : words) {
    named.insert(in_folder(file.folder(), text));
    const auto begin = text.find("${");
    const auto end = text.find('}', begin);
    if (begin == text.npos || end == text.npos)
      continue;
    for (const auto& other : words) {
      auto filled = text;
      filled.replace(begin, end + 1 - begin, other.text);
      named.insert(in_folder(file.folder(), filled));
    }
  }
}

/// Adds the modules that a Python script imports from its own folder.
void add_imported(const source& file, std::set<std::string>& named) {
  static const std::regex pattern{"\\s*(import|from) ([a-z0-9_]+).*"};
  for (const auto& line : file.lines)
    if (std::smatch match; std::regex_match(line, match, pattern))
      named.insert(in_folder(file.folder(), match[2].str() + ".py"));
}

} // namespace

std::vector<cmake_word> cmake_words(const source& file) {
  std::vector<cmake_word> words;
  for (std::size_t at = 0; at < file.lines.size(); ++at) {
    std::string word;
    const auto end_word = [&] {
      if (!word.empty())
        words.push_back({word, at + 1});
      word.clear();
    };
    for (const char one : file.lines[at]) {
      if (one == '#')
        break;
      if (one == ' ' || one == '\t' || one == '(' || one == ')' || one == '"')
        end_word();
      else
        word += one;
    }
    end_word();
  }
  return words;
}

std::vector<std::string> installed_headers(const tree& all) {
  std::vector<std::string> headers;
  for (const auto& file : all.files) {
    if (file.file_name() != "CMakeLists.txt")
      continue;
    bool listed = false;
    for (const auto& [text, line] : cmake_words(file)) {
      if (text == "HEADERS")
        listed = true;
      else if (listed && text.ends_with(".hpp"))
        headers.push_back(in_folder(file.folder(), text));
      else
        listed = false;
    }
  }
  return headers;
}

violations orphans(const tree& all) {
  std::set<std::string> entered;
  enter(all, "", entered);
  for (const auto& file : all.files) // a project of its own, such as a consumer of the package
    if (file.file_name() == "CMakeLists.txt" && says_project(file))
      enter(all, file.folder(), entered);

  violations found;
  std::set<std::string> named;
  for (const auto& file : all.files) {
    if (file.ends_with(".py"))
      add_imported(file, named);
    if (file.file_name() != "CMakeLists.txt")
      continue;
    if (entered.count(file.folder()) == 0)
      found.push_back({file.path, 1, "orphan", "no add_subdirectory leads here"});
    else
      add_named(file, named);
  }
  for (const auto& file : all.files)
    if (must_be_named(file) && named.count(file.path) == 0)
      found.push_back({file.path, 1, "orphan", "no CMakeLists.txt names it"});
  return found;
}

} // namespace house
