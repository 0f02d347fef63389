// SPDX-License-Identifier: Apache-2.0
// What tests of results and files begin with: take the value or fail, and a directory of one's own.
#pragma once

#include "messages/fault.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

namespace holdfast::testing {

/// The value; a fault ends the test case and is printed.
template <class T>
T good(result<T> done) {
  BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().what));
  return *std::move(done);
}
inline void good(const result<void>& done) {
  BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().what));
}

/// The fault's code; a success ends the test case.
template <class T>
fault_code code_of(const result<T>& done) {
  BOOST_REQUIRE(!done);
  return done.error().code;
}

/// A directory that is gone when the test is.
struct temporary {
  temporary() {
    auto name = (std::filesystem::temp_directory_path() / "holdfast-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  temporary(const temporary&) = delete;
  temporary& operator=(const temporary&) = delete;
  ~temporary() { std::filesystem::remove_all(path); }

  std::filesystem::path path;
};

} // namespace holdfast::testing
