// SPDX-License-Identifier: Apache-2.0
// One pass over the bytes of a header.
#include "runtime/http/header_scan.hpp"

#include <utility>

namespace holdfast::http {

header_scan::found header_scan::look(std::string_view bytes) {
  for (; at_ < bytes.size(); ++at_) {
    if (at_ >= limits_.bytes_max)
      return refuse(431, "the header is larger than the key door.header_max");
    const auto one = static_cast<unsigned char>(bytes[at_]);
    const bool after_return = at_ > line_begin_ && bytes[at_ - 1] == '\r';
    if (one == '\n' && after_return) {
      const auto line = bytes.substr(line_begin_, at_ - 1 - line_begin_);
      line_begin_ = at_ + 1;
      if (const auto is = end_line(line); is != found::more) {
        at_ += is == found::whole ? 1 : 0;
        return is;
      }
      continue;
    }
    if (after_return || one == '\n')
      return refuse(400, "a line of the header must end with CR LF");
    if ((one < 0x20 && one != '\t' && one != '\r') || one == 0x7f)
      return refuse(400, "the header has a control character");
    if (lines_ == 0 && at_ - line_begin_ >= limits_.line_bytes_max)
      return refuse(414, "the request line is longer than " + std::to_string(limits_.line_bytes_max)
                             + " bytes");
    if (lines_ > 0 && at_ == line_begin_ && (one == ' ' || one == '\t'))
      return refuse(400, "a line of the header goes on in the next one");
  }
  return found::more;
}

header_scan::found header_scan::end_line(std::string_view line) {
  if (lines_ == 0 && !line.ends_with(" HTTP/1.1") && !line.ends_with(" HTTP/1.0"))
    return refuse(line.find(" HTTP/") == line.npos ? 400 : 505,
                  "the request line must end with HTTP/1.1 or HTTP/1.0");
  if (lines_ > 0 && line.empty())
    return found::whole;
  if (lines_ > limits_.fields_max)
    return refuse(431,
                  "the header has more than " + std::to_string(limits_.fields_max) + " fields");
  ++lines_;
  return found::more;
}

header_scan::found header_scan::refuse(unsigned status, std::string what) {
  status_ = status;
  what_ = std::move(what);
  return found::broken;
}

} // namespace holdfast::http
