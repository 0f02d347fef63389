// SPDX-License-Identifier: Apache-2.0
// OTLP bodies to structs: both encodings alike, one broken item alone, every limit.
#include "runtime/json.hpp"
#include "runtime/otlp/decode.hpp"
#include "tests/runtime/otlp_bytes.hpp"
#include "tests/support/hex.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace holdfast;
using namespace otlp_bytes;

namespace {

template <class Item>
otlp::batch<Item> good(result<otlp::batch<Item>> read) {
  BOOST_TEST_REQUIRE(bool(read), (read ? "" : read.error().what));
  return *std::move(read);
}

/// A JSON request like `otlp_bytes::request`.
std::string request_json(const std::string& signal, const std::string& items) {
  return "{\"resource" + signal
         + R"(":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},)"
         + "\"scope" + signal + R"(":[{"scope":{"name":"lib","version":"1.0"},)" + items + "}]}]}";
}

std::string spans_json(const std::string& spans) {
  return request_json("Spans", "\"spans\":[" + spans + "]");
}

const std::string ids_json =
    R"("traceId":"5b8EFFF798038103d269b633813fc60C","spanId":"EEE19B7EC3C1B174")";

std::string ids() {
  return part(1, trace_id()) + part(2, span_id());
}

} // namespace

BOOST_AUTO_TEST_SUITE(otlp_decode)

