// SPDX-License-Identifier: Apache-2.0
// A telemetry directory with a writer in hand-made time, and verbs to read what it wrote.
#pragma once

#include "persistence/telemetry_directory.hpp"
#include "persistence/telemetry_line.hpp"
#include "persistence/telemetry_reader.hpp"
#include "persistence/telemetry_writer.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace holdfast::test {

/// Hand-made time begins at 2026-11-22T12:00:00Z.
constexpr wall_time noon{1'795'348'800'000'000};
constexpr std::int64_t hour_us = 3'600'000'000;

struct telemetry_stage {
  std::string directory;
  persistence::telemetry_now now{noon, instant{} + std::chrono::hours{1000}};
  telemetry_limits limits;
  persistence::telemetry_write write;
  persistence::telemetry_redaction redaction;
  bool shared = false;

  telemetry_stage() {
    std::string pattern = (std::filesystem::temp_directory_path() / "telemetry-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw std::runtime_error{"mkdtemp"};
    root_ = pattern;
    directory = pattern + "/telemetry";
  }
  ~telemetry_stage() { std::filesystem::remove_all(root_); }
  telemetry_stage(const telemetry_stage&) = delete;
  telemetry_stage& operator=(const telemetry_stage&) = delete;

  std::unique_ptr<persistence::telemetry_writer> writer() {
    return std::make_unique<persistence::telemetry_writer>(
        persistence::telemetry_options{.directory = directory,
                                       .name = "node",
                                       .shared = shared,
                                       .limits = limits,
                                       .now = [this] { return now; },
                                       .redaction = redaction,
                                       .write = write});
  }

  void pass(std::int64_t us) {
    now.wall.us += us;
    now.steady += std::chrono::microseconds{us};
  }

  /// The files of a stream, sorted, without torn tails.
  std::vector<std::string> files(const std::string& stream = "node") const {
    std::vector<std::string> found;
    const auto listed = persistence::list_telemetry(directory);
    if (listed)
      for (const auto& one : *listed)
        if (one.stream == stream && !one.torn)
          found.push_back(one.file);
    return found;
  }

  std::string path(const std::string& file) const { return directory + '/' + file; }

  std::string text(const std::string& file) const {
    std::ifstream in{path(file), std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

  void put(const std::string& file, const std::string& content) const {
    std::filesystem::create_directories(directory);
    std::ofstream{path(file), std::ios::binary} << content;
  }

  /// Every line of a stream; fails when one does not parse.
  std::vector<telemetry_line> lines(const std::string& stream = "node") const {
    std::vector<telemetry_line> found;
    for (const auto& file : files(stream))
      static_cast<void>(persistence::read_telemetry_file(
          directory, file, [&](auto finding, auto number, auto line) {
            auto parsed = persistence::parse_telemetry_line(line);
            BOOST_TEST((finding == persistence::telemetry_finding::line && parsed),
                       file << ':' << number << " does not parse: " << line);
            if (parsed)
              found.push_back(std::move(*parsed));
            return true;
          }));
    return found;
  }

  /// The lines that a caller wrote.
  std::vector<telemetry_line> calls(const std::string& stream = "node") const {
    auto found = lines(stream);
    std::erase_if(found, [](const telemetry_line& line) { return line.logger == "telemetry"; });
    return found;
  }

  telemetry_report report() const {
    auto made = persistence::verify_telemetry(directory);
    if (!made)
      throw std::runtime_error{made.error().what};
    return std::move(*made);
  }

private:
  std::string root_;
};

} // namespace holdfast::test
