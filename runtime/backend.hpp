// SPDX-License-Identifier: Apache-2.0
// A runtime as its door sees it. For the daemon and for tests.
#pragma once

#include "runtime/http/served.hpp"
#include "runtime/runtime.hpp"

#include <filesystem>
#include <functional>
#include <memory>

namespace holdfast {

/// `connections` and `socket` are of the door, which is opened afterwards.
struct backend_view {
  std::filesystem::path socket;
  std::function<std::size_t()> connections;
};

/// `behind` must outlive the backend.
std::unique_ptr<http::served> make_backend(runtime::core& behind, backend_view shown);

} // namespace holdfast
