// SPDX-License-Identifier: Apache-2.0
// The door on TCP: addresses, who asks, and TLS.
#include "runtime/http/tls.hpp"
#include "tests/runtime/bare_server.hpp"
#include "tests/runtime/served_here.hpp"

#include <boost/test/unit_test.hpp>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <filesystem>
#include <memory>
#include <string>

using namespace holdfast;

namespace {

using key_pointer = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

/// Writes a certificate that signs itself, and its key.
void write_pair(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  const key_pointer pair{EVP_EC_gen("P-256"), EVP_PKEY_free};
  const std::unique_ptr<X509, decltype(&X509_free)> made{X509_new(), X509_free};
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
  X509_set_pubkey(made.get(), pair.get());
  auto* name = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(made.get(), name);
  X509_sign(made.get(), pair.get(), EVP_sha256());
  const std::unique_ptr<FILE, decltype(&fclose)> to{fopen(certificate.c_str(), "w"), fclose};
  PEM_write_X509(to.get(), made.get());
  const std::unique_ptr<FILE, decltype(&fclose)> secret{fopen(key.c_str(), "w"), fclose};
  PEM_write_PrivateKey(secret.get(), pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::filesystem::permissions(key, std::filesystem::perms::owner_read
                                        | std::filesystem::perms::owner_write);
}

/// A TLS client; `answer` is empty when there was no handshake.
struct tls_told {
  std::string answer;
  std::string version;
  std::string protocol;
};

tls_told over_tls(const std::string& at, const std::string& said, int version_max,
                  const std::string& offered) {
  const talker line{at};
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free};
  SSL_CTX_set_security_level(context.get(), 0); // so that the refusal is the server's
  SSL_CTX_set_max_proto_version(context.get(), version_max);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl{SSL_new(context.get()), SSL_free};
  const auto offer = std::string(1, static_cast<char>(offered.size())) + offered;
  SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(offer.data()),
                      static_cast<unsigned>(offer.size()));
  SSL_set_fd(ssl.get(), line.descriptor());
  tls_told told;
  if (SSL_connect(ssl.get()) != 1) {
    char why[200]{};
    ERR_error_string_n(ERR_get_error(), why, sizeof why);
    BOOST_TEST_MESSAGE("no handshake: " << why);
    return told;
  }
  told.version = SSL_get_version(ssl.get());
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl.get(), &chosen, &size);
  told.protocol.assign(reinterpret_cast<const char*>(chosen), size);
  SSL_write(ssl.get(), said.data(), static_cast<int>(said.size()));
  char chunk[4096];
  for (int read = 0; (read = SSL_read(ssl.get(), chunk, sizeof chunk)) > 0;)
    told.answer.append(chunk, static_cast<std::size_t>(read));
  return told;
}

const std::string ask = "GET /a HTTP/1.1\r\nConnection: close\r\n\r\n";

struct certified : scratch {
  certified() { write_pair(path() / "cert", path() / "key"); }
};

} // namespace

BOOST_AUTO_TEST_SUITE(door_tcp)

BOOST_AUTO_TEST_CASE(reads_addresses_as_people_write_them) {
  for (const auto& [text, printed, loopback] :
       {std::tuple{"127.0.0.1:4711", "127.0.0.1:4711", true},
        {"[::1]:0", "[::1]:0", true},
        {"[0:0::1]:65535", "[::1]:65535", true},
        {"0.0.0.0:80", "0.0.0.0:80", false},
        {"[::]:80", "[::]:80", false},
        {"10.0.0.1:1", "10.0.0.1:1", false},
        {"127.1.2.3:1", "127.1.2.3:1", true}})
    BOOST_TEST_CONTEXT(text) {
      const auto read = http::parse_address(text);
      BOOST_TEST_REQUIRE(bool(read));
      BOOST_TEST(read->print() == printed);
      BOOST_TEST(read->is_loopback() == loopback);
    }
  for (const auto* text : {"", "127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                           "127.0.0.1:8x", "127.1:80", "::1:80", "[::1]", "[127.0.0.1]:80",
                           "localhost:80", " 127.0.0.1:80", "[::1%lo]:80"})
    BOOST_TEST(!http::parse_address(text), text);
}