BOOST_AUTO_TEST_CASE(spans_are_the_same_in_both_encodings) {
  const auto from_json = good(otlp::traces_from_json(spans_json(
      "{" + ids_json + R"(,"parentSpanId":"eee19b7ec3c1b173","traceState":"a=1","name":"n",
        "kind":3,"startTimeUnixNano":"1544712660000000001","endTimeUnixNano":1544712661000000002,
        "flags":257,"droppedAttributesCount":1,"droppedEventsCount":2,"droppedLinksCount":3,
        "status":{"code":2,"message":"bad"},
        "attributes":[
          {"key":"t","value":{"stringValue":"x"}}, {"key":"b","value":{"boolValue":true}},
          {"key":"i","value":{"intValue":"-9223372036854775808"}},
          {"key":"d","value":{"doubleValue":0.5}}, {"key":"nan","value":{"doubleValue":"NaN"}},
          {"key":"raw","value":{"bytesValue":"AP8"}}, {"key":"none","value":{}},
          {"key":"list","value":{"arrayValue":{"values":[{"intValue":1},{"stringValue":"y"}]}}},
          {"key":"map","value":{"kvlistValue":{"values":[
            {"key":"k","value":{"stringValue":"v"}}]}}}],
        "events":[{"timeUnixNano":5,"name":"e",
                   "attributes":[{"key":"t","value":{"stringValue":"x"}}]}],
        "links":[{"traceId":"","spanId":"0000000000000000","traceState":"s"},
                 {"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174"}]})")));
  const auto from_bytes = good(otlp::traces_from_protobuf(request(part(
      2, ids() + part(3, "a=1") + part(4, "\xEE\xE1\x9B\x7E\xC3\xC1\xB1\x73") + part(5, "n")
             + integer(6, 3) + fixed64(7, 1544712660000000001) + fixed64(8, 1544712661000000002)
             + part(9, pair("t", part(1, "x"))) + part(9, pair("b", integer(2, 1)))
             + part(9, pair("i", integer(3, 1ULL << 63U))) + part(9, pair("d", real(4, 0.5)))
             + part(9, pair("nan", real(4, std::nan(""))))
             + part(9, pair("raw", part(7, std::string{"\0\xFF", 2}))) + part(9, pair("none", ""))
             + part(9, pair("list", part(5, part(1, integer(3, 1)) + part(1, part(1, "y")))))
             + part(9, pair("map", part(6, part(1, pair("k", part(1, "v")))))) + integer(10, 1)
             + part(11, fixed64(1, 5) + part(2, "e") + part(3, pair("t", part(1, "x"))))
             + integer(12, 2) + part(13, part(2, std::string(8, '\0')) + part(3, "s"))
             + part(13, ids()) + integer(14, 3) + part(15, part(2, "bad") + integer(3, 2))
             + fixed32(16, 257)))));
  BOOST_TEST((from_json == from_bytes));
  BOOST_TEST(from_json.rejected == 0U);
  BOOST_TEST_REQUIRE(from_json.parts.size() == 1U);
  BOOST_TEST(json::print(*from_json.parts[0].from.resource) == R"({"service.name":"s"})");
  const auto& one = from_json.parts[0].items.at(0);
  BOOST_TEST(one.trace_id == "5b8efff798038103d269b633813fc60c");
  BOOST_TEST(one.parent_id == "eee19b7ec3c1b173");
  BOOST_TEST(one.start_ns == 1544712660000000001U);
  BOOST_TEST(one.links.at(0).span_id.empty());
  BOOST_TEST(json::print(one.attributes)
             == R"({"b":true,"d":0.5,"i":-9223372036854775808,"list":[1,"y"],"map":{"k":"v"},)"
                R"("nan":"NaN","none":null,"raw":{"$bytes":"AP8="},"t":"x"})");
}

BOOST_AUTO_TEST_CASE(log_records_are_the_same_in_both_encodings) {
  const auto from_json = good(otlp::logs_from_json(request_json("Logs", R"("logRecords":[
      {"timeUnixNano":"1","observedTimeUnixNano":"2","severityNumber":10,"severityText":"Info",
       "eventName":"e","body":{"stringValue":"hello"},"flags":1,"droppedAttributesCount":4,
       "attributes":[{"key":"a","value":{"intValue":7}}],
       "traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174"},
      {"traceId":"00000000000000000000000000000000","spanId":"abc","severityNumber":null}])")));
  const auto from_bytes = good(otlp::logs_from_protobuf(request(
      part(2, fixed64(1, 1) + integer(2, 10) + part(3, "Info") + part(5, part(1, "hello"))
                  + part(6, pair("a", integer(3, 7))) + integer(7, 4) + fixed32(8, 1)
                  + part(9, trace_id()) + part(10, span_id()) + fixed64(11, 2) + part(12, "e"))
      + part(2, part(9, std::string(16, '\0')) + part(10, "abc")))));
  BOOST_TEST((from_json == from_bytes));
  BOOST_TEST_REQUIRE(from_json.items == 2U);
  BOOST_TEST((from_json.parts[0].items[0].body == value{"hello"}));
  // The specification: a log record with broken ids belongs to no trace.
  BOOST_TEST(from_json.parts[0].items[1].trace_id.empty());
  BOOST_TEST(from_json.parts[0].items[1].span_id.empty());
}

BOOST_AUTO_TEST_CASE(metrics_are_the_same_in_both_encodings) {
  const std::string times = R"("startTimeUnixNano":"1","timeUnixNano":"2")";
  const auto from_json = good(otlp::metrics_from_json(request_json("Metrics", R"("metrics":[
    {"name":"g","unit":"1","description":"d","gauge":{"dataPoints":[{)" + times + R"(,"asInt":"-5",
       "attributes":[{"key":"a","value":{"stringValue":"x"}}],"exemplars":[{"timeUnixNano":3,
       "asDouble":1,"spanId":"EEE19B7EC3C1B174","traceId":"5B8EFFF798038103D269B633813FC60C",
       "filteredAttributes":[{"key":"f","value":{"boolValue":false}}]}]}]}},
    {"name":"s","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[
       {"asDouble":5},{"flags":1}]}},
    {"name":"h","histogram":{"aggregationTemporality":1,"dataPoints":[{"count":"2","sum":2,
       "bucketCounts":["1","1"],"explicitBounds":[1.5],"min":0,"max":2}]}},
    {"name":"x","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[{"count":3,
       "sum":10,"scale":-1,"zeroCount":"1","positive":{"offset":-1,"bucketCounts":["0","2"]},
       "zeroThreshold":0.25}]}},
    {"name":"q","summary":{"dataPoints":[{"count":1,"sum":"Infinity",
       "quantileValues":[{"quantile":0.5,"value":"NaN"}]}]}},
    {"name":"unknown","newKind":{}}, {"name":"empty","gauge":{}}])")));
  const auto time = fixed64(2, 1) + fixed64(3, 2);
  const auto from_bytes = good(otlp::metrics_from_protobuf(request(
      part(2, part(1, "g") + part(2, "d") + part(3, "1")
                  + part(5, part(1, time + fixed64(6, static_cast<std::uint64_t>(-5))
                                        + part(5, fixed64(2, 3) + real(3, 1) + part(4, span_id())
                                                      + part(5, trace_id())
                                                      + part(7, pair("f", integer(2, 0))))
                                        + part(7, pair("a", part(1, "x"))))))
      + part(2, part(1, "s")
                    + part(7, part(1, real(4, 5)) + part(1, integer(8, 1)) + integer(2, 2)
                                  + integer(3, 1)))
      + part(2,
             part(1, "h")
                 + part(9, part(1, fixed64(4, 2) + real(5, 2) + part(6, little(1, 8) + little(1, 8))
                                       + real(7, 1.5) + real(11, 0) + real(12, 2))
                               + integer(2, 1)))
      + part(2, part(1, "x")
                    + part(10, part(1, fixed64(4, 3) + real(5, 10) + integer(6, 1) + fixed64(7, 1)
                                           + part(8, integer(1, 1) + part(2, varint(0) + varint(2)))
                                           + real(14, 0.25))
                                   + integer(2, 1)))
      + part(2,
             part(1, "q")
                 + part(11, part(1, fixed64(4, 1) + real(5, std::numeric_limits<double>::infinity())
                                        + part(6, real(1, 0.5) + real(2, std::nan(""))))))
      + part(2, part(1, "unknown") + part(99, "")) + part(2, part(1, "empty") + part(5, "")))));
  BOOST_TEST((from_json == from_bytes));
  BOOST_TEST(from_json.items == 6U);
  BOOST_TEST_REQUIRE(from_json.parts[0].items.size() == 5U);
  const auto reading = [&](std::size_t metric) {
    return json::print(from_json.parts[0].items[metric].points[0].reading);
  };
  BOOST_TEST(reading(0)
             == R"({"exemplars":[{"attributes":{"f":false},"span_id":"eee19b7ec3c1b174",)"
                R"("time_unix_nano":3,"trace_id":"5b8efff798038103d269b633813fc60c",)"
                R"("value":1.0}],"value":-5})");
  BOOST_TEST(reading(1) == R"({"value":5.0})");
  BOOST_TEST(reading(2)
             == R"({"bounds":[1.5],"buckets":[1,1],"count":2,"max":2.0,"min":0.0,"sum":2.0})");
  BOOST_TEST(reading(3)
             == R"({"count":3,"positive":{"buckets":[0,2],"offset":-1},"scale":-1,"sum":10.0,)"
                R"("zero_count":1,"zero_threshold":0.25})");
  BOOST_TEST(reading(4)
             == R"({"count":1,"quantiles":[{"quantile":0.5,"value":"NaN"}],"sum":"Infinity"})");
}

