// SPDX-License-Identifier: Apache-2.0
// `holdfast ingest`: files or stdin into a store.
#include "tools/commands/commands.hpp"

#include "runtime/intake.hpp"
#include "runtime/os/clock.hpp"
#include "tools/connection.hpp"
#include "tools/ingestion.hpp"
#include "tools/interrupt.hpp"
#include "tools/progress.hpp"
#include "tools/sinks.hpp"
#include "tools/suggest.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace holdfast::tools {
namespace {

struct ingest_words {
  std::vector<std::string> files;
  std::string stream;
  std::string type = "event";
  std::string durability;
  std::string format;
  std::uint64_t batch = 1000;
  std::string retry_for = "60s";
  std::string receipts;
};

/// One file that is open, or stdin.
struct input {
  std::string name;
  int descriptor = -1;
  std::uint64_t size = 0; ///< 0: unknown.
  intake::format form = intake::format::ndjson;

  input() = default;
  input(input&& other) noexcept
      : name{std::move(other.name)},
        descriptor{std::exchange(other.descriptor, -1)}, size{other.size}, form{other.form} {}
  input& operator=(input&&) = delete;
  ~input() {
    if (descriptor > STDIN_FILENO)
      ::close(descriptor);
  }
};

result<input> open_input(const std::string& name, const std::string& format) {
  input made;
  made.name = name == "-" ? "stdin" : name;
  const auto suffix = std::filesystem::path{name}.extension().string();
  const auto named = intake::format_named(format.empty() ? suffix : format);
  if (!named && !format.empty())
    return fault{fault_code::invalid, "--format: \"" + format + "\" is no format",
                 did_you_mean(format, {"jsonl", "json", "csv"})
                     + " There are jsonl, json and csv."};
  made.form = named.value_or(intake::format::ndjson);
  if (name == "-") {
    made.descriptor = STDIN_FILENO;
    return made;
  }
  made.descriptor = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (made.descriptor < 0) {
    const int why = errno;
    return fault{why == ENOENT || why == ENOTDIR ? fault_code::not_found
                 : why == EACCES                 ? fault_code::denied
                                                 : fault_code::invalid,
                 name + ": " + std::strerror(why), "Nothing was sent."};
  }
  struct stat about {};
  if (::fstat(made.descriptor, &about) == 0) {
    if (S_ISDIR(about.st_mode))
      return fault{fault_code::invalid, name + " is a directory", "Nothing was sent."};
    made.size = static_cast<std::uint64_t>(about.st_size);
  }
  return made;
}

result<durability> level_of(const std::string& word, durability otherwise) {
  for (const auto level : {durability::none, durability::process, durability::power})
    if (word == to_string(level))
      return level;
  if (word.empty())
    return otherwise;
  return fault{fault_code::invalid, "--durability: \"" + word + "\" is no level",
               "There are none, process and power."};
}

/// Every file through the ingestion. Ends early on Ctrl-C.
class pouring {
public:
  pouring(ingestion& into, session& told)
      : into_{into}, started_{os::steady_now()}, bar_{told.error_terminal()
                                                          && !told.options().quiet,
                                                      "events", started_} {}

  result<void> pour(std::vector<input>& files, const ingest_words& typed) {
    for (const auto& one : files)
      total_ += one.size;
    for (auto& one : files)
      if (const auto poured = pour_one(one, typed); !poured || interrupted())
        return poured;
    return {};
  }

private:
  result<void> pour_one(input& from, const ingest_words& typed) {
    const auto stem = std::filesystem::path{from.name}.stem().string();
    intake::reader parser{from.form, {typed.stream.empty() ? stem : typed.stream, typed.type}, {}};
    result<void> state;
    const auto take = [&](intake::item one) {
      if (state)
        state = into_.take(std::move(one), from.name);
    };
    std::array<char, 256U << 10U> chunk{};
    while (!interrupted() && state) {
      const auto got = ::read(from.descriptor, chunk.data(), chunk.size());
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return fault{fault_code::denied, from.name + ": " + std::strerror(errno),
                     "What was read before is stored."};
      if (got == 0) {
        parser.finish(take);
        break;
      }
      parser.feed({chunk.data(), static_cast<std::size_t>(got)}, take);
      done_ += static_cast<std::uint64_t>(got);
      bar_.show(done_, total_, into_.tally().acknowledged(), os::steady_now());
    }
    return state;
  }

