// SPDX-License-Identifier: Apache-2.0
// Reads a source tree, and tells code from comments and literals.
#include "tests/house/tree.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace house {

namespace fs = std::filesystem;

bool source::ends_with(std::string_view ending) const {
  return path.ends_with(ending);
}

bool source::is_under(std::string_view folder) const {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool source::is_header() const {
  return ends_with(".hpp");
}
bool source::is_cpp() const {
  return ends_with(".cpp") || is_header();
}
bool source::is_cmake() const {
  return ends_with(".cmake") || ends_with(".cmake.in") || file_name() == "CMakeLists.txt";
}
bool source::is_script() const {
  return ends_with(".sh") || ends_with(".py") || (!lines.empty() && lines[0].starts_with("#!"));
}

std::string source::folder() const {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string{} : path.substr(0, slash);
}

std::string source::file_name() const {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

const source* tree::find(std::string_view path) const {
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const source& file) { return file.path == path; });
  return found == files.end() ? nullptr : &*found;
}

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::string::size_type begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// Walks C++ text character by character; knows just enough of the language to skip what is no
/// code.
class stripper {
public:
  explicit stripper(std::string_view text) : text_{text} {}

  std::string run() {
    while (at_ < text_.size())
      step();
    return std::move(code_);
  }

private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  /// Leaves out everything before `end`, but keeps the line breaks.
  void skip_to(std::size_t end) {
    for (; at_ < std::min(end, text_.size()); ++at_)
      if (text_[at_] == '\n')
        code_ += '\n';
  }

  std::size_t after(std::string_view ending, std::size_t from) const {
    const auto found = text_.find(ending, from);
    return found == std::string_view::npos ? text_.size() : found + ending.size();
  }

  bool in_word() const {
    if (code_.empty())
      return false;
    const auto last = static_cast<unsigned char>(code_.back());
    return std::isalnum(last) != 0 || last == '_';
  }

  void skip_literal(char quote) {
    code_ += quote;
    auto end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n')
      end += text_[end] == '\\' ? 2 : 1;
    skip_to(end);
    if (peek() == quote) {
      code_ += quote;
      ++at_;
    }
  }

  void step() {
    const auto now = peek();
    if (now == '/' && peek(1) == '/') {
      skip_to(std::min(text_.find('\n', at_), text_.size()));
    } else if (now == '/' && peek(1) == '*') {
      skip_to(after("*/", at_ + 2));
    } else if (now == 'R' && peek(1) == '"' && !in_word()) {
      const auto open = text_.find('(', at_);
      if (open == std::string_view::npos)
        return skip_to(text_.size());
      const auto close = ")" + std::string{text_.substr(at_ + 2, open - at_ - 2)} + "\"";
      skip_to(after(close, open));
      code_ += "\"\"";
    } else if (now == '"' && !on_include_line()) {
      skip_literal('"');
    } else if (now == '\'' && !in_word()) { // 1'000 is a number
      skip_literal('\'');
    } else {
      code_ += now;
      ++at_;
    }
  }

  /// The name in `#include "..."` is no literal to us.
  bool on_include_line() const {
    const auto begin = code_.rfind('\n');
    const auto line = code_.substr(begin == std::string::npos ? 0 : begin + 1);
    return line.starts_with("#include");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string code_;
};

bool is_hidden_from_rules(const fs::path& folder) {
  const auto name = folder.filename().string();
  return name == "build" || name == "__pycache__" || (name.starts_with('.') && name != ".ci");
}

} // namespace

std::vector<std::string> without_comments_and_literals(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines)
    text += line + '\n';
  auto code = lines_of(stripper{text}.run());
  code.resize(lines.size());
  return code;
}

tree read_tree(const fs::path& root) {
  tree all{root, {}};
  for (auto entry = fs::recursive_directory_iterator{root}; entry != fs::end(entry); ++entry) {
    if (entry->is_directory()) {
      if (is_hidden_from_rules(entry->path()))
        entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_regular_file())
      continue;
    std::ifstream in{entry->path(), std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    if (text.find('\0') != std::string::npos)
      continue;
    source file{fs::relative(entry->path(), root).generic_string(), lines_of(text), {}};
    if (file.is_cpp())
      file.code = without_comments_and_literals(file.lines);
    all.files.push_back(std::move(file));
  }
  std::sort(all.files.begin(), all.files.end(),
            [](const source& left, const source& right) { return left.path < right.path; });
  return all;
}

} // namespace house
