// SPDX-License-Identifier: Apache-2.0
// A thousand clients that follow a journal in which nothing happens.
#include "tools/bench/serve_holdfast.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include <sys/socket.h>

namespace bench {

namespace {

/// Daemons send a comment every 15 seconds; what that costs belongs to the figure.
constexpr std::chrono::seconds beyond_a_heartbeat{17};
constexpr std::size_t first_ones = 10; ///< What they cost is not theirs alone.

/// A connection that has been given the head of its endless answer.
class follower {
public:
  follower(const endpoint& to, SSL_CTX* context)
      : line_{to.connect()}, ssl_{context == nullptr ? nullptr : SSL_new(context), SSL_free} {
    const auto asked =
        "GET /v1/events/follow HTTP/1.1\r\n" + holdfast_daemon::fields_for(to) + "\r\n";
    char room[1024];
    std::ptrdiff_t got = 0;
    if (ssl_) {
      SSL_set_fd(ssl_.get(), line_.descriptor());
      if (SSL_connect(ssl_.get()) != 1)
        throw std::runtime_error("no handshake");
      SSL_write(ssl_.get(), asked.data(), static_cast<int>(asked.size()));
      got = SSL_read(ssl_.get(), room, sizeof room);
    } else {
      send(line_.descriptor(), asked.data(), asked.size(), MSG_NOSIGNAL);
      got = recv(line_.descriptor(), room, sizeof room, 0);
    }
    const std::string_view answer{room, static_cast<std::size_t>(std::max<std::ptrdiff_t>(got, 0))};
    if (!answer.starts_with("HTTP/1.1 200 "))
      throw std::runtime_error("a follower is told " + std::string{answer});
  }

private:
  line line_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

} // namespace

void write_certificate(const std::filesystem::path& directory) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair{EVP_EC_gen("P-256"),
                                                                 EVP_PKEY_free};
  const std::unique_ptr<X509, decltype(&X509_free)> made{X509_new(), X509_free};
  X509_set_version(made.get(), 2);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 24 * 3600);
  X509_set_pubkey(made.get(), pair.get());
  X509_sign(made.get(), pair.get(), EVP_sha256());
  const auto write = [&](const char* name, const auto& print) {
    const auto path = directory / name;
    const std::unique_ptr<FILE, decltype(&fclose)> to{fopen(path.c_str(), "w"), fclose};
    print(to.get());
    std::filesystem::permissions(path, std::filesystem::perms::owner_read
                                           | std::filesystem::perms::owner_write);
  };
  write("certificate.pem", [&](FILE* to) { PEM_write_X509(to, made.get()); });
  write("key.pem", [&](FILE* to) {
    PEM_write_PrivateKey(to, pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

followers_run measure_followers(const holdfast_daemon& served, std::size_t count, bool tls) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{
      tls ? SSL_CTX_new(TLS_client_method()) : nullptr, SSL_CTX_free};
  const auto& to = tls ? served.tcp() : served.local();
  std::vector<std::unique_ptr<follower>> all;
  const auto open = [&](std::size_t more) {
    for (std::size_t one = 0; one < more; ++one)
      all.push_back(std::make_unique<follower>(to, context.get()));
  };
  open(first_ones);
  std::this_thread::sleep_for(std::chrono::seconds{1});
  followers_run made{.before_mib = served.process().resident_mib()};
  open(count);
  made.after_mib = served.process().resident_mib();
  std::this_thread::sleep_for(beyond_a_heartbeat);
  made.after_mib = std::max(made.after_mib, served.process().resident_mib());
  return made;
}

} // namespace bench
