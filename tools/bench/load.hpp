// SPDX-License-Identifier: Apache-2.0
// The client of every measured server: many connections on one thread, each with one request (or
// one pipeline of requests) under way.
#pragma once

#include "tools/bench/workload.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// An open connection.
class line {
public:
  explicit line(int descriptor) : descriptor_{descriptor} {}
  ~line();
  line(line&& other) noexcept;
  line(const line&) = delete;
  line& operator=(const line&) = delete;

  int descriptor() const { return descriptor_; }

private:
  int descriptor_;
};

/// Where a server listens: on a Unix socket, or on a port of this machine.
struct endpoint {
  std::filesystem::path socket;
  std::uint16_t port = 0;

  line connect() const;
  /// Tries for half a minute; the server may be starting.
  void await() const;
};

/// What a load came to, as the server's answers say.
struct tally {
  std::uint64_t stored = 0;
  std::uint64_t duplicates = 0;
};

/// One end of a conversation, without the connection. Throws where an answer is not what it should
/// be: the benchmark then ends.
class speaker {
public:
  virtual ~speaker() = default;

  /// What to say now that everything before is answered; empty when all is said. Stays until the
  /// next call.
  virtual std::string_view ask() = 0;
  /// Takes whole answers from the beginning of `heard`; answers how many bytes they have.
  virtual std::size_t hear(std::string_view heard) = 0;
  virtual bool is_answered() const = 0;

  const tally& told() const { return told_; }

protected:
  tally told_;
};

/// Is owed a known number of answers, which come one after the other.
class answer_counter : public speaker {
public:
  std::size_t hear(std::string_view heard) final;
  bool is_answered() const final { return owed_ == 0; }

protected:
  /// Takes the answer at the beginning of `heard`; how many bytes it has, or 0 where it is not
  /// whole yet.
  virtual std::size_t hear_one(std::string_view heard) = 0;

  std::size_t owed_ = 0;
};

/// Has every speaker speak on a connection of its own until all is said, and answers how many
/// seconds that took. The connections are there before the time begins.
double converse(const endpoint& to, const std::vector<std::unique_ptr<speaker>>& speakers);

/// An event as everybody is given it: a key to know it by, and its body in JSON.
struct keyed_event {
  std::string key;
  std::string body;
};
std::vector<keyed_event> keyed(const std::vector<holdfast::event>& events);

/// `events` in `parts` shares of whole batches; each share is one speaker's.
std::vector<std::vector<keyed_event>> shares_of(const std::vector<keyed_event>& events,
                                                std::size_t parts);

/// Conversations that were held to their end.
struct load_run {
  double events_per_second = 0;
  double client_us = 0; ///< CPU of this process for one event.
};

/// Throws unless exactly the different keys were stored and the others called duplicates.
load_run measure_load(const endpoint& to, const std::vector<keyed_event>& events,
                      const std::vector<std::unique_ptr<speaker>>& speakers);

} // namespace bench
