// SPDX-License-Identifier: Apache-2.0
// Everything that can be chosen about a runtime; `docs/config.md` has the same keys as TOML.
#pragma once

#include "messages/checkpoint.hpp"
#include "messages/event.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace holdfast {

/// The store: where it is and what it may use.
struct store_choices {
  std::filesystem::path data;               ///< The data directory; made absolute at start.
  std::vector<std::string> indexed_streams; ///< Read without passing over others; patterns.
  std::uint64_t mirror_segment_bytes = 64ULL << 20U; ///< Two are kept; bounds start time.
  std::uint64_t memory_bytes = 16ULL << 20U;         ///< Write buffers; beyond it, flushes.
  std::uint64_t cache_bytes = 8ULL << 20U;
  std::uint64_t ballast_bytes = 64ULL << 20U; ///< Given up when the disk is full; 0: none.
};

/// Fields of a body that say nothing about what the event is: left out of its identity.
struct volatile_choice {
  std::string stream; ///< Exact, or a prefix that ends in `*`.
  std::vector<std::string> fields;
};

/// What producers may submit, and how much may wait.
struct event_choices {
  std::uint64_t body_bytes_max = 1ULL << 20U; ///< A larger event is rejected.
  durability level = durability::power;       ///< Where a request names none.
  std::vector<volatile_choice> volatile_fields;
  std::uint64_t waiting_events_max = 65536;       ///< Beyond it appends are answered `busy`.
  std::uint64_t waiting_bytes_max = 64ULL << 20U; ///< The same in bytes.
  std::uint64_t batch_events_max = 4096;          ///< Of one commit.
  std::uint64_t batch_bytes_max = 4ULL << 20U;
};

/// When producers are asked to wait for the consumers. Levels that are 0 do not count.
struct pressure_choices {
  std::uint64_t pause_bytes = 100'000'000; ///< Pause above this many unprocessed bytes ...
  std::uint64_t resume_bytes = 80'000'000; ///< ... and go on below this.
  std::uint64_t pause_events = 0;
  std::uint64_t resume_events = 0;
  std::chrono::milliseconds pause_age{0};
  std::chrono::milliseconds resume_age{0};
  std::chrono::milliseconds consumer_silence{24 * 3600 * 1000}; ///< Then it stops counting.
};

/// The log files of Holdfast itself.
struct telemetry_choices {
  bool enabled = true;
  std::filesystem::path directory; ///< Empty: `telemetry` in the data directory.
  std::string level = "info";      ///< debug, info, warn, error.
  std::uint64_t rotate_bytes = 10'000'000;
  std::uint64_t total_bytes_max = 2'000'000'000; ///< Then the oldest file goes first.
  std::chrono::milliseconds compress_after{7LL * 24 * 3600 * 1000};
  std::chrono::milliseconds delete_after{30LL * 24 * 3600 * 1000};
  std::chrono::milliseconds audit_delete_after{90LL * 24 * 3600 * 1000};
  std::vector<std::string> redact; ///< Regular expressions; what they match is not written.
};

/// The HTTP door of the daemon; an embedded runtime has none.
struct door_choices {
  std::filesystem::path socket;    ///< Empty: `holdfast.sock` in the data directory.
  std::vector<std::uint32_t> uids; ///< Who may connect; empty: the daemon's own user and root.
  std::vector<std::string> tcp;    ///< `ADDR:PORT` to listen on beside the socket.
  std::filesystem::path tls_certificate; ///< With it and its key, TCP is TLS.
  std::filesystem::path tls_key;
  std::filesystem::path tokens;                  ///< The bearer tokens that are good on TCP.
  std::vector<std::string> hosts;                ///< Names we are called by, beside the addresses.
  std::vector<std::string> origins;              ///< Of web pages that may ask.
  std::vector<std::uint32_t> read_only_users;    ///< On the Unix socket.
  std::uint64_t header_bytes_max = 16ULL << 10U; ///< 431 beyond.
  std::uint64_t body_bytes_max = 1ULL << 20U;    ///< 413 beyond.
  std::uint64_t stream_body_bytes_max = 16ULL << 20U; ///< The same for NDJSON and CSV.
  std::uint64_t otlp_body_bytes_max = 16ULL << 20U;   ///< The same for OTLP.
  std::uint64_t line_bytes_max = 1ULL << 20U;         ///< A longer line is rejected alone.
  std::chrono::milliseconds header_deadline{5000};    ///< For the whole header.
  std::chrono::milliseconds request_deadline{30000};  ///< For the whole request and its answer.
  std::chrono::milliseconds idle_deadline{30000};     ///< Between two requests.
  std::uint64_t connections_max = 256;                ///< Beyond it: closed at once.
  std::uint64_t streams_max = 64;                     ///< Answers that go on; 503 beyond.
  std::chrono::milliseconds stream_stall{30000};      ///< For a piece of a stream to leave.
  std::uint64_t readers = 2;                          ///< Threads that read the store.
  std::uint64_t reads_waiting_max = 64;               ///< 503 beyond.
  std::chrono::milliseconds heartbeat{15000};         ///< Of a follower that has nothing to tell.
};

/// Raises the body of a type from one schema version to the next, when it is read. Pure.
struct upcast_choice {
  std::string type;
  std::uint16_t from = 1;
  std::function<value(const value&)> raise;
};

/// A runtime: one data directory, one writer.
struct options {
  store_choices store;
  event_choices events;
  checkpoint_rule checkpoint;
  checkpoint_history history;
  pressure_choices pressure;
  telemetry_choices telemetry;
  door_choices door;
  std::uint64_t workers = 2;                      ///< Threads that actors share.
  std::chrono::milliseconds stop_deadline{10000}; ///< Then a stop reports who would not leave.
  bool initialise = false;                        ///< Make the store when the directory is empty.
  std::vector<upcast_choice> upcasts;             ///< In code only; no key of the configuration.
};

} // namespace holdfast
