// SPDX-License-Identifier: Apache-2.0
// Prints the head of an answer.
#include "runtime/http/answer_head.hpp"

#include <array>
#include <charconv>

namespace holdfast::http {

namespace {

std::string_view reason_of(unsigned status) {
  switch (status) {
  case 200:
    return "OK";
  case 201:
    return "Created";
  case 202:
    return "Accepted";
  case 204:
    return "No Content";
  case 400:
    return "Bad Request";
  case 401:
    return "Unauthorized";
  case 403:
    return "Forbidden";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 409:
    return "Conflict";
  case 413:
    return "Content Too Large";
  case 414:
    return "URI Too Long";
  case 415:
    return "Unsupported Media Type";
  case 417:
    return "Expectation Failed";
  case 421:
    return "Misdirected Request";
  case 429:
    return "Too Many Requests";
  case 431:
    return "Request Header Fields Too Large";
  case 500:
    return "Internal Server Error";
  case 503:
    return "Service Unavailable";
  case 504:
    return "Gateway Timeout";
  case 505:
    return "HTTP Version Not Supported";
  case 507:
    return "Insufficient Storage";
  default:
    return "";
  }
}

void add(std::string& into, std::string_view name, std::string_view text) {
  into += name;
  into += ": ";
  for (const char one : text) {
    const auto byte = static_cast<unsigned char>(one);
    into += byte < 0x20 || byte == 0x7f ? '?' : one;
  }
  into += "\r\n";
}

} // namespace

std::string print_head(const response& given, const answer_form& form) {
  std::string out;
  out.reserve(256);
  out += "HTTP/1.1 ";
  out += std::to_string(given.status);
  out += ' ';
  out += reason_of(given.status);
  out += "\r\n";
  add(out, "Server", "holdfast");
  const bool empty = given.status == 204 || given.status == 304; // by their meaning
  if (!empty)
    add(out, "Content-Type", given.media_type);
  add(out, "Cache-Control", "no-store");
  for (const auto& [name, text] : given.headers)
    add(out, name, text);
  if (form.chunked)
    add(out, "Transfer-Encoding", "chunked");
  else if (!given.stream && !empty)
    add(out, "Content-Length", std::to_string(given.body.size()));
  add(out, "Connection", form.keeps ? "keep-alive" : "close");
  out += "\r\n";
  return out;
}

std::string print_chunk_size(std::size_t bytes) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes, 16).ptr;
  return std::string{digits.data(), end} + "\r\n";
}

} // namespace holdfast::http
