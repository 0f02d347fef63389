// SPDX-License-Identifier: Apache-2.0
// Chooses where a command reads: a daemon's door, or a data directory, live or stopped.
#pragma once

#include "messages/fault.hpp"
#include "persistence/disk.hpp"
#include "persistence/reader.hpp"
#include "runtime/config.hpp"
#include "runtime/options.hpp"
#include "tools/session.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace holdfast::tools {

/// Flags, environment and file; an empty `file` means `--config` or the usual one.
config::sources config_sources(const session& told, const std::string& file = {});

/// What flags, environment, configuration and defaults say, flags first.
struct place {
  holdfast::options chosen;
  std::filesystem::path data;   ///< Absolute; empty: none named.
  std::filesystem::path socket; ///< Absolute; empty: none named and no data directory either.
  bool socket_named = false;    ///< By `--socket`: nothing else will do.
};

/// Reads the configuration. Answers its problems, all in one fault.
result<place> find_place(const session& told);

/// The data directory, or `invalid` with how to name one.
result<std::filesystem::path> need_data(const place& at);

/// Does anybody accept connections there? Costs one connection attempt.
bool daemon_answers(const place& at);

/// `unreachable`, and what to do about it.
fault no_daemon(const place& at);

/// Is there a store, or what could be one? Says what is wrong with the path in the person's words;
/// what is wrong with the store is its reader's to say.
result<void> check_data(const std::filesystem::path& data);

/// A reader and what it stands on.
struct source {
  std::unique_ptr<persistence::disk> files;
  std::unique_ptr<persistence::reader> reader;
  place at;
  std::string described; ///< `daemon at PATH`, `data directory DIR (live)` ...
  bool daemon = false;
};

/// What a command is going to read.
enum class appetite {
  some, ///< A page or a few: the daemon is asked first.
  all   ///< Every record: read from the directory where that is at hand, beside the daemon.
};

/// Opens the reader: through the socket where a daemon answers, else from the data directory.
/// Answers `unreachable` when there is neither.
result<source> open_source(const session& told, appetite hunger = appetite::some);

/// Like a name that does not exist, with the nearest of those that do.
fault unknown_name(const std::string& kind, const std::string& typed,
                   const std::vector<std::string>& known);

} // namespace holdfast::tools
