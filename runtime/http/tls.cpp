// SPDX-License-Identifier: Apache-2.0
// Checks the files before OpenSSL does, which would only say that something is wrong.
#include "runtime/http/tls.hpp"

#include <boost/asio/ssl/context.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace holdfast::http {

namespace {

namespace ssl = boost::asio::ssl;

result<struct stat> look_at(const std::filesystem::path& path, const char* key) {
  const auto named = "`" + std::string{key} + "`: " + path.string();
  struct stat found {};
  if (path.empty())
    return fault{fault_code::invalid, "`" + std::string{key} + "` is not set",
                 "TLS needs door.tls_certificate and door.tls_key"};
  if (::stat(path.c_str(), &found) != 0)
    return fault{errno == ENOENT ? fault_code::not_found : fault_code::denied,
                 named + ": " + std::strerror(errno), ""};
  if (!S_ISREG(found.st_mode))
    return fault{fault_code::invalid, named + " is not a file", ""};
  if (::access(path.c_str(), R_OK) != 0)
    return fault{fault_code::denied, named + ": " + std::strerror(errno), ""};
  return found;
}

fault unusable(const std::filesystem::path& path, const char* is_no) {
  char why[200]{};
  ERR_error_string_n(ERR_peek_last_error(), why, sizeof why);
  ERR_clear_error();
  return {fault_code::invalid, path.string() + " " + is_no + " (" + why + ")", ""};
}

/// OpenSSL would ask for a passphrase on the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

/// Of what the client offers, HTTP/1.1; a client that offers only others is refused.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1"; // OpenSSL keeps the address
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_size, ours, sizeof ours - 1, offered, offered_size)
      != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

} // namespace

result<std::shared_ptr<ssl::context>> load_tls(const std::filesystem::path& certificate,
                                               const std::filesystem::path& key) {
  if (const auto seen = look_at(certificate, "door.tls_certificate"); !seen)
    return seen.error();
  const auto seen = look_at(key, "door.tls_key");
  if (!seen)
    return seen.error();
  if ((seen->st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return fault{fault_code::denied, key.string() + " may be used by group or others",
                 "chmod 600 " + key.string()};
  auto made = std::make_shared<ssl::context>(ssl::context::tls_server);
  auto* context = made->native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS); // a connection that waits costs little
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
    return unusable(certificate, "is no certificate in PEM");
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
    return unusable(key, "is no key in PEM without a passphrase, or not that of the certificate");
  if (SSL_CTX_check_private_key(context) != 1)
    return unusable(key, "is not the key of the certificate");
  return made;
}

} // namespace holdfast::http
