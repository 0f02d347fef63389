// SPDX-License-Identifier: Apache-2.0
// The certificate and the key that the door shows on TCP.
#pragma once

#include "messages/fault.hpp"

#include <filesystem>
#include <memory>

namespace boost::asio::ssl {
class context;
}

namespace holdfast::http {

/// Reads both files: PEM, the certificate followed by those that signed it; the key without a
/// passphrase. TLS 1.2 and newer. Answers `not_found`, `denied` when a file cannot be read or the
/// key may be read by group or others, `invalid` when they are not what they should be or do not
/// belong together.
result<std::shared_ptr<boost::asio::ssl::context>>
load_tls(const std::filesystem::path& certificate, const std::filesystem::path& key);

} // namespace holdfast::http
