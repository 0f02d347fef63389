// SPDX-License-Identifier: Apache-2.0
// What stands before an answer's body, as bytes.
#pragma once

#include "runtime/http/message.hpp"

#include <string>

namespace holdfast::http {

/// How the body of an answer ends, and what becomes of the connection.
struct answer_form {
  bool keeps = true; ///< The connection stays.
  bool chunked =
      false; ///< The body comes in chunks; else its length is said, or the end closes it.
};

/// The status line and the fields, with the empty line. A control character in a value becomes `?`,
/// so that no answer can be made to hold a second one.
std::string print_head(const response& given, const answer_form& form);

/// `1a3\r\n`: what stands before a chunk of so many bytes. Behind each chunk stands CR LF.
std::string print_chunk_size(std::size_t bytes);

} // namespace holdfast::http
