// SPDX-License-Identifier: Apache-2.0
// SHA-256 by OpenSSL's low-level interface.
//
// Measured on one core with the SHA extension: 92 bytes take 0.11 µs here, 0.22 µs through a reused
// EVP context; 350 bytes 0.26 µs and 0.31 µs. The chain hashes 92 bytes for every record.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "persistence/sha256.hpp"

#include <openssl/sha.h>

namespace holdfast::persistence {

digest sha256(std::string_view data) {
  return sha256({data});
}

digest sha256(std::initializer_list<std::string_view> pieces) {
  SHA256_CTX state;
  SHA256_Init(&state);
  for (const auto piece : pieces)
    SHA256_Update(&state, piece.data(), piece.size());
  digest made;
  SHA256_Final(made.data(), &state);
  return made;
}

} // namespace holdfast::persistence
