// SPDX-License-Identifier: Apache-2.0
// Copies evidence into incidents and bounds how much of it is kept.
#include "persistence/quarantine.hpp"

#include <algorithm>
#include <array>
#include <ctime>

namespace holdfast::persistence {
namespace {

namespace fs = std::filesystem;

// An incident that holds the only copy of a file is never removed by us.
constexpr std::string_view moved_mark = "moved";
constexpr std::string_view note_name = "incident.txt";

std::string utc_name(wall_time now) {
  const auto seconds = static_cast<std::time_t>(now.us / 1'000'000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts);
  return {text.data(), size};
}

result<void> write_durably(disk& files, const fs::path& path, std::string_view text) {
  auto opened = files.open(path, open_mode::create);
  if (!opened)
    return opened.error();
  if (auto emptied = (*opened)->truncate(0); !emptied)
    return emptied;
  if (auto put = (*opened)->write(0, text); !put)
    return put;
  return (*opened)->sync();
}

/// Every directory from the file's up to the incident.
result<void> sync_up_to(disk& files, const fs::path& incident, fs::path directory) {
  while (true) {
    if (auto synced = files.sync_directory(directory); !synced)
      return synced;
    if (directory == incident)
      return {};
    directory = directory.parent_path();
  }
}

/// Copies one file; the sentence says what became of it.
result<std::string> copy_one(disk& files, const quarantine_options& options,
                             const fs::path& incident, const fs::path& relative,
                             std::uint64_t& bytes_left) {
  const auto name = relative.generic_string();
  if (relative.filename() == "LOCK")
    return name + ": left out, it is RocksDB's lock";
  const auto source = options.store / relative;
  const auto there = files.exists(source);
  if (!there)
    return there.error();
  if (!*there)
    return name + ": is missing";
  std::uint64_t size = 0;
  {
    const auto opened = files.open(source, open_mode::read);
    if (!opened)
      return name + ": cannot be opened: " + opened.error().what;
    const auto found = (*opened)->size();
    if (!found)
      return name + ": cannot be examined: " + found.error().what;
    size = *found;
  }
  if (size > bytes_left)
    return name + ": left out, its " + std::to_string(size) + " bytes are beyond the limit";
  const auto target = incident / relative;
  if (auto made = files.make_directories(target.parent_path()); !made)
    return made.error();
  if (auto copied = files.copy(source, target); !copied) {
    if (copied.error().code == fault_code::no_space)
      return copied.error();
    return name + ": cannot be copied: " + copied.error().what;
  }
  bytes_left -= size;
  auto opened = files.open(target, open_mode::read_write);
  if (!opened)
    return opened.error();
  if (auto synced = (*opened)->sync(); !synced)
    return synced.error();
  if (auto synced = sync_up_to(files, incident, target.parent_path()); !synced)
    return synced.error();
  return name + ": " + std::to_string(size) + " bytes";
}

/// Where a new incident goes: `<utc>-<n>`, n above every n there is, so that names sort by age
/// even when the clock was moved back.
result<std::pair<fs::path, std::vector<std::string>>> new_incident(disk& files, const fs::path& all,
                                                                   wall_time now) {
  if (auto made = files.make_directories(all); !made)
    return made.error();
  auto names = files.list(all);
  if (!names)
    return names.error();
  const auto number = [](const std::string& name) {
    const auto dash = name.rfind('-');
    std::uint64_t n = 0;
    if (dash != std::string::npos)
      for (const auto letter : name.substr(dash + 1, 9))
        n = letter >= '0' && letter <= '9' ? n * 10 + static_cast<std::uint64_t>(letter - '0') : n;
    return n;
  };
  std::uint64_t newest = 0;
  for (const auto& name : *names)
    newest = std::max(newest, number(name));
  std::sort(names->begin(), names->end(), [&](const std::string& left, const std::string& right) {
    return number(left) < number(right);
  });
  return std::pair{all / (utc_name(now) + "-" + std::to_string(newest + 1)), *std::move(names)};
}

result<void> remove_old(disk& files, const fs::path& all, std::vector<std::string> older,
                        std::size_t kept) {
  std::vector<fs::path> removable;
  for (const auto& name : older) {
    const auto moved = files.exists(all / name / moved_mark);
    if (!moved)
      return moved.error();
    if (!*moved)
      removable.push_back(all / name);
  }
  for (std::size_t i = 0; i + kept < removable.size(); ++i)
    if (auto removed = files.remove_all(removable[i]); !removed)
      return removed;
  return {};
}

} // namespace

result<fs::path> keep_evidence(disk& files, const quarantine_options& options,
                               const std::vector<fs::path>& evidence, const std::string& reason,
                               wall_time now) {
  const auto all = options.store / "quarantine";
  const auto placed = new_incident(files, all, now);
  if (!placed)
    return placed.error();
  const auto& [incident, older] = *placed;
  // Older ones go first: the disk may be nearly full, and the newest evidence is what matters.
  const auto others = std::max<std::size_t>(options.incidents_max, 1) - 1;
  if (auto removed = remove_old(files, all, older, others); !removed)
    return removed.error();
  if (auto made = files.make_directories(incident); !made)
    return made.error();
  auto note = reason + "\n\nBefore anything was repaired:\n";
  auto bytes_left = options.bytes_max;
  for (const auto& relative : evidence) {
    const auto said = copy_one(files, options, incident, relative, bytes_left);
    if (!said)
      return said.error();
    note += *said + "\n";
  }
  if (auto put = write_durably(files, incident / note_name, note); !put)
    return put.error();
  for (const auto& directory : {incident, all, options.store})
    if (auto synced = files.sync_directory(directory); !synced)
      return synced.error();
  return incident;
}

result<void> move_aside(disk& files, const quarantine_options& options, const fs::path& incident,
                        const fs::path& moved) {
  const auto target = incident / moved_mark / moved;
  if (auto made = files.make_directories(target.parent_path()); !made)
    return made;
  if (auto synced = sync_up_to(files, incident, target.parent_path()); !synced)
    return synced;
  const auto source = options.store / moved;
  if (auto renamed = files.rename(source, target); !renamed)
    return renamed;
  // The new name first: between the two a power loss may show both names, never none.
  if (auto synced = files.sync_directory(target.parent_path()); !synced)
    return synced;
  return files.sync_directory(source.parent_path());
}

} // namespace holdfast::persistence