  ingestion& into_;
  instant started_;
  progress bar_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

void report(const ingestion& run, std::chrono::milliseconds took, session& told) {
  const auto& tally = run.tally();
  const auto ms = std::max<std::int64_t>(1, took.count());
  const auto rate = tally.acknowledged() * 1000 / static_cast<std::uint64_t>(ms);
  if (told.json()) {
    array problems;
    for (const auto& [at, what] : tally.problems)
      problems.emplace_back(object{{"at", at}, {"what", what}});
    told.document("ingest", {{"lines", tally.lines},
                             {"sent", tally.sent},
                             {"stored", tally.stored},
                             {"duplicates", tally.duplicates},
                             {"conflicts", tally.conflicts},
                             {"rejected", tally.rejected},
                             {"unknown", run.unanswered()},
                             {"resent", tally.resent},
                             {"reconnects", tally.reconnects},
                             {"milliseconds", took.count()},
                             {"events_per_second", rate},
                             {"problems", std::move(problems)}});
  } else {
    std::vector<std::vector<std::string>> rows{
        {"lines", grouped(tally.lines)},         {"sent", grouped(tally.sent)},
        {"stored", grouped(tally.stored)},       {"duplicates", grouped(tally.duplicates)},
        {"conflicts", grouped(tally.conflicts)}, {"rejected", grouped(tally.rejected)}};
    if (run.unanswered() != 0)
      rows.push_back({"unknown", grouped(run.unanswered())});
    if (tally.resent != 0)
      rows.push_back({"sent again", grouped(tally.resent)});
    rows.push_back({"time", spoken(took)});
    rows.push_back({"events/s", grouped(rate)});
    told.table({{""}, {"", side::right}}, rows);
  }
  for (const auto& [at, what] : tally.problems)
    told.note(printable(at) + ": " + printable(what));
  const auto bad = tally.rejected + tally.conflicts;
  if (bad > tally.problems.size())
    told.note("... and " + grouped(bad - tally.problems.size()) + " more.");
}

/// Where the events go: the daemon if one answers, else the stopped store.
result<std::unique_ptr<event_sink>> open_sink(const session& told) {
  auto at = find_place(told);
  if (!at)
    return at.error();
  if (daemon_answers(*at))
    return make_door_sink(at->socket, told.request_timeout());
  if (at->socket_named || at->data.empty() || told.options().data.empty())
    return no_daemon(*at);
  at->chosen.telemetry.enabled = false; // the daemon's log is not this command's
  return open_store_sink(at->chosen);
}

result<exit_code> ingest(const ingest_words& typed, session& told) {
  const auto level = level_of(typed.durability, durability::power);
  if (!level)
    return level.error();
  const auto retry_for = parse_duration(typed.retry_for);
  if (!retry_for)
    return fault{fault_code::invalid, "--retry-for: " + retry_for.error().what,
                 retry_for.error().help};
  if (typed.batch < 1 || typed.batch > 10'000)
    return fault{fault_code::invalid, "--batch is a number from 1 to 10000", {}};
  std::vector<input> files;
  for (const auto& name : typed.files) {
    auto opened = open_input(name, typed.format);
    if (!opened)
      return opened.error();
    files.push_back(*std::move(opened));
  }
  std::FILE* receipts = nullptr;
  if (!typed.receipts.empty()) {
    receipts = std::fopen(typed.receipts.c_str(), "we");
    if (receipts == nullptr)
      return fault{fault_code::denied, typed.receipts + ": " + std::strerror(errno),
                   "Nothing was sent."};
  }
  auto sink = open_sink(told);
  if (!sink)
    return sink.error();
  ask_before_interrupt("\nholdfast: no more is read; waiting for the answers to what was sent "
                       "(Ctrl-C again: stop now)\n");
  ingestion run{**sink,
                {.batch_events = static_cast<std::size_t>(typed.batch), .retry_for = *retry_for},
                *level,
                {os::steady_now, os::wait_for, interrupted,
                 [receipts](const std::string& place, const append_answer& answer) {
                   if (receipts != nullptr)
                     std::fprintf(receipts, "%s\t%llu\t%s\n", place.c_str(),
                                  static_cast<unsigned long long>(answer.at.value),
                                  to_string(answer.what).data());
                 }}};
  const auto started = os::steady_now();
  auto ended = pouring{run, told}.pour(files, typed);
  if (ended)
    ended = run.finish();
  report(run, std::chrono::duration_cast<std::chrono::milliseconds>(os::steady_now() - started),
         told);
  const bool kept = receipts == nullptr || std::fclose(receipts) == 0;
  if (!ended)
    return ended.error();
  if (!kept)
    return fault{fault_code::no_space, typed.receipts + ": not every receipt could be written", {}};
  if (interrupted())
    return exit_code::interrupted;
  return run.tally().rejected + run.tally().conflicts == 0 ? exit_code::done : exit_code::failed;
}

} // namespace

command_spec ingest_spec() {
  auto typed = std::make_shared<ingest_words>();
  return {
      .name = "ingest",
      .brief = "Pours events from files or stdin into a store.",
      .details =
          "For example: holdfast ingest events.jsonl usage.csv\n"
          "             producer | holdfast ingest - --stream llm.usage\n"
          "A line is an event's body, or "
          "{\"stream\":...,\"type\":...,\"key\":...,\"body\":{...}}.\n"
          "Goes through the daemon where one answers; with --data DIR into a stopped store.\n"
          "What is not answered is sent again: that is safe, as nothing is stored twice. While "
          "the\n"
          "daemon is busy, batches may be stored in another order than they were read.\n"
          "Exit code 1 when lines were rejected; the others are stored.\n",
      .options =
          {{"FILE", "", "Files to read; - is stdin.", &typed->files, true},
           {"--stream", "NAME", "For lines that name none; else the file's name.", &typed->stream},
           {"--type", "NAME", "For lines that name none (event).", &typed->type},
           {"--durability", "LEVEL", "none, process or power (power).", &typed->durability},
           {"--format", "FORMAT", "jsonl, json or csv; else by the file's name.", &typed->format},
           {"--batch", "N", "Events in one request (1000).", &typed->batch},
           {"--retry-for", "TIME", "How long to try where the daemon is away or busy (60s).",
            &typed->retry_for},
           {"--receipts", "FILE", "Write place, sequence and outcome of each acknowledged event.",
            &typed->receipts}},
      .run = [typed](session& told) { return ingest(*typed, told); }};
}

} // namespace holdfast::tools
