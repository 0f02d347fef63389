// SPDX-License-Identifier: Apache-2.0
// The include table: which room may include which rooms and which libraries.
#include "tests/house/rules.hpp"

#include <algorithm>
#include <array>
#include <regex>
#include <set>
#include <string_view>

namespace house {

namespace {

using names = std::set<std::string, std::less<>>;

/// One row of the table: what files of a place may include.
struct place {
  std::string name;
  names rooms;         ///< Folders, or whole files.
  names libraries;     ///< As `library_of` names them; std is always allowed.
  bool threads = true; ///< May include <thread>, <mutex>, <random> and the like.
};

/// A library by the first part of its header's name.
std::string library_of(std::string_view header) {
  struct known {
    std::string_view begins, library;
  };
  static constexpr std::array table{
      known{"caf/", "caf"},
      known{"rocksdb/", "rocksdb"},
      known{"msgpack", "msgpack"},
      known{"openssl/", "openssl"},
      known{"zlib.h", "zlib"},
      known{"zstd", "zstd"},
      known{"spdlog/", "spdlog"},
      known{"fmt/", "fmt"},
      known{"boost/beast", "beast"},
      known{"boost/asio", "beast"},
      known{"boost/test", "boost.test"},
      known{"boost/system", "beast"},
      known{"nlohmann/", "json"},
      known{"simdjson.h", "json"},
      known{"google/protobuf", "protobuf"},
      known{"otlp/wire/", "protobuf"}, // generated
      known{"toml++/", "toml"},
      known{"prometheus/", "prometheus"},
      known{"CLI/", "cli11"},
      known{"curl/", "curl"},
      known{"date/", "date"},
      known{"ncurses", "ncurses"},
      known{"benchmark/", "benchmark"},
      known{"sqlite3.h", "sqlite"},
      known{"archive", "libarchive"},
      known{"cxxabi.h", "std"},     // the compiler's own
      known{"sanitizer/", "posix"}, // likewise, about memory
  };
  for (const auto& [begins, library] : table)
    if (header.starts_with(begins))
      return std::string{library};
  if (header.find_first_of("./") == std::string_view::npos || header == "cxxabi.h")
    return "std";
  static const std::regex posix{"(sys|linux|netinet|arpa|net|bits)/[a-z0-9_/]+\\.h|[a-z0-9_]+\\.h"};
  return std::regex_match(std::string{header}, posix) ? "posix" : "";
}

const names threads_and_chance{"thread", "mutex",  "shared_mutex", "condition_variable",
                               "future", "random", "semaphore",    "stop_token"};

/// The noun of a file under `actors/<noun>/`, else empty.
std::string noun_of(const source& file) {
  if (!file.is_under("actors"))
    return {};
  const auto slash = file.path.find('/', 7);
  return slash == std::string::npos ? std::string{} : file.path.substr(7, slash - 7);
}

place shell(const std::string& noun) {
  place row{"an actor", {"messages", "actors"}, {"caf"}};
  if (noun == "journal" || noun == "checkpoint" || noun == "telemetry")
    row.rooms.insert("persistence");
  if (noun == "telemetry")
    row.libraries.insert("spdlog");
  return row;
}

/// Values that machines share; they stand directly under `actors/`.
const names shared_values{"lease", "window", "backoff"};

place machine(const std::string& noun) {
  place row{"a machine", {"messages", "actors/" + noun}, {}, false};
  for (const auto& value : shared_values)
    row.rooms.insert("actors/" + value + ".hpp");
  return row;
}

/// `actors/<noun>/<noun>.*` is a machine, `*_actor.*` a shell. Other files of a noun's folder are
/// parts of its machine, except that the three nouns that keep things may know persistence there.
/// What stands directly under `actors/` and is no shared value is shared by shells.
place place_in_actors(const source& file) {
  const auto noun = noun_of(file);
  const auto name = file.file_name();
  if (noun.empty()) {
    const bool is_value = shared_values.count(name.substr(0, name.find('.'))) != 0;
    return is_value ? machine("") : shell("");
  }
  if (name.find("_actor.") != name.npos)
    return shell(noun);
  if (noun == "address") // a front for actors, through and through
    return {"actors/address/", {"messages", "actors"}, {"caf"}};
  auto row = machine(noun);
  if (name == noun + ".hpp" || name == noun + ".cpp")
    return row;
  row.name = "a part of actors/" + noun;
  if (noun == "journal" || noun == "checkpoint" || noun == "telemetry")
    row.rooms.insert("persistence");
  if (noun == "telemetry")
    row.libraries.insert({"spdlog", "fmt"});
  return row;
}

place place_in_runtime(const source& file) {
  place row{"runtime/",
            {"messages", "persistence", "actors", "runtime"},
            {"caf", "openssl", "zlib", "zstd", "date"}};
  if (file.is_under("runtime/http")) {
    row.name = "runtime/http/";
    row.libraries.insert({"beast", "json", "posix"});
  } else if (file.path.starts_with("runtime/otlp/wire_")) {
    row.name = "a protobuf part of runtime/otlp/";
    row.libraries.insert("protobuf");
  } else if (file.is_under("runtime/otlp")) {
    row.name = "runtime/otlp/";
  } else if (file.is_under("runtime/upstream")) {
    row.name = "runtime/upstream/";
    row.libraries.insert("curl");
  } else if (file.is_under("runtime/os")) {
    row.name = "runtime/os/";
    row.libraries.insert("posix");
  } else if (file.path.starts_with("runtime/json")) {
    row.name = "runtime/json"; // the one place that turns values into JSON, for doors and tools
    row.libraries.insert("json");
  } else {
    row.name = "the composition root";
    row.libraries.insert({"toml", "prometheus"});
  }
  return row;
}

place place_in_tools(const source& file) {
  place row{"tools/",
            {"messages", "runtime", "persistence", "tools"},
            {"cli11", "ncurses", "json", "date", "posix", "openssl", "zlib", "zstd"}};
  if (file.is_under("tools/bench")) {
    row.name = "tools/bench/";
    row.rooms.insert("actors");
    row.libraries.insert({"rocksdb", "sqlite", "benchmark", "msgpack", "spdlog", "caf"});
  }
  return row;
}

/// The row for a file, or nothing for files that may include what they like (tests).
std::optional<place> place_of(const source& file, const names& installed) {
  if (file.is_under("messages"))
    return place{"messages/", {"messages"}, {}, false};
  if (installed.count(file.path) != 0) {
    auto rooms = installed;
    rooms.insert("messages");
    return place{"an installed header", rooms, {}};
  }
  if (file.is_under("persistence"))
    return place{"persistence/",
                 {"messages", "persistence"},
                 {"rocksdb", "msgpack", "openssl", "zlib", "zstd", "posix"}};
  if (file.is_under("actors"))
    return place_in_actors(file);
  if (file.is_under("runtime"))
    return place_in_runtime(file);
  if (file.is_under("tools"))
    return place_in_tools(file);
  if (file.is_under("examples")) {
    auto rooms = installed;
    rooms.insert("messages");
    return place{"an example", rooms, {"posix"}};
  }
  return std::nullopt;
}

bool is_allowed_room(const place& row, const std::string& header) {
  return std::any_of(row.rooms.begin(), row.rooms.end(), [&](const std::string& room) {
    return header == room || header.starts_with(room + "/");
  });
}

/// What is wrong with including `header` there, or nothing.
std::optional<std::string> wrong_include(const tree& all, const source& file, const place* row,
                                         const std::string& header, bool quoted) {
  static const names top{"messages", "persistence", "actors", "runtime", "tools", "tests"};
  const auto room = header.substr(0, header.find('/'));
  const bool is_room = header.find('/') != header.npos && top.count(room) != 0;
  const auto here = row == nullptr ? file.folder() : row->name;
  if (quoted && all.find(header) == nullptr)
    return "\"" + header + "\" is not a file from the root of the sources";
  if (!quoted && is_room)
    return "<" + header + "> is ours: use quotes";
  if (row == nullptr)
    return std::nullopt;
  if (quoted) {
    if (is_allowed_room(*row, header))
      return std::nullopt;
    return here + " may not include \"" + header + "\"";
  }
  const auto library = library_of(header);
  if (library.empty())
    return "<" + header + "> is of no library that tests/house/includes.cpp knows";
  if (library == "std") {
    if (!row->threads && threads_and_chance.count(header) != 0)
      return here + " may not include <" + header + ">: no threads, no randomness";
    return std::nullopt;
  }
  if (row->libraries.count(library) != 0)
    return std::nullopt;
  return here + " may not include <" + header + "> (" + library + ")";
}

/// A source that stands beside its header includes it before anything else.
std::optional<std::string> own_header(const tree& all, const source& file) {
  if (!file.ends_with(".cpp"))
    return std::nullopt;
  auto header = file.path.substr(0, file.path.size() - 4) + ".hpp";
  return all.find(header) == nullptr ? std::nullopt : std::optional{header};
}

} // namespace

violations includes(const tree& all) {
  static const std::regex pattern{"\\s*#\\s*include\\s*([<\"])([^>\"]+)[>\"].*"};
  const auto listed = installed_headers(all);
  const names installed{listed.begin(), listed.end()};
  violations found;
  for (const auto& file : all.files) {
    if (!file.is_cpp())
      continue;
    const auto row = place_of(file, installed);
    const auto own = own_header(all, file);
    bool first = true;
    for (std::size_t at = 0; at < file.code.size(); ++at) {
      std::smatch match;
      if (!std::regex_match(file.code[at], match, pattern))
        continue;
      const auto header = match[2].str();
      if (auto wrong =
              wrong_include(all, file, row ? &*row : nullptr, header, match[1].str() == "\""))
        found.push_back({file.path, at + 1, "include", *wrong});
      if (first && own && header != *own)
        found.push_back({file.path, at + 1, "include", "\"" + *own + "\" comes first"});
      first = false;
    }
  }
  return found;
}

} // namespace house
