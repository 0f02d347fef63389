// SPDX-License-Identifier: Apache-2.0
// Server-sent events come apart into the same blocks, however their bytes arrive.
#include "runtime/upstream/event_stream.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using holdfast::upstream::event_stream;

BOOST_AUTO_TEST_SUITE(sent_events)

BOOST_AUTO_TEST_CASE(are_the_same_however_they_are_cut) {
  const std::string text = ": from 1\n\nid: 1\nevent: usage\ndata: {\"a\":1}\n\n"
                           ":\nid: 7\n\n"
                           "data: one\r\ndata: two\r\n\r\n"
                           "event: end\ndata:{}\n\nid: 9\ndata: unfinished\n";
  const std::vector<std::string> expected{"1 usage {\"a\":1}", "7 message one\ntwo", "7 end {}"};
  for (std::size_t size = 1; size <= text.size(); ++size) {
    event_stream cut;
    std::vector<std::string> heard;
    for (std::size_t at = 0; at < text.size(); at += size)
      cut.feed(std::string_view{text}.substr(at, size),
               [&](const auto& one) { heard.push_back(one.id + " " + one.name + " " + one.data); });
    BOOST_TEST(heard == expected, boost::test_tools::per_element());
    BOOST_TEST(cut.last_id() == "7"); // what has not come whole comes again
  }
}

BOOST_AUTO_TEST_SUITE_END()
