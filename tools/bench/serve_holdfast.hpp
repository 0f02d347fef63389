// SPDX-License-Identifier: Apache-2.0
// A daemon of Holdfast's for the load, and what is asked of it over HTTP.
#pragma once

#include "tools/bench/child.hpp"
#include "tools/bench/load.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace bench {

/// `holdfast run` on a new store, with a Unix socket and a TCP port for the holder of a token.
class holdfast_daemon {
public:
  /// `tls`: the TCP port speaks TLS.
  holdfast_daemon(const std::string& command, const std::filesystem::path& directory,
                  bool tls = false);

  const endpoint& local() const { return local_; }
  const endpoint& tcp() const { return tcp_; }
  const child& process() const { return *process_; }

  /// The fields that a request needs there: on TCP the token.
  static std::string fields_for(const endpoint& to);

private:
  endpoint local_;
  endpoint tcp_;
  std::unique_ptr<child> process_;
};

/// One speaker for each share; with `batch` events in a request as NDJSON, or single ones as JSON.
std::vector<std::unique_ptr<speaker>>
http_speakers(const endpoint& to, const std::vector<std::vector<keyed_event>>& shares,
              std::size_t batch);

/// Asks `/livez` again and again, a few hundred times a second, on a connection of its own.
class livez_watch {
public:
  explicit livez_watch(const endpoint& to);
  /// Ends it; microseconds of each answer.
  std::vector<double> stop();

private:
  std::vector<double> samples_;
  std::string problem_;
  std::jthread thread_;
};

/// Writes `certificate.pem`, which signs itself, and `key.pem`.
void write_certificate(const std::filesystem::path& directory);

/// What followers cost the daemon that have nothing to read.
struct followers_run {
  double before_mib = 0;
  double after_mib = 0;
};
followers_run measure_followers(const holdfast_daemon& served, std::size_t count, bool tls);

} // namespace bench
