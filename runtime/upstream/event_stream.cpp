// SPDX-License-Identifier: Apache-2.0
// The lines of server-sent events (WHATWG HTML, section 9.2).
#include "runtime/upstream/event_stream.hpp"

namespace holdfast::upstream {

void event_stream::feed(std::string_view bytes, const taker& take) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    held_ += bytes.substr(0, end);
    if (end == bytes.npos)
      return;
    bytes.remove_prefix(end + 1);
    if (!held_.empty() && held_.back() == '\r')
      held_.pop_back();
    line(held_, take);
    held_.clear();
  }
}

void event_stream::line(std::string_view text, const taker& take) {
  if (text.empty()) {
    last_id_ = id_;
    if (!data_.empty()) {
      data_.pop_back(); // the line feed behind the last line
      take({last_id_, name_.empty() ? "message" : name_, data_});
    }
    name_.clear();
    data_.clear();
    return;
  }
  const auto colon = text.find(':');
  const auto field = text.substr(0, colon);
  auto rest = colon == text.npos ? std::string_view{} : text.substr(colon + 1);
  if (rest.starts_with(' '))
    rest.remove_prefix(1);
  if (field == "id")
    id_ = rest;
  else if (field == "event")
    name_ = rest;
  else if (field == "data")
    (data_ += rest) += '\n';
}

} // namespace holdfast::upstream
