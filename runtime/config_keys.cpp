// SPDX-License-Identifier: Apache-2.0
// Every key of the configuration, once: type, range, meaning, and the option behind it.
#include "runtime/config_keys.hpp"

#include "runtime/config_kinds.hpp"
#include "runtime/http/tcp_socket.hpp"

namespace holdfast::config {

namespace {

/// A table of streams to lists of fields; there is no text for it.
key volatile_fields() {
  return {"events.volatile",
          "table",
          "",
          "Fields of a body that say nothing about what the event is, by stream (or `prefix*`): "
          "two events that differ only there are duplicates.",
          [](options& into, const given& from, const std::filesystem::path&) -> result<void> {
            const auto* rules = std::get_if<std::map<std::string, std::vector<std::string>>>(&from);
            if (rules == nullptr)
              return broken("must be a table of streams to lists of fields");
            into.events.volatile_fields.clear();
            for (const auto& [stream, fields] : *rules) {
              if (const auto why = wrong_stream(stream); !why.empty())
                return broken("\"" + stream + "\" " + why);
              into.events.volatile_fields.push_back({stream, fields});
            }
            return {};
          },
          [](const options& from) {
            std::string out;
            for (const auto& rule : from.events.volatile_fields)
              out += (out.empty() ? " " : ", ") + quoted(rule.stream) + " = " + list(rule.fields);
            return out.empty() ? "{}" : "{" + out + " }";
          }};
}

constexpr std::uint64_t kib = 1ULL << 10U;
constexpr std::uint64_t mib = 1ULL << 20U;
constexpr std::uint64_t gib = 1ULL << 30U;
constexpr milliseconds second{1000};
constexpr milliseconds hour{3600 * 1000};
constexpr milliseconds day = 24 * hour;

using numbers = std::uint64_t&;
using spans = milliseconds&;

void store_keys(std::vector<key>& into) {
  into.insert(
      into.end(),
      {path(
           "store.data", [](options & o) -> auto& { return o.store.data; },
           "The data directory. Relative paths start from the directory of the file that says "
           "so, else from the current one."),
       texts(
           "store.indexed_streams", "list of streams", wrong_stream,
           [](options & o) -> auto& { return o.store.indexed_streams; },
           "Streams (or `prefix*`) that keep an index, so that reading one of them does not pass "
           "over all others; costs about a fifth of throughput. It begins when a stream is named "
           "here; what was recorded before is found without it."),
       size(
           "store.mirror_segment", 4 * mib, 4 * gib,
           [](options& o) -> numbers { return o.store.mirror_segment_bytes; },
           "One of the two segments of the tail mirror; bounds the time a start takes."),
       size(
           "store.memory", 4 * mib, 16 * gib,
           [](options& o) -> numbers { return o.store.memory_bytes; },
           "Write buffers of the store together; when full, they are flushed to table files."),
       size(
           "store.cache", 0, 64 * gib, [](options& o) -> numbers { return o.store.cache_bytes; },
           "Cache for blocks of table files; when full, the oldest is dropped."),
       size(
           "store.ballast", 0, 16 * gib,
           [](options& o) -> numbers { return o.store.ballast_bytes; },
           "A file given up when the disk is full, so that a stop can still be written; 0: "
           "none.")});
}

void event_keys(std::vector<key>& into) {
  into.insert(
      into.end(),
      {size(
           "events.body_max", kib, 64 * mib,
           [](options& o) -> numbers { return o.events.body_bytes_max; },
           "A larger event is rejected."),
       word(
           "events.durability", {"none", "process", "power"},
           [](options& o, const std::string& text) {
             o.events.level = text == "none"      ? durability::none
                              : text == "process" ? durability::process
                                                  : durability::power;
           },
           [](const options& o) { return std::string{to_string(o.events.level)}; },
           "What an acknowledgement survives where the request does not say."),
       volatile_fields(),
       count(
           "events.waiting_max", 1, 10'000'000,
           [](options& o) -> numbers { return o.events.waiting_events_max; },
           "Events taken and not yet answered; beyond it appends are answered `busy`."),
       size(
           "events.waiting_bytes_max", mib, 16 * gib,
           [](options& o) -> numbers { return o.events.waiting_bytes_max; }, "The same in bytes."),
       count(
           "events.batch_max", 1, 65536,
           [](options& o) -> numbers { return o.events.batch_events_max; },
           "Events of one commit; more wait for the next."),
       size(
           "events.batch_bytes_max", 64 * kib, 64 * mib,
           [](options& o) -> numbers { return o.events.batch_bytes_max; },
           "The same in bytes; a larger event goes alone.")});
}

void checkpoint_keys(std::vector<key>& into) {
  into.insert(
      into.end(),
      {count(
           "checkpoint.events", 1, 1'000'000'000,
           [](options& o) -> numbers { return o.checkpoint.events; },
           "A checkpoint is taken after this many events, or after the interval, whichever is "
           "first. While an actor has more than 10,000 records to catch up: after 10,000 events, "
           "or "
           "the interval."),
       span(
           "checkpoint.interval", milliseconds{1}, 365 * day,
           [](options& o) -> spans { return o.checkpoint.interval; },
           "The interval of that rule; without new events no checkpoint is taken."),
       count(
           "checkpoint.keep_newest", 1, 100'000,
           [](options& o) -> numbers { return o.history.newest; },
           "How many of the newest checkpoints of an owner are kept."),
       count(
           "checkpoint.keep_hourly", 0, 100'000,
           [](options& o) -> numbers { return o.history.hourly; },
           "Beyond those, one an hour for this many hours."),
       count(
           "checkpoint.keep_daily", 0, 100'000,
           [](options& o) -> numbers { return o.history.daily; },
           "Beyond those, one a day for this many days.")});
}

void pressure_keys(std::vector<key>& into) {
  constexpr std::uint64_t most = 1'000'000'000'000ULL;
  into.insert(
      into.end(),
      {size(
           "pressure.pause", 0, most, [](options& o) -> numbers { return o.pressure.pause_bytes; },
           "Producers are asked to pause above this many unprocessed bytes; 0: bytes do not "
           "count."),
       size(
           "pressure.resume", 0, most,
           [](options& o) -> numbers { return o.pressure.resume_bytes; },
           "... and to go on below this."),
       count(
           "pressure.pause_events", 0, most,
           [](options& o) -> numbers { return o.pressure.pause_events; },
           "The same in events; 0: they do not count."),
       count(
           "pressure.resume_events", 0, most,
           [](options& o) -> numbers { return o.pressure.resume_events; },
           "... and to go on below this."),
       span(
           "pressure.pause_age", milliseconds{0}, 365 * day,
           [](options& o) -> spans { return o.pressure.pause_age; },
           "The same by the age of the oldest unprocessed event; 0: it does not count."),
       span(
           "pressure.resume_age", milliseconds{0}, 365 * day,
           [](options& o) -> spans { return o.pressure.resume_age; },
           "... and to go on below this."),
       span(
           "pressure.consumer_silence", second, 365 * day,
           [](options& o) -> spans { return o.pressure.consumer_silence; },
           "A consumer that committed nothing for so long stops counting, with an alarm.")});
}

void telemetry_keys(std::vector<key>& into) {
  into.insert(
      into.end(),
      {flag(
           "telemetry.enabled", [](options & o) -> auto& { return o.telemetry.enabled; },
           "Write log files."),
       path(
           "telemetry.directory", [](options & o) -> auto& { return o.telemetry.directory; },
           "Where they are; empty: `telemetry` in the data directory."),
       word(
           "telemetry.level", {"debug", "info", "warn", "error"},
           [](options& o, const std::string& text) { o.telemetry.level = text; },
           [](const options& o) { return o.telemetry.level; }, "Lines below it are not written."),
       size(
           "telemetry.rotate", 64 * kib, 10 * gib,
           [](options& o) -> numbers { return o.telemetry.rotate_bytes; },
           "A new file is begun at this size, and each day."),
       size(
           "telemetry.total_max", mib, 1000 * gib,
           [](options& o) -> numbers { return o.telemetry.total_bytes_max; },
           "Of all files together; beyond it the oldest go first."),
       span(
           "telemetry.compress_after", hour, 3650 * day,
           [](options& o) -> spans { return o.telemetry.compress_after; },
           "Older files are compressed."),
       span(
           "telemetry.delete_after", hour, 3650 * day,
           [](options& o) -> spans { return o.telemetry.delete_after; },
           "Older files are removed."),
       span(
           "telemetry.audit_delete_after", hour, 3650 * day,
           [](options& o) -> spans { return o.telemetry.audit_delete_after; },
           "The same for the audit stream."),
       texts(
           "telemetry.redact", "list of expressions", wrong_expression,
           [](options & o) -> auto& { return o.telemetry.redact; },
           "Regular expressions; what they match is not written. Keys, tokens and passwords are "
           "left out anyway.")});
}

void door_keys(std::vector<key>& into) {
  const auto deadline = [](std::string name, place<milliseconds> at, std::string says) {
    return span(std::move(name), milliseconds{10}, hour, std::move(at), std::move(says));
  };
  into.insert(
      into.end(),
      {path(
           "door.socket", [](options & o) -> auto& { return o.door.socket; },
           "The Unix socket; empty: `holdfast.sock` in the data directory."),
       users(
           "door.users", [](options & o) -> auto& { return o.door.uids; },
           "Numeric ids of the users who may connect; empty: the daemon's own and root."),
       texts(
           "door.tcp", "list of addresses", wrong_address,
           [](options & o) -> auto& { return o.door.tcp; },
           "Numeric addresses to listen on beside the socket, as \"127.0.0.1:4711\" or "
           "\"[::1]:4711\"; with port 0 the kernel chooses one."),
       path(
           "door.tls_certificate", [](options & o) -> auto& { return o.door.tls_certificate; },
           "PEM file of the certificate and those that signed it; with it those addresses speak "
           "TLS, 1.2 or newer."),
       path(
           "door.tls_key", [](options & o) -> auto& { return o.door.tls_key; },
           "PEM file of its key, without a passphrase and readable by nobody else."),
       path(
           "door.tokens", [](options & o) -> auto& { return o.door.tokens; },
           "File of the tokens that are good on TCP, one `NAME ROLE SECRET` a line, ROLE "
           "`read-only` or `operator`; readable by nobody else. A change counts within a second."),
       texts(
           "door.hosts", "list of hosts", wrong_host,
           [](options & o) -> auto& { return o.door.hosts; },
           "What a request's Host may be beside the addresses themselves, with the port where it "
           "is not the usual one: a proxy's name, say."),
       texts(
           "door.origins", "list of origins", wrong_origin,
           [](options & o) -> auto& { return o.door.origins; },
           "Origins of web pages that may ask, as \"https://app.example\"; without any, no page "
           "may."),
       users(
           "door.read_only_users", [](options & o) -> auto& { return o.door.read_only_users; },
           "Those of the users on the Unix socket who may only read."),
       size(
           "door.header_max", kib, mib,
           [](options& o) -> numbers { return o.door.header_bytes_max; },
           "A longer header is answered 431."),
       size(
           "door.body_max", kib, 64 * mib,
           [](options& o) -> numbers { return o.door.body_bytes_max; },
           "A longer body is answered 413."),
       size(
           "door.stream_body_max", kib, gib,
           [](options& o) -> numbers { return o.door.stream_body_bytes_max; },
           "The same for NDJSON and CSV."),
       size(
           "door.otlp_body_max", kib, 64 * mib,
           [](options& o) -> numbers { return o.door.otlp_body_bytes_max; }, "The same for OTLP."),
       size(
           "door.line_max", kib, 64 * mib,
           [](options& o) -> numbers { return o.door.line_bytes_max; },
           "A longer line of NDJSON or CSV is rejected alone."),
       deadline(
           "door.header_deadline", [](options& o) -> spans { return o.door.header_deadline; },
           "For the whole header; then the connection is closed."),
       deadline(
           "door.request_deadline", [](options& o) -> spans { return o.door.request_deadline; },
           "For the whole request and its answer; then the connection is closed."),
       deadline(
           "door.idle_deadline", [](options& o) -> spans { return o.door.idle_deadline; },
           "Between two requests; then the connection is closed."),
       deadline(
           "door.heartbeat", [](options& o) -> spans { return o.door.heartbeat; },
           "A follower that has nothing to tell says so this often."),
       count(
           "door.connections_max", 1, 100'000,
           [](options& o) -> numbers { return o.door.connections_max; },
           "Beyond it a connection is answered 503 and closed."),
       count(
           "door.streams_max", 1, 100'000, [](options& o) -> numbers { return o.door.streams_max; },
           "Answers that go on, such as followers; beyond it they are answered 503."),
       deadline(
           "door.stream_stall", [](options& o) -> spans { return o.door.stream_stall; },
           "For one piece of such an answer to leave; then the connection is closed."),
       count(
           "door.readers", 1, 64, [](options& o) -> numbers { return o.door.readers; },
           "Threads that read the store for requests."),
       count(
           "door.reads_waiting_max", 1, 100'000,
           [](options& o) -> numbers { return o.door.reads_waiting_max; },
           "Requests that wait for one of those; beyond it they are answered 503.")});
}

void run_keys(std::vector<key>& into) {
  into.insert(into.end(),
              {count(
                   "run.workers", 1, 256, [](options& o) -> numbers { return o.workers; },
                   "Threads that actors share."),
               span(
                   "run.stop_deadline", milliseconds{100}, hour,
                   [](options& o) -> spans { return o.stop_deadline; },
                   "A stop that takes longer ends with a report of who would not leave."),
               flag(
                   "run.init", [](options & o) -> auto& { return o.initialise; },
                   "Make the store when the data directory is absent or empty.")});
}

void below(std::vector<fault>& into, bool is_below, const char* lower, const char* upper) {
  if (!is_below)
    into.push_back(broken(std::string{"`"} + lower + "` must be less than `" + upper + "`"));
}

/// What would let in more than anybody meant to.
void open_doors(std::vector<fault>& into, const door_choices& door) {
  if (door.tls_certificate.empty() != door.tls_key.empty())
    into.push_back(broken("`door.tls_certificate` and `door.tls_key` go together"));
  if (!door.tcp.empty() && door.tokens.empty())
    into.push_back(broken("`door.tcp` needs `door.tokens`: on TCP nobody knows who asks"));
  for (const auto& one : door.tcp)
    if (const auto address = http::parse_address(one);
        address && !address->is_loopback() && door.tls_certificate.empty())
      into.push_back(broken("`door.tcp`: " + one + " is reached from elsewhere, so it needs TLS: "
                            + "`door.tls_certificate` and `door.tls_key`"));
}

} // namespace

const std::vector<key>& table() {
  static const auto made = [] {
    std::vector<key> keys;
    store_keys(keys);
    event_keys(keys);
    checkpoint_keys(keys);
    pressure_keys(keys);
    telemetry_keys(keys);
    door_keys(keys);
    run_keys(keys);
    return keys;
  }();
  return made;
}

std::vector<fault> contradictions(const options& chosen) {
  std::vector<fault> found;
  const auto& p = chosen.pressure;
  below(found, p.pause_bytes == 0 || p.resume_bytes < p.pause_bytes, "pressure.resume",
        "pressure.pause");
  below(found, p.pause_events == 0 || p.resume_events < p.pause_events, "pressure.resume_events",
        "pressure.pause_events");
  below(found, p.pause_age.count() == 0 || p.resume_age < p.pause_age, "pressure.resume_age",
        "pressure.pause_age");
  below(found, chosen.telemetry.rotate_bytes < chosen.telemetry.total_bytes_max, "telemetry.rotate",
        "telemetry.total_max");
  below(found, chosen.events.batch_bytes_max <= chosen.store.mirror_segment_bytes / 2,
        "events.batch_bytes_max", "half of store.mirror_segment");
  below(found, chosen.events.body_bytes_max <= chosen.store.mirror_segment_bytes / 2,
        "events.body_max", "half of store.mirror_segment");
  open_doors(found, chosen.door);
  return found;
}

} // namespace holdfast::config
