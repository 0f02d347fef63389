// SPDX-License-Identifier: Apache-2.0
// Boost.Beast's parser, in this file alone, with the rules that it leaves open.
#include "runtime/http/request_reader.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace holdfast::http {

namespace {

namespace beast = boost::beast;
namespace wire = boost::beast::http;

constexpr std::size_t read_bytes = 4096;       ///< For headers and small bodies.
constexpr std::size_t body_read_bytes = 65536; ///< Once a body is known to be there.
/// What may stand between two chunks: a size with its extensions, or the fields after the last one.
constexpr std::size_t between_chunks_max = 8192;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

/// Fields that decide something here: two of one name would leave open which counts.
bool comes_once(std::string_view name) {
  constexpr std::array names{
      "authorization", "content-encoding", "content-length", "content-type", "expect",
      "host",          "idempotency-key",  "last-event-id",  "origin",       "transfer-encoding"};
  return std::find(names.begin(), names.end(), name) != names.end()
         || name.starts_with("holdfast-");
}

} // namespace

struct request_reader::parts {
  explicit parts(header_scan::limits chosen) : scan{chosen} {}

  std::string_view bytes() const {
    return {static_cast<const char*>(buffer.data().data()), buffer.size()};
  }

  beast::flat_buffer buffer;
  header_scan scan;
  std::optional<wire::request_parser<wire::string_body>> parser;
};

request_reader::request_reader(header_scan::limits chosen) : limits_{chosen} {}

request_reader::~request_reader() = default;

std::span<char> request_reader::room() {
  if (!parts_)
    parts_ = std::make_unique<parts>(limits_);
  const auto made = parts_->buffer.prepare(state_ == state::body ? body_read_bytes : read_bytes);
  return {static_cast<char*>(made.data()), made.size()};
}

request_reader::state request_reader::took(std::size_t bytes) {
  parts_->buffer.commit(bytes);
  return state_ == state::body ? read_body() : look();
}

request_reader::state request_reader::next() {
  state_ = state::nothing;
  asked_ = {};
  has_body_ = awaits_word_ = keeps_ = old_ = false;
  if (!parts_ || parts_->buffer.size() == 0) {
    parts_.reset(); // a connection that waits costs no buffer
    return state_;
  }
  parts_->parser.reset();
  parts_->scan = header_scan{limits_};
  return look();
}

void request_reader::release() {
  parts_.reset();
  asked_ = {};
}

request request_reader::take() {
  asked_.body = std::move(parts_->parser->get().body());
  return std::move(asked_);
}

request_reader::state request_reader::refuse(unsigned status, std::string what) {
  status_ = status;
  what_ = std::move(what);
  return state_ = state::broken;
}

request_reader::state request_reader::look() {
  state_ = state::header;
  switch (parts_->scan.look(parts_->bytes())) {
  case header_scan::found::more:
    return state_;
  case header_scan::found::broken:
    return refuse(parts_->scan.status(), parts_->scan.what());
  case header_scan::found::whole:
    break;
  }
  return read_head(parts_->scan.size());
}

request_reader::state request_reader::read_head(std::size_t size) {
  auto& parser = parts_->parser.emplace();
  parser.header_limit(static_cast<std::uint32_t>(size + 1)); // what is read is within the limit
  parser.body_limit(UINT64_MAX);                             // the real one follows
  beast::error_code problem;
  const auto read = parser.put({parts_->buffer.data().data(), size}, problem);
  if (problem || !parser.is_header_done())
    return refuse(400, "not HTTP: " + problem.message());
  parts_->buffer.consume(read);
  if (auto wrong = take_fields(); !wrong.empty())
    return refuse(400, std::move(wrong));
  if (const auto word = asked_.header("expect"); !word.empty()) {
    if (small_letters(word) != "100-continue")
      return refuse(417, "the only Expect that is met is 100-continue");
    awaits_word_ = has_body_ && !old_ && parts_->buffer.size() == 0;
  }
  return state_ = state::head;
}

/// Answers what is wrong with them, or nothing.
std::string request_reader::take_fields() {
  const auto& parser = *parts_->parser;
  const auto& head = parser.get();
  asked_.method = view(head.method_string());
  const auto target = view(head.target());
  if (!target.starts_with('/') && target != "*")
    return "the target must begin with a slash";
  const auto mark = std::min(target.find('?'), target.size());
  asked_.path = target.substr(0, mark);
  auto query = split_query(target.substr(std::min(mark + 1, target.size())));
  if (!query)
    return "the query's percent encoding is broken";
  asked_.query = std::move(*query);
  for (const auto& field : head) {
    auto name = small_letters(view(field.name_string()));
    const auto [found, fresh] = asked_.headers.emplace(name, view(field.value()));
    if (fresh)
      continue;
    if (comes_once(name))
      return "the field " + name + " is there twice";
    found->second += ", ";
    found->second += view(field.value());
  }
  asked_.trace = parse_traceparent(asked_.header("traceparent"));
  old_ = head.version() < 11;
  keeps_ = head.keep_alive();
  if (const auto length = asked_.header("content-length"); length.find(',') != length.npos)
    return "the length is there twice";
  if (const auto coding = asked_.headers.find("transfer-encoding");
      coding != asked_.headers.end()) {
    if (old_)
      return "HTTP/1.0 has no Transfer-Encoding";
    if (small_letters(coding->second) != "chunked" || !parser.chunked())
      return "the only Transfer-Encoding that is understood is chunked";
  }
  has_body_ = !parser.is_done();
  return "";
}

request_reader::state request_reader::allow_body(std::uint64_t bytes_max) {
  body_bytes_max_ = bytes_max;
  auto& parser = *parts_->parser;
  awaits_word_ = false;
  if (parser.is_done())
    return state_ = state::whole;
  const auto length = parser.content_length();
  if (length && *length > bytes_max)
    return refuse(413, "the body is larger than " + std::to_string(bytes_max) + " bytes");
  parser.body_limit(bytes_max);
  parser.eager(true);
  state_ = state::body;
  return parts_->buffer.size() > 0 ? read_body() : state_;
}

request_reader::state request_reader::read_body() {
  auto& parser = *parts_->parser;
  // The parser ends the process when it sees the last chunk's first bytes twice and still fewer
  // than five; as every chunked body has at least five to come until it is whole, none waits in
  // vain.
  const std::size_t least = parser.chunked() ? 5 : 1;
  while (!parser.is_done() && parts_->buffer.size() >= least) {
    beast::error_code problem;
    const auto read = parser.put(parts_->buffer.data(), problem);
    parts_->buffer.consume(read);
    if (problem == wire::error::need_more) {
      if (parts_->buffer.size() > between_chunks_max)
        return refuse(400, "the line of a chunk is longer than "
                               + std::to_string(between_chunks_max) + " bytes");
      return state_;
    }
    if (problem == wire::error::body_limit)
      return refuse(413, "the body is larger than " + std::to_string(body_bytes_max_) + " bytes");
    if (problem)
      return refuse(400, "not HTTP: " + problem.message());
  }
  if (parser.is_done())
    state_ = state::whole;
  return state_;
}

} // namespace holdfast::http
