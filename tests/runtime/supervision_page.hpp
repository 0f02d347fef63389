// SPDX-License-Identifier: Apache-2.0
// A reader of drafts, as if a journal had taken them in that order.
#pragma once

#include "persistence/canonical.hpp"
#include "persistence/draft.hpp"
#include "persistence/reader.hpp"

#include <vector>

namespace holdfast::test {

class supervision_page final : public persistence::reader {
public:
  explicit supervision_page(const std::vector<persistence::draft>& drafts) {
    for (const auto& one : drafts) {
      recorded_event made;
      made.at = sequence{records_.size() + 1};
      made.kind = one.kind;
      made.stream = one.stream;
      made.type = one.type;
      made.time = made.recorded = one.time;
      if (auto body = persistence::decode_canonical(one.body))
        made.body = *std::move(body);
      records_.push_back(std::move(made));
    }
  }

  result<persistence::journal_head> head() const override {
    persistence::journal_head made;
    made.last = sequence{records_.size()};
    return made;
  }
  result<recorded_event> record(sequence at) const override {
    if (at.value == 0 || at.value > records_.size())
      return none();
    return records_[at.value - 1];
  }
  result<event_page> events(const event_query& query) const override {
    event_page page;
    page.head = sequence{records_.size()};
    page.next = query.from;
    for (; page.next <= page.head && page.events.size() < query.limit; ++page.next)
      if (takes_stream(query.stream, records_[page.next.value - 1].stream))
        page.events.push_back(records_[page.next.value - 1]);
    return page;
  }
  result<void> scan(sequence, sequence,
                    const std::function<bool(const recorded_event&)>&) const override {
    return none();
  }
  result<void>
  scan_views(sequence, sequence,
             const std::function<result<bool>(sequence, const persistence::record_view&)>&)
      const override {
    return none();
  }
  result<void> raise(sequence, const persistence::record_view&, recorded_event&) const override {
    return none();
  }
  result<sequence> at_time(wall_time when) const override {
    for (const auto& one : records_)
      if (one.recorded >= when)
        return one.at;
    return sequence{records_.size() + 1};
  }
  result<std::vector<checkpoint_info>> checkpoints(const std::string&) const override {
    return none();
  }
  result<checkpoint> newest_checkpoint(const std::string&, sequence,
                                       std::vector<checkpoint_info>*) const override {
    return none();
  }
  result<std::vector<consumer_info>> consumers() const override { return none(); }
  result<consumer_info> consumer(const std::string&) const override { return none(); }
  result<value> control(const std::string&) const override { return none(); }
  result<std::vector<std::pair<std::string, value>>> controls(const std::string&) const override {
    return none();
  }
  result<void>
  scan_retired(const std::function<result<void>(const digest&, const persistence::seen_value&)>&)
      const override {
    return none();
  }
  result<void> catch_up() override { return {}; }

private:
  static fault none() { return {fault_code::not_found, "there is none", ""}; }

  std::vector<recorded_event> records_;
};

} // namespace holdfast::test
