// SPDX-License-Identifier: Apache-2.0
// The document that describes the door's routes: docs/openapi.json, compiled in.
#pragma once

#include <string_view>

namespace holdfast::http {

std::string_view openapi_document();

} // namespace holdfast::http