BOOST_AUTO_TEST_CASE(listens_on_several_addresses_and_knows_who_asks) {
  bare_server served{[](http::server_settings& chosen) {
    chosen.tcp = {"127.0.0.1:0", "127.0.0.2:0", "[::1]:0"};
  }};
  const auto& bound = served.door->addresses();
  BOOST_TEST_REQUIRE(bound.size() == 3U);
  for (const auto& at : bound)
    BOOST_TEST_CONTEXT(at) {
      BOOST_TEST(!at.ends_with(":0"));
      const talker client{at};
      BOOST_TEST_REQUIRE(client.connected);
      client.say(ask);
      BOOST_TEST(client.hear().ends_with("GET /a "));
    }
  const talker local{served.socket()};
  local.say(ask);
  BOOST_TEST(local.hear().ends_with("GET /a "));
  const auto handled = served.handled();
  BOOST_TEST_REQUIRE(handled.size() == 4U);
  BOOST_TEST(handled[0].starts_with("GET /a token none from 127.0.0.1:"));
  BOOST_TEST(handled[2].starts_with("GET /a token none from [::1]:"));
  BOOST_TEST(handled[3].starts_with("GET /a uid "));
  http::server_settings taken;
  taken.socket = served.path() / "t";
  taken.tcp = {bound[0]};
  const auto second = http::server::open(taken, {});
  BOOST_TEST((second.error().code == fault_code::conflict));
  taken.tcp = {"192.0.2.1:0"}; // of nobody
  BOOST_TEST((http::server::open(taken, {}).error().code == fault_code::invalid));
}

BOOST_AUTO_TEST_CASE(a_daemon_says_where_it_listens_and_serves_its_own_names_there) {
  served_here served{[](options& chosen) { chosen.door.tcp = {"127.0.0.1:0"}; }};
  const auto at = served.json_of(served.get("/v1/status")).find("tcp")->as<array>()->front();
  const auto address = *at.as<std::string>();
  BOOST_TEST(served.said.with([&](const auto& lines) {
    return std::count(lines.begin(), lines.end(), "tcp:    " + address);
  }) == 1);
  const auto port = address.substr(address.rfind(':'));
  for (const auto& [host, status] : {std::pair{address, "200"},
                                     {"localhost" + port, "200"},
                                     {"evil.example" + port, "403"},
                                     {std::string{"localhost"}, "403"},
                                     {"localhost" + port + ".evil.example", "403"},
                                     {std::string{}, "403"}}) {
    const talker client{address};
    client.say("GET /livez HTTP/1.1\r\nConnection: close\r\nHost: " + host + "\r\n\r\n");
    BOOST_TEST(client.hear().starts_with("HTTP/1.1 " + std::string{status}), host);
  }
}

BOOST_FIXTURE_TEST_CASE(speaks_tls_of_today_and_http_one_only, certified) {
  bare_server served{[this](http::server_settings& chosen) {
    chosen.tcp = {"127.0.0.1:0"};
    chosen.tls_certificate = path() / "cert";
    chosen.tls_key = path() / "key";
  }};
  const auto at = served.door->addresses().front();
  for (const auto& [most, version] :
       {std::pair{TLS1_3_VERSION, "TLSv1.3"}, {TLS1_2_VERSION, "TLSv1.2"}}) {
    const auto told = over_tls(at, ask, most, "http/1.1");
    BOOST_TEST(told.answer.ends_with("GET /a "));
    BOOST_TEST(told.version == version);
    BOOST_TEST(told.protocol == "http/1.1");
  }
  BOOST_TEST(over_tls(at, ask, TLS1_1_VERSION, "http/1.1").version.empty());
  BOOST_TEST(over_tls(at, ask, TLS1_3_VERSION, "h2").version.empty());
  const talker plain{at};
  plain.say(ask);
  const auto heard = plain.hear();
  BOOST_TEST(heard.find("HTTP/1.1") == heard.npos);
  BOOST_TEST(served.rejected("handshake") == 3);
  const talker local{served.socket()};
  local.say(ask);
  BOOST_TEST(local.hear().ends_with("GET /a ")); // the socket needs none
}

BOOST_FIXTURE_TEST_CASE(says_what_is_wrong_with_the_files_of_tls, certified) {
  const auto certificate = path() / "cert";
  const auto key = path() / "key";
  const auto code = [](const auto& cert, const auto& secret) {
    const auto loaded = http::load_tls(cert, secret);
    return loaded ? "" : std::string{to_string(loaded.error().code)};
  };
  BOOST_TEST(code(certificate, key) == "");
  BOOST_TEST(code(path() / "none", key) == "not_found");
  BOOST_TEST(code(certificate, path() / "none") == "not_found");
  BOOST_TEST(code(certificate, "") == "invalid");
  BOOST_TEST(code(path(), key) == "invalid");
  BOOST_TEST(code(key, key) == "invalid");
  write_pair(path() / "cert2", path() / "key2");
  BOOST_TEST(code(certificate, path() / "key2") == "invalid");
  std::filesystem::copy_file(certificate, path() / "no-key");
  std::filesystem::permissions(path() / "no-key", std::filesystem::perms::owner_read);
  BOOST_TEST(code(certificate, path() / "no-key") == "invalid");
  std::filesystem::permissions(key, std::filesystem::perms::group_read,
                               std::filesystem::perm_options::add);
  BOOST_TEST(code(certificate, key) == "denied");
}

BOOST_AUTO_TEST_SUITE_END()