BOOST_AUTO_TEST_CASE(reads_the_bytes_of_a_stock_exporter) {
  // As the Python exporter and the Collector write a span: fields in the order of their numbers.
  const auto body = testing::from_hex(
      "0a7b0a190a170a0c736572766963652e6e616d6512070a056167656e74125e0a0b0a066d792e6c69"
      "62120131124f0a105b8efff798038103d269b633813fc60c1208eee19b7ec3c1b1742a0463686174"
      "300339004859e3faeb6f15410012f41efbeb6f154a0f0a0167120a0a0867656e5f61692e787a0085"
      "0100010000");
  const auto read = good(otlp::traces_from_protobuf(body));
  BOOST_TEST_REQUIRE(read.items == 1U);
  const auto& one = read.parts[0].items[0];
  BOOST_TEST(read.parts[0].from.scope == "my.lib");
  BOOST_TEST(one.name == "chat");
  BOOST_TEST(one.kind == 3);
  BOOST_TEST(one.end_ns - one.start_ns == 1000000000U);
  BOOST_TEST(json::print(one.attributes) == R"({"g":"gen_ai.x"})");
  BOOST_TEST(one.flags == 256U);
}

BOOST_AUTO_TEST_CASE(one_broken_item_costs_no_other) {
  struct row {
    std::string span, why;
  };
  for (const auto& [broken, why] : {
           row{"{}", "traceId: must be 16 bytes, not all of them zero"},
           row{"7", "an entry: must be an object"},
           row{R"({"traceId":"00000000000000000000000000000000","spanId":"EEE19B7EC3C1B174"})",
               "traceId: must be 16 bytes"},
           row{R"({"traceId":"5B8EFFF798038103D269B633813FC60","spanId":"EEE19B7EC3C1B174"})",
               "traceId: must be 16 bytes"},
           row{"{" + ids_json + R"(,"parentSpanId":"ff"})", "parentSpanId: must be 8 bytes"},
           row{"{" + ids_json + R"(,"kind":"SPAN_KIND_CLIENT"})", "kind: must be an integer"},
           row{"{" + ids_json + R"(,"startTimeUnixNano":"1.5"})", "startTimeUnixNano: must be"},
           row{"{" + ids_json + R"(,"startTimeUnixNano":-1})", "startTimeUnixNano: must be"},
           row{"{" + ids_json + R"(,"name":5})", "name: must be a text"},
           row{"{" + ids_json + R"(,"attributes":{}})", "attributes: must be a list"},
           row{"{" + ids_json
                   + R"(,"attributes":[{"key":"k","value":{"intValue":"9223372036854775808"}}]})",
               "intValue: must be an integer"},
           row{"{" + ids_json + R"(,"attributes":[{"key":"k","value":{"bytesValue":"*"}}]})",
               "bytesValue: must be base64"},
       })
    BOOST_TEST_CONTEXT(broken) {
      const auto read = good(otlp::traces_from_json(
          spans_json("{" + ids_json + "}," + broken + ",{" + ids_json + "}")));
      BOOST_TEST(read.items == 2U);
      BOOST_TEST(read.rejected == 1U);
      BOOST_TEST(read.why.starts_with("resourceSpans[0].scopeSpans[0].spans[1]." + why), read.why);
    }
  const auto one = part(2, ids());
  for (const auto& broken : {std::string{}, part(1, "short") + part(2, span_id()),
                             ids() + part(9, "\xFF"), ids() + "\x4A\x05"})
    BOOST_TEST_CONTEXT(testing::hex(broken)) {
      const auto read = good(otlp::traces_from_protobuf(request(one + part(2, broken) + one)));
      BOOST_TEST(read.items == 2U);
      BOOST_TEST(read.rejected == 1U);
    }
  const auto points = good(otlp::metrics_from_json(request_json(
      "Metrics", R"("metrics":[{"gauge":{"dataPoints":[{"asInt":1},{"asInt":"x"},{"asInt":2}]}},
                              {"name":3,"gauge":{"dataPoints":[{},{}]}}])")));
  BOOST_TEST(points.items == 2U);
  BOOST_TEST(points.rejected == 3U);
}

BOOST_AUTO_TEST_CASE(a_body_that_is_no_request_is_refused_whole) {
  for (const auto* body :
       {"", "[]", "{", "null", R"({"resourceSpans":{}})", R"({"resourceSpans":[1]})",
        R"({"resourceSpans":[{"scopeSpans":1}]})", R"({"resourceSpans":[{"scopeSpans":[[]]}]})",
        R"({"resourceSpans":[{"scopeSpans":[{"spans":"x"}]}]})",
        R"({"resourceSpans":[{"resource":{"attributes":1}}]})",
        R"({"resourceSpans":[{"scopeSpans":[{"scope":{"name":1}}]}]})"})
    BOOST_TEST_CONTEXT(body) {
      BOOST_TEST(!otlp::traces_from_json(body));
    }
  const auto whole = request(part(2, ids()));
  for (std::size_t size = 1; size < whole.size(); ++size)
    BOOST_TEST(!otlp::traces_from_protobuf(whole.substr(0, size)), size);
  BOOST_TEST(!otlp::traces_from_protobuf(std::string_view{"\0", 1}));
  BOOST_TEST(!otlp::traces_from_protobuf(part(1, part(1, "\xFF"))));
  // A request without anything is a good one.
  BOOST_TEST(good(otlp::traces_from_protobuf("")).parts.empty());
  BOOST_TEST(good(otlp::traces_from_json("{}")).parts.empty());
  BOOST_TEST(good(otlp::logs_from_json(R"({"resourceLogs":[{"scopeLogs":[{}]}]})")).parts.empty());
}

BOOST_AUTO_TEST_CASE(fields_of_newer_versions_are_ignored) {
  const auto plain = good(otlp::traces_from_protobuf(request(part(2, ids()))));
  const auto newer = integer(1000, 5) + part(999, "x") + fixed64(998, 1) + fixed32(997, 1);
  BOOST_TEST(
      (plain == good(otlp::traces_from_protobuf(request(part(2, ids() + newer) + newer) + newer))));
  BOOST_TEST((plain
              == good(otlp::traces_from_json(request_json(
                  "Spans", R"("spans":[{"new":[1],)" + ids_json + R"(}],"later":{"a":null})")))));
}

BOOST_AUTO_TEST_CASE(what_protobuf_leaves_open_is_read_alike) {
  // What an item belongs to may stand behind it, and in two pieces.
  const auto resource = [](std::string_view name) {
    return part(1, part(1, pair(name, part(1, "v"))));
  };
  const auto read = good(otlp::traces_from_protobuf(
      part(1, resource("a") + part(2, part(2, ids()) + part(1, part(1, "lib"))) + resource("b"))));
  BOOST_TEST(json::print(*read.parts.at(0).from.resource) == R"({"a":"v","b":"v"})");
  BOOST_TEST(read.parts[0].from.scope == "lib");
  // Text that is not UTF-8 costs a character, not the item.
  const auto text =
      good(otlp::traces_from_protobuf(request(part(2, ids() + part(5, "a\xFF\xC3")))));
  BOOST_TEST(text.parts.at(0).items.at(0).name == "a\xEF\xBF\xBD\xEF\xBF\xBD");
}

BOOST_AUTO_TEST_CASE(every_limit_says_what_it_did) {
  otlp::limits small;
  small.items_max = 2;
  small.members_max = 2;
  small.text_bytes_max = 5;
  small.depth_max = 3;
  small.item_bytes_max = 200;
  const auto one = part(2, ids());
  const auto many = good(otlp::traces_from_protobuf(request(one + one + one + one), small));
  BOOST_TEST(many.items == 2U);
  BOOST_TEST(many.rejected == 2U);
  BOOST_TEST(many.why.find("2 items") != many.why.npos);

  const auto wide = good(otlp::traces_from_protobuf(
      request(part(2, ids() + part(5, "four\xC3\xA4") + part(9, pair("a", part(1, "123456")))
                          + part(9, pair("b", part(7, "123456"))) + part(9, pair("c", ""))
                          + integer(10, 7) + part(11, "") + part(11, "") + part(11, ""))),
      small));
  const auto& span = wide.parts.at(0).items.at(0);
  BOOST_TEST(span.name == "four"); // a character is not cut in two
  BOOST_TEST(json::print(span.attributes) == R"({"a":"12345","b":{"$bytes":"MTIzNDU="}})");
  BOOST_TEST(span.cut == 3U);
  BOOST_TEST(span.dropped_attributes == 8U);
  BOOST_TEST(span.dropped_events == 1U);

  const auto nested = [](std::size_t levels) {
    std::string any = part(1, "x");
    std::string text = R"({"stringValue":"x"})";
    for (; levels > 1; --levels) {
      any = part(5, part(1, any));
      text = R"({"arrayValue":{"values":[)" + text + "]}}";
    }
    return std::pair{
        request(part(2, ids() + part(9, pair("k", any)))),
        spans_json("{" + ids_json + R"(,"attributes":[{"key":"k","value":)" + text + "}]}")};
  };
  const auto [deep, deep_text] = nested(3);
  BOOST_TEST(good(otlp::traces_from_protobuf(deep, small)).items == 1U);
  BOOST_TEST(good(otlp::traces_from_json(deep_text, small)).items == 1U);
  const auto [deeper, deeper_text] = nested(4);
  BOOST_TEST(good(otlp::traces_from_protobuf(deeper, small)).rejected == 1U);
  BOOST_TEST(good(otlp::traces_from_json(deeper_text, small)).rejected == 1U);
  // Far beyond what either library would follow.
  const auto [abyss, abyss_text] = nested(5000);
  BOOST_TEST(good(otlp::traces_from_protobuf(abyss)).rejected == 1U);
  BOOST_TEST(!otlp::traces_from_json(abyss_text));

  const auto large = good(otlp::traces_from_protobuf(
      request(one + part(2, ids() + part(5, std::string(300, 'x')))), small));
  BOOST_TEST(large.items == 1U);
  BOOST_TEST(large.why.find("at most 200") != large.why.npos, large.why);
  small.json_values_max = 20;
  BOOST_TEST(!otlp::traces_from_json(spans_json("{" + ids_json + "},{" + ids_json + "}"), small));
}

BOOST_AUTO_TEST_SUITE_END()
