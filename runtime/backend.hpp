// SPDX-License-Identifier: Apache-2.0
// A runtime as its door sees it. For the daemon and for tests.
#pragma once

#include "runtime/http/served.hpp"
#include "runtime/runtime.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace holdfast {

/// All of it is of the door, which is opened afterwards.
struct backend_view {
  std::filesystem::path socket;
  std::function<std::size_t()> connections;
  std::function<std::vector<std::string>()> addresses;
};

/// `behind` must outlive the backend.
std::unique_ptr<http::served> make_backend(runtime::core& behind, backend_view shown);

} // namespace holdfast
