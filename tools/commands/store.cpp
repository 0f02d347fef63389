// SPDX-License-Identifier: Apache-2.0
// `holdfast init` and `holdfast store verify`, `stats`.
#include "tools/commands/commands.hpp"

#include "runtime/json.hpp"
#include "runtime/os/clock.hpp"
#include "tools/connection.hpp"
#include "tools/interrupt.hpp"
#include "tools/progress.hpp"
#include "tools/store_place.hpp"

#include <system_error>

namespace holdfast::tools {
namespace {

/// Reads every record of a store that is in use; the chain is checked on the way.
result<persistence::integrity_report> scan_all(const source& from, session& told) {
  const auto head = from.reader->head();
  if (!head)
    return head.error();
  persistence::integrity_report report;
  report.from = head->floor + 1;
  report.to = head->last;
  progress bar{told.error_terminal() && !told.options().quiet, "records", os::steady_now()};
  // After damage the next record may be good again: every damaged place is to be named.
  for (auto at = report.from; at <= report.to && !interrupted();) {
    auto last = at;
    const auto scanned = from.reader->scan(at, report.to, [&](const recorded_event& one) {
      last = one.at + 1;
      if (++report.records % 4096 == 0)
        bar.show(one.at - report.from, report.to - report.from + 1, report.records,
                 os::steady_now());
      return !interrupted();
    });
    if (scanned)
      break;
    if (scanned.error().code != fault_code::corrupt)
      return scanned.error();
    report.damage.push_back(scanned.error());
    if (report.damage.size() >= 20)
      break;
    at = last + 1;
  }
  return report;
}

result<exit_code> verify(bool deep, session& told) {
  const auto at = find_place(told);
  if (!at)
    return at.error();
  ask_before_interrupt("\nholdfast: stopping here; nothing is changed by a verification\n");
  const auto started = os::steady_now();
  auto files = persistence::make_posix_disk();
  auto report = result<persistence::integrity_report>{persistence::integrity_report{}};
  std::string where;
  bool live = at->socket_named || at->data.empty();
  if (!live) {
    const auto owner = files->lock_owner(at->data / "holdfast.lock");
    live = owner && *owner;
  }
  if (live) {
    const auto from = open_source(told, appetite::all);
    if (!from)
      return from.error();
    where = from->described;
    if (deep)
      told.note("The store is in use: its records, chain and digests are read; its indexes are "
                "checked when it is stopped.");
    report = scan_all(*from, told);
  } else {
    if (const auto good = check_data(at->data); !good)
      return good.error();
    where = at->data.string();
    report = persistence::verify_stopped(store_options_of(at->chosen, at->data, *files), deep);
  }
  if (!report)
    return report.error();
  for (const auto& one : report->damage)
    if (one.code != fault_code::corrupt) // a newer format, say, is no damage
      return one;
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(os::steady_now() - started);
  if (told.json()) {
    array damage;
    for (const auto& one : report->damage)
      damage.emplace_back(object{{"what", one.what}, {"help", one.help}});
    told.document("store-verify", {{"from", report->from.value},
                                   {"to", report->to.value},
                                   {"records", report->records},
                                   {"deep", deep && !live},
                                   {"milliseconds", took.count()},
                                   {"damage", std::move(damage)}});
  } else {
    for (const auto& one : report->damage)
      told.line(told.toned(tone::bad, "damaged") + "  " + printable(one.what)
                + (one.help.empty() ? "" : "  " + printable(one.help)));
    told.line(grouped(report->records) + " records, " + std::to_string(report->from.value) + " to "
              + std::to_string(report->to.value) + ", in " + spoken(took) + ": "
              + (report->damage.empty() ? told.toned(tone::good, "all good")
                                        : told.toned(tone::bad, "damaged"))
              + "  (" + where + ")");
  }
  if (!report->damage.empty())
    return exit_code::damaged;
  return interrupted() ? exit_code::interrupted : exit_code::done;
}

struct sizes {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
};

sizes size_of(const std::filesystem::path& directory) {
  sizes found;
  std::error_code ignored; // files come and go under a live store
  for (auto at = std::filesystem::recursive_directory_iterator{directory, ignored};
       at != std::filesystem::recursive_directory_iterator{}; at.increment(ignored)) {
    const auto bytes = at->is_regular_file(ignored) ? at->file_size(ignored) : 0;
    if (ignored || !at->is_regular_file(ignored))
      continue;
    found.bytes += bytes;
    ++found.files;
  }
  return found;
}

result<exit_code> stats(session& told) {
  const auto from = open_source(told);
  if (!from)
    return from.error();
  const auto head = from->reader->head();
  if (!head)
    return head.error();
  const auto taken = from->reader->checkpoints({});
  if (!taken)
    return taken.error();
  const auto consumers = from->reader->consumers();
  if (!consumers)
    return consumers.error();
  const auto answered = head->events + head->duplicates;
  object members{{"last", head->last.value},     {"floor", head->floor.value},
                 {"events", head->events},       {"duplicates", head->duplicates},
                 {"checkpoints", taken->size()}, {"consumers", consumers->size()},
                 {"chain", to_hex(head->chain)}, {"source", from->described}};
  std::vector<std::vector<std::string>> rows{
      {"records", grouped(head->last.value)},
      {"events", grouped(head->events)},
      {"duplicates refused",
       grouped(head->duplicates)
           + (answered == 0 ? ""
                            : "  (" + std::to_string(head->duplicates * 100 / answered)
                                  + " % of what came)")},
      {"retired up to", grouped(head->floor.value)},
      {"checkpoints", grouped(taken->size())},
      {"consumers", grouped(consumers->size())}};
  if (!from->at.data.empty()) {
    for (const auto* part : {"db", "tail", "telemetry", "quarantine"}) {
      const auto found = size_of(from->at.data / part);
      members.emplace(std::string{part} + "_bytes", found.bytes);
      rows.push_back({std::string{part} + "/",
                      spoken_bytes(found.bytes) + " in " + grouped(found.files) + " files"});
    }
    std::error_code unknown;
    const auto space = std::filesystem::space(from->at.data, unknown);
    if (!unknown) {
      members.emplace("free_bytes", static_cast<std::uint64_t>(space.available));
      rows.push_back({"disk free", spoken_bytes(space.available)});
    }
  }
  rows.push_back({"source", from->described});
  if (told.json())
    told.document("store-stats", std::move(members));
  else
    told.table({{""}, {""}}, rows);
  return exit_code::done;
}

result<exit_code> init(const std::string& directory, session& told) {
  const auto at = find_place(told);
  if (!at)
    return at.error();
  const auto data = directory.empty()
                        ? need_data(*at)
                        : result<std::filesystem::path>{std::filesystem::absolute(directory)};
  if (!data)
    return data.error();
  auto files = persistence::make_posix_disk();
  if (const auto made =
          persistence::store::create(store_options_of(at->chosen, *data, *files), os::wall_now());
      !made)
    return made.error();
  if (told.json())
    told.document("init", {{"data", data->string()}});
  else
    told.line("Made a new store in " + data->string() + ".");
  told.note("Start it: holdfast run --data " + data->string());
  return exit_code::done;
}

} // namespace

command_spec init_spec() {
  auto directory = std::make_shared<std::string>();
  return {.name = "init",
          .brief = "Makes a new store in an absent or empty directory.",
          .details =
              "Nothing else ever makes one (but run --init): a wrong directory or an unmounted\n"
              "disk must not look like a fresh start.\n",
          .options = {{"DIR", "", "The directory; else that of --data.", directory.get()}},
          .run = [directory](session& told) { return init(*directory, told); }};
}

command_spec store_verify_spec() {
  auto deep = std::make_shared<bool>();
  return {
      .name = "store verify",
      .brief = "Reads the whole store and checks it; changes nothing.",
      .details = "Exit code 8 when anything is damaged.\n",
      .options = {{"--deep", "", "Also every block of every file and every index.", deep.get()}},
      .run = [deep](session& told) { return verify(*deep, told); }};
}

command_spec store_stats_spec() {
  return {.name = "store stats",
          .brief = "Counts records, duplicates, checkpoints and bytes.",
          .details = {},
          .options = {},
          .run = stats};
}

} // namespace holdfast::tools
