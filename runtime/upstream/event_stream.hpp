// SPDX-License-Identifier: Apache-2.0
// Cuts a body of server-sent events into its blocks, however its bytes arrive.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace holdfast::upstream {

/// One block. A block without data moves the place and says nothing.
struct sent_event {
  std::string id;   ///< Of this block or, if it names none, of the last that did.
  std::string name; ///< `message` where the block names none.
  std::string data;
};

/// Holds one block at a time. Lines end in LF, as Holdfast writes them, or in CR LF.
class event_stream {
public:
  using taker = std::function<void(const sent_event&)>;

  void feed(std::string_view bytes, const taker& take);

  /// Of the last block that came whole: where to go on.
  const std::string& last_id() const { return last_id_; }

private:
  void line(std::string_view text, const taker& take);

  std::string held_; ///< A line that has not ended.
  std::string last_id_;
  std::string id_;
  std::string name_;
  std::string data_;
};

} // namespace holdfast::upstream
